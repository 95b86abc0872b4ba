"""Figures: percentiles are times that somebody had, and what lies over each other counts once."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.figures import Spread, covered, spread

AT = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("times", "median", "p95"),
    [
        ([], None, None),
        ([7], 7, 7),
        ([1, 2], 1, 2),
        ([3, 1, 2], 2, 3),
        (list(range(1, 101)), 50, 95),
        (list(range(1, 21)), 10, 19),
    ],
)
def test_the_spread_of_times(times: list[float], median: float | None, p95: float | None) -> None:
    assert spread(times) == Spread(count=len(times), median_s=median, p95_s=p95)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50))
def test_percentiles_are_of_the_times_and_in_their_order(times: list[float]) -> None:
    found = spread(times)
    assert {found.median_s, found.p95_s} <= set(times)
    assert min(times) <= found.median_s <= found.p95_s <= max(times)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("spans", "minutes"),
    [
        ([], 0),
        ([(0, 10)], 10),
        ([(0, 10), (5, 15)], 15),
        ([(0, 10), (2, 3)], 10),
        ([(5, 15), (0, 10), (20, 25)], 20),
        ([(-30, 5), (55, 90)], 10),
        ([(-30, -10), (70, 90)], 0),
    ],
)
def test_a_time_that_is_covered_twice_counts_once(spans: list[tuple[int, int]], minutes: int) -> None:
    moments = [(AT + timedelta(minutes=first), AT + timedelta(minutes=last)) for first, last in spans]
    assert covered(moments, AT, AT + timedelta(hours=1)) == timedelta(minutes=minutes)
