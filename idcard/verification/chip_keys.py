"""Which signed file gave the chip's public keys for key agreement: DG14, or EF.CardSecurity.

Theory of operation. DG14 is signed by its hash in EF.SOD, and so belongs to the document. EF.CardSecurity is signed
by itself, perhaps by another signer, whose path to an anchor is judged alike; it names no document, so that any card
of the state has one that is in order.

The transcript of chip authentication does not say through which channel the files came. Whoever relays its one answer
to another card of the state, and serves copied files, has a right one. So its key counts where DG14 has it, whichever
file offered it; one that EF.CardSecurity alone has proves nothing for this document.

PACE with chip authentication mapping takes its key from EF.CardSecurity, and DG14 stands in where that was not read.
There the chip that has the key has the keys of the session, too, and nobody between it and the reader has them: EF.SOD
came through that very session, or was compared in it. A key in EF.CardSecurity proves nothing all the same where the
signer is revoked, is of another state than the document's, or is a demonstration signer where the document's is none.

The fact names the file in its detail ``key``.

Source: ICAO Doc 9303-11, "Chip Authentication Mapping"; BSI TR-03110-2, "Chip Authentication"; BSI TR-03110-3.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from idcard.crypto.agreement_keys import AgreementKey, claimed_key
from idcard.errors import IdCardError, ProtocolViolation
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
        """The fact that follows from a right answer by a key in ``file``; see :func:`answers.right_answer`.

        For one in EF.CardSecurity it is for the caller to know that EF.SOD came from the same chip.
        """
        details[KEY] = file.label
        if file is not File.CARD_SECURITY or self.card_security is None:
            return right_answer(self.document, file, weak=weak, witnessed=witnessed, **details)
        if not self.document.signed_and_trusted:
            return chip_fact(Outcome.INCONCLUSIVE, Reason.TRUST_NOT_PASSED, **details)
        if self.card_security.revocation.outcome is Outcome.FAILED or not self._alike(self.card_security):
            return chip_fact(Outcome.INCONCLUSIVE, Reason.CHIP_KEY_NOT_SIGNED, **details)
        return right_answer(self.card_security, file, weak=weak, witnessed=witnessed, **details)

    def _alike(self, card_security: PassiveAuthentication) -> bool:
        """Whether both signers are of one state, and both of a demonstration or neither."""
        both = (self.document, card_security)
        return len({((passive.country or "").upper(), passive.is_demonstration) for passive in both}) == 1


def key_files(evidence: Evidence) -> Iterator[tuple[File, SecurityInfos]]:
    """EF.CardSecurity and DG14, as far as they were read and are well formed, and what they say."""
    for file in (File.CARD_SECURITY, File.DG14):
        try:
            yield file, _infos(file, evidence.files[file])
        except (KeyError, ProtocolViolation):
            continue


def _infos(file: File, data: bytes) -> SecurityInfos:
    return SecurityInfos.from_dg14(data) if file is File.DG14 else CardSecurity.from_bytes(data).security_infos


def sources_of(
    evidence: Evidence, proof: ChipAuthenticationProof, version: int
) -> tuple[tuple[File, SecurityInfos], ...]:
    """The files that offer what this run of chip authentication used, DG14 first; DG14 alone where none does.

    :raises ProtocolViolation: if that is not there, or not well formed.
    """
    found = tuple(
        (file, infos)
        for file, infos in reversed(list(key_files(evidence)))
        if (proof.oid, version) in offered(infos) and proof.key_id in {info.key_id for info in infos.chip_keys}
    )
    return found or ((File.DG14, SecurityInfos.from_dg14(evidence.files.get(File.DG14, b""))),)


def is_in_dg14(evidence: Evidence, key: AgreementKey) -> bool:
    """Whether DG14 has this very key, under whatever number; whether DG14 is signed is not asked."""
    infos = dict(key_files(evidence)).get(File.DG14, SecurityInfos(infos=()))
    return any(_is_same_key(info.public_key, key) for info in infos.chip_keys)


def _is_same_key(spki: bytes, key: AgreementKey) -> bool:
    """Whether ``spki`` is ``key``; its domain parameters are compared before anything is computed in them."""
    try:
        claimed = claimed_key(spki)
        return claimed.domain == key.domain and key.domain.certified_key(claimed.bits) == key.public_key
    except IdCardError:
        return False


def offered(infos: SecurityInfos) -> frozenset[tuple[str, int]]:
    """The protocols that the chip offers, with their versions; where it names none beside its keys, 3DES is meant."""
    named = frozenset((info.oid, info.version) for info in infos.chip_authentication)
    return named or frozenset(((_ECDH if info.oid.endswith(".2") else _DH) + "1", 1) for info in infos.chip_keys)


def keys_of(infos: SecurityInfos, proof: ChipAuthenticationProof) -> list[bytes]:
    """The chip's static keys by the number in the transcript, in DER; where it gives none, all of its kind."""
    kind = ".2" if proof.oid.startswith(_ECDH) else ".1"
    fitting = (info for info in infos.chip_keys if proof.key_id in (None, info.key_id) and info.oid.endswith(kind))
    return [info.public_key for info in fitting]
