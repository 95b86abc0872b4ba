"""The record at the staff screen: what it says, and each correction from the form to the word that it was done."""

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient

from idcard import BirthDate, ClaimedIdentity, ClaimSource
from kiosk.domain.codes import Code
from kiosk.domain.route import Facility
from kiosk.domain.route_proposal import Level, Once
from kiosk.services.route import LeftOpen, RouteProposer
from kiosk.store.tables import Visit

Desk = Any
CLAIM = ClaimedIdentity(
    source=ClaimSource.CARD_QR, personal_number="036199000001", name="Nguyễn Thị Mẫu", birth=BirthDate(year=1999)
)


@pytest.fixture
def with_records(desk: Desk) -> Desk:
    client: FlaskClient = desk.log_in(desk.app(records=True))
    desk.client = client
    return desk


@pytest.fixture
def visit(with_records: Desk) -> str:
    """Somebody whom a clerk admitted to the room ``noi`` with number 1."""
    with_records.checkin.desk_ticket(CLAIM, code=Code.QR_ONLY)
    visit_id: str = with_records.staff.desk_tickets()[0].visit_id
    with_records.staff.confirm(visit_id, "noi", by="desk-1")
    with_records.with_form = f"/visits/{visit_id}"
    return visit_id


def test_the_board_leads_to_the_record(with_records: Desk, visit: str) -> None:
    assert f'href="/visits/{visit}?' in with_records.get()
    page = with_records.get(f"/visits/{visit}")
    for word in ("Hồ sơ số 1", "Nguyễn Thị Mẫu", "Đã tiếp nhận", "Nội tổng quát", "Chưa mở ca trực"):
        assert word in page
    with_records.get("/visits/nobody", status=404)
    with_records.get("/visits/nobody/person", status=404)


def test_a_route_is_confirmed(with_records: Desk, visit: str) -> None:
    assert "chưa đủ thông tin" in with_records.get(f"/visits/{visit}")
    page = with_records.post(f"/visits/{visit}/route", route="1.3")
    assert "Đã xác nhận đối tượng 1.3." in page
    assert re.search(r'value="1.3" selected', page)
    assert "Xác nhận đối tượng" in page
    assert "không áp dụng hôm nay" in with_records.post(f"/visits/{visit}/route", route="")


def left_open(desk: Desk, facility: Facility, **own: Any) -> LeftOpen | None:
    proposer = RouteProposer(replace(desk.staff._clinic, facility=facility))
    return proposer.left_open(on=date(2026, 11, 23), **({"home_clinic": None, "newborn": False} | own))


def test_a_route_that_is_left_to_staff_says_which_settings_and_which_papers_would_tell(
    with_records: Desk, visit: str
) -> None:
    note = with_records.get(f"/visits/{visit}").partition('id="route-open"')[2].partition("</p>")[0]
    for word in ("[clinic.facility]", "hạng hoặc cấp", "điểm", "giấy chuyển", "nơi đăng ký ban đầu"):
        assert word in note
    english = with_records.get(f"/visits/{visit}?lang=en")
    assert "[clinic.facility] does not say" in english
    with_records.post(f"/visits/{visit}/route", route="1.3")
    assert "route-open" not in with_records.get(f"/visits/{visit}")


def test_only_what_could_still_let_a_rule_speak_is_asked_for(desk: Desk) -> None:
    hospital = Facility(station=False, level=Level.BASIC, once=Once.PROVINCE)
    own, other = desk.staff._clinic.code, "01001"
    assert left_open(desk, Facility(station=True)) is None
    assert left_open(desk, hospital, home_clinic=own) is None
    assert left_open(desk, hospital, home_clinic=other) is None
    assert left_open(desk, hospital) == LeftOpen(settings=(), seen=("own", "referred", "appointment", "away"))
    unknown = left_open(desk, Facility(station=False, level=Level.BASIC), home_clinic=other)
    assert unknown is not None
    assert unknown.settings == ("once", "points")
    nothing_fits = left_open(desk, Facility(station=False, level=Level.BASIC, once=Once.DISTRICT), home_clinic=other)
    assert nothing_fits is None or "once" not in nothing_fits.settings


def test_a_route_that_is_confirmed_as_it_was_proposed_is_said_once(desk: Desk) -> None:
    proposer = RouteProposer(replace(desk.staff._clinic, facility=Facility(station=True)))
    desk.staff._admission._routes = proposer
    desk.checkin.desk_ticket(CLAIM, code=Code.QR_ONLY)
    visit_id = desk.staff.desk_tickets()[0].visit_id
    desk.staff.confirm(visit_id, "noi", by="desk-1")
    desk.client, desk.with_form = desk.log_in(desk.app(records=True)), f"/visits/{visit_id}"
    assert "đề xuất 1.2" in desk.get(f"/visits/{visit_id}")
    page = desk.post(f"/visits/{visit_id}/route", route="1.2")
    assert "đã xác nhận 1.2" in page
    assert "1.2 → 1.2" not in page
    assert "1.2 → 1.5" in desk.post(f"/visits/{visit_id}/route", route="1.5")


def test_a_room_is_corrected(with_records: Desk, visit: str) -> None:
    page = with_records.post(f"/visits/{visit}/room", room="mat")
    assert "Số 1 chuyển sang Mắt" in page
    assert "nhầm phòng" in page
    assert "Nội tổng quát → Mắt" in page
    assert "đã ở phòng này" in with_records.post(f"/visits/{visit}/room", room="mat")
    with_records.post(f"/visits/{visit}/room", room="keller")
    assert with_records.staff.visit(visit).room.id == "mat"


