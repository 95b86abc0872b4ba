"""Whoever comes otherwise, at the staff screen: each way from its form to the admission, and what stays open."""

from typing import Any

import pytest

from idcard import BirthDate, ClaimedIdentity, ClaimSource, Sex
from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code
from kiosk.domain.ways import Way
from kiosk.services.ways import Told
from kiosk.store.tables import Visit

CHIP = ClaimedIdentity(
    source=ClaimSource.CHIP_NOT_PROVED,
    personal_number="036158900001",
    name="Trần Thị Mẫu",
    birth=BirthDate(year=1958, month=9, day=5),
    sex=Sex.FEMALE,
)
CODE = ClaimedIdentity(
    source=ClaimSource.CARD_QR,
    personal_number="036158900002",
    name="Lê Thị Mẫu",
    birth=BirthDate(year=1958, month=9, day=5),
    sex=Sex.FEMALE,
)
UNLINKED = {"insurance_number": "3699900001", "name": "Trần Thị Mẫu", "birth": "1958-09-05", "sex": "F"}
CHILD = {
    "insurance_number": "3699900009",
    "name": "Trần Văn Bé",
    "birth": "2024-02-01",
    "sex": "M",
    "object_group": "TE",
}
QR = "3699900001|{name}|05/09/1958|2|-|79 - 999|01/01/2026|-|-|-|-|-|-|-|-|-|$".format(
    name="Trần Thị Mẫu".encode().hex()
)
OWNER = {"name": "Trần Thị Chủ", "sex": "F"}
GUARDIAN = {"guardian_name": "Trần Thị Mẹ", "guardian_number": "036190900003", "guardian_birth": "1990"}


@pytest.fixture
def staff(reception: Any) -> Any:
    foreigner = {"insurance_number": "3699900005", "name": "MARIA SCHMIDT", "birth": "1980-02-01"}
    reception.deliver(UNLINKED, CHILD, foreigner, {"personal_number": "036158900002", "insurance_number": "3699900002"})
    reception.open()
    return reception


def ticket(staff: Any, claim: ClaimedIdentity | None, code: Code, rung: Assurance) -> str:
    staff.desk.checkin.desk_ticket(claim, code=code, assurance=rung)
    visit_id: str = staff.desk.staff.desk_tickets()[0].visit_id
    return visit_id


def admitted(staff: Any) -> Any:
    [row] = staff.desk.staff.admissions()
    return row


@pytest.mark.parametrize("insurance", ["3699900001", " 36999 00001 ", "HT3363699900001", QR])
def test_a_proved_chip_with_a_number_that_is_not_linked_goes_on(staff: Any, insurance: str) -> None:
    visit = ticket(staff, CHIP, Code.NOT_COVERED, Assurance.CHIP_ANCHORED)
    board = staff.desk.get()
    assert f'href="/tickets/{visit}/ways?' in board
    assert "Chip và số BHYT" in staff.desk.get(f"/tickets/{visit}/ways")
    said = staff.desk.post(f"/tickets/{visit}/ways/chip_and_number", insurance=insurance, room="noi")
    assert "Số 1 đã được tiếp nhận vào Nội tổng quát." in said
    row = admitted(staff)
    assert (row.assurance, row.way, row.cover_source) == (Assurance.CHIP_ANCHORED, "chip_and_number", "roster")
    assert row.person.insurance_number[-10:] == "3699900001"
    assert row.person.name == "Trần Thị Mẫu"
    assert staff.work == [("link", "", "open")]


def test_the_link_is_closed_by_the_delta_that_brings_it(staff: Any) -> None:
    visit = ticket(staff, CHIP, Code.NOT_COVERED, Assurance.CHIP_ANCHORED)
    staff.desk.post(f"/tickets/{visit}/ways/chip_and_number", insurance="3699900001", room="noi")
    assert staff.parts.cleaning.settle() == 0
    staff.deliver(UNLINKED | {"personal_number": "036158900001"})
    assert staff.parts.cleaning.settle() == 1
    assert staff.work == []
    [today] = [day for day in staff.parts.worklist.counts().trend if day.opened]
    assert (today.opened, today.closed) == (1, 1)


def test_somebody_elses_number_that_covers_nobody_is_refused_with_what_to_do(staff: Any) -> None:
    visit = ticket(staff, CHIP, Code.NOT_COVERED, Assurance.CHIP_ANCHORED)
    page = staff.desk.post(f"/tickets/{visit}/ways/chip_and_number?lang=en", insurance="3600000000", room="noi")
    assert "No cover was found for today." in page
    assert 'class="do"' in page
    assert staff.desk.staff.admissions() == ()
    assert staff.work == []
    assert "10 digits or 15 characters" in staff.desk.post(
        f"/tickets/{visit}/ways/chip_and_number?lang=en", insurance="36", room="noi"
    )


