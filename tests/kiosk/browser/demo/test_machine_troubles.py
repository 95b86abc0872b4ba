"""Paper, store and clock fail by the bench's buttons: what the patient sees, and what staff are told."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.serial

EXCEPTIONS = 'section[aria-labelledby="exceptions"]'


def press(lane: Any, button: str) -> None:
    """Press a button of the bench; one that cannot be pressed again is no longer to be pressed then."""
    lane.bench.locator(f'[data-test="{button}"]').click()
    lane.bench.wait_for_load_state()


def told(lane: Any, code: str) -> None:
    """Staff are told of this code, soon."""
    shown = lane.staff().locator(EXCEPTIONS)
    expect(shown).to_contain_text(code, timeout=33_000)


@pytest.fixture(scope="module")
def troubled(another: Callable[..., Any]) -> Any:
    """A kiosk of this file's own: nobody else's store is held."""
    return another("troubles")


def test_a_clock_that_goes_wrong_judges_nobody(troubled: Any, lane_of: Callable[..., Any]) -> None:
    lane = lane_of(troubled)
    press(lane, "clock-back")
    told(lane, "E15")
    lane.read("other-clinic")
    lane.is_at("desk")
    expect(lane.page.locator("main")).to_contain_text("Mã E15")
    lane.picture("desk-clock")
    press(lane, "clock-right")


def test_paper_that_is_out_and_a_store_that_takes_nothing(troubled: Any, lane_of: Callable[..., Any]) -> None:
    """A store that takes nothing takes no notice either: staff see E16 at the kiosk's screen."""
    lane = lane_of(troubled)
    press(lane, "printer-paper_out")
    lane.read("insured")
    lane.is_at("confirm")
    lane.page.get_by_role("button", name="Mắt").click()
    lane.is_at("ticket")
    expect(lane.page.locator("#stage")).to_contain_text(re.compile("nhớ|chụp", re.IGNORECASE))
    told(lane, "E13")
    press(lane, "printer-ok")
    lane.do("take-away")
    lane.is_at("attract", timeout_s=40)

    lane.read("insured-2024")
    lane.is_at("confirm")
    press(lane, "store-hold")
    lane.page.get_by_role("button", name="Mắt").click()
    lane.is_at("closed", timeout_s=40)
    expect(lane.page.locator("main")).to_contain_text("Mã E16")
    lane.picture("closed-held-store")
    press(lane, "store-let-go")
    lane.is_at("take_card", timeout_s=40)
