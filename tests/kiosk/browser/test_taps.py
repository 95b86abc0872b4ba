"""No tap is lost without a word: while answers cross, are held back or never come, and while the screen is swapped."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from kiosk.services.view import ScreenView

NEXT = "ab1e5ca1"
DIGITS = re.compile(r"/digits\?")
NEWS = re.compile(r"/screen\?.*after=")


@pytest.fixture
def page(samples: Mapping[str, ScreenView], served: Any, browser: Any) -> Iterator[Page]:
    """The page in a fresh profile; its console may complain of what these tests take away."""
    served.desk.show(samples["attract"])
    served.desk.digits.clear()
    context = browser.new_context(viewport={"width": 1080, "height": 1920}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(served.address)
    yield page
    context.close()


def ask_for_digits(page: Page, served: Any, view: ScreenView) -> None:
    served.desk.show(view)
    expect(page.locator("#heading")).to_have_text(re.compile("Nhập 6 số"))


def tap_digits(page: Page, digits: str) -> None:
    for digit in digits:
        page.locator(f'[data-digit="{digit}"]').click()


def held_back(page: Page, address: Any) -> list[Route]:
    """What the page sends there from now on goes no further until the test lets it."""
    held: list[Route] = []
    page.route(address, lambda route: held.append(route))
    return held


def taken(page: Page, served: Any, count: int) -> None:
    """The digits have come so many times; a second later not once more."""
    for _ in range(60):
        if len(served.desk.digits) >= count:
            break
        page.wait_for_timeout(50)
    page.wait_for_timeout(500)
    assert served.desk.digits == [6] * count


def test_the_next_persons_digits_are_taken_where_the_answer_to_the_last_ones_tap_came_late(
    samples: Mapping[str, ScreenView], served: Any, page: Page
) -> None:
    served.desk.show(samples["ticket"])
    acknowledge = page.locator('form[action^="/tap/acknowledge"] button')
    held = held_back(page, re.compile("/tap/acknowledge"))
    loads: list[str] = []
    page.on("framenavigated", lambda frame: loads.append(frame.url))
    with page.expect_request(re.compile("/tap/acknowledge")):
        acknowledge.click()
    with page.expect_request(NEWS):
        served.desk.show(replace(samples["attract"], visit=NEXT))
        expect(page.locator("#heading")).to_have_text("Đặt thẻ căn cước lên đây")
    with page.expect_response(re.compile("/tap/acknowledge")):
        held[0].continue_()
    ask_for_digits(page, served, replace(samples["digits"], visit=NEXT))
    with page.expect_response(DIGITS) as answer:
        tap_digits(page, "123456")
    assert answer.value.ok
    taken(page, served, 1)
    assert loads == []


def test_digits_that_did_not_arrive_are_sent_once_more(
    samples: Mapping[str, ScreenView], served: Any, page: Page
) -> None:
    ask_for_digits(page, served, samples["digits"])
    page.route(DIGITS, lambda route: route.abort(), times=1)
    tap_digits(page, "123456")
    taken(page, served, 1)
    expect(page.locator("#unsent")).to_be_hidden()


def test_digits_that_were_refused_for_their_token_are_sent_once_more_with_a_fresh_one(
    samples: Mapping[str, ScreenView], served: Any, page: Page
) -> None:
    ask_for_digits(page, served, samples["digits"])
    page.evaluate("() => { document.querySelector('[data-csrf]').dataset.csrf = 'old'; }")
    page.evaluate("() => document.getElementsByName('csrf_token').forEach((field) => { field.value = 'old'; })")
    tap_digits(page, "123456")
    taken(page, served, 1)


def test_who_cannot_be_heard_is_told_and_taps_again(
    samples: Mapping[str, ScreenView], served: Any, page: Page, axe: Callable[[Page], list[str]]
) -> None:
    ask_for_digits(page, served, samples["digits"])
    tries: list[str] = []
    page.on("request", lambda request: tries.append(request.url) if DIGITS.search(request.url) else None)
    page.route(DIGITS, lambda route: route.abort())
    with page.expect_request("**/speech/vi/unsent.text.opus"):
        tap_digits(page, "123456")
    expect(page.locator("#unsent")).to_be_visible()
    expect(page.locator("#unsent")).to_contain_text("Chưa gửi được. Xin bấm lại.")
    expect(page.locator("#unsent")).to_contain_text("That was not sent. Please tap again.")
    assert len(tries) == 2
    assert axe(page) == []
    page.unroute_all()
    tap_digits(page, "123456")
    taken(page, served, 1)
    expect(page.locator("#unsent")).to_be_hidden()


def test_a_tap_while_another_is_under_way_follows_it(
    samples: Mapping[str, ScreenView], served: Any, page: Page
) -> None:
    ask_for_digits(page, served, samples["digits"])
    held = held_back(page, DIGITS)
    stops: list[str] = []
    page.on("request", lambda request: stops.append(request.url) if "/tap/stop" in request.url else None)
    with page.expect_request(DIGITS):
        tap_digits(page, "123456")
    stop = page.locator('form[action^="/tap/stop"] button')
    stop.click()
    stop.click()
    assert stops == []
    with page.expect_response(re.compile("/tap/stop")):
        held[0].continue_()
    page.wait_for_timeout(300)
    assert len(stops) == 1


def test_a_tap_that_waited_is_not_done_on_a_screen_that_asks_something_else(
    samples: Mapping[str, ScreenView], served: Any, page: Page
) -> None:
    served.desk.show(samples["confirm_six"])
    held = held_back(page, re.compile("/room"))
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    with page.expect_request(re.compile("/room")):
        page.locator(".tile").nth(0).click()
    page.locator(".tile").nth(1).click()
    served.desk.show(samples["ticket"])
    expect(page.locator("#heading")).to_contain_text("Xong")
    with page.expect_response(re.compile("/room")):
        held[0].continue_()
    page.wait_for_timeout(300)
    assert len([address for address in sent if "/room" in address]) == 1


def test_news_do_not_take_the_key_from_under_a_finger(
    samples: Mapping[str, ScreenView], served: Any, page: Page
) -> None:
    ask_for_digits(page, served, samples["digits"])
    page.locator('[data-digit="5"]').hover()
    page.mouse.down()
    with page.expect_request(NEWS) as asked_on:
        served.desk.show(samples["digits"])
    page.mouse.up()
    expect(page.locator(".digit-on")).to_have_count(1)
    expect(page.locator("[data-screen]")).to_have_attribute("data-version", str(served.desk.view().version))
    assert f"after={served.desk.view().version}" in asked_on.value.url
    expect(page.locator(".digit-on")).to_have_count(1)


def test_a_new_screen_does_not_wait_for_a_finger(samples: Mapping[str, ScreenView], served: Any, page: Page) -> None:
    served.desk.show(samples["confirm_six"])
    expect(page.locator("#heading")).to_have_text("Thông tin này đúng không?")
    page.locator(".tile").first.hover()
    page.mouse.down()
    served.desk.show(replace(samples["attract"], visit=NEXT))
    expect(page.locator("#heading")).to_have_text("Đặt thẻ căn cước lên đây", timeout=1500)
    page.mouse.up()


def test_six_digits_that_a_question_held_back_are_sent_after_it(
    samples: Mapping[str, ScreenView], served: Any, page: Page
) -> None:
    ask_for_digits(page, served, samples["digits"])
    tap_digits(page, "12345")
    served.desk.show(samples["digits"])
    page.keyboard.type("6")
    served.desk.show(samples["still_there"])
    expect(page.locator("[data-screen=still_there]")).to_be_visible()
    served.desk.show(samples["digits"])
    taken(page, served, 1)
