"""The board's oversight in a real Chromium: ages in words, owners, the face once, the search, lost cards."""

import io
import os
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, expect

from idcard import BirthDate, ClaimedIdentity, ClaimSource, Sex
from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code, VisitReason
from kiosk.domain.eligibility import CoverReason
from kiosk.insurance.roster import Roster
from kiosk.insurance.roster.delivery import describe
from kiosk.insurance.roster.importing import Own, Target, import_roster
from kiosk.insurance.roster.lines import COLUMNS
from kiosk.insurance.staff_roster import StaffRoster
from kiosk.keys import PersonTags, create_secret, load_secret
from kiosk.services.arrival import Beside
from kiosk.web.common.serving import make_server

SIZES = ((1366, 768), (1920, 1080))


def claim(index: int, name: str = "Trần Thị Mẫu") -> ClaimedIdentity:
    return ClaimedIdentity(
        source=ClaimSource.CHIP_NOT_PROVED,
        personal_number=f"0361589000{index:02}",
        name=name,
        birth=BirthDate(year=1958, month=3, day=4),
        sex=Sex.FEMALE,
    )


def face() -> bytearray:
    """A drawn face as the patient's process sends it."""
    image = Image.new("RGB", (360, 480), "#d8e4ea")
    draw = ImageDraw.Draw(image)
    draw.ellipse((90, 90, 270, 330), fill="#e8c39e")
    draw.ellipse((135, 180, 155, 200), fill="#222")
    draw.ellipse((205, 180, 225, 200), fill="#222")
    draw.arc((140, 220, 220, 280), 20, 160, fill="#803020", width=6)
    out = io.BytesIO()
    image.save(out, "JPEG")
    return bytearray(out.getvalue())


KEPT = {
    "status": "row",
    "valid_from": "2026-01-01",
    "benefit": "4",
    "home_clinic": "79999",
    "personal_number": "036158900004",
    "insurance_number": "3658900004",
    "name": "Trần Thị Mậu",
    "birth": "1958-03-14",
    "sex": "F",
}
"""What the insurer keeps of somebody whose chip says another name and day."""


def delivered(folder: Path, key: Any) -> StaffRoster:
    """A roster with one person's name, as an insurer delivers it."""
    create_secret(folder / "roster.key")
    file = folder / "v1.csv"
    file.write_text(",".join(COLUMNS) + "\n" + ",".join(KEPT.get(column, "") for column in COLUMNS) + "\n", "utf-8")
    describe(file, version="v1", sequence=1, as_of=datetime(2026, 11, 22, 23, tzinfo=UTC), base=None, key=None)
    tags = PersonTags(load_secret(folder / "roster.key"))
    own = Own(clinics=frozenset({"79999"}), public_key=key.public_key())
    import_roster(file, Target(roster=folder / "roster.db", tags=tags, own=own))
    return StaffRoster(Roster(folder / "roster.db", tags=tags), key)


@pytest.fixture
def board(desk: Any, tmp_path: Path) -> Any:
    """A morning with exceptions of all ages, one suspicion, and a holder to look at."""
    desk.oversight = replace(desk.oversight, roster=delivered(tmp_path, desk.private))
    checkin = desk.checkin
    for index in range(3):
        checkin.desk_ticket(
            claim(index), code=Code.QR_ONLY, assurance=Assurance.QR_UNSIGNED, beside=Beside(took_ms=9100)
        )
    for row in desk.staff.desk_tickets():
        desk.staff.confirm(row.visit_id, "mat" if row.number % 2 else "noi", by="lan")
    desk.clock.advance(2400)
    rung = Assurance.CHIP_ANCHORED
    checkin.desk_ticket(claim(4), code=Code.IDENTITY_DIFFERS, assurance=rung, reasons=(CoverReason.NAME_DIFFERS,))
    desk.clock.advance(700)
    lost = (VisitReason.REPORTED_LOST,)
    ticket = checkin.desk_ticket(
        claim(5), code=Code.UNKNOWN_CARD, assurance=rung, reasons=lost, beside=Beside(check_holder=True)
    )
    desk.oversight.box.put(ticket.visit_id, face())
    desk.face_of = ticket.visit_id
    desk.clock.advance(400)
    checkin.notify(Code.HELP)
    checkin.report("reader", {"ok": True})
    checkin.report("roster", {"ok": True, "version": "2026-11-23"})
    desk.oversight.owners.take(desk.staff.exceptions()[0].notice_id, by="truc")
    return desk


@pytest.fixture
def address(board: Any) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    app = board.app(None, port=port, shifts=True, records=True, oversight=board.oversight)
    server = make_server(app, host="127.0.0.1", port=port)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{port}"
    server.close()
    thread.join(timeout=15)


@pytest.fixture
def page(browser: Browser, address: str, board: Any, log_in: Callable[..., None]) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    complaints: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    log_in(page, address, "truc", board.passwords["truc"])
    yield page
    context.close()
    assert not complaints


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_page_of_oversight_has_no_faults(
    page: Page, address: str, board: Any, axe: Callable[[Page], list[str]], language: str
) -> None:
    differs = board.staff.exceptions()[0].visit.visit_id
    number = board.staff.visit(board.face_of).number
    notice = board.staff.exceptions()[0].notice_id
    addresses = {
        "board": "/",
        "compare": f"/visits/{differs}/compare",
        "suspected": f"/visits/{board.face_of}/compare",
        "notice": f"/exceptions/{notice}",
        "find": f"/find?number={number}",
        "lost": "/lost",
        "looks": "/looks",
        "password": "/password",
    }
    for name, where in addresses.items():
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            page.goto(f"{address}{where}{'&' if '?' in where else '?'}lang={language}")
            keep(page, f"{name}-{language}-{width}")
            assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0, (
                name
            )
        assert axe(page) == [], name


def test_the_face_is_shown_once_and_taken_away(page: Page, address: str, board: Any) -> None:
    page.goto(f"{address}/visits/{board.face_of}/compare?lang=en")
    assert not page.locator("#face-here img").count()
    page.evaluate("document.getElementById('face-show').dataset.seconds = '2'")
    page.get_by_role("button", name="Show the face").click()
    expect(page.locator("#face-here img")).to_be_visible()
    expect(page.locator("#face-left")).to_have_text("2 seconds left")
    keep(page, "face")
    assert not board.oversight.box.has(board.face_of)
    expect(page.locator("#face-gone")).to_be_visible(timeout=5000)
    assert not page.locator("#face-here img").count()
    page.get_by_role("button", name="Not the same").click()
    expect(page.get_by_text("accuse nobody")).to_be_visible()
    assert board.staff.visit(board.face_of).holder_check == "not_same"


def test_an_exception_is_taken_and_found_among_mine(page: Page, board: Any) -> None:
    page.get_by_role("link", name="Của tôi: 1").click()
    expect(page.locator("table").first.get_by_role("button", name="Trả lại")).to_have_count(1)
    page.get_by_role("button", name="Trả lại").click()
    expect(page.get_by_text("Đã trả lại cho mọi người.")).to_be_visible()
    assert board.staff.exceptions()[0].owner == ""


def keep(page: Page, name: str) -> None:
    folder = os.environ.get("KIOSK_GALLERY")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"oversight-{name}.png", full_page=True)
