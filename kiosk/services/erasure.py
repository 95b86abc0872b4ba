"""Erasing a person: the keys of their visits are destroyed, and everything that stands about them goes with it.

Theory of operation. What is personal lies sealed under a key of its visit's own; audit, outbox and receipts hold
commitments and references only. So erasing takes the sealed key and the blob out of the visit and of whatever was
sealed for it, with the tag of the day, what was ordered for the person, and what receivers answered about them;
overwrites all that (``secure_delete``), and empties the write-ahead log. Every chain verifies as before. That somebody
was erased is an event itself: which visit, why, by whom, and nothing of whom.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from time import sleep

import structlog
from sqlalchemy import Select, delete, or_, select, update
from sqlalchemy.orm import Session

from kiosk.domain.corrections import EraseReason
from kiosk.domain.route import Clinic
from kiosk.domain.tickets import VIETNAM_TIME
from kiosk.domain.worklist import ClosedHow
from kiosk.keys import VisitOpener
from kiosk.ports import Clock
from kiosk.services.erasure_search import find_person
from kiosk.services.worklist import Closing, close_before, close_of_person, close_of_visit
from kiosk.store import deliveries, repositories, shifts
from kiosk.store.database import Database
from kiosk.store.ids import uuid7
from kiosk.store.tables import Delivery, Visit, VisitEvent, VisitOrder, Work

_FOLD_TRIES, _FOLD_PAUSE_S = 20, 0.25
_AT_ONCE = 100
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What an erasure came to.

    ``visits`` are the days and numbers of the visits that were erased now. ``unreadable`` counts records that could not
    be opened, so that nobody knows whose they are. ``beside`` are visits of others that name the person as a companion,
    ``alike`` visits that bear a number of theirs under another name, or none: both were left alone. Where the number is
    more than one person's, all that bear it are ``alike`` and none was erased. ``log_emptied`` is False where somebody
    read meanwhile: then copies may stay in the write-ahead log until it is emptied, at the next turn of the day at the
    latest.
    """

    visits: tuple[tuple[date, int], ...]
    log_emptied: bool
    unreadable: int = 0
    beside: tuple[tuple[date, int], ...] = ()
    alike: tuple[tuple[date, int], ...] = ()


