"""The shift at the staff screen: opened with a form, shown masked, ended with a button."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from kiosk.config import StaffConfig
from kiosk.domain.codes import Code
from kiosk.keys import VisitOpener
from kiosk.services.shift import ShiftBook
from kiosk.web.staff import create_staff_app
from kiosk.web.staff.shift import Payer

GOOD = {"starts": "07:00", "ends": "17:00"}
"""The clock of the desk stands at 07:42."""


@pytest.fixture
def opened() -> list[str]:
    return []


@pytest.fixture
def staff(desk: Any, clinic: Any, opened: list[str], tmp_path: Path) -> Any:
    """The desk of the other tests, with shifts, and a call so that the board has a form."""
    desk.checkin.notify(Code.HELP)
    names = ("store", "trust", "clinic_private_key", "person_day_key")
    paths = {name: tmp_path / name for name in names} | {"session_key": tmp_path / "session.key"}
    shifts = ShiftBook(
        database=desk.staff._database,
        clinic=clinic,
        device="desk-1",
        opener=VisitOpener(X25519PrivateKey.generate()),
        clock=desk.clock,
    )
    payer = Payer(shifts=shifts, cover=None, token=None, opened=lambda: opened.append("opened"))
    config = StaffConfig(mode="demo", clinic=clinic, **paths)
    desk.client = desk.log_in(create_staff_app(desk.staff, config, desk.clock, None, payer, sessions=desk.sessions))
    return desk


def test_the_board_says_that_no_shift_is_open(staff: Any) -> None:
    page = staff.get("/?lang=en")
    assert "No shift is open" in page
    assert "Chưa mở ca" in staff.get("/")
    assert 'href="/shift?' in page


def test_the_form_proposes_now_and_the_usual_end(staff: Any) -> None:
    page = staff.get("/shift")
    assert 'value="07:42"' in page
    assert 'value="17:00"' in page


def test_an_opened_shift_is_shown_masked(staff: Any, opened: list[str]) -> None:
    page = staff.post("/shift?lang=en", **GOOD)
    assert "The shift is open." in page
    assert "PHẠM THỊ T**" in page
    assert "until 17:00" in page
    assert "Phạm Thị Trực" not in page
    assert "036185999901" not in page
    assert opened == ["opened"]


def test_a_night_shift_ends_on_the_next_day(staff: Any) -> None:
    staff.post("/shift", **GOOD | {"starts": "07:30", "ends": "07:00"})
    assert "Chưa mở ca" in staff.get("/"), "a shift has at most 16 hours"
    staff.clock.advance(14 * 3600)
    page = staff.post("/shift", **GOOD | {"starts": "21:00", "ends": "06:00"})
    assert "06:00" in page
    staff.clock.advance(8 * 3600)
    assert "PHẠM THỊ T**" in staff.get("/")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("starts", "7 giờ", "07:00"),
        ("ends", "25:00", "07:00"),
    ],
)
def test_what_makes_no_sense_is_asked_again(staff: Any, opened: list[str], field: str, value: str, words: str) -> None:
    page = staff.post("/shift?lang=en", **GOOD | {field: value})
    assert words in page
    assert 'aria-invalid="true"' in page
    assert value.strip() in page
    assert opened == []


def test_a_shift_is_ended_with_a_button(staff: Any) -> None:
    staff.post("/shift", **GOOD)
    page = staff.post("/shift/close?lang=en")
    assert "The shift has ended." in page
    assert "No shift is open" in page


def test_without_a_payer_there_is_no_shift(desk: Any) -> None:
    assert "/shift" not in desk.get("/")
    desk.get("/shift", status=404)


def test_the_shift_is_in_the_name_of_whoever_is_logged_in(staff: Any, opened: list[str]) -> None:
    page = staff.post("/shift", officer="Người Khác", officer_number="036185999999", **GOOD)
    assert "PHẠM THỊ T**" in page, "what was typed beside it is nobody"
    assert "NGƯỜI" not in page


def test_an_account_without_a_number_opens_no_shift(staff: Any, opened: list[str]) -> None:
    staff.client = staff.log_in(staff.client.application, "lan")
    assert "has no personal number" in staff.get("/shift?lang=en")
    assert "12 digits" in staff.post("/shift?lang=en", **GOOD)
    assert opened == []
