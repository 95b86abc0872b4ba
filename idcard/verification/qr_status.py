"""Whether a credential's issuer took it back, by the status lists that the operator keeps.

Theory of operation. A list counts where the issuer of the credential signed it, by whom the credential itself could
be signed: a list of somebody else could call a credential good that was taken back. A list that has ended, or is a
day old and says of no end, can still say "taken back", and no longer "in force"; one that is from the future says
nothing. Of several lists any may take back, which is final; whether a credential is suspended, the newest says. Where a
credential names no issuer, its own signer's name must be the list's signer's, too.

Source: draft-ietf-oauth-status-list, "Status List Token Verification".
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from idcard.qr.status_list import IN_FORCE, TAKEN_BACK, StatusList, place_of
from idcard.verification.facts import Fact, FactName, Outcome, Reason
from idcard.verification.qr_judged import Circumstances
from idcard.verification.qr_signature import Signed, fact
from idcard.verification.qr_times import CLOCKS

MAX_AGE: Final = timedelta(days=1)
"""How old a list may be that does not say when it ends."""
_SAYS = frozenset({Outcome.PASSED, Outcome.FAILED})
_NOT_LOOKED_UP = fact(FactName.REVOCATION, Outcome.NOT_PERFORMED, Reason.STATUS_NOT_LOOKED_UP)


def status_fact(status: object, given: Circumstances, signed_by: Callable[[StatusList], Signed]) -> Fact:
    """The fact whether the lists at hand say that it was taken back.

    :param status: what the credential says of its status.
    :param signed_by: who signed a list, judged as the credential's own signer is.
    """
    named = place_of(status)
    lists = () if named is None else given.trust.status_lists(named[0])
    if named is None or not lists:
        return _NOT_LOOKED_UP
    facts = [_judged(one, named[1], given, signed_by(one)) for one in lists]
    taken_back = next((one for one in facts if one.details.get("status") == str(TAKEN_BACK)), None)
    return taken_back or next((one for one in facts if one.outcome in _SAYS), facts[0])


def _judged(one: StatusList, place: int, given: Circumstances, signed: Signed) -> Fact:
    if any(each.outcome is not Outcome.PASSED for each in signed.facts):
        return fact(FactName.REVOCATION, Outcome.INCONCLUSIVE, Reason.SIGNATURE_NOT_VERIFIED)
    details = {"issued": one.issued.isoformat(), "age_days": str((given.at - one.issued).days)}
    if one.issued > given.at + CLOCKS:
        return fact(FactName.REVOCATION, Outcome.INCONCLUSIVE, Reason.REVOCATION_LIST_STALE, **details)
    number = one.at(place)
    if number is None:
        return fact(FactName.REVOCATION, Outcome.INCONCLUSIVE, Reason.STATUS_NOT_LOOKED_UP, **details)
    if number != IN_FORCE:
        return fact(FactName.REVOCATION, Outcome.FAILED, Reason.REVOKED, **details, status=str(number))
    if given.at >= (one.expires or one.issued + MAX_AGE):
        return fact(FactName.REVOCATION, Outcome.INCONCLUSIVE, Reason.REVOCATION_LIST_STALE, **details)
    return fact(FactName.REVOCATION, Outcome.PASSED, Reason.NOT_REVOKED, **details)