def test_an_admission_is_taken_back_and_stays_to_be_seen(with_records: Desk, visit: str) -> None:
    page = with_records.post(f"/visits/{visit}/cancel", reason="went_away")
    assert "Đã hủy lượt tiếp nhận." in page
    assert "người khám đã về" in page
    assert "<select" not in page
    with_records.with_form = "/"
    board = with_records.get()
    assert "Đã hủy hôm nay:" in board
    assert f'href="/visits/{visit}?' in board


def test_a_reason_must_be_one(with_records: Desk, visit: str) -> None:
    with_records.post(f"/visits/{visit}/cancel", reason="because")
    assert with_records.staff.visit(visit).state == "admitted"


def test_the_right_person_takes_the_place(with_records: Desk, visit: str) -> None:
    assert "Đúng người thay cho số 1" in with_records.get(f"/visits/{visit}/person")
    papers = {"name": "Đỗ Thị Khác", "birth": "1940", "number": "", "sex": "F", "room": "rhm"}
    again = with_records.post(f"/visits/{visit}/person", **papers | {"birth": "?"})
    assert 'aria-invalid="true"' in again
    assert "Đỗ Thị Khác" in again
    page = with_records.post(f"/visits/{visit}/person", **papers)
    assert "Số mới 2" in page
    [row] = with_records.staff.admissions()
    assert (row.number, row.person.name) == (2, "Đỗ Thị Khác")
    assert "thay cho số 1" in with_records.get(f"/visits/{row.visit_id}")


def test_what_is_gone_leads_back_to_the_board(with_records: Desk, visit: str) -> None:
    assert 'id="live"' in with_records.post("/visits/nobody/cancel", reason="went_away")


@pytest.mark.parametrize("language", ["vi", "en"])
def test_both_languages_have_all_words(with_records: Desk, visit: str, language: str) -> None:
    with_records.post(f"/visits/{visit}/route", route="1.3")
    for address in (f"/visits/{visit}", f"/visits/{visit}/person"):
        page = with_records.get(f"{address}?lang={language}")
        assert not re.findall(r">\s*staff\.[\w.]+", page)


def test_without_the_pages_nothing_leads_there(desk: Desk) -> None:
    desk.checkin.desk_ticket(CLAIM, code=Code.QR_ONLY)
    visit_id = desk.staff.desk_tickets()[0].visit_id
    desk.staff.confirm(visit_id, "noi", by="desk-1")
    assert "/visits/" not in desk.get()
    desk.get(f"/visits/{visit_id}", status=404)


def test_a_suspected_person_takes_the_place_of_another_where_two_agree(with_records: Desk, visit: str) -> None:
    with_records.checkin.desk_ticket(replace(CLAIM, personal_number="036158900011"), code=Code.NOT_GENUINE)
    form = f"/visits/{visit}/person"
    with_records.with_form = form
    assert "second_password" not in with_records.get(form)
    typed = {"name": "Trần Thị Mẫu", "birth": "1958", "number": "036158900011", "sex": "F", "room": "noi"}
    page = with_records.post(form, **typed)
    assert "người thứ hai đồng ý" in page
    assert 'id="second_password"' in page
    assert 'value="Trần Thị Mẫu"' in page, "nothing is typed twice"
    agreed = {"override": "other_papers", "second_sign": "mai"}
    page = with_records.post(form, **typed, **agreed, second_password="sai mật khẩu")
    assert "chưa được chấp nhận" in page
    assert 'id="second_password"' in page
    assert with_records.staff.visit(visit).state == "admitted"
    said = with_records.post(form, **typed, **agreed, second_password=with_records.passwords["mai"])
    assert "Nội tổng quát" in said
    assert with_records.staff.visit(visit).state == "cancelled"
    [row] = with_records.staff.admissions()
    assert row.person.personal_number == "036158900011"
    assert with_records.oversight.figures.overrides() == {"truc": 1}


@pytest.mark.parametrize(
    ("code", "reasons", "checked", "said"),
    [
        (Code.NOT_GENUINE, [], None, "Chip không tự chứng minh được"),
        (Code.UNKNOWN_CARD, ["reported_lost"], None, "Thẻ đã được báo mất"),
        (Code.IDENTITY_DIFFERS, ["holder_differs"], "not_same", "không phải người trong ảnh"),
        (Code.IDENTITY_DIFFERS, ["holder_check"], "not_seen", "Không nhìn được"),
        (Code.IDENTITY_DIFFERS, ["holder_check"], "not_made", "Trong ngày không ai đối chiếu"),
    ],
)
def test_the_second_person_reads_why_and_no_other_reproach(
    with_records: Desk, code: Code, reasons: list[str], checked: str | None, said: str
) -> None:
    made = with_records.checkin.desk_ticket(CLAIM, code=code, reasons=reasons)
    with with_records.staff._database.write() as session:
        session.get(Visit, made.visit_id).holder_check = checked
    page = with_records.get(f"/tickets/{made.visit_id}")
    why = page.partition('<fieldset class="second">')[2].partition("<label")[0]
    assert said in why
    others = {"Chip không tự chứng minh", "báo mất", "không phải người trong ảnh"}
    assert [other for other in others if other in why and other not in said] == []
