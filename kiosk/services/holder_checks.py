"""What a clerk saw who held the chip's portrait against the person: a fact of its own, in the record and the audit."""

import structlog
from sqlalchemy.orm import Session

from kiosk.domain.codes import Code, VisitReason
from kiosk.domain.holder import DUE, HolderSeen
from kiosk.domain.route import Clinic
from kiosk.domain.tickets import clinic_day
from kiosk.ports import Clock
from kiosk.services.record import notice_of
from kiosk.store import repositories, shifts
from kiosk.store.database import Database
from kiosk.store.ids import uuid7
from kiosk.store.tables import Visit, VisitEvent

_log = structlog.get_logger(__name__)


class HolderChecks:
    """Writes down what clerks saw.

    :param device: the desk's name in the audit chain and the outbox.
    """

    def __init__(self, *, database: Database, clinic: Clinic, device: str, clock: Clock) -> None:
        self._database = database
        self._clinic = clinic
        self._device = device
        self._clock = clock

    def record(self, visit_id: str, seen: HolderSeen, *, by: str) -> None:
        """Write down what a clerk saw of a visit's holder. A later word takes the place of an earlier one.

        Another person makes an exception: the card is suspected from now on, and an open desk ticket needs two people.

        :raises ValueError: for an unknown visit, or one of an earlier day.
        :raises StoreUnavailable: if nothing could be committed; then nothing was.
        """
        with self._database.write() as session:
            visit = session.get(Visit, visit_id)
            if visit is None or visit.clinic != self._clinic.code or visit.state not in ("desk", "admitted"):
                raise ValueError("no such visit")
            if visit.state == "admitted" and visit.day != clinic_day(self._clock.now()):
                raise ValueError("nobody stands here any more")
            before, visit.holder_check = visit.holder_check, seen
            self._event(session, visit, seen, by, None if before == DUE else before)
            if seen is HolderSeen.NOT_SAME:
                self._suspect(session, visit)
        _log.info("holder_checked", seen=seen.value)

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
