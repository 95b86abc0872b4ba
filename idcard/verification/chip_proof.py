"""Is the chip the one that was issued, or a copy? Judged from its answer to a challenge.

Theory of operation. Files can be copied, the chip's private key cannot. In active authentication the chip signs a
challenge; its public key is DG15. The proof is worth something only where DG15 is what a trusted signer signed: a copy
with a key pair of its own answers rightly, too. A wrong answer is a copy whatever else holds.

Source: ICAO Doc 9303-11, "Active Authentication".
"""

from idcard.crypto.iso9796 import verify_active_authentication
from idcard.crypto.signature import PublicKey, SignatureInvalid, load_public_key
from idcard.errors import MalformedData, ProtocolViolation, UnsupportedAlgorithm
from idcard.evidence import ActiveAuthenticationProof, Evidence
from idcard.lds.dg15 import parse_dg15
from idcard.lds.layout import File
from idcard.lds.security_infos import SecurityInfos
from idcard.verification.facts import Fact, FactName, Outcome, Reason
from idcard.verification.passive_authentication import PassiveAuthentication

_DG15 = 15


def genuine_chip(evidence: Evidence, passive: PassiveAuthentication) -> Fact:
    """The fact whether the chip is genuine; it passes only under a trusted signature."""
    proof = evidence.active_authentication
    if File.DG15 not in evidence.files:
        return _without_key(passive)
    if proof is None:
        return _fact(Outcome.NOT_PERFORMED, Reason.CHIP_NOT_ASKED)
    if proof.response is None:
        return _fact(Outcome.INCONCLUSIVE, Reason.CHIP_REFUSED, sw=f"{proof.sw:04X}")
    return _judge_answer(evidence, proof, proof.response, passive)


def _without_key(passive: PassiveAuthentication) -> Fact:
    if passive.listed is not None and _DG15 not in passive.listed:
        return _fact(Outcome.NOT_SUPPORTED, Reason.NO_CHIP_KEY)
    return _fact(Outcome.NOT_PERFORMED, Reason.CHIP_KEY_NOT_READ)


def _judge_answer(
    evidence: Evidence, proof: ActiveAuthenticationProof, response: bytes, passive: PassiveAuthentication
) -> Fact:
    try:
        key = _key(evidence)
        algorithm = _algorithm(evidence, passive)
        digest = verify_active_authentication(key, response, proof.challenge, algorithm=algorithm)
    except SignatureInvalid:
        return _fact(Outcome.FAILED, Reason.CHIP_WRONG_ANSWER)
    except UnsupportedAlgorithm as error:
        return _fact(Outcome.INCONCLUSIVE, Reason.UNSUPPORTED_ALGORITHM, oid=error.oid or "")
    except MalformedData:
        return _fact(Outcome.INCONCLUSIVE, Reason.CHIP_KEY_UNUSABLE)
    return _right_answer(passive, digest)


def _key(evidence: Evidence) -> PublicKey:
    return load_public_key(parse_dg15(evidence.files[File.DG15]))


def _algorithm(evidence: Evidence, passive: PassiveAuthentication) -> str | None:
    """The algorithm that a signed DG14 names; one that is not signed, or not readable, is not believed."""
    if File.DG14 not in passive.intact:
        return None
    try:
        info = SecurityInfos.from_dg14(evidence.files[File.DG14]).active_authentication
    except ProtocolViolation:
        return None
    return None if info is None else info.signature_algorithm


def _right_answer(passive: PassiveAuthentication, digest: str) -> Fact:
    if File.DG15 not in passive.intact:
        return _fact(Outcome.INCONCLUSIVE, Reason.CHIP_KEY_NOT_SIGNED)
    if not passive.signed_and_trusted:
        return _fact(Outcome.INCONCLUSIVE, Reason.TRUST_NOT_PASSED)
    return _fact(Outcome.PASSED, Reason.CHIP_PROVED, protocol="active authentication", hash=digest)


def _fact(outcome: Outcome, reason: Reason, **details: str) -> Fact:
    return Fact(name=FactName.GENUINE_CHIP, outcome=outcome, reason=reason, details=details)
