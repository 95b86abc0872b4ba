"""The call screen in a real Chromium, beside a real staff process's app: it shows, it says one call after another."""

import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, Page, expect

from idcard import BirthDate, ClaimedIdentity, ClaimSource, Sex
from kiosk.call_config import CallConfig
from kiosk.call_process import listener_of
from kiosk.domain.codes import Code
from kiosk.domain.queue import Act
from kiosk.services.calls import CallBoard
from kiosk.web.call import create_call_app
from kiosk.web.common.serving import make_server

NAME = "Đỗ Thị Giấu Kín"
WAIT = 12_000
FASTER = """
    const Plain = window.Audio;
    window.Audio = function () {
      const player = new Plain();
      player.defaultPlaybackRate = 3;
      return player;
    };
"""
"""The clips are played three times as fast: the order counts here."""


def spare_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Television:
    desk: Any
    address: str
    config: CallConfig
    board: CallBoard
    played: list[str] = field(default_factory=list)

    def call(self, room: str | None = "noi") -> int:
        return int(self.desk.hall.queue.call_next(room, by="lan"))

    def hears(self, number: int) -> None:
        """Wait until the screen's process heard of this call."""
        deadline = time.monotonic() + WAIT / 1000
        while number not in [call.number for call in self.board.calls]:
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def visit(self, number: int) -> str:
        return str(self.desk.staff.numbered(number).visit_id)


@pytest.fixture
def television(desk: Any, tmp_path: Path) -> Iterator[Television]:
    for index in range(8):
        claim = ClaimedIdentity(
            source=ClaimSource.CARD_QR,
            personal_number=f"0361589000{index:02}",
            name=NAME,
            birth=BirthDate(year=1980),
            sex=Sex.FEMALE,
        )
        desk.checkin.desk_ticket(claim, code=Code.QR_ONLY)
        if index < 6:
            desk.staff.confirm(desk.staff.desk_tickets()[0].visit_id, "noi" if index % 3 else "san", by="truc")
        desk.clock.advance(60)
    (tmp_path / "calls.key").write_text(bytes(range(32)).hex() + "\n")
    staff_port, port = spare_port(), spare_port()
    config = CallConfig(
        mode="demo", port=port, clinic=desk.staff._clinic, staff_port=staff_port, calls_key=tmp_path / "calls.key"
    )
    board = CallBoard()
    with ExitStack() as stack:
        for app, at in ((desk.app(port=staff_port), staff_port), (create_call_app(board, config), port)):
            server = make_server(app, host="127.0.0.1", port=at)
            thread = threading.Thread(target=server.run, daemon=True)
            thread.start()
            stack.callback(thread.join, timeout=15)
            stack.callback(server.close)
        listener = listener_of(config, board)
        listener.turn()
        listener.start()
        stack.callback(listener.stop)
        yield Television(desk=desk, address=f"http://127.0.0.1:{port}", config=config, board=board)


@pytest.fixture
def open_screen(browser: Browser, television: Television) -> Iterator[Callable[..., Page]]:
    contexts = []
    complaints: list[str] = []

    def go(size: tuple[int, int] = (1920, 1080)) -> Page:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on(
            "request",
            lambda request: (
                television.played.append(request.url.partition("/speech/")[2].removesuffix(".opus"))
                if "/speech/" in request.url
                else None
            ),
        )
        page.add_init_script(FASTER)
        page.goto(television.address)
        return page

    yield go
    for context in contexts:
        context.close()
    assert not complaints


@pytest.mark.parametrize("size", [(1920, 1080), (1366, 768), (1080, 1920)])
def test_the_screen_has_no_faults(
    open_screen: Callable[..., Page], television: Television, axe: Callable[[Page], list[str]], size: tuple[int, int]
) -> None:
    page = open_screen(size)
    expect(page.get_by_text("Chưa gọi số nào.")).to_be_visible()
    assert axe(page) == []
    numbers = [television.call("noi"), television.call(None), television.call("san"), television.call("noi")]
    numbers += [television.call("noi"), television.call("san")]
    expect(page.locator(".latest .number")).to_have_text(str(numbers[-1]), timeout=WAIT)
    expect(page.locator("li .number")).to_have_text([str(number) for number in numbers[-2:-6:-1]])
    assert axe(page) == []
    wide, high = page.evaluate(
        "[document.documentElement.scrollWidth - innerWidth, document.documentElement.scrollHeight - innerHeight]"
    )
    assert max(wide, high) <= 0, "a television has nobody who scrolls"
    keep(page, f"call-{size[0]}x{size[1]}")


