"""Erasing by one number reaches whatever stands under any form of any number of the same person, and nobody else."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from kiosk.domain.corrections import EraseReason
from kiosk.domain.worklist import Field, Mismatch, Source
from kiosk.keys import VisitOpener
from kiosk.services.erasure import Erased, Eraser
from kiosk.services.erasure_search import shortest
from kiosk.services.worklist import Subject, Worklist
from kiosk.store.tables import Visit

Kiosk = Any
DAY = date(2026, 11, 23)
ASKED = EraseReason.PERSON_ASKED
PERSONAL, TEN, LONG = "036199900009", "3699900009", "GD4363699900009"
WHO = {"name": "Trần Thị Mẫu", "birth": "1999-03-04"}
NAME = Mismatch(
    field=Field.NAME,
    left_source=Source.CHIP,
    left="Trần Thị Mẫu",
    right_source=Source.ROSTER,
    right="Trần Thị Mẩu",
    grade="close",
    proposed="Trần Thị Mẫu",
)
Record = Callable[..., int]
Erase = Callable[..., Erased]


@pytest.fixture
def record(kiosk: Kiosk) -> Record:
    """Makes a desk ticket whose record says this; gives its number."""

    def make(**fields: str) -> int:
        with kiosk.database.write() as session:
            visit = kiosk.staff.admission.arrival(session)
            sealed = VisitOpener(kiosk.private_key).sealer().seal(visit.id, fields)
            visit.sealed_key, visit.blob, visit.commitment = sealed.key, sealed.blob, sealed.commitment
            return int(visit.number)

    return make


@pytest.fixture
def erase(kiosk: Kiosk) -> Erase:
    def do(number: str, ticket: tuple[date, int] | None = None) -> Erased:
        eraser = Eraser(database=kiosk.database, clinic=kiosk.staff._clinic, device="desk-1", clock=kiosk.clock)
        return eraser.erase_person(number, VisitOpener(kiosk.private_key), reason=ASKED, by="desk-1", ticket=ticket)

    return do


def numbers(visits: tuple[tuple[date, int], ...]) -> list[int]:
    return [number for _, number in visits]


def sealed(kiosk: Kiosk) -> list[bytes]:
    """What lies sealed of visits, in the order of their numbers."""
    with kiosk.database.read() as session:
        visits = session.query(Visit).order_by(Visit.number)
        return [part for visit in visits for part in (visit.sealed_key, visit.blob) if part is not None]


@pytest.mark.parametrize("asked", [TEN, LONG, "HT3799900001"[:5] + TEN, "gd4 36 3699900009", PERSONAL])
def test_every_form_of_every_number_finds_all_of_a_person(
    kiosk: Kiosk, record: Record, erase: Erase, asked: str
) -> None:
    record(**WHO, personal_number=PERSONAL, insurance_number=LONG)
    record(**WHO, insurance_number=TEN)
    record(**WHO, insurance_number="TE1363699900009")
    record(**WHO, personal_number=PERSONAL)
    before = sealed(kiosk)
    assert len(before) == 8
    erased = erase(asked)
    assert (sorted(numbers(erased.visits)), erased.alike, erased.log_emptied) == ([1, 2, 3, 4], (), True)
    rest = kiosk.rest()
    assert not [part for part in before if part in rest]


def test_entries_of_the_worklist_go_by_every_form_too(kiosk: Kiosk, record: Record, erase: Erase) -> None:
    opener = VisitOpener(kiosk.private_key)
    worklist = Worklist(
        database=kiosk.database, clinic=kiosk.staff._clinic, device="desk-1", opener=opener, clock=kiosk.clock
    )
    record(**WHO, personal_number=PERSONAL, insurance_number=LONG)
    for number in (TEN, LONG, "TE1363699900009"):
        worklist.add([NAME], Subject(insurance_number=number))
    worklist.add([NAME], Subject(personal_number=PERSONAL))
    worklist.add([NAME], Subject(insurance_number="3699900001"))
    erase(TEN)
    assert [row.subject.insurance_number for row in worklist.rows()] == ["3699900001"]


@pytest.mark.parametrize(
    "other",
    [
        {"name": "Lê Văn Khác", "birth": "1999-03-04"},
        {"name": "Trần Thị Mẫu", "birth": "1970-01-01"},
        {"name": "Trần Thị Mẫu"},
        {},
    ],
)
def test_a_number_under_another_name_is_shown_and_left(
    kiosk: Kiosk, record: Record, erase: Erase, other: dict[str, str]
) -> None:
    record(**WHO, personal_number=PERSONAL, insurance_number=LONG)
    record(**other, insurance_number=TEN)
    erased = erase(PERSONAL)
    assert (numbers(erased.visits), numbers(erased.alike)) == ([1], [2])
    assert len(sealed(kiosk)) == 2


def test_what_was_asked_for_itself_is_erased_whatever_the_name(kiosk: Kiosk, record: Record, erase: Erase) -> None:
    record(name="Lê Văn Khác", insurance_number=TEN)
    assert numbers(erase(LONG).visits) == [1]


OTHER = {"name": "Lê Văn Khác", "birth": "1990-02-03", "personal_number": "036090000009"}
OTHERS_OWN = "GD4363699999999"


@pytest.mark.parametrize("asked", [TEN, LONG])
def test_one_number_typed_wrongly_erases_nobody(kiosk: Kiosk, record: Record, erase: Erase, asked: str) -> None:
    record(**OTHER, insurance_number=OTHERS_OWN)
    record(**OTHER, insurance_number=LONG)
    record(**WHO, personal_number=PERSONAL, insurance_number=LONG)
    before = sealed(kiosk)
    erased = erase(asked)
    assert (numbers(erased.visits), sorted(numbers(erased.alike))) == ([], [2, 3])
    assert sealed(kiosk) == before


@pytest.mark.parametrize(("ticket", "gone", "left"), [(3, [3, 4], [2]), (2, [1, 2], [3]), (1, [], [2, 3])])
def test_whose_it_is_may_be_said_by_a_ticket(
    record: Record, erase: Erase, ticket: int, gone: list[int], left: list[int]
) -> None:
    record(**OTHER, insurance_number=OTHERS_OWN)
    record(**OTHER, insurance_number=LONG)
    record(**WHO, personal_number=PERSONAL, insurance_number=LONG)
    record(**WHO, personal_number=PERSONAL)
    erased = erase(TEN, (DAY, ticket))
    assert (sorted(numbers(erased.visits)), sorted(numbers(erased.alike))) == (gone, left)


@pytest.mark.parametrize(
    ("bare", "gone"),
    [
        ({}, [1, 2]),
        ({"birth": "1999"}, [1, 2]),
        ({"name": "TRAN THI MAU"}, [1, 2]),
        ({"birth": "1998"}, []),
        ({"name": "Lê Văn Khác"}, []),
        ({"personal_number": "036090000009"}, []),
    ],
)
def test_what_says_too_little_is_the_only_person_s_unless_it_contradicts(
    record: Record, erase: Erase, bare: dict[str, str], gone: list[int]
) -> None:
    record(**WHO, personal_number=PERSONAL, insurance_number=LONG)
    record(**bare, insurance_number=TEN)
    assert sorted(numbers(erase(TEN).visits)) == gone


def test_another_s_entries_of_the_worklist_stay_where_a_number_was_typed_wrongly(
    kiosk: Kiosk, record: Record, erase: Erase
) -> None:
    opener = VisitOpener(kiosk.private_key)
    worklist = Worklist(
        database=kiosk.database, clinic=kiosk.staff._clinic, device="desk-1", opener=opener, clock=kiosk.clock
    )
    record(**OTHER, insurance_number=LONG)
    record(**WHO, personal_number=PERSONAL, insurance_number=LONG)
    worklist.add([NAME], Subject(insurance_number=LONG))
    assert numbers(erase(OTHER["personal_number"]).visits) == [1]
    assert [row.subject.insurance_number for row in worklist.rows()] == [LONG]


def test_a_person_is_found_over_several_steps(record: Record, erase: Erase) -> None:
    record(**WHO, document_number="C1234567")
    record(**WHO, personal_number=PERSONAL, document_number="C1234567")
    record(**WHO, personal_number=PERSONAL, insurance_number=LONG)
    record(**WHO, insurance_number=TEN)
    assert sorted(numbers(erase("c1234567").visits)) == [1, 2, 3, 4]


def test_others_and_those_whom_they_accompany_stay(kiosk: Kiosk, record: Record, erase: Erase) -> None:
    record(**WHO, personal_number=PERSONAL)
    record(**WHO, personal_number="036199900010", insurance_number="GD4363699900010")
    record(name="Trần Văn Bé", insurance_number="TE1363699900011", guardian_number=PERSONAL)
    erased = erase(PERSONAL)
    assert (numbers(erased.visits), numbers(erased.beside), erased.alike) == ([1], [3], ())
    assert len(sealed(kiosk)) == 4


@pytest.mark.parametrize(
    ("number", "short"),
    [(LONG, TEN), (TEN, TEN), (PERSONAL, PERSONAL), (" gd4 363699900009 ", TEN), ("C1234567", "C1234567"), ("", "")],
)
def test_the_shortest_form(number: str, short: str) -> None:
    assert shortest(number) == short
