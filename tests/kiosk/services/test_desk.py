"""The desk: what staff see, confirm and settle, and who can read it."""

import sqlite3
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import select

from idcard import BirthDate, ClaimedIdentity, ClaimSource, Sex
from idcard.testing import dishonest
from kiosk.day_key import DayTags
from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code, Resolution
from kiosk.domain.flow import Screen
from kiosk.domain.staff import Override, OverrideReason
from kiosk.keys import VisitOpener
from kiosk.ports import StoreUnavailable
from kiosk.services.desk import NotConfirmable, StaffDesk
from kiosk.store import repositories
from kiosk.store.tables import Audit, Outbox

Kiosk = Any

AGREED = Override(reason=OverrideReason.OTHER_PAPERS, second="co-lan")
TYPED = ClaimedIdentity(
    source=ClaimSource.TYPED,
    personal_number="036199900009",
    name="Đỗ Thị Khác",
    birth=BirthDate(year=1999),
    sex=Sex.FEMALE,
)


def desk_ticket(kiosk: Kiosk, who: str = "insured") -> str:
    """A ticket from a code alone; the visit's id."""
    kiosk.show_qr(who)
    kiosk.patient.no_card()
    kiosk.patient.acknowledge()
    kiosk.clock.advance(5)
    visit_id: str = kiosk.staff.desk_tickets()[0].visit_id
    return visit_id


def test_one_tap_turns_a_desk_ticket_into_an_admission(kiosk: Kiosk) -> None:
    visit_id = desk_ticket(kiosk)
    ticket = kiosk.staff.confirm(visit_id, "mat", by="chi-hoa")
    assert (ticket.number, ticket.room_id) == (1, "mat")
    [row] = kiosk.staff.admissions()
    assert (row.assurance, row.read_assurance) == (Assurance.STAFF, Assurance.QR_UNSIGNED)
    assert (row.proved_by, row.confirmed_by, row.code) == ("staff", "chi-hoa", Code.QR_ONLY)
    assert row.person.name == "Trần Thị Mẫu"
    assert kiosk.staff.desk_tickets() == ()
    assert kiosk.staff.exceptions() == ()


def test_confirming_writes_one_link_and_one_event_of_the_desks_own(kiosk: Kiosk) -> None:
    kiosk.staff.confirm(desk_ticket(kiosk), "noi", by="chi-hoa")
    with kiosk.database.read() as session:
        assert session.scalars(select(Audit.kind).where(Audit.device == "desk-1")).all() == ["confirmed"]
        assert session.scalars(select(Outbox.kind).where(Outbox.device == "desk-1")).all() == ["confirmed"]
        assert repositories.first_chain_fault(session, "desk-1") is None
        assert repositories.first_chain_fault(session, "kiosk-1") is None


def test_whom_no_chip_proved_at_the_desk_is_compared_when_the_card_comes(kiosk: Kiosk) -> None:
    kiosk.staff.confirm(desk_ticket(kiosk), "mat", by="chi-hoa")
    kiosk.put("insured")
    view = kiosk.digits("insured")
    assert (view.screen, view.ticket, view.desk.ticket_number, view.desk.message) == (Screen.DESK, None, 2, "compare")
    [notice] = kiosk.staff.exceptions()
    assert (notice.code, notice.reasons) == (Code.IDENTITY_DIFFERS, ("admitted_unproved",))
    assert (notice.visit.number, notice.other.number) == (2, 1)


def test_nobody_is_admitted_twice_by_the_desk_either(kiosk: Kiosk) -> None:
    kiosk.admit("insured")
    kiosk.clear()
    visit_id = desk_ticket(kiosk)
    with pytest.raises(NotConfirmable) as error:
        kiosk.staff.confirm(visit_id, "noi", by="chi-hoa")
    assert error.value.reason == "already_admitted"
    assert len(kiosk.staff.admissions()) == 1
    with kiosk.database.read() as session:
        assert session.scalars(select(Audit).where(Audit.device == "desk-1")).all() == []


def test_a_second_tap_changes_nothing(kiosk: Kiosk) -> None:
    visit_id = desk_ticket(kiosk)
    kiosk.staff.confirm(visit_id, "noi", by="chi-hoa")
    with pytest.raises(NotConfirmable) as error:
        kiosk.staff.confirm(visit_id, "mat", by="anh-ba")
    assert error.value.reason == "already_admitted"
    assert kiosk.staff.admissions()[0].room.id == "noi"


def test_what_cannot_be_confirmed_says_why(kiosk: Kiosk) -> None:
    visit_id = desk_ticket(kiosk)
    with pytest.raises(NotConfirmable) as unknown:
        kiosk.staff.confirm("none", "noi", by="chi-hoa")
    assert unknown.value.reason == "no_such_ticket"
    with pytest.raises(ValueError, match="room"):
        kiosk.staff.confirm(visit_id, "nowhere", by="chi-hoa")
    kiosk.staff.resolve(kiosk.staff.exceptions()[0].notice_id, by="chi-hoa", resolution=Resolution.SELF_PAY)
    with pytest.raises(NotConfirmable) as closed:
        kiosk.staff.confirm(visit_id, "noi", by="chi-hoa")
    assert closed.value.reason == "closed"


