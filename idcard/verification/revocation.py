"""Was the document signer's certificate taken back? Judged from the revocation lists in the trust store.

Theory of operation. A list says who was revoked when it was made, so its age is part of the answer: a list whose
successor is overdue can say "revoked", but no longer "not revoked". Where an issuer has several lists in the store (it
took another key or name since), any of them can say "revoked", and the newest says "not revoked". A signer that was
revoked counts for none of its documents, whenever they were signed: who has its key can write any date.

Source: ICAO Doc 9303-12, "CRL"; ICAO Doc 9303-11, "Passive Authentication".
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from idcard.trust.certificates import Certificate
from idcard.trust.crl import Crl
from idcard.trust.store import TrustStore
from idcard.verification.facts import Fact, FactName, Outcome, Reason


def revocation(signer: Certificate | None, links: Iterable[Certificate], trust: TrustStore, at: datetime) -> Fact:
    """The fact whether a revocation list names the signer, or a link between it and its anchor."""
    if signer is None:
        return _fact(Outcome.NOT_PERFORMED, Reason.NO_REVOCATION_LIST)
    judged = _judge(signer, trust.crls_for(signer), at)
    for link in links:
        fact = _judge(link, trust.crls_for(link), at)
        if fact.outcome is Outcome.FAILED:
            return fact
    return judged


def _judge(certificate: Certificate, crls: Sequence[Crl], at: datetime) -> Fact:
    if not crls:
        return _fact(Outcome.NOT_PERFORMED, Reason.NO_REVOCATION_LIST)
    crl = next((one for one in crls if one.revocation_of(certificate) is not None), crls[0])
    details = {"list": crl.fingerprint, "issued": crl.this_update.isoformat(), "age_days": str(crl.age(at).days)}
    if crl.next_update is not None:
        details["next"] = crl.next_update.isoformat()
    revoked = crl.revocation_of(certificate)
    if revoked is not None:
        details |= {"revoked": revoked.at.isoformat(), "why": revoked.reason or "unspecified"}
        return _fact(Outcome.FAILED, Reason.REVOKED, **details)
    if crl.stale(at):
        return _fact(Outcome.INCONCLUSIVE, Reason.REVOCATION_LIST_STALE, **details)
    return _fact(Outcome.PASSED, Reason.NOT_REVOKED, **details)


def _fact(outcome: Outcome, reason: Reason, **details: str) -> Fact:
    return Fact(name=FactName.REVOCATION, outcome=outcome, reason=reason, details=details)
