"""The serial scanner against its simulated twin on a pseudo-terminal: bytes, being unplugged, and no port at all."""

import ast
import inspect
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.devices.scanner import SerialScanner
from kiosk.devices.serial_twin import SerialTwin

CARD = "036090999991||Nguyễn Thị Mẫu|15011990|Nữ|Số 1, Phố Mẫu|01022022".encode()


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[SerialTwin]:
    twin = SerialTwin(tmp_path / "scanner")
    yield twin
    twin.unplug()


@pytest.fixture
def scanner(tmp_path: Path, twin: SerialTwin) -> Iterator[SerialScanner]:
    scanner = SerialScanner(str(tmp_path / "scanner"), again_s=0.02)
    assert scanner.read(0.01) == b""
    assert scanner.connected
    yield scanner
    scanner.close()


def read(scanner: SerialScanner, length: int) -> bytes:
    received, deadline = b"", time.monotonic() + 10
    while len(received) < length and time.monotonic() < deadline:
        received += scanner.read(0.05)
    return received


def test_bytes_come_as_they_were_sent(scanner: SerialScanner, twin: SerialTwin) -> None:
    for sent in (CARD, bytes(range(256)), b"a\rb\nc\x03\x04\x11\x13d\xff"):
        twin.send([sent])
        assert read(scanner, len(sent)) == sent


def test_nothing_comes_back_to_the_scanner(scanner: SerialScanner, twin: SerialTwin) -> None:
    twin.send([CARD[:10], CARD[10:]], pause_s=0.01)
    assert read(scanner, len(CARD)) == CARD
    assert scanner.read(0.02) == b""


def test_it_comes_back_after_it_was_unplugged(scanner: SerialScanner, twin: SerialTwin) -> None:
    for _ in range(3):
        twin.unplug()
        deadline = time.monotonic() + 5
        while scanner.connected and time.monotonic() < deadline:
            assert scanner.read(0.01) == b""
        assert not scanner.connected
        with pytest.raises(OSError, match="unplugged"):
            twin.send([CARD])
        twin.plug()
        while not scanner.connected and time.monotonic() < deadline:
            scanner.read(0.01)
        twin.send([CARD])
        assert read(scanner, len(CARD)) == CARD


def test_what_was_scanned_while_nobody_listened_is_dropped(tmp_path: Path, twin: SerialTwin) -> None:
    twin.send([CARD])
    late = SerialScanner(str(tmp_path / "scanner"))
    assert late.read(0.02) == b""
    late.close()


@pytest.mark.parametrize("port", ["missing", "file"])
def test_no_port_is_no_error_and_costs_nothing(tmp_path: Path, port: str) -> None:
    (tmp_path / "file").write_bytes(b"no port")
    scanner = SerialScanner(str(tmp_path / port), again_s=60)
    started = time.monotonic()
    assert [scanner.read(0.02) for _ in range(3)] == [b""] * 3
    assert 0.05 < time.monotonic() - started < 5
    assert not scanner.connected
    scanner.close()


def test_an_unknown_speed_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="speeds"):
        SerialScanner("/dev/ttyACM0", speed=14401)


def test_one_port_has_one_reader(scanner: SerialScanner, twin: SerialTwin, tmp_path: Path) -> None:
    """Two programs on one scanner would each get half a code."""
    second = SerialScanner(str(tmp_path / "scanner"), again_s=0.02)
    assert second.read(0.01) == b""
    assert not second.connected
    twin.send([CARD])
    assert read(scanner, len(CARD)) == CARD


def test_nothing_of_it_needs_one_operating_system() -> None:
    """Windows has no ``termios``; the module that knows which system this is, is pyserial."""
    tree = ast.parse(Path(inspect.getfile(SerialScanner)).read_text("utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert imported == {"time", "serial", "structlog"}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
