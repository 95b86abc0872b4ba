"""The desk: what staff see and settle. Only the staff process makes one, for only it holds the clinic's private key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from idcard import ClaimedIdentity
from kiosk.day_key import DayTags
from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import SETTLED_BY_STAFF, Code, Resolution
from kiosk.domain.route import Clinic, Room
from kiosk.domain.tickets import VIETNAM_TIME, Ticket, clinic_day
from kiosk.keys import CannotOpen, Sealed, VisitOpener
from kiosk.ports import Clock
from kiosk.services.checkin import settle, ticket_of, visit_facts
from kiosk.services.person import PersonRecord, claimed_fields
from kiosk.services.route import RouteProposer
from kiosk.store import repositories, shifts
from kiosk.store.database import Database
from kiosk.store.tables import DeviceState, Notice, Visit

_SHOWN_BACK = timedelta(hours=1)
_log = structlog.get_logger(__name__)


class NotConfirmable(Exception):
    """A ticket that cannot become an admission as it is.

    :param reason: ``no_such_ticket``, ``closed``, ``already_admitted`` or ``needs_typing``: nothing usable was read, so
        the clerk types who it is.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class VisitRow:
    """A visit on the staff screen.

    ``person`` is None where nothing was read, or the record does not open (``unreadable``). ``time`` is local,
    ``HH:MM``; ``facts`` the verdict's, as :meth:`idcard.Verdict.to_dict` writes them. ``needs_typing``: a desk ticket
    that one tap cannot confirm. ``first_number`` and ``first_day`` (``DD/MM``): what a ticket of an earlier day was
    called with before it was confirmed. ``cover_as_of``: when what the decision rests on was true, ``HH:MM DD/MM``;
    ``recheck``: a word of :data:`kiosk.store.tables.RECHECK_STATES`, or nothing. ``day`` (``DD/MM``): that of an open
    ticket of an earlier day, else nothing.
    """

    visit_id: str
    number: int
    time: str
    state: str
    room: Room | None
    person: PersonRecord | None
    unreadable: bool
    assurance: Assurance
    read_assurance: Assurance
    proved_by: str
    confirmed_by: str | None
    code: Code | None
    reasons: tuple[str, ...]
    facts: dict[str, Any] | None
    check_code: str
    priority: bool
    called: bool
    needs_typing: bool
    first_number: int | None
    first_day: str
    cover_source: str
    cover_as_of: str
    recheck: str
    day: str

    def __repr__(self) -> str:
        return f"VisitRow(number={self.number})"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRow:
    """An exception on the staff screen: its code and reasons, its age in seconds, and its visit where it has one.

    ``back_at`` is the local time (``HH:MM``) since when the part that was lost works again, or nothing.
    """

    notice_id: str
    code: Code
    reasons: tuple[str, ...]
    time: str
    age_s: int
    device: str
    visit: VisitRow | None
    back_at: str