def test_an_unproved_chip_has_no_such_way(staff: Any) -> None:
    visit = ticket(staff, CHIP, Code.UNKNOWN_CARD, Assurance.CHIP_UNANCHORED)
    assert "Chip và số BHYT" not in staff.desk.get(f"/tickets/{visit}/ways")
    page = staff.desk.post(f"/tickets/{visit}/ways/chip_and_number", insurance="3699900001", room="noi")
    assert "Chưa đủ giấy tờ." in page


def test_a_code_alone_is_a_prefilled_ticket_that_one_tap_settles(staff: Any) -> None:
    visit = ticket(staff, CODE, Code.QR_ONLY, Assurance.QR_UNSIGNED)
    board = staff.desk.get()
    assert "Lê Thị Mẫu" in board
    assert "BHYT không ghi ngày hết hạn" in board
    assert "Số 1 đã được tiếp nhận" in staff.desk.post(f"/tickets/{visit}/confirm", room="mat")
    row = admitted(staff)
    assert (row.assurance, row.read_assurance, row.way) == (Assurance.STAFF, Assurance.QR_UNSIGNED, "code")


def test_a_child_is_admitted_with_both_identities(staff: Any) -> None:
    child = {"name": "Trần Văn Bé", "birth": "01/02/2024", "insurance": "3699900009", "room": "noi"}
    assert "Cần người giám hộ" in staff.desk.post("/arrivals/child", **child)
    assert "Số 1 đã được tiếp nhận" in staff.desk.post("/arrivals/child", **child, **GUARDIAN)
    row = admitted(staff)
    assert (row.person.name, row.person.guardian_name, row.person.guardian_number) == (
        "Trần Văn Bé",
        "Trần Thị Mẹ",
        "036190900003",
    )
    assert (row.assurance, row.way, row.priority) == (Assurance.STAFF, "child", True)
    assert "Trần Thị Mẹ" in staff.desk.get()


def test_a_guardian_whom_the_machine_read_is_taken_from_their_ticket(staff: Any) -> None:
    ticket(staff, CHIP, Code.NOT_COVERED, Assurance.CHIP_ANCHORED)
    child = {"name": "Trần Văn Bé", "birth": "01/02/2024", "insurance": "3699900009", "room": "noi"}
    assert "với số phiếu này" in staff.desk.post("/arrivals/child", **child, guardian_ticket="7")
    staff.desk.post("/arrivals/child", **child, guardian_ticket="1")
    person = admitted(staff).person
    assert (person.guardian_name, person.guardian_source) == ("Trần Thị Mẫu", "chip_not_proved")


def test_a_guardian_is_found_by_their_number_however_many_came_since(staff: Any) -> None:
    ticket(staff, CHIP, Code.NOT_COVERED, Assurance.CHIP_ANCHORED)
    for _ in range(51):
        staff.desk.staff.confirm_told(None, "noi", Told(way=Way.EMERGENCY), by="desk-1")
    child = {"name": "Trần Văn Bé", "birth": "01/02/2024", "insurance": "3699900009", "room": "noi"}
    staff.desk.post("/arrivals/child", **child, guardian_ticket="1")
    assert staff.desk.staff.admissions()[0].person.guardian_name == "Trần Thị Mẫu"


@pytest.mark.parametrize("become", ["closed", "cancelled"])
def test_a_ticket_that_is_over_names_no_guardian(staff: Any, become: str) -> None:
    visit = ticket(staff, CHIP, Code.NOT_COVERED, Assurance.CHIP_ANCHORED)
    with staff.desk.staff._database.write() as session:
        row = session.get(Visit, visit)
        row.state, row.admitted_at = become, row.created_at if become == "cancelled" else None
    child = {"name": "Trần Văn Bé", "birth": "01/02/2024", "insurance": "3699900009", "room": "noi"}
    assert "với số phiếu này" in staff.desk.post("/arrivals/child", **child, guardian_ticket="1")


OWN = {"name": "Trần Văn Bé", "birth": "01/02/2024", "insurance": "3699900009", "room": "noi"}


@pytest.mark.parametrize(
    "guardian",
    [
        {"guardian_name": "TRẦN VĂN  BÉ", "guardian_birth": "01/02/2024"},
        {"guardian_name": "Trần Thị Mẹ", "guardian_number": "036224900001"},
        {"guardian_name": "Trần Văn Bé", "guardian_birth": "01/02/2024", "guardian_number": "036224900001"},
    ],
)
def test_nobody_is_their_own_guardian(staff: Any, guardian: dict[str, str]) -> None:
    number = {"number": "036224900001"}
    assert "không thể là người đi cùng của chính mình" in staff.desk.post(
        "/arrivals/child", **OWN, **number, **guardian
    )
    assert staff.desk.staff.admissions() == ()


