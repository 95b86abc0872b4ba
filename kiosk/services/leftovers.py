"""What nobody came back to: asked about too late, tickets of earlier days, deliveries of long ago.

Theory of operation. A round in the background of the staff's process ends what would stay open for ever, each by a rule
of its own and as an event. An admission about which the payer could not be asked for seven days becomes a notice that
somebody must settle by hand. A desk ticket of an earlier day is closed, with its notices, when the configured number of
days is over. Whoever was to be held against the chip's portrait, and was not, is written down as not compared once the
clinic's day is over. A delivery that was taken long ago is forgotten: the audit chain and the outbox keep what
happened. So is the person of a visit whose time of keeping is over. Until then staff see how many there are, how old
the oldest is, and who admitted them.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import structlog
from sqlalchemy import Select, and_, delete, exists, func, select
from sqlalchemy.orm import Session, aliased

from kiosk.domain.codes import Code, Resolution
from kiosk.domain.holder import DUE, NOT_MADE
from kiosk.domain.route import Clinic
from kiosk.domain.tickets import VIETNAM_TIME, clinic_day
from kiosk.ports import Clock
from kiosk.services.checkin import settle
from kiosk.services.outgoing import untold
from kiosk.services.recheck import OLDEST, Recheck
from kiosk.services.record import notice_of, visit_facts
from kiosk.services.retention import Retention
from kiosk.services.worker import Rounds
from kiosk.store import deliveries, repositories
from kiosk.store.database import Database
from kiosk.store.ids import uuid7
from kiosk.store.tables import Delivery, Visit, VisitEvent

DAY_OVER = "day_over"
_AT_ONCE = 100
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRechecks:
    """The admissions about which the payer is still to be asked: how many, the age of the oldest in seconds, and how
    many of each who admitted them, a clerk or a machine.
    """

    count: int
    oldest_s: int
    owners: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierTickets:
    """The desk tickets of earlier days: how many are open, and how many were closed by themselves today."""

    open: int
    closed_today: int


class Leftovers:
    """Ends what would stay open for ever.

    :param device: the desk's name in the audit chain and the outbox.
    :param close_after_days: a desk ticket is closed once it is older than this; 0 closes it when its day is over.
    :param keep_days: for how long a delivery that was taken is remembered.
    :param retention: ends the time for which people are kept; None keeps them until somebody erases them.
    """

    def __init__(
        self,
        *,
        database: Database,
        clinic: Clinic,
        device: str,
        clock: Clock,
        close_after_days: int = 7,
        keep_days: int = 90,
        retention: Retention | None = None,
    ) -> None:
        self._database = database
        self._clinic = clinic
        self._device = device
        self._clock = clock
        self.close_after_days = close_after_days
        self._keep = timedelta(days=keep_days)
        self._retention = retention

    def round(self) -> int:
        """How much was ended.

        :raises StoreUnavailable: if the store takes nothing; what was ended before stays so.
        """
        ended = self.lapse_rechecks() + self.end_holder_checks() + self.close_tickets() + self.forget_deliveries()
        return ended + (0 if self._retention is None else self._retention.round())

    def lapse_rechecks(self) -> int:
        """How many admissions nobody is asked about any more; each is a notice for staff from now on."""
        until = self._clock.now() - OLDEST
        late = (Visit.recheck == Recheck.DUE, Visit.admitted_at <= until)
        return self._each(select(Visit.id).where(Visit.clinic == self._clinic.code, *late), self._lapse)

    def end_holder_checks(self) -> int:
        """How many people of earlier days nobody held against the portrait, and nobody will any more."""
        due = (Visit.holder_check == DUE, Visit.day < clinic_day(self._clock.now()))
        return self._each(select(Visit.id).where(Visit.clinic == self._clinic.code, *due), self._not_made)

    def close_tickets(self) -> int:
        """How many desk tickets of earlier days are closed."""
        last = clinic_day(self._clock.now()) - timedelta(days=self.close_after_days)
        old = (Visit.state == "desk", Visit.day < last)
        return self._each(select(Visit.id).where(Visit.clinic == self._clinic.code, *old), self._close)

    def forget_deliveries(self) -> int:
        """How many deliveries are forgotten that were taken long ago.

        Not where the same receiver still has another one of the same visit: what that may say depends on these. Nor a
        row of the payer's while somebody has to tell the payer what became of it.
        """
        other = aliased(Delivery)
        pending = exists().where(
            other.sink == Delivery.sink, other.visit_id == Delivery.visit_id, other.state != "delivered"
        )
        old = (Delivery.state == "delivered", Delivery.settled_at < self._clock.now() - self._keep, ~pending)
        with self._database.read() as session:
            if session.scalar(select(func.count()).select_from(Delivery).where(*old)) == 0:
                return 0
        with self._database.write() as session:
            by_hand = [taken.event_id for taken, _, _ in untold(session, self._clinic.code)]
            needed = and_(Delivery.sink == deliveries.PAYER, Delivery.event_id.in_(by_hand))
            gone = session.execute(delete(Delivery).where(*old, ~needed))
        many = int(getattr(gone, "rowcount", 0))
        if many:
            _log.info("deliveries_forgotten", many=many)
        return many

    def rechecks(self) -> WaitingRechecks:
        """What is still to be asked about."""
        owner = func.coalesce(func.nullif(Visit.confirmed_by, ""), Visit.device).label("owner")
        oldest = func.min(Visit.admitted_at, type_=Visit.admitted_at.type).label("oldest")
        waits = Visit.clinic == self._clinic.code, Visit.recheck == Recheck.DUE, Visit.admitted_at.is_not(None)
        query = select(owner, oldest, func.count().label("many")).where(*waits).group_by(owner)
        with self._database.read() as session:
            rows = session.execute(query).all()
        now = self._clock.now()
        return WaitingRechecks(
            count=sum(row.many for row in rows),
            oldest_s=max((int((now - row.oldest).total_seconds()) for row in rows), default=0),
            owners=Counter({row.owner: row.many for row in rows}),
        )

    def earlier_tickets(self) -> EarlierTickets:
        """How many desk tickets of earlier days there are."""
        today = clinic_day(self._clock.now())
        visits = select(func.count()).select_from(Visit).where(Visit.clinic == self._clinic.code)
        closed = (
            select(func.count())
            .select_from(VisitEvent)
            .where(VisitEvent.device == self._device, VisitEvent.kind == "closed", VisitEvent.at >= _midnight(today))
        )
        with self._database.read() as session:
            return EarlierTickets(
                open=session.scalar(visits.where(Visit.state == "desk", Visit.day < today)) or 0,
                closed_today=session.scalar(closed) or 0,
            )

    def _each(self, query: Select[str], end: Callable[[Session, str], bool]) -> int:
        # Looked for without a turn at writing: mostly there is nothing.
        with self._database.read() as session:
            found = list(session.scalars(query))
        ended = 0
        for first in range(0, len(found), _AT_ONCE):
            with self._database.write() as session:
                ended += sum(end(session, each) for each in found[first : first + _AT_ONCE])
        return ended

    def _lapse(self, session: Session, visit_id: str) -> bool:
        visit, at = session.get(Visit, visit_id), self._clock.now()
        if visit is None or visit.recheck != Recheck.DUE:
            return False
        visit.recheck = Recheck.LAPSED
        reason = f"recheck_{Recheck.LAPSED}"
        session.add(notice_of(visit, Code.COVER_UNKNOWN, [reason], device=self._device, at=at))
        self._tell(session, reason, visit)
        return True

    def _not_made(self, session: Session, visit_id: str) -> bool:
        visit, at = session.get(Visit, visit_id), self._clock.now()
        if visit is None or visit.holder_check != DUE:
            return False
        visit.holder_check = NOT_MADE
        own = {"device": self._device, "kind": "holder_checked", "reason": NOT_MADE, "by": self._device}
        session.add(VisitEvent(id=uuid7(at), visit_id=visit.id, at=at, **own))
        self._tell(session, f"holder_{NOT_MADE}", visit)
        return True

    def _close(self, session: Session, visit_id: str) -> bool:
        visit, at = session.get(Visit, visit_id), self._clock.now()
        if visit is None or visit.state != "desk":
            return False
        visit.state = "closed"
        for notice in repositories.notices_of_visit(session, visit.id):
            settle(notice, at, by=self._device, resolution=Resolution.DAY_OVER)
        own = {"device": self._device, "kind": "closed", "reason": DAY_OVER, "by": self._device}
        session.add(VisitEvent(id=uuid7(at), visit_id=visit.id, at=at, **own))
        self._tell(session, "closed", visit)
        return True

    def _tell(self, session: Session, kind: str, visit: Visit) -> None:
        session.flush()
        at, facts = self._clock.now(), visit_facts(visit) | {"by": self._device}
        repositories.append_audit(session, self._device, at, kind, facts)
        repositories.append_outbox(session, self._device, at, kind, facts)
        _log.info("left_over", kind=kind, number=visit.number)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=VIETNAM_TIME).astimezone(UTC)


class LeftoversThread(Rounds):
    """Runs rounds in the background.

    :param every_s: seconds between two rounds.
    """

    def __init__(self, leftovers: Leftovers, *, every_s: float = 300.0) -> None:
        super().__init__("leftovers", every_s=every_s)
        self._leftovers = leftovers

    def round(self) -> None:
        """A round."""
        self._leftovers.round()
