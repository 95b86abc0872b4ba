"""Evidence that outlasts the reading: a file that another machine judges again, without the card, years later.

Three kinds of keeping, from much to little:

* everything, as it was read (:func:`save_evidence`);
* with data groups left out (:func:`without`): their hashes stand in EF.SOD, so the rest still verifies;
* what is *retained* by default (:func:`retained`): the verdict with the trust store's version, the signer's
  certificate, an authority's answers about it, and the chip's answer to its challenge with its public key (DG15). No
  other file of the chip: a hash in EF.SOD can be guessed from a name and a date, so EF.SOD counts as personal data too.

The file's format is in ``docs/evidence.md``; it is part of the library's promise.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from idcard.crypto.signature import load_public_key
from idcard.encoding import cbor
from idcard.errors import BoundExceeded, IdCardError, MalformedData
from idcard.evidence import Evidence
from idcard.evidence_file.access import without_foreign_bytes
from idcard.evidence_file.content import WHERE, evidence_from_map, evidence_to_map, exactly, typed
from idcard.evidence_file.envelope import (
    MAX_BYTES,
    EvidenceAltered,
    EvidenceSealed,
    device_fingerprint,
    unwrap,
    wrap,
)
from idcard.evidence_file.private import write_private
from idcard.lds.dg15 import parse_dg15
from idcard.lds.layout import File

__all__ = [
    "EvidenceAltered",
    "EvidenceFile",
    "EvidenceSealed",
    "device_fingerprint",
    "evidence_of_files",
    "load_evidence",
    "retained",
    "save_evidence",
    "without",
]

_KEYS: Final = {"evidence", "verdict", "signer_certificate"}
_PERSONAL: Final = frozenset({File.DG1, File.DG13})


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class EvidenceFile:
    """What an evidence file holds.

    ``verdict`` is what was judged when it was written, as ``Verdict.to_dict`` gives it; it proves nothing by itself.
    ``signer_certificate`` is the document signer's, in DER. ``evidence.witness`` names the device that signed the file.
    """

    evidence: Evidence
    verdict: Mapping[str, Any] | None = None
    signer_certificate: bytes | None = None

    def __post_init__(self) -> None:
        if self.verdict is not None:
            object.__setattr__(self, "verdict", MappingProxyType(dict(self.verdict)))

    def __repr__(self) -> str:
        return f"EvidenceFile({self.evidence!r})"

    def to_bytes(
        self,
        *,
        sign_with: Ed25519PrivateKey | None = None,
        seal_to: X25519PublicKey | None = None,
        with_ephemeral_keys: bool = False,
    ) -> bytes:
        """The file's bytes; see :func:`save_evidence`.

        :raises BoundExceeded: if it would have more than 8 MiB.
        """
        content = {
            "evidence": evidence_to_map(self.evidence, with_ephemeral_keys=with_ephemeral_keys),
            "verdict": None if self.verdict is None else dict(self.verdict),
            "signer_certificate": self.signer_certificate,
        }
        data = wrap(cbor.encode(content), sign_with=sign_with, seal_to=seal_to)
        if len(data) > MAX_BYTES:
            raise BoundExceeded(f"an evidence file has at most {MAX_BYTES} bytes", limit=MAX_BYTES)
        return data

    @classmethod
    def from_bytes(cls, data: bytes, *, open_with: X25519PrivateKey | None = None) -> "EvidenceFile":
        """What the bytes of a file say; see :func:`load_evidence`."""
        opened = unwrap(data, open_with=open_with)
        content = exactly(cbor.decode(opened.payload, where=WHERE, limit=MAX_BYTES), _KEYS)
        verdict, certificate = content["verdict"], content["signer_certificate"]
        witness = None if opened.signed_by is None else device_fingerprint(opened.signed_by)
        return cls(
            evidence=evidence_from_map(content["evidence"], witness=witness),
            verdict=None if verdict is None else typed(verdict, dict),
            signer_certificate=None if certificate is None else typed(certificate, bytes),
        )


def save_evidence(
    path: Path | str,
    evidence: Evidence | EvidenceFile,
    *,
    sign_with: Ed25519PrivateKey | None = None,
    seal_to: X25519PublicKey | None = None,
    with_ephemeral_keys: bool = False,
) -> None:
    """Write an evidence file, which only its owner can read; either whole, or not at all.

    :param evidence: what was read, or what :func:`retained` made of it.
    :param sign_with: the reading device's key: the file then says which device it comes from.
    :param seal_to: the key of whom the file is for; nobody else can read it then.
    :param with_ephemeral_keys: also store private ephemeral keys, with which transcripts can be invented.
    :raises BoundExceeded: if the file would have more than 8 MiB.
    :raises OSError: if it cannot be written.
    """
    file = evidence if isinstance(evidence, EvidenceFile) else EvidenceFile(evidence=evidence)
    data = file.to_bytes(sign_with=sign_with, seal_to=seal_to, with_ephemeral_keys=with_ephemeral_keys)
    write_private(Path(path), data)


def load_evidence(path: Path | str, *, open_with: X25519PrivateKey | None = None) -> EvidenceFile:
    """What an evidence file holds; nothing of it is judged, but a device's signature is checked where there is one.

    Which device signed is ``evidence.witness``, its fingerprint. Anybody can sign with a key of their own: compare it
    with those of the devices that you know.

    :param open_with: the private key that a sealed file needs.
    :raises EvidenceSealed: if the file is sealed and this is not its key.
    :raises EvidenceAltered: if it is not what was signed or sealed.
    :raises Unsupported: if it is of another version.
    :raises ProtocolViolation: if it is no evidence file.
    :raises OSError: if it cannot be read.
    """
    with Path(path).open("rb") as stream:
        return EvidenceFile.from_bytes(stream.read(MAX_BYTES + 1), open_with=open_with)


def without(evidence: Evidence, files: Collection[File]) -> Evidence:
    """The evidence with these files left out; what is left still verifies against EF.SOD.

    Where DG1 or DG13 goes, the MRZ information and the QR text that were given go too: they say the same.
    """
    kept = {file: data for file, data in evidence.files.items() if file not in files}
    if _PERSONAL & set(files):
        evidence = replace(evidence, given_mrz=None, given_card_qr=None)
    return replace(evidence, files=kept)


def retained(evidence: Evidence, verdict: Mapping[str, Any], signer_certificate: bytes | None = None) -> EvidenceFile:
    """What may be kept for long, with all that its proofs need to be checked again, and nothing about the person.

    That is the verdict, the signer's certificate, the authority's answers about it, how the chip was opened, and the
    chip's answer with the public key to check it. Of the chip's files DG15 alone is kept, and only where it is a public
    key and nothing else. Of EF.CardAccess, where a chip can write what it likes, the ways to run PACE are written anew.

    :param verdict: what ``Verdict.to_dict`` gives; it names the trust store's version.
    :param signer_certificate: the document signer's, in DER, whether the document or the trust store brought it.
    """
    bare = Evidence(
        files=_chip_key(evidence),
        active_authentication=evidence.active_authentication,
        access=None if evidence.access is None else without_foreign_bytes(evidence.access),
        confirmations=evidence.confirmations,
        read_at=evidence.read_at,
    )
    return EvidenceFile(evidence=bare, verdict=verdict, signer_certificate=signer_certificate)


def _chip_key(evidence: Evidence) -> dict[File, bytes]:
    """DG15, where it is a public key: a chip can put anything there, and what else it might be is not kept."""
    dg15 = evidence.files.get(File.DG15, b"")
    try:
        load_public_key(parse_dg15(dg15))
    except IdCardError:
        return {}
    return {File.DG15: dg15}


def evidence_of_files(files: Mapping[str, bytes], *, reader: str = "", at: datetime | None = None) -> Evidence:
    """Evidence from the raw files that a closed reader hands over, such as the HN-212 with its event for raw data.

    Such a reader gives ``dg2``, ``dg13``, ``dg14``, ``dg15`` and ``sod``, and neither DG1 nor a transcript: the
    identity then comes from DG13, and how the chip was opened and whether it is genuine was not seen.

    :param files: the bytes by their name: ``dg1`` to ``dg16``, ``com`` or ``sod``, in either case. How a reader spells
        bytes in its messages (Base64, hexadecimal) is the caller's to undo.
    :param at: when the reader read the card, with a time zone.
    :raises MalformedData: if a name is none of these, comes twice, or no byte is under it.
    """
    named = [(name.upper().removeprefix("EF.").removeprefix("EF_"), data) for name, data in files.items()]
    found = {File[name]: data for name, data in named if name in _HANDED_OVER and data}
    if len(found) != len(files):
        raise MalformedData("holds an unknown, an empty or a repeated file", where="the reader's files")
    return Evidence(files=found, reader=reader, read_at=at)


_HANDED_OVER: Final = frozenset({"COM", "SOD", *(f"DG{number}" for number in range(1, 17))})
