"""When a code counts: its dates, its age, and whether its dates can be true, as facts of a verdict."""

from datetime import date, datetime, timedelta
from typing import Final

from idcard.identity import BirthDate
from idcard.qr.token import HAND_OFF_LIFE, Token
from idcard.verification.facts import Fact, FactName, Outcome, Reason
from idcard.verification.qr_signature import fact
from idcard.vietnam import vneid

CLOCKS: Final = timedelta(minutes=1)
"""How far two machines' clocks may be apart for tokens of our own, and for a service's answer."""
_GRACE: Final = timedelta(days=1)
_OLDEST: Final = 130
"""Years: nobody is known to have lived longer than 122."""


def hand_off_freshness(document: Token, at: datetime) -> Fact:
    """No hand-off lives longer than five minutes, whatever its signer wrote into it."""
    too_long = document.expires - document.issued > HAND_OFF_LIFE
    if too_long or at >= document.expires or document.issued - at > CLOCKS:
        return fact(FactName.FRESHNESS, Outcome.FAILED, Reason.TOO_OLD)
    return fact(FactName.FRESHNESS, Outcome.PASSED, Reason.FRESH)


def validity(begin: datetime | None, end: datetime | None, at: datetime, clocks: timedelta = timedelta()) -> Fact:
    """The fact whether ``at`` lies from ``begin`` to before ``end``."""
    moments = (("from", begin), ("until", end), ("judged_at", at))
    details = {name: moment.isoformat() for name, moment in moments if moment is not None}
    if begin is not None and begin - at > clocks:
        return fact(FactName.VALIDITY, Outcome.FAILED, Reason.NOT_YET_IN_FORCE, **details)
    if end is None:
        return fact(FactName.VALIDITY, Outcome.INCONCLUSIVE, Reason.EXPIRY_UNKNOWN, **details)
    if at >= end:
        return fact(FactName.VALIDITY, Outcome.FAILED, Reason.EXPIRED, **details)
    return fact(FactName.VALIDITY, Outcome.PASSED, Reason.IN_FORCE, **details)


def scan_freshness(at: datetime, scanned_at: datetime | None) -> Fact:
    """The fact whether a code that lives a minute was scanned within it."""
    if scanned_at is None:
        return fact(FactName.FRESHNESS, Outcome.INCONCLUSIVE, Reason.SCAN_TIME_UNKNOWN)
    age = at - scanned_at
    details = {"age_s": str(int(age.total_seconds()))}
    if not timedelta() <= age <= vneid.LIFE:
        return fact(FactName.FRESHNESS, Outcome.FAILED, Reason.TOO_OLD, **details)
    return fact(FactName.FRESHNESS, Outcome.PASSED, Reason.FRESH, **details)


def is_timely(answered: datetime, at: datetime, scanned_at: datetime | None) -> bool:
    """Whether a service's answer is from within the code's life: not from before the scan, nor from after ``at``."""
    if answered - at > CLOCKS or at - answered > vneid.LIFE + CLOCKS:
        return False
    return scanned_at is None or scanned_at - answered <= CLOCKS


def dates_fact(birth: BirthDate | None, at: datetime, begin: date | None = None, end: date | None = None) -> Fact:
    """The fact whether somebody can have been born then, and what the code is for does not end before it begins."""
    if birth is None and None in (begin, end):
        return fact(FactName.CONSISTENCY, Outcome.NOT_PERFORMED, Reason.NOTHING_TO_COMPARE)
    backwards = begin is not None and end is not None and end < begin
    if backwards or (birth is not None and not _can_be_born(birth, at)):
        return fact(FactName.CONSISTENCY, Outcome.FAILED, Reason.TIMES_IMPLAUSIBLE)
    return fact(FactName.CONSISTENCY, Outcome.PASSED, Reason.CONSISTENT)


def _can_be_born(birth: BirthDate, at: datetime) -> bool:
    """Whether it lies not after the judgement, nor longer ago than people live; a day of grace for time zones."""
    first = date(birth.year, birth.month or 1, birth.day or 1)
    return first - at.date() <= _GRACE and at.year - birth.year <= _OLDEST
