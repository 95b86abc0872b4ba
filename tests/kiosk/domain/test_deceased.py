"""Somebody whom the insurer holds for dead stands at the kiosk: to the desk, and quietly."""

from datetime import UTC, date, datetime

import pytest

from kiosk.domain.codes import Code
from kiosk.domain.eligibility import Coverage, CoverReason, Step, decide


@pytest.mark.parametrize("last", [None, date(2025, 12, 31)], ids=["covered", "ended"])
@pytest.mark.parametrize("old", [False, True])
def test_a_death_goes_to_the_desk_whatever_the_dates(last: date | None, old: bool) -> None:
    coverage = Coverage(
        valid_from=date(2025, 1, 1),
        valid_to=last,
        benefit="4",
        home_clinic="36001",
        as_of=datetime(2026, 11, 23, tzinfo=UTC),
        deceased=True,
    )
    decision = decide(coverage, on=date(2026, 11, 23), clinic="36001", old=old)
    assert (decision.step, decision.code) == (Step.DESK, Code.COVER_UNKNOWN)
    assert decision.reasons[0] == CoverReason.DECEASED
    assert not decision.covered
