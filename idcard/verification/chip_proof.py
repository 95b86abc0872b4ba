"""Is the chip the one that was issued, or a copy? Judged from its answer to a challenge.

Theory of operation. Files can be copied, the chip's private key cannot. In active authentication the chip signs a
challenge; its public key is DG15. The proof is worth something only where DG15 is what a trusted signer signed: a copy
with a key pair of its own answers rightly, too. A wrong answer is a copy whatever else holds.

A recorded answer can be shown again. Whoever judges what somebody else read gives the challenge first and expects it
back, or knows the device that signed for the reading; otherwise a right answer may be an old one. What chip
authentication and PACE with chip authentication mapping leave behind is judged in ``transcripts``; of several proofs
one wrong answer decides, then the best right one.

Source: ICAO Doc 9303-11, "Active Authentication".
"""

import hmac

from idcard.crypto.iso9796 import verify_active_authentication
from idcard.crypto.signature import PublicKey, SignatureInvalid, load_public_key
from idcard.errors import ProtocolViolation, UnsupportedAlgorithm
from idcard.evidence import ActiveAuthenticationProof, Evidence
from idcard.lds.dg15 import parse_dg15
from idcard.lds.layout import File
from idcard.lds.security_infos import SecurityInfos
from idcard.verification.answers import chip_fact, right_answer, weaknesses
from idcard.verification.chip_keys import Signed
from idcard.verification.facts import Fact, Outcome, Reason
from idcard.verification.passive_authentication import PassiveAuthentication
from idcard.verification.provenance import Provenance
from idcard.verification.transcripts import NOTHING_EXPECTED, Expectation, chip_authentication, pace_cam

_DG14, _DG15 = 14, 15


def genuine_chip(
    evidence: Evidence,
    passive: PassiveAuthentication,
    expectation: Expectation = NOTHING_EXPECTED,
    card_security: PassiveAuthentication | None = None,
) -> Fact:
    """The fact whether the chip is genuine; it passes only under a trusted signature.

    :param expectation: what the judge itself contributed to the proofs.
    :param card_security: the same as ``passive`` of EF.CardSecurity, where that was read.
    """
    facts = [_active_authentication(evidence, passive, expectation)]
    signed = Signed(document=passive, card_security=card_security)
    if evidence.chip_authentication is not None:
        facts.append(chip_authentication(evidence, evidence.chip_authentication, signed, expectation))
    if evidence.pace_cam is not None:
        facts.append(pace_cam(evidence, evidence.pace_cam, signed, expectation))
    return min(facts, key=_weight)


def _weight(fact: Fact) -> tuple[int, bool]:
    """A failure weighs most, then what passed, a strong key first, then what was tried.

    Of equals it is the first, which takes nobody's word.
    """
    order = (Outcome.FAILED, *Outcome)
    return order.index(fact.outcome), fact.reason is Reason.CHIP_KEY_WEAK


def _active_authentication(evidence: Evidence, passive: PassiveAuthentication, expectation: Expectation) -> Fact:
    proof = evidence.active_authentication
    if File.DG15 not in evidence.files:
        return _without_key(evidence, passive)
    if proof is None:
        return chip_fact(Outcome.NOT_PERFORMED, Reason.CHIP_NOT_ASKED)
    if proof.response is None:
        return chip_fact(Outcome.INCONCLUSIVE, Reason.CHIP_REFUSED, sw=f"{proof.sw:04X}")
    if expectation.challenge is not None and not hmac.compare_digest(expectation.challenge, proof.challenge):
        return chip_fact(Outcome.FAILED, Reason.CHIP_REPLAYED)
    fact = _judge_answer(evidence, proof, proof.response, passive)
    if fact.outcome is Outcome.PASSED and not Provenance.of(evidence, expectation).challenge.known:
        return chip_fact(Outcome.INCONCLUSIVE, Reason.CHALLENGE_UNWITNESSED, **fact.details)
    return fact


def _without_key(evidence: Evidence, passive: PassiveAuthentication) -> Fact:
    """The fact where DG15 is not at hand: a chip has no key only where DG14 has none for chip authentication, too."""
    if passive.listed is None or _DG15 in passive.listed:
        return chip_fact(Outcome.NOT_PERFORMED, Reason.CHIP_KEY_NOT_READ)
    if _DG14 not in passive.listed:
        return chip_fact(Outcome.NOT_SUPPORTED, Reason.NO_CHIP_KEY)
    if File.DG14 not in evidence.files:
        return chip_fact(Outcome.NOT_PERFORMED, Reason.CHIP_KEY_NOT_READ)
    if _offers_agreement(evidence.files[File.DG14]):
        return chip_fact(Outcome.NOT_PERFORMED, Reason.CHIP_NOT_ASKED)
    return chip_fact(Outcome.NOT_SUPPORTED, Reason.NO_CHIP_KEY)


def _offers_agreement(dg14: bytes) -> bool:
    """Whether DG14 has keys for chip authentication; one that cannot be understood may have some."""
    try:
        return bool(SecurityInfos.from_dg14(dg14).chip_keys)
    except ProtocolViolation:
        return True


def _judge_answer(
    evidence: Evidence, proof: ActiveAuthenticationProof, response: bytes, passive: PassiveAuthentication
) -> Fact:
    try:
        key = _key(evidence)
        algorithm = _algorithm(evidence, passive)
        digest = verify_active_authentication(key, response, proof.challenge, algorithm=algorithm)
    except SignatureInvalid:
        return chip_fact(Outcome.FAILED, Reason.CHIP_WRONG_ANSWER)
    except UnsupportedAlgorithm as error:
        return chip_fact(Outcome.INCONCLUSIVE, Reason.UNSUPPORTED_ALGORITHM, oid=error.oid or "")
    except ProtocolViolation:
        return chip_fact(Outcome.INCONCLUSIVE, Reason.CHIP_KEY_UNUSABLE)
    weak = weaknesses(key, digest)
    return right_answer(passive, File.DG15, weak=weak, protocol="active authentication", hash=digest)


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
