"""The staff's app over a real store: what it shows, and what staff can do there."""

from dataclasses import replace
from typing import Any

import pytest

from idcard import BirthDate, ClaimedIdentity, ClaimSource, ConfigurationError, Sex
from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code, Resolution

OWN = "http://127.0.0.1:8001"
CLAIM = ClaimedIdentity(
    source=ClaimSource.CARD_QR,
    personal_number="036158900001",
    name="Trần Thị Mẫu",
    birth=BirthDate(year=1958, month=9, day=5),
    sex=Sex.FEMALE,
)


Desk = Any


def test_an_empty_board_says_so_in_both_languages(desk: Desk) -> None:
    assert "Không có việc nào đang chờ." in desk.get()
    assert "Nothing is waiting." in desk.get("/?lang=en")


def test_one_tap_admits_somebody_with_a_desk_ticket(desk: Desk) -> None:
    desk.checkin.desk_ticket(CLAIM, code=Code.QR_ONLY, assurance=Assurance.QR_UNSIGNED)
    board = desk.get()
    assert "Trần Thị Mẫu" in board
    assert "1958" in board
    assert "Chỉ có mã QR" in board
    [row] = desk.staff.desk_tickets()
    board = desk.post(f"/tickets/{row.visit_id}/confirm", room="mat")
    assert "Số 1 đã được tiếp nhận vào Mắt." in board
    assert desk.staff.desk_tickets() == ()
    [admitted] = desk.staff.admissions()
    assert admitted.confirmed_by == "truc"
    assert "đã đọc: QR" in board


def test_every_assurance_has_a_word_and_a_shape_of_its_own(desk: Desk) -> None:
    shapes = set()
    for rung in Assurance:
        desk.checkin.desk_ticket(None, code=Code.UNKNOWN_CARD, assurance=rung)
        [row, *_] = desk.staff.desk_tickets()
        cell = desk.get().split(f'id="ticket-{row.visit_id}"')[1].split('class="assurance">')[1]
        shapes.add(cell.split("</svg>")[0])
    assert len(shapes) == len(Assurance)
    assert "chip, chứng thư do hai người xác nhận" in desk.get()
    assert "chip, certificate confirmed by the authority" in desk.get("/?lang=en")


def test_a_ticket_of_a_card_that_is_not_genuine_must_be_typed(desk: Desk) -> None:
    reasons = ("genuine_chip.chip_wrong_answer", "trust.trust_not_passed")
    desk.checkin.desk_ticket(CLAIM, code=Code.NOT_GENUINE, reasons=reasons)
    board = desk.get()
    assert "chip: chip trả lời sai: có thể là bản sao" in board
    assert "Chip không tự chứng minh được" in board
    assert 'class="urgent"' in board
    [row] = desk.staff.desk_tickets()
    assert "Cần nhập thông tin" in desk.post(f"/tickets/{row.visit_id}/confirm", room="mat")
    assert "Phiếu tại quầy số 1" in desk.get(f"/tickets/{row.visit_id}")
    papers = {"name": "  Đỗ   Thị Khác ", "birth": "5/9/1958", "number": "", "sex": "F", "room": "noi"}
    papers |= {"override": "other_papers", "second_sign": "mai", "second_password": desk.passwords["mai"]}
    assert "Số 1 đã được tiếp nhận" in desk.post(f"/tickets/{row.visit_id}/type", **papers)
    [admitted] = desk.staff.admissions()
    assert admitted.person is not None
    assert (admitted.person.name, admitted.person.birth) == ("Đỗ Thị Khác", "1958-09-05")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", " ", "Chưa có họ tên."),
        ("name", "<b>", "Chưa có họ tên."),
        ("birth", "31/02/1958", "Ngày sinh chưa đúng"),
        ("birth", "1958-", "Ngày sinh chưa đúng"),
        ("number", "12345", "Số căn cước gồm 12 chữ số."),
        ("number", "0361589000011", "Số căn cước gồm 12 chữ số."),
    ],
)
def test_what_was_typed_wrong_is_asked_again_and_kept(desk: Desk, field: str, value: str, words: str) -> None:
    desk.checkin.desk_ticket(None, code=Code.NO_DOCUMENT)
    [row] = desk.staff.desk_tickets()
    papers = {"name": "Đỗ Thị Khác", "birth": "1958", "number": "", "sex": "F", "room": "noi"} | {field: value}
    page = desk.post(f"/tickets/{row.visit_id}/type", **papers)
    assert words in page
    assert 'aria-invalid="true"' in page
    assert len(desk.staff.desk_tickets()) == 1


