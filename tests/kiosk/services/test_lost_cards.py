"""A card that was reported lost goes to the desk; its number stands nowhere, and the patient is told nothing of it."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from idcard import BirthDate, ClaimedIdentity, ClaimSource, Sex
from kiosk.domain.codes import Code, DeskMessage, VisitReason
from kiosk.domain.flow import Screen
from kiosk.domain.staff import Override, OverrideReason
from kiosk.domain.tickets import clinic_day
from kiosk.domain.ways import Way
from kiosk.keys import PersonTags
from kiosk.services.desk import NotConfirmable
from kiosk.services.lost_cards import BadNumber, LostCards
from kiosk.services.report import Reporter
from kiosk.services.ways import Told
from kiosk.store.tables import VisitEvent

Kiosk = Any
Report = Callable[..., int]


@pytest.fixture
def lost(kiosk: Kiosk) -> LostCards:
    found = LostCards(database=kiosk.database, clinic=kiosk.staff._clinic, tags=PersonTags(bytes([2] * 32)))
    kiosk.checkin._lost = kiosk.staff.admission._lost = found
    return found


@pytest.fixture
def report(kiosk: Kiosk, lost: LostCards) -> Report:
    def add(*numbers: str) -> int:
        return lost.add(numbers, by="truc", device="desk-1", clock=kiosk.clock)

    return add


def test_whoever_shows_a_lost_card_goes_to_the_desk_and_is_not_told_why(kiosk: Kiosk, report: Report) -> None:
    report(kiosk.holders["insured"].personal_number)
    kiosk.put("insured")
    view = kiosk.digits("insured")
    assert (view.screen, view.desk.message, view.desk.public_code) == (Screen.DESK, DeskMessage.UNKNOWN_CARD, "E04")
    row = kiosk.staff.desk_tickets()[0]
    assert (row.code, row.reasons) == (Code.UNKNOWN_CARD, (VisitReason.REPORTED_LOST,))
    assert row.needs_second
    assert kiosk.staff.admissions() == ()


def test_a_ticket_of_today_is_not_given_out_again_for_a_card_lost_meanwhile(kiosk: Kiosk, report: Report) -> None:
    kiosk.admit("insured")
    kiosk.clear()
    report(kiosk.holders["insured"].personal_number)
    kiosk.put("insured")
    assert kiosk.digits("insured").screen is Screen.DESK


def test_a_code_alone_of_a_lost_card_says_so_at_the_desk(kiosk: Kiosk, report: Report) -> None:
    report(kiosk.holders["insured"].personal_number)
    kiosk.show_qr("insured")
    kiosk.patient.no_card()
    row = kiosk.staff.desk_tickets()[0]
    assert row.code is Code.QR_ONLY
    assert VisitReason.REPORTED_LOST in row.reasons


def test_only_two_people_admit_and_only_so_often(kiosk: Kiosk, report: Report) -> None:
    people = ("insured", "old", "expired", "ended")
    report(*(kiosk.holders[who].personal_number for who in people))
    agreed = Override(reason=OverrideReason.OTHER_PAPERS, second="truc")
    for who in people:
        kiosk.show_qr(who)
        kiosk.patient.no_card()
        kiosk.patient.acknowledge()
        kiosk.after(20)
        kiosk.turn(2)
    rows = kiosk.staff.desk_tickets()
    assert len(rows) == 4
    with pytest.raises(NotConfirmable, match="needs_second"):
        kiosk.staff.confirm(rows[0].visit_id, "noi", by="lan")
    for row in rows[:3]:
        kiosk.staff.confirm(row.visit_id, "noi", by="lan", override=agreed)
    with pytest.raises(NotConfirmable, match="override_limit"):
        kiosk.staff.confirm(rows[3].visit_id, "noi", by="lan", override=agreed)
    kiosk.staff.confirm(rows[3].visit_id, "noi", by="hoa", override=agreed)


AGREED = Override(reason=OverrideReason.OTHER_PAPERS, second="truc")


def typed(kiosk: Kiosk, who: str = "insured") -> ClaimedIdentity:
    """What a clerk types from somebody's papers."""
    number = kiosk.holders[who].personal_number
    birth = BirthDate(year=1958, month=9, day=5)
    return ClaimedIdentity(
        source=ClaimSource.TYPED, personal_number=number, name="Trần Thị Mẫu", birth=birth, sex=Sex.FEMALE
    )


def overridden(kiosk: Kiosk) -> list[str | None]:
    with kiosk.database.read() as session:
        return list(session.scalars(select(VisitEvent.reason).where(VisitEvent.kind == "overridden")))


