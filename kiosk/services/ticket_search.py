"""Finding a ticket by its number, of today or of an earlier day, and its copies.

What is found names people as they may stand on a screen: masked, because whoever asks may have mistyped the number.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk.domain.names import masked
from kiosk.domain.route import Clinic, Room
from kiosk.domain.tickets import Ticket, clinic_day
from kiosk.ports import Clock
from kiosk.services.desk_admission import DeskAdmission
from kiosk.services.printing import REPRINTED, copies_of
from kiosk.services.printing import is_printable as is_printable
from kiosk.services.record import ticket_of
from kiosk.store import repositories, shifts
from kiosk.store.database import Database
from kiosk.store.ids import uuid7
from kiosk.store.tables import Visit, VisitEvent

_SHOWN = 30


class CopyReason(StrEnum):
    """Why somebody gets their ticket again."""

    LOST = "lost"
    NO_PAPER = "no_paper"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Found:
    """A ticket that was found; ``name`` is masked, and nothing where nobody is known."""

    visit_id: str
    number: int
    day: date
    state: str
    room: Room | None
    name: str
    check_code: str
    copies: int

    def __repr__(self) -> str:
        return f"Found(number={self.number})"


class TicketSearch:
    """Finds tickets, and writes down copies that the browser prints.

    :param device: the desk's name in the audit chain. :param admission: opens records.
    """

    def __init__(
        self, *, database: Database, clinic: Clinic, device: str, clock: Clock, admission: DeskAdmission
    ) -> None:
        self._database = database
        self._clinic = clinic
        self._device = device
        self._clock = clock
        self._admission = admission

    def numbered(self, number: int) -> tuple[Found, ...]:
        """The tickets with this number, today's first, then the latest."""
        query = select(Visit).where(Visit.clinic == self._clinic.code, Visit.number == number)
        with self._database.read() as session:
            visits = session.scalars(query.order_by(Visit.day.desc()).limit(_SHOWN)).all()
            return tuple(self._found(session, visit) for visit in visits)

    def find(self, visit_id: str) -> Found | None:
        """One ticket, or None."""
        with self._database.read() as session:
            visit = session.get(Visit, visit_id)
            return None if visit is None or visit.clinic != self._clinic.code else self._found(session, visit)

    def write_copy(self, visit_id: str, reason: CopyReason, *, by: str) -> int:
        """Write down that a clerk prints a copy; how many there are with it.

        :raises ValueError: where there is no ticket of today under this visit.
        :raises StoreUnavailable: if nothing could be committed; then nothing was.
        """
        at = self._clock.now()
        with self._database.write() as session:
            visit = session.get(Visit, visit_id)
            if (
                visit is None
                or visit.clinic != self._clinic.code
                or not is_printable(visit.state, visit.day, self.today)
            ):
                raise ValueError("no such ticket")
            copy = copies_of(session, visit_id) + 1
            shift = shifts.current(session, visit.clinic, at)
            session.add(
                VisitEvent(
                    id=uuid7(at),
                    visit_id=visit_id,
                    device=self._device,
                    kind=REPRINTED,
                    reason=reason,
                    before=None,
                    after=str(copy),
                    by=by,
                    shift_id=None if shift is None else shift.id,
                    at=at,
                )
            )
            session.flush()
            facts = {"visit": visit_id, "number": visit.number, "copy": copy, "reason": reason, "by": by}
            repositories.append_audit(session, self._device, at, REPRINTED, facts)
            return copy

    def ticket(self, visit_id: str) -> tuple[Ticket, Room | None] | None:
        """The ticket as it was given out, with its room; None where there is none."""
        with self._database.read() as session:
            visit = session.get(Visit, visit_id)
            if visit is None or visit.clinic != self._clinic.code:
                return None
            room = None if visit.room_id is None else self._clinic.room_or_bare(visit.room_id)
            return ticket_of(session, visit, again=True), room

    @property
    def today(self) -> date:
        """The clinic's day."""
        return clinic_day(self._clock.now())

    def _found(self, session: Session, visit: Visit) -> Found:
        person, _ = self._admission.person(visit)
        return Found(
            visit_id=visit.id,
            number=visit.number,
            day=visit.day,
            state=visit.state,
            room=None if visit.room_id is None else self._clinic.room_or_bare(visit.room_id),
            name="" if person is None else masked(person.display_name),
            check_code=visit.check_code,
            copies=copies_of(session, visit.id),
        )
