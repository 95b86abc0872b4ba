"""The managed policies of the kit in the real browser, which reads them from its own folder in a namespace of its own.

A driver cannot steer a browser that has no developer tools, so these are left on where one is needed, and the last test
shows that with the policies as they are written nobody gets hold of the browser.
"""

import http.client
import http.server
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page

from kiosk.provision.policies import browser_policies

Launch = Callable[..., BrowserContext]
DRIVEN = {"DeveloperToolsAvailability": 1, "RemoteDebuggingAllowed": True}
FLAGS = ["--no-sandbox", "--disable-gpu", "--use-fake-device-for-media-stream"]


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """Another server of this machine, which must never be asked."""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def elsewhere() -> Iterator[http.server.HTTPServer]:
    server = http.server.HTTPServer(("127.0.0.1", 0), Elsewhere)
    server.asked = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def chromium(tmp_path: Path, served: Any) -> Callable[..., Path]:
    """The browser's command, with these policies in the place of the machine's."""

    def managed(**changes: object) -> Path:
        folder = tmp_path / "chromium"
        (folder / "policies" / "managed").mkdir(parents=True, exist_ok=True)
        policies = browser_policies(served.address, camera=True) | changes
        (folder / "policies" / "managed" / "idcard.json").write_text(json.dumps(policies), "utf-8")
        command = tmp_path / "browser"
        apart = "--mount" if os.geteuid() == 0 else "--user --map-root-user --mount"
        inner = f'mount --bind {folder} /etc/chromium && exec {shutil.which("chromium")} "$@"'
        command.write_text(f"#!/bin/sh\nexec unshare {apart} sh -c '{inner}' sh \"$@\"\n", "utf-8")
        command.chmod(0o755)
        return command

    return managed


@pytest.fixture
def launch(chromium: Callable[..., Path], browser: Browser, tmp_path: Path) -> Iterator[Launch]:
    """Starts the browser with the kit's policies and these changes, and drives it."""
    running: list[BrowserContext] = []

    def start(**changes: object) -> BrowserContext:
        context = browser.browser_type.launch_persistent_context(
            tmp_path / f"profile-{len(running)}",
            executable_path=chromium(**DRIVEN | changes),
            headless=True,
            args=FLAGS,
            timeout=60_000,
        )
        running.append(context)
        return context

    yield start
    for context in running:
        with suppress(Error):
            context.close()


def shown(page: Page, address: str, tries: int = 5) -> str:
    """Where the page is after it was sent there, "refused" where it was not let."""
    try:
        page.goto(address, timeout=10_000)
    except Error as error:
        if tries > 1 and "is interrupted by another navigation" in error.message:
            # The page of the last refusal comes a moment later, and breaks this off.
            page.wait_for_timeout(300)
            return shown(page, address, tries - 1)
        return "refused" if "BLOCKED_BY_ADMINISTRATOR" in error.message else error.message
    return page.url


def test_every_way_out_is_closed(launch: Launch, served: Any, elsewhere: http.server.HTTPServer) -> None:
    page = launch().pages[0]
    assert shown(page, f"{served.address}/") == f"{served.address}/"
    ways = (
        f"http://127.0.0.1:{elsewhere.server_port}/",
        served.address.replace("127.0.0.1", "localhost") + "/",
        "https://clinic.example/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "file:///",
        f"view-source:{served.address}/",
        "devtools://devtools/bundled/inspector.html",
        "data:text/html,out",
    )
    assert {way: shown(page, way) for way in ways} == dict.fromkeys(ways, "refused")
    assert shown(page, f"{served.address}/") == f"{served.address}/", "and the kiosk itself still is there"
    assert not elsewhere.asked  # type: ignore[attr-defined]


@pytest.mark.parametrize("way", ["chrome://version", "chrome://flags", "chrome://inspect"])
def test_the_browsers_own_pages_are_refused(launch: Launch, way: str) -> None:
    """Each in a browser of its own, which may end of it: it would open them in a window that it may not have."""
    assert shown(launch().pages[0], way) == "refused"


def test_the_settings_never_come_up(launch: Launch, served: Any) -> None:
    """Asked for in a private window the browser opens them in another, which it may not have either."""
    context = launch()
    assert not shown(context.pages[0], "chrome://settings").startswith("chrome://settings")
    with suppress(Error):
        assert not [page.url for page in context.pages if page.url.startswith("chrome://")]


def test_a_page_gets_the_camera_and_nothing_else(
    launch: Launch, served: Any, elsewhere: http.server.HTTPServer
) -> None:
    page = launch().pages[0]
    page.goto(f"{served.address}/")
    ask = "kind => navigator.mediaDevices.getUserMedia(kind).then(() => 'given', error => error.name)"
    assert page.evaluate(ask, {"video": True}) == "given"
    assert page.evaluate(ask, {"audio": True}) == "NotAllowedError"
    assert page.evaluate("Notification.requestPermission()") == "denied"
    page.evaluate(f"window.open('http://127.0.0.1:{elsewhere.server_port}/')")
    page.evaluate(f"location = 'http://127.0.0.1:{elsewhere.server_port}/'")
    page.wait_for_timeout(500)
    assert not elsewhere.asked  # type: ignore[attr-defined]


ROWS = """() => {
  const found = [];
  const walk = node => {
    for (const each of node.querySelectorAll('*')) {
      const policy = each.localName === 'policy-row' && (each.policy || each.policy_);
      if (policy && policy.source) found.push([policy.name, policy.level, policy.error || '']);
      if (each.shadowRoot) walk(each.shadowRoot);
    }
  };
  walk(document);
  return found;
}"""


def test_the_browser_knows_every_policy_and_takes_its_value(launch: Launch, served: Any) -> None:
    allowed = [served.address.removeprefix("http://"), "chrome://policy"]
    page = launch(IncognitoModeAvailability=0, URLAllowlist=allowed).pages[0]
    page.goto("chrome://policy")
    page.wait_for_function(f"() => ({ROWS})().length > 20")
    rows = {name: (level, error) for name, level, error in page.evaluate(ROWS)}
    assert set(rows) == set(browser_policies(served.address, camera=True))
    assert set(rows.values()) == {("mandatory", "")}


@pytest.mark.parametrize("written", [True, False], ids=["as written", "with developer tools"])
def test_nobody_gets_hold_of_the_browser(
    chromium: Callable[..., Path], served: Any, tmp_path: Path, spare_ports: Callable[[], int], written: bool
) -> None:
    port = spare_ports()
    command = [chromium(**({} if written else DRIVEN)), "--headless", f"--remote-debugging-port={port}"]
    command += [f"--user-data-dir={tmp_path / 'own'}", *FLAGS, f"{served.address}/"]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(list(map(str, command)), stdout=log, stderr=log)
    try:
        assert held(port, 4 if written else 30) is not written
        assert process.poll() is None
    finally:
        process.terminate()
        process.wait(20)


def held(port: int, patience_s: float) -> bool:
    """Whether the browser can be steered through this port."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", "/json/list")
            if any(target["type"] == "page" for target in json.loads(connection.getresponse().read())):
                return True
        except (OSError, http.client.HTTPException, ValueError):
            pass
        finally:
            connection.close()
        time.sleep(0.2)
    return False