def test_a_ticket_of_yesterday_gets_a_number_of_today_and_the_clerk_is_told(desk: Desk) -> None:
    for _ in range(2):
        desk.checkin.desk_ticket(None, code=Code.NO_DOCUMENT)
    row = next(row for row in desk.staff.desk_tickets() if row.number == 2)
    desk.clock.advance(86400)
    papers = {"name": "Đỗ Thị Khác", "birth": "1958", "number": "", "sex": "F", "room": "mat"}
    board = desk.post(f"/tickets/{row.visit_id}/type", **papers)
    assert "hôm nay mang số 1, vào Mắt." in board
    assert "phiếu cũ: số 2 ngày 23/11" in board


def test_open_tickets_of_earlier_days_stay_in_sight_with_their_rooms(desk: Desk) -> None:
    desk.checkin.desk_ticket(CLAIM, code=Code.QR_ONLY, assurance=Assurance.QR_UNSIGNED)
    assert "Phiếu của những ngày trước chưa xong" not in desk.get()
    desk.clock.advance(86400)
    desk.checkin.desk_ticket(None, code=Code.NO_DOCUMENT)
    board = desk.get()
    today, earlier = board.split("Phiếu của những ngày trước chưa xong")
    [row] = desk.staff.earlier_tickets()
    assert f'id="ticket-{row.visit_id}"' in earlier
    assert f'href="#ticket-{row.visit_id}"' in today
    assert "23/11" in earlier
    assert "Trần Thị Mẫu" in earlier
    assert f'id="confirm-{row.visit_id}-mat"' in earlier
    assert "hôm nay mang số 2, vào Mắt." in desk.post(f"/tickets/{row.visit_id}/confirm", room="mat")
    assert desk.staff.earlier_tickets() == ()


def test_of_earlier_days_who_waits_longest_stands_first_and_everybody_is_reached(desk: Desk) -> None:
    for number in range(14):
        desk.checkin.desk_ticket(replace(CLAIM, personal_number=f"0360800000{number:02}"), code=Code.QR_ONLY)
    desk.clock.advance(86400)
    board = desk.get()
    rows = desk.staff.earlier_tickets()
    assert [row.number for row in rows] == list(range(1, 15))
    assert f'href="#ticket-{rows[0].visit_id}"' in board
    assert f'href="#ticket-{rows[-1].visit_id}"' not in board, "it stands beyond the first rows"
    assert f'href="/tickets/{rows[-1].visit_id}?' in desk.get("/lists/exceptions")
    assert 'id="name"' in desk.get(f"/tickets/{rows[-1].visit_id}")


def test_a_reader_that_works_again_is_no_urgent_matter(desk: Desk) -> None:
    desk.checkin.notify(Code.READER_LOST)
    desk.checkin.desk_ticket(None, code=Code.READER_LOST)
    desk.checkin.report("reader", {"ok": False})
    assert desk.get().count('class="urgent"') == 2
    desk.clock.advance(60)
    desk.checkin.report("reader", {"ok": True})
    desk.checkin.came_back(Code.READER_LOST)
    board = desk.get()
    assert 'class="urgent"' not in board
    assert board.count("Đã hoạt động lại lúc 07:43.") == 2
    assert desk.get("/?lang=en").count("Works again since 07:43.") == 2


def test_an_exception_is_settled(desk: Desk) -> None:
    desk.checkin.notify(Code.HELP, ("help",))
    board = desk.get()
    assert "Người bệnh cần giúp đỡ" in board
    [notice] = desk.staff.exceptions()
    assert "Đã kết thúc." in desk.post(f"/exceptions/{notice.notice_id}/settle", resolution="helped")
    assert desk.staff.exceptions() == ()


@pytest.mark.parametrize("resolution", ["admitted", "", "burnt"])
def test_a_resolution_that_is_none_changes_nothing(desk: Desk, resolution: str) -> None:
    desk.checkin.notify(Code.HELP)
    [notice] = desk.staff.exceptions()
    assert "không còn nữa" in desk.post(f"/exceptions/{notice.notice_id}/settle", resolution=resolution)
    assert len(desk.staff.exceptions()) == 1


def test_who_was_called_waits_no_more(desk: Desk) -> None:
    desk.checkin.desk_ticket(CLAIM, code=Code.QR_ONLY, assurance=Assurance.QR_UNSIGNED)
    [row] = desk.staff.desk_tickets()
    desk.post(f"/tickets/{row.visit_id}/confirm", room="mat")
    assert "Đã ghi là đã gọi." in desk.post(f"/tickets/{row.visit_id}/called")
    assert desk.staff.admissions()[0].called


def test_a_ticket_that_is_not_there_is_said_so(desk: Desk) -> None:
    desk.checkin.desk_ticket(CLAIM, code=Code.QR_ONLY, assurance=Assurance.QR_UNSIGNED)
    assert "Không tìm thấy phiếu này." in desk.post("/tickets/none/confirm", room="mat")
    [row] = desk.staff.desk_tickets()
    assert "không còn nữa" in desk.post(f"/tickets/{row.visit_id}/confirm", room="no such room")
    desk.get("/tickets/none", status=404)


