"""The kiosk as it stands in a clinic: the processes of patient and staff, and a reader that the benchmark answers.

The bench of the demonstration is left out: the benchmark answers the simulated reader itself, with one new invented
person after another, and at the pace of a real card where that is asked for.
"""

import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from http.client import HTTPConnection
from pathlib import Path
from threading import Event

from _cards import seconds

from idcard import ConfigurationError
from idcard.testing import Holder, Issuer
from kiosk.config import StaffConfig, load
from kiosk.demo.accounts import make_accounts
from kiosk.demo.card_socket import CardSocket
from kiosk.demo.launcher import check_ports
from kiosk.demo.people import Citizen, Cover
from kiosk.demo.provision import GATEWAY, HOST, PATIENT, PRINTER, STAFF, Options, Place, provision
from kiosk.demo.workbench import Bench
from kiosk.devices.printer_twin import PrinterTwin
from kiosk.devices.simulated import PRESENCE
from kiosk.insurance.roster import RosterEntry, build_roster
from kiosk.insurance.roster.state import state_of
from kiosk.keys import PersonTags, load_secret

KILOBITS = 424
_PROCESSES = (GATEWAY, STAFF, PATIENT)
_START_S, _FELT_S = 90.0, 30.0
_NOTHING = b"\x00"
_SHORTEST_COMMAND = 4
_GIVEN = ("An", "Bình", "Chi", "Dũng", "Giang", "Hạnh", "Khánh", "Lâm", "Ngọc", "Quỳnh", "Thảo", "Uyên", "Vượng", "Yến")


def citizen(number: int) -> Citizen:
    """An invented, insured citizen for each number; the roster of :func:`standing` knows the first ``people``."""
    holder = Holder(
        # Far apart, and each but once in a million.
        personal_number=f"036190{(275_318 + 7_919 * number) % 1_000_000:06}",
        name=f"Nguyễn Mẫu {_GIVEN[number % len(_GIVEN)]}",
        birth=date(1990, 1 + number % 12, 1 + number % 28),
        sex="F",
        issued=date(2022, 6, 1),
        expiry=date(2040, 5, 15),
    )
    cover = Cover(since=date(2020, 1, 1), until=None, benefit="4", home_clinic="36999")
    return Citizen(id=f"p{number}", card="honest", generation=2024, holder=holder, cover=cover)


@dataclass(slots=True)
class Told:
    """One command: when it came (as :func:`time.time` has it), and the seconds until its answer was given."""

    at: float
    took: float


@dataclass(slots=True)
class Cards:
    """The reader of the kiosk: one new card after another, with short lengths.

    ``kilobits``: at which rate answers come, 12 ms a command for chip and host besides; 0 answers at once.
    """

    issuer: Issuer
    kilobits: int = KILOBITS
    told: list[Told] = field(default_factory=list)
    _bench: Bench | None = None
    _felt_empty: Event = field(default_factory=Event)

    def ready(self, number: int) -> Citizen:
        """Have the card of this citizen made, which takes its time."""
        who = citizen(number)
        self._bench = Bench(self.issuer, {who.id: who})
        return who

    def place(self) -> float:
        """Put it down; when that was, as :func:`time.time` has it."""
        if self._bench is None:
            raise RuntimeError("no card was made")
        self.told.clear()
        at = time.time()
        self._bench.place(next(iter(self._bench.people)))
        return at

    def take(self) -> None:
        """Take it away; the kiosk has felt that when this returns."""
        if self._bench is not None:
            self._bench.take_away()
            self._felt_empty.clear()
            self._felt_empty.wait(_FELT_S)

    def answer(self, body: bytes) -> bytes:
        """The answer to a frame of the kiosk: :class:`~kiosk.demo.workbench.Bench`'s, not sooner than a card's."""
        at, start = time.time(), time.perf_counter()
        if self._bench is None:
            return _NOTHING
        answer = self._bench.answer(body)
        if body == PRESENCE and answer == _NOTHING:
            self._felt_empty.set()
        if len(body) < _SHORTEST_COMMAND:
            return answer
        if self.kilobits:
            due = start + seconds([(len(body), len(answer))], self.kilobits)
            time.sleep(max(0.0, due - time.perf_counter()))
        self.told.append(Told(at=at, took=time.perf_counter() - start))
        return answer


