"""A scanner beside the kiosk: what it reads goes over the wire to the visit, and staff see where it is missing."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.serial

CITIZEN = "insured-2024"


def test_a_scanned_card_opens_with_the_key_from_its_code(lane_of: Callable[..., Any]) -> None:
    lane = lane_of()
    lane.do(f"scan-{CITIZEN}")
    lane.is_at("place_card")
    expect(lane.bench.locator('[data-test="scanner"]')).to_have_attribute("data-citizen", CITIZEN)
    lane.do(f"place-{CITIZEN}")
    lane.is_at("confirm")
    screens = [passed.split(":")[0] for passed in lane.passed()]
    assert "digits" not in screens, "nobody typed anything"


def test_staff_see_that_the_scanner_was_pulled_out(lane_of: Callable[..., Any]) -> None:
    lane = lane_of(language="en")
    row = '//section[@aria-labelledby="devices"]//dl/div[contains(., "Code scanner")]'
    lane.do("unplug-scanner")
    expect(lane.staff().locator(row)).to_contain_text("It does not answer")
    expect(lane.staff().locator(row)).to_have_class("fault")
    lane.picture("scanner-missing-staff", lane.staff())
    lane.do("plug-scanner")
    expect(lane.staff().locator(row)).to_contain_text("working")


def test_an_input_method_reaches_the_staff_screen(another: Callable[..., Any], lanes: Callable[..., Any]) -> None:
    kiosk = another("typing", scanner="wedge")
    lane = lanes(kiosk)
    lane.begin("vi")
    expect(lane.page.locator("[data-wedge=on]")).to_be_attached()
    # As an input method does it: the keys of one letter are composed, the others come as they are.
    lane.page.evaluate(
        """() => [..."036090999991||Nguyễn Thị Mẫu|15011990|Nữ|Phố Mẫu|01022022"].forEach((key) =>
            document.body.dispatchEvent(new KeyboardEvent("keydown",
                { key, isComposing: key === "ễ", bubbles: true, cancelable: true })))"""
    )
    row = '//section[@aria-labelledby="devices"]//dl/div[contains(., "Máy quét mã")]'
    expect(lane.staff().locator(row)).to_contain_text("Hãy tắt bộ gõ")
    lane.is_at("attract")
