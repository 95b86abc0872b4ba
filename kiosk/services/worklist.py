"""The worklist: what is to be put right at the source, kept sealed, shown to staff, sent to the insurer, closed.

Theory of operation. An entry is a row without any field of a person, and a sealed part with both values, the numbers
and what is proposed. The same difference of the same person is one entry, however often they come: each bears a keyed
hash of its field and sealed content, which the store keeps unique, and which goes when the entry is closed. Entries are
never changed but in their state; each step is a link of the desk's audit chain. Only the staff's process has a
worklist.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk.domain.route import Clinic
from kiosk.domain.tickets import VIETNAM_TIME, clinic_day
from kiosk.domain.worklist import ClosedHow, Field, Mismatch, Source, WorkState
from kiosk.keys import CannotOpen, Fields, Sealed, VisitOpener, canonical_json
from kiosk.ports import Clock
from kiosk.services.erasure_search import numbers_of
from kiosk.store import repositories
from kiosk.store.database import Database
from kiosk.store.ids import uuid7
from kiosk.store.tables import Work

TREND_DAYS = 14
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Subject:
    """Whom an entry is about, and the visit that showed it; None where it is not known."""

    personal_number: str | None = None
    insurance_number: str | None = None
    visit_id: str | None = None

    def __repr__(self) -> str:
        return "Subject(…)"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WorkRow:
    """An entry, opened for staff. ``unreadable``: its sealed part is gone or does not open, and its values are empty.

    ``grade`` is a word of :mod:`kiosk.domain.match`, or nothing; ``overdue`` says that what was due did not come.
    """

    work_id: str
    field: Field
    left_source: Source
    right_source: Source
    grade: str
    state: WorkState
    left: str
    right: str
    proposed: str
    subject: Subject
    created_at: datetime
    due_at: datetime | None
    overdue: bool
    unreadable: bool

    def __repr__(self) -> str:
        return f"WorkRow({self.field.value}, {self.state.value})"

    @property
    def day(self) -> str:
        """When it was found: the local day, ``DD/MM/YYYY``."""
        return self.created_at.astimezone(VIETNAM_TIME).strftime("%d/%m/%Y")

    @property
    def due(self) -> str:
        """When it is due, ``HH:MM DD/MM`` local time, or nothing."""
        return "" if self.due_at is None else self.due_at.astimezone(VIETNAM_TIME).strftime("%H:%M %d/%m")


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCount:
    """How many entries were found and closed on a day."""

    day: date
    opened: int
    closed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The entries that are not closed, by state and by field, those that are overdue, and the days before today."""

    states: Mapping[WorkState, int]
    fields: Mapping[Field, int]
    overdue: int
    trend: tuple[DayCount, ...]

    @property
    def waiting(self) -> int:
        """How many are not closed."""
        return sum(self.fields.values())

    @property
    def most(self) -> int:
        """The greatest number of a day, for a scale; at least 1."""
        return max((max(day.opened, day.closed) for day in self.trend), default=0) or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """How entries are closed, when and by whom; ``device`` is the desk's name in the audit chain."""

    device: str
    by: str
    how: ClosedHow
    at: datetime


def close_of_visit(session: Session, visit_id: str, closing: Closing) -> int:
    """How many entries that a visit showed are closed with it, in the caller's transaction."""
    works = session.scalars(select(Work).where(Work.visit_id == visit_id, Work.state != WorkState.CLOSED)).all()
    for work in works:
        _close(session, work, closing)
    return len(works)


def close_of_person(
    session: Session, clinic: str, numbers: frozenset[str], opener: VisitOpener, closing: Closing
) -> int:
    """How many entries about whoever has one of these numbers are closed, whichever visit showed them, or none.

    :param numbers: as :func:`kiosk.services.erasure_search.shortest` gives them.
    """
    found = list(about_person(session, clinic, numbers, opener))
    for work, _ in found:
        _close(session, work, closing)
    return len(found)


def about_person(
    session: Session, clinic: str, numbers: frozenset[str], opener: VisitOpener
) -> Iterator[tuple[Work, Mapping[str, str | None]]]:
    """The entries about whoever has one of these numbers, each with what lies sealed in it."""
    for work in session.scalars(select(Work).where(Work.clinic == clinic, Work.sealed_key.is_not(None))):
        fields = _opened(work, opener) or {}
        if numbers & numbers_of(fields):
            yield work, fields


def close_before(session: Session, clinic: str, before: datetime, closing: Closing) -> int:
    """How many entries that no visit showed are closed because they are too old, in the caller's transaction."""
    old = Work.visit_id.is_(None), Work.sealed_key.is_not(None), Work.created_at < before
    works = session.scalars(select(Work).where(Work.clinic == clinic, *old)).all()
    for work in works:
        _close(session, work, closing)
    return len(works)


