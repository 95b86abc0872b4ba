"""A code under the scanner is a code before the camera: the same visit follows, and the same mistakes are said."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kiosk.devices.scanner import SerialScanner
from kiosk.devices.serial_twin import SerialTwin
from kiosk.domain.flow import Screen
from kiosk.services.parts import ScannerHealth
from kiosk.services.scanner_thread import ScannerThread


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[SerialTwin]:
    twin = SerialTwin(tmp_path / "scanner")
    yield twin
    twin.unplug()


@pytest.fixture
def health(kiosk: Any) -> ScannerHealth:
    return ScannerHealth(kiosk.checkin)


@pytest.fixture
def thread(kiosk: Any, health: ScannerHealth, tmp_path: Path, twin: SerialTwin) -> Iterator[ScannerThread]:
    scanner = SerialScanner(str(tmp_path / "scanner"), again_s=0.02)
    assert scanner.read(0.01) == b""
    thread = ScannerThread(scanner=scanner, patient=kiosk.patient, health=health, clock=kiosk.clock)
    yield thread
    thread.stop()


def scan(kiosk: Any, thread: ScannerThread, twin: SerialTwin, sent: bytes) -> Screen:
    """Send those bytes, let them be taken, and let the quiet pass."""
    twin.send([sent], pause_s=0.02)
    thread.turn()
    kiosk.clock.advance(0.2)
    thread.turn()
    return kiosk.screen


def test_a_scanned_card_is_read_with_its_key(kiosk: Any, thread: ScannerThread, twin: SerialTwin) -> None:
    text = kiosk.holders["insured"].card_qr_text().encode()
    assert scan(kiosk, thread, twin, text[:30] + b"\r\n" + text[30:] + b"\r\n") is Screen.PLACE_CARD
    kiosk.put("insured")
    assert kiosk.turn().screen is Screen.CONFIRM


def test_the_same_scan_within_five_seconds_counts_once(kiosk: Any, thread: ScannerThread, twin: SerialTwin) -> None:
    text = kiosk.holders["insured"].card_qr_text().encode()
    assert scan(kiosk, thread, twin, text) is Screen.PLACE_CARD
    kiosk.patient.stop()
    kiosk.clock.advance(4)
    assert scan(kiosk, thread, twin, text) is Screen.ATTRACT
    kiosk.clock.advance(5.5)
    assert scan(kiosk, thread, twin, text) is Screen.PLACE_CARD


@pytest.mark.parametrize("sent", [b"https://example.vn/hello", b"8934588063053"])
def test_another_code_is_said_to_be_another(kiosk: Any, thread: ScannerThread, twin: SerialTwin, sent: bytes) -> None:
    assert scan(kiosk, thread, twin, sent) is Screen.ATTRACT
    assert kiosk.view.hint == "qr_unknown"


def test_half_a_card_does_nothing(kiosk: Any, thread: ScannerThread, twin: SerialTwin) -> None:
    text = kiosk.holders["insured"].card_qr_text().encode()
    assert scan(kiosk, thread, twin, text[:40] + b"\r\n") is Screen.ATTRACT
    assert kiosk.view.hint == ""


def test_a_code_where_none_is_of_use_is_ignored(kiosk: Any, thread: ScannerThread, twin: SerialTwin) -> None:
    kiosk.admit("insured")
    assert scan(kiosk, thread, twin, kiosk.holders["old"].card_qr_text().encode()) is Screen.TICKET


def test_the_running_thread_survives_being_unplugged(kiosk: Any, thread: ScannerThread, twin: SerialTwin) -> None:
    thread.start()
    twin.unplug()
    time.sleep(0.1)
    twin.plug()
    text = kiosk.holders["insured"].card_qr_text().encode()
    deadline = time.monotonic() + 20
    while kiosk.screen is not Screen.PLACE_CARD and time.monotonic() < deadline:
        twin.send([text], pause_s=0.1)
        kiosk.clock.advance(0.2)
        time.sleep(0.1)
    assert kiosk.screen is Screen.PLACE_CARD


def told(kiosk: Any) -> list[Any]:
    """What staff see of the scanner."""
    return [row.state for row in kiosk.staff.devices() if row.part == "scanner"]


def test_staff_see_that_a_scanner_is_missing_and_that_it_is_back(
    kiosk: Any, thread: ScannerThread, twin: SerialTwin
) -> None:
    thread.turn()
    assert told(kiosk) == [{"ok": True}]
    twin.unplug()
    thread.turn()
    assert told(kiosk) == [{"ok": False, "reason": "missing"}]
    twin.plug()
    deadline = time.monotonic() + 10
    while told(kiosk) != [{"ok": True}] and time.monotonic() < deadline:
        thread.turn()
    assert told(kiosk) == [{"ok": True}]


def test_a_scanner_that_is_there_no_more_is_forgotten(kiosk: Any, health: ScannerHealth) -> None:
    health.missing()
    ScannerHealth(kiosk.checkin).unknown()
    assert told(kiosk) == []


def test_an_input_method_is_told_until_a_scan_comes_whole(kiosk: Any, health: ScannerHealth) -> None:
    health.spoilt()
    assert told(kiosk) == [{"ok": False, "reason": "input_method"}]
    health.works()
    assert told(kiosk) == [{"ok": True}]
