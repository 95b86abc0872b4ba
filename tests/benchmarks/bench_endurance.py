"""Ten thousand visits in a row through the kiosk's real processes: what grows, what stays open, what is left behind.

The payer is away all the while, so whatever waits for it piles up: a clinic's worst weeks in an hour. Memory is a
straight line over what it was after each hundredth visit. With ``IDCARD_BENCH_VISITS`` fewer visits are made.
"""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from _soak import soak
from _standing import standing

VISITS = int(os.environ.get("IDCARD_BENCH_VISITS") or 10_000)
SETTLED = min(500, VISITS)
BOUND = {"what the kiosk may grow by": {"growth_mb_per_1000_visits": 2.0}}


def measure() -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """The figures of this area, and the bound."""
    people = SETTLED + VISITS
    with TemporaryDirectory() as folder, standing(Path(folder) / "kiosk", people=people, kilobits=0) as kiosk:
        return soak(kiosk, first=0, visits=VISITS, warm_up=SETTLED), BOUND