class StaffDesk:
    """The staff process's side of the store.

    :param device: the desk's name in the audit chain and the outbox.
    :param tags: made of the patient process's person-day key, so that a person who was typed is known to the kiosk.
    """

    def __init__(
        self, *, database: Database, clinic: Clinic, device: str, opener: VisitOpener, tags: DayTags, clock: Clock
    ) -> None:
        self._database = database
        self._clinic = clinic
        self._device = device
        self._opener = opener
        self._tags = tags
        self._clock = clock
        self._routes = RouteProposer(clinic)

    def admissions(self, limit: int = 50) -> tuple[VisitRow, ...]:
        """Today's admissions, the latest first."""
        return self._rows("admitted", limit)

    def desk_tickets(self) -> tuple[VisitRow, ...]:
        """Today's desk tickets that nobody has settled, the latest first."""
        return self._rows("desk", None)

    def earlier_tickets(self, limit: int = 40) -> tuple[VisitRow, ...]:
        """Desk tickets of earlier days that nobody has settled, the latest first."""
        day = clinic_day(self._clock.now())
        with self._database.read() as session:
            found = repositories.desk_tickets_before(session, self._clinic.code, day, limit=limit)
            return tuple(self._row(visit) for visit in found)

    def exceptions(self) -> tuple[NoticeRow, ...]:
        """What waits for staff, the oldest first, whatever its day."""
        with self._database.read() as session:
            readers = {
                state.device: state.updated_at
                for state in repositories.device_states(session)
                if state.part == "reader" and state.state.get("ok")
            }
            notices = repositories.open_notices(session, self._clinic.code)
            return tuple(self._notice_row(session, notice, _back(notice, readers)) for notice in notices)

    def came_back(self) -> tuple[NoticeRow, ...]:
        """What was lost and works again: the last hour's, the latest first."""
        since = self._clock.now() - _SHOWN_BACK
        with self._database.read() as session:
            settled = repositories.notices_settled(session, self._clinic.code, Resolution.CAME_BACK, since)
            return tuple(self._notice_row(session, notice, notice.resolved_at) for notice in settled)

    def visit(self, visit_id: str) -> VisitRow | None:
        """One visit."""
        with self._database.read() as session:
            visit = session.get(Visit, visit_id)
            return None if visit is None else self._row(visit)

    def devices(self) -> Sequence[DeviceState]:
        """What every part of every kiosk last said of itself."""
        with self._database.read() as session:
            return repositories.device_states(session)

    def confirm(self, visit_id: str, room_id: str, *, by: str, claim: ClaimedIdentity | None = None) -> Ticket:
        """The committed ticket of a desk ticket that a clerk confirms.

        It keeps its number, unless it is of an earlier day: then it counts today, with the next number of today.

        :param by: the clerk.
        :param claim: what the clerk typed; needed where nothing was read, or what was read is not to be believed.
        :raises NotConfirmable: see there.
        :raises ValueError: for an unknown room.
        :raises StoreUnavailable: if nothing could be committed; then nothing was.
        """
        room = self._clinic.room(room_id)
        try:
            with self._database.write() as session:
                visit = self._confirmable(session, visit_id, claim)
                self._admit(session, visit, room, by=by, claim=claim)
                ticket = ticket_of(session, visit)
        except IntegrityError:
            # The person has an admission of today under another ticket.
            raise NotConfirmable("already_admitted") from None
        _log.info("desk_ticket_confirmed", number=ticket.number, room=room.id)
        return ticket

    def resolve(self, notice_id: str, *, by: str, resolution: Resolution) -> None:
        """Settle an exception without an admission; its desk ticket is closed with it.

        Settling it twice changes nothing. A ValueError for an unknown notice, and for what staff cannot choose: an
        admission is :meth:`confirm`'s.
        """
        if resolution not in SETTLED_BY_STAFF:
            raise ValueError("staff do not settle an exception in this way")
        with self._database.write() as session:
            notice = session.get(Notice, notice_id)
            if notice is None:
                raise ValueError("no such notice")
            if notice.state == "new":
                self._settle(session, notice, by=by, resolution=resolution)

    def mark_called(self, visit_id: str) -> None:
        """The person was called in, and no longer counts as waiting. A ValueError for an unknown visit."""
        with self._database.write() as session:
            visit = session.get(Visit, visit_id)
            if visit is None:
                raise ValueError("no such visit")
            if visit.called_at is None:
                visit.called_at = self._clock.now()
                facts = {"visit": visit.id, "number": visit.number}
                repositories.append_audit(session, self._device, visit.called_at, "called", facts)

    def _rows(self, state: str, limit: int | None) -> tuple[VisitRow, ...]:
        day = clinic_day(self._clock.now())
        with self._database.read() as session:
            return tuple(
                self._row(visit) for visit in repositories.visits(session, self._clinic.code, day, state, limit=limit)
            )

    def _row(self, visit: Visit) -> VisitRow:
        person, unreadable = self._person(visit)
        return VisitRow(
            visit_id=visit.id,
            number=visit.number,
            time=_local_time(visit.admitted_at or visit.created_at),
            state=visit.state,
            room=None if visit.room_id is None else self._clinic.room_or_bare(visit.room_id),
            person=person,
            unreadable=unreadable,
            assurance=Assurance(visit.assurance),
            read_assurance=Assurance(visit.read_assurance),
            proved_by=visit.proved_by,
            confirmed_by=visit.confirmed_by,
            code=None if visit.code is None else Code(visit.code),
            reasons=tuple(visit.reasons),
            facts=visit.verdict,
            check_code=visit.check_code,
            priority=visit.priority,
            called=visit.called_at is not None,
            needs_typing=visit.state == "desk" and _needs_typing(visit),
            first_number=visit.first_number,
            first_day="" if visit.first_day is None else visit.first_day.strftime("%d/%m"),
            cover_source=visit.cover_source or "",
            cover_as_of="" if visit.cover_as_of is None else _as_of(visit.cover_as_of),
            recheck=visit.recheck or "",
            day=self._earlier_day(visit),
        )

    def _earlier_day(self, visit: Visit) -> str:
        is_left_over = visit.state == "desk" and visit.day < clinic_day(self._clock.now())
        return visit.day.strftime("%d/%m") if is_left_over else ""

    def _notice_row(self, session: Session, notice: Notice, back_at: datetime | None) -> NoticeRow:
        visit = session.get(Visit, notice.visit_id) if notice.visit_id else None
        return NoticeRow(
            notice_id=notice.id,
            code=Code(notice.code),
            reasons=tuple(notice.reasons),
            time=_local_time(notice.created_at),
            age_s=max(0, int((self._clock.now() - notice.created_at).total_seconds())),
            device=notice.device,
            visit=None if visit is None else self._row(visit),
            back_at="" if back_at is None else _local_time(back_at),
        )

    def _person(self, visit: Visit) -> tuple[PersonRecord | None, bool]:
        """The opened record, and whether there is one that does not open."""
        if visit.sealed_key is None or visit.blob is None or visit.commitment is None:
            return None, False
        sealed = Sealed(key=visit.sealed_key, blob=visit.blob, commitment=visit.commitment)
        try:
            return PersonRecord.from_fields(self._opener.open(visit.id, sealed)), False
        except CannotOpen:
            _log.error("record_unreadable", visit=visit.id)
            return None, True

    def _confirmable(self, session: Session, visit_id: str, claim: ClaimedIdentity | None) -> Visit:
        visit = session.get(Visit, visit_id)
        if visit is None:
            raise NotConfirmable("no_such_ticket")
        if visit.state != "desk":
            raise NotConfirmable("already_admitted" if visit.state == "admitted" else "closed")
        if claim is None and _needs_typing(visit):
            raise NotConfirmable("needs_typing")
        return visit

    def _admit(self, session: Session, visit: Visit, room: Room, *, by: str, claim: ClaimedIdentity | None) -> None:
        """Turn the desk ticket into an admission: all of it in the caller's transaction."""
        at = self._clock.now()
        day = clinic_day(at)
        if claim is not None:
            sealed = self._opener.sealer().seal(visit.id, claimed_fields(claim))
            visit.sealed_key, visit.blob, visit.commitment = sealed.key, sealed.blob, sealed.commitment
        if claim is not None or visit.day != day:
            # Who was typed may be another than the card claimed, and each day has tags of its own.
            visit.person_day_tag = self._tag(visit, day)
        if visit.day != day:
            visit.first_day, visit.first_number = visit.day, visit.number
            visit.day, visit.number = day, repositories.next_number(session, visit.clinic, day, visit.series)
        visit.state, visit.room_id, visit.admitted_at = "admitted", room.id, at
        visit.assurance, visit.proved_by, visit.confirmed_by = Assurance.STAFF, "staff", by
        person, _ = self._person(visit)
        visit.route_proposed = self._routes.propose(home_clinic=None if person is None else person.home_clinic, on=day)
        if (shift := shifts.current(session, visit.clinic, at)) is not None:
            visit.shift_id = shift.id
        for notice in repositories.notices_of_visit(session, visit.id):
            settle(notice, at, by=by, resolution=Resolution.ADMITTED)
        session.flush()
        facts = {**visit_facts(visit), "by": by, **_first(visit)}
        repositories.append_audit(session, self._device, at, "confirmed", facts)
        repositories.append_outbox(session, self._device, at, "confirmed", facts)

    def _tag(self, visit: Visit, day: date) -> bytes | None:
        """The tag of the person whom the visit's record names; None where it names nobody, or no number."""
        person, _ = self._person(visit)
        if person is None or person.personal_number is None:
            return None
        return self._tags.tag(person.personal_number, day)

    def _settle(self, session: Session, notice: Notice, *, by: str, resolution: Resolution) -> None:
        at = self._clock.now()
        settle(notice, at, by=by, resolution=resolution)
        visit = session.get(Visit, notice.visit_id) if notice.visit_id else None
        if visit is not None and visit.state == "desk":
            visit.state = "closed"
        session.flush()
        facts = {"notice": notice.id, "visit": notice.visit_id, "by": by, "resolution": resolution}
        repositories.append_audit(session, self._device, at, "resolved", facts)
        repositories.append_outbox(session, self._device, at, "resolved", facts)


def _as_of(instant: datetime) -> str:
    return instant.astimezone(VIETNAM_TIME).strftime("%H:%M %d/%m")


def _back(notice: Notice, readers: Mapping[str, datetime]) -> datetime | None:
    """Since when the reader works again that this notice calls lost; None for another notice, or if it does not."""
    since = readers.get(notice.device) if notice.code == Code.READER_LOST else None
    return since if since is not None and since >= notice.created_at else None


def _local_time(at: datetime) -> str:
    return at.astimezone(VIETNAM_TIME).strftime("%H:%M")


def _first(visit: Visit) -> dict[str, Any]:
    """What an audit link says of a ticket that was of an earlier day."""
    if visit.first_day is None:
        return {}
    return {"first_day": visit.first_day.isoformat(), "first_number": visit.first_number}


def _needs_typing(visit: Visit) -> bool:
    """Nothing was read, or what was read came from a card that is not genuine and is not to be believed."""
    return visit.blob is None or visit.code == Code.NOT_GENUINE