class Eraser:
    """Erases people from a clinic's store.

    :param device: the desk's name in the audit chain and the outbox.
    """

    def __init__(self, *, database: Database, clinic: Clinic, device: str, clock: Clock) -> None:
        self._database = database
        self._clinic = clinic
        self._device = device
        self._clock = clock

    def erase_ticket(self, day: date, number: int, *, reason: EraseReason, by: str) -> Erased:
        """Erase the person of one ticket; nothing happens where there is none, or it names nobody any more.

        :raises StoreUnavailable: if nothing could be committed; then nothing was.
        """
        with self._database.write() as session:
            found = session.scalars(
                select(Visit).where(Visit.clinic == self._clinic.code, Visit.day == day, Visit.number == number)
            ).all()
            erased = tuple(self._erase(session, found, reason, by))
        return Erased(visits=erased, log_emptied=self._empty_log())

    def erase_before(self, day: date, *, by: str) -> Erased:
        """Erase the people of all visits of days before this one, and of what is to be put right since before it.

        :raises StoreUnavailable: if the store takes nothing; what was erased before stays so.
        """
        named = or_(*(column.is_not(None) for column in (Visit.sealed_key, Visit.person_day_tag, Visit.shown_code)))
        old = select(Visit).where(Visit.clinic == self._clinic.code, Visit.day < day, named).limit(_AT_ONCE)
        erased: list[tuple[date, int]] = []
        while self._is_any(old):
            with self._database.write() as session:
                erased += self._erase(session, session.scalars(old).all(), EraseReason.RETENTION_OVER, by)
        closed = self._close_work_before(day, by)
        return Erased(visits=tuple(erased), log_emptied=not (erased or closed) or self._empty_log())

    def _close_work_before(self, day: date, by: str) -> int:
        """How many entries went that no visit showed: those of a visit went with it."""
        before = datetime.combine(day, time(), VIETNAM_TIME)
        with self._database.read() as session:
            old = select(Work.id).where(Work.visit_id.is_(None), Work.sealed_key.is_not(None), Work.created_at < before)
            if session.scalar(old.where(Work.clinic == self._clinic.code).limit(1)) is None:
                return 0
        with self._database.write() as session:
            return close_before(session, self._clinic.code, before, self._closing(by))

    def _is_any(self, query: Select[Visit]) -> bool:
        # Looked for without a turn at writing: mostly there is nobody.
        with self._database.read() as session:
            return session.scalars(query.limit(1)).first() is not None

    def erase_person(
        self,
        number: str,
        opener: VisitOpener,
        *,
        reason: EraseReason,
        by: str,
        ticket: tuple[date, int] | None = None,
    ) -> Erased:
        """Erase whoever has this personal, insurance or passport number, in any form of it, in all visits.

        :param ticket: a visit of theirs with that number, where records give it to more than one person.
        :raises StoreUnavailable: if nothing could be committed; then nothing was.
        """
        with self._database.write() as session:
            sealed = select(Visit).where(Visit.clinic == self._clinic.code, Visit.sealed_key.is_not(None))
            found = find_person(session.scalars(sealed).all(), opener, number, ticket)
            beside, alike = _listed(found.beside), _listed(found.alike)
            erased = tuple(self._erase(session, found.theirs, reason, by))
            close_of_person(session, self._clinic.code, found.numbers, opener, self._closing(by))
        emptied = self._empty_log()
        return Erased(visits=erased, log_emptied=emptied, unreadable=found.unreadable, beside=beside, alike=alike)

    def _erase(
        self, session: Session, visits: Iterable[Visit], reason: EraseReason, by: str
    ) -> Iterator[tuple[date, int]]:
        at = self._clock.now()
        shift = shifts.current(session, self._clinic.code, at)
        shift_id = None if shift is None else shift.id
        for visit in visits:
            if visit.sealed_key is None and visit.person_day_tag is None and visit.shown_code is None:
                continue
            visit.sealed_key = visit.blob = visit.person_day_tag = visit.insured_day_tag = visit.shown_code = None
            self._empty(session, visit.id, by)
            session.add(
                VisitEvent(
                    id=uuid7(at),
                    visit_id=visit.id,
                    device=self._device,
                    kind="erased",
                    reason=reason,
                    by=by,
                    shift_id=shift_id,
                    at=at,
                )
            )
            session.flush()
            facts = {"visit": visit.id, "day": visit.day.isoformat(), "number": visit.number, "reason": reason}
            facts |= {"by": by, "by_shift": shift_id, "commitment": visit.commitment and visit.commitment.hex()}
            repositories.append_audit(session, self._device, at, "erased", facts)
            repositories.append_outbox(session, self._device, at, "erased", facts)
            _log.info("person_erased", number=visit.number)
            yield visit.day, visit.number

    def _empty(self, session: Session, visit_id: str, by: str) -> None:
        """Take away what is personal beside the visit's own row."""
        close_of_visit(session, visit_id, self._closing(by))
        session.execute(update(Work).where(Work.visit_id == visit_id).values(sealed_key=None, blob=None, same=None))
        session.execute(delete(VisitOrder).where(VisitOrder.visit_id == visit_id))
        # A receiver's answer is its own text: it may name whom it filed, and finds them there. The payer's is a
        # bare number, and somebody has to tell the payer of this by it: it goes once they did.
        answers = update(Delivery).where(Delivery.visit_id == visit_id, ~deliveries.payer_took())
        session.execute(answers.values(receipt=None))
        deliveries.hasten(session, visit_id, self._clock.now())

    def _closing(self, by: str) -> Closing:
        return Closing(device=self._device, by=by, how=ClosedHow.ERASED, at=self._clock.now())

    def _empty_log(self) -> bool:
        """Whether the write-ahead log could be emptied; who reads has a moment to end."""
        for _ in range(_FOLD_TRIES):
            if self._database.fold():
                return True
            sleep(_FOLD_PAUSE_S)
        return False


def _listed(visits: Iterable[Visit]) -> tuple[tuple[date, int], ...]:
    return tuple((visit.day, visit.number) for visit in visits)
