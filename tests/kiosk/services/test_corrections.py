"""Corrections are events of their own: the first record stays, and the day goes on as if it had been right."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from idcard import BirthDate, ClaimedIdentity, ClaimSource, Sex
from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code
from kiosk.domain.corrections import CancelReason
from kiosk.domain.flow import Screen
from kiosk.ports import StoreUnavailable
from kiosk.services.corrections import Corrections, NotCorrectable
from kiosk.services.desk import NotConfirmable
from kiosk.store import repositories
from kiosk.store.tables import Audit, Outbox, Visit, VisitEvent

Kiosk = Any
TYPED = ClaimedIdentity(
    source=ClaimSource.TYPED,
    personal_number="036199900009",
    name="Đỗ Thị Khác",
    birth=BirthDate(year=1940),
    sex=Sex.FEMALE,
)


@pytest.fixture
def corrections(kiosk: Kiosk) -> Corrections:
    staff = kiosk.staff
    return Corrections(
        database=kiosk.database,
        clinic=staff._clinic,
        device="desk-1",
        clock=kiosk.clock,
        admission=staff.admission,
    )


@pytest.fixture
def admitted(kiosk: Kiosk) -> str:
    """The visit's id of somebody who was admitted to the room ``noi`` and has gone to wait."""
    kiosk.admit("insured")
    kiosk.clear()
    visit_id: str = kiosk.staff.admissions()[0].visit_id
    return visit_id


def told(kiosk: Kiosk, kind: str) -> dict[str, Any]:
    """What audit and outbox, in the same words, say of the one event of this kind."""
    with kiosk.database.read() as session:
        [link] = session.scalars(select(Audit.body).where(Audit.kind == kind, Audit.device == "desk-1"))
        [event] = session.scalars(select(Outbox.body).where(Outbox.kind == kind, Outbox.device == "desk-1"))
        assert repositories.first_chain_fault(session, "desk-1") is None
    facts: dict[str, Any] = json.loads(link)["facts"]
    assert facts == json.loads(event)
    return facts


def test_a_wrong_room_is_corrected_and_the_first_one_stays_written(
    kiosk: Kiosk, corrections: Corrections, admitted: str
) -> None:
    kiosk.staff.mark_called(admitted, by="truc")
    ticket = corrections.correct_room(admitted, "mat", by="chi-hoa")
    assert (ticket.number, ticket.room_id) == (1, "mat")
    facts = told(kiosk, "corrected")
    assert [facts[name] for name in ("before", "after", "reason", "by")] == ["noi", "mat", "wrong_room", "chi-hoa"]
    with kiosk.database.read() as session:
        [first] = session.scalars(select(Audit.body).where(Audit.kind == "admitted"))
    assert json.loads(first)["facts"]["room"] == "noi"
    [row] = kiosk.staff.admissions()
    assert (row.room.id, row.called) == ("mat", False)


def test_the_corrected_ticket_is_the_one_that_comes_again(
    kiosk: Kiosk, corrections: Corrections, admitted: str
) -> None:
    corrections.correct_room(admitted, "mat", by="chi-hoa")
    kiosk.put("insured")
    ticket = kiosk.digits("insured").ticket
    assert (ticket.number, ticket.room.id, ticket.again) == (1, "mat", True)


def test_a_cancelled_admission_is_kept_and_no_longer_counts(
    kiosk: Kiosk, corrections: Corrections, admitted: str
) -> None:
    corrections.cancel(admitted, reason=CancelReason.WENT_AWAY, by="chi-hoa")
    assert kiosk.staff.admissions() == ()
    assert kiosk.checkin.waiting() == {}
    assert corrections.cancelled_today() == ((admitted, 1),)
    row = kiosk.staff.visit(admitted)
    assert (row.state, row.person.name) == ("cancelled", "Trần Thị Mẫu")
    assert told(kiosk, "cancelled")["reason"] == "went_away"


def test_who_was_cancelled_can_be_admitted_again_with_a_new_number(
    kiosk: Kiosk, corrections: Corrections, admitted: str
) -> None:
    corrections.cancel(admitted, reason=CancelReason.BY_MISTAKE, by="chi-hoa")
    view = kiosk.admit("insured", "mat")
    assert view.screen is Screen.TICKET
    assert (view.ticket.number, view.ticket.again) == (2, False)
    kiosk.clear()
    kiosk.put("insured")
    assert kiosk.digits("insured").ticket.number == 2


def test_an_open_notice_of_a_cancelled_admission_is_settled_with_it(kiosk: Kiosk, corrections: Corrections) -> None:
    kiosk.show_qr("insured")
    kiosk.patient.no_card()
    visit_id = kiosk.staff.desk_tickets()[0].visit_id
    kiosk.staff.confirm(visit_id, "noi", by="chi-hoa")
    with kiosk.database.write() as session:
        session.add(kiosk.checkin._notice(kiosk.checkin._moment(), Code.NOT_COVERED, (), visit_id))
    corrections.cancel(visit_id, reason=CancelReason.NOT_COVERED, by="chi-hoa")
    assert kiosk.staff.exceptions() == ()


def test_nobody_is_asked_about_again_who_was_cancelled(kiosk: Kiosk, corrections: Corrections, admitted: str) -> None:
    with kiosk.database.write() as session:
        visit = session.get(Visit, admitted)
        assert visit is not None
        visit.recheck = "due"
    corrections.cancel(admitted, reason=CancelReason.BY_MISTAKE, by="chi-hoa")
    row = kiosk.staff.visit(admitted)
    assert row.recheck == ""


