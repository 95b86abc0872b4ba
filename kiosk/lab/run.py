"""A run of the laboratory: clinics in worker processes, a real hub, faults, kills, and the account at the end.

Theory of operation. What is to happen (who comes when, which lines fail when, what is killed when) is drawn from the
seed before anything starts, and is the same each time. What comes of it is not: processes run side by side, and a kill
hits whatever is going on. So the account does not say that a run went as before; it says that nothing was lost.
"""

import json
import math
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from idcard import ConfigurationError
from kiosk.lab.account import Account, account
from kiosk.lab.faults import Fault
from kiosk.lab.hub import LabHub
from kiosk.lab.province import OPENS_S, source
from kiosk.lab.worker import Orders

_HERE: Final = timezone(timedelta(hours=7))
_LOOK_S, _SETTLED = 0.25, 4
_MOST_REAL: Final = 24
"""So many real stores, each of which waits for the disk at every ticket, leave two cores time for the hub."""
_OF_NOW: Final = ("waiting", "over")
_KILL_EVERY_S = 12.0
"""About how many seconds lie between two kills of one kind."""


class Kill(StrEnum):
    """What may be killed (SIGKILL)."""

    HUB = "hub"
    DATABASE = "database"
    KIOSKS = "kiosks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a run shall be.

    :ivar minutes: of real time; ``speed`` seconds of the clinics' day pass in each second.
    :ivar visits: on the whole simulated day; None for forty to each clinic on average.
    :ivar real: how many clinics are made of a real clinic's parts; None for all of a dozen, and two dozen of many.
    :ivar drain_s: how long what waits at the end may take.
    """

    clinics: int
    minutes: float
    seed: int
    speed: float
    store: str = "sqlite"
    visits: int | None = None
    faults: frozenset[Fault] = frozenset()
    kills: frozenset[Kill] = frozenset()
    workers: int = 2
    threads: int = 4
    drain_s: float = 300.0
    begin_s: float = float(OPENS_S)
    real: int | None = None

    @property
    def real_ones(self) -> int:
        """How many clinics are made of a real clinic's parts."""
        return min(self.clinics, _MOST_REAL if self.real is None else self.real)

    @property
    def end_s(self) -> float:
        """The second of the simulated day at which the run ends."""
        return self.begin_s + self.minutes * 60 * self.speed


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """A kill: after how many seconds, of what, which one, and how long it stays down."""

    after_s: float
    what: Kill
    draw: float
    down_s: float


@dataclass(slots=True, kw_only=True)
class State:
    """How far a run is, for whoever watches."""

    share: float = 0.0
    step: str = "setting up"
    numbers: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a run: the account, what was killed how often, requests by what came of them, seconds.

    :ivar bytes_per_event: by how much the hub's database grew for each event, with all rows, counts and indexes.
    """

    account: Account
    killed: dict[str, int]
    requests: dict[str, int]
    bytes_per_event: float
    drain_s: float
    took_s: float

    def plain(self) -> dict[str, Any]:
        """For programs."""
        return {
            "whole": self.account.is_whole,
            "account": self.account.numbers(),
            "killed": self.killed,
            "requests": self.requests,
            "bytes_per_event": round(self.bytes_per_event),
            "drain_s": round(self.drain_s, 1),
            "took_s": round(self.took_s, 1),
        }


def strokes(wanted: Wanted) -> list[Stroke]:
    """When what is killed, drawn from the seed: each kind at least once, and one of them about every twelve seconds."""
    seconds, found = wanted.minutes * 60, []
    for kind in sorted(wanted.kills):
        draw = source(wanted.seed, "kill", kind)
        for _ in range(max(1, math.floor(seconds / _KILL_EVERY_S))):
            at, which, down = draw.uniform(0.1, 0.9) * seconds, draw.random(), draw.uniform(0.1, 2.0)
            found.append(Stroke(after_s=at, what=kind, draw=which, down_s=min(down, seconds / 10)))
    return sorted(found, key=lambda each: each.after_s)


def run(wanted: Wanted, folder: Path, watch: Callable[[State], None] = lambda state: None) -> Outcome:
    """Run it in an empty folder.

    :raises ConfigurationError: where hub, store or folder cannot be used.
    """
    _check(wanted, folder)
    began, state = time.monotonic(), State()
    watch(state)
    hub = LabHub(folder, wanted.store)
    try:
        orders = _set_up(wanted, folder, hub)
        empty = hub.stored_bytes()
        with _workers(orders, folder) as workers:
            killed = _day(wanted, orders, hub, workers, state, watch)
            drained = _drain(wanted, workers, state, watch)
        with hub.database() as connection:
            found = account(
                orders.plans(),
                folder / "clinics",
                connection,
                seed=orders.seed,
                begin_s=orders.begin_s,
                end_s=orders.end_s,
            )
        weight = (hub.stored_bytes() - empty) / max(1, found.events_at_hub)
    finally:
        hub.stop()
    requests = {name: state.numbers[name] for name in ("answered", "failed", "refused")}
    took = time.monotonic() - began
    return Outcome(
        account=found,
        killed=dict(killed),
        requests=requests,
        bytes_per_event=weight,
        drain_s=drained,
        took_s=took,
    )


def _check(wanted: Wanted, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ConfigurationError(
            f"The folder {folder.name} is not empty.", reason="folder", remedy="Name another one for each run."
        )
    if Kill.DATABASE in wanted.kills and wanted.store == "sqlite":
        raise ConfigurationError(
            "SQLite is no process that could be killed.", reason="wrong_setting", remedy="Use --store postgres."
        )


def _set_up(wanted: Wanted, folder: Path, hub: LabHub) -> Orders:
    # PostgreSQL's own user must be able to go there.
    folder.chmod(0o755)
    (folder / "clinics").mkdir()
    # Yesterday's clinics: what happens there is never ahead of the hub's clock.
    midnight = datetime.now(_HERE).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    orders = Orders(
        seed=wanted.seed,
        count=wanted.clinics,
        visits=wanted.visits,
        workers=wanted.workers,
        threads=wanted.threads,
        port=hub.port,
        hub_key="",
        midnight=midnight.astimezone(UTC).isoformat(),
        begin_s=wanted.begin_s,
        end_s=wanted.end_s,
        speed=wanted.speed,
        began=0.0,
        faults=tuple(sorted(wanted.faults)),
        real=wanted.real_ones,
    )
    key = hub.create(orders.plans(), wanted.seed).public_bytes(Encoding.Raw, PublicFormat.Raw)
    hub.serve()
    return _told(orders, key, folder / "clinics")


def _told(orders: Orders, key: bytes, folder: Path) -> Orders:
    """The orders with what is known now, written down for the workers."""
    values = {name: getattr(orders, name) for name in orders.__slots__}
    told = Orders(**values | {"hub_key": key.hex(), "began": time.time() + 1.0})
    told.save(folder)
    return told


class _Worker:
    """A worker process, and what it last said of itself; started again after each kill."""

    def __init__(self, folder: Path, number: int) -> None:
        self._folder, self._number = folder, number
        self._former: Counter[str] = Counter()
        self._now: Counter[str] = Counter()
        self.start()

    @property
    def numbers(self) -> Counter[str]:
        """What it and its forerunners counted; ``waiting`` and ``over`` are its own word of now."""
        former = Counter({name: many for name, many in self._former.items() if name not in _OF_NOW})
        return former + self._now

    def start(self) -> None:
        """Start it."""
        self._former, self._now = self.numbers, Counter()
        command = [sys.executable, "-m", "kiosk.lab.worker", str(self._folder.absolute()), str(self._number)]
        with (self._folder / f"worker-{self._number}.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
        self._ear = threading.Thread(target=self._listen, args=(self._process,), daemon=True)
        self._ear.start()

    def kill(self, down_s: float) -> None:
        """Kill it (SIGKILL), and start it again after a while."""
        self._process.kill()
        self._let_go()
        time.sleep(down_s)
        self.start()

    def check(self) -> None:
        """Nothing, while it runs."""
        if self._process.poll() is not None:
            raise ConfigurationError(
                "A process of the laboratory died.",
                reason="no_answer",
                remedy=f"Look into {self._folder / f'worker-{self._number}.log'}.",
            )

    def stop(self) -> None:
        """End it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._let_go()

    def _let_go(self) -> None:
        """Wait until it is gone, hear it out, and close what led to it."""
        self._process.wait()
        self._ear.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _listen(self, process: "subprocess.Popen[str]") -> None:
        try:
            for line in process.stdout or ():
                self._now = Counter(json.loads(line))
        except ValueError:
            # Killed in the middle of a line, or closed.
            return


