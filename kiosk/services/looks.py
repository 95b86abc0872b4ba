"""Who looked at whose record: every page of the desk that shows a person leaves a row, and the chain vouches for it.

Theory of operation. A row says who, when, of which visit and which page, and nothing of the person. Rows are written
before the page leaves. Now and then those that came since are bound: one link of the desk's audit chain holds how many
there are and the SHA-256 over them, so that none can be altered or taken away later without the chain saying so. Rows
are forgotten as they were bound, together, when their time of keeping is over; the chain's links stay.

Source: Law 91/2025/QH15 on the protection of personal data.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, func, select
from sqlalchemy.orm import Session

from kiosk.domain.route import Clinic
from kiosk.domain.tickets import VIETNAM_TIME
from kiosk.keys import canonical_json
from kiosk.ports import Clock
from kiosk.store import repositories
from kiosk.store.database import Database
from kiosk.store.desk_tables import Look
from kiosk.store.ids import uuid7
from kiosk.store.tables import Audit, Visit

BOUND: Final = "looks"
"""The kind of a link that holds the commitment to rows."""
SHOWN: Final = 500
SEARCH: Final = "find"
BURST_S: Final = 600
"""Within how many seconds the records that somebody opens are counted together."""
BURST: Final = 40
"""How many different records within that time are more than the work at a desk makes anybody open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookRow:
    """One look: ``page`` is the name of the page's address; the ticket is None for a list of many people."""

    by: str
    at: datetime
    page: str
    visit_id: str | None
    number: int | None
    day: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Looker:
    """Somebody who looked on a day: at how many different records, and how many pages in all."""

    by: str
    records: int
    pages: int


