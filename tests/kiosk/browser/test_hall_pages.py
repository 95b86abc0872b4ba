"""The lines, the report and assisted mode in a real Chromium, in both languages: axe finds nothing, taps are told."""

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
from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code, Resolution
from kiosk.domain.queue import Act
from kiosk.web.common.serving import make_server

SIZES = ((1366, 768), (1920, 1080))


def claim(index: int) -> ClaimedIdentity:
    return ClaimedIdentity(
        source=ClaimSource.CARD_QR,
        personal_number=f"0361589000{index:02}",
        name="Trần Thị Mẫu",
        birth=BirthDate(year=1944 + 3 * index),
        sex=Sex.FEMALE,
    )


@dataclass
class Morning:
    desk: Any
    address: str

    def visit(self, number: int) -> str:
        row = self.desk.staff.numbered(number)
        assert row is not None
        return str(row.visit_id)


@pytest.fixture
def morning(desk: Any) -> Iterator[Morning]:
    """Two hours at the clinic: people before rooms, calls, somebody who did not come, exceptions, a lost reader."""
    for index in range(12):
        desk.checkin.desk_ticket(claim(index), code=Code.QR_ONLY, assurance=Assurance.QR_UNSIGNED)
        row = desk.staff.desk_tickets()[0]
        desk.clock.advance(90)
        desk.staff.confirm(row.visit_id, ("noi", "noi", "noi", "mat", "tmh")[index % 5], by="truc")
        desk.clock.advance(420)
    desk.checkin.desk_ticket(claim(12), code=Code.NOT_COVERED)
    desk.checkin.desk_ticket(None, code=Code.CHILD, reasons=("child",))
    desk.checkin.notify(Code.READER_LOST)
    desk.clock.advance(360)
    desk.checkin.came_back(Code.READER_LOST)
    desk.checkin.notify(Code.HELP)
    desk.staff.resolve(desk.staff.exceptions()[-1].notice_id, by="truc", resolution=Resolution.HELPED)
    queue = desk.hall.queue
    for _ in range(4):
        number = queue.call_next("noi", by="lan")
        desk.clock.advance(200)
    queue.act(desk.staff.numbered(number).visit_id, Act.ABSENT, by="lan")
    number = queue.call_next("noi", by="lan")
    queue.act(desk.staff.numbered(number).visit_id, Act.SERVE, by="lan")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    server = make_server(desk.app(port=port, records=True), host="127.0.0.1", port=port)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield Morning(desk=desk, address=f"http://127.0.0.1:{port}")
    server.close()
    thread.join(timeout=15)


@pytest.fixture
def page(browser: Browser, morning: Morning, log_in: Callable[..., None]) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    complaints: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    log_in(page, morning.address, "truc", morning.desk.passwords["truc"])
    yield page
    context.close()
    assert not complaints


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("place", ["queue?room=noi", "queue?room=desk", "report?x=1", "?x=1"])
def test_the_pages_have_no_faults(
    page: Page, morning: Morning, axe: Callable[[Page], list[str]], place: str, language: str
) -> None:
    for size in SIZES:
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.goto(f"{morning.address}/{place}&lang={language}")
        keep(page, f"hall-{place.partition('?')[0] or 'board'}-{place[-3:].strip('=?')}-{language}-{size[0]}")
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide == 0, size
    assert axe(page) == []


def test_a_morning_at_the_line(page: Page, morning: Morning) -> None:
    page.goto(f"{morning.address}/queue?room=noi")
    first = page.locator("tbody tr").first.locator(".big").inner_text()
    page.locator("#call-next").click()
    expect(page.get_by_text(f"Đã gọi số {first}.")).to_be_visible()
    expect(page.locator(f"#serve-{morning.visit(int(first))}")).to_be_visible()
    page.locator("#undo").click()
    expect(page.get_by_text(f"Đã hoàn tác với số {first}.")).to_be_visible()
    expect(page.locator("tbody tr").first.locator(".big")).to_have_text(first)
    expect(page.locator("#undo")).to_have_count(0)
    last = page.locator("section[aria-labelledby=waiting] tbody tr").last
    number = last.locator(".big").inner_text()
    last.get_by_role("button", name="Ưu tiên").click()
    expect(page.get_by_text(f"Số {number} được ưu tiên.")).to_be_visible()
    page.locator(f"#to-{morning.visit(int(number))}").select_option("mat")
    page.locator(f"#move-{morning.visit(int(number))}").click()
    expect(page.get_by_text(f"Số {number} đã chuyển phòng.")).to_be_visible()
    page.get_by_role("link", name="Mắt").click()
    expect(page.locator("section[aria-labelledby=waiting] .big", has_text=number).first).to_be_visible()


def test_the_line_keeps_itself_fresh(page: Page, morning: Morning) -> None:
    page.goto(f"{morning.address}/queue?room=mat")
    number = page.locator("section[aria-labelledby=waiting] tbody .big").first.inner_text()
    assert morning.desk.hall.queue.call_next("mat", by="lan") == int(number)
    expect(page.locator("section[aria-labelledby=here] .big", has_text=number)).to_be_visible(timeout=6000)


def test_helping_begins_and_ends_with_a_tap(page: Page, morning: Morning) -> None:
    page.goto(f"{morning.address}/")
    page.locator("#assist-begin").click()
    expect(page.locator("#helper")).to_contain_text("truc")
    expect(page.locator("#assist-open")).to_have_attribute("href", "http://127.0.0.1:8010/")
    page.locator("#assist-end").click()
    expect(page.locator("#assist-begin")).to_be_visible()


def test_the_files_of_the_report_are_what_they_say(page: Page, morning: Morning) -> None:
    page.goto(f"{morning.address}/report")
    for name, mark in (("pdf", b"%PDF-"), ("csv", "\ufeff".encode())):
        with page.expect_download() as waiting:
            page.locator(f"#{name}").click()
        path = Path(waiting.value.path())
        content = path.read_bytes()
        assert content.startswith(mark)
        assert waiting.value.suggested_filename.endswith(f".{name}")
        keep_file(content, f"report.{name}")


def keep(page: Page, name: str) -> None:
    folder = os.environ.get("KIOSK_GALLERY")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def keep_file(content: bytes, name: str) -> None:
    folder = os.environ.get("KIOSK_GALLERY")
    if folder:
        (Path(folder) / name).write_bytes(content)
