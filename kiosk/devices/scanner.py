"""A USB scanner as serial port (CDC ACM, "USB-COM"): bytes as they come, and again after it was unplugged.

The operating system's own interface is enough: pyserial has had no release since 2020 and adds nothing that is needed
here. A scanner that poses as a keyboard is read by the browser instead, see ``web/static/js/wedge.js``.
"""

import os
import select
import termios
import time
import tty

import structlog

SPEED = 9600
SPEEDS = {
    1200: termios.B1200,
    2400: termios.B2400,
    4800: termios.B4800,
    9600: termios.B9600,
    19200: termios.B19200,
    38400: termios.B38400,
    57600: termios.B57600,
    115200: termios.B115200,
}
"""Bits a second. They matter to a scanner behind a real serial line; a USB one takes any."""

_CHUNK = 4096
_log = structlog.get_logger(__name__)


class SerialScanner:
    """A :class:`~kiosk.ports.Scanner` on a serial port.

    :param port: the device's file; a name under ``/dev/serial/by-id`` survives another socket.
    :param again_s: how long to wait before a missing scanner is tried again.
    """

    def __init__(self, port: str, *, speed: int = SPEED, again_s: float = 1.0) -> None:
        self._port = port
        self._speed = SPEEDS[speed]
        self._again_s = again_s
        self._file: int | None = None
        self._not_before = 0.0
        self._told_missing = False

    @property
    def connected(self) -> bool:
        """Whether the port is open."""
        return self._file is not None

    def read(self, timeout_s: float) -> bytes:
        """What came within the time-out: nothing where nothing did, or where the scanner is missing."""
        try:
            return self._read(self._opened(), timeout_s)
        except OSError as error:
            self._lost(error)
            time.sleep(min(timeout_s, self._again_s))
            return b""

    def close(self) -> None:
        """Let go of the port."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _read(self, file: int, timeout_s: float) -> bytes:
        ready, _, _ = select.select([file], [], [], timeout_s)
        if not ready:
            return b""
        sent = os.read(file, _CHUNK)
        if not sent:
            raise OSError("the scanner was unplugged")
        return sent

    def _opened(self) -> int:
        if self._file is not None:
            return self._file
        if time.monotonic() < self._not_before:
            raise OSError("it is too early to try again")
        file = os.open(self._port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            self._set_up(file)
        except (OSError, termios.error) as error:
            os.close(file)
            raise OSError("this is no serial port") from error
        self._file, self._told_missing = file, False
        _log.info("scanner_connected")
        return file

    def _set_up(self, file: int) -> None:
        """Bytes as they are, eight bits, no parity; what was sent to nobody is dropped."""
        tty.setraw(file, termios.TCSANOW)
        settings = termios.tcgetattr(file)
        settings[2] |= termios.CLOCAL | termios.CREAD
        settings[4] = settings[5] = self._speed
        termios.tcsetattr(file, termios.TCSANOW, settings)
        termios.tcflush(file, termios.TCIFLUSH)

    def _lost(self, error: OSError) -> None:
        if self._file is not None or time.monotonic() >= self._not_before:
            self._not_before = time.monotonic() + self._again_s
        self.close()
        if not self._told_missing:
            self._told_missing = True
            _log.warning("scanner_missing", errno=error.errno)
