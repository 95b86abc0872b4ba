"""Visits in a row through the kiosk's real processes, as fast as they go: what is left behind, and what grows.

The visits are made over HTTP as the page makes them, and somebody looks at the desk's board now and then.
"""

import re
import statistics
import time
from collections.abc import Mapping, Set
from dataclasses import dataclass
from pathlib import Path

import httpx
from _standing import Standing, citizen

from kiosk.demo.clerks import CLERKS
from kiosk.demo.provision import PATIENT, STAFF

_PATIENCE_S = 60.0
_DATA = re.compile(r'data-(screen|version|visit|csrf)="([^"]*)"')
_ROOMS = ("noi", "rhm", "mat", "yhct")
_LOOK_EVERY = 10
_ACT_EVERY = 50
_TOLD_EVERY = 100
_SMOOTH = frozenset({"attract", "digits", "reading", "confirm", "ticket", "take_card"})
_ENCODINGS = ("utf-8", "utf-16-le")
_LIKE_A_WORD = re.compile(rb"(?=(\d{12}|\d\d/\d\d/\d{4}|\d{6}F))")


@dataclass(frozen=True, slots=True)
class State:
    """What a process holds: memory in MB, threads, open files."""

    memory: float
    threads: int
    handles: int


class Row:
    """People who come one after another; ``took`` are their visits' seconds, from card down to the ticket."""

    def __init__(self, kiosk: Standing) -> None:
        self.kiosk = kiosk
        self.took: list[float] = []
        self._seen: list[str] = []
        self._part: dict[str, str] = {}
        self._patient = httpx.Client(base_url=kiosk.patient, timeout=_PATIENCE_S)
        self._staff = httpx.Client(base_url=kiosk.staff, timeout=_PATIENCE_S, follow_redirects=True)
        self._log_in()
        self._keep(self._patient.get("/"))

    def close(self) -> None:
        """Hang up."""
        self._patient.close()
        self._staff.close()

    def visit(self, number: int) -> None:
        """One person comes, gets a ticket, and goes; the board is looked at now and then."""
        who = self.kiosk.cards.ready(number)
        self._seen.clear()
        start = time.perf_counter()
        self.kiosk.cards.place()
        self._until("digits")
        self._send("/digits", digits=who.holder.can)
        self._until("confirm")
        self._send("/room", room=_ROOMS[number % len(_ROOMS)])
        self._until("ticket")
        self._patient.get("/ticket.png").raise_for_status()
        self.took.append(time.perf_counter() - start)
        self.kiosk.cards.take()
        self._send("/tap/acknowledge")
        self._until("attract")
        if number % _LOOK_EVERY == 0:
            self._staff.get("/live").raise_for_status()
        if number % _ACT_EVERY == 0:
            # What asks by itself keeps nobody logged in; a clerk who opens a page does.
            self._staff.get("/").raise_for_status()

    def states(self) -> dict[str, State]:
        """What both processes hold now."""
        return {
            name: State(
                memory=self.kiosk.status(name, "VmRSS") / 1024,
                threads=self.kiosk.status(name, "Threads"),
                handles=self.kiosk.handles(name),
            )
            for name in (PATIENT, STAFF)
        }

    def _log_in(self) -> None:
        page = self._staff.get("/login").text
        hidden = dict(re.findall(r'name="(csrf_token)" value="([^"]*)"', page))
        lead = CLERKS[1]
        form = hidden | {"sign": lead.sign, "password": lead.password}
        self._staff.post("/login", data=form, headers={"Origin": self.kiosk.staff}).raise_for_status()

    def _send(self, path: str, **form: str) -> None:
        own = {"visit": self._part["visit"], "csrf_token": self._part["csrf"]}
        headers = {"Origin": self.kiosk.patient, "X-Requested-With": "fetch"}
        answer = self._patient.post(path, data=own | form, headers=headers, params=self._shown)
        answer.raise_for_status()
        self._keep(answer)

    @property
    def _shown(self) -> dict[str, str]:
        return {"shown": self._part.get("screen", "")}

    def _until(self, screen: str) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while self._part["screen"] != screen:
            # A screen that a smooth visit never shows ends the soak at once: waited for, it would have changed again.
            if self._part["screen"] not in _SMOOTH or time.monotonic() > deadline:
                raise RuntimeError(f"{' → '.join(self._seen)} instead of {screen}")
            self._keep(self._patient.get("/screen", params=self._shown | {"after": self._part["version"]}))

    def _keep(self, answer: httpx.Response) -> None:
        if answer.status_code != httpx.codes.NO_CONTENT:
            self._part = dict(_DATA.findall(answer.text))
            self._seen.append(self._part["screen"])


