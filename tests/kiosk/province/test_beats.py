"""What a heartbeat says of the automatic lane."""

from datetime import UTC, datetime

import pytest

from kiosk.province.beats import lane_of
from kiosk.services.heartbeat import KIOSK
from kiosk.store.tables import DeviceState

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)


def said(part: str, *, ok: bool = True, kiosk: str = "kiosk-1") -> DeviceState:
    return DeviceState(device=kiosk, part=part, state={"ok": ok}, updated_at=NOW)


@pytest.mark.parametrize("part", ["clock", "trust", "roster", "province"])
def test_a_part_without_which_nobody_is_admitted_closes_the_lane(part: str) -> None:
    assert lane_of([said(KIOSK), said(part)], NOW) == "open"
    assert lane_of([said(KIOSK), said(part, ok=False)], NOW) == part


def test_one_kiosk_that_is_open_is_enough() -> None:
    other = [said(KIOSK, kiosk="kiosk-2"), said("province", kiosk="kiosk-2")]
    assert lane_of([said(KIOSK), said("province", ok=False), *other], NOW) == "open"
