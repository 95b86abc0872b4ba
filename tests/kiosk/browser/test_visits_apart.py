"""The page of one person's visit is of no use in the next one's."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from kiosk.services.view import ScreenView

NEXT = "ab1e5ca1"


@pytest.fixture
def page(samples: Mapping[str, ScreenView], served: Any, open_in: Callable[..., Page]) -> Page:
    served.desk.show(samples["attract"])
    return open_in()


def test_what_was_typed_is_forgotten_with_its_visit(samples: Mapping[str, ScreenView], served: Any, page: Page) -> None:
    served.desk.show(samples["digits"])
    expect(page.locator("#heading")).to_have_text(re.compile("Nhập 6 số"))
    page.keyboard.type("123")
    expect(page.locator(".digit-on")).to_have_count(3)
    served.desk.show(replace(samples["digits"], visit=NEXT))
    expect(page.locator(".digit-on")).to_have_count(0)


def test_a_tap_on_the_screen_of_a_visit_that_is_over_shows_the_present_one(
    samples: Mapping[str, ScreenView], served: Any, browser: Any
) -> None:
    served.desk.show(samples["attract"])
    context = browser.new_context(permissions=["camera"])  # the console tells of the refusal, as it must
    page = context.new_page()
    page.goto(f"{served.address}/?lang=en")
    served.desk.show(samples["confirm_six"])
    expect(page.locator("#heading")).to_have_text("Is this right?")
    page.evaluate("() => { window.stale = document.querySelector('form.tiles').cloneNode(true); }")
    served.desk.show(replace(samples["digits"], visit=NEXT))
    expect(page.locator("#heading")).to_have_text(re.compile("last 6 digits"))
    # Its token is of that visit, too: with a fresh one it is refused for the visit.
    with page.expect_response(lambda answer: "/room" in answer.url and answer.status == 409):
        page.evaluate(
            "() => { document.querySelector('main').append(window.stale);"
            " window.stale.requestSubmit(window.stale.querySelector('button')); }"
        )
    served.desk.show(replace(samples["place_card"], visit=NEXT))
    expect(page.locator("#heading")).to_have_text(re.compile("Put", re.IGNORECASE))
    expect(page.locator("html")).to_have_attribute("lang", "en")
    context.close()


def test_a_page_that_is_one_too_many_still_follows_and_one_that_is_refused_everything_shows_the_way_to_the_desk(
    samples: Mapping[str, ScreenView], served: Any, browser: Any
) -> None:
    served.desk.show(samples["attract"])
    context = browser.new_context(permissions=["camera"])
    page = context.new_page()
    page.route(re.compile(r"/screen\?.*after="), lambda route: route.fulfill(status=429))
    page.goto(served.address)
    served.desk.show(samples["confirm_six"])
    expect(page.locator("#heading")).to_have_text("Thông tin này đúng không?")
    served.desk.show(samples["attract"])
    expect(page.locator("#heading")).to_have_text("Đặt thẻ căn cước lên đây")
    served.desk.show(samples["confirm_six"])
    expect(page.locator("#heading")).to_have_text("Thông tin này đúng không?")
    page.route(re.compile("/screen"), lambda route: route.fulfill(status=429))
    expect(page.locator("#lost")).to_be_visible(timeout=15_000)
    assert "TRẦN" not in page.content()
    page.unroute_all()
    expect(page.locator("#lost")).to_be_hidden(timeout=15_000)
    context.close()