@pytest.mark.parametrize("way", [None, Way.PAPERS])
def test_a_number_typed_from_papers_is_looked_up_as_well(kiosk: Kiosk, report: Report, way: Way | None) -> None:
    report(kiosk.holders["insured"].personal_number)
    kiosk.checkin.desk_ticket(None, code=Code.UNKNOWN_CARD)
    [ticket] = kiosk.staff.desk_tickets()
    with pytest.raises(NotConfirmable, match="needs_second"):
        kiosk.staff.confirm_told(ticket.visit_id, "noi", Told(claim=typed(kiosk), way=way), by="lan")
    own = Override(reason=OverrideReason.OTHER_PAPERS, second="lan")
    with pytest.raises(NotConfirmable, match="needs_second"):
        kiosk.staff.confirm_told(ticket.visit_id, "noi", Told(claim=typed(kiosk), way=way, override=own), by="lan")
    assert kiosk.staff.admissions() == ()
    kiosk.staff.confirm_told(ticket.visit_id, "noi", Told(claim=typed(kiosk), way=way, override=AGREED), by="lan")
    [row] = kiosk.staff.admissions()
    assert VisitReason.REPORTED_LOST in row.reasons
    assert overridden(kiosk) == ["other_papers"]
    reporter = Reporter(database=kiosk.database, clinic=kiosk.staff._clinic, clock=kiosk.clock)
    assert reporter.report(clinic_day(kiosk.clock.now())).overrides == {"other_papers": 1}


def test_so_is_whoever_comes_straight_to_the_desk_but_not_in_an_emergency(kiosk: Kiosk, report: Report) -> None:
    report(kiosk.holders["insured"].personal_number)
    with pytest.raises(NotConfirmable, match="needs_second"):
        kiosk.staff.confirm_told(None, "noi", Told(claim=typed(kiosk), way=Way.PAPERS), by="lan")
    assert kiosk.staff.desk_tickets() == (), "nothing is left of what was refused"
    kiosk.staff.confirm_told(None, "noi", Told(claim=typed(kiosk), way=Way.EMERGENCY), by="lan")
    [row] = kiosk.staff.admissions()
    assert VisitReason.REPORTED_LOST in row.reasons, "care comes first; the record says what the list says"


def test_a_ticket_whose_card_is_reported_while_it_waits_takes_two_people(kiosk: Kiosk, report: Report) -> None:
    kiosk.show_qr("insured")
    kiosk.patient.no_card()
    [before] = kiosk.staff.desk_tickets()
    assert not before.needs_second
    report(kiosk.holders["insured"].personal_number)
    [row] = kiosk.staff.desk_tickets()
    assert row.needs_second
    with pytest.raises(NotConfirmable, match="needs_second"):
        kiosk.staff.confirm(row.visit_id, "noi", by="lan")
    kiosk.staff.confirm(row.visit_id, "noi", by="lan", override=AGREED)


def test_what_nobody_doubts_is_no_override(kiosk: Kiosk, report: Report) -> None:
    """A wrong number was typed first: the second person agreed to nothing."""
    report(kiosk.holders["old"].personal_number)
    told = Told(claim=typed(kiosk), way=Way.PAPERS, override=AGREED)
    kiosk.staff.confirm_told(None, "noi", told, by="lan")
    assert overridden(kiosk) == []


def test_others_and_numbers_taken_off_are_admitted(kiosk: Kiosk, lost: LostCards, report: Report) -> None:
    number = kiosk.holders["insured"].personal_number
    assert (report(number), report(number), lost.count()) == (1, 0, 1)
    assert kiosk.admit("old").screen is Screen.TICKET
    kiosk.clear()
    assert lost.remove([number], by="truc", device="desk-1", clock=kiosk.clock) == 1
    assert kiosk.admit("insured").screen is Screen.TICKET


def test_the_list_holds_no_number(kiosk: Kiosk, lost: LostCards, report: Report) -> None:
    number = kiosk.holders["insured"].personal_number
    report(number)
    stored = kiosk.rest()
    assert number.encode() not in stored
    assert PersonTags(bytes([2] * 32)).roster_tag(number) not in stored, "no other list's hash is told by this one"
    assert [row.added_by for row in lost.rows()] == ["truc"]


def test_what_is_no_number_is_refused_whole(report: Report, lost: LostCards, kiosk: Kiosk) -> None:
    with pytest.raises(BadNumber) as problem:
        report(kiosk.holders["insured"].personal_number, "12345")
    assert problem.value.line == 2
    assert "12345" not in str(problem.value)
    assert lost.count() == 0
