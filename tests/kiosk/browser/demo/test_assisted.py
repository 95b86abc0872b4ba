"""Assisted mode as it runs: a machine that waits for its clerk, a visit with the clerk beside, and whose it was."""

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from kiosk.demo.clerks import CLERKS

pytestmark = pytest.mark.serial

CITIZEN = "insured-2024"
LEAD = CLERKS[1].sign
WAITS = "Màn hình này do nhân viên mở"


def test_a_clerk_opens_the_machine_helps_and_is_written_down(
    another: Callable[..., Any], lanes: Callable[..., Any], axe: Callable[[Page], list[str]]
) -> None:
    kiosk = another("assisted", assisted=True, device="assist-1")
    lane = lanes(kiosk)
    lane.bench.goto(f"{kiosk.bench}/?lang=vi")
    expect(lane.page.get_by_text(WAITS)).to_be_visible()
    assert axe(lane.page) == []
    lane.picture("assisted-waits")
    staff = lane.staff()
    staff.locator("#assist-begin").click()
    expect(staff.locator("#helper")).to_contain_text(LEAD)
    assert staff.locator("#assist-open").get_attribute("href") == f"{kiosk.patient}/"
    lane.is_at("attract")
    lane.read(CITIZEN)
    lane.is_at("confirm")
    lane.page.get_by_role("button", name="Nội tổng quát").click()
    lane.is_at("ticket")
    lane.picture("assisted-desk", staff)
    staff.locator("#assist-end").click()
    expect(lane.page.get_by_text(WAITS)).to_be_visible(timeout=20_000)
    assert rows(kiosk, "SELECT device, state, proved_by, assisted_by FROM visit") == [
        ("assist-1", "admitted", "chip", LEAD)
    ]
    kinds = [kind for (kind,) in rows(kiosk, "SELECT kind FROM audit WHERE device LIKE 'desk-%' ORDER BY seq")]
    assert [kind for kind in kinds if kind.startswith("assist")] == ["assist_began", "assist_ended"]


def rows(kiosk: Any, query: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(kiosk.store)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()
