"""A USB scanner as serial port (CDC ACM, "USB-COM"): bytes as they come, and again after it was unplugged.

By pyserial, because one program then serves Linux and Windows. It has had no release since 2020; its interface to both
systems has not changed since, and what of it is used here runs over a real pseudo-terminal in the tests. A scanner
that poses as a keyboard is read by the browser instead, see ``web/static/js/wedge.js``.
"""

import time

import serial
import structlog

SPEED = 9600
SPEEDS = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
"""Bits a second. They matter to a scanner behind a real serial line; a USB one takes any."""

_CHUNK = 4096
_log = structlog.get_logger(__name__)


class SerialScanner:
    """A :class:`~kiosk.ports.Scanner` on a serial port.

    :param port: the file of the device (a name under ``/dev/serial/by-id`` survives another socket), or ``COM3``.
    :param again_s: how long to wait before a missing scanner is tried again.
    :raises ValueError: if no serial line has that speed.
    """

    def __init__(self, port: str, *, speed: int = SPEED, again_s: float = 1.0) -> None:
        if speed not in SPEEDS:
            raise ValueError(f"a serial line has one of the speeds {SPEEDS}")
        self._name = port
        self._speed = speed
        self._again_s = again_s
        self._port: serial.Serial | None = None
        self._not_before = 0.0
        self._told_missing = False

    @property
    def connected(self) -> bool:
        """Whether the port is open."""
        return self._port is not None

    def read(self, timeout_s: float) -> bytes:
        """What came within the time-out: nothing where nothing did, or where the scanner is missing."""
        try:
            return _read(self._opened(), timeout_s)
        except OSError as error:
            self._lost(error)
            time.sleep(min(timeout_s, self._again_s))
            return b""

    def close(self) -> None:
        """Let go of the port."""
        if self._port is not None:
            self._port.close()
            self._port = None

    def _opened(self) -> serial.Serial:
        """The port: bytes as they are, eight bits, no parity, nobody else's; what was sent to nobody is dropped."""
        if self._port is not None:
            return self._port
        if time.monotonic() < self._not_before:
            raise OSError("it is too early to try again")
        self._port = serial.Serial(self._name, self._speed, exclusive=True)
        self._told_missing = False
        _log.info("scanner_connected")
        return self._port

    def _lost(self, error: OSError) -> None:
        if self._port is not None or time.monotonic() >= self._not_before:
            self._not_before = time.monotonic() + self._again_s
        self.close()
        if not self._told_missing:
            self._told_missing = True
            _log.warning("scanner_missing", errno=error.errno)


def _read(port: serial.Serial, timeout_s: float) -> bytes:
    """The first byte as soon as it comes, and what came with it."""
    port.timeout = timeout_s
    first: bytes = port.read(1)
    return first + port.read(min(port.in_waiting, _CHUNK)) if first else b""
