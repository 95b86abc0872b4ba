"""How the page behaves by itself: it follows the visit, listens to keys and camera, and survives its server."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from kiosk.services.view import ScreenView

OpenIn = Callable[..., Page]


@pytest.fixture
def page(samples: Mapping[str, ScreenView], served: Any, open_in: OpenIn) -> Page:
    served.desk.show(samples["attract"])
    return open_in()


def heading(page: Page) -> Any:
    return page.locator("#heading")


def test_a_new_screen_takes_the_focus_and_is_announced(
    samples: Mapping[str, ScreenView], served: Any, page: Page
) -> None:
    served.desk.show(samples["reading_1"])
    expect(heading(page)).to_have_text("Giữ yên thẻ")
    expect(heading(page)).to_be_focused()
    expect(page.locator("#announcer")).to_have_text("Giữ yên thẻ. Mở chip của thẻ.")
    served.desk.show(samples["reading_3"])
    expect(page.locator("#announcer")).to_have_text("Giữ yên thẻ. Kiểm tra thẻ thật.")


def test_language_type_and_contrast_stay_for_the_visit_and_end_with_it(
    samples: Mapping[str, ScreenView], served: Any, page: Page
) -> None:
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("button", name="High contrast").click()
    page.get_by_role("button", name="Larger type").click()
    expect(page.locator("html")).to_have_attribute("data-size", "125")
    served.desk.show(samples["ticket"])
    expect(heading(page)).to_contain_text("Done.")
    expect(page.locator("html")).to_have_attribute("data-contrast", "high")
    served.desk.show(samples["attract"])
    expect(heading(page)).to_have_text("Đặt thẻ căn cước lên đây")
    expect(page.locator("html")).to_have_attribute("lang", "vi")
    expect(page.locator("html")).to_have_attribute("data-size", "100")
    expect(page.locator("html")).to_have_attribute("data-contrast", "normal")


def test_of_two_quick_taps_none_is_lost(samples: Mapping[str, ScreenView], served: Any, page: Page) -> None:
    page.evaluate("() => document.querySelectorAll('.tool').forEach((button) => button.click())")
    for name, value in (("lang", "en"), ("data-size", "125"), ("data-contrast", "high")):
        expect(page.locator("html")).to_have_attribute(name, value)
    served.desk.show(samples["desk_no_cover"])
    expect(heading(page)).to_contain_text("Please go to desk")
    for name, value in (("data-size", "125"), ("data-contrast", "high")):
        expect(page.locator("html")).to_have_attribute(name, value)


def test_news_on_the_first_screen_keep_the_language(samples: Mapping[str, ScreenView], served: Any, page: Page) -> None:
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    served.desk.show(samples["attract_hint"])
    expect(page.locator("[data-hint]")).to_have_text("This is not the code printed on an ID card.")
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_six_digits_by_touch_and_by_keyboard_are_sent_once(
    samples: Mapping[str, ScreenView], served: Any, page: Page
) -> None:
    served.desk.digits.clear()
    served.desk.show(samples["digits"])
    page.get_by_role("button", name="7", exact=True).click()
    page.get_by_role("button", name="Xóa", exact=True).click()
    for key in "000":
        page.get_by_role("button", name=key, exact=True).click()
    expect(page.locator("#count")).to_have_text("Đã nhập 3 trên 6 số")
    served.desk.show(samples["digits"])  # news that change nothing here must not lose what was typed
    expect(page.locator(".digit-on")).to_have_count(3)
    page.keyboard.type("123")
    expect(page.locator(".digit-on")).to_have_count(0)
    page.wait_for_timeout(700)
    assert served.desk.digits == [6]


def test_what_was_typed_is_forgotten_with_the_screen(
    samples: Mapping[str, ScreenView], served: Any, page: Page
) -> None:
    served.desk.show(samples["digits"])
    expect(heading(page)).to_have_text(re.compile("Nhập 6 số"))
    page.keyboard.type("123")
    expect(page.locator(".digit-on")).to_have_count(3)
    served.desk.show(samples["attract"])
    expect(heading(page)).to_have_text("Đặt thẻ căn cước lên đây")
    served.desk.show(samples["digits"])
    expect(heading(page)).to_have_text(re.compile("Nhập 6 số"))
    expect(page.locator(".digit-on")).to_have_count(0)


def test_the_camera_sends_frames_where_a_code_is_of_use_only(
    samples: Mapping[str, ScreenView], served: Any, page: Page
) -> None:
    served.desk.show(samples["show_qr"])
    expect(page.locator("[data-preview]")).to_be_visible()
    before = served.desk.frames
    page.wait_for_timeout(2000)
    assert served.desk.frames > before
    served.desk.show(samples["reading_1"])
    expect(heading(page)).to_have_text("Giữ yên thẻ")
    page.wait_for_timeout(500)
    before = served.desk.frames
    page.wait_for_timeout(1500)
    assert served.desk.frames == before


def test_seconds_run_down_before_the_screen_clears(samples: Mapping[str, ScreenView], served: Any, page: Page) -> None:
    served.desk.show(replace(samples["still_there"], seconds_left=9))
    expect(page.locator("#seconds")).to_have_text("9")
    expect(page.locator("#seconds")).to_have_text("7", timeout=4000)


def test_the_ticket_alone_is_printed(samples: Mapping[str, ScreenView], served: Any, page: Page) -> None:
    served.desk.show(samples["ticket"])
    expect(page.locator("#paper")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator("#paper")).to_be_visible()
    for other in (".top", ".bar", ".number", "#heading"):
        expect(page.locator(other)).to_be_hidden()


def test_nothing_is_kept_in_the_browser(samples: Mapping[str, ScreenView], served: Any, page: Page) -> None:
    served.desk.show(samples["confirm_six"])
    expect(heading(page)).to_have_text("Thông tin này đúng không?")
    stored = page.evaluate(
        "async () => [localStorage.length, sessionStorage.length, (await indexedDB.databases()).length, history.length]"
    )
    assert stored[:3] == [0, 0, 0]
    assert stored[3] <= 2
    served.desk.show(samples["attract"])
    expect(heading(page)).to_have_text("Đặt thẻ căn cước lên đây")
    assert "TRẦN" not in page.content()


def test_a_server_that_went_away_shows_the_way_to_the_desk_and_nobody(
    samples: Mapping[str, ScreenView], served: Any, browser: Any
) -> None:
    served.desk.show(samples["confirm_six"])
    context = browser.new_context(viewport={"width": 1080, "height": 1920}, permissions=["camera"])
    page = context.new_page()
    page.goto(served.address)
    expect(heading(page)).to_have_text("Thông tin này đúng không?")
    served.stop()
    try:
        expect(page.locator("#lost")).to_be_visible(timeout=25_000)
        assert "TRẦN" not in page.content()
    finally:
        served.desk.show(samples["attract"])
        served.start()
    expect(heading(page)).to_have_text("Đặt thẻ căn cước lên đây", timeout=20_000)
    expect(page.locator("#lost")).to_be_hidden()
    context.close()