@dataclass(frozen=True, slots=True)
class Standing:
    """A kiosk that runs: where it lies, where it answers, its processes, and the reader."""

    place: Place
    options: Options
    processes: dict[str, int]
    cards: Cards

    @property
    def patient(self) -> str:
        """The address of the patient's screen."""
        return f"http://{HOST}:{self.options.ports[PATIENT]}"

    @property
    def staff(self) -> str:
        """The address of the staff's screen."""
        return f"http://{HOST}:{self.options.ports[STAFF]}"

    def status(self, process: str, name: str) -> int:
        """What the system says of a process: ``VmRSS`` in kB, ``Threads``."""
        lines = Path(f"/proc/{self.processes[process]}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith(f"{name}:")).split()[1])

    def handles(self, process: str) -> int:
        """How many files and sockets a process has open."""
        return len(list(Path(f"/proc/{self.processes[process]}/fd").iterdir()))

    def cpu_s(self, process: str) -> float:
        """Seconds of the processor that a process has used."""
        fields = Path(f"/proc/{self.processes[process]}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100


@contextmanager
def standing(
    folder: Path, *, people: int, kilobits: int = KILOBITS, prepare: Callable[[Place], object] = lambda place: None
) -> Iterator[Standing]:
    """A kiosk in an empty folder, whose roster knows so many citizens; its processes end with the block.

    :param prepare: what is done to the folder before they start.
    """
    options = _free()
    place = provision(folder, options)
    _insure(place, people)
    make_accounts(load(StaffConfig, place.config(STAFF)))
    prepare(place)
    cards = Cards(Issuer.load(place.issuer), kilobits)
    cards.ready(0)
    with ExitStack() as stack:
        stack.callback(PrinterTwin(HOST, options.ports[PRINTER]).close)
        stack.callback(CardSocket(HOST, options.ports["card"], cards.answer).close)
        running = {name: stack.enter_context(_process(place, name, options.ports[name])) for name in _PROCESSES}
        for name in (STAFF, PATIENT):
            _wait_for(options.ports[name], running[name])
        yield Standing(place, options, {name: child.pid for name, child in running.items()}, cards)


def _free() -> Options:
    for _ in range(100):
        options = Options(port_base=random.randrange(20_000, 30_000))
        try:
            check_ports(options)
        except ConfigurationError:
            continue
        return options
    raise RuntimeError("there are no five free ports in a row")


def _insure(place: Place, people: int) -> None:
    state_of(place.roster).unlink(missing_ok=True)
    entries = (
        RosterEntry(
            personal_number=citizen(number).holder.personal_number,
            valid_from=date(2020, 1, 1),
            valid_to=None,
            benefit="4",
            home_clinic="36999",
        )
        for number in range(people)
    )
    tags = PersonTags(load_secret(place.key("roster.key")))
    build_roster(place.roster, entries, tags=tags, version="bench", as_of=datetime.now(UTC))


@contextmanager
def _process(place: Place, name: str, port: int) -> "Iterator[subprocess.Popen[bytes]]":
    log = place.root / "log" / f"{name}.log"
    log.parent.mkdir(exist_ok=True)
    verb = {PATIENT: "run", STAFF: "staff"}.get(name)
    if verb is not None:
        arguments = [verb, "--config", str(place.config(name))]
    else:
        arguments = ["gateway", "stand-in", "--port", str(port), "--script", str(place.gateway_script)]
    command = [sys.executable, "-m", "kiosk", *arguments, "--end-with-stdin"]
    with log.open("wb") as lines:
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=lines, stderr=subprocess.STDOUT)
    try:
        yield child
    finally:
        child.terminate()
        child.communicate(timeout=30)


def _wait_for(port: int, child: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and child.poll() is None:
        connection = HTTPConnection(HOST, port, timeout=5)
        try:
            connection.request("GET", "/health")
            connection.getresponse()
        except OSError:
            time.sleep(0.1)
        else:
            return
        finally:
            connection.close()
    raise RuntimeError("a process of the kiosk did not start")
