"""What the board counts: who waits before which room, how long visits took today, and who overrode how often."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from sqlalchemy import ColumnElement, func, select

from kiosk.domain.holder import DUE
from kiosk.domain.route import Clinic, Room
from kiosk.domain.tickets import clinic_day
from kiosk.ports import Clock
from kiosk.services.overrides import OVERRIDDEN, shift_began
from kiosk.store import queue as lines
from kiosk.store.database import Database
from kiosk.store.tables import Visit, VisitEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomWait:
    """A room (None: the desk), how many wait for it, and for how many seconds the first of them does."""

    room: Room | None
    count: int
    longest_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long today's visits took at the machine, from the first touch to the ticket, in seconds."""

    visits: int
    median_s: float
    p95_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderRow:
    """A visit whose holder a clerk is to look at: its number, and for how many seconds it waits for that."""

    visit_id: str
    number: int
    age_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PayerWord:
    """What came of asking the payer (:class:`kiosk.domain.cover_basis.Online`), and how many seconds ago."""

    word: str
    age_s: int


class BoardFigures:
    """Counts of the clinic's present day."""

    def __init__(self, *, database: Database, clinic: Clinic, clock: Clock) -> None:
        self._database = database
        self._clinic = clinic
        self._clock = clock

    def rooms(self) -> tuple[RoomWait, ...]:
        """The desk and every room in their order, with who waits: the same figures as the lines' page has."""
        now = self._clock.now()
        with self._database.read() as session:
            found = lines.counts(session, self._clinic.code, clinic_day(now))
        rooms: tuple[Room | None, ...] = (None, *self._clinic.rooms)
        return tuple(_waits(room, found.get(None if room is None else room.id), now) for room in rooms)

    def pace(self) -> Pace | None:
        """How long today's visits took; None where none was timed."""
        timed = *self._today(), Visit.took_ms.is_not(None)
        with self._database.read() as session:
            many = session.scalar(select(func.count()).select_from(Visit).where(*timed)) or 0
            if many == 0:
                return None
            rising = select(Visit.took_ms).where(*timed).order_by(Visit.took_ms)
            median, most = (session.scalar(rising.offset(_rank(many, share)).limit(1)) or 0 for share in (0.5, 0.95))
        return Pace(visits=many, median_s=median / 1000, p95_s=most / 1000)

    def overrides(self) -> Mapping[str, int]:
        """How often each clerk admitted somebody against what the machine found, in this shift."""
        with self._database.read() as session:
            since = shift_began(session, self._clinic.code, self._clock.now())
            query = select(VisitEvent.by).where(VisitEvent.kind == OVERRIDDEN, VisitEvent.at >= since)
            return Counter(session.scalars(query))

    def holders_due(self) -> tuple[HolderRow, ...]:
        """Today's visits whose holder nobody has looked at, the latest first: those people may still be near."""
        query = select(Visit.id, Visit.number, Visit.created_at).where(*self._today(), Visit.holder_check == DUE)
        now = self._clock.now()
        with self._database.read() as session:
            rows = session.execute(query.order_by(Visit.created_at.desc(), Visit.number.desc())).all()
        return tuple(HolderRow(visit_id=row.id, number=row.number, age_s=_age(row.created_at, now)) for row in rows)

    def payer(self) -> PayerWord | None:
        """What came of asking the payer the last time today; None where nobody was asked."""
        query = select(Visit.cover_online, Visit.created_at).where(*self._today(), Visit.cover_online.is_not(None))
        with self._database.read() as session:
            row = session.execute(query.order_by(Visit.created_at.desc()).limit(1)).first()
        return None if row is None else PayerWord(word=row.cover_online, age_s=_age(row.created_at, self._clock.now()))

    def _today(self) -> tuple[ColumnElement[bool], ...]:
        return Visit.clinic == self._clinic.code, Visit.day == clinic_day(self._clock.now())


def _waits(room: Room | None, found: tuple[int, datetime] | None, now: datetime) -> RoomWait:
    if found is None:
        return RoomWait(room=room, count=0, longest_s=0)
    return RoomWait(room=room, count=found[0], longest_s=_age(found[1], now))


def _age(since: datetime, now: datetime) -> int:
    return max(0, int((now - since).total_seconds()))


def _rank(many: int, share: float) -> int:
    """The place (from 0) of the smallest of ``many`` rising values that this share of all does not exceed."""
    return max(0, ceil(share * many) - 1)
