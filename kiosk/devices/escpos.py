"""The few words of ESC/POS that a ticket needs: a raster, a cut, and questions about the printer.

Theory of operation. Text mode has no Vietnamese letters worth the name, so a ticket is a picture: ``GS v 0`` in bands,
each a little-endian width in bytes and height in dots, then one bit a dot, the left one highest, 1 is black.
``GS V 66`` feeds to the cutter and cuts. ``DLE EOT n`` asks in real time and is answered at once, also by a printer
that has stopped; such an answer is 0xx1xx10 in bits. ``GS r 1`` waits its turn behind what was sent before, and is
answered 0xx0xxxx: its answer says that everything before it was dealt with.

The same bytes that ask in real time may stand in a picture: then the printer answers once more. Answers that nobody
waits for are therefore thrown away before each question.

Source: Epson, "ESC/POS Command Reference": DLE EOT, GS r, GS v 0, GS V, GS a, ESC @.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from kiosk.domain.printing import Condition

START = b"\x1b@\x1da\x00"
"""As switched on, and without words that nobody asked for."""
CUT = b"\x1dVB\x00"
ASK_IN_TURN = b"\x1dr\x01"
BAND_DOTS = 128
"""Dots of height sent at once: a printer with little memory takes it, and between two bands it can be asked."""

QUESTIONS = (1, 2, 3, 4)
"""The ``n`` of ``DLE EOT n``: the printer, why it is off line, its error, its paper."""

_RASTER = b"\x1dv0\x00"
_REAL_TIME_MASK, _REAL_TIME = 0x93, 0x12
_IN_TURN_MASK = 0x90


def ask(question: int) -> bytes:
    """The real-time question of this number."""
    return bytes([0x10, 0x04, question])


def is_real_time(byte: int) -> bool:
    """Whether this byte answers a real-time question."""
    return byte & _REAL_TIME_MASK == _REAL_TIME


def is_in_turn(byte: int) -> bool:
    """Whether this byte answers :data:`ASK_IN_TURN`."""
    return byte & _IN_TURN_MASK == 0


@dataclass(frozen=True, slots=True)
class Raster:
    """A picture as a printer takes it: ``data`` holds ``width_bytes`` for each row, 1 is black."""

    width_bytes: int
    data: bytes

    @classmethod
    def of(cls, png: bytes) -> "Raster":
        """The raster of a one-bit PNG; white dots fill its width up to whole bytes.

        :raises ValueError: if the picture has more than black and white.
        """
        with Image.open(io.BytesIO(png)) as image:
            if image.mode != "1":
                raise ValueError("a ticket is printed in black and white")
            black = image.point(lambda dot: not dot)
            return cls((image.width + 7) // 8, black.tobytes())

    def bands(self) -> Iterator[bytes]:
        """The commands that print it, one for each band."""
        step = self.width_bytes * BAND_DOTS
        for start in range(0, len(self.data), step):
            part = self.data[start : start + step]
            yield _RASTER + _two(self.width_bytes) + _two(len(part) // self.width_bytes) + part


def condition_of(answers: dict[int, int]) -> Condition:
    """How a printer is that gave these answers, by the number of the question; an unanswered one says nothing bad."""
    offline, error, paper = answers.get(2, 0), answers.get(3, 0), answers.get(4, 0)
    if paper & _PAPER_OUT or offline & _STOPPED_FOR_PAPER:
        return Condition.PAPER_OUT
    if offline & _COVER_OPEN:
        return Condition.COVER_OPEN
    if error & _STUCK:
        return Condition.JAM
    if answers.get(1, 0) & _OFFLINE or error & _WILL_PASS:
        return Condition.OFFLINE
    return Condition.PAPER_LOW if paper & _PAPER_LOW else Condition.READY


_OFFLINE = 0x08
_COVER_OPEN, _STOPPED_FOR_PAPER = 0x04, 0x20
_STUCK = 0x04 | 0x08 | 0x20
"""A mechanical error, the cutter's, or one that does not go by itself."""
_WILL_PASS = 0x40
_PAPER_LOW, _PAPER_OUT = 0x0C, 0x60


def _two(number: int) -> bytes:
    return number.to_bytes(2, "little")
