"""Erasing reaches whatever is about a person in any table; a table or column that is new must be thought of."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import LargeBinary, select

from kiosk.domain.corrections import CancelReason, EraseReason
from kiosk.domain.worklist import ClosedHow, Field, Mismatch, Source
from kiosk.interop.orders import OrderBook, checked_order
from kiosk.keys import VisitOpener
from kiosk.services.corrections import Corrections
from kiosk.services.erasure import Eraser
from kiosk.services.worklist import Subject, Worklist
from kiosk.store import repositories
from kiosk.store.tables import Base, Delivery, Outbox, Visit, VisitOrder, Work

Kiosk = Any
DAY = date(2026, 11, 23)
ASKED = EraseReason.PERSON_ASKED
NAME = Mismatch(
    field=Field.NAME,
    left_source=Source.CHIP,
    left="Trần Thị Mẫu",
    right_source=Source.ROSTER,
    right="Trần Thị Mẩu",
    grade="close",
    proposed="Trần Thị Mẫu",
)

ERASED = {
    "visit.sealed_key",
    "visit.blob",
    "visit.person_day_tag",
    "visit.insured_day_tag",
    "visit.shown_code",
    "work.sealed_key",
    "work.blob",
    "work.same",
}
NOBODY_S = {
    "visit.commitment": "a salted hash of what was sealed, which tells nothing once the key is gone",
    "work.commitment": "the same",
    "shift.sealed_key": "an officer's, not a patient's",
    "shift.blob": "the same",
    "shift.commitment": "the same",
    "staff_account.sealed_key": "a clerk's, not a patient's",
    "staff_account.blob": "the same",
    "staff_account.commitment": "the same",
    "staff_account.proof": "the same",
    "staff_key.credential": "a clerk's security key",
    "staff_key.public_key": "the same",
    "staff_key.proof": "the same",
    "test_card.tag": "a test card's, which is nobody's",
    "lost_card.tag": "a keyed hash that protects its owner, who has it taken off the list once there is a new card",
    "province_event.envelope": "sealed to the key of the province, which forgets by the correction",
    "audit.previous": "the chain's",
    "audit.hash": "the chain's",
}
"""Columns of bytes that an erasure leaves, and why."""
OF_A_VISIT = {"visit_event", "notice", "queue_event", "print_order", "work", "visit_order", "delivery"}
"""The tables that speak of a visit: what an erasure takes of each is tested below; the first four hold stable words."""


@pytest.fixture
def eraser(kiosk: Kiosk) -> Eraser:
    return Eraser(database=kiosk.database, clinic=kiosk.staff._clinic, device="desk-1", clock=kiosk.clock)


@pytest.fixture
def worklist(kiosk: Kiosk) -> Worklist:
    opener = VisitOpener(kiosk.private_key)
    return Worklist(
        database=kiosk.database, clinic=kiosk.staff._clinic, device="desk-1", opener=opener, clock=kiosk.clock
    )


@pytest.fixture
def visit_id(kiosk: Kiosk) -> str:
    kiosk.show_qr("insured")
    kiosk.put("insured")
    kiosk.turn(2)
    kiosk.patient.choose_room("noi")
    kiosk.clear()
    found: str = kiosk.staff.admissions()[0].visit_id
    return found


def works(kiosk: Kiosk) -> list[tuple[Any, ...]]:
    with kiosk.database.read() as session:
        columns = (Work.state, Work.closed_how, Work.sealed_key, Work.blob)
        return [tuple(row) for row in session.execute(select(*columns))]


def test_every_column_of_bytes_is_erased_or_nobody_s() -> None:
    columns = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    assert columns == ERASED | set(NOBODY_S), "a new column of bytes: erase it, or say here why it may stay"


def test_every_table_that_speaks_of_a_visit_was_thought_of() -> None:
    tables = {table.name for table in Base.metadata.tables.values() if "visit_id" in table.columns}
    assert tables == OF_A_VISIT, "a new table about visits: erase what is personal in it, and name it here"


def test_nothing_stays_in_the_columns_that_are_to_be_erased(
    kiosk: Kiosk, eraser: Eraser, worklist: Worklist, visit_id: str
) -> None:
    worklist.add([NAME], Subject(visit_id=visit_id))

    def filled() -> set[str]:
        with kiosk.database.read() as session:
            return {
                name
                for name in ERASED
                for value in session.scalars(select(Base.metadata.tables[name.split(".")[0]].c[name.split(".")[1]]))
                if value is not None
            }

    assert filled() == ERASED
    eraser.erase_ticket(DAY, 1, reason=ASKED, by="desk-1")
    assert filled() == set()


def test_what_was_ordered_and_what_receivers_answered_goes_too(kiosk: Kiosk, eraser: Eraser, visit_id: str) -> None:
    now = kiosk.clock.now()
    order = checked_order(kind="medicine", code="40.12", name="Thuốc Mẫu", route="1.1", visit_kind="01", ordered_at=now)
    OrderBook(kiosk.database, device="desk-1", clock=kiosk.clock).record(visit_id, order, by="desk-1")
    with kiosk.database.write() as session:
        own = {"sink": "his", "state": "delivered", "tries": 0, "next_at": now, "receipt": "filed as TRAN THI MAU"}
        [outbox_id] = session.scalars(select(Outbox.id).where(Outbox.kind == "admitted"))
        session.add(Delivery(event_id=outbox_id, visit_id=visit_id, **own))
    assert "Thuốc Mẫu".encode() in kiosk.rest()
    eraser.erase_ticket(DAY, 1, reason=ASKED, by="desk-1")
    with kiosk.database.read() as session:
        assert session.scalars(select(VisitOrder.code)).all() == []
        assert session.execute(select(Delivery.state, Delivery.receipt)).all() == [("delivered", None)]
    rest = kiosk.rest()
    assert not [word for word in ("Thuốc Mẫu", "TRAN THI MAU") if word.encode() in rest]


def test_entries_about_the_erased_are_closed_whichever_visit_showed_them(
    kiosk: Kiosk, eraser: Eraser, worklist: Worklist, visit_id: str
) -> None:
    number = kiosk.holders["insured"].personal_number
    worklist.add([NAME], Subject(visit_id=visit_id))
    worklist.add([NAME], Subject(personal_number=number))
    worklist.add([NAME], Subject(personal_number="036199900099"))
    eraser.erase_person(number, VisitOpener(kiosk.private_key), reason=ASKED, by="desk-1")
    assert works(kiosk).count(("closed", ClosedHow.ERASED, None, None)) == 2
    [row] = worklist.rows()
    assert (row.subject.personal_number, row.unreadable) == ("036199900099", False)


def test_entries_of_a_cancelled_admission_are_closed_with_it(kiosk: Kiosk, worklist: Worklist, visit_id: str) -> None:
    staff = kiosk.staff
    kiosk.admit("old")
    kiosk.clear()
    other = next(row.visit_id for row in staff.admissions() if row.visit_id != visit_id)
    worklist.add([NAME], Subject(visit_id=visit_id))
    worklist.add([NAME], Subject(visit_id=other, personal_number="036150900002"))
    with kiosk.database.write() as session:
        worklist.expect_papers(session, visit_id, ("chip_card",), kiosk.clock.now())
    corrections = Corrections(
        database=kiosk.database,
        clinic=staff._clinic,
        device="desk-1",
        clock=kiosk.clock,
        admission=staff.admission,
    )
    corrections.cancel(visit_id, reason=CancelReason.BY_MISTAKE, by="chi-hoa")
    assert [row.subject.visit_id for row in worklist.rows()] == [other]
    assert works(kiosk).count(("closed", ClosedHow.CANCELLED, None, None)) == 2
    with kiosk.database.read() as session:
        assert repositories.first_chain_fault(session, "desk-1") is None
        assert session.get(Visit, visit_id).sealed_key is not None
