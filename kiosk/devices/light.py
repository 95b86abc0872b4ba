"""A lamp that calls staff, switched by a relay on a serial port.

The protocol is that of the one-channel USB relay LCUS-1 (a CH340 behind it, 9600 bits a second) and of the many that
copy it: a frame is ``A0``, the channel from 1, ``01`` for on or ``00`` for off, and the sum of the three, cut to a
byte. The relay answers nothing, so that it took a frame is known only of the port.
"""

import time

import serial
import structlog

SPEED = 9600
_START, _CHANNEL = 0xA0, 0x01
_log = structlog.get_logger(__name__)


def frame(lit: bool, channel: int = _CHANNEL) -> bytes:
    """What switches a channel of the relay."""
    body = bytes([_START, channel, int(lit)])
    return body + bytes([sum(body) & 0xFF])


class SerialLight:
    """A :class:`~kiosk.ports.Light` on a serial port.

    It is told again every ``again_s`` seconds: a relay that was unplugged forgets.
    """

    def __init__(self, port: str, *, again_s: float = 2.0) -> None:
        self._name = port
        self._again_s = again_s
        self._port: serial.Serial | None = None
        self._shown: bool | None = None
        self._not_before = 0.0

    @property
    def connected(self) -> bool:
        """Whether it took what it was last told."""
        return self._port is not None

    def show(self, lit: bool) -> None:
        """Light it, or put it out; one that is missing is tried again the next time."""
        if lit == self._shown and time.monotonic() < self._not_before:
            return
        self._not_before = time.monotonic() + self._again_s
        self._shown = lit
        try:
            if self._port is None:
                self._port = serial.Serial(self._name, SPEED, exclusive=True, write_timeout=1.0)
                _log.info("light_connected")
            self._port.write(frame(lit))
            self._port.flush()
        except OSError as error:
            if self._port is not None:
                _log.warning("light_missing", errno=error.errno)
            self._drop()

    def close(self) -> None:
        """Put it out, and let go of the port."""
        self._shown = None
        if self._port is not None:
            self.show(False)
        self._drop()

    def _drop(self) -> None:
        if self._port is not None:
            self._port.close()
            self._port = None
