"""The way in and the lock of the staff's screen in a real Chromium: by keyboard, without faults, the work kept."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from idcard import BirthDate, ClaimedIdentity, ClaimSource
from kiosk.domain.codes import Code
from kiosk.services.staff_sessions import StaffSessions
from kiosk.web.common.serving import make_server

CLAIM = ClaimedIdentity(source=ClaimSource.CARD_QR, name="Trần Thị Mẫu", birth=BirthDate(year=1958))


class Moments:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def moments() -> Moments:
    return Moments()


@pytest.fixture
def address(desk: Any, moments: Moments, spare_ports: Callable[[], int]) -> Iterator[str]:
    desk.checkin.desk_ticket(CLAIM, code=Code.NOT_GENUINE)
    port = spare_ports()
    sessions = StaffSessions(desk.accounts, idle_s=900, now=moments)
    server = make_server(desk.app(port=port, sessions=sessions), host="127.0.0.1", port=port)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{port}"
    server.close()
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


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_way_in_and_what_it_leads_to_have_no_faults(
    page: Page, address: str, desk: Any, axe: Callable[[Page], list[str]], language: str
) -> None:
    page.goto(f"{address}/?lang={language}")
    expect(page.locator("#sign")).to_be_focused()
    assert axe(page) == []
    page.keyboard.type("mai")
    page.keyboard.press("Tab")
    page.keyboard.type("sai mật khẩu")
    page.keyboard.press("Enter")
    expect(page.locator("#problem")).to_be_visible()
    assert axe(page) == []
    page.locator("#sign").fill("mai")
    page.locator("#password").fill(desk.passwords["mai"])
    page.keyboard.press("Enter")
    expect(page.locator("#who")).to_have_text("mai")
    page.goto(f"{address}/accounts?lang={language}")
    assert axe(page) == []
    page.goto(f"{address}/tickets/{desk.staff.desk_tickets()[0].visit_id}?lang={language}")
    expect(page.locator("#second_password")).to_be_visible()
    assert axe(page) == []
    page.locator("#lock-now").click()
    expect(page.locator("#password")).to_be_focused()
    assert axe(page) == []
    page.locator("#password").fill(desk.passwords["mai"])
    page.keyboard.press("Enter")
    page.locator("#log-out").click()
    expect(page.locator("#log-in")).to_be_visible()


def test_the_lock_comes_over_the_page_and_the_work_beneath_is_kept(
    page: Page, address: str, desk: Any, moments: Moments, log_in: Callable[..., None], axe: Callable[[Page], list[str]]
) -> None:
    log_in(page, address, "truc", desk.passwords["truc"])
    page.goto(f"{address}/tickets/{desk.staff.desk_tickets()[0].visit_id}")
    page.locator("#name").fill("Đỗ Thị Khác")
    lock(page, moments)
    expect(page.locator("#lock-password")).to_be_focused()
    assert axe(page) == []
    assert everything_of(page).isdisjoint({"Đỗ Thị Khác", "Trần Thị Mẫu"}), "no name is in a locked page"
    assert "Khác" not in page.content()
    covered = page.evaluate("document.elementFromPoint(innerWidth / 2, innerHeight - 40).closest('#lock') !== null")
    assert covered
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("#lock")).to_be_visible()
    page.keyboard.type("sai mật khẩu")
    page.keyboard.press("Enter")
    expect(page.locator("#lock-problem")).to_be_visible()
    page.keyboard.type(desk.passwords["truc"])
    page.keyboard.press("Enter")
    expect(page.locator("#lock")).to_be_hidden()
    expect(page.locator("#name")).to_have_value("Đỗ Thị Khác")
    expect(page.locator("#name")).to_be_focused()


def test_a_locked_board_has_nobody_in_it_and_prints_nobody(
    page: Page, address: str, desk: Any, moments: Moments, log_in: Callable[..., None]
) -> None:
    log_in(page, address, "truc", desk.passwords["truc"])
    expect(page.get_by_text("Trần Thị Mẫu").first).to_be_visible()
    lock(page, moments)
    assert "Trần" not in page.content()
    page.emulate_media(media="print")
    page.evaluate("document.body.append(Object.assign(document.createElement('main'), {textContent: 'somebody'}))")
    expect(page.get_by_text("somebody")).to_be_hidden()
    page.evaluate("document.querySelector('main').remove()")
    page.emulate_media(media="screen")
    page.locator("#lock-password").fill(desk.passwords["truc"])
    page.keyboard.press("Enter")
    expect(page.locator("#lock")).to_be_hidden()
    expect(page.get_by_text("Trần Thị Mẫu").first).to_be_visible()
    page.reload()
    expect(page.locator("#live")).to_have_count(1)


def test_a_screen_that_finds_no_place_to_unlock_says_so_and_stays_locked(
    page: Page, address: str, desk: Any, moments: Moments, log_in: Callable[..., None]
) -> None:
    log_in(page, address, "truc", desk.passwords["truc"])
    lock(page, moments)
    inside = desk.accounts._inside
    with contextlib.ExitStack() as full:
        for _ in range(3):
            inside._places.acquire()
            full.callback(inside._places.release)
        page.locator("#lock-password").fill(desk.passwords["truc"])
        page.keyboard.press("Enter")
        expect(page.locator("#lock-problem")).to_contain_text("Vài giây nữa")
    page.locator("#lock-password").fill(desk.passwords["truc"])
    page.keyboard.press("Enter")
    expect(page.locator("#lock")).to_be_hidden()


def lock(page: Page, moments: Moments) -> None:
    """Let the time pass without anybody, and the page look at once, as it does every ten seconds."""
    moments.now += 901
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#lock")).to_be_visible()


def everything_of(page: Page) -> set[str]:
    """All texts and all that stands in fields of the document."""
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('*')].flatMap((each) => [each.value ?? '', each.textContent.trim()])"
    )
    return set(found)
