"""The same difference of the same person is one entry: found by a keyed hash, and nothing is opened for it."""

from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import event, select, update
from sqlalchemy.exc import IntegrityError

from kiosk.domain.worklist import ClosedHow, Field, Mismatch, Source
from kiosk.keys import VisitOpener
from kiosk.services.worklist import Subject, Worklist
from kiosk.store.tables import Work

Kiosk = Any
NAME = Mismatch(
    field=Field.NAME,
    left_source=Source.CHIP,
    left="Trần Thị Mẫu",
    right_source=Source.ROSTER,
    right="Trần Thị Mẩu",
    grade="close",
    proposed="Trần Thị Mẫu",
)
WHO = Subject(personal_number="036199900001", insurance_number="3699900001")


class Counting(VisitOpener):
    """An opener that counts what it opens."""

    opened = 0

    def open(self, *args: Any) -> Any:
        self.opened += 1
        return super().open(*args)


@pytest.fixture
def opener(kiosk: Kiosk) -> Counting:
    return Counting(kiosk.private_key)


@pytest.fixture
def worklist(kiosk: Kiosk, opener: Counting) -> Worklist:
    return Worklist(
        database=kiosk.database, clinic=kiosk.staff._clinic, device="desk-1", opener=opener, clock=kiosk.clock
    )


def tags(kiosk: Kiosk) -> list[bytes | None]:
    with kiosk.database.read() as session:
        return list(session.scalars(select(Work.same).order_by(Work.id)))


def others(count: int) -> list[Mismatch]:
    return [replace(NAME, right=f"Trần Thị {number}") for number in range(count)]


def test_what_is_there_is_found_without_opening_anything(worklist: Worklist, opener: Counting) -> None:
    assert worklist.add([*others(30), NAME], WHO) == 31
    assert worklist.add([NAME, *others(30)], WHO) == 0
    assert opener.opened == 0


def test_it_is_found_by_the_index_and_not_by_looking_at_all(kiosk: Kiosk, worklist: Worklist) -> None:
    worklist.add(others(5), WHO)
    asked: list[str] = []
    engine = kiosk.database._engine
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    worklist.add([NAME], WHO)
    [query] = [each for each in asked if each.startswith("SELECT") and "same" in each.partition("WHERE")[2]]
    with kiosk.database.read() as session:
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", ("36001", b"0" * 16)).all()
    assert "uq_work_clinic_same" in str(plan)


@pytest.mark.parametrize(
    ("mismatch", "who"),
    [
        (replace(NAME, right="Trần Thị Mậu"), WHO),
        (replace(NAME, field=Field.BIRTH), WHO),
        (replace(NAME, right_source=Source.GATEWAY), WHO),
        (NAME, Subject(personal_number="036199900002", insurance_number="3699900001")),
        (NAME, Subject(personal_number="036199900001")),
    ],
)
def test_anything_else_is_another_entry(worklist: Worklist, mismatch: Mismatch, who: Subject) -> None:
    assert worklist.add([NAME], WHO) == 1
    assert worklist.add([mismatch], who) == 1


def test_the_visit_makes_no_difference(kiosk: Kiosk, worklist: Worklist) -> None:
    kiosk.admit("insured")
    [row] = kiosk.staff.admissions()
    assert worklist.add([NAME], WHO) == 1
    assert worklist.add([NAME], replace(WHO, visit_id=row.visit_id)) == 0


def test_what_was_closed_can_be_found_again(kiosk: Kiosk, worklist: Worklist) -> None:
    worklist.add([NAME], WHO)
    worklist.close(worklist.rows()[0].work_id, by="chi-hoa", how=ClosedHow.STAFF)
    assert tags(kiosk) == [None]
    assert worklist.add([NAME], WHO) == 1


def test_an_entry_that_was_sent_is_still_there(worklist: Worklist) -> None:
    worklist.add([NAME], WHO)
    worklist.mark_sent([worklist.rows()[0].work_id], by="chi-hoa")
    assert worklist.add([NAME], WHO) == 0


def test_papers_of_two_visits_are_two_entries(kiosk: Kiosk, worklist: Worklist) -> None:
    kiosk.admit("insured")
    [row] = kiosk.staff.admissions()
    for _ in range(2):
        with kiosk.database.write() as session:
            worklist.expect_papers(session, row.visit_id, ("chip_card",), kiosk.clock.now())
    assert tags(kiosk) == [None, None]


def test_the_hash_tells_nobody_without_the_private_key(kiosk: Kiosk, worklist: Worklist) -> None:
    worklist.add([NAME], WHO)
    [tag] = tags(kiosk)
    another = VisitOpener(X25519PrivateKey.generate())
    opener = VisitOpener(kiosk.private_key)
    content = b"the same"
    assert len(tag or b"") == 16
    assert opener.tag("worklist", content) == opener.tag("worklist", content)
    assert len({opener.tag("worklist", content), opener.tag("patient", content), another.tag("worklist", content)}) == 3


def test_the_store_itself_takes_no_second_one(kiosk: Kiosk, worklist: Worklist) -> None:
    worklist.add([NAME, *others(1)], WHO)
    with pytest.raises(IntegrityError), kiosk.database.write() as session:
        session.execute(update(Work).values(same=b"0" * 16))


def test_entries_from_before_the_hashes_get_theirs_once(kiosk: Kiosk, worklist: Worklist, opener: Counting) -> None:
    worklist.add([NAME, *others(2)], WHO)
    before = tags(kiosk)
    with kiosk.database.write() as session:
        session.execute(update(Work).values(same=None))
    assert worklist.mark_same() == 3
    assert tags(kiosk) == before
    opened = opener.opened
    assert (worklist.mark_same(), opener.opened) == (0, opened)


def test_two_that_were_the_same_before_stay_and_one_is_found(kiosk: Kiosk, worklist: Worklist) -> None:
    worklist.add([NAME], WHO)
    with kiosk.database.write() as session:
        session.execute(update(Work).values(same=None))
    worklist.add([NAME], WHO)
    assert worklist.mark_same() == 0
    assert len(worklist.rows()) == 2
    assert worklist.add([NAME], WHO) == 0
