"""What is on its way to payer and hospital, as staff see it: how many wait, and which a person must look at."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from kiosk.domain.route import Clinic
from kiosk.ports import Clock
from kiosk.store import deliveries, repositories
from kiosk.store.database import Database
from kiosk.store.tables import Delivery, Visit

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
                        _letter(session, row) for row in deliveries.listed(session, sink=name, states=("dead",))[:SHOWN]
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


def _letter(session: Session, row: Delivery) -> DeadLetter:
    visit = session.get(Visit, row.visit_id)
    return DeadLetter(number=None if visit is None else visit.number, reason=row.reason or "")