@pytest.mark.parametrize("kind", ["forged", "nothing_read"])
def test_what_is_not_to_be_believed_is_typed_anew(kiosk: Kiosk, kind: str) -> None:
    if kind == "forged":
        kiosk.put(dishonest.cloned_chip(kiosk.issuer, kiosk.holders["insured"]))
        kiosk.digits("insured")
    else:
        kiosk.patient.call_staff("child")
    [row] = kiosk.staff.desk_tickets()
    with pytest.raises(NotConfirmable) as error:
        kiosk.staff.confirm(row.visit_id, "noi", by="chi-hoa")
    assert (error.value.reason, row.needs_typing) == ("needs_typing", True)
    kiosk.staff.confirm(row.visit_id, "noi", by="chi-hoa", claim=TYPED, override=AGREED)
    [admitted] = kiosk.staff.admissions()
    assert (admitted.person.name, admitted.person.birth_year) == ("Đỗ Thị Khác", "1999")
    assert admitted.person.source == "typed"


def test_who_was_typed_does_not_take_the_place_of_whom_the_card_claimed(kiosk: Kiosk) -> None:
    kiosk.put(dishonest.cloned_chip(kiosk.issuer, kiosk.holders["insured"]))
    kiosk.digits("insured")
    kiosk.staff.confirm(kiosk.staff.desk_tickets()[0].visit_id, "noi", by="chi-hoa", claim=TYPED, override=AGREED)
    kiosk.patient.acknowledge()
    kiosk.clear()
    ticket = kiosk.admit("insured").ticket
    assert (ticket.number, ticket.again) == (2, False)


def test_who_was_typed_is_compared_when_the_card_comes(kiosk: Kiosk) -> None:
    insured = replace(TYPED, personal_number=kiosk.holders["insured"].personal_number)
    kiosk.patient.call_staff("child")
    kiosk.patient.acknowledge()
    kiosk.staff.confirm(kiosk.staff.desk_tickets()[0].visit_id, "mat", by="chi-hoa", claim=insured)
    kiosk.put("insured")
    assert kiosk.digits("insured").desk.ticket_number == 2
    assert len(kiosk.staff.admissions()) == 1
    assert kiosk.staff.exceptions()[0].other.number == 1


def test_who_came_with_the_card_is_not_admitted_again_by_typing(kiosk: Kiosk) -> None:
    kiosk.admit("insured")
    kiosk.clear()
    kiosk.patient.call_staff("child")
    insured = replace(TYPED, personal_number=kiosk.holders["insured"].personal_number)
    with pytest.raises(NotConfirmable) as error:
        kiosk.staff.confirm(kiosk.staff.desk_tickets()[0].visit_id, "mat", by="chi-hoa", claim=insured)
    assert error.value.reason == "already_admitted"
    assert len(kiosk.staff.admissions()) == 1


def test_without_a_number_a_person_who_was_typed_is_admitted_all_the_same(kiosk: Kiosk) -> None:
    for number in (1, 2):
        kiosk.patient.call_staff("child")
        kiosk.patient.acknowledge()
        kiosk.clock.advance(120)
        ticket = kiosk.staff.desk_tickets()[0]
        nameless = replace(TYPED, personal_number=None)
        assert kiosk.staff.confirm(ticket.visit_id, "mat", by="chi-hoa", claim=nameless).number == number


def test_settling_closes_the_ticket_and_can_be_repeated(kiosk: Kiosk) -> None:
    desk_ticket(kiosk)
    [notice] = kiosk.staff.exceptions()
    for _ in range(2):
        kiosk.staff.resolve(notice.notice_id, by="chi-hoa", resolution=Resolution.REFUSED)
    assert kiosk.staff.exceptions() == ()
    assert kiosk.staff.desk_tickets() == ()
    assert kiosk.staff.visit(notice.visit.visit_id).state == "closed"
    with kiosk.database.read() as session:
        assert session.scalars(select(Audit.kind).where(Audit.device == "desk-1")).all() == ["resolved"]


def test_only_a_confirmation_admits(kiosk: Kiosk) -> None:
    desk_ticket(kiosk)
    notice_id = kiosk.staff.exceptions()[0].notice_id
    for resolution in (Resolution.ADMITTED, Resolution.CAME_BACK):
        with pytest.raises(ValueError, match="do not settle"):
            kiosk.staff.resolve(notice_id, by="chi-hoa", resolution=resolution)
    with pytest.raises(ValueError, match="no such notice"):
        kiosk.staff.resolve("none", by="chi-hoa", resolution=Resolution.HELPED)


def test_exceptions_age_the_oldest_first(kiosk: Kiosk) -> None:
    kiosk.patient.call_staff("help")
    kiosk.clock.advance(90)
    kiosk.turn()
    kiosk.patient.call_staff("emergency")
    rows = kiosk.staff.exceptions()
    assert [(row.code, row.age_s, row.time) for row in rows] == [
        (Code.HELP, 90, "07:42"),
        (Code.EMERGENCY, 0, "07:43"),
    ]
    assert all(row.visit is None for row in rows)