class Worklist:
    """The entries of a clinic.

    :param device: the desk's name in the audit chain.
    """

    def __init__(self, *, database: Database, clinic: Clinic, device: str, opener: VisitOpener, clock: Clock) -> None:
        self._database = database
        self._clinic = clinic
        self._device = device
        self._opener = opener
        self._clock = clock

    def add(self, found: Iterable[Mismatch], subject: Subject, *, roster_version: str = "") -> int:
        """How many new entries were made of these differences.

        :raises StoreUnavailable: if the store cannot take them; then none was.
        """
        with self._database.write() as session:
            return self.add_in(session, found, subject, roster_version=roster_version)

    def add_in(self, session: Session, found: Iterable[Mismatch], subject: Subject, *, roster_version: str = "") -> int:
        """The same in the caller's transaction."""
        added = 0
        for mismatch in found:
            fields = _fields(mismatch, subject)
            same = self._same(mismatch.field, fields)
            if not self._is_there(session, same):
                self._insert(session, mismatch, subject, fields, roster_version, same=same)
                added += 1
        return added

    def mark_same(self) -> int:
        """How many entries from before the hashes have theirs now; opened without a turn at writing."""
        query = select(Work).where(
            Work.clinic == self._clinic.code,
            Work.state != WorkState.CLOSED,
            Work.same.is_(None),
            Work.field != Field.PAPERS,
        )
        with self._database.read() as session:
            opened = [(work.id, Field(work.field), self._opened(work)) for work in session.scalars(query)]
        marks = [(each, self._same(field, fields)) for each, field, fields in opened if fields is not None]
        if not marks:
            return 0
        with self._database.write() as session:
            return sum(self._mark(session, *mark) for mark in marks)

    def expect_papers(self, session: Session, visit_id: str, missing: Sequence[str], due_at: datetime) -> None:
        """Note in the caller's transaction that a visit's papers are still to come.

        :param missing: words of :class:`kiosk.domain.ways.Paper`.
        """
        mismatch = Mismatch(
            field=Field.PAPERS,
            left_source=Source.STAFF,
            left=" ".join(missing),
            right_source=Source.STAFF,
            right="",
            grade="",
            proposed="",
        )
        subject = Subject(visit_id=visit_id)
        self._insert(session, mismatch, subject, _fields(mismatch, subject), "", due_at=due_at)

    def rows(self, *, limit: int | None = None) -> tuple[WorkRow, ...]:
        """What is not closed: what is due first, then the oldest."""
        query = select(Work).where(Work.clinic == self._clinic.code, Work.state != WorkState.CLOSED)
        order = (Work.due_at.is_(None), Work.due_at, Work.created_at, Work.id)
        with self._database.read() as session:
            return tuple(self._row(work) for work in session.scalars(query.order_by(*order).limit(limit)))

    def row(self, work_id: str) -> WorkRow | None:
        """One entry that is not closed."""
        with self._database.read() as session:
            work = session.get(Work, work_id)
            return None if work is None or work.state == WorkState.CLOSED else self._row(work)

    def due(self) -> tuple[WorkRow, ...]:
        """The papers that are still to come, the most urgent first."""
        return tuple(row for row in self.rows() if row.due_at is not None)

    def counts(self) -> Counts:
        """How much there is, and how that went in the last days."""
        now = self._clock.now()
        today = clinic_day(now)
        first = today - timedelta(days=TREND_DAYS - 1)
        with self._database.read() as session:
            columns = (Work.state, Work.field, Work.created_at, Work.closed_at, Work.due_at)
            works = session.execute(select(*columns).where(Work.clinic == self._clinic.code)).all()
        waiting = [work for work in works if work.state != WorkState.CLOSED]
        opened = Counter(clinic_day(work.created_at) for work in works)
        closed = Counter(clinic_day(work.closed_at) for work in works if work.closed_at is not None)
        days = (first + timedelta(days=each) for each in range(TREND_DAYS))
        return Counts(
            states=Counter(WorkState(work.state) for work in waiting),
            fields=Counter(Field(work.field) for work in waiting),
            overdue=sum(work.due_at is not None and work.due_at <= now for work in waiting),
            trend=tuple(DayCount(day=day, opened=opened[day], closed=closed[day]) for day in days),
        )

    def mark_sent(self, work_ids: Iterable[str], *, by: str) -> int:
        """How many open entries are now sent: they stand in a file for the insurer."""
        at = self._clock.now()
        with self._database.write() as session:
            works = [work for each in work_ids if (work := session.get(Work, each)) is not None]
            sent = [work for work in works if work.state == WorkState.OPEN]
            for work in sent:
                work.state, work.sent_at = WorkState.SENT, at
            session.flush()
            facts = {"work": [work.id for work in sent], "by": by}
            repositories.append_audit(session, self._device, at, "work_sent", facts)
        _log.info("work_sent", entries=len(sent))
        return len(sent)

    def close(self, work_id: str, *, by: str, how: ClosedHow) -> bool:
        """Close an entry; whether it was not closed before. A ValueError for an unknown one."""
        at = self._clock.now()
        with self._database.write() as session:
            work = session.get(Work, work_id)
            if work is None:
                raise ValueError("no such entry")
            if work.state == WorkState.CLOSED:
                return False
            _close(session, work, Closing(device=self._device, by=by, how=how, at=at))
        return True

    def _same(self, field: Field, fields: Fields) -> bytes:
        return self._opener.tag("worklist", canonical_json([field.value, dict(fields)]))

    def _is_there(self, session: Session, same: bytes) -> bool:
        query = select(Work.id).where(Work.clinic == self._clinic.code, Work.same == same)
        return session.scalar(query) is not None

    def _mark(self, session: Session, work_id: str, same: bytes) -> bool:
        work = session.get(Work, work_id)
        if work is None or work.state == WorkState.CLOSED or self._is_there(session, same):
            return False
        work.same = same
        session.flush()
        return True

    def _insert(
        self,
        session: Session,
        mismatch: Mismatch,
        subject: Subject,
        fields: Fields,
        roster_version: str,
        *,
        due_at: datetime | None = None,
        same: bytes | None = None,
    ) -> None:
        at = self._clock.now()
        work_id = uuid7(at)
        sealed = self._opener.sealer().seal(work_id, fields)
        work = Work(
            id=work_id,
            clinic=self._clinic.code,
            device=self._device,
            visit_id=subject.visit_id,
            field=mismatch.field,
            left_source=mismatch.left_source,
            right_source=mismatch.right_source,
            grade=mismatch.grade,
            state=WorkState.OPEN,
            sealed_key=sealed.key,
            blob=sealed.blob,
            commitment=sealed.commitment,
            same=same,
            roster_version=roster_version,
            created_at=at,
            due_at=due_at,
        )
        session.add(work)
        session.flush()
        facts = {"work": work_id, "field": mismatch.field, "grade": mismatch.grade, "visit": subject.visit_id}
        facts |= {"left": mismatch.left_source, "right": mismatch.right_source, "commitment": sealed.commitment.hex()}
        repositories.append_audit(session, self._device, at, "work_found", facts)

    def _row(self, work: Work) -> WorkRow:
        fields = self._opened(work)
        known = fields or {}
        return WorkRow(
            work_id=work.id,
            field=Field(work.field),
            left_source=Source(work.left_source),
            right_source=Source(work.right_source),
            grade=work.grade,
            state=WorkState(work.state),
            left=known.get("left") or "",
            right=known.get("right") or "",
            proposed=known.get("proposed") or "",
            subject=Subject(
                personal_number=known.get("personal_number"),
                insurance_number=known.get("insurance_number"),
                visit_id=work.visit_id,
            ),
            created_at=work.created_at,
            due_at=work.due_at,
            overdue=work.due_at is not None and work.due_at <= self._clock.now(),
            unreadable=fields is None,
        )

    def _opened(self, work: Work) -> dict[str, str | None] | None:
        return _opened(work, self._opener)