class Looks:
    """The looks of a clinic's desk.

    :param device: the desk's name in the audit chain. :param keep_days: for how long a look is remembered.
    """

    def __init__(self, *, database: Database, clinic: Clinic, device: str, clock: Clock, keep_days: int = 730) -> None:
        self._database = database
        self._clinic = clinic
        self._device = device
        self._clock = clock
        self._keep = timedelta(days=keep_days)

    def note(self, page: str, visits: Iterable[str | None], *, by: str) -> None:
        """Write down that somebody sees a page about these visits; None stands for a list of many.

        :raises StoreUnavailable: if it could not be committed; then the page must not leave.
        """
        with self._database.write() as session:
            session.add_all(self._rows(page, visits, by))

    def _rows(self, page: str, visits: Iterable[str | None], by: str) -> Iterator[Look]:
        at, own = self._clock.now(), {"clinic": self._clinic.code, "device": self._device}
        for visit in dict.fromkeys(visits):
            yield Look(id=uuid7(at), visit_id=visit, page=page, by=by, at=at, **own)

    def of_visit(self, visit_id: str) -> tuple[LookRow, ...]:
        """Who looked at a record, the latest first."""
        return self._listed(Look.visit_id == visit_id)

    def of_day(self, day: date, by: str = "") -> tuple[LookRow, ...]:
        """The looks of one of the clinic's days, of everybody or of one clerk, the latest first."""
        since = _midnight(day)
        own = () if not by else (Look.by == by,)
        return self._listed(Look.at >= since, Look.at < since + timedelta(days=1), *own)

    def lookers(self, day: date) -> tuple[Looker, ...]:
        """Who looked on a day, whoever saw most records first."""
        since = _midnight(day)
        counts = (func.count(Look.visit_id.distinct()), func.count())
        query = select(Look.by, *counts).where(
            Look.clinic == self._clinic.code, Look.at >= since, Look.at < since + timedelta(days=1)
        )
        with self._database.read() as session:
            rows = session.execute(query.group_by(Look.by)).all()
        found = (Looker(by=by, records=records, pages=pages) for by, records, pages in rows)
        return tuple(sorted(found, key=lambda each: (-each.records, each.by)))

    def bursts(self) -> Mapping[str, int]:
        """Who has opened unusually many different records in the last ten minutes, and how many."""
        since, many = self._clock.now() - timedelta(seconds=BURST_S), func.count(Look.visit_id.distinct())
        # A search finds the same number of many days, and masks their names: it is no opening of so many records.
        opened = (Look.clinic == self._clinic.code, Look.at > since, Look.page != SEARCH)
        query = select(Look.by, many).where(*opened)
        with self._database.read() as session:
            rows = session.execute(query.group_by(Look.by).having(many >= BURST)).all()
        return {row[0]: row[1] for row in rows}

    def round(self) -> int:
        """Bind what came and forget what is too old: how many rows that were.

        :raises StoreUnavailable: if the store takes nothing; what was done before stays done.
        """
        return self.bind() + self.forget()

    def bind(self) -> int:
        """How many rows the chain vouches for from now on."""
        loose = select(Look).where(Look.device == self._device, Look.link.is_(None)).order_by(Look.id)
        with self._database.read() as session:
            if session.scalars(loose.limit(1)).first() is None:
                return 0
        with self._database.write() as session:
            rows = session.scalars(loose).all()
            facts = {"many": len(rows), "sha256": _digest(rows)}
            link = repositories.append_audit(session, self._device, self._clock.now(), BOUND, facts)
            for row in rows:
                row.link = link.seq
            return len(rows)

    def forget(self) -> int:
        """How many rows are forgotten, whose time of keeping is over."""
        before, forgotten = self._clock.now() - self._keep, 0
        while (oldest := self._oldest()) is not None and oldest[1] < before:
            with self._database.write() as session:
                gone = session.execute(delete(Look).where(Look.device == self._device, Look.link == oldest[0]))
                forgotten += int(getattr(gone, "rowcount", 0))
        return forgotten

    def _oldest(self) -> tuple[int, datetime] | None:
        """The first link that still has rows, and when it was made."""
        bound = and_(Audit.device == Look.device, Audit.seq == Look.link)
        query = select(Audit.seq, Audit.at).join(Look, bound).where(Look.device == self._device)
        with self._database.read() as session:
            row = session.execute(query.order_by(Look.link).limit(1)).first()
        return None if row is None else (row.seq, row.at)

    def _listed(self, *which: ColumnElement[bool]) -> tuple[LookRow, ...]:
        query = select(Look, Visit.number, Visit.day).outerjoin(Visit, Visit.id == Look.visit_id)
        query = query.where(Look.clinic == self._clinic.code, *which)
        with self._database.read() as session:
            rows = session.execute(query.order_by(Look.at.desc(), Look.id.desc()).limit(SHOWN)).all()
            return tuple(
                LookRow(by=look.by, at=look.at, page=look.page, visit_id=look.visit_id, number=number, day=day)
                for look, number, day in rows
            )


def altered(session: Session, since: datetime) -> tuple[tuple[str, int], ...]:
    """The links made since then whose rows are not what was bound: device and number of each.

    :param since: nothing older is looked at, because its rows may rightly be forgotten.
    """
    links = session.scalars(select(Audit).where(Audit.kind == BOUND, Audit.at >= since).order_by(Audit.seq)).all()
    kept: defaultdict[tuple[str, int], list[Look]] = defaultdict(list)
    if links:
        bound = select(Look).where(Look.link >= min(link.seq for link in links)).order_by(Look.id)
        for row in session.scalars(bound):
            kept[row.device, row.link or 0].append(row)
    said = ((link, json.loads(link.body)["facts"]["sha256"]) for link in links)
    return tuple((link.device, link.seq) for link, digest in said if _digest(kept[link.device, link.seq]) != digest)


def _digest(rows: Iterable[Look]) -> str:
    said = [[row.id, row.clinic, row.visit_id, row.page, row.by, row.at.isoformat()] for row in rows]
    return hashlib.sha256(canonical_json(said)).hexdigest()


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=VIETNAM_TIME).astimezone(UTC)
