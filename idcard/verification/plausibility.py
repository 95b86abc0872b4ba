"""Can the document's dates be true together?

Theory of operation. Nobody is born, and no document issued or signed, after the moment of judgement; a document is
issued and signed after its holder's birth and before it expires. Whoever forges one date seldom thinks of the others.
A day of grace covers time zones and clocks. Where a year or a month is all that is known, its first day stands for it.

A reading that took place later than it is judged says nothing about the card: one of two clocks is wrong. That is a
remark, whatever the policy.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from idcard.evidence import Evidence
from idcard.verification.identity import Contents
from idcard.verification.moments import day_in

_GRACE = timedelta(days=1)
_CLOCKS = timedelta(minutes=15)


def implausible(contents: Contents, signed_at: datetime | None, at: datetime) -> str | None:
    """The name of the first pair of dates that cannot both be true, or None.

    :param signed_at: when the signer says it signed.
    """
    signed = day_in(at.tzinfo, signed_at) if signed_at else None
    return next((name for name, earlier, later in _pairs(contents, signed, at) if _reversed(earlier, later)), None)


def _pairs(contents: Contents, signed: date | None, at: datetime) -> Iterator[tuple[str, date | None, date | None]]:
    birth = contents.birth(at)
    born = date(birth.year, birth.month or 1, birth.day or 1) if birth else None
    issued, last_day, today = contents.issued, contents.last_day(at), at.date()
    yield "born_after_judgement", born, today
    yield "issued_after_judgement", issued, today
    yield "signed_after_judgement", signed, today
    yield "issued_before_birth", born, issued
    yield "signed_before_birth", born, signed
    yield "expired_before_issue", issued, last_day
    yield "expired_before_signature", signed, last_day


def _reversed(earlier: date | None, later: date | None) -> bool:
    return earlier is not None and later is not None and earlier - later > _GRACE


def read_in_the_future(evidence: Evidence, at: datetime) -> bool:
    """Whether the reading says that it took place after ``at``; a time without a zone says nothing."""
    read_at = evidence.read_at
    return read_at is not None and read_at.tzinfo is not None and read_at - at > _CLOCKS
