"""What staff do to a visit after it was recorded: confirm its route, correct its room, take it back.

Theory of operation. The first record stays as it was made: its audit link, its sealed person. Each deed is an event of
its own, with its reason, in the store, the audit chain and the outbox, all in one transaction; another room is a new
receipt, signed by the desk, whose hash stands in that event. An admission that was taken back no longer counts among
today's, so the same person can be admitted again. Where the wrong person was admitted, that admission is taken back and
the right one gets a visit, and a number, of their own: no record is ever of two people.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from idcard import ClaimedIdentity
from kiosk.domain.assurance import CHIP_PROVED, Assurance
from kiosk.domain.codes import Resolution
from kiosk.domain.corrections import CancelReason
from kiosk.domain.route import Clinic
from kiosk.domain.staff import Override
from kiosk.domain.tickets import Ticket, clinic_day
from kiosk.domain.worklist import ClosedHow
from kiosk.ports import Clock
from kiosk.services.checkin import settle
from kiosk.services.desk_admission import DeskAdmission, NotConfirmable
from kiosk.services.record import ticket_of, visit_facts
from kiosk.services.route import routes_on
from kiosk.services.ways import Told
from kiosk.services.worklist import Closing, close_of_visit
from kiosk.store import deliveries, repositories, shifts
from kiosk.store.database import Database
from kiosk.store.ids import uuid7
from kiosk.store.tables import Visit, VisitEvent

_log = structlog.get_logger(__name__)


class NotCorrectable(Exception):
    """A deed that does not fit the visit.

    :param reason: ``gone`` (no such visit), ``not_admitted``, ``same_room``, ``no_such_route`` or ``already_admitted``:
        the right person has an admission of today; or ``anothers_number``, ``needs_typing``, as
        :class:`~kiosk.services.desk_admission.NotConfirmable` has them.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """An event of a visit on the staff screen; ``at`` is in UTC, ``before`` and ``after`` are codes or None."""

    kind: str
    reason: str | None
    before: str | None
    after: str | None
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRow:
    """What the record page shows beside the visit itself."""

    route_proposed: str | None
    route: str | None
    receipt: bool
    trust_version: str
    roster_version: str
    shift_id: str | None
    agreed_at: datetime | None
    """When the person gave leave to be read, where the clinic asks."""
    corrects: int | None
    """The number of the cancelled visit whose place this one takes."""
    events: tuple[EventRow, ...]