def test_without_the_token_or_from_elsewhere_nothing_is_done(desk: Desk) -> None:
    desk.checkin.desk_ticket(CLAIM, code=Code.QR_ONLY, assurance=Assurance.QR_UNSIGNED)
    [row] = desk.staff.desk_tickets()
    token = desk.get().split('name="csrf_token" value="')[1].split('"')[0]
    address = f"/tickets/{row.visit_id}/confirm"
    form = {"room": "mat", "csrf_token": token}
    patient = {"Origin": "http://127.0.0.1:8000"}
    assert desk.client.post(address, base_url=OWN, data=form, headers=patient).status_code == 403
    assert desk.client.post(address, base_url=OWN, data=form).status_code == 403
    assert desk.client.post(address, base_url=OWN, data={"room": "mat"}, headers={"Origin": OWN}).status_code == 400
    assert len(desk.staff.desk_tickets()) == 1


def test_staff_see_why_the_kiosk_is_closed(desk: Desk) -> None:
    problem = ConfigurationError("There is no trust store.", reason="never_set_up", remedy="Make one.")
    response = desk.open(problem).get("/", base_url=OWN)
    assert response.status_code == 200
    assert "never_set_up" in response.text


def test_devices_show_what_they_last_said(desk: Desk) -> None:
    desk.checkin.report("reader", {"ok": False})
    desk.clock.advance(60)
    board = desk.get("/live?lang=en")
    assert "Reader" in board
    assert "not working" in board
    assert "1 min" in board


def test_devices_of_which_nothing_is_heard_say_since_when(desk: Desk) -> None:
    desk.checkin.report("reader", {"ok": True})
    desk.clock.advance(600)
    board = desk.get("/live?lang=en")
    assert "not heard of" in board
    assert "10 min" in board


@pytest.mark.parametrize(
    ("ok", "age", "words", "look"),
    [
        (True, "fresh", "hoạt động", "<div>"),
        (True, "old", "đã cũ, cần cập nhật", '<div class="old">'),
        (True, "flagged", "đã cũ, cần cập nhật", '<div class="old">'),
        (False, "too_old", "quá cũ: mọi người đều được mời đến quầy", '<div class="fault">'),
    ],
)
def test_a_roster_shows_its_age_in_words_and_colour(desk: Desk, ok: bool, age: str, words: str, look: str) -> None:
    desk.checkin.report("roster", {"ok": ok, "age": age, "version": "2026-11-20"})
    row = desk.get().split("Danh sách bảo hiểm")
    assert words in row[1]
    assert row[0].rindex(look) == max(row[0].rindex("<div"), 0)


def test_a_store_without_anchor_is_shown_with_its_day(desk: Desk) -> None:
    desk.checkin.report("trust", {"ok": True, "age": "fresh", "version": "ab", "no_anchor": "2026-11-05"})
    board = desk.get()
    assert "Chưa có chứng thư gốc của thẻ căn cước (khai báo ngày 05/11/2026)." in board
    assert '<div class="old">' in board
    assert "No anchor for citizen cards yet (declared on 05/11/2026)." in desk.get("/?lang=en")


def test_why_a_trust_store_cannot_be_used_is_said_in_words(desk: Desk) -> None:
    desk.checkin.report("trust", {"ok": False, "reason": "rolled_back"})
    assert "cũ hơn bản đã dùng trước đó" in desk.get()
    problem = ConfigurationError("It is damaged.", reason="damaged", remedy="Replace it.")
    assert "Put a whole copy back." in desk.open(problem).get("/?lang=en", base_url=OWN).text


def test_the_staff_page_is_guarded_like_the_patients(desk: Desk) -> None:
    response = desk.client.get("/", base_url=OWN)
    assert response.headers["Cache-Control"] == "no-store"
    assert "camera=()" in response.headers["Permissions-Policy"]
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert not any(word in response.text for word in (" style=", "onclick=", "<style"))
    assert desk.client.get("/", base_url="http://127.0.0.1:8000").status_code == 400


def test_every_code_has_a_row(desk: Desk) -> None:
    for code in Code:
        desk.checkin.notify(code, ("no_card", "unheard_of"))
        for language in ("vi", "en"):
            board = desk.get(f"/live?lang={language}")
            assert "notice." not in board
            assert board.count("unheard_of") == 1
        [row] = desk.staff.exceptions()
        desk.staff.resolve(row.notice_id, by="truc", resolution=Resolution.HELPED)


def test_ages_are_coarse(desk: Desk) -> None:
    desk.checkin.notify(Code.HELP)
    said: list[Any] = []
    for seconds in (0, 60, 3600, 86400):
        desk.clock.advance(seconds)
        said.append(next(age for age in (" d<", " h ", " min", "just now") if age in desk.get("/live?lang=en")))
    assert said == ["just now", " min", " h ", " d<"]
