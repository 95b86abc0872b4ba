"""When something fails: the card is torn away, the reader is gone, nobody is trusted yet, the disk is full."""

import contextlib
import os
import socket
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.serial

Axe = Callable[[Page], list[str]]
LaneOf = Callable[..., Any]
People = Mapping[str, Mapping[str, Any]]
CONTROL = 3
"""The bytes of a frame that says something to the reader, and nothing to the card."""
FILLER = 4096


class Wire:
    """The cable of the reader: it can keep a command for the card back, and it can be pulled out."""

    def __init__(self) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = listener.getsockname()[1]
        self.far = 0
        self.kept_back = threading.Event()
        self._may_go = threading.Event()
        self._may_go.set()
        self._to_pass = 0
        self._ends: list[socket.socket] = []
        self._listen(listener)

    def keep_back(self, after: int) -> None:
        """Keep the command back that comes after so many others."""
        self._to_pass = after
        self.kept_back.clear()
        self._may_go.clear()

    def let_go(self) -> None:
        self._may_go.set()

    def pull(self) -> None:
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends.clear()

    def plug(self) -> None:
        self._listen(socket.create_server(("127.0.0.1", self.port)))

    def _listen(self, listener: socket.socket) -> None:
        self._ends.append(listener)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                self._ends.append(near)
                threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.enter_context(near)
            far = stack.enter_context(socket.create_connection(("127.0.0.1", self.far)))
            asked, answered = (stack.enter_context(end.makefile("rb")) for end in (near, far))
            while question := frame(asked):
                if len(question) > CONTROL:
                    self._wait_for_leave()
                far.sendall(question)
                near.sendall(frame(answered))

    def _wait_for_leave(self) -> None:
        self._to_pass -= 1
        if self._to_pass < 0 and not self._may_go.is_set():
            self.kept_back.set()
            self._may_go.wait(timeout=4)


def frame(stream: BinaryIO) -> bytes:
    """Two bytes of length and a body, as they came; nothing at the end."""
    head = stream.read(2)
    return head + stream.read(int.from_bytes(head, "big"))


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    wire = Wire()
    yield wire
    wire.pull()


@pytest.fixture(scope="module")
def wired(another: Callable[..., Any], wire: Wire) -> Any:
    """A kiosk whose reader hangs on a cable; its camera does not."""
    kiosk = another("wired", reader=f"simulated:127.0.0.1:{wire.port}")
    wire.far = kiosk.cards
    return kiosk


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_card_torn_away_and_put_back_goes_on(
    language: str, wire: Wire, wired: Any, lane_of: LaneOf, axe: Axe
) -> None:
    lane = lane_of(wired, language)
    wire.keep_back(after=20)
    lane.read("not-insured")
    assert wire.kept_back.wait(timeout=20)
    lane.is_at("reading")
    lane.picture("not-insured-reading")
    lane.do("take-away")
    wire.let_go()
    lane.is_at("put_back")
    lane.picture("not-insured-put_back")
    assert axe(lane.page) == []
    lane.do("place-not-insured")
    lane.is_at("desk")
    expect(lane.page.locator("main")).to_contain_text(("Mã E07", "Code E07")[language == "en"])
    screens = [passed.split(":")[0] for passed in lane.passed()]
    assert screens[-5:] == ["digits", "reading", "put_back", "reading", "desk"]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_reading_screen_names_its_steps(
    language: str, wire: Wire, wired: Any, lane_of: LaneOf, axe: Axe, people: People
) -> None:
    lane = lane_of(wired, language)
    wire.keep_back(after=20)
    lane.read("cover-ended")
    assert wire.kept_back.wait(timeout=20)
    opened, reading = (("Mở chip của thẻ", "Đọc thông tin"), ("Opening the chip", "Reading"))[language == "en"]
    expect(lane.page.locator(".step-done")).to_contain_text(opened)
    expect(lane.page.locator('.step-now[aria-current="step"]')).to_contain_text(reading)
    assert axe(lane.page) == []
    lane.shows_nobody(people["cover-ended"])
    wire.let_go()
    lane.is_at("desk")


def test_a_card_torn_away_three_times_leads_to_the_desk(wire: Wire, wired: Any, lane_of: LaneOf) -> None:
    lane = lane_of(wired)
    wire.keep_back(after=10)
    lane.read("insured")
    for _ in range(2):
        assert wire.kept_back.wait(timeout=20)
        lane.do("take-away")
        wire.let_go()
        lane.is_at("put_back")
        wire.keep_back(after=10)
        lane.do("place-insured")
    assert wire.kept_back.wait(timeout=20)
    lane.do("take-away")
    wire.let_go()
    lane.is_at("desk")
    expect(lane.page.locator("main")).to_contain_text("Máy chưa đọc hết được thẻ.")
    expect(lane.page.locator("main")).to_contain_text("Mã E02")


