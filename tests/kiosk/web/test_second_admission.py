"""Two visits under one number at the staff screen: both stand side by side, and one may take the other's place."""

from typing import Any

import pytest

from idcard import BirthDate, ClaimedIdentity, ClaimSource
from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code
from kiosk.domain.tickets import clinic_day

Desk = Any
NUMBER = "036199000001"
STRANGER = ClaimedIdentity(
    source=ClaimSource.CARD_QR, personal_number=NUMBER, name="Lê Văn Giả", birth=BirthDate(year=1990)
)
OWNER = ClaimedIdentity(
    source=ClaimSource.CHIP_NOT_PROVED, personal_number=NUMBER, name="Nguyễn Thị Mẫu", birth=BirthDate(year=1999)
)


@pytest.fixture
def two(desk: Desk) -> tuple[Desk, str, str]:
    """A stranger whom a clerk admitted with number 1, and the owner of the number at the desk with number 2."""
    desk.client = desk.log_in(desk.app(records=True))
    stranger = desk.checkin.desk_ticket(STRANGER, code=Code.QR_ONLY).visit_id
    desk.staff.confirm(stranger, "noi", by="desk-1")
    reasons = ("admitted_unproved",)
    owner = desk.checkin.desk_ticket(
        OWNER, code=Code.IDENTITY_DIFFERS, reasons=reasons, assurance=Assurance.CHIP_ANCHORED
    ).visit_id
    return desk, stranger, owner


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_the_exception_names_both_visits(two: tuple[Desk, str, str], lang: str) -> None:
    desk, stranger, _ = two
    page = desk.get(f"/?lang={lang}")
    exceptions = page.split('id="exceptions"')[-1].split("</table>")[0]
    assert "Lê Văn Giả" in exceptions
    assert "Nguyễn Thị Mẫu" in exceptions
    assert f'href="/visits/{stranger}?' in exceptions


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_who_is_refused_for_another_sees_both_and_a_way_on(two: tuple[Desk, str, str], lang: str) -> None:
    desk, stranger, owner = two
    page = desk.post(f"/tickets/{owner}/confirm?lang={lang}", room="noi")
    for said in ("Lê Văn Giả", "Nguyễn Thị Mẫu", f"/visits/{stranger}?", f"/tickets/{owner}/instead/{stranger}"):
        assert said in page
    looked = {look.visit_id: look.page for look in desk.oversight.looks.of_day(clinic_day(desk.clock.now()), "truc")}
    assert looked == {stranger: "confirm", owner: "confirm"}
    assert "flash-done" in desk.post(f"/tickets/{owner}/instead/{stranger}", room="noi", reason="wrong_person")
    assert [(row.number, row.person.name) for row in desk.staff.admissions()] == [(2, "Nguyễn Thị Mẫu")]
    assert desk.staff.visit(stranger).state == "cancelled"
    assert desk.staff.exceptions() == ()


def test_without_a_reason_nobody_takes_a_place(two: tuple[Desk, str, str]) -> None:
    desk, stranger, owner = two
    desk.post(f"/tickets/{owner}/instead/{stranger}", room="noi", reason="")
    desk.post(f"/tickets/{stranger}/instead/{owner}", room="noi", reason="wrong_person")
    assert (desk.staff.visit(stranger).state, desk.staff.visit(owner).state) == ("admitted", "desk")


def test_whoever_is_suspected_takes_nobodys_place_by_one_person_alone(desk: Desk) -> None:
    desk.client = desk.log_in(desk.app(records=True))
    stranger = desk.checkin.desk_ticket(STRANGER, code=Code.QR_ONLY).visit_id
    desk.staff.confirm(stranger, "noi", by="desk-1")
    owner = desk.checkin.desk_ticket(
        OWNER, code=Code.IDENTITY_DIFFERS, reasons=("reported_lost",), assurance=Assurance.CHIP_ANCHORED
    ).visit_id
    asked, address = {"room": "noi", "reason": "wrong_person"}, f"/tickets/{owner}/instead/{stranger}"
    agreed = {"override": "other_papers", "second_sign": "mai", "second_password": desk.passwords["mai"]}
    page = desk.post(address, **asked)
    assert 'name="second_password"' in page
    assert "Cần người thứ hai" in page
    for wrong in ({"second_password": "sai"}, {"second_sign": "truc", "second_password": desk.passwords["truc"]}):
        assert 'name="second_password"' in desk.post(address, **asked, **(agreed | wrong))
    assert (desk.staff.visit(stranger).state, desk.staff.visit(owner).state) == ("admitted", "desk")
    assert "flash-done" in desk.post(address, **asked, **agreed)
    assert (desk.staff.visit(stranger).state, desk.staff.visit(owner).state) == ("cancelled", "admitted")