def test_nor_by_their_own_ticket(staff: Any) -> None:
    visit = ticket(staff, CODE, Code.NOT_COVERED, Assurance.QR_UNSIGNED)
    said = staff.desk.post(f"/tickets/{visit}/ways/guardian", room="noi", guardian_ticket="1", paper="chip_card")
    assert "không thể là người đi cùng của chính mình" in said
    assert staff.desk.staff.admissions() == ()


def test_a_namesake_with_another_number_may_be_the_guardian(staff: Any) -> None:
    guardian = {"guardian_name": "Trần Văn Bé", "guardian_number": "036090900003"}
    staff.desk.post("/arrivals/child", **OWN, number="036224900001", **guardian)
    assert admitted(staff).person.guardian_number == "036090900003"


def test_a_child_without_a_card_is_admitted_and_its_number_awaited(staff: Any) -> None:
    child = {"name": "Lê Văn Bé", "birth": "2024", "room": "noi", "paper": "birth_notification"}
    assert "để nhắc" in staff.desk.post("/arrivals/child", **child, **GUARDIAN)
    assert staff.work == [("papers", "", "open")]


@pytest.mark.parametrize(("birth", "taken"), [("20/11/2026", True), ("01/01/2026", False), ("2026", False)])
def test_a_newborn_goes_under_the_mothers_name(staff: Any, birth: str, taken: bool) -> None:
    baby = {"name": "Con bà Trần Thị Mẹ", "birth": birth, "room": "noi", "paper": "signed_for"}
    said = staff.desk.post("/arrivals/newborn", **baby, **GUARDIAN)
    assert ("Số 1 đã được tiếp nhận" in said) is taken
    assert ("Ngày sinh không hợp" in said) is not taken


def test_an_emergency_is_admitted_first_and_reminded_of_its_papers(staff: Any) -> None:
    assert "Giấy tờ còn thiếu đã được ghi lại" in staff.desk.post("/arrivals/emergency", room="noi")
    row = admitted(staff)
    assert (row.person, row.assurance, row.way) == (None, Assurance.NONE, "emergency")
    board = staff.desk.get()
    assert "hạn 07:42 24/11" in board
    assert "thẻ căn cước" in board
    assert '<tr class="urgent">' not in board
    staff.desk.clock.advance(25 * 3600)
    assert '<tr class="urgent">' in staff.desk.get()
    [entry] = staff.parts.worklist.due()
    assert "Đã ghi nhận đủ giấy tờ." in staff.desk.post(f"/worklist/{entry.work_id}/close")
    assert staff.work == []


def test_a_foreigner_is_admitted_by_passport_and_number(staff: Any) -> None:
    person = {"name": "Maria Schmidt", "birth": "01/02/1980", "passport": " c01x 00t47 ", "insurance": "3699900005"}
    assert "Chưa đủ giấy tờ." in staff.desk.post("/arrivals/foreigner", **person, room="noi")
    staff.desk.post("/arrivals/foreigner", **person, room="noi", paper="passport")
    row = admitted(staff)
    assert (row.person.document_number, row.person.personal_number) == ("C01X00T47", None)


def test_a_number_of_another_name_is_compared_and_admits_nobody(staff: Any) -> None:
    person = {"name": "Maria Schmidt", "birth": "01/02/1980", "insurance": "3699900001", "room": "noi"}
    page = staff.desk.post("/arrivals/papers?lang=en", **person, paper="identity_paper")
    assert "Compare" in page.split('id="refused"')[1].split("</div>")[0]
    assert staff.desk.staff.admissions() == ()


def test_an_old_person_comes_with_a_companion(staff: Any) -> None:
    person = {"name": "Lê Thị Mẫu", "birth": "1958", "number": "036158900002", "room": "noi", "paper": "chip_card"}
    assert "Cần người giám hộ" in staff.desk.post("/arrivals/guardian", **person)
    staff.desk.post("/arrivals/guardian", **person, **GUARDIAN)
    assert admitted(staff).person.guardian_name == "Trần Thị Mẹ"


def test_a_scanned_code_fills_the_form(staff: Any) -> None:
    page = staff.desk.post("/arrivals/papers", do="fill", code=QR)
    for value in ("Trần Thị Mẫu", "05/09/1958", "3699900001"):
        assert f'value="{value}"' in page
    assert 'value="insurance_card" checked' in page
    assert "không phải của thẻ" in staff.desk.post("/arrivals/papers", do="fill", code="https://example.org")


def test_the_same_child_is_not_admitted_twice_on_a_day(staff: Any) -> None:
    child = {"name": "Trần Văn Bé", "birth": "01/02/2024", "insurance": "3699900009", "room": "noi"}
    staff.desk.post("/arrivals/child", **child, **GUARDIAN)
    assert "đã được tiếp nhận" in staff.desk.post("/arrivals/child", **child, **GUARDIAN)
    assert len(staff.desk.staff.admissions()) == 1


