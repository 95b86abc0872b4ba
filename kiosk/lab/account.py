"""The account of a run: every admission that a clinic made is at the hub once, and counted once."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, fields
from pathlib import Path

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


def account(
    plans: Iterable[ClinicPlan], folder: Path, hub: Connection, *, seed: int, begin_s: float, end_s: float
) -> Account:
    """Hold what the clinics' files say against the hub's tables, event by event."""
    plans = tuple(plans)
    made = [each for plan in plans for each in _made(folder, plan)]
    stored, counted = _stored(hub), _counted(hub)
    numbers = {
        "check_ins": _one(hub, "SELECT count(*) FROM check_in"),
        "alarms": _one(hub, "SELECT count(*) FROM alarm"),
        "put_aside": _one(hub, "SELECT count(*) FROM quarantine"),
        "audit_heads": _one(hub, "SELECT count(*) FROM audit_head"),
    }
    kinds, at_hub, known = Counter(each[3] for each in made), Counter(each[3] for each in stored), set(made)
    return Account(
        planned=sum(len(list(between(arrivals(plan, seed), begin_s, end_s))) for plan in plans),
        came=kinds["admission"] + kinds["desk_ticket"],
        admissions=kinds["admission"],
        at_hub=at_hub["admission"],
        counted=counted["admission"],
        events=len(made),
        events_at_hub=len(stored),
        missing=len(known - set(stored)),
        doubled=_doubled(stored),
        foreign=len(set(stored) - known),
        miscounted=sum(counted[kind] != kinds[kind] for kind in _KINDS),
        waiting=sum(_waiting(folder, plan) for plan in plans),
        **numbers,
    )


def _doubled(stored: list[_Made]) -> int:
    """Events of which there are more than one under a number, or visits that were admitted twice."""
    numbers = Counter(each[:3] for each in stored)
    visits = Counter(each[4] for each in stored if each[3] == "admission")
    return sum(many - 1 for many in (*numbers.values(), *visits.values()))


def _made(folder: Path, plan: ClinicPlan) -> Iterator[_Made]:
    with closing(sqlite3.connect(folder / f"{plan.code}.db")) as store:
        for device, seq, kind, visit in store.execute("SELECT device, seq, kind, visit FROM made"):
            yield plan.code, device, seq, kind, visit


def _waiting(folder: Path, plan: ClinicPlan) -> int:
    with closing(sqlite3.connect(folder / f"{plan.code}.db")) as store:
        return int(store.execute("SELECT count(*) FROM outbox").fetchone()[0])


def _stored(connection: Connection) -> list[_Made]:
    query = "SELECT clinic, device, seq, kind, visit FROM event"
    return [(row[0], row[1], row[2], row[3], bytes(row[4])) for row in connection.execute(text(query))]


def _counted(connection: Connection) -> Counter[str]:
    sums = ", ".join(f"sum({column})" for column in _COUNTED.values())
    row = connection.execute(text(f"SELECT {sums} FROM hour_count")).one()
    return Counter({kind: int(many or 0) for kind, many in zip(_COUNTED, row, strict=True)})


def _one(connection: Connection, query: str) -> int:
    return int(connection.execute(text(query)).scalar_one())
