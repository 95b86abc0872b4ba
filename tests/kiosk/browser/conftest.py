"""A real Chromium, axe in it, and the patient's page in its real server over a desk that shows what it is given.

Where Chromium does not start the run fails: a browser test that is skipped proves nothing.
"""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from kiosk.config import PatientConfig
from kiosk.domain.flow import Screen
from kiosk.services.view import Call, OtherVisit, ScreenView
from kiosk.web.common.factory import WEB
from kiosk.web.common.serving import Server, make_server
from kiosk.web.patient import create_patient_app

UPRIGHT = (1080, 1920)

CHROMIUM = "/usr/bin/chromium-headless-shell"
"""The same version and engine without windows: a window of the whole one costs a second, and a page here has its own.

``demo/test_camera.py`` drives the whole one.
"""
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--mute-audio",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
]

AXE = {
    "rules": {name: {"enabled": True} for name in ("color-contrast-enhanced", "target-size")},
    "resultTypes": ["violations"],
}
"""Beside axe's own choice: 7:1 for every letter (WCAG 1.4.6), and the room around targets. It tells what is wrong."""

Findings = list[str]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium with a fake camera; every context is a fresh profile."""
    with sync_playwright() as playwright:
        try:
            chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        except Exception as problem:
            remedy = "Remedy: apt-get install chromium-headless-shell"
            pytest.fail(f"Chromium does not start ({CHROMIUM}): {problem}\n{remedy}")
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], Findings]:
    """What axe-core finds wrong with a page, one line each: an empty list is what we want."""
    engine, ask = Axe().axe_script, f"axe.run({json.dumps(AXE)}).then(found => found.violations)"

    def run(page: Page) -> Findings:
        # Half a megabyte: a page that shows one screen after the other needs it once.
        if not page.evaluate("'axe' in window"):
            page.evaluate(engine)
        violations = page.evaluate(ask)
        return [
            f"{violation['id']}: {node['target']} {node['failureSummary']}"
            for violation in violations
            for node in violation["nodes"]
        ]

    return run


@pytest.fixture(scope="session")
def log_in() -> Callable[..., None]:
    """Goes through the login of the staff's screen at an address, up to the board."""

    def go(page: Page, address: str, sign: str, password: str) -> None:
        page.goto(f"{address}/login")
        page.locator("#sign").fill(sign)
        page.locator("#password").fill(password)
        page.locator("#log-in").click()
        page.wait_for_selector("#who")

    return go


class Showcase:
    """A view provider for a page that is shown one snapshot after another. It knows no rule of a visit."""

    def __init__(self, ticket: bytes) -> None:
        self._changed = threading.Condition()
        self._view = ScreenView(version=0, screen=Screen.ATTRACT)
        self._ticket = ticket
        self.frames = 0
        self.scanned: list[str] = []
        self.digits: list[int] = []

    def show(self, view: ScreenView) -> None:
        with self._changed:
            self._view = replace(view, version=self._view.version + 1)
            self._changed.notify_all()

    def view(self) -> ScreenView:
        return self._view

    def wait(self, after: int, timeout_s: float) -> ScreenView:
        with self._changed:
            self._changed.wait_for(lambda: self._view.version > after, timeout_s)
            return self._view

    def ticket_image(self) -> bytes | None:
        return self._ticket

    def type_digits(self, digits: str, tries_left: int | None = None) -> None:
        self.digits.append(len(digits))

    @contextmanager
    def in_visit(self, visit: str) -> Iterator[None]:
        if visit != self._view.visit:
            raise OtherVisit
        yield

    def show_image(self, image: bytes, visit: str | None = None) -> None:
        if visit != self._view.visit:
            raise OtherVisit
        self.frames += 1

    def show_code(self, scanned: str, visit: str | None = None) -> None:
        self.scanned.append(scanned)

    def choose_room(self, room_id: str) -> None: ...

    def for_child(self) -> None: ...

    def agree(self) -> None: ...

    def disagree(self) -> None: ...

    def no_qr(self) -> None: ...

    def no_card(self) -> None: ...

    def not_me(self) -> None: ...

    def stop(self) -> None: ...

    def acknowledge(self) -> None: ...

    def more_time(self) -> None: ...

    def touch(self) -> None: ...

    def call_staff(self, what: Call) -> None: ...


@dataclass(kw_only=True)
class Served:
    """The patient's page in its real server; it can be stopped and started again on the same port."""

    desk: Showcase
    config: PatientConfig
    server: Server | None = None
    thread: threading.Thread | None = None

    @property
    def address(self) -> str:
        return f"http://{self.config.host}:{self.config.port}"

    def start(self) -> None:
        app = create_patient_app(self.desk, self.config)
        self.server = make_server(app, host=self.config.host, port=self.config.port)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        if self.server is not None and self.thread is not None:
            self.server.close()
            self.thread.join(timeout=15)
            assert not self.thread.is_alive()
        self.server = self.thread = None


@pytest.fixture(scope="session")
def ticket() -> bytes:
    """A raster as wide as the printer's, with rules where the words would be."""
    image = Image.new("1", (576, 700), 1)
    draw = ImageDraw.Draw(image)
    font = ImageFont.truetype(str(WEB / "static" / "fonts" / "BeVietnamPro_700Bold.ttf"), 220)
    draw.text((288, 280), "27", font=font, anchor="mm", fill=0)
    for y in (40, 90, 470, 540, 610):
        draw.rectangle((60, y, 516, y + 22), fill=0)
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="session")
def served(page_config: PatientConfig, ticket: bytes) -> Iterator[Served]:
    """The page on a free port."""
    running = Served(desk=Showcase(ticket), config=page_config.model_copy(update={"port": free_port()}))
    running.start()
    yield running
    running.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_complaint(message: ConsoleMessage) -> bool:
    """Whether it should not be: a frame that was under way when its visit ended is refused with 409, as it must."""
    late_frame = "409 (CONFLICT)" in message.text and urlsplit(message.location["url"]).path == "/camera"
    return message.type == "error" and not late_frame


@pytest.fixture
def open_in(browser: Browser, served: Served) -> Iterator[Callable[..., Page]]:
    """Opens the page in a fresh profile of a given size, without motion; what the console complains of fails."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(size: tuple[int, int] = UPRIGHT, query: str = "") -> Page:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce", permissions=["camera"]
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if is_complaint(message) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{served.address}/?{query}")
        page.wait_for_function("document.fonts.ready.then(() => true)")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints
