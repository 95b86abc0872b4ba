"""Security keys at the staff's screen in a real Chromium, whose virtual authenticator is the key (CDP, WebAuthn)."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from kiosk.domain.staff_keys import KeyPolicy
from kiosk.services.staff_sessions import StaffSessions
from kiosk.web.common.serving import make_server


class Screen:
    """The staff's screen in its real server, at its name and at its number."""

    def __init__(self, desk: Any, port: int, policy: KeyPolicy) -> None:
        self.port = port
        self.keys = desk.keys(policy)
        self.sessions = StaffSessions(desk.accounts, idle_s=900, keys=self.keys)
        self.server = make_server(desk.app(port=port, sessions=self.sessions), host="127.0.0.1", port=port)
        self.named, self.numbered = f"http://localhost:{port}", f"http://127.0.0.1:{port}"


@pytest.fixture
def serve(desk: Any, spare_ports: Callable[[], int]) -> Iterator[Callable[..., Screen]]:
    running: list[tuple[Screen, threading.Thread]] = []

    def start(policy: KeyPolicy = KeyPolicy.OPTIONAL) -> Screen:
        screen = Screen(desk, spare_ports(), policy)
        thread = threading.Thread(target=screen.server.run, daemon=True)
        thread.start()
        running.append((screen, thread))
        return screen

    yield start
    for screen, thread in running:
        screen.server.close()
        thread.join(timeout=15)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert not complaints


def plug_in(page: Page, *, unlocked: bool = True) -> tuple[CDPSession, str]:
    """A key in this browser that keeps accounts; ``unlocked``: whoever touches it proves to be its owner."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    kind = {
        "protocol": "ctap2",
        "transport": "usb",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": unlocked,
        "automaticPresenceSimulation": True,
    }
    return session, session.send("WebAuthn.addVirtualAuthenticator", {"options": kind})["authenticatorId"]


def register(page: Page, screen: Screen, desk: Any, sign: str) -> None:
    page.goto(f"{screen.named}/login?lang=en")
    page.locator("#sign").fill(sign)
    page.locator("#password").fill(desk.passwords[sign])
    page.locator("#log-in").click()
    page.wait_for_selector("#who")
    page.goto(f"{screen.named}/keys?lang=en")
    page.locator("#password").fill(desk.passwords[sign])
    page.locator("#add-key").click()
    expect(page.locator(".flash-done")).to_contain_text("registered")


def test_a_key_is_registered_opens_the_lock_logs_in_and_is_revoked(
    page: Page, serve: Callable[..., Screen], desk: Any, axe: Callable[[Page], list[str]]
) -> None:
    screen = serve()
    plug_in(page)
    register(page, screen, desk, "mai")
    assert axe(page) == []
    page.locator("#lock-now").click()
    expect(page.locator("#unlock-key")).to_be_visible()
    assert axe(page) == []
    page.locator("#unlock-key").click()
    expect(page.locator("#who")).to_have_text("mai")
    page.locator("#log-out").click()
    expect(page.locator("#log-in-key")).to_be_visible()
    assert axe(page) == []
    page.locator("#log-in-key").click()
    expect(page.locator("#who")).to_have_text("mai")
    assert screen.keys.all()[0].used_at is not None
    page.goto(f"{screen.named}/accounts?lang=en")
    assert axe(page) == []
    page.get_by_role("button", name="Revoke").click()
    expect(page.locator("#who")).to_have_text("mai")
    assert screen.keys.all() == ()
    page.locator("#log-out").click()
    page.locator("#log-in-key").click()
    expect(page.locator("[data-problem]")).to_be_visible()


def test_the_lock_over_a_page_is_opened_by_the_key_and_the_page_stays(
    page: Page, serve: Callable[..., Screen], desk: Any
) -> None:
    screen = serve()
    plug_in(page)
    register(page, screen, desk, "truc")
    page.goto(f"{screen.named}/?lang=en")
    page.evaluate("window.mine = 1")
    next(iter(screen.sessions._logins.values())).locked = True
    page.evaluate('document.dispatchEvent(new Event("visibilitychange"))')
    expect(page.locator("#lock")).to_be_visible()
    page.locator("#lock-key").click()
    expect(page.locator("#lock")).to_be_hidden()
    assert page.evaluate("window.mine") == 1


def test_a_key_that_nobody_unlocks_registers_nothing(page: Page, serve: Callable[..., Screen], desk: Any) -> None:
    screen = serve()
    session, key = plug_in(page)
    register(page, screen, desk, "truc")
    page.locator("#log-out").click()
    session.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": False})
    page.locator("#log-in-key").click()
    expect(page.locator("[data-problem]")).to_be_visible(timeout=20_000)
    assert page.locator("#who").count() == 0


def test_a_lead_who_needs_a_key_sees_nothing_else_before_it_is_there(
    page: Page, serve: Callable[..., Screen], desk: Any
) -> None:
    screen = serve(KeyPolicy.REQUIRED)
    plug_in(page)
    page.goto(f"{screen.named}/login?lang=en")
    page.locator("#sign").fill("mai")
    page.locator("#password").fill(desk.passwords["mai"])
    page.locator("#log-in").click()
    expect(page.get_by_text("This role needs a security key")).to_be_visible()
    page.goto(f"{screen.named}/accounts?lang=en")
    expect(page.locator("#add-key")).to_be_visible()
    page.locator("#password").fill(desk.passwords["mai"])
    page.locator("#add-key").click()
    expect(page.locator(".flash-done")).to_be_visible()
    page.goto(f"{screen.named}/accounts?lang=en")
    expect(page.get_by_role("button", name="Revoke")).to_be_visible()


def test_an_address_without_a_name_says_where_keys_work(page: Page, serve: Callable[..., Screen], desk: Any) -> None:
    screen = serve()
    page.goto(f"{screen.numbered}/login?lang=en")
    assert page.locator("#log-in-key").count() == 0
    expect(page.get_by_role("link", name=f"http://localhost:{screen.port}")).to_be_visible()
