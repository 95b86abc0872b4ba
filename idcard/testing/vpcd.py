"""A simulated card on the virtual reader of the vsmartcard project, so that any PC/SC program sees it.

Theory of operation. The driver ``vpcd`` in the PC/SC daemon listens on a TCP port and the *card* connects to it. Frames
go both ways: two bytes of length, big-endian, then that many bytes. A frame of one byte from the driver is control:
00 power off, 01 power on, 02 reset, 04 give the ATR, the only one that is answered. A longer frame is a command,
answered by one frame. A closed connection is a card that was taken away.

The driver has no password and listens on every interface: run both in a network namespace of their own.

``python -m idcard.testing.vpcd`` puts an invented citizen's card on the reader until it is interrupted.

Source: vsmartcard, ``virtualsmartcard/src/vpcd`` and its manual.
"""

import argparse
import contextlib
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from idcard.errors import IdCardError
from idcard.testing.holder import SPECIMEN
from idcard.testing.issuer import Issuer

DEFAULT_PORT = 35963
MAX_FRAME = 0xFFFF
POWER_OFF, POWER_ON, RESET, GIVE_ATR = 0x00, 0x01, 0x02, 0x04


class Card(Protocol):
    """What can be put on the virtual reader."""

    @property
    def atr(self) -> bytes:
        """The answer to reset."""

    def power_on(self) -> None:
        """Power on."""

    def power_off(self) -> None:
        """Power off."""

    def reset(self) -> None:
        """Power off and on."""

    def transmit(self, command: bytes) -> bytes:
        """The answer to a command."""


class CardServer:
    """Holds one card and puts it on the virtual reader or takes it away; a thread answers while it lies there.

    :param delay_s: seconds to wait before each answer, to be as slow as a contactless card.
    """

    def __init__(self, card: Card, host: str = "127.0.0.1", port: int = DEFAULT_PORT, *, delay_s: float = 0.0) -> None:
        self._card = card
        self._address = (host, port)
        self._delay_s = delay_s
        self._wire: socket.socket | None = None
        self._thread: threading.Thread | None = None

    @property
    def inserted(self) -> bool:
        """Whether the card lies on the reader and answers."""
        return self._thread is not None and self._thread.is_alive()

    def insert(self, *, timeout_s: float = 10.0) -> None:
        """Put the card on the reader; nothing happens if it lies there.

        :raises OSError: if no driver takes the connection within ``timeout_s`` seconds.
        """
        if self.inserted:
            return
        self.remove()
        self._wire = _connect(self._address, timeout_s)
        self._thread = threading.Thread(target=self._answer_all, args=(self._wire,), name="vpcd-card", daemon=True)
        self._thread.start()

    def remove(self) -> None:
        """Take the card away; nothing happens if it is away."""
        wire, thread = self._wire, self._thread
        self._wire = self._thread = None
        if wire is not None:
            with contextlib.suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)
        if thread is not None:
            thread.join()
        if wire is not None:
            wire.close()
        self._card.power_off()

    stop = remove

    def wait(self) -> None:
        """Wait until the card is taken away or the driver ends."""
        if self._thread is not None:
            self._thread.join()

    def __enter__(self) -> "CardServer":
        self.insert()
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def _answer_all(self, wire: socket.socket) -> None:
        """Answer frames until either side ends, or the card breaks off."""
        with contextlib.suppress(OSError, IdCardError):
            while frame := _receive_frame(wire):
                answer = self._answer(frame)
                if answer is not None:
                    wire.sendall(len(answer).to_bytes(2) + answer)
        with contextlib.suppress(OSError):
            wire.shutdown(socket.SHUT_RDWR)

    def _answer(self, frame: bytes) -> bytes | None:
        if len(frame) > 1:
            if self._delay_s:
                time.sleep(self._delay_s)
            return self._card.transmit(frame)
        if frame[0] == GIVE_ATR:
            return self._card.atr
        actions = {POWER_OFF: self._card.power_off, POWER_ON: self._card.power_on, RESET: self._card.reset}
        if frame[0] in actions:
            actions[frame[0]]()
        return None


def _connect(address: tuple[str, int], timeout_s: float) -> socket.socket:
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            wire = socket.create_connection(address, timeout=timeout_s)
        except OSError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.05)
        else:
            wire.settimeout(None)
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return wire


def _receive_frame(wire: socket.socket) -> bytes:
    """The next frame; empty when the other side has ended."""
    head = _receive(wire, 2)
    return _receive(wire, int.from_bytes(head)) if head else b""


def _receive(wire: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        # The driver sends length and body apart; without a quick acknowledgement every command waits some 40 ms.
        # The kernel forgets the option after use, so it is set each time.
        if sys.platform == "linux":
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        part = wire.recv(size - len(parts))
        if not part:
            return b""
        parts += part
    return bytes(parts)


def serve(
    card: Card,
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
    *,
    delay_s: float = 0.0,
    timeout_s: float = 10.0,
) -> CardServer:
    """Put ``card`` on the virtual reader at ``host`` and ``port``; a thread answers until ``stop()`` is called.

    :raises OSError: if no driver takes the connection within ``timeout_s`` seconds.
    """
    server = CardServer(card, host, port, delay_s=delay_s)
    server.insert(timeout_s=timeout_s)
    return server


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m idcard.testing.vpcd", description=__doc__.partition("\n")[0])
    parser.add_argument("--host", default="127.0.0.1", help="where the PC/SC daemon with the virtual reader runs")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="the port of the virtual reader")
    parser.add_argument("--issuer", type=Path, help="a directory that keeps the demonstration issuer between runs")
    parser.add_argument("--delay-ms", type=float, default=0.0, help="wait before each answer, like a contactless card")
    parser.add_argument("--timeout", type=float, default=10.0, help="how many seconds to wait for the virtual reader")
    return parser.parse_args(argv)


def _issuer(directory: Path | None) -> Issuer:
    if directory is not None and (directory / "issuer.json").exists():
        return Issuer.load(directory)
    issuer = Issuer.create(at=datetime(SPECIMEN.issued.year - 1, 1, 1, tzinfo=UTC))
    if directory is not None:
        issuer.save(directory)
    return issuer


def main(argv: Sequence[str] | None = None) -> int:
    """Serve an invented citizen's card until interrupted; the exit status of the process."""
    options = _arguments(argv)
    card = _issuer(options.issuer).issue(SPECIMEN)
    try:
        server = serve(card, options.host, options.port, delay_s=options.delay_ms / 1000, timeout_s=options.timeout)
    except OSError as error:
        print(f"no virtual reader at {options.host}:{options.port}: {error.strerror or error}", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        print(f"An invented citizen's card lies on the virtual reader. CAN: {SPECIMEN.can}", flush=True)
        server.wait()
    server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