def test_a_call_waits_until_the_one_before_it_was_said(
    open_screen: Callable[..., Page], television: Television
) -> None:
    old = television.call()
    television.hears(old)
    page = open_screen()
    expect(page.locator(".latest .number")).to_have_text(str(old), timeout=WAIT)
    first = television.call()
    expect(page.locator("html[data-saying]")).to_have_count(1, timeout=WAIT)
    second = television.call("san")
    expect(page.locator(".latest .number")).to_have_text(str(second), timeout=WAIT)
    expect(page.locator("html[data-saying]")).to_have_count(1)
    expect(page.locator("html[data-talking]")).to_have_count(0, timeout=40_000)
    chime = "vi/sound.done"
    assert television.played.count(chime) >= 1
    spoken = [clip for clip in television.played if not clip.endswith("sound.done")]
    starts = [place for place, clip in enumerate(spoken) if clip == "vi/call.said.room.1"]
    assert len(starts) == 2, "what was called before the page was there is not said"
    assert f"vi/n.{first}" in spoken[: starts[1]]
    assert f"vi/n.{second}" in spoken[starts[1] :]
    assert spoken[starts[1] - 1].startswith("en/"), "both languages of the first come before the second"


def test_what_was_taken_back_is_not_said_and_what_is_repeated_is_said_again(
    open_screen: Callable[..., Page], television: Television
) -> None:
    page = open_screen()
    first = television.call()
    expect(page.locator("html[data-saying]")).to_have_count(1, timeout=WAIT)
    television.call("san")
    television.desk.hall.queue.undo(by="lan")
    television.desk.hall.queue.act(television.visit(first), Act.RECALL, by="lan")
    page.wait_for_timeout(1500)
    expect(page.locator("html[data-talking]")).to_have_count(0, timeout=40_000)
    numbers = [clip for clip in television.played if clip.startswith("vi/n.")]
    rooms = [clip for clip in television.played if clip == "vi/call.said.room.1"]
    assert len(rooms) in (1, 2)
    assert set(numbers) <= {f"vi/n.{first}", "vi/n.10", "vi/n.2", "vi/n.3", "vi/n.1", "vi/n.tens"}
    expect(page.locator(".number")).to_have_text([str(first)])


def test_nothing_that_the_screen_is_told_names_anybody(television: Television) -> None:
    television.call()
    heard = asked(television, bytes(range(32)))
    assert set(heard["calls"][0]) == {"seq", "number", "room", "time"}
    texts = []
    for path in ("/", "/calls"):
        with urlopen(f"{television.address}{path}", timeout=10) as answer:
            texts.append(answer.read().decode())
    for text in (*texts, json.dumps(heard)):
        assert not [word for word in (*NAME.split(), "0361589") if word in text]


def test_nobody_else_hears_of_calls(television: Television) -> None:
    with pytest.raises(HTTPError) as refused:
        asked(television, bytes(32))
    refused.value.close()
    assert refused.value.code == 401
    for path in ("/", "/calls"):
        with pytest.raises(HTTPError) as foreign:
            urlopen(Request(f"{television.address}{path}", headers={"Host": "elsewhere.example"}), timeout=10)
        foreign.value.close()
        assert foreign.value.code == 400


def test_a_screen_that_hears_nothing_says_so(browser: Browser, television: Television) -> None:
    silent = CallBoard()
    port = spare_port()
    config = television.config.model_copy(update={"port": port})
    server = make_server(create_call_app(silent, config), host="127.0.0.1", port=port)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    page = browser.new_page()
    page.goto(f"http://127.0.0.1:{port}/")
    expect(page.get_by_text("Màn hình chưa cập nhật được.").first).to_be_visible()
    page.close()
    server.close()
    thread.join(timeout=15)


def asked(television: Television, token: bytes) -> Any:
    port = television.config.staff_port
    headers = {"Authorization": f"Bearer {token.hex()}", "Content-Type": "application/json"}
    headers["Origin"] = f"http://127.0.0.1:{port}"
    with urlopen(Request(f"http://127.0.0.1:{port}/internal/calls", b"{}", headers), timeout=10) as answer:
        return json.load(answer)


def keep(page: Page, name: str) -> None:
    folder = os.environ.get("KIOSK_GALLERY")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png")
