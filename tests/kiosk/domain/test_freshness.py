"""A roster ages in steps."""

from datetime import UTC, datetime, timedelta

import pytest

from kiosk.domain.eligibility import CoverReason, decide
from kiosk.domain.freshness import Freshness, RosterAge, StoreAge, StoreFreshness

AS_OF = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "age", "a_second_later"),
    [
        (-1, RosterAge.FRESH, RosterAge.FRESH),
        (3, RosterAge.FRESH, RosterAge.OLD),
        (14, RosterAge.OLD, RosterAge.FLAGGED),
        (30, RosterAge.FLAGGED, RosterAge.TOO_OLD),
        (400, RosterAge.TOO_OLD, RosterAge.TOO_OLD),
    ],
)
def test_each_age_begins_when_its_days_have_passed(days: int, age: RosterAge, a_second_later: RosterAge) -> None:
    now = AS_OF + timedelta(days=days)
    freshness = Freshness()
    assert (freshness.age(AS_OF, now), freshness.age(AS_OF, now + timedelta(seconds=1))) == (age, a_second_later)


def test_the_steps_rise() -> None:
    with pytest.raises(ValueError, match="first"):
        Freshness(old_days=15)


def test_every_decision_by_an_old_roster_says_so() -> None:
    refused = decide(None, on=AS_OF.date(), clinic="36001", old=True)
    assert refused.reasons == (CoverReason.NOT_FOUND, CoverReason.ROSTER_OLD)
    assert not refused.covered


@pytest.mark.parametrize(
    ("days", "age", "a_second_later"),
    [
        (-2, StoreAge.FRESH, StoreAge.FRESH),
        (90, StoreAge.FRESH, StoreAge.OLD),
        (365, StoreAge.OLD, StoreAge.TOO_OLD),
    ],
)
def test_a_trust_store_is_old_and_then_too_old(days: int, age: StoreAge, a_second_later: StoreAge) -> None:
    passed = timedelta(days=days)
    ages = StoreFreshness()
    assert (ages.age(passed), ages.age(passed + timedelta(seconds=1))) == (age, a_second_later)


def test_a_trust_store_without_lists_never_grows_old() -> None:
    assert StoreFreshness(old_days=1, too_old_days=1).age(None) is StoreAge.FRESH


@pytest.mark.parametrize("days", [(0, 1), (2, 1)])
def test_a_trust_store_s_ages_rise(days: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="old first"):
        StoreFreshness(old_days=days[0], too_old_days=days[1])


def test_a_roster_of_the_future_decides_nothing() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    assert Freshness().age(now + timedelta(hours=23), now) is RosterAge.FRESH
    assert Freshness().age(now + timedelta(hours=25), now) is RosterAge.TOO_OLD