@contextmanager
def _workers(orders: Orders, folder: Path) -> Iterator[list[_Worker]]:
    workers = [_Worker(folder / "clinics", number) for number in range(orders.workers)]
    try:
        yield workers
    finally:
        for each in workers:
            each.stop()


def _day(
    wanted: Wanted,
    orders: Orders,
    hub: LabHub,
    workers: list[_Worker],
    state: State,
    watch: Callable[[State], None],
) -> Counter[str]:
    """The simulated part of the day; what was killed how often."""
    killed: Counter[str] = Counter()
    due = strokes(wanted)
    while (day_s := orders.day_s()) < orders.end_s:
        passed = (day_s - orders.begin_s) / orders.speed
        if due and due[0].after_s <= passed:
            stroke = due.pop(0)
            state.step = f"killing: {stroke.what}"
            _look(workers, state, watch, (day_s - orders.begin_s) / (orders.end_s - orders.begin_s))
            _strike(stroke, hub, workers)
            killed[stroke.what] += 1
        state.step = "the day"
        _look(workers, state, watch, (day_s - orders.begin_s) / (orders.end_s - orders.begin_s))
        time.sleep(_LOOK_S)
    for stroke in due:
        # Whatever took longer than was drawn: nothing that was promised is left out.
        _strike(stroke, hub, workers)
        killed[stroke.what] += 1
    return killed


def _strike(stroke: Stroke, hub: LabHub, workers: list[_Worker]) -> None:
    match stroke.what:
        case Kill.HUB:
            hub.kill_hub(stroke.down_s)
        case Kill.DATABASE if stroke.draw < 0.5:
            hub.kill_database(stroke.down_s)
        case Kill.DATABASE:
            hub.kill_backend()
        case Kill.KIOSKS:
            workers[int(stroke.draw * len(workers))].kill(stroke.down_s)


def _drain(wanted: Wanted, workers: list[_Worker], state: State, watch: Callable[[State], None]) -> float:
    """Seconds until nothing waits any more, or the patience ends: the account says which."""
    state.step, began, calm = "sending what waits", time.monotonic(), 0
    while calm < _SETTLED and time.monotonic() - began < wanted.drain_s:
        _look(workers, state, watch, 1.0)
        is_sent = state.numbers["over"] == wanted.workers * wanted.threads and not state.numbers["waiting"]
        calm = calm + 1 if is_sent else 0
        time.sleep(2 * _LOOK_S)
    return time.monotonic() - began


def _look(workers: list[_Worker], state: State, watch: Callable[[State], None], share: float) -> None:
    for each in workers:
        each.check()
    total: Counter[str] = Counter()
    for each in workers:
        total += each.numbers
    state.numbers, state.share = total, share
    watch(state)
