"""The clinics of a province and when people come to them: drawn from a seed, the same each time.

Theory of operation. Clinics are unlike: one hospital sees two thousand people a day, most stations ten to twenty-five;
the mean is forty. Six of ten come between 06:30 and 09:00, in the worst quarter of an hour two and a half times as many
as on average in that time. Within a quarter of an hour people come as they like.

Every clinic draws from a source of its own, made of the seed and its number: so what happens at one does not depend on
how many others there are.
"""

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

SLOT_S: Final = 900
OPENS_S: Final = 6 * 3600 + 1800
"""When people begin to come, in seconds of the clinic's day."""
_MORNING = (6, 9, 15, 9, 6, 5, 4, 3, 2, 1)
"""Of a hundred people, how many come in each quarter of an hour from 06:30 to 09:00."""
_LATER = (1.6,) * 10 + (0.3,) * 6 + (1.5,) * 16
"""The shape of the rest, 09:00 to 17:00, with a rest at noon."""
PROFILE: Final = tuple(each / 100 for each in _MORNING) + tuple(0.4 * each / sum(_LATER) for each in _LATER)
"""Which part of a day's people come in each quarter of an hour from 06:30."""

MEAN_VISITS: Final = 40
"""People a clinic sees on a common day, on the average of a province."""
_LARGEST, _LARGE, _MIDDLE = 1 / 288, 13 / 288, 53 / 288
"""Up to which part of the clinics, the largest first, they are hospitals of each size."""
_A_KIOSK_EACH, _MOST_KIOSKS = 150, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicPlan:
    """A simulated clinic: its code, how many people it sees on the simulated day, its devices' names."""

    code: str
    visits: int
    devices: tuple[str, ...]

    @property
    def sender(self) -> str:
        """The device that sends for all: the staff's process."""
        return self.devices[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Somebody comes: which one of the clinic's day, and when, in seconds of that day."""

    number: int
    at_s: float


def source(seed: int, *what: object) -> random.Random:
    """A source of draws for one purpose, which no other draw disturbs."""
    return random.Random(hashlib.sha256(repr((seed, *what)).encode()).digest())


def clinics(count: int, seed: int, *, visits: int | None = None) -> tuple[ClinicPlan, ...]:
    """So many clinics with their sizes.

    :param visits: how many people come to all of them on that day; else forty to each on average.
    """
    sizes = [_size((number + 0.5) / count, source(seed, "size", number)) for number in range(count)]
    scale = (MEAN_VISITS * count if visits is None else visits) / sum(sizes)
    return tuple(_clinic(number, max(1, round(size * scale))) for number, size in enumerate(sizes))


def _size(place: float, draw: random.Random) -> float:
    if place <= _LARGEST:
        return 2000
    if place <= _LARGE:
        return draw.uniform(220, 420)
    return draw.uniform(30, 75) if place <= _MIDDLE else draw.uniform(10, 25)


def _clinic(number: int, visits: int) -> ClinicPlan:
    kiosks = min(_MOST_KIOSKS, 1 + visits // _A_KIOSK_EACH)
    names = tuple(f"kiosk-{each + 1}" for each in range(kiosks))
    return ClinicPlan(code=f"36{number + 1:05}", visits=visits, devices=(*names, "desk-1"))


def arrivals(clinic: ClinicPlan, seed: int) -> list[Arrival]:
    """When people come to a clinic on its day, in order."""
    draw = source(seed, "arrivals", clinic.code)
    slots = draw.choices(range(len(PROFILE)), PROFILE, k=clinic.visits)
    times = sorted(OPENS_S + (slot + draw.random()) * SLOT_S for slot in slots)
    return [Arrival(number=number, at_s=at) for number, at in enumerate(times)]


def between(many: Sequence[Arrival], begin_s: float, end_s: float) -> Iterator[Arrival]:
    """Those who come in this part of the day."""
    return (each for each in many if begin_s <= each.at_s < end_s)
