"""Whoever comes otherwise, on the whole kiosk: a number that is not linked, a child, an emergency, a foreigner."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from kiosk.demo.people import citizens

pytestmark = pytest.mark.serial

LaneOf = Callable[..., Any]
Axe = Callable[[Page], list[str]]
ADMITTED = re.compile(r"Số (\d+) đã được tiếp nhận vào")


@pytest.fixture(scope="module")
def kiosk(another: Callable[..., Any]) -> Any:
    """A kiosk whose day these tests are."""
    return another("other-ways")


def arrive(lane: Any, way: str, axe: Axe) -> Page:
    """The form of a way, for somebody who never stood before the machine."""
    page: Page = lane.staff()
    page.locator(f"#way-{way}").click()
    expect(page.locator("#admit")).to_be_visible()
    assert axe(page) == []
    return page


def fill(page: Page, **values: str) -> None:
    for name, value in values.items():
        page.locator(f"#{name}").fill(value)


def admitted(page: Page) -> str:
    """The number under which the form admitted somebody."""
    page.locator("#admit").click()
    said = page.get_by_role("status").filter(has_text=ADMITTED)
    expect(said).to_be_visible()
    found = ADMITTED.search(said.inner_text())
    assert found is not None
    return found[1]


def refused(lane: Any, page: Page) -> None:
    """Send a form that is refused: the page says so with 422, and the browser's console repeats that."""
    page.locator("#admit").click()
    expect(page.locator("#problem, #refused").first).to_be_visible()
    said = [complaint for complaint in lane.complaints if "422" in complaint]
    assert said
    for complaint in said:
        lane.complaints.remove(complaint)


def test_a_number_that_is_not_linked_goes_on_and_asks_for_the_link(
    kiosk: Any, lane_of: LaneOf, people: Mapping[str, Mapping[str, Any]], axe: Axe
) -> None:
    lane, who = lane_of(kiosk), citizens()["not-linked"]
    lane.read("not-linked")
    lane.is_at("desk")
    number = str(lane.page.locator(".slip-desk .number").inner_text())
    lane.shows_nobody(people["not-linked"])
    page = lane.staff()
    lane.row(page, "tickets", number).locator('[id^="ways-"]').click()
    page.locator("#way-chip_and_number").click()
    assert axe(page) == []
    fill(page, insurance=who.insurance_number)
    assert admitted(page) == number
    expect(lane.row(page, "admissions", number)).to_contain_text("chip thật")
    page.goto(f"{kiosk.staff}/worklist?lang=vi")
    expect(page.locator("table").first).to_contain_text(who.insurance_number)
    lane.picture("staff-link-asked", page)


def test_a_child_is_admitted_with_a_guardian(kiosk: Any, lane_of: LaneOf, axe: Axe) -> None:
    lane = lane_of(kiosk)
    page = arrive(lane, "child", axe)
    fill(page, name="Trần Văn Bé", birth="01/02/2024")
    page.locator('input[name="paper"][value="birth_notification"]').check()
    refused(lane, page)
    expect(page.locator("main")).to_contain_text("Cần người giám hộ")
    fill(page, guardian_name="Trần Thị Mẹ", guardian_birth="1990", guardian_number="036190900003")
    row = lane.row(page, "admissions", admitted(page))
    for words in ("Trần Văn Bé", "Trần Thị Mẹ"):
        expect(row).to_contain_text(words)


def test_an_emergency_is_admitted_before_anybody_asks_who_it_is(kiosk: Any, lane_of: LaneOf, axe: Axe) -> None:
    lane = lane_of(kiosk)
    page = arrive(lane, "emergency", axe)
    number = admitted(page)
    expect(lane.row(page, "admissions", number)).to_contain_text("Cấp cứu")
    expect(page.locator("body")).to_contain_text("Giấy tờ còn thiếu đã được ghi lại")


def test_a_foreigner_with_somebody_elses_number_is_compared(kiosk: Any, lane_of: LaneOf, axe: Axe) -> None:
    lane = lane_of(kiosk)
    insured = citizens()["over-75"]
    page = arrive(lane, "foreigner", axe)
    fill(page, name="Maria Schmidt", birth="01/02/1980", passport="C01X00T47", insurance=insured.insurance_number)
    page.locator('input[name="paper"][value="passport"]').check()
    # Somebody else's insurance number: the roster keeps another name with it.
    refused(lane, page)
    expect(page.locator("#refused")).to_be_visible()
    lane.picture("staff-foreigner-refused", page)
