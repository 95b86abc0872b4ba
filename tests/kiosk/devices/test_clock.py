"""Clocks: one tells the time, the other is told."""

from datetime import UTC, datetime, timedelta

import pytest

from kiosk.devices.clock import ManualClock, SystemClock


def test_the_machines_clock_is_in_utc_and_never_goes_back() -> None:
    clock = SystemClock()
    assert clock.now().tzinfo is UTC
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)
    assert clock.monotonic() <= clock.monotonic()


def test_a_clock_set_by_hand_moves_when_told() -> None:
    start = datetime(2026, 11, 23, tzinfo=UTC)
    clock = ManualClock(start)
    clock.advance(1.5)
    assert (clock.now(), clock.monotonic()) == (start + timedelta(seconds=1.5), 1.5)
    clock.set(start)
    assert (clock.now(), clock.monotonic()) == (start, 1.5)
    with pytest.raises(ValueError, match="back"):
        clock.advance(-1)