class Corrections:
    """The staff process's later word on visits.

    :param device: the desk's name in the audit chain and the outbox.
    :param admission: the desk's own: whoever takes another's place is admitted by the same policy.
    """

    def __init__(
        self, *, database: Database, clinic: Clinic, device: str, clock: Clock, admission: DeskAdmission
    ) -> None:
        self._database = database
        self._clinic = clinic
        self._device = device
        self._clock = clock
        self._admission = admission

    def record(self, visit_id: str) -> RecordRow | None:
        """What the record of a visit says, or None where there is no such visit."""
        with self._database.read() as session:
            visit = session.get(Visit, visit_id)
            return None if visit is None else _record(session, visit)

    def cancelled_today(self) -> tuple[tuple[str, int], ...]:
        """Today's admissions that were taken back: ids and numbers, the latest first."""
        day = clinic_day(self._clock.now())
        with self._database.read() as session:
            found = repositories.visits(session, self._clinic.code, day, "cancelled")
            return tuple((visit.id, visit.number) for visit in found)

    def confirm_route(self, visit_id: str, code: str, *, by: str) -> None:
        """Write down which route a clerk confirms, proposed or not.

        :raises NotCorrectable: ``gone``, ``not_admitted``, ``no_such_route``.
        :raises StoreUnavailable: if nothing could be committed; then nothing was.
        """
        with self._database.write() as session:
            visit = self._admitted(session, visit_id)
            if all(route.code != code for route in routes_on(visit.day)):
                raise NotCorrectable("no_such_route")
            if visit.route != code:
                before, visit.route = visit.route or visit.route_proposed, code
                self._event(session, visit, "route_confirmed", by=by, before=before, after=code)

    def correct_room(self, visit_id: str, room_id: str, *, by: str) -> Ticket:
        """The ticket, with its number, for another room: the first one was wrong.

        :raises NotCorrectable: ``gone``, ``not_admitted``, ``same_room``.
        :raises ValueError: for an unknown room.
        :raises StoreUnavailable: if nothing could be committed; then nothing was.
        """
        room = self._clinic.room(room_id)
        with self._database.write() as session:
            visit = self._admitted(session, visit_id)
            if visit.room_id == room.id:
                raise NotCorrectable("same_room")
            before, visit.room_id = visit.room_id, room.id
            # The person waits anew: they were called into the wrong room, or not yet.
            visit.called_at = visit.waits_in = visit.queue_state = None
            # The first receipt, which the audit chain knows by its hash, names the wrong room for ever.
            self._admission.sign_receipt(visit, room, self._clock.now())
            self._event(session, visit, "corrected", by=by, reason="wrong_room", before=before, after=room.id)
            return ticket_of(session, visit)

    def cancel(self, visit_id: str, *, reason: CancelReason, by: str) -> None:
        """Take an admission back.

        :raises NotCorrectable: ``gone``, ``not_admitted``.
        :raises StoreUnavailable: if nothing could be committed; then nothing was.
        """
        with self._database.write() as session:
            self._cancel(session, self._admitted(session, visit_id), reason=reason, by=by, after=None)
        _log.info("admission_cancelled", reason=reason.value)

    def replace_person(
        self, visit_id: str, claim: ClaimedIdentity, room_id: str, *, by: str, override: Override | None = None
    ) -> Ticket:
        """The ticket of the right person, with a number of its own; the wrong person's admission is taken back.

        :param claim: what the clerk typed from the right person's papers.
        :param override: why the right person is admitted although suspected, and the second person who agreed.
        :raises NotCorrectable: ``gone``, ``not_admitted``, ``already_admitted``, ``anothers_number``, ``needs_second``,
            ``override_limit``.
        :raises ValueError: for an unknown room.
        :raises StoreUnavailable: if nothing could be committed; then nothing was.
        """
        room = self._clinic.room(room_id)
        try:
            with self._database.write() as session:
                wrong = self._admitted(session, visit_id)
                right = self._admission.arrival(session)
                right.corrects = wrong.id
                self._cancel(session, wrong, reason=CancelReason.WRONG_PERSON, by=by, after=right.id)
                self._admission.admit(session, right, room, by=by, told=Told(claim=claim, override=override))
                ticket = ticket_of(session, right)
        except IntegrityError as problem:
            if not repositories.is_second_admission(problem):
                raise
            raise NotCorrectable("already_admitted") from None
        except NotConfirmable as problem:
            raise NotCorrectable(problem.reason) from None
        _log.info("person_replaced", number=ticket.number)
        return ticket

    def admit_instead(
        self,
        visit_id: str,
        wrong_id: str,
        room_id: str,
        *,
        reason: CancelReason,
        by: str,
        override: Override | None = None,
    ) -> Ticket:
        """The ticket of a desk ticket's person, who takes the place of an admission under their number.

        :param reason: why that admission is taken back. :param wrong_id: its visit.
        :param override: why that person is admitted although suspected, and the second person who agreed.
        :raises NotCorrectable: ``gone``, ``not_admitted``, and what :class:`NotConfirmable` says of the desk ticket.
        :raises ValueError: for an unknown room.
        :raises StoreUnavailable: if nothing could be committed; then nothing was.
        """
        room = self._clinic.room(room_id)
        try:
            with self._database.write() as session:
                wrong = self._admitted(session, wrong_id)
                visit = self._admission.confirmable(session, visit_id, Told(override=override), by=by)
                second = self._admission.second(session, visit, clinic_day(self._clock.now()))
                if second is None or second.id != wrong.id:
                    raise NotCorrectable("gone")
                visit.corrects = wrong.id
                self._cancel(session, wrong, reason=reason, by=by, after=visit.id)
                # Whom the chip proved gets this ticket again at every kiosk.
                rung = Assurance(visit.read_assurance) if visit.read_assurance in CHIP_PROVED else Assurance.STAFF
                self._admission.admit(session, visit, room, by=by, told=Told(rung=rung, override=override))
                ticket = ticket_of(session, visit)
        except NotConfirmable as problem:
            raise NotCorrectable(problem.reason) from None
        _log.info("admitted_instead", number=ticket.number)
        return ticket

    def _admitted(self, session: Session, visit_id: str) -> Visit:
        visit = session.get(Visit, visit_id)
        if visit is None or visit.clinic != self._clinic.code:
            raise NotCorrectable("gone")
        if visit.state != "admitted":
            raise NotCorrectable("not_admitted")
        return visit

    def _cancel(self, session: Session, visit: Visit, *, reason: CancelReason, by: str, after: str | None) -> None:
        visit.state = "cancelled"
        if visit.recheck == "due":
            visit.recheck = None
        for notice in repositories.notices_of_visit(session, visit.id):
            settle(notice, self._clock.now(), by=by, resolution=Resolution.HELPED)
        at = self._clock.now()
        close_of_visit(session, visit.id, Closing(device=self._device, by=by, how=ClosedHow.CANCELLED, at=at))
        self._event(session, visit, "cancelled", by=by, reason=reason, before=visit.room_id, after=after)

    def _event(
        self,
        session: Session,
        visit: Visit,
        kind: str,
        *,
        by: str,
        reason: str | None = None,
        before: str | None = None,
        after: str | None = None,
    ) -> None:
        at = self._clock.now()
        shift = shifts.current(session, visit.clinic, at)
        shift_id = None if shift is None else shift.id
        said = {"reason": reason, "before": before, "after": after, "by": by}
        session.add(
            VisitEvent(
                id=uuid7(at), visit_id=visit.id, device=self._device, kind=kind, shift_id=shift_id, at=at, **said
            )
        )
        session.flush()
        # What waits about this visit may go on now, or be dropped.
        deliveries.hasten(session, visit.id, at)
        self._tell(session, kind, visit_facts(visit) | said | {"by_shift": shift_id})

    def _tell(self, session: Session, kind: str, facts: Mapping[str, Any]) -> None:
        at = self._clock.now()
        repositories.append_audit(session, self._device, at, kind, facts)
        repositories.append_outbox(session, self._device, at, kind, facts)


def _record(session: Session, visit: Visit) -> RecordRow:
    events = session.scalars(select(VisitEvent).where(VisitEvent.visit_id == visit.id).order_by(VisitEvent.id))
    corrected = None if visit.corrects is None else session.get(Visit, visit.corrects)
    return RecordRow(
        route_proposed=visit.route_proposed,
        route=visit.route,
        receipt=visit.receipt is not None,
        trust_version=visit.trust_version or "",
        roster_version=visit.roster_version or "",
        shift_id=visit.shift_id,
        agreed_at=visit.agreed_at,
        corrects=None if corrected is None else corrected.number,
        events=tuple(
            EventRow(kind=row.kind, reason=row.reason, before=row.before, after=row.after, by=row.by, at=row.at)
            for row in events
        ),
    )
