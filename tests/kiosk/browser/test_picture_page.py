"""The province's picture in a real browser: whole in both languages and sizes, by keyboard, and small enough."""

import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from playwright.sync_api import Browser, Page

from kiosk.hub.config import HubConfig
from kiosk.hub.examine import KeyRing
from kiosk.hub.picture.accounts import Officers
from kiosk.hub.picture.config import PictureConfig
from kiosk.hub.picture.invented import invent
from kiosk.hub.picture.roles import OfficerRole
from kiosk.hub.picture.sessions import Logins
from kiosk.hub.picture.web.app import create_picture_app
from kiosk.hub.serving import HubServer
from kiosk.hub.store.database import HubDatabase

# A Monday, 08:02 at the clinics.
NOW = datetime(2026, 11, 23, 1, 2, tzinfo=UTC)
PASSWORD = "mot-tinh-bia-dat"
CLINICS = 48
PAGES = ("/", "/clinic/36008", "/alarms", "/worklists", "/report", "/acts", "/accounts")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The picture of an invented province, in its real server."""
    folder: Path = tmp_path_factory.mktemp("picture")
    database = HubDatabase.open(f"sqlite:///{folder / 'hub.db'}")
    database.migrate()
    key = X25519PrivateKey.generate()
    invent(database, KeyRing(key), key.public_key(), NOW, clinics=CLINICS)
    officers = Officers(database, lambda: NOW, hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    officers.add("ha.tran", OfficerRole.ADMINISTRATOR, PASSWORD, by="test")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    picture = PictureConfig(port=port)
    config = HubConfig(mode="demo", keys=folder, store=folder / "hub.db", port=port, picture=picture, requests=8)
    server = HubServer(create_picture_app(database, config, picture, Logins(officers, idle_s=900), lambda: NOW), config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{port}"
    server.close()
    thread.join(10)
    database.close()


@pytest.fixture(scope="module")
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A page at which an officer is logged in."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{address}/login")
    page.locator("#sign").fill("ha.tran")
    page.locator("#password").fill(PASSWORD)
    page.locator("#log-in").click()
    page.wait_for_selector(".heat")
    yield page
    context.close()


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_open_to_everybody(
    page: Page, address: str, axe: Callable[[Page], list[str]], path: str, language: str
) -> None:
    page.goto(f"{address}{path}?lang={language}")
    assert axe(page) == []
    for width, height in ((1366, 768), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": 1366, "height": 768})


def test_what_needs_somebody_comes_first(page: Page, address: str) -> None:
    page.goto(f"{address}/?lang=vi")
    tops = [page.locator(each).bounding_box() for each in (".needs", "#figures", "#heat")]
    places = [box["y"] for box in tops if box is not None]
    assert places == sorted(places)
    assert places[0] < 200
    assert "im lặng" in page.locator(".need-silent h3").inner_text()


def test_every_cell_says_its_number_and_every_mark_its_word(page: Page, address: str) -> None:
    page.goto(f"{address}/?lang=en")
    cells = page.locator(".heat td[class^=a]")
    assert cells.count() > CLINICS
    assert all(text.strip().isdigit() for text in cells.all_text_contents())
    marks = page.locator(".heat td:nth-child(2)").all_text_contents()
    assert len(marks) == CLINICS
    assert {text.strip() for text in marks} <= {"ready", "not ready", "silent", "closed", "never heard"}


def test_arrow_keys_go_from_clinic_to_clinic(page: Page, address: str) -> None:
    page.goto(f"{address}/")
    page.locator(".heat th a").first.focus()
    for key, clinic in (("ArrowDown", 2), ("PageDown", 26), ("ArrowUp", 25), ("End", CLINICS), ("Home", 1)):
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.getAttribute('href')") == f"/clinic/36{clinic:03}"
    assert page.locator(".heat th a[tabindex='0']").count() == 1


def test_one_persons_events_need_a_reason(page: Page, address: str) -> None:
    page.goto(f"{address}/alarms?lang=vi")
    page.locator("form[action='/look'] button").first.click()
    assert page.locator("#told").count() == 0
    page.locator("#reason").select_option("fraud")
    page.locator("#words").fill("mã QR ở nhiều máy")
    page.locator("#look-do").click()
    assert page.locator("#told tbody tr").count() >= 1
    page.goto(f"{address}/acts?only=looked")
    assert "mã QR ở nhiều máy" in page.locator("#acts").inner_text()
