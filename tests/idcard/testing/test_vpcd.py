"""The card side of the virtual reader's protocol, against a driver made of one socket."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from idcard.iso7816.apdu import ResponseApdu
from idcard.testing import Holder, Issuer, SimulatedCard, vpcd
from idcard.testing.records import VIETNAMESE_CARD_ACCESS

READ_CARD_ACCESS = bytes.fromhex("00B09C0000")
OPENED = VIETNAMESE_CARD_ACCESS + b"\x90\x00"


class Driver:
    """Listens as the driver does; sends length and body apart, as it does."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(20)
        self._wire: socket.socket | None = None

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    def take_card(self) -> None:
        if self._wire is not None:
            self._wire.close()
        self._wire, _ = self._listener.accept()
        self._wire.settimeout(20)

    @property
    def wire(self) -> socket.socket:
        assert self._wire is not None
        return self._wire

    def send(self, body: bytes) -> None:
        self.wire.sendall(len(body).to_bytes(2))
        self.wire.sendall(body)

    def ask(self, body: bytes) -> bytes:
        self.send(body)
        return self._receive(int.from_bytes(self._receive(2)))

    def _receive(self, size: int) -> bytes:
        received = b""
        while len(received) < size:
            part = self.wire.recv(size - len(received))
            assert part, "the card is gone"
            received += part
        return received

    def card_is_gone(self) -> bool:
        try:
            return self.wire.recv(1) == b""
        except ConnectionResetError:
            return True

    def close(self) -> None:
        if self._wire is not None:
            self._wire.close()
        self._listener.close()


@pytest.fixture
def driver() -> Iterator[Driver]:
    driver = Driver()
    yield driver
    driver.close()


@pytest.fixture
def card(issuer: Issuer, holder: Holder) -> SimulatedCard:
    return issuer.issue(holder)


@pytest.fixture
def server(driver: Driver, card: SimulatedCard) -> Iterator[vpcd.CardServer]:
    server = vpcd.serve(card, port=driver.port)
    driver.take_card()
    yield server
    server.stop()


def test_the_atr_is_the_only_control_that_is_answered(
    driver: Driver, server: vpcd.CardServer, card: SimulatedCard
) -> None:
    driver.send(b"\x01")
    driver.send(b"\x02")
    driver.send(b"\x09")
    assert driver.ask(b"\x04") == card.atr
    assert driver.ask(READ_CARD_ACCESS) == OPENED


def test_a_reset_ends_the_session(driver: Driver, server: vpcd.CardServer) -> None:
    driver.send(b"\x01")
    assert driver.ask(bytes.fromhex("00A4020C02011C")) == b"\x90\x00"
    assert ResponseApdu.from_bytes(driver.ask(bytes.fromhex("00B0000001"))).ok
    driver.send(b"\x02")
    assert ResponseApdu.from_bytes(driver.ask(bytes.fromhex("00B0000001"))).sw == 0x6986


def test_a_card_is_taken_away_and_put_back(driver: Driver, server: vpcd.CardServer) -> None:
    assert server.inserted
    server.remove()
    assert not server.inserted
    assert driver.card_is_gone()
    server.insert()
    driver.take_card()
    driver.send(b"\x01")
    assert driver.ask(READ_CARD_ACCESS) == OPENED
    server.insert()
    assert driver.ask(READ_CARD_ACCESS) == OPENED
    server.stop()
    server.stop()
    assert driver.card_is_gone()


def test_a_card_without_power_leaves(driver: Driver, server: vpcd.CardServer) -> None:
    driver.send(b"\x00")
    driver.send(READ_CARD_ACCESS)
    assert driver.card_is_gone()
    server.wait()
    assert not server.inserted


def test_the_driver_may_end_first(driver: Driver, server: vpcd.CardServer) -> None:
    driver.close()
    server.wait()
    assert not server.inserted


def test_a_server_is_a_context(driver: Driver, card: SimulatedCard) -> None:
    with vpcd.CardServer(card, port=driver.port, delay_s=0.001):
        driver.take_card()
        driver.send(b"\x01")
        assert driver.ask(READ_CARD_ACCESS) == OPENED
    assert driver.card_is_gone()


def test_without_a_driver_there_is_an_error(driver: Driver, card: SimulatedCard) -> None:
    port = driver.port
    driver.close()
    with pytest.raises(ConnectionRefusedError):
        vpcd.serve(card, port=port, timeout_s=0.1)


def test_the_command_serves_an_invented_card(driver: Driver, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-m", "idcard.testing.vpcd", "--port", str(driver.port)]
    for _ in range(2):
        process = subprocess.Popen([*command, "--issuer", str(tmp_path)], stdout=subprocess.PIPE, env=os.environ)
        try:
            driver.take_card()
            driver.send(b"\x01")
            assert driver.ask(READ_CARD_ACCESS) == OPENED
            assert process.stdout is not None
            assert b"999991" in process.stdout.readline()
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=20)
        assert process.returncode == 0
    assert (tmp_path / "csca.cer").exists()


def test_the_command_says_that_no_reader_is_there(driver: Driver) -> None:
    port = str(driver.port)
    driver.close()
    command = [sys.executable, "-m", "idcard.testing.vpcd", "--port", port, "--timeout", "0"]
    result = subprocess.run(command, capture_output=True, check=False, timeout=60)
    assert result.returncode == 1
    assert result.stderr.decode().startswith("no virtual reader at 127.0.0.1")
    assert len(result.stderr.splitlines()) == 1
