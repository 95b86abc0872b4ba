"""A process that runs some of the clinics: ``python -m kiosk.lab.worker FOLDER NUMBER``. It may be killed at any time.

It reads what to do from ``run.json`` in the folder, keeps each clinic in a file there, and says once a second in a line
of JSON how far it is. It ends when its standard input does.
"""

import json
import logging
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import structlog
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from kiosk.lab.clinic import Setting, StoredClinic
from kiosk.lab.faults import Fault, Weather
from kiosk.lab.line import Came, Sending
from kiosk.lab.province import ClinicPlan, clinics
from kiosk.lab.real import RealClinic

RUN: Final = "run.json"
_REST_S, _SAY_S = 0.02, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What a run is, as its workers are told.

    :ivar began: when the simulated part of the day began, by the machine's clock, in seconds since 1970.
    :ivar real: how many of the clinics are made of a real clinic's parts.
    :ivar faults: of the lines; they end with the simulated part of the day, so that what waits can be sent.
    """

    seed: int
    count: int
    visits: int | None
    workers: int
    threads: int
    port: int
    hub_key: str
    midnight: str
    begin_s: float
    end_s: float
    speed: float
    began: float
    faults: tuple[str, ...]
    real: int = 0

    def save(self, folder: Path) -> None:
        """Write them for the workers."""
        (folder / RUN).write_text(json.dumps({name: getattr(self, name) for name in self.__slots__}), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> "Orders":
        """Those that were written."""
        found: dict[str, Any] = json.loads((folder / RUN).read_text("utf-8"))
        return cls(**found | {"faults": tuple(found["faults"])})

    @property
    def setting(self) -> Setting:
        """What all its clinics share."""
        return Setting(
            seed=self.seed,
            hub=X25519PublicKey.from_public_bytes(bytes.fromhex(self.hub_key)),
            midnight=datetime.fromisoformat(self.midnight),
            begin_s=self.begin_s,
            end_s=self.end_s,
        )

    def plans(self) -> tuple[ClinicPlan, ...]:
        """All clinics."""
        return clinics(self.count, self.seed, visits=self.visits)

    def is_real(self, place: int) -> bool:
        """Whether the clinic at this place is a real one: they are spread over all sizes."""
        return (place * self.real) % self.count < self.real

    def day_s(self) -> float:
        """The second of the simulated day that it is now."""
        return self.begin_s + max(0.0, time.time() - self.began) * self.speed


@dataclass(frozen=True, slots=True)
class RealSending:
    """A real clinic, asked as the others are."""

    clinic: RealClinic

    def turn(self, at_s: float, *, now: float) -> Came:
        """A step of its own sender, at this second of the simulated day; ``now`` is nothing to it."""
        return self.clinic.turn(at_s)

    def clear_up(self, weather: Weather) -> None:
        """From now on the line is like this."""
        self.clinic.link.weather = weather


@dataclass(slots=True)
class _Tally:
    """What a worker counts, from several threads."""

    numbers: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, name: str, many: int = 1) -> None:
        with self.lock:
            self.numbers[name] += many

    def line(self, **more: int) -> str:
        with self.lock:
            return json.dumps(self.numbers | Counter(more))


class _Hand(threading.Thread):
    """Runs some clinics, one after another, again and again."""

    def __init__(self, orders: Orders, plans: list[tuple[ClinicPlan, bool]], folder: Path, tally: _Tally) -> None:
        super().__init__(daemon=True)
        setting, faults = orders.setting, frozenset(map(Fault, orders.faults))
        self._orders, self._tally = orders, tally
        self.waiting, self.is_over = 0, False
        self._folder, self._setting, self._faults = folder, setting, faults
        self._sendings = [self._sending(plan, is_real) for plan, is_real in plans]

    def _sending(self, plan: ClinicPlan, is_real: bool) -> "Sending | RealSending":
        weather = Weather(self._faults, self._orders.seed, plan.code)
        if is_real:
            clinic = RealClinic(plan, self._setting, self._folder, port=self._orders.port, weather=weather)
            return RealSending(clinic)
        return Sending(
            clinic=StoredClinic(plan, self._setting, self._folder),
            weather=weather,
            port=self._orders.port,
            seed=self._orders.seed,
            code=plan.code,
        )

    def run(self) -> None:
        """Never ends by itself."""
        while True:
            is_over = self._orders.day_s() >= self._orders.end_s
            for each in self._sendings:
                self._turn(each)
            self.waiting = sum(each.clinic.waiting() for each in self._sendings)
            # Said only once everybody of the day was admitted, and what waits was counted after that.
            self.is_over = is_over
            time.sleep(_REST_S)

    def _turn(self, each: "Sending | RealSending") -> None:
        at_s = self._orders.day_s()
        self._tally.add("came", each.clinic.admit_until(at_s))
        if at_s >= self._orders.end_s:
            # The day is over: the weather is fine, and what waits is sent.
            each.clear_up(_FINE)
        came = each.turn(at_s, now=time.monotonic())
        if came is not Came.NOTHING:
            self._tally.add(came.value)


_FINE = Weather(frozenset(), 0, "")


def work(folder: Path, number: int) -> None:
    """Run the clinics of this worker until standard input ends."""
    # A real clinic's parts log what they do; standard output is for whoever counts.
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    orders, tally = Orders.load(folder), _Tally()
    all_of_them = [(plan, orders.is_real(place)) for place, plan in enumerate(orders.plans())]
    own = all_of_them[number :: orders.workers]
    hands = [_Hand(orders, list(own[each :: orders.threads]), folder, tally) for each in range(orders.threads)]
    for hand in hands:
        hand.start()
    ended = threading.Event()
    threading.Thread(target=_wait_for_end, args=(ended,), daemon=True).start()
    while not ended.wait(_SAY_S):
        if not all(hand.is_alive() for hand in hands):
            sys.exit("a thread died")
        waiting, over = sum(hand.waiting for hand in hands), sum(hand.is_over for hand in hands)
        print(tally.line(waiting=waiting, over=over), flush=True)


def _wait_for_end(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


if __name__ == "__main__":
    work(Path(sys.argv[1]), int(sys.argv[2]))
