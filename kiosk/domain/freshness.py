"""How old the roster and the trust store may be: the older they are, the less the machine may decide by itself."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

SKEW = timedelta(days=1)
"""How far two clocks may differ."""


class RosterAge(StrEnum):
    """What follows from a roster's age."""

    FRESH = "fresh"
    OLD = "old"
    """Staff see it, and nothing else changes."""
    FLAGGED = "flagged"
    """Besides, every decision bears a remark."""
    TOO_OLD = "too_old"
    """The machine decides nothing by it: everybody goes to the desk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """After how many days since the roster was true which age begins."""

    old_days: int = 3
    flagged_days: int = 14
    too_old_days: int = 30

    def __post_init__(self) -> None:
        if not 0 < self.old_days <= self.flagged_days <= self.too_old_days:
            raise ValueError("a roster is old first, then flagged, then too old")

    def age(self, as_of: datetime, now: datetime) -> RosterAge:
        """The age of a roster that was true at ``as_of``; one of the future has no age that could be trusted."""
        passed = now - as_of
        if passed < -SKEW:
            return RosterAge.TOO_OLD
        for age, days in (
            (RosterAge.TOO_OLD, self.too_old_days),
            (RosterAge.FLAGGED, self.flagged_days),
            (RosterAge.OLD, self.old_days),
        ):
            if passed > timedelta(days=days):
                return age
        return RosterAge.FRESH


class StoreAge(StrEnum):
    """What follows from the age of the trust store's newest list."""

    FRESH = "fresh"
    OLD = "old"
    """Staff see it, and nothing else changes."""
    TOO_OLD = "too_old"
    """No card opens the automatic lane: everybody goes to the desk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFreshness:
    """After how many days which age of the trust store begins."""

    old_days: int = 90
    too_old_days: int = 365

    def __post_init__(self) -> None:
        if not 0 < self.old_days <= self.too_old_days:
            raise ValueError("a trust store is old first, then too old")

    def age(self, passed: timedelta | None) -> StoreAge:
        """What this age means; None is a store that holds no list, so that nothing in it can be out of date."""
        if passed is None or passed <= timedelta(days=self.old_days):
            return StoreAge.FRESH
        return StoreAge.TOO_OLD if passed > timedelta(days=self.too_old_days) else StoreAge.OLD
