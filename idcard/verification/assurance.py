"""On which rung does a document's signer stand: who, if anybody, vouches for it?

Theory of operation. An anchor is looked for first. Only where the trust store knows nothing of the issuer may somebody
else vouch: two named people who pinned the signer's certificate, or an authority that answered for it. Neither
overrides what an anchor says: an expired signer stays expired, and one that bears an anchor's name without its
signature stays a forgery. Nor do they override the certificate's own dates,
or what it says it is for.

An authority's answer is bound to the signer's certificate, to its time and to the nonce of the question. It counts from
its time on until the moment that it names, and never longer than the policy says: how old it is goes with the fact.
Whoever asked knows the nonce, and takes no other answer. A revocation holds for ever, whoever asked.

The fact *trust* passes on these rungs, and says which by its reason; the policy has the last word.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from idcard.encoding.oids import DEMONSTRATION
from idcard.errors import MalformedData
from idcard.evidence import Evidence
from idcard.trust.certificates import Certificate
from idcard.trust.online import Confirmation, SignerStatus
from idcard.trust.pins import Pins
from idcard.trust.purpose import not_for_documents
from idcard.verification.facts import Fact, FactName, Outcome, Reason, Rung
from idcard.verification.passive_authentication import PassiveAuthentication, document_code
from idcard.verification.policy import ANSWER_AGE, RUNG

_UNKNOWN_ISSUER = (Reason.NO_ANCHOR, Reason.NO_ANCHOR_YET)
_RUNGS = {Reason.SIGNER_PINNED: Rung.PINNED, Reason.SIGNER_CONFIRMED: Rung.CONFIRMED}
_CLOCKS = timedelta(minutes=5)
_SECOND = timedelta(seconds=1)
_MAX_ANSWERS = 64
"""How many different answers are heard; whoever asked has one or two, and each costs a verification."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouchers:
    """Who may vouch for a signer whose issuer is not known.

    :param pins: the certificates that two named people signed for.
    :param authorities: the public keys of the authorities whose answers count, by name.
    """

    pins: Pins | None = None
    authorities: Mapping[str, Ed25519PublicKey] = field(default_factory=dict)


def rung_of(passive: PassiveAuthentication) -> Rung:
    """The rung on which the signer stands; how far that is enough is not said."""
    if passive.signature.outcome is not Outcome.PASSED:
        return Rung.UNSIGNED
    if passive.trust.outcome is not Outcome.PASSED:
        return Rung.SIGNED
    return _RUNGS.get(passive.trust.reason, Rung.ANCHORED)


def vouched(
    evidence: Evidence,
    passive: PassiveAuthentication,
    vouchers: Vouchers,
    at: datetime,
    *,
    nonces: frozenset[bytes] | None = None,
) -> PassiveAuthentication:
    """The facts of passive authentication, once those who may vouch for the signer have been heard.

    :param nonces: those of the judge's own questions; None where anybody's question will do.
    """
    signer = passive.signer
    if signer is None or passive.signature.outcome is not Outcome.PASSED:
        return passive
    heard = list(_answers(evidence, vouchers))
    passive = _revoked(passive, [one for one in heard if one.revokes(signer)], at)
    answers = [one for one in heard if one.confirms(signer)]
    if passive.trust.reason not in _UNKNOWN_ISSUER:
        return passive
    ours = [one for one in answers if nonces is None or one.nonce in nonces]
    voucher = _pinned(signer, vouchers.pins, at) or _confirmed(ours, at)
    if voucher is None:
        return passive
    if voucher.outcome is not Outcome.PASSED:
        return replace(passive, trust=voucher)
    why = not_for_documents(signer, document_code(evidence))
    if why is not None:
        return replace(passive, trust=_trust(Outcome.FAILED, Reason.SIGNER_NOT_FOR_DOCUMENTS, why=why.value))
    problem = _problem(signer, passive.signed_at, at)
    return replace(passive, trust=voucher if problem is None else _trust(Outcome.FAILED, problem))


def _trust(outcome: Outcome, reason: Reason, **details: str) -> Fact:
    return Fact(name=FactName.TRUST, outcome=outcome, reason=reason, details=details)


def _answers(evidence: Evidence, vouchers: Vouchers) -> Iterator[Confirmation]:
    """The answers that a known authority signed, each once; anything else is as good as none."""
    for data in list(dict.fromkeys(evidence.confirmations))[:_MAX_ANSWERS]:
        try:
            yield Confirmation.from_bytes(data, vouchers.authorities)
        except MalformedData:
            continue


def _revoked(passive: PassiveAuthentication, answers: list[Confirmation], at: datetime) -> PassiveAuthentication:
    """A revocation holds from the answer on, for ever."""
    for answer in answers:
        if answer.at - at <= _CLOCKS:
            fact = Fact(
                name=FactName.REVOCATION,
                outcome=Outcome.FAILED,
                reason=Reason.REVOKED,
                details={"authority": answer.authority, "at": answer.at.isoformat()},
            )
            return replace(passive, revocation=fact)
    return passive


def _pinned(signer: Certificate, pins: Pins | None, at: datetime) -> Fact | None:
    if pins is None or pins.pin_of(signer.fingerprint, at) is None:
        return None
    details = {RUNG: Rung.PINNED.value, "pins": pins.version, "pinned_by": ",".join(pins.signers)}
    return _trust(Outcome.PASSED, Reason.SIGNER_PINNED, **details)


def _confirmed(answers: list[Confirmation], at: datetime) -> Fact | None:
    """What the newest answer says that counts at ``at``."""
    counting = [one for one in answers if one.at - at <= _CLOCKS and at <= one.until]
    if not counting:
        return None
    newest = max(counting, key=lambda one: one.at)
    age = (at - newest.at) // _SECOND
    details = {"authority": newest.authority, "at": newest.at.isoformat(), ANSWER_AGE: str(age)}
    if newest.status is not SignerStatus.GENUINE:
        return _trust(Outcome.INCONCLUSIVE, Reason.SIGNER_NOT_CONFIRMED, **details)
    return _trust(Outcome.PASSED, Reason.SIGNER_CONFIRMED, **{RUNG: Rung.CONFIRMED.value}, **details)


def _problem(signer: Certificate, signed_at: datetime | None, at: datetime) -> Reason | None:
    """What the certificate itself says against it."""
    if set(signer.unknown_critical_extensions) - {DEMONSTRATION}:
        return Reason.UNKNOWN_CRITICAL_EXTENSION
    if at < signer.not_before:
        return Reason.SIGNER_NOT_YET_VALID
    if at > signer.not_after:
        return Reason.SIGNER_EXPIRED
    outside = signed_at is not None and not signer.valid_at(signed_at)
    return Reason.SIGNED_OUTSIDE_VALIDITY if outside else None
