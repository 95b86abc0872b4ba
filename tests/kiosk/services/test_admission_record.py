"""What an admission's record says: what it rests on, who stands behind it, which route is proposed."""

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from kiosk.domain.route import Facility
from kiosk.domain.route_proposal import Level, Once, Points
from kiosk.keys import VisitOpener
from kiosk.services.route import RouteProposer, routes_on
from kiosk.services.shift import ShiftBook
from kiosk.store.tables import Audit, Outbox, Visit

Kiosk = Any
DAY = date(2026, 11, 23)
STATION = Facility(station=True, level=Level.INITIAL, once=Once.COMMUNE)
SMALL = Facility(station=False, level=Level.BASIC, once=Once.DISTRICT, points=Points.UNDER_50)
LARGE = Facility(station=False, level=Level.SPECIALISED, once=Once.PROVINCE)


def only_visit(kiosk: Kiosk) -> Visit:
    with kiosk.database.read() as session:
        visit: Visit = session.scalars(select(Visit)).one()
        return visit


def open_shift(kiosk: Kiosk) -> str:
    book = ShiftBook(
        database=kiosk.database,
        clinic=kiosk.staff._clinic,
        device="desk-1",
        opener=VisitOpener(kiosk.private_key),
        clock=kiosk.clock,
    )
    now = kiosk.clock.now()
    return book.open("Lê Văn Trực", "036090000011", starts_at=now, ends_at=now + timedelta(hours=8), by="desk-1").id


def test_the_record_says_what_the_admission_rests_on(kiosk: Kiosk) -> None:
    shift = open_shift(kiosk)
    kiosk.admit("insured")
    visit = only_visit(kiosk)
    assert (visit.assurance, visit.proved_by, visit.way, visit.room_id) == ("chip_anchored", "chip", "chip", "noi")
    assert visit.verdict is not None
    assert visit.trust_version == visit.verdict["trust_version"]
    assert (visit.roster_version, visit.cover_source) == ("2026-11-23", "roster")
    assert visit.cover_as_of is not None
    assert (visit.shift_id, len(visit.check_code)) == (shift, 4)


def test_whoever_is_on_duty_stands_behind_a_desk_ticket_too(kiosk: Kiosk) -> None:
    shift = open_shift(kiosk)
    kiosk.show_qr("insured")
    kiosk.patient.no_card()
    assert only_visit(kiosk).shift_id == shift


def test_without_a_shift_nobody_is_named(kiosk: Kiosk) -> None:
    kiosk.admit("insured")
    assert only_visit(kiosk).shift_id is None


def test_audit_and_outbox_say_the_same_and_bind_the_verdict(kiosk: Kiosk) -> None:
    kiosk.admit("insured")
    with kiosk.database.read() as session:
        [link] = session.scalars(select(Audit.body).where(Audit.kind == "admitted"))
        [event] = session.scalars(select(Outbox.body).where(Outbox.kind == "admitted"))
    facts = json.loads(link)["facts"]
    assert facts == json.loads(event)
    assert len(bytes.fromhex(facts["verdict"])) == 32
    assert facts["priority"] is False
    assert "route_proposed" in facts


@pytest.mark.parametrize(
    ("facility", "home", "code"),
    [
        (STATION, "36001", "1.2"),
        (STATION, None, "1.2"),
        (SMALL, "36001", "1.1"),
        (SMALL, "79999", "1.12"),
        (SMALL, None, None),
        (replace(SMALL, points=Points.FROM_50), "79999", "1.13"),
        (LARGE, "79999", "1.18"),
        (Facility(), "79999", None),
        (Facility(), None, None),
    ],
)
def test_the_route_is_proposed_from_what_is_known(
    kiosk: Kiosk, facility: Facility, home: str | None, code: str | None
) -> None:
    clinic = replace(kiosk.staff._clinic, facility=facility)
    assert RouteProposer(clinic).propose(home_clinic=home, on=DAY) == code


def test_an_emergency_is_one_whatever_the_facility(kiosk: Kiosk) -> None:
    clinic = replace(kiosk.staff._clinic, facility=LARGE)
    assert RouteProposer(clinic).propose(home_clinic="79999", on=DAY, emergency=True) == "2"


def test_the_proposal_stands_in_the_record_and_is_no_decision(kiosk: Kiosk) -> None:
    kiosk.checkin._routes = RouteProposer(replace(kiosk.staff._clinic, facility=SMALL))
    kiosk.admit("insured")
    visit = only_visit(kiosk)
    assert (visit.route_proposed, visit.route) == ("1.1", None)


def test_routes_to_choose_are_those_of_the_day() -> None:
    now, before = ({route.code for route in routes_on(day)} for day in (DAY, date(2024, 1, 1)))
    assert {"1.1", "1.12", "2"} <= now
    assert "1.12" not in before
    assert len(routes_on(DAY)) == len(now)
