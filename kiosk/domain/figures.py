"""Figures of a day: the middle and the long end of times, and how long something was not there."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How a set of times lies: how many they are, their median and their 95th percentile, in seconds; None of none."""

    count: int
    median_s: float | None
    p95_s: float | None


def spread(seconds: Iterable[float]) -> Spread:
    """The spread of these times; percentiles by the nearest rank, so each of them is a time that somebody had."""
    ordered = sorted(seconds)
    return Spread(count=len(ordered), median_s=_percentile(ordered, 50), p95_s=_percentile(ordered, 95))


def _percentile(ordered: Sequence[float], percent: int) -> float | None:
    return ordered[max(1, math.ceil(len(ordered) * percent / 100)) - 1] if ordered else None


def covered(spans: Iterable[tuple[datetime, datetime]], begin: datetime, end: datetime) -> timedelta:
    """How much of a time these spans cover together; where several lie over each other it counts once."""
    total, reached = timedelta(0), begin
    for first, last in sorted(spans):
        first, last = max(first, reached), min(last, end)
        if last > first:
            total, reached = total + (last - first), last
    return total
