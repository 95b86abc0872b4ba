"""The clock ran ahead, and is put right: nobody is admitted a second time on the day to which it comes back."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from kiosk.domain.flow import Screen
from kiosk.store.tables import Visit
from tests.kiosk.services.fault_rig import Rig, leave, walk

# The fixture's class lives in conftest.py, from which nothing can be imported.
Kiosk = Any


def ahead_and_back(rig: Rig, by: timedelta) -> None:
    """Nobody comes meanwhile, so nothing that is written shows that it was ahead."""
    for jump in (by, -by):
        rig.kiosk.clock.set(rig.kiosk.clock.now() + jump)
        for _ in range(2):
            rig.turn()


def comes(rig: Rig, who: str) -> str:
    """Where somebody comes, and with which code; then they go."""
    end, desk = walk(rig, who), rig.kiosk.patient.view().desk
    for _ in range(2):
        leave(rig)
    return end.value if desk is None else f"{end.value} {desk.public_code}"


def admitted(rig: Rig) -> list[int]:
    with rig.kiosk.database.read() as session:
        return list(session.scalars(select(Visit.number).where(Visit.state == "admitted")))


@pytest.mark.parametrize("by", [timedelta(days=1), timedelta(days=3652)])
def test_who_was_forgotten_meanwhile_is_not_admitted_twice(rig: Rig, by: timedelta) -> None:
    assert comes(rig, "insured") == "ticket"
    ahead_and_back(rig, by)
    assert [comes(rig, who) for who in ("insured", "old")] == ["desk E15", "desk E15"]
    assert admitted(rig) == [1]
    assert "E15" in [notice.code.value for notice in rig.kiosk.staff.exceptions()]


def test_the_next_day_is_a_day_like_any(rig: Rig) -> None:
    comes(rig, "insured")
    ahead_and_back(rig, timedelta(days=1))
    assert comes(rig, "insured") == "desk E15"
    rig.kiosk.clock.advance(86_400)
    for _ in range(2):
        rig.turn()
    assert comes(rig, "insured") == "ticket"


@pytest.mark.parametrize("by", [timedelta(days=1), timedelta(days=3652)])
def test_before_anybody_was_admitted_nobody_was_forgotten(rig: Rig, by: timedelta) -> None:
    ahead_and_back(rig, by)
    assert comes(rig, "insured") == "ticket"
    assert admitted(rig) == [1]


def test_within_the_day_people_are_known_again(rig: Rig) -> None:
    assert comes(rig, "insured") == "ticket"
    ahead_and_back(rig, timedelta(hours=2))
    assert comes(rig, "insured") == "ticket"
    assert admitted(rig) == [1], "the same ticket once more"


def test_a_confirmation_that_stands_while_the_clock_is_put_right_admits_nobody(rig: Rig) -> None:
    """Whoever has a ticket stands before the choice of a room when the clock comes back."""
    kiosk = rig.kiosk
    assert comes(rig, "insured") == "ticket"
    kiosk.clock.set(kiosk.clock.now() + timedelta(days=1))
    for _ in range(2):
        rig.turn()
    kiosk.put("insured")
    assert kiosk.digits("insured").screen is Screen.CONFIRM
    kiosk.clock.set(kiosk.clock.now() - timedelta(days=1))
    kiosk.patient.choose_room("noi")
    assert kiosk.view.desk.public_code == "E15"
    assert admitted(rig) == [1]
