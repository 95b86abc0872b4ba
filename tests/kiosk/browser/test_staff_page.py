"""The staff's page in a real Chromium: it keeps itself fresh, the keyboard keeps its place, axe finds nothing."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from idcard import BirthDate, ClaimedIdentity, ClaimSource, ConfigurationError, Sex
from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code
from kiosk.web.common.serving import make_server

NAMES = ("Trần Thị Mẫu", "Nguyễn Văn Thử", "Lê Thị Ví Dụ", "Phạm Minh Giả Định")


def claim(index: int) -> ClaimedIdentity:
    return ClaimedIdentity(
        source=ClaimSource.CARD_QR,
        personal_number=f"0361589000{index:02}",
        name=NAMES[index % len(NAMES)],
        birth=BirthDate(year=1950 + index),
        sex=Sex.FEMALE,
    )


@pytest.fixture
def board(desk: Any) -> Any:
    """A morning at the desk."""
    for index in range(4):
        desk.checkin.desk_ticket(claim(index), code=Code.QR_ONLY, assurance=Assurance.QR_UNSIGNED)
    for row in desk.staff.desk_tickets():
        desk.staff.confirm(row.visit_id, "mat" if row.number % 2 else "noi", by="desk-1")
    desk.clock.advance(4000)
    reasons = ("trust.no_anchor", "genuine_chip.trust_not_passed")
    desk.checkin.desk_ticket(claim(4), code=Code.UNKNOWN_CARD, reasons=reasons, assurance=Assurance.CHIP_UNANCHORED)
    desk.checkin.desk_ticket(claim(5), code=Code.NOT_GENUINE, reasons=("integrity.hash_mismatch",))
    desk.clock.advance(300)
    desk.checkin.desk_ticket(claim(6), code=Code.QR_ONLY, assurance=Assurance.QR_UNSIGNED)
    desk.checkin.desk_ticket(None, code=Code.CHILD, reasons=("child",))
    desk.checkin.notify(Code.EMERGENCY, ("emergency",))
    desk.checkin.report("reader", {"ok": True})
    desk.checkin.report("roster", {"ok": True, "version": "2026-11-23"})
    desk.checkin.report("camera", {"ok": False})
    return desk


@pytest.fixture
def address(board: Any) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    problem = ConfigurationError("There is no trust store.", reason="never_set_up", remedy="Make one.")
    server = make_server(board.app(problem, port=port, shifts=True), host="127.0.0.1", port=port)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{port}"
    server.close()
    thread.join(timeout=15)


@pytest.fixture
def page(browser: Browser, address: str, board: Any, log_in: Callable[..., None]) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    complaints: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    log_in(page, address, "truc", board.passwords["truc"])
    yield page
    context.close()
    assert not complaints


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_board_and_the_form_have_no_faults(
    page: Page, address: str, axe: Callable[[Page], list[str]], language: str
) -> None:
    page.goto(f"{address}/?lang={language}")
    keep(page, f"staff-{language}")
    assert axe(page) == []
    page.get_by_role("link", name="Nhập giấy tờ" if language == "vi" else "Type the papers").first.click()
    expect(page.locator("#name")).to_be_focused()
    keep(page, f"staff-type-{language}")
    assert axe(page) == []
    for width in (1440, 1024):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"{address}/?lang={language}")
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0


@pytest.mark.parametrize(("language", "width", "height"), [("vi", 1366, 768), ("en", 1920, 1080)])
def test_whole_lists_and_lines_have_no_faults(
    page: Page, address: str, board: Any, axe: Callable[[Page], list[str]], language: str, width: int, height: int
) -> None:
    for index in range(10, 34):
        ticket = board.checkin.desk_ticket(claim(index), code=Code.QR_ONLY, assurance=Assurance.QR_UNSIGNED)
        if index % 2:
            board.staff.confirm(ticket.visit_id, "noi", by="desk-1")
    page.set_viewport_size({"width": width, "height": height})
    for what in ("lists/exceptions", "lists/tickets", "lists/earlier", "lists/admissions", "queue"):
        page.goto(f"{address}/{what}?lang={language}")
        keep(page, f"staff-{what.replace('/', '-')}-{language}")
        assert axe(page) == [], what
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0, what


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_shift_is_opened_without_faults(
    page: Page, address: str, axe: Callable[[Page], list[str]], language: str
) -> None:
    page.goto(f"{address}/?lang={language}")
    page.get_by_role("link", name="Mở ca" if language == "vi" else "Open a shift").click()
    keep(page, f"staff-shift-{language}")
    assert axe(page) == []
    page.locator("#ends").fill("17:00")
    page.get_by_role("button", name="Mở ca" if language == "vi" else "Open a shift").click()
    expect(page.get_by_text("PHẠM THỊ T**")).to_be_visible()
    keep(page, f"staff-in-shift-{language}")
    assert axe(page) == []


def test_one_tap_confirms(page: Page, board: Any) -> None:
    page.get_by_role("button", name="Xác nhận số 7 vào Mắt").click()
    expect(page.get_by_text("Số 7 đã được tiếp nhận vào Mắt.")).to_be_visible()
    assert board.staff.admissions()[0].number == 7


def test_news_arrive_and_the_keyboard_keeps_its_place(page: Page, board: Any) -> None:
    button = page.get_by_role("button", name="Xác nhận số 7 vào Mắt")
    button.focus()
    board.checkin.desk_ticket(claim(8), code=Code.QR_ONLY, assurance=Assurance.QR_UNSIGNED)
    expect(page.get_by_role("button", name="Xác nhận số 9 vào Mắt")).to_be_visible(timeout=6000)
    expect(button).to_be_focused()


def test_an_open_list_is_left_alone(page: Page, board: Any) -> None:
    choice = page.get_by_role("combobox").first
    choice.focus()
    choice.select_option("self_pay")
    board.checkin.notify(Code.HELP)
    page.wait_for_timeout(3000)
    expect(choice).to_have_value("self_pay")
    expect(choice).to_be_focused()


def keep(page: Page, name: str) -> None:
    folder = os.environ.get("KIOSK_GALLERY")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
