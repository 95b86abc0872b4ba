"""The reader in trouble, made at the bench: a second card on it, its cable pulled out."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.serial

LaneOf = Callable[..., Any]


@pytest.fixture(scope="module")
def troubled(another: Callable[..., Any]) -> Any:
    """A kiosk of this file's own: nobody else's reader is pulled out."""
    return another("troubled")


def make(lane: Any, trouble: str) -> None:
    """Press a button of the bench for the reader; it is gone once it was done."""
    button = lane.bench.locator(f'[data-test="reader-{trouble}"]')
    button.click()
    expect(button).to_have_count(0)


def test_two_cards_are_asked_to_be_one(troubled: Any, lane_of: LaneOf, axe: Callable[[Page], list[str]]) -> None:
    lane = lane_of(troubled)
    lane.do("place-not-insured")
    lane.is_at("digits")
    make(lane, "crowded")
    lane.type(lane.number_of("not-insured")[-6:])
    lane.is_at("one_card")
    assert axe(lane.page) == []
    lane.picture("one-card")
    make(lane, "ok")
    lane.is_at("desk")
    expect(lane.page.locator("main")).to_contain_text("E07")


def test_a_reader_that_is_pulled_out_is_told_and_comes_back(troubled: Any, lane_of: LaneOf) -> None:
    lane = lane_of(troubled)
    make(lane, "unplugged")
    expect(lane.page.locator("#heading")).to_have_text("Đầu đọc thẻ đang nghỉ")
    expect(lane.staff().locator('section[aria-labelledby="exceptions"]')).to_contain_text("E14")
    make(lane, "ok")
    expect(lane.page.locator("#heading")).to_have_text("Đặt thẻ căn cước lên đây")
