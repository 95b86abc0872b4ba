"""The PC/SC desk where no service runs: it says so, and asks again at growing intervals."""

import time
from pathlib import Path

import pytest

from idcard import ReaderMissing, TransportError
from kiosk.devices.reader import PcscDesk


@pytest.fixture
def no_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PCSCLITE_CSOCK_NAME", str(tmp_path / "nobody"))


@pytest.mark.usefixtures("no_service")
def test_a_missing_service_is_said_and_asked_for_at_growing_intervals() -> None:
    desk = PcscDesk(first_pause_s=0.05, longest_pause_s=0.1)
    started = time.monotonic()
    for _ in range(4):
        with pytest.raises(ReaderMissing):
            desk.wait(10)
    assert 0.05 + 0.1 + 0.1 <= time.monotonic() - started < 5
    desk.close()


@pytest.mark.usefixtures("no_service")
def test_a_pause_longer_than_the_wait_is_waited_in_parts() -> None:
    desk = PcscDesk(first_pause_s=60)
    for _ in range(2):
        started = time.monotonic()
        with pytest.raises(ReaderMissing):
            desk.wait(0.02)
        assert time.monotonic() - started < 5


@pytest.mark.usefixtures("no_service")
def test_no_card_can_be_had_from_a_missing_reader() -> None:
    with pytest.raises(TransportError):
        PcscDesk("no such reader").connect()
