"""Which signed file gave the chip's public keys for key agreement: DG14, or EF.CardSecurity.

Theory of operation. DG14 is signed by its hash in EF.SOD. EF.CardSecurity is signed by itself, perhaps by another
signer, whose path to an anchor is judged alike. Chip authentication of version 1 takes its key from DG14, that of
version 2 and PACE with chip authentication mapping from EF.CardSecurity. The other file stands in where that one was
not read or does not have what was used; the fact then names it, in its detail ``key``.

A key in EF.CardSecurity proves nothing where the signer is revoked, or is of another state than the document's.

Source: ICAO Doc 9303-11, "Chip Authentication Mapping"; BSI TR-03110-2, "Chip Authentication"; BSI TR-03110-3.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from idcard.errors import ProtocolViolation
from idcard.evidence import ChipAuthenticationProof, Evidence
from idcard.lds.card_security import CardSecurity
from idcard.lds.layout import File
from idcard.lds.security_infos import SecurityInfos
from idcard.verification.answers import chip_fact, right_answer
from idcard.verification.facts import Fact, Outcome, Reason
from idcard.verification.passive_authentication import PassiveAuthentication

_DH, _ECDH = "0.4.0.127.0.7.2.2.3.1.", "0.4.0.127.0.7.2.2.3.2."
KEY = "key"
"""The detail of a fact that names the file which gave the chip's key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Both signatures that may be over the chip's keys: EF.SOD's, and that of EF.CardSecurity where it was read."""

    document: PassiveAuthentication
    card_security: PassiveAuthentication | None = None

    def right_answer(self, file: File, *, weak: str, witnessed: bool, **details: str) -> Fact:
        """The fact that follows from a right answer by a key in ``file``; see :func:`answers.right_answer`."""
        details[KEY] = file.label
        if file is not File.CARD_SECURITY or self.card_security is None:
            return right_answer(self.document, file, weak=weak, witnessed=witnessed, **details)
        if not self.document.signed_and_trusted:
            return chip_fact(Outcome.INCONCLUSIVE, Reason.TRUST_NOT_PASSED, **details)
        if self.card_security.revocation.outcome is Outcome.FAILED or not self._one_state(self.card_security):
            return chip_fact(Outcome.INCONCLUSIVE, Reason.CHIP_KEY_NOT_SIGNED, **details)
        return right_answer(self.card_security, file, weak=weak, witnessed=witnessed, **details)

    def _one_state(self, card_security: PassiveAuthentication) -> bool:
        states = {(passive.country or "").upper() for passive in (self.document, card_security)}
        return len(states) == 1


def key_files(evidence: Evidence) -> Iterator[tuple[File, SecurityInfos]]:
    """EF.CardSecurity and DG14, as far as they were read and are well formed, and what they say."""
    for file in (File.CARD_SECURITY, File.DG14):
        try:
            yield file, _infos(file, evidence.files[file])
        except (KeyError, ProtocolViolation):
            continue


def _infos(file: File, data: bytes) -> SecurityInfos:
    return SecurityInfos.from_dg14(data) if file is File.DG14 else CardSecurity.from_bytes(data).security_infos


def source_of(evidence: Evidence, proof: ChipAuthenticationProof, version: int) -> tuple[File, SecurityInfos]:
    """The file that offers what this run of chip authentication used; DG14 where none does.

    :raises ProtocolViolation: if that is not there, or not well formed.
    """
    found = list(key_files(evidence))
    for file, infos in found if version > 1 else reversed(found):
        if (proof.oid, version) in offered(infos) and proof.key_id in {info.key_id for info in infos.chip_keys}:
            return file, infos
    return File.DG14, SecurityInfos.from_dg14(evidence.files.get(File.DG14, b""))


def offered(infos: SecurityInfos) -> frozenset[tuple[str, int]]:
    """The protocols that the chip offers, with their versions; where it names none beside its keys, 3DES is meant."""
    named = frozenset((info.oid, info.version) for info in infos.chip_authentication)
    return named or frozenset(((_ECDH if info.oid.endswith(".2") else _DH) + "1", 1) for info in infos.chip_keys)


def keys_of(infos: SecurityInfos, proof: ChipAuthenticationProof) -> list[bytes]:
    """The chip's static keys by the number in the transcript, in DER; where it gives none, all of its kind."""
    kind = ".2" if proof.oid.startswith(_ECDH) else ".1"
    fitting = (info for info in infos.chip_keys if proof.key_id in (None, info.key_id) and info.oid.endswith(kind))
    return [info.public_key for info in fitting]