def _close(session: Session, work: Work, closing: Closing) -> None:
    work.state, work.closed_at = WorkState.CLOSED, closing.at
    work.closed_by, work.closed_how = closing.by, closing.how
    # What was wrong is right now, or concerns nobody here: nobody needs to read the values any more.
    work.sealed_key = work.blob = work.same = None
    session.flush()
    facts = {"work": work.id, "field": work.field, "by": closing.by, "how": closing.how}
    repositories.append_audit(session, closing.device, closing.at, "work_closed", facts)
    _log.info("work_closed", how=closing.how.value)


def _opened(work: Work, opener: VisitOpener) -> dict[str, str | None] | None:
    sealed = Sealed.of(work.sealed_key, work.blob, work.commitment)
    try:
        return None if sealed is None else opener.open(work.id, sealed)
    except CannotOpen:
        _log.error("record_unreadable", work=work.id)
        return None


def _fields(mismatch: Mismatch, subject: Subject) -> dict[str, str | None]:
    """The sealed part; without the visit, so that the next visit finds the same entry."""
    return {
        "left_source": mismatch.left_source.value,
        "left": mismatch.left,
        "right_source": mismatch.right_source.value,
        "right": mismatch.right,
        "proposed": mismatch.proposed,
        "personal_number": subject.personal_number,
        "insurance_number": subject.insurance_number,
    }
