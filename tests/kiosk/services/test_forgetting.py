"""Who was here on another day cannot be told from what the machine keeps, not even with its own key."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from kiosk.day_key import DayKey
from kiosk.domain.flow import Screen
from kiosk.domain.tickets import clinic_day
from kiosk.ports import StoreUnavailable
from kiosk.store.tables import Visit

# The fixture's class lives in conftest.py, from which nothing can be imported.
Kiosk = Any

A_DAY = 86400


def key_file(kiosk: Kiosk) -> Path:
    return Path(kiosk.path.with_name("person_day.key"))


def tags(kiosk: Kiosk) -> list[bytes | None]:
    with kiosk.database.read() as session:
        return list(session.scalars(select(func.coalesce(Visit.person_day_tag, Visit.insured_day_tag))))


def found_by_trying(kiosk: Kiosk) -> set[str]:
    """The thief's way: key and store of the machine, and every number that there can be."""
    key = DayKey.load(key_file(kiosk))
    with kiosk.database.read() as session:
        days = set(session.scalars(select(Visit.day)))
    stored = set(tags(kiosk))
    return {
        who
        for who, holder in kiosk.holders.items()
        for day in days
        for tried in (key, key.on(day), DayKey(key.secret, day))
        if tried.tag(holder.personal_number) in stored
    }


def two_visits(kiosk: Kiosk) -> None:
    kiosk.admit("insured")
    kiosk.clear()
    kiosk.put("not_insured")
    kiosk.digits("not_insured")
    kiosk.patient.acknowledge()
    kiosk.clear()


def test_today_a_thief_with_key_and_store_finds_who_came(kiosk: Kiosk) -> None:
    """What docs/operations.md owns up to: the present day is protected by the disk's encryption alone."""
    two_visits(kiosk)
    assert found_by_trying(kiosk) == {"insured", "not_insured"}


def test_past_midnight_nobody_is_found_although_nobody_touched_the_kiosk(kiosk: Kiosk) -> None:
    two_visits(kiosk)
    yesterday, key = [tag for tag in tags(kiosk) if tag], key_file(kiosk).read_bytes()
    assert len(yesterday) == 2
    assert all(tag in kiosk.rest() for tag in yesterday)
    kiosk.after(A_DAY)
    assert tags(kiosk) == [None, None]
    assert found_by_trying(kiosk) == set()
    left = kiosk.rest() + b"".join(file.read_bytes() for file in kiosk.path.parent.glob("*.key*"))
    assert not [tag for tag in yesterday if tag in left]
    assert key not in left


def test_the_day_turns_at_the_clinics_midnight(kiosk: Kiosk) -> None:
    kiosk.admit("insured")
    seconds = 16 * 3600 + 18 * 60  # from 07:42 until midnight
    kiosk.after(seconds - 1)
    assert None not in tags(kiosk)
    kiosk.after(1)
    assert tags(kiosk) == [None]


def test_a_kiosk_that_was_off_at_midnight_forgets_when_it_starts(kiosk: Kiosk) -> None:
    kiosk.admit("insured")
    kiosk.clock.advance(3 * A_DAY)
    kiosk.checkin.turn_day()
    assert tags(kiosk) == [None]
    assert DayKey.load(key_file(kiosk)).day == clinic_day(kiosk.clock.now())


def test_a_day_that_cannot_begin_closes_the_kiosk_until_it_can(kiosk: Kiosk) -> None:
    kiosk.turn()
    obstacle = kiosk.path.with_name("person_day.key.new")
    obstacle.mkdir()
    assert kiosk.after(A_DAY).screen is Screen.CLOSED
    with pytest.raises(StoreUnavailable):
        kiosk.checkin.turn_day()
    obstacle.rmdir()
    assert kiosk.after(5.1).screen is Screen.ATTRACT
    assert kiosk.admit("insured").ticket.number == 1
