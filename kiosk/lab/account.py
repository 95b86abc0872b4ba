"""The account of a run: every admission that a clinic made is at the hub once, and counted once."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, fields
from pathlib import Path
from uuid import UUID

from sqlalchemy import Connection, text

from kiosk.lab.province import ClinicPlan, arrivals, between

_KINDS = ("admission", "desk_ticket", "correction")
_COUNTED = {"admission": "admissions", "desk_ticket": "desk_tickets", "correction": "withdrawals"}
_Made = tuple[str, str, int, str, bytes]
"""Clinic, device, number, kind, visit of an event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What came of a run.

    :ivar planned: people who were to come; :ivar came: who came, each with an admission or a desk ticket.
    :ivar admissions: those that the clinics made; :ivar at_hub: admissions among the hub's events;
    :ivar counted: admissions in its counts by the hour; :ivar check_ins: in its list of who was admitted.
    :ivar events: all that clinics made; :ivar events_at_hub: all that the hub has.
    :ivar missing: events that the hub has not; :ivar doubled: that it has more than once; :ivar foreign: that nobody
        made; :ivar miscounted: kinds of which hub and clinics count differently; :ivar waiting: still to be sent.
    :ivar alarms: of forks and chains that went back; :ivar put_aside: events in quarantine.
    """

    planned: int
    came: int
    admissions: int
    at_hub: int
    counted: int
    check_ins: int
    events: int
    events_at_hub: int
    missing: int
    doubled: int
    foreign: int
    miscounted: int
    waiting: int
    alarms: int
    put_aside: int
    audit_heads: int

    @property
    def is_whole(self) -> bool:
        """Whether every admission is accounted for exactly once, and nothing else is wrong."""
        wrong = (self.missing, self.doubled, self.foreign, self.miscounted, self.waiting, self.alarms, self.put_aside)
        return (
            not any(wrong)
            and self.planned == self.came
            and self.admissions == self.at_hub == self.counted == self.check_ins
            and self.events == self.events_at_hub
        )

    def numbers(self) -> dict[str, int]:
        """All of it by name."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Books:
    """What a clinic's own file says: events that it made, people who came, whom it admitted, what is to be sent."""

    made: list[_Made]
    came: int
    admitted: set[tuple[str, bytes]]
    waiting: int


def account(
    plans: Iterable[ClinicPlan], folder: Path, hub: Connection, *, seed: int, begin_s: float, end_s: float
) -> Account:
    """Hold what the clinics' files say against the hub's tables, event by event."""
    plans = tuple(plans)
    books = [_books(folder, plan) for plan in plans]
    made = [each for one in books for each in one.made]
    stored, counted = _stored(hub), _counted(hub)
    numbers = {
        "check_ins": _one(hub, "SELECT count(*) FROM check_in"),
        "alarms": _one(hub, "SELECT count(*) FROM alarm"),
        "put_aside": _one(hub, "SELECT count(*) FROM quarantine"),
        "audit_heads": _one(hub, "SELECT count(*) FROM audit_head"),
    }
    kinds, at_hub, known = Counter(each[3] for each in made), Counter(each[3] for each in stored), set(made)
    admitted = {each for one in books for each in one.admitted}
    heard_of = {(each[0], each[4]) for each in stored if each[3] == "admission"}
    return Account(
        planned=sum(len(list(between(arrivals(plan, seed), begin_s, end_s))) for plan in plans),
        came=sum(one.came for one in books),
        admissions=len(admitted),
        at_hub=at_hub["admission"],
        counted=counted["admission"],
        events=len(made),
        events_at_hub=len(stored),
        missing=len(known - set(stored)) + len(admitted - heard_of),
        doubled=_doubled(stored),
        foreign=len(set(stored) - known) + len(heard_of - admitted),
        miscounted=sum(counted[kind] != kinds[kind] for kind in _KINDS),
        waiting=sum(one.waiting for one in books),
        **numbers,
    )


def _doubled(stored: list[_Made]) -> int:
    """Events of which there are more than one under a number, or visits that were admitted twice."""
    numbers = Counter(each[:3] for each in stored)
    visits = Counter(each[4] for each in stored if each[3] == "admission")
    return sum(many - 1 for many in (*numbers.values(), *visits.values()))


def _books(folder: Path, plan: ClinicPlan) -> _Books:
    real = folder / plan.code / "store.db"
    return _real_books(real, plan) if real.exists() else _light_books(folder / f"{plan.code}.db", plan)


def _light_books(path: Path, plan: ClinicPlan) -> _Books:
    with closing(sqlite3.connect(path)) as store:
        made = [
            (plan.code, device, seq, kind, bytes(visit))
            for device, seq, kind, visit in store.execute("SELECT device, seq, kind, visit FROM made")
        ]
        (waiting,) = store.execute("SELECT count(*) FROM outbox").fetchone()
    return _Books(
        made=made,
        came=sum(each[3] in ("admission", "desk_ticket") for each in made),
        admitted={(each[0], each[4]) for each in made if each[3] == "admission"},
        waiting=int(waiting),
    )


def _real_books(path: Path, plan: ClinicPlan) -> _Books:
    """A real clinic's: whom it admitted is what its visits say, whatever was told of them."""
    with closing(sqlite3.connect(path)) as store:
        visits = store.execute("SELECT id, state FROM visit").fetchall()
        bodies = dict(store.execute("SELECT id, body FROM outbox"))
        events = store.execute("SELECT device, seq, kind, source, state FROM province_event").fetchall()
    return _Books(
        made=[
            (plan.code, device, seq, kind, _visit_of(kind, source, bodies)) for device, seq, kind, source, _ in events
        ],
        came=len(visits),
        admitted={(plan.code, UUID(visit).bytes) for visit, state in visits if state == "admitted"},
        waiting=sum(each[4] != "acked" for each in events),
    )


def _visit_of(kind: str, source: str, bodies: Mapping[str, str]) -> bytes:
    """The visit that an event tells of, where it is of a kind that is accounted for."""
    if kind not in _KINDS:
        return b""
    return UUID(json.loads(bodies[source.split(".")[1]])["visit"]).bytes


def _stored(connection: Connection) -> list[_Made]:
    query = "SELECT clinic, device, seq, kind, visit FROM event"
    return [
        (row[0], row[1], row[2], row[3], bytes(row[4]) if row[3] in _KINDS else b"")
        for row in connection.execute(text(query))
    ]


def _counted(connection: Connection) -> Counter[str]:
    sums = ", ".join(f"sum({column})" for column in _COUNTED.values())
    row = connection.execute(text(f"SELECT {sums} FROM hour_count")).one()
    return Counter({kind: int(many or 0) for kind, many in zip(_COUNTED, row, strict=True)})


def _one(connection: Connection, query: str) -> int:
    return int(connection.execute(text(query)).scalar_one())
