"""Other ways and the worklist in a real Chromium: axe finds nothing, and a scan with Enter is all a clerk needs."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from idcard import BirthDate, ClaimedIdentity, ClaimSource, Sex
from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code
from kiosk.domain.eligibility import NextStep
from kiosk.domain.ways import Way
from kiosk.insurance.roster import RosterEntry, build_roster
from kiosk.insurance.roster.names import Described
from kiosk.keys import PersonTags, create_secret
from kiosk.services.leftovers import Leftovers
from kiosk.services.outgoing import Outgoing
from kiosk.services.ways import Told
from kiosk.store.tables import Delivery, Outbox, Visit
from kiosk.web.common.serving import make_server

UNLINKED, DIFFERENT = "036158900001", "036158900002"
QR = f"3699900001|{'Trần Thị Mẫu'.encode().hex()}|05/09/1958|2|-|79 - 999|01/01/2026|-|-|-|-|-|-|-|-|-|$"


def claim(number: str, name: str) -> ClaimedIdentity:
    return ClaimedIdentity(
        source=ClaimSource.CHIP_NOT_PROVED,
        personal_number=number,
        name=name,
        birth=BirthDate(year=1958, month=9, day=5),
        sex=Sex.FEMALE,
    )


@dataclass
class Reception:
    desk: Any
    address: str
    visit: str


@pytest.fixture
def reception(desk: Any, tmp_path: Path, unused_port: int) -> Iterator[Reception]:
    key = create_secret(tmp_path / "roster.key")
    usual = {"valid_from": date(2026, 1, 1), "valid_to": None, "benefit": "4", "home_clinic": "79999"}
    entries = [
        RosterEntry(insurance_number="3699900001", **usual),
        RosterEntry(
            personal_number=DIFFERENT,
            insurance_number="3699900002",
            described=Described(name="Lê Thị Mẩu", birth="1958", sex="F"),
            **usual,
        ),
    ]
    build_roster(
        tmp_path / "roster.db",
        entries,
        tags=PersonTags(key),
        version="1",
        as_of=datetime(2026, 11, 22, tzinfo=UTC),
        names_for=desk.private.public_key(),
    )
    parts, others = desk.others(tmp_path / "roster.db", tmp_path / "roster.key")
    proved = Assurance.CHIP_ANCHORED
    desk.checkin.desk_ticket(claim(DIFFERENT, "Lê Thị Mẫu"), code=Code.COVER_ENDED, assurance=proved)
    parts.cleaning.round()
    unlinked = claim(UNLINKED, "Trần Thị Mẫu")
    desk.checkin.desk_ticket(unlinked, code=Code.NOT_COVERED, assurance=proved, cover_next=NextStep.LOOK_UP)
    visit = next(row.visit_id for row in desk.staff.desk_tickets() if row.number == 2)
    app = desk.app(port=unused_port, others=others, records=True, **left_over(desk))
    server = make_server(app, host="127.0.0.1", port=unused_port)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield Reception(desk=desk, address=f"http://127.0.0.1:{unused_port}", visit=visit)
    server.close()
    thread.join(timeout=15)


def left_over(desk: Any) -> dict[str, Any]:
    """What the board also shows: somebody still to be asked about, a dead letter, and a row to tell the payer of."""
    staff, own = desk.staff, {"clinic": desk.staff._clinic, "device": "desk-1", "clock": desk.clock}
    ticket = staff.confirm_told(None, "noi", Told(way=Way.EMERGENCY), by="desk-1")
    with staff._database.write() as session:
        session.get(Visit, ticket.visit_id).recheck = "due"
        event = session.query(Outbox).filter(Outbox.kind == "confirmed").one()
        row = {"event_id": event.id, "visit_id": ticket.visit_id, "tries": 1, "next_at": desk.clock.now()}
        session.add(Delivery(sink="his-hl7", state="dead", reason="hl7_rejected", **row))
        taken = {"state": "delivered", "receipt": "36999-17", "settled_at": desk.clock.now()}
        session.add(Delivery(sink="checkin", **row, **taken))
    desk.clock.advance(60)
    desk.corrections.correct_room(ticket.visit_id, "mat", by="desk-1")
    return {
        "outgoing": Outgoing(staff._database, **own),
        "leftovers": Leftovers(database=staff._database, **own),
    }


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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
def test_no_page_has_faults(page: Page, reception: Reception, axe: Callable[[Page], list[str]], language: str) -> None:
    page.goto(f"{reception.address}/arrivals/emergency?lang={language}")
    page.locator("#admit").click()
    for name, address in (
        ("board", "/"),
        ("worklist", "/worklist"),
        ("ways", f"/tickets/{reception.visit}/ways"),
        ("number", f"/tickets/{reception.visit}/ways/chip_and_number"),
        *((way, f"/arrivals/{way}") for way in ("emergency", "child", "newborn", "guardian", "foreigner", "papers")),
    ):
        page.goto(f"{reception.address}{address}?lang={language}")
        keep(page, f"staff-{name}-{language}")
        assert axe(page) == [], name
        for width in (1440, 1024):
            page.set_viewport_size({"width": width, "height": 800})
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide == 0, (name, width)


def test_one_scan_and_enter_admits_whose_number_is_not_linked(page: Page, reception: Reception) -> None:
    page.locator(f"#ways-{reception.visit}").click()
    page.locator("#way-chip_and_number").click()
    expect(page.locator("#insurance")).to_be_focused()
    page.keyboard.insert_text("3600000000")
    page.keyboard.press("Enter")
    expect(page.locator("#refused")).to_be_visible()
    page.locator("#insurance").fill(QR)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Số 2 đã được tiếp nhận vào Nội tổng quát.")).to_be_visible()
    assert reception.desk.staff.admissions()[0].assurance is Assurance.CHIP_ANCHORED


def test_a_scan_fills_the_form_of_a_child(page: Page, reception: Reception) -> None:
    page.locator("#way-child").click()
    expect(page.locator("#code")).to_be_focused()
    page.keyboard.insert_text(QR)
    page.keyboard.press("Enter")
    expect(page.locator("#name")).to_have_value("Trần Thị Mẫu")
    expect(page.locator("#insurance")).to_have_value("3699900001")


def test_the_file_for_the_insurer_is_downloaded(page: Page, reception: Reception) -> None:
    page.get_by_role("link", name="Xem các mục").click()
    with page.expect_download() as waiting:
        page.locator("#export").click()
    content = Path(waiting.value.path()).read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert "Lê Thị Mẩu".encode() in content


def keep(page: Page, name: str) -> None:
    folder = os.environ.get("KIOSK_GALLERY")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
