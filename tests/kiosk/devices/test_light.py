"""The staff-call light on a real pseudo-terminal: the bytes of an LCUS-1 relay, and being unplugged."""

import os
import select
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.devices.light import SerialLight, frame
from kiosk.devices.serial_twin import SerialTwin

ON, OFF = bytes.fromhex("a00101a2"), bytes.fromhex("a00100a1")


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[SerialTwin]:
    twin = SerialTwin(tmp_path / "relay")
    yield twin
    twin.unplug()


def heard(twin: SerialTwin) -> bytes:
    assert twin._ends is not None
    ready, _, _ = select.select([twin._ends[0]], [], [], 2)
    return os.read(twin._ends[0], 64) if ready else b""


def test_the_frames_are_those_of_the_relay() -> None:
    assert (frame(True), frame(False)) == (ON, OFF)
    assert frame(True, 2) == bytes.fromhex("a00201a3")


def test_it_is_lit_and_put_out(twin: SerialTwin, tmp_path: Path) -> None:
    light = SerialLight(str(tmp_path / "relay"))
    light.show(True)
    assert light.connected
    assert heard(twin) == ON
    light.show(True)
    light.show(False)
    assert heard(twin) == OFF
    light.show(True)
    assert heard(twin) == ON
    light.close()
    assert heard(twin) == OFF
    assert not light.connected


def test_a_relay_that_is_plugged_in_again_is_told_again(twin: SerialTwin, tmp_path: Path) -> None:
    light = SerialLight(str(tmp_path / "relay"), again_s=0.0)
    light.show(True)
    assert heard(twin) == ON
    twin.unplug()
    deadline = time.monotonic() + 5
    while light.connected and time.monotonic() < deadline:
        light.show(True)
    assert not light.connected
    twin.plug()
    light.show(True)
    assert light.connected
    assert heard(twin) == ON
    light.close()


def test_no_relay_is_no_error(tmp_path: Path) -> None:
    light = SerialLight(str(tmp_path / "none"))
    light.show(True)
    assert not light.connected
    light.close()
