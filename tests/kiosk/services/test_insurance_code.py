"""An insurance card's code at the machine: it fills in a desk ticket, and a chip card afterwards settles that."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code
from kiosk.domain.flow import Screen
from kiosk.store.tables import Visit

Kiosk = Any


def code(name: str = "Trần Thị Mẫu", birth: str = "04/03/1999", number: str = "3699900001") -> str:
    return f"{number}|{name.encode().hex()}|{birth}|2|-|36 - 001|01/01/2026|-|-|$"


def test_the_code_alone_is_a_prefilled_desk_ticket(kiosk: Kiosk) -> None:
    kiosk.patient.show_code(code())
    assert (kiosk.view.screen, kiosk.view.desk.public_code) == (Screen.DESK, "E11")
    [row] = kiosk.staff.desk_tickets()
    assert (row.code, row.read_assurance, row.needs_typing) == (Code.QR_ONLY, Assurance.QR_UNSIGNED, False)
    assert (row.person.name, row.person.birth, row.person.insurance_number) == (
        "Trần Thị Mẫu",
        "1999-03-04",
        "3699900001",
    )
    with kiosk.database.read() as session:
        [visit] = session.scalars(select(Visit).where(Visit.state == "desk"))
        assert (visit.card, visit.readings, visit.shown_code is None) == (None, None, False)
    kiosk.staff.confirm(row.visit_id, "noi", by="desk-1")
    [row] = kiosk.staff.admissions()
    assert (row.assurance, row.way) == (Assurance.STAFF, "code")


@pytest.mark.parametrize(("birth", "expected"), [("01/02/2024", Code.CHILD), ("2015", Code.QR_ONLY)])
def test_a_child_is_told_by_its_birth(kiosk: Kiosk, birth: str, expected: Code) -> None:
    kiosk.patient.show_code(code(name="Trần Văn Bé", birth=birth))
    [row] = kiosk.staff.desk_tickets()
    assert row.code is expected
    assert row.person.name == "Trần Văn Bé"


def test_the_camera_takes_it_as_well(kiosk: Kiosk, qr_png: Any) -> None:
    kiosk.bench.picture = qr_png(code())
    kiosk.camera.turn()
    assert kiosk.screen is Screen.DESK


def test_shown_again_it_is_the_same_ticket(kiosk: Kiosk) -> None:
    for _ in range(2):
        kiosk.patient.show_code(code())
        kiosk.patient.acknowledge()
        kiosk.clock.advance(60)
    assert [row.number for row in kiosk.staff.desk_tickets()] == [1]


def test_beside_a_chip_card_it_counts_for_nothing(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    kiosk.patient.show_code(code())
    assert (kiosk.view.screen, kiosk.view.hint) == (Screen.DIGITS, "qr_unknown")
    assert kiosk.staff.desk_tickets() == ()


def test_the_chip_card_afterwards_settles_the_ticket(kiosk: Kiosk) -> None:
    kiosk.patient.show_code(code(number=f"36{kiosk.holders['insured'].personal_number[-8:]}"))
    kiosk.patient.acknowledge()
    kiosk.admit("insured")
    assert kiosk.staff.desk_tickets() == ()
    assert kiosk.staff.exceptions() == ()
    assert len(kiosk.staff.admissions()) == 1


def test_a_code_that_differs_from_the_chip_is_kept_for_comparing(kiosk: Kiosk) -> None:
    holder = kiosk.holders["insured"]
    kiosk.show_qr("insured")
    kiosk.put("insured")
    kiosk.turn(2)
    kiosk.patient.choose_room("noi")
    [row] = kiosk.staff.admissions()
    assert (row.person.shown_source, row.person.shown_name) == ("card_qr", holder.name)
    assert row.person.shown_birth == date(1999, 3, 4).isoformat()
