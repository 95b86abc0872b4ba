"""What an old roster means for visits, and what staff see of it."""

from datetime import timedelta
from typing import Any

import pytest

from kiosk.domain.assurance import Assurance
from kiosk.domain.flow import Screen
from kiosk.domain.freshness import Freshness
from kiosk.insurance.roster import RosterEntry, build_roster
from kiosk.services.roster_watch import RosterWatch

# The fixture's class lives in conftest.py, from which nothing can be imported.
Kiosk = Any


def grow_old(kiosk: Kiosk, days: float) -> None:
    kiosk.clock.advance(timedelta(days=days).total_seconds())


@pytest.mark.parametrize(("days", "flagged"), [(2, False), (13.9, False), (14, True), (29.9, True)])
def test_an_old_roster_flags_every_admission(kiosk: Kiosk, days: float, flagged: bool) -> None:
    grow_old(kiosk, days)
    assert kiosk.admit("insured").screen is Screen.TICKET
    [row] = kiosk.staff.admissions()
    assert row.reasons == (("covered", "roster_old") if flagged else ("covered",))


def test_a_roster_that_is_too_old_closes_the_automatic_lane_and_not_the_desks(kiosk: Kiosk) -> None:
    grow_old(kiosk, 30)
    kiosk.put("insured")
    view = kiosk.digits("insured")
    assert (view.screen, view.desk.public_code, view.desk.ticket_number) == (Screen.DESK, "E10", 1)
    [row] = kiosk.staff.exceptions()
    assert row.reasons == ("roster_too_old",)
    assert (row.visit.assurance, row.visit.person.name) == (Assurance.CHIP_ANCHORED, "Trần Thị Mẫu")
    assert kiosk.staff.confirm(row.visit.visit_id, "noi", by="chi-hoa").number == 1


def test_a_new_roster_opens_the_lane_without_a_restart(kiosk: Kiosk) -> None:
    grow_old(kiosk, 40)
    roster = kiosk.reader._card_reader._source
    entry = RosterEntry(
        personal_number=kiosk.holders["insured"].personal_number,
        valid_from=kiosk.clock.now().date(),
        valid_to=None,
        benefit="4",
        home_clinic="36001",
    )
    path = kiosk.path.with_name("roster.db")
    build_roster(path, [entry], tags=roster._tags, version="newer", as_of=kiosk.clock.now())
    assert kiosk.admit("insured").screen is Screen.TICKET
    assert roster.version == "newer"


def test_staff_see_each_age_once(kiosk: Kiosk) -> None:
    roster = kiosk.reader._card_reader._source
    watch = RosterWatch(source=roster, freshness=Freshness(), checkin=kiosk.checkin, clock=kiosk.clock)
    seen = []
    for days in (0, 1, 3, 1, 10, 20):
        grow_old(kiosk, days)
        watch.look()
        [row] = kiosk.staff.devices()
        seen.append((row.state["ok"], row.state["age"], row.state["version"]))
    ages = [(True, "fresh"), (True, "fresh"), (True, "old"), (True, "old"), (True, "flagged"), (False, "too_old")]
    assert seen == [(*age, "2026-11-23") for age in ages]


def test_staff_see_a_roster_that_broke(kiosk: Kiosk) -> None:
    roster = kiosk.reader._card_reader._source
    watch = RosterWatch(source=roster, freshness=Freshness(), checkin=kiosk.checkin, clock=kiosk.clock)
    watch.look()
    kiosk.path.with_name("roster.db").write_bytes(b"not a roster" * 1000)
    watch.look()
    assert kiosk.staff.devices()[0].state["ok"]
    kiosk.clock.advance(60)
    watch.look()
    assert kiosk.staff.devices()[0].state == {"ok": False, "version": "2026-11-23"}


def test_the_reader_thread_looks_after_the_roster(kiosk: Kiosk) -> None:
    looked: list[None] = []
    kiosk.reader._upkeep = lambda: looked.append(None)
    kiosk.turn(2)
    assert len(looked) == 2