def test_what_is_no_way_is_not_found(staff: Any) -> None:
    staff.desk.get("/arrivals/chip", status=404)
    staff.desk.get("/arrivals/chip_and_number", status=404)
    staff.desk.get("/tickets/none/ways", status=404)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_form_opens_in_both_languages(staff: Any, language: str) -> None:
    for way in ("emergency", "child", "newborn", "guardian", "foreigner", "papers"):
        assert '<form class="papers"' in staff.desk.get(f"/arrivals/{way}?lang={language}")


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_a_forged_code_is_not_one_tap_but_two_lines_to_compare(staff: Any, lang: str) -> None:
    staff.deliver({"personal_number": "036158900002", "insurance_number": "3699900002", "birth": "1958-09-05"} | OWNER)
    staff.open()
    visit_id = ticket(staff, CODE, Code.QR_ONLY, Assurance.QR_UNSIGNED)
    page = staff.desk.post(f"/tickets/{visit_id}/confirm?lang={lang}", room="noi")
    for said in ("Lê Thị Mẫu", "Trần Thị Chủ", 'id="differs"'):
        assert said in page
    assert staff.desk.staff.admissions() == ()
    typed = {"name": CODE.name, "birth": "05/09/1958", "number": CODE.personal_number, "sex": "F", "room": "noi"}
    assert "Trần Thị Chủ" in staff.desk.post(f"/tickets/{visit_id}/type?lang={lang}", **typed)
    shown = {"insurance": "3699900002", "paper": "identity_paper", "do": "admit"}
    page = staff.desk.post(f"/tickets/{visit_id}/ways/papers?lang={lang}", **typed, **shown)
    assert "Trần Thị Chủ" in page
    refused = page[page.index('<div id="refused"') : page.index('<table class="compare"')]
    assert refused.count('<span class="reason">') == 1, "what differs is said once"
    assert staff.desk.staff.admissions() == ()


def test_a_number_on_the_list_of_lost_cards_takes_a_second_person(staff: Any) -> None:
    """At each form where a number is typed; what was typed is kept."""
    desk = staff.desk
    desk.staff.admission._lost = desk.oversight.lost
    number = "036158900002"
    desk.oversight.lost.add([number], by="truc", device="desk-1", clock=desk.clock)
    papers = {"name": "Lê Thị Mẫu", "birth": "05/09/1958", "sex": "F", "number": number, "room": "noi"}
    agreed = {"override": "other_papers", "second_sign": "mai", "second_password": desk.passwords["mai"]}
    on_ticket = f"/tickets/{ticket(staff, None, Code.UNKNOWN_CARD, Assurance.NONE)}/type"
    for address, more in ((on_ticket, {}), ("/arrivals/papers", {"paper": ["insurance_card", "identity_paper"]})):
        page = desk.post(address, **papers, **more)
        assert "Cần người thứ hai" in page
        assert "Lê Thị Mẫu" in page
        assert "Người thứ hai chưa được chấp nhận" in desk.post(
            address, **papers, **more, **agreed | {"second_password": "sai"}
        )
        assert desk.staff.admissions() == ()
    assert "Số 1 đã được tiếp nhận" in desk.post(on_ticket, **papers, **agreed)
    assert admitted(staff).reasons[-1] == "reported_lost"


def test_whoever_showed_a_forged_card_needs_a_second_person_at_every_form(staff: Any) -> None:
    desk = staff.desk
    ticket(staff, CODE, Code.NOT_GENUINE, Assurance.NONE)
    papers = {"name": "Lê Thị Mẫu", "birth": "05/09/1958", "sex": "F", "number": "036158900002", "room": "noi"}
    ticked = papers | {"paper": ["insurance_card", "identity_paper"]}
    agreed = {"override": "other_papers", "second_sign": "mai", "second_password": desk.passwords["mai"]}
    page = desk.post("/arrivals/papers", **ticked)
    assert "đang bị nghi ngờ" in page
    assert 'name="second_password"' in page
    assert desk.staff.admissions() == ()
    assert "Số 2 đã được tiếp nhận" in desk.post("/arrivals/papers", **ticked, **agreed)
    assert "suspected_today" in admitted(staff).reasons


def test_an_emergency_form_asks_nobody_else(staff: Any) -> None:
    ticket(staff, CODE, Code.NOT_GENUINE, Assurance.NONE)
    named = {"name": "Lê Thị Mẫu", "birth": "05/09/1958", "number": "036158900002", "room": "noi"}
    assert "Số 2 đã được tiếp nhận" in staff.desk.post("/arrivals/emergency", **named)
    assert "E09" in staff.desk.get()
