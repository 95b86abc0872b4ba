"""The record of a visit in a real Chromium, in both languages: axe finds nothing, and each deed is done and told."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from idcard import BirthDate, ClaimedIdentity, ClaimSource, Sex
from kiosk.domain.codes import Code
from kiosk.domain.corrections import CancelReason, EraseReason
from kiosk.domain.tickets import clinic_day
from kiosk.services.erasure import Eraser
from kiosk.web.common.serving import make_server

CLAIM = ClaimedIdentity(
    source=ClaimSource.CARD_QR,
    personal_number="036158900001",
    name="Trần Thị Mẫu",
    birth=BirthDate(year=1958, month=9, day=5),
    sex=Sex.FEMALE,
)


@dataclass
class Reception:
    desk: Any
    address: str
    visit: str

    def record(self, language: str, more: str = "") -> str:
        return f"{self.address}/visits/{self.visit}{more}?lang={language}"


@pytest.fixture
def reception(desk: Any) -> Iterator[Reception]:
    desk.checkin.desk_ticket(CLAIM, code=Code.QR_ONLY)
    visit = desk.staff.desk_tickets()[0].visit_id
    desk.staff.confirm(visit, "noi", by="desk-1")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    server = make_server(desk.app(port=port, records=True), host="127.0.0.1", port=port)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield Reception(desk=desk, address=f"http://127.0.0.1:{port}", visit=visit)
    server.close()
    thread.join(timeout=15)


@pytest.fixture
def page(browser: Browser, reception: Reception, log_in: Callable[..., None]) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    complaints: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    log_in(page, reception.address, "truc", reception.desk.passwords["truc"])
    yield page
    context.close()
    assert not complaints


@pytest.mark.parametrize("language", ["vi", "en"])
def test_no_state_of_the_record_has_faults(
    page: Page, reception: Reception, axe: Callable[[Page], list[str]], language: str
) -> None:
    corrections, staff = reception.desk.corrections, reception.desk.staff
    eraser = Eraser(database=staff._database, clinic=staff._clinic, device="desk-1", clock=reception.desk.clock)
    day, asked = clinic_day(reception.desk.clock.now()), EraseReason.PERSON_ASKED
    for name, deed in (
        ("fresh", lambda: None),
        ("corrected", lambda: corrections.correct_room(reception.visit, "mat", by="chi-hoa")),
        ("routed", lambda: corrections.confirm_route(reception.visit, "1.3", by="chi-hoa")),
        ("cancelled", lambda: corrections.cancel(reception.visit, reason=CancelReason.BY_MISTAKE, by="chi-hoa")),
        ("erased", lambda: eraser.erase_ticket(day, 1, reason=asked, by="desk-1")),
    ):
        if name == "cancelled":
            page.goto(reception.record(language, "/person"))
            looked_at(page, axe, f"staff-person-{language}")
        deed()
        page.goto(reception.record(language))
        assert page.locator("html").get_attribute("lang") == language
        looked_at(page, axe, f"staff-record-{name}-{language}")


def looked_at(page: Page, axe: Callable[[Page], list[str]], name: str) -> None:
    """Nothing is wrong with the page, nor too wide, nor a word that was not translated."""
    folder = os.environ.get("KIOSK_GALLERY")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
    assert axe(page) == [], name
    assert "staff." not in page.locator("body").inner_text(), name
    for width in (1440, 1024):
        page.set_viewport_size({"width": width, "height": 800})
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide == 0, (name, width)


def test_a_clerk_does_each_deed_with_the_keyboard_alone(page: Page, reception: Reception) -> None:
    page.goto(reception.record("vi"))
    page.locator("#route").focus()
    page.locator("#route").select_option("1.3")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Đã xác nhận đối tượng 1.3.")
    page.locator("#room").focus()
    page.locator("#room").select_option("mat")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("main li")).to_have_count(2)
    page.locator("#reason").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_be_visible()
    page.goto(reception.record("vi"))
    expect(page.locator("main form")).to_have_count(0)
    assert reception.desk.staff.visit(reception.visit).state == "cancelled"
