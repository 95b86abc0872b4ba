"""What the lines between clinics and hub do to requests, drawn from the seed.

| Fault | |
| --- | --- |
| cut | a clinic's line is down for a while: ten to ninety minutes of its day, at three clinics of ten |
| loss | one request of twenty never arrives; one answer of twenty is lost on the way back |
| duplicates | one request of twenty arrives twice, and an old one comes again later |
| reordering | one request of ten leaves events out and bears the rest upside down: the hub sees holes |
| slow | one request of ten takes up to a second longer |
"""

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kiosk.lab.province import OPENS_S, source

_CUT_AT, _CUT_MINUTES = 0.3, (10, 90)
_TWENTIETH, _TENTH = 0.05, 0.1
_CUT_WITHIN_S: Final = 5 * 3600


class Fault(StrEnum):
    """What may happen to a line."""

    CUT = "cut"
    LOSS = "loss"
    DUPLICATES = "duplicates"
    REORDERING = "reordering"
    SLOW = "slow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What happens to one request.

    :ivar held_back: whether events are left out and the rest turned round.
    :ivar arrives: whether the hub gets it. :ivar is_answered: whether the clinic gets the answer.
    """

    arrives: bool = True
    is_answered: bool = True
    twice: bool = False
    replays: bool = False
    held_back: bool = False
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """When a clinic's line is down, in seconds of its day."""

    begin_s: float = 0.0
    end_s: float = 0.0


class Weather:
    """The faults of one clinic's line."""

    def __init__(self, faults: frozenset[Fault], seed: int, clinic: str) -> None:
        self._faults = faults
        self._draw = source(seed, "faults", clinic)
        self.cut = _cut(source(seed, "cut", clinic)) if Fault.CUT in faults else Cut()

    def is_cut(self, at_s: float) -> bool:
        """Whether the line is down at this second of the day."""
        return self.cut.begin_s <= at_s < self.cut.end_s

    def next(self) -> Fate:
        """What happens to the next request."""
        # Drawn all in one order, whichever faults there are: so one more of them changes none of the others.
        lost, unheard, twice, again, turned, slow = (self._draw.random() for _ in range(6))
        delay = self._draw.random()
        has = self._faults.__contains__
        return Fate(
            arrives=not (has(Fault.LOSS) and lost < _TWENTIETH),
            is_answered=not (has(Fault.LOSS) and unheard < _TWENTIETH),
            twice=has(Fault.DUPLICATES) and twice < _TWENTIETH,
            replays=has(Fault.DUPLICATES) and again < _TWENTIETH,
            held_back=has(Fault.REORDERING) and turned < _TENTH,
            delay_s=delay if has(Fault.SLOW) and slow < _TENTH else 0.0,
        )


def _cut(draw: random.Random) -> Cut:
    if draw.random() >= _CUT_AT:
        return Cut()
    begin = OPENS_S + draw.random() * _CUT_WITHIN_S
    return Cut(begin_s=begin, end_s=begin + 60 * draw.uniform(*_CUT_MINUTES))
