"""What a clerk saw who held the chip's portrait against the person: a fact of its own, in the record and the audit.

Who looked at a portrait is a link of the audit chain as well. What was seen can be written down only of a visit of
today that was to be looked at, or whose portrait somebody looked at: nothing else can have been seen.
"""

from datetime import datetime, time

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk.domain.codes import Code, VisitReason
from kiosk.domain.holder import DUE, HolderSeen
from kiosk.domain.route import Clinic
from kiosk.domain.tickets import VIETNAM_TIME, clinic_day
from kiosk.ports import Clock
from kiosk.services.record import notice_of
from kiosk.store import repositories, shifts
from kiosk.store.database import Database
from kiosk.store.ids import uuid7
from kiosk.store.tables import Audit, Visit, VisitEvent

SHOWN = "portrait_shown"
"""The audit link of somebody who looked at a portrait."""
_HERE = ("desk", "admitted")
_log = structlog.get_logger(__name__)


class NotLooked(ValueError):
    """Nobody was to look at this visit's holder, and nobody looked at a portrait of it."""


class HolderChecks:
    """Writes down what clerks saw.

    :param device: the desk's name in the audit chain and the outbox.
    """

    def __init__(self, *, database: Database, clinic: Clinic, device: str, clock: Clock) -> None:
        self._database = database
        self._clinic = clinic
        self._device = device
        self._clock = clock

    def shown(self, visit_id: str, *, by: str) -> None:
        """Write down that a clerk looks at the portrait of a visit: who and which visit, and nothing of the portrait.

        :raises StoreUnavailable: if nothing could be committed; then nobody is to look.
        """
        with self._database.write() as session:
            repositories.append_audit(session, self._device, self._clock.now(), SHOWN, {"visit": visit_id, "by": by})

    def can_record(self, visit_id: str) -> bool:
        """Whether :meth:`record` takes a word of this visit now."""
        with self._database.read() as session:
            visit = session.get(Visit, visit_id)
            return visit is not None and self._is_here(visit) and self._was_looked_at(session, visit)

    def record(self, visit_id: str, seen: HolderSeen, *, by: str) -> None:
        """Write down what a clerk saw of a visit's holder. A later word takes the place of an earlier one.

        Another person makes an exception: the card is suspected from now on, and an open desk ticket needs two people.

        :raises NotLooked: where the visit was not to be looked at, and its portrait was shown to nobody.
        :raises ValueError: for an unknown visit, or one of an earlier day.
        :raises StoreUnavailable: if nothing could be committed; then nothing was.
        """
        with self._database.write() as session:
            visit = session.get(Visit, visit_id)
            if visit is None or not self._is_here(visit):
                raise ValueError("nobody stands here any more")
            if not self._was_looked_at(session, visit):
                raise NotLooked("nobody was to look")
            before, visit.holder_check = visit.holder_check, seen
            self._event(session, visit, seen, by, None if before == DUE else before)
            if seen is HolderSeen.NOT_SAME:
                self._suspect(session, visit)
        _log.info("holder_checked", seen=seen.value)

    def _is_here(self, visit: Visit) -> bool:
        own = visit.clinic == self._clinic.code and visit.state in _HERE
        return own and visit.day == clinic_day(self._clock.now())

    def _was_looked_at(self, session: Session, visit: Visit) -> bool:
        if visit.holder_check is not None:
            return True
        midnight = datetime.combine(visit.day, time(), VIETNAM_TIME)
        links = select(Audit.seq).where(Audit.kind == SHOWN, Audit.at >= midnight)
        return session.scalar(links.where(Audit.body.contains(visit.id)).limit(1)) is not None

    def _event(self, session: Session, visit: Visit, seen: HolderSeen, by: str, before: str | None) -> None:
        at = self._clock.now()
        shift = shifts.current(session, visit.clinic, at)
        shift_id = None if shift is None else shift.id
        said = {"reason": seen.value, "before": before, "after": None, "by": by}
        session.add(
            VisitEvent(
                id=uuid7(at),
                visit_id=visit.id,
                device=self._device,
                kind="holder_checked",
                shift_id=shift_id,
                at=at,
                **said,
            )
        )
        session.flush()
        facts = {"visit": visit.id, "number": visit.number, "seen": seen, "by": by, "by_shift": shift_id}
        repositories.append_audit(session, self._device, at, "holder_checked", facts)
        repositories.append_outbox(session, self._device, at, "holder_checked", facts)

    def _suspect(self, session: Session, visit: Visit) -> None:
        at, reason = self._clock.now(), VisitReason.HOLDER_DIFFERS
        if reason not in visit.reasons:
            visit.reasons = [*visit.reasons, reason]
        open_now = repositories.notices_of_visit(session, visit.id)
        if any(reason in notice.reasons for notice in open_now):
            return
        session.add(notice_of(visit, Code.IDENTITY_DIFFERS, [reason], device=self._device, at=at))