def test_without_its_reader_the_kiosk_still_takes_codes(
    wire: Wire, wired: Any, lane_of: LaneOf, axe: Axe, people: People
) -> None:
    lane = lane_of(wired)
    wire.pull()
    try:
        expect(lane.page.locator("#heading")).to_have_text("Đầu đọc thẻ đang nghỉ", timeout=15_000)
        lane.picture("attract-no-reader")
        assert axe(lane.page) == []
        lane.do("show-qr-insured-2024")
        lane.is_at("desk")
        expect(lane.page.locator("main")).to_contain_text("Mã E14")
        lane.do("hide-qr")
        number = lane.page.locator(".slip-desk .number").inner_text()
        staff = lane.staff()
        ticket = lane.row(staff, "tickets", number)
        for words in (people["insured-2024"]["name"], "E14", "QR"):
            expect(ticket).to_contain_text(words)
        expect(staff.locator(".fault")).to_contain_text("Đầu đọc")
    finally:
        wire.plug()
    lane.tap("acknowledge")
    expect(lane.page.locator("#heading")).to_have_text("Đặt thẻ căn cước lên đây", timeout=15_000)
    lane.do("place-insured-2024")
    lane.is_at("digits")


def test_a_reader_that_goes_while_digits_are_typed_leads_to_the_desk(wire: Wire, wired: Any, lane_of: LaneOf) -> None:
    lane = lane_of(wired)
    lane.do("place-insured")
    lane.is_at("digits")
    wire.pull()
    try:
        lane.is_at("desk")
        expect(lane.page.locator("main")).to_contain_text("Đầu đọc thẻ đang nghỉ.")
    finally:
        wire.plug()


def test_a_trust_store_that_was_never_set_up_closes_every_page(
    demo: Any, another: Callable[..., Any], lanes: Callable[..., Any], axe: Axe
) -> None:
    lane = lanes(another("untrusted", trust=str(demo.folder / "nowhere")))
    page = lane.page
    for address in ("/", "/screen", "/ticket.png", "/health", "/whatever"):
        answer = page.request.get(lane.kiosk.patient + address)
        assert answer.status == 503
        assert answer.headers["cache-control"] == "no-store"
    page.goto(lane.kiosk.patient)
    lane.is_at("closed")
    expect(page.locator("#heading")).to_have_text("Mời đến quầy số 1")
    assert axe(page) == []
    lane.picture("closed-no-trust")
    expect(lane.staff().locator(".fault").first).to_contain_text("never_set_up")


def test_without_an_anchor_yet_the_chip_fills_in_a_desk_ticket(
    demo: Any, another: Callable[..., Any], lane_of: LaneOf, people: People
) -> None:
    trust = demo.folder / "no-anchor"
    trust.mkdir()
    (trust / "trust.toml").write_text("format = 1\nno_anchor_yet = 2026-11-23\n")
    lane = lane_of(another("unanchored", trust=str(trust)))
    lane.read("insured")
    lane.is_at("desk")
    expect(lane.page.locator("main")).to_contain_text("Mã E04")
    number = lane.page.locator(".slip-desk .number").inner_text()
    staff = lane.staff()
    expect(lane.row(staff, "exceptions", number)).to_contain_text("kho chứng thư còn trống")
    ticket = lane.row(staff, "tickets", number)
    whole = people["insured"]["personal_number"]
    for words in (people["insured"]["name"], f"…{whole[-3:]}", "chip, chưa rõ nơi cấp"):
        expect(ticket).to_contain_text(words)
    expect(ticket).not_to_contain_text(whole)
    ticket.get_by_role("button", name="Mắt").click()
    admission = lane.row(staff, "admissions", number)
    for words in ("nhân viên", "đã đọc: chip, chưa rõ nơi cấp"):
        expect(admission).to_contain_text(words)
    assert rows(lane.kiosk.store, "SELECT read_assurance, assurance, state FROM visit") == [
        ("chip_unanchored", "staff", "admitted")
    ]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of four megabytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)], capture_output=True, text=True, check=False
    )
    if mounted.returncode != 0:
        pytest.fail(f"no small disk can be mounted here: {mounted.stderr.strip()}\nRemedy: run the tests as root")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill(disk: Path) -> Path:
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as out, contextlib.suppress(OSError):
        while True:
            out.write(os.urandom(FILLER))
    return filler


def rows(store: Path, query: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()


def test_a_full_disk_closes_the_kiosk_admits_nobody_by_halves_and_opens_again(
    another: Callable[..., Any], lane_of: LaneOf, axe: Axe, small_disk: Path, people: People
) -> None:
    lane = lane_of(another("full", store=str(small_disk / "store.db")))
    lane.read("insured")
    lane.is_at("confirm")
    filler = fill(small_disk)
    lane.page.get_by_role("button", name="Mắt").click()
    lane.is_at("closed")
    expect(lane.page.locator("main")).to_contain_text("Mã E16")
    lane.picture("closed-full-disk")
    assert axe(lane.page) == []
    lane.shows_nobody(people["insured"])
    for table in ("visit", "counter", "outbox"):
        assert rows(lane.kiosk.store, f"SELECT count(*) FROM {table}") == [(0,)]
    assert rows(lane.kiosk.store, "SELECT count(*) FROM audit WHERE kind = 'admitted'") == [(0,)]
    filler.unlink()
    lane.is_at("take_card", timeout_s=20)
    lane.do("take-away")
    lane.read("insured")
    lane.is_at("confirm")
    lane.page.get_by_role("button", name="Mắt").click()
    lane.is_at("ticket")
    expect(lane.page.locator(".slip .number")).to_have_text("1")
    assert rows(lane.kiosk.store, "SELECT state, number FROM visit") == [("admitted", 1)]
