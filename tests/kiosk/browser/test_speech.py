"""What the page says in a real browser: which clips it plays, when it stops, and how the keypad is heard."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from kiosk.services.view import ScreenView

OpenIn = Callable[..., Page]


class Ear:
    """Notes which clips a page fetches to play."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clips: list[str] = []
        page.on("request", self._note)

    def _note(self, request: Any) -> None:
        if "/speech/" in request.url:
            self.clips.append(request.url.split("/speech/")[1].removesuffix(".opus"))

    def heard(self, clip: str) -> None:
        for _ in range(100):
            if clip in self.clips:
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"{clip} was not said, but {self.clips}")


def plug_headphones_in(page: Page) -> None:
    """What a keypad with a jack types then; Playwright knows no such key."""
    page.evaluate("document.dispatchEvent(new KeyboardEvent('keydown', { key: 'F15', bubbles: true }))")


@pytest.fixture
def page(samples: Mapping[str, ScreenView], served: Any, open_in: OpenIn) -> Page:
    served.desk.show(samples["attract"])
    return open_in()


@pytest.fixture
def ear(page: Page) -> Ear:
    return Ear(page)


def test_a_new_screen_says_itself_and_the_one_before_it_falls_silent(
    samples: Mapping[str, ScreenView], served: Any, page: Page, ear: Ear
) -> None:
    served.desk.show(samples["digits"])
    ear.heard("vi/sound.card")
    ear.heard("vi/digits.seen")
    served.desk.show(samples["reading_1"])
    ear.heard("vi/reading.title")
    page.wait_for_timeout(4000)
    assert "vi/digits.qr" not in ear.clips


def test_nothing_is_said_on_the_first_screen_until_somebody_asks(page: Page, ear: Ear) -> None:
    page.wait_for_timeout(1000)
    assert ear.clips == []
    page.get_by_role("button", name="Nghe lại").click()
    ear.heard("vi/attract.title")
    ear.heard("vi/attract.paper")


def test_a_touch_ends_what_is_being_said(samples: Mapping[str, ScreenView], served: Any, page: Page, ear: Ear) -> None:
    served.desk.show(samples["desk_no_cover"])
    ear.heard("vi/desk.title")
    page.locator("h1").click()
    expect(page.locator("html[data-talking]")).to_have_count(0)
    page.wait_for_timeout(4000)
    assert "vi/desk.staff" not in ear.clips


def test_the_other_language_is_spoken_once_it_is_chosen(
    samples: Mapping[str, ScreenView], served: Any, page: Page, ear: Ear
) -> None:
    served.desk.show(samples["place_card"])
    ear.heard("vi/place.seen")
    page.get_by_role("button", name="English").click()
    ear.heard("en/place.title")


def test_the_keypad_walks_over_the_buttons_and_each_says_what_it_is(
    samples: Mapping[str, ScreenView], served: Any, page: Page, ear: Ear
) -> None:
    served.desk.show(samples["confirm_six"])
    ear.heard("vi/confirm.title")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".tile").first).to_be_focused()
    ear.heard("vi/room.waiting.many")
    page.keyboard.press("ArrowUp")
    expect(page.locator("[data-language]")).to_be_focused()
    ear.heard("en/tool.language")
    ear.clips.clear()
    page.keyboard.press("*")
    ear.heard("vi/confirm.title")


def test_a_persons_facts_are_said_once_headphones_are_in(
    samples: Mapping[str, ScreenView], served: Any, page: Page, ear: Ear
) -> None:
    served.desk.show(replace(samples["confirm_one"], number_tail="000"))
    ear.heard("vi/confirm.title")
    page.wait_for_timeout(3000)
    assert "vi/confirm.facts.1" not in ear.clips
    plug_headphones_in(page)
    ear.heard("vi/confirm.facts.1")


def test_what_is_typed_is_not_said_to_the_whole_hall(
    samples: Mapping[str, ScreenView], served: Any, page: Page, ear: Ear
) -> None:
    served.desk.show(samples["digits"])
    ear.heard("vi/digits.seen")
    page.keyboard.press("7")
    ear.heard("vi/sound.key")
    assert "vi/n.7" not in ear.clips
    plug_headphones_in(page)
    page.keyboard.press("8")
    ear.heard("vi/n.8")


def test_help_is_one_key_away(samples: Mapping[str, ScreenView], served: Any, page: Page) -> None:
    served.desk.show(samples["digits"])
    expect(page.locator("#heading")).to_contain_text("Nhập 6 số")
    with page.expect_request("**/tap/help*"):
        page.keyboard.press("/")


def test_a_card_left_behind_is_called_out_again_and_again(
    samples: Mapping[str, ScreenView], served: Any, page: Page, ear: Ear
) -> None:
    served.desk.show(samples["take_card"])
    ear.heard("vi/take.title")
    for _ in range(2):
        ear.clips.clear()
        ear.heard("vi/sound.alarm")
    served.desk.show(samples["attract"])
    expect(page.locator("#heading")).to_contain_text("Đặt thẻ")
    ear.clips.clear()
    page.wait_for_timeout(3500)
    assert ear.clips == []
