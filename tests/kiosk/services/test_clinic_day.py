"""Days are the clinic's: what counts by the calendar turns at midnight in Vietnam, and not at seven in the morning."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from kiosk.domain.flow import Screen

# The fixture's class lives in conftest.py, from which nothing can be imported.
Kiosk = Any

LAST_DAY = date(2026, 11, 22)
EVE = datetime(2026, 11, 22, 16, 59, 50, tzinfo=UTC)
"""Ten seconds before the 23rd begins in Vietnam."""
EARLY = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
"""Six in the morning of the 23rd in Vietnam, still the 22nd in UTC."""


def turn_to(kiosk: Kiosk, moment: datetime) -> None:
    """An earlier day, with the roster of that day: one from the future decides nothing."""
    kiosk.clock.set(moment)
    with closing(sqlite3.connect(kiosk.path.parent / "roster.db")) as roster, roster:
        roster.execute("UPDATE meta SET value = ? WHERE name = 'as_of'", (moment.isoformat(),))


@pytest.mark.parametrize(("at", "screen"), [(EVE, Screen.CONFIRM), (EARLY, Screen.DESK)])
def test_a_card_expires_with_the_clinics_day(kiosk: Kiosk, at: datetime, screen: Screen) -> None:
    kiosk.clock.set(at)
    kiosk.put(kiosk.issuer.issue(replace(kiosk.holders["insured"], expiry=LAST_DAY)))
    view = kiosk.digits("insured")
    assert view.screen is screen
    if screen is Screen.DESK:
        assert (view.desk.public_code, kiosk.staff.exceptions()[0].reasons) == ("E06", ("validity.expired",))


def test_tickets_count_and_tell_the_time_by_the_clinics_day(kiosk: Kiosk) -> None:
    kiosk.clock.set(EVE)
    assert kiosk.admit("insured").ticket.issued_at == "23:59"
    kiosk.clear()
    kiosk.clock.set(EARLY)
    ticket = kiosk.admit("insured").ticket
    assert (ticket.number, ticket.again, ticket.issued_at) == (1, False, "06:00")
    assert [row.time for row in kiosk.staff.admissions()] == ["06:00"]


@pytest.mark.parametrize(("hour", "screen"), [(16, Screen.CONFIRM), (17, Screen.DESK)])
def test_insurance_ends_with_the_clinics_day(kiosk: Kiosk, hour: int, screen: Screen) -> None:
    turn_to(kiosk, datetime(2026, 6, 30, hour, 30, tzinfo=UTC))
    kiosk.put("ended")
    assert kiosk.digits("ended").screen is screen


@pytest.mark.parametrize(("hour", "first"), [(16, False), (17, True)])
def test_the_old_go_first_from_the_day_of_their_birth_in_the_clinic(kiosk: Kiosk, hour: int, first: bool) -> None:
    turn_to(kiosk, datetime(2026, 3, 3, hour, 30, tzinfo=UTC))
    kiosk.holders = {**kiosk.holders, "old": replace(kiosk.holders["old"], birth=date(1951, 3, 4))}
    assert kiosk.admit("old").ticket.priority is first
