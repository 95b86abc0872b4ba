"""The report of a day: what happened, in figures that name nobody, and where the audit chains end.

It is made of the store as it is; made again later, what was settled since counts as settled. Every figure is a count, a
time or a stable word. The ends of the audit chains stand on it, so that a sheet of paper in a folder tells later
whether the chains were written anew (:mod:`kiosk.services.audit`).
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeVar

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from kiosk.domain.codes import Code
from kiosk.domain.figures import Spread, covered, spread
from kiosk.domain.queue import Act
from kiosk.domain.route import Clinic
from kiosk.domain.tickets import VIETNAM_TIME
from kiosk.ports import Clock
from kiosk.services.audit import Head, heads_of
from kiosk.store import queue as lines
from kiosk.store.database import Database
from kiosk.store.desk_tables import QueueEvent
from kiosk.store.tables import Audit, Notice, Visit

DESK = "desk"
"""What the desk is called among the places where people wait."""
_LOST_PARTS = (Code.PRINTER_LOST, Code.READER_LOST, Code.STORE_FAULT)
_COPIES = ("copy_ordered", "reprinted")
"""Copies that a kiosk's printer was to make, and those that a clerk's browser made."""

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exceptions:
    """The day's exceptions: how many came, are open and were settled; how long settling took, the age of the oldest
    open one in seconds, and how many there were of each code.
    """

    came: int
    open: int
    settled: int
    settling: Spread
    oldest_open_s: float | None
    by_code: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayReport:
    """A day at a clinic. Times are UTC, durations seconds; the keys of the counts are stable words or room ids."""

    clinic: str
    day: date
    made_at: datetime
    admissions: int
    cancelled: int
    desk_tickets: int
    automatic: int
    priority: int
    assisted: int
    copies: int
    undone: int
    by_hour: Mapping[int, int]
    by_way: Mapping[str, int]
    by_assurance: Mapping[str, int]
    by_room: Mapping[str, int]
    waits: Mapping[str, Spread]
    machine: Spread
    exceptions: Exceptions
    overrides: Mapping[str, int]
    holder_checks: Mapping[str, int]
    down: Mapping[str, float]
    heads: tuple[Head, ...]


class Reporter:
    """Makes the report of any day of one clinic."""

    def __init__(self, *, database: Database, clinic: Clinic, clock: Clock) -> None:
        self._database = database
        self._clinic = clinic
        self._clock = clock

    def report(self, day: date) -> DayReport:
        """The report of a day of the clinic's calendar.

        :raises StoreUnavailable: if the store cannot be read.
        """
        with self._database.read() as session:
            return _Day(session, self._clinic.code, day, self._clock.now()).report()


class _Day:
    """One day's rows, read once."""

    def __init__(self, session: Session, clinic: str, day: date, now: datetime) -> None:
        self._session, self._clinic, self._day, self._now = session, clinic, day, now
        self.begin = datetime.combine(day, time(), VIETNAM_TIME)
        self.end = self.begin + timedelta(days=1)
        self.visits = session.scalars(select(Visit).where(Visit.clinic == clinic, Visit.day == day)).all()
        self.events = lines.events(session, clinic, day)
        self.notices = session.scalars(
            select(Notice).where(Notice.clinic == clinic, Notice.created_at >= self.begin, Notice.created_at < self.end)
        ).all()

    def report(self) -> DayReport:
        admitted = [visit for visit in self.visits if visit.state == "admitted"]
        return DayReport(
            clinic=self._clinic,
            day=self._day,
            made_at=self._now,
            admissions=len(admitted),
            cancelled=sum(visit.state == "cancelled" for visit in self.visits),
            desk_tickets=sum(visit.code is not None for visit in self.visits),
            automatic=sum(visit.confirmed_by is None for visit in admitted),
            priority=sum(visit.priority for visit in admitted),
            assisted=sum(visit.assisted_by is not None for visit in admitted),
            copies=sum(1 for kind in _COPIES for _ in self._links(kind)),
            undone=sum(event.act == Act.UNDO for event in self.events),
            by_hour=_counted((each.admitted_at or each.created_at).astimezone(VIETNAM_TIME).hour for each in admitted),
            by_way=_counted(visit.way or "" for visit in admitted),
            by_assurance=_counted(visit.assurance for visit in admitted),
            by_room=_counted(visit.room_id or DESK for visit in admitted),
            waits=self._waits(),
            machine=spread(visit.took_ms / 1000 for visit in admitted if visit.took_ms is not None),
            exceptions=self._exceptions(),
            overrides=self._overrides(),
            holder_checks=_counted(visit.holder_check for visit in self.visits if visit.holder_check),
            down=self._down(),
            heads=tuple(heads_of(self._session, self._now)),
        )

    def _waits(self) -> dict[str, Spread]:
        found: dict[str, list[float]] = {}
        for place, seconds in waits_of({visit.id: visit for visit in self.visits}, self.events):
            found.setdefault(place or DESK, []).append(seconds)
        return {place: spread(seconds) for place, seconds in sorted(found.items())}

    def _exceptions(self) -> Exceptions:
        settled = [notice for notice in self.notices if notice.resolved_at is not None]
        ages = [(self._now - notice.created_at).total_seconds() for notice in self.notices if notice.state == "new"]
        return Exceptions(
            came=len(self.notices),
            open=len(ages),
            settled=len(settled),
            settling=spread(((each.resolved_at or self._now) - each.created_at).total_seconds() for each in settled),
            oldest_open_s=max(ages, default=None),
            by_code=_counted(notice.code for notice in self.notices),
        )

    def _overrides(self) -> dict[str, int]:
        """By their reasons: against the machine's word, with a second person, or alone in an emergency."""
        return _counted(facts["override"] for facts in self._links("confirmed") if facts.get("override"))

    def _down(self) -> dict[str, float]:
        """For how many seconds of the day each device was without a part of it, as far as staff were told."""
        end = min(self.end, self._now)
        spans: dict[str, list[tuple[datetime, datetime]]] = {}
        for notice in self._losses():
            spans.setdefault(notice.device, []).append((notice.created_at, notice.resolved_at or end))
        return {device: covered(of, self.begin, end).total_seconds() for device, of in sorted(spans.items())}

    def _losses(self) -> Sequence[Notice]:
        """What was told of lost parts that were lost in this day, since whenever."""
        ended = or_(Notice.resolved_at.is_(None), Notice.resolved_at > self.begin)
        lost = (Notice.clinic == self._clinic, Notice.visit_id.is_(None), Notice.code.in_(_LOST_PARTS))
        return self._session.scalars(select(Notice).where(*lost, Notice.created_at < self.end, ended)).all()

    def _links(self, kind: str) -> Iterator[dict[str, str]]:
        """What the day's links of one kind say, of all devices."""
        bodies = self._session.scalars(
            select(Audit.body).where(Audit.kind == kind, Audit.at >= self.begin, Audit.at < self.end)
        )
        for body in bodies:
            yield json.loads(body)["facts"]


def waits_of(visits: Mapping[str, Visit], events: Sequence[QueueEvent]) -> Iterator[tuple[str | None, float]]:
    """Of everybody's first call to a place, where it was (None: the desk) and how many seconds they had waited there.

    What was taken back did not happen. Who was sent on waits from then.
    """
    undone = {event.undoes for event in events}
    moved: dict[str, datetime] = {}
    called: set[tuple[str, str | None]] = set()
    for event in events:
        if event.id in undone:
            continue
        if event.act == Act.MOVE:
            moved[event.visit_id] = event.at
        key = (event.visit_id, event.room_id)
        if event.act != Act.CALL or key in called or event.visit_id not in visits:
            continue
        called.add(key)
        visit = visits[event.visit_id]
        came = visit.created_at if event.room_id is None else visit.admitted_at or visit.created_at
        yield event.room_id, max(0.0, (event.at - moved.get(event.visit_id, came)).total_seconds())


def _counted(keys: Iterable[Key]) -> dict[Key, int]:
    return dict(Counter(keys))
