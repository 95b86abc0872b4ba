"""The desk: what staff see and settle. Only the staff process makes one, for only it holds the clinic's private key."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from idcard import ClaimedIdentity
from kiosk.day_key import DayTags
from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import SETTLED_BY_STAFF, Code, Resolution, VisitReason
from kiosk.domain.route import Clinic, Room
from kiosk.domain.staff import OVERRIDE_LIMIT, Override
from kiosk.domain.tickets import VIETNAM_TIME, Ticket, clinic_day
from kiosk.domain.ways import WayPolicy
from kiosk.insurance.papers import way_policy
from kiosk.insurance.staff_roster import StaffRoster
from kiosk.keys import VisitOpener
from kiosk.ports import Clock
from kiosk.services.checkin import SERIES, settle, ticket_of
from kiosk.services.desk_admission import DeskAdmission, needs_typing
from kiosk.services.desk_admission import NotConfirmable as NotConfirmable
from kiosk.services.lost_cards import LostCards
from kiosk.services.person import PersonRecord
from kiosk.services.queue import call_visit
from kiosk.services.receipt import ReceiptSigner
from kiosk.services.suspicion import Suspects
from kiosk.services.ways import Told
from kiosk.store import repositories
from kiosk.store.database import Database
from kiosk.store.tables import DeviceState, Notice, Visit

_SHOWN_BACK = timedelta(hours=1)
_log = structlog.get_logger(__name__)

AfterAdmission = Callable[[Session, Visit], None]


def _nothing(session: Session, visit: Visit) -> None:
    """What is done where nothing else is to be done."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class VisitRow:
    """A visit on the staff screen.

    ``person`` is None where nothing was read, or the record does not open (``unreadable``). ``time`` is local,
    ``HH:MM``; ``facts`` the verdict's, as :meth:`idcard.Verdict.to_dict` writes them. ``needs_typing``: a desk ticket
    that one tap cannot confirm; ``needs_second``: one that takes two people. ``first_number`` and ``first_day``
    (``DD/MM``): what a ticket of an earlier day was called with before it was confirmed. ``cover_as_of``: when what
    the decision rests on was true, ``HH:MM DD/MM``;
    ``recheck``: a word of :data:`kiosk.store.tables.RECHECK_STATES`, or nothing. ``day`` (``DD/MM``): that of an open
    ticket of an earlier day, else nothing. ``way`` is how the person came; ``cover_next`` and ``cover_result`` are
    what to do next about their cover, and the payer's result code. ``holder_check``: nothing, ``due``, or what a clerk
    saw who compared the portrait with the person.
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
    needs_second: bool
    first_number: int | None
    first_day: str
    cover_source: str
    cover_as_of: str
    recheck: str
    day: str
    way: str
    cover_next: str
    cover_result: str
    holder_check: str = ""

    def __repr__(self) -> str:
        return f"VisitRow(number={self.number})"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRow:
    """An exception on the staff screen: its code and reasons, its age in seconds, and its visit where it has one.

    ``back_at`` is the local time (``HH:MM``) since when the part that was lost works again, or nothing. ``other`` is
    the admission of today under the same number, where one is to be compared with the visit. ``owner`` is the account
    that took it, or nothing.
    """

    notice_id: str
    code: Code
    reasons: tuple[str, ...]
    time: str
    age_s: int
    device: str
    visit: VisitRow | None
    back_at: str
    other: VisitRow | None = None
    owner: str = ""


class StaffDesk:
    """The staff process's side of the store.

    :param device: the desk's name in the audit chain and the outbox.
    :param tags: made of the patient process's person-day key, so that a person who was typed is known to the kiosk.
    :param policy: how far each way of coming goes here; the law's rules where it is not given.
    :param asks_payer: whether somebody asks the payer. :param receipts: signs the desk's receipts, or None.
    :param roster: says whose a number is, or None: then the clerk alone compares.
    :param override_limit: how often a clerk may override the machine in a shift.
    :param lost: whose cards were reported lost, or None where nobody keeps a list.
    """

    def __init__(
        self,
        *,
        database: Database,
        clinic: Clinic,
        device: str,
        opener: VisitOpener,
        tags: DayTags,
        clock: Clock,
        policy: WayPolicy | None = None,
        asks_payer: bool = False,
        receipts: ReceiptSigner | None = None,
        roster: StaffRoster | None = None,
        override_limit: int = OVERRIDE_LIMIT,
        lost: LostCards | None = None,
    ) -> None:
        self._database = database
        self._clinic = clinic
        self._device = device
        self._clock = clock
        self._admission = DeskAdmission(
            clinic=clinic,
            device=device,
            opener=opener,
            tags=tags,
            clock=clock,
            policy=policy or way_policy(),
            asks_payer=asks_payer,
            receipts=receipts,
            roster=roster,
            override_limit=override_limit,
            lost=lost,
        )

    @property
    def admission(self) -> DeskAdmission:
        """How this desk admits, for those who admit in its name."""
        return self._admission

    def admissions(self, limit: int = 50) -> tuple[VisitRow, ...]:
        """Today's admissions, the latest first."""
        return self._rows("admitted", limit)

    def admitted(self) -> int:
        """How many were admitted today; nobody's fields are opened for it."""
        with self._database.read() as session:
            return repositories.how_many(session, self._clinic.code, clinic_day(self._clock.now()), "admitted")

    def waiting(self) -> Mapping[str | None, int]:
        """How many wait for each room now, and (under None) at the desk."""
        with self._database.read() as session:
            return repositories.waiting(session, self._clinic.code, clinic_day(self._clock.now()))

    def desk_tickets(self) -> tuple[VisitRow, ...]:
        """Today's desk tickets that nobody has settled, the latest first."""
        return self._rows("desk", None)

    def earlier_tickets(self, limit: int = 40) -> tuple[VisitRow, ...]:
        """Desk tickets of earlier days that nobody has settled: who waits longest comes first."""
        day = clinic_day(self._clock.now())
        with self._database.read() as session:
            found = repositories.desk_tickets_before(session, self._clinic.code, day, limit=limit)
            return self._all(session, found)

    def exceptions(self) -> tuple[NoticeRow, ...]:
        """What waits for staff, the oldest first, whatever its day."""
        with self._database.read() as session:
            readers = {
                state.device: state.updated_at
                for state in repositories.device_states(session)
                if state.part == "reader" and state.state.get("ok")
            }
            notices = repositories.open_notices(session, self._clinic.code)
            suspects = self._admission.suspects(session)
            return tuple(self._notice_row(session, notice, _back(notice, readers), suspects) for notice in notices)

    def came_back(self) -> tuple[NoticeRow, ...]:
        """What was lost and works again: the last hour's, the latest first."""
        since = self._clock.now() - _SHOWN_BACK
        with self._database.read() as session:
            settled = repositories.notices_settled(session, self._clinic.code, Resolution.CAME_BACK, since)
            suspects = self._admission.suspects(session)
            return tuple(self._notice_row(session, notice, notice.resolved_at, suspects) for notice in settled)

    def visit(self, visit_id: str) -> VisitRow | None:
        """One visit."""
        with self._database.read() as session:
            visit = session.get(Visit, visit_id)
            return None if visit is None else self._row(visit, self._admission.suspects(session))

    def numbered(self, number: int) -> VisitRow | None:
        """Today's visit with this number, whatever became of it."""
        day = clinic_day(self._clock.now())
        with self._database.read() as session:
            visit = repositories.visit_of_number(session, self._clinic.code, day, SERIES, number)
            return None if visit is None else self._row(visit, self._admission.suspects(session))

    def devices(self) -> Sequence[DeviceState]:
        """What every part of every kiosk last said of itself."""
        with self._database.read() as session:
            return repositories.device_states(session)

    def confirm(
        self,
        visit_id: str,
        room_id: str,
        *,
        by: str,
        claim: ClaimedIdentity | None = None,
        override: Override | None = None,
    ) -> Ticket:
        """The committed ticket of a desk ticket that a clerk confirms.

        It keeps its number, unless it is of an earlier day: then it counts today, with the next number of today.

        :param by: the clerk.
        :param claim: what the clerk typed; needed where nothing was read, or what was read is not to be believed.
        :param override: the reason and the second person, where forgery is suspected.
        :raises NotConfirmable: see there.
        :raises ValueError: for an unknown room.
        :raises StoreUnavailable: if nothing could be committed; then nothing was.
        """
        return self.confirm_told(visit_id, room_id, Told(claim=claim, override=override), by=by)

    def confirm_told(
        self,
        visit_id: str | None,
        room_id: str,
        told: Told,
        *,
        by: str,
        then: Callable[[Session, Visit], None] = _nothing,
    ) -> Ticket:
        """The same with all that a clerk tells.

        :param visit_id: the desk ticket, or None for somebody who never stood before the machine.
        :param then: done with the admitted visit in the same transaction.
        """
        room = self._clinic.room(room_id)
        try:
            with self._database.write() as session:
                visit = (
                    self._admission.arrival(session)
                    if visit_id is None
                    else self._admission.confirmable(session, visit_id, told, by=by)
                )
                self._admission.admit(session, visit, room, by=by, told=told)
                then(session, visit)
                ticket = ticket_of(session, visit)
        except IntegrityError as problem:
            # Another process admitted the person meanwhile; what else the store refuses is nobody's second admission.
            if not repositories.is_second_admission(problem):
                raise
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

    def mark_called(self, visit_id: str, *, by: str) -> None:
        """The person was called in, and no longer counts as waiting. A ValueError for an unknown visit."""
        with self._database.write() as session:
            visit = session.get(Visit, visit_id)
            if visit is None:
                raise ValueError("no such visit")
            call_visit(session, visit, by=by, at=self._clock.now(), device=self._device)

    def _rows(self, state: str, limit: int | None) -> tuple[VisitRow, ...]:
        day = clinic_day(self._clock.now())
        with self._database.read() as session:
            return self._all(session, repositories.visits(session, self._clinic.code, day, state, limit=limit))

    def _all(self, session: Session, visits: Iterable[Visit]) -> tuple[VisitRow, ...]:
        suspects = self._admission.suspects(session)
        return tuple(self._row(visit, suspects) for visit in visits)

    def _row(self, visit: Visit, suspects: Suspects) -> VisitRow:
        person, unreadable = self._admission.person(visit)
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
            code=_code(visit),
            reasons=tuple(visit.reasons),
            facts=visit.verdict,
            check_code=visit.check_code,
            priority=visit.priority,
            called=visit.called_at is not None,
            needs_typing=visit.state == "desk" and needs_typing(visit),
            needs_second=visit.state == "desk" and suspects.include(visit, person),
            first_number=visit.first_number,
            first_day="" if visit.first_day is None else visit.first_day.strftime("%d/%m"),
            cover_source=visit.cover_source or "",
            cover_as_of="" if visit.cover_as_of is None else _local_time(visit.cover_as_of, "%H:%M %d/%m"),
            recheck=visit.recheck or "",
            day=self._earlier_day(visit),
            way=visit.way or "",
            cover_next=visit.cover_next or "",
            cover_result=visit.cover_result or "",
            holder_check=visit.holder_check or "",
        )

    def _earlier_day(self, visit: Visit) -> str:
        is_left_over = visit.state == "desk" and visit.day < clinic_day(self._clock.now())
        return visit.day.strftime("%d/%m") if is_left_over else ""

    def _notice_row(self, session: Session, notice: Notice, back_at: datetime | None, suspects: Suspects) -> NoticeRow:
        visit = session.get(Visit, notice.visit_id) if notice.visit_id else None
        other = None
        if visit is not None and VisitReason.ADMITTED_UNPROVED in notice.reasons:
            other = self._admission.second(session, visit, visit.day)
        return NoticeRow(
            other=None if other is None else self._row(other, suspects),
            notice_id=notice.id,
            code=Code(notice.code),
            reasons=tuple(notice.reasons),
            time=_local_time(notice.created_at),
            age_s=max(0, int((self._clock.now() - notice.created_at).total_seconds())),
            device=notice.device,
            visit=None if visit is None else self._row(visit, suspects),
            back_at="" if back_at is None else _local_time(back_at),
            owner=notice.owner or "",
        )

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


def _code(visit: Visit) -> Code | None:
    return None if visit.code is None else Code(visit.code)


def _back(notice: Notice, readers: Mapping[str, datetime]) -> datetime | None:
    """Since when the reader works again that this notice calls lost; None for another notice, or if it does not."""
    since = readers.get(notice.device) if notice.code == Code.READER_LOST else None
    return since if since is not None and since >= notice.created_at else None


def _local_time(at: datetime, form: str = "%H:%M") -> str:
    return at.astimezone(VIETNAM_TIME).strftime(form)