def test_yesterdays_exceptions_stay_until_they_are_settled(kiosk: Kiosk) -> None:
    desk_ticket(kiosk)
    kiosk.clock.advance(86400)
    assert len(kiosk.staff.exceptions()) == 1
    assert kiosk.staff.desk_tickets() == ()


@pytest.mark.parametrize("typed", [False, True])
def test_a_ticket_of_yesterday_is_confirmed_with_a_number_of_today(kiosk: Kiosk, typed: bool) -> None:
    visit_id = desk_ticket(kiosk)
    kiosk.clock.advance(86400)
    assert kiosk.admit("old").ticket.number == 1
    kiosk.clear()
    claim = replace(TYPED, personal_number=kiosk.holders["insured"].personal_number) if typed else None
    ticket = kiosk.staff.confirm(visit_id, "noi", by="chi-hoa", claim=claim)
    assert (ticket.number, ticket.waiting_before) == (2, 1)
    rows = {row.number: row for row in kiosk.staff.admissions()}
    assert sorted(rows) == [1, 2]
    assert (rows[2].first_number, rows[2].first_day, rows[1].first_number) == (1, "23/11", None)
    assert kiosk.checkin.waiting() == {"noi": 2}
    assert kiosk.staff.exceptions() == ()
    kiosk.put("insured")
    assert kiosk.digits("insured").desk.ticket_number == 3
    assert kiosk.staff.exceptions()[0].other.number == 2
    with kiosk.database.read() as session:
        body = session.scalars(select(Audit.body).where(Audit.device == "desk-1")).one()
    assert '"first_day":"2026-11-23","first_number":1' in body


def test_who_has_a_ticket_of_today_is_not_admitted_with_one_of_yesterday(kiosk: Kiosk) -> None:
    visit_id = desk_ticket(kiosk)
    kiosk.clock.advance(86400)
    kiosk.admit("insured")
    with pytest.raises(NotConfirmable) as error:
        kiosk.staff.confirm(visit_id, "noi", by="chi-hoa")
    assert error.value.reason == "already_admitted"
    assert kiosk.staff.visit(visit_id).state == "desk"


def test_who_is_called_in_does_not_wait_any_more(kiosk: Kiosk) -> None:
    kiosk.admit("insured")
    visit_id = kiosk.staff.admissions()[0].visit_id
    for _ in range(2):
        kiosk.staff.mark_called(visit_id, by="truc")
    assert kiosk.staff.admissions()[0].called
    assert kiosk.checkin.waiting() == {}
    with pytest.raises(ValueError, match="no such visit"):
        kiosk.staff.mark_called("none", by="truc")


def test_the_latest_admissions_come_first_and_not_too_many(kiosk: Kiosk) -> None:
    kiosk.admit("insured")
    kiosk.clear()
    kiosk.clock.advance(60)
    kiosk.admit("old")
    assert [row.number for row in kiosk.staff.admissions()] == [2, 1]
    assert [row.time for row in kiosk.staff.admissions(limit=1)] == ["07:43"]


def test_without_the_clinics_key_nobody_is_named(kiosk: Kiosk) -> None:
    kiosk.admit("insured")
    other = StaffDesk(
        database=kiosk.database,
        clinic=kiosk.staff._clinic,
        device="desk-2",
        opener=VisitOpener(X25519PrivateKey.generate()),
        tags=DayTags(kiosk.path.with_name("person_day.key")),
        clock=kiosk.clock,
    )
    [row] = other.admissions()
    assert (row.person, row.unreadable, row.number) == (None, True, 1)


def test_rows_do_not_print_people(kiosk: Kiosk) -> None:
    kiosk.admit("insured")
    [row] = kiosk.staff.admissions()
    assert "Mẫu" not in repr(row) + repr(row.person)


def test_erasing_a_key_erases_the_person_and_the_chain_still_holds(kiosk: Kiosk) -> None:
    kiosk.admit("insured")
    knife = sqlite3.connect(kiosk.path)
    with knife:
        knife.execute("UPDATE visit SET sealed_key = NULL")
    knife.close()
    [row] = kiosk.staff.admissions()
    assert (row.person, row.unreadable) == (None, False)
    with kiosk.database.read() as session:
        assert repositories.first_chain_fault(session, "kiosk-1") is None


def test_a_full_disk_confirms_nothing(kiosk: Kiosk) -> None:
    visit_id = desk_ticket(kiosk)
    kiosk.fill_disk()
    with pytest.raises(StoreUnavailable):
        confirm_and_undo(kiosk, visit_id)
    kiosk.free_disk()
    assert kiosk.staff.admissions() == ()
    assert kiosk.staff.visit(visit_id).state == "desk"


def confirm_and_undo(kiosk: Kiosk, visit_id: str) -> None:
    """Confirm with a name so long that the page that is still free cannot take it."""
    long_name = ClaimedIdentity(source=ClaimSource.TYPED, name="Trần " * 20000)
    kiosk.staff.confirm(visit_id, "noi", by="chi-hoa", claim=long_name)
