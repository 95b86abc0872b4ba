"""The other ways through a visit: wrong digits, codes, calls, pauses, a second visit.

Who is sent to the desk can come again and again, so these tests take that person where the end does not matter.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.serial

LaneOf = Callable[..., Any]
People = Mapping[str, Mapping[str, Any]]


@pytest.fixture(scope="module")
def kiosk(another: Callable[..., Any]) -> Any:
    """A kiosk whose day these tests are."""
    return another("ways")


@pytest.fixture(scope="module")
def brisk(another: Callable[..., Any]) -> Any:
    """A kiosk that does not wait long."""
    return another("brisk", idle_s=2, warn_s=3)


def heading(lane: Any) -> Any:
    return lane.page.locator("#heading")


def choose(lane: Any, room: str = "Nội tổng quát") -> str:
    """The number of the ticket for a room."""
    lane.is_at("confirm")
    lane.page.get_by_role("button", name=room).click()
    lane.is_at("ticket")
    lane.page.locator("#paper").evaluate("paper => paper.decode()")
    return str(lane.page.locator(".slip .number").inner_text())


def desk_number(lane: Any) -> str:
    lane.is_at("desk")
    return str(lane.page.locator(".slip-desk .number").inner_text())


def test_wrong_digits_three_times_lead_to_the_desk(kiosk: Any, lane_of: LaneOf) -> None:
    lane = lane_of(kiosk)
    lane.do("place-insured-2024")
    for tries_left in (2, 1):
        lane.is_at("digits")
        lane.type("135790")
        expect(lane.page.locator(f'[data-screen="digits"][data-tries="{tries_left}"]')).to_be_visible(timeout=10_000)
        expect(lane.page.locator(".hint")).to_contain_text(f"Còn {tries_left} lần nhập.")
        lane.picture(f"insured-2024-digits-{tries_left}")
    lane.type("135790")
    number = desk_number(lane)
    expect(lane.page.locator("main")).to_contain_text("Số đã nhập chưa khớp với thẻ.")
    expect(lane.page.locator("main")).to_contain_text("Mã E03")
    lane.picture("insured-2024-desk-digits")
    staff = lane.staff()
    expect(lane.row(staff, "exceptions", number)).to_contain_text("E03")
    expect(lane.row(staff, "tickets", number)).to_contain_text("chưa rõ là ai")


def test_a_code_first_then_the_card(kiosk: Any, lane_of: LaneOf, people: People) -> None:
    lane = lane_of(kiosk)
    lane.do("show-qr-insured")
    lane.is_at("place_card")
    expect(heading(lane)).to_have_text("Mời đặt thẻ lên đầu đọc")
    lane.shows_nobody(people["insured"])
    lane.do("place-insured")
    lane.do("hide-qr")
    number = choose(lane)
    lane.do("take-away")
    lane.is_at("attract", timeout_s=8)
    lane.shows_nobody(people["insured"])
    assert [passed.split(":")[0] for passed in lane.passed()] == [
        *("attract", "place_card", "reading", "confirm", "ticket", "attract")
    ]
    expect(lane.row(lane.staff(), "admissions", number)).to_contain_text("chip thật")


def test_a_code_alone_makes_a_desk_ticket_that_one_tap_confirms(
    kiosk: Any, lane_of: LaneOf, people: People, axe: Callable[[Page], list[str]]
) -> None:
    lane, name = lane_of(kiosk), people["other-clinic"]["name"]
    lane.do("show-qr-other-clinic")
    lane.is_at("place_card")
    lane.tap("no-card")
    number = desk_number(lane)
    expect(lane.page.locator("main")).to_contain_text("Thông tin trên mã QR đã được ghi sẵn cho quầy.")
    lane.shows_nobody(people["other-clinic"])
    staff = lane.staff()
    ticket = lane.row(staff, "tickets", number)
    for words in (name, "E11", "QR"):
        expect(ticket).to_contain_text(words)
    assert axe(staff) == []
    lane.picture("staff-qr", staff)
    ticket.get_by_role("button", name="Mắt").click()
    expect(staff.get_by_role("status").filter(has_text=f"Số {number} đã được tiếp nhận vào Mắt.")).to_be_visible()
    admission = lane.row(staff, "admissions", number)
    for words in (name, "nhân viên", "Mắt"):
        expect(admission).to_contain_text(words)
    expect(lane.row(staff, "exceptions", number)).to_have_count(0)


def test_the_second_visit_of_a_day_gets_the_same_number(kiosk: Any, lane_of: LaneOf, people: People) -> None:
    lane = lane_of(kiosk)
    lane.read("over-75")
    number = choose(lane, "Răng hàm mặt")
    lane.tap("acknowledge")
    lane.is_at("take_card")
    lane.do("take-away")
    lane.is_at("attract")
    lane.read("over-75")
    lane.is_at("ticket")
    expect(heading(lane)).to_have_text("Hôm nay đã đăng ký rồi.")
    lane.picture("over-75-ticket-again")
    expect(lane.page.locator(".slip .number")).to_have_text(number)
    expect(lane.page.locator(".slip")).to_contain_text("Phòng 5")
    expect(lane.row(lane.staff(), "admissions", number)).to_have_count(1)


@pytest.mark.parametrize("card", ["not-insured", None])
def test_stop_forgets_the_visit(card: str | None, kiosk: Any, lane_of: LaneOf) -> None:
    lane = lane_of(kiosk)
    if card is None:
        lane.do("show-qr-not-insured")
        lane.is_at("place_card")
        lane.tap("stop")
        lane.is_at("attract")
    else:
        lane.do(f"place-{card}")
        lane.is_at("digits")
        lane.type("12")
        lane.tap("stop")
        lane.is_at("take_card")
        lane.do("take-away")
        lane.is_at("attract")


def test_somebody_else_is_not_admitted(kiosk: Any, lane_of: LaneOf, people: People) -> None:
    lane = lane_of(kiosk)
    lane.read("child")
    lane.is_at("confirm")
    lane.tap("not-me")
    lane.is_at("take_card")
    lane.shows_nobody(people["child"])
    expect(lane.staff().locator('section[aria-labelledby="admissions"]')).not_to_contain_text(people["child"]["name"])


@pytest.mark.parametrize(
    ("what", "title", "code"),
    [
        ("help", "Nhân viên đang đến", "Người bệnh cần giúp đỡ"),
        ("child", "Khám cho trẻ: mời đến quầy số 1", "E17"),
        ("emergency", "Cấp cứu: mời vào thẳng", "CẤP CỨU"),
    ],
)
def test_staff_are_called(
    what: str, title: str, code: str, kiosk: Any, lane_of: LaneOf, axe: Callable[[Page], list[str]]
) -> None:
    lane = lane_of(kiosk)
    if what == "child":
        lane.tap("for-child")
        lane.is_at("child")
        lane.picture("child")
    lane.tap(what)
    lane.is_at("called")
    expect(heading(lane)).to_have_text(title)
    expect(lane.page.locator(".number")).to_have_count(1 if what == "child" else 0)
    assert axe(lane.page) == []
    lane.picture(f"called-{what}")
    rows = lane.staff().locator('section[aria-labelledby="exceptions"] tbody tr')
    expect(rows.filter(has_text=code)).to_have_count(1)


def test_a_screen_that_nobody_touches_asks_and_then_clears(brisk: Any, lane_of: LaneOf, people: People) -> None:
    lane = lane_of(brisk)
    lane.read("insured")
    lane.is_at("confirm")
    lane.is_at("still_there", timeout_s=4)
    expect(heading(lane)).to_have_text("Còn ai ở đây không?")
    lane.picture("insured-still_there")
    lane.shows_nobody(people["insured"])
    lane.tap("more-time")
    lane.is_at("confirm")
    lane.is_at("still_there", timeout_s=7)
    lane.is_at("take_card", timeout_s=9)
    lane.shows_nobody(people["insured"])
    expect(lane.staff().locator('section[aria-labelledby="admissions"]')).to_contain_text("Hôm nay chưa có ai.")


def test_who_types_slowly_is_not_asked_whether_anybody_is_here(another: Callable[..., Any], lane_of: LaneOf) -> None:
    lane = lane_of(another("slow", idle_s=6))
    lane.do("place-not-insured")
    lane.is_at("digits")
    for digit in lane.number_of("not-insured")[-6:]:
        lane.page.wait_for_timeout(1500)
        lane.type(digit)
    lane.is_at("desk")
    assert "still_there" not in {passed.split(":")[0] for passed in lane.passed()}


def test_language_type_and_contrast_end_with_the_visit(kiosk: Any, lane_of: LaneOf) -> None:
    lane = lane_of(kiosk)
    page = lane.page
    page.get_by_role("button", name="English").click()
    lane.do("place-not-insured")
    lane.is_at("digits")
    page.get_by_role("button", name="A+").click()
    page.get_by_role("button", name="High contrast").click()
    expect(page.locator("html")).to_have_attribute("data-contrast", "high")
    lane.type(lane.number_of("not-insured")[-6:])
    lane.is_at("desk")
    expect(heading(lane)).to_have_text("Please go to desk 1")
    expect(page.locator("html")).to_have_attribute("data-size", "125")
    lane.do("take-away")
    lane.tap("acknowledge")
    lane.is_at("attract")
    expect(heading(lane)).to_have_text("Đặt thẻ căn cước lên đây")
    for name, value in (("lang", "vi"), ("data-size", "100"), ("data-contrast", "normal")):
        expect(page.locator("html")).to_have_attribute(name, value)


def test_the_ticket_is_printed_by_the_keyboard_alone(another: Callable[..., Any], lane_of: LaneOf) -> None:
    lane = lane_of(another("prints-itself", printer="browser"))
    lane.page.evaluate("() => { window.prints = 0; window.print = () => { window.prints += 1; }; }")
    lane.do("place-pace-refused")
    lane.is_at("digits")
    lane.page.keyboard.type(lane.number_of("pace-refused")[-6:])
    lane.is_at("show_qr")
    lane.do("show-qr-pace-refused")
    lane.is_at("confirm")
    for _ in range(4):  # the focus is on the heading; the rooms come first
        lane.page.keyboard.press("Tab")
        if "Mắt" in lane.page.evaluate("document.activeElement.textContent"):
            break
    lane.page.keyboard.press("Enter")
    lane.is_at("ticket")
    expect(lane.page.locator(".slip")).to_contain_text("Phòng 7")
    lane.page.get_by_role("button", name="In phiếu").focus()
    lane.page.keyboard.press("Enter")
    assert lane.page.evaluate("window.prints") == 1
    lane.page.emulate_media(media="print")
    expect(lane.page.locator("#paper")).to_be_visible()
    expect(lane.page.locator(".slip .number")).to_be_hidden()
    lane.page.emulate_media(media="screen")


def test_reload_and_back_show_nothing_of_the_last_patient(kiosk: Any, lane_of: LaneOf, people: People) -> None:
    lane = lane_of(kiosk)
    page, masked = lane.page, "N**"
    lane.read("child")
    lane.is_at("confirm")
    assert masked in page.content()
    page.reload()
    lane.is_at("confirm")
    lane.tap("not-me")
    lane.do("take-away")
    lane.is_at("attract")
    for move in (page.reload, page.go_back, page.go_forward, page.reload):
        move()
        if page.url.startswith(kiosk.patient):
            lane.is_at("attract")
        assert masked not in page.content()
        assert people["child"]["name"].upper()[:10] not in page.content()
    page.goto(kiosk.patient)
    ticket = page.request.get(f"{kiosk.patient}/ticket.png")
    assert ticket.status == 404


def test_the_session_cookie_and_the_browsers_storage(kiosk: Any, lane_of: LaneOf) -> None:
    lane = lane_of(kiosk)
    lane.do("place-not-insured")
    lane.is_at("digits")
    cookies = lane.page.context.cookies()
    assert [(cookie["name"], cookie["httpOnly"], cookie["sameSite"]) for cookie in cookies] == [
        ("kiosk_patient", True, "Strict")
    ]
    assert cookies[0]["expires"] == -1, "the cookie ends with the browser"
    stored = "async () => [localStorage.length, sessionStorage.length, (await indexedDB.databases()).length]"
    assert lane.page.evaluate(stored) == [0, 0, 0]
    lane.staff()
    names = {cookie["name"] for cookie in lane.staff().context.cookies()}
    assert names == {"kiosk_staff"}


def test_no_page_lets_foreign_code_in(kiosk: Any, lane_of: LaneOf) -> None:
    lane = lane_of(kiosk)
    lane.page.evaluate(
        """() => {
            window.refused = [];
            const note = (event) => window.refused.push(event.effectiveDirective);
            document.addEventListener("securitypolicyviolation", note);
            const script = document.createElement("script");
            script.textContent = "window.intruder = true";
            document.body.append(script);
            const image = new Image();
            image.src = "http://127.0.0.1:9/pixel.png";
        }"""
    )
    lane.page.evaluate("async () => { while (window.refused.length < 2) await new Promise(requestAnimationFrame); }")
    assert sorted(lane.page.evaluate("window.refused"))[:2] == ["img-src", "script-src-elem"]
    assert lane.page.evaluate("window.intruder") is None
    assert all("Content Security Policy" in complaint for complaint in lane.complaints)
    lane.complaints.clear()