def soak(kiosk: Standing, *, first: int, visits: int, warm_up: int) -> dict[str, float]:
    """What ``visits`` people in a row leave behind, counted from the state after ``warm_up`` of them.

    Growth is the slope of a straight line through the memory at the start and after every hundredth visit.
    """
    row = Row(kiosk)
    try:
        for number in range(first, first + warm_up):
            row.visit(number)
        before, files = row.states(), _files(kiosk.place.root)
        seen = {0: before}
        row.took.clear()
        for made in range(1, visits + 1):
            row.visit(first + warm_up + made - 1)
            if made % _TOLD_EVERY == 0 or made == visits:
                seen[made] = row.states()
                held = ", ".join(f"{name} {state.memory:.1f} MB" for name, state in seen[made].items())
                print(f"after {warm_up + made} visits:", held)
        peaks = {name: kiosk.status(name, "VmHWM") / 1024 for name in before}
        after, grown = row.states(), _files(kiosk.place.root)
    finally:
        row.close()
    more = {name: _slope({made: states[name].memory for made, states in seen.items()}) for name in before}
    thousand = 1000 / visits
    return {
        "process_mb": round(max(state.memory for states in (before, after) for state in states.values()), 1),
        "process_peak_mb": round(max(peaks.values()), 1),
        **{f"{name}_mb": round(max(before[name].memory, after[name].memory), 1) for name in before},
        "growth_mb_per_1000_visits": round(max(0.0, *more.values()) * 1000, 2),
        **{f"{name}_growth_mb_per_1000_visits": round(more[name] * 1000, 2) for name in more},
        "more_threads": float(sum(after[name].threads - before[name].threads for name in before)),
        "more_handles": float(sum(after[name].handles - before[name].handles for name in before)),
        "more_files": float(len(grown.keys() - files.keys())),
        "wal_mb": round(sum(size for name, size in grown.items() if name.endswith("-wal")) / 1e6, 1),
        "store_mb_per_1000_visits": round((grown["store.db"] - files["store.db"]) / 1e6 * thousand, 2),
        "people_left_in_files": float(_left_behind(kiosk.place.root, range(first, first + warm_up + visits))),
        "visit_unpaced_ms": round(1000 * statistics.median(row.took), 1),
        "visits": float(visits),
    }


def _slope(memory: Mapping[int, float]) -> float:
    """How much memory a visit takes for good, by least squares; ``memory`` is that after so many visits."""
    return statistics.linear_regression(list(memory.keys()), list(memory.values())).slope


def _files(root: Path) -> dict[str, int]:
    return {str(path.relative_to(root)): path.stat().st_size for path in root.rglob("*") if path.is_file()}


def _left_behind(root: Path, numbers: range) -> int:
    """How many of these people a file names: by the personal number, the name or the date of birth."""
    content = b"\n".join(
        path.read_bytes() for path in root.rglob("*") if path.is_file() and path.parent.name != "bench"
    )
    # Ten thousand people have tens of thousands of words: what looks like one is drawn out once, and then looked up.
    drawn = {found for text in (content, content.replace(b"\0", b"")) for found in _LIKE_A_WORD.findall(text)}
    known: dict[str, bool] = {}
    return sum(_is_named(number, drawn, content, known) for number in numbers)


def _is_named(number: int, drawn: Set[bytes], content: bytes, known: dict[str, bool]) -> bool:
    holder = citizen(number).holder
    if holder.name not in known:
        known[holder.name] = any(holder.name.encode(encoding) in content for encoding in _ENCODINGS)
    figures = (holder.personal_number, f"{holder.birth:%d/%m/%Y}", f"{holder.birth:%y%m%d}F")
    return known[holder.name] or any(figure.encode() in drawn for figure in figures)
