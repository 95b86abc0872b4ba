"""What is on its way to payer and hospital, as staff see it: how many wait, and which a person must look at.

How the payer replaces a row of the check-in table that it took is not published. So what changes of such a row stands
in a list until somebody says that they told the payer.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from kiosk.domain.route import Clinic
from kiosk.ports import Clock
from kiosk.store import deliveries, repositories
from kiosk.store.database import Database
from kiosk.store.ids import uuid7
from kiosk.store.tables import Delivery, Visit, VisitEvent, VisitOrder

_IN_THE_ROW = ("route_confirmed", "corrected", "cancelled", "erased")
SHOWN = 5
"""How many dead letters of a receiver stand on the page."""

REASONS = (
    "service_unknown",
    "route_unknown",
    "insurance_number_unknown",
    "record_gone",
    "hl7_error",
    "hl7_rejected",
    "malformed_answer",
    "other_answer",
    "too_slow",
    "dropped",
    "unreachable",
    "gateway_refused",
    "internal_fault",
)
"""The reasons of deliveries that have words; others are shown as they are."""

FAULTS = ("missing", "too_long", "malformed", "too_early")
"""What may be wrong with a field of the payer's table: such a reason is ``FIELD.fault``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A delivery that a person must look at: the ticket's number, or None for an unknown visit, and why."""

    number: int | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """A receiver with something under way."""

    name: str
    waiting: int
    dead: int
    letters: tuple[DeadLetter, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """A row of the payer's table that was taken, and is no longer right: no message says so to the payer.

    ``changes`` are kinds of :class:`kiosk.store.tables.VisitEvent` in their order, or ``ordered``; ``receipt`` is the
    payer's number for the row.
    """

    visit_id: str
    day: date
    number: int
    changes: tuple[str, ...]
    receipt: str


class Outgoing:
    """What is on its way.

    :param device: the desk's name in the audit chain.
    """

    def __init__(self, database: Database, *, clinic: Clinic, device: str, clock: Clock) -> None:
        self._database = database
        self._clinic = clinic
        self._device = device
        self._clock = clock

    def receivers(self) -> tuple[Receiver, ...]:
        """Those with something under way or to look at, by name."""
        with self._database.read() as session:
            counts = deliveries.counts(session)
            names = sorted({name for (name, state), _ in counts.items() if state != "delivered"})
            return tuple(
                Receiver(
                    name=name,
                    waiting=counts.get((name, "waiting"), 0),
                    dead=counts.get((name, "dead"), 0),
                    letters=tuple(
                        _letter(session, row)
                        for row in deliveries.listed(session, sink=name, states=("dead",), limit=SHOWN)
                    ),
                )
                for name in names
            )

    def send_again(self, name: str, *, by: str) -> int:
        """How many dead letters of a receiver are tried again from now on."""
        now = self._clock.now()
        with self._database.write() as session:
            many = deliveries.replay(session, now, sink=name, event_id=None, states=("dead",))
            if many:
                facts = {"sink": name, "many": many, "by": by}
                repositories.append_audit(session, self._device, now, "sent_again", facts)
        return many

    def by_hand(self) -> tuple[ByHand, ...]:
        """What the payer is to be told by hand, the oldest first."""
        with self._database.read() as session:
            return tuple(
                ByHand(
                    visit_id=visit.id,
                    day=visit.day,
                    number=visit.number,
                    changes=changes,
                    receipt=taken.receipt or "",
                )
                for taken, visit, changes in untold(session, self._clinic.code)
            )

    def told(self, visit_id: str, *, by: str) -> bool:
        """Write down that the payer was told by hand; whether there was anything to tell."""
        if all(row.visit_id != visit_id for row in self.by_hand()):
            return False
        now = self._clock.now()
        with self._database.write() as session:
            own = {"device": self._device, "kind": "payer_told", "by": by}
            session.add(VisitEvent(id=uuid7(now), visit_id=visit_id, at=now, **own))
            session.flush()
            visit = session.get(Visit, visit_id)
            if visit is not None and visit.sealed_key is None and visit.commitment is not None:
                # The payer's number finds the person there: it was kept so that this could be told.
                rows = update(Delivery).where(Delivery.visit_id == visit_id, deliveries.payer_took())
                session.execute(rows.values(receipt=deliveries.ERASED))
            repositories.append_audit(session, self._device, now, "payer_told", {"visit": visit_id, "by": by})
        return True


def untold(session: Session, clinic: str) -> list[tuple[Delivery, Visit, tuple[str, ...]]]:
    """The rows that the payer took and that are no longer right, the oldest first, with what changed."""
    query = (
        select(Delivery, Visit)
        .join(Visit, Visit.id == Delivery.visit_id)
        .where(Visit.clinic == clinic, deliveries.payer_took())
        .order_by(Delivery.settled_at)
    )
    rows = [(taken, visit, _changes(session, taken)) for taken, visit in session.execute(query)]
    return [row for row in rows if row[2]]


def _changes(session: Session, taken: Delivery) -> tuple[str, ...]:
    """What changed of a row since the payer took it, and since somebody last told the payer."""
    since = taken.settled_at or taken.next_at
    query = select(VisitEvent).where(VisitEvent.visit_id == taken.visit_id, VisitEvent.at > since)
    changes: list[str] = []
    for event in session.scalars(query.order_by(VisitEvent.at, VisitEvent.id)):
        since = event.at if event.kind == "payer_told" else since
        changes = [] if event.kind == "payer_told" else [*changes, event.kind]
    order = session.get(VisitOrder, taken.visit_id)
    ordered = ("ordered",) if order is not None and order.created_at > since else ()
    return (*dict.fromkeys(kind for kind in changes if kind in _IN_THE_ROW), *ordered)


def _letter(session: Session, row: Delivery) -> DeadLetter:
    visit = session.get(Visit, row.visit_id)
    return DeadLetter(number=None if visit is None else visit.number, reason=row.reason or "")