def test_the_right_person_gets_a_record_of_their_own(kiosk: Kiosk, corrections: Corrections, admitted: str) -> None:
    ticket = corrections.replace_person(admitted, TYPED, "mat", by="chi-hoa")
    assert (ticket.number, ticket.room_id, ticket.priority) == (2, "mat", True)
    [right] = kiosk.staff.admissions()
    assert (right.person.name, right.assurance) == (TYPED.name, Assurance.STAFF)
    assert (right.read_assurance, right.proved_by) == (Assurance.NONE, "staff")
    wrong = kiosk.staff.visit(admitted)
    assert (wrong.state, wrong.person.name) == ("cancelled", "Trần Thị Mẫu")
    assert told(kiosk, "cancelled")["after"] == right.visit_id
    assert told(kiosk, "confirmed")["corrects"] == admitted
    record = corrections.record(right.visit_id)
    assert record is not None
    assert record.corrects == 1


def test_somebody_who_is_here_already_takes_nobodys_place(kiosk: Kiosk, corrections: Corrections) -> None:
    for who in ("insured", "old"):
        kiosk.admit(who)
        kiosk.clear()
    second, first = kiosk.staff.admissions()
    person = kiosk.holders["insured"]
    claim = ClaimedIdentity(source=ClaimSource.TYPED, personal_number=person.personal_number, name=person.name)
    with pytest.raises(NotCorrectable, match="already_admitted"):
        corrections.replace_person(second.visit_id, claim, "mat", by="chi-hoa")
    assert {row.visit_id for row in kiosk.staff.admissions()} == {first.visit_id, second.visit_id}
    with kiosk.database.read() as session:
        assert session.scalars(select(VisitEvent)).all() == []


def test_a_route_is_confirmed_by_a_clerk_and_again_otherwise(
    kiosk: Kiosk, corrections: Corrections, admitted: str
) -> None:
    corrections.confirm_route(admitted, "1.12", by="chi-hoa")
    corrections.confirm_route(admitted, "1.12", by="chi-hoa")
    assert [told(kiosk, "route_confirmed")[name] for name in ("before", "after", "route")] == [None, "1.12", "1.12"]
    kiosk.clock.advance(60)
    corrections.confirm_route(admitted, "1.3", by="anh-nam")
    record = corrections.record(admitted)
    assert record is not None
    assert (record.route, [(row.before, row.after, row.by) for row in record.events]) == (
        "1.3",
        [(None, "1.12", "chi-hoa"), ("1.12", "1.3", "anh-nam")],
    )


@pytest.mark.parametrize("code", ["", "1.99", "1.8"])
def test_a_route_that_does_not_hold_on_the_day_is_none(corrections: Corrections, admitted: str, code: str) -> None:
    with pytest.raises(NotCorrectable, match="no_such_route"):
        corrections.confirm_route(admitted, code, by="chi-hoa")


def test_what_does_not_fit_changes_nothing(kiosk: Kiosk, corrections: Corrections, admitted: str) -> None:
    with pytest.raises(NotCorrectable, match="gone"):
        corrections.cancel("nobody", reason=CancelReason.BY_MISTAKE, by="chi-hoa")
    with pytest.raises(NotCorrectable, match="same_room"):
        corrections.correct_room(admitted, "noi", by="chi-hoa")
    with pytest.raises(ValueError, match="no such room"):
        corrections.correct_room(admitted, "keller", by="chi-hoa")
    corrections.cancel(admitted, reason=CancelReason.BY_MISTAKE, by="chi-hoa")
    for again in (
        lambda: corrections.cancel(admitted, reason=CancelReason.BY_MISTAKE, by="chi-hoa"),
        lambda: corrections.correct_room(admitted, "mat", by="chi-hoa"),
        lambda: corrections.confirm_route(admitted, "1.1", by="chi-hoa"),
    ):
        with pytest.raises(NotCorrectable, match="not_admitted"):
            again()
    with pytest.raises(NotConfirmable):
        kiosk.staff.confirm(admitted, "noi", by="chi-hoa")
    assert corrections.record("nobody") is None


def test_a_store_that_refuses_leaves_the_admission(kiosk: Kiosk, corrections: Corrections, admitted: str) -> None:
    def change(times: int) -> None:
        for _ in range(times):
            corrections.confirm_route(admitted, "1.3", by="chi-hoa")
            corrections.confirm_route(admitted, "1.12", by="chi-hoa")

    kiosk.fill_disk()
    with pytest.raises(StoreUnavailable):
        change(400)
    kiosk.free_disk()
    assert kiosk.staff.visit(admitted).state == "admitted"
    with kiosk.database.read() as session:
        events = len(session.scalars(select(VisitEvent)).all())
        assert len(session.scalars(select(Audit).where(Audit.kind == "route_confirmed")).all()) == events


def test_no_event_names_anybody(kiosk: Kiosk, corrections: Corrections, admitted: str) -> None:
    corrections.replace_person(admitted, TYPED, "mat", by="chi-hoa")
    with kiosk.database.read() as session:
        said = " ".join(session.scalars(select(Audit.body)).all() + session.scalars(select(Outbox.body)).all())
    person = kiosk.holders["insured"]
    for word in (person.personal_number, person.name, TYPED.personal_number, TYPED.name, "1940"):
        assert str(word) not in said
