"""Check-in: an admission or a desk ticket, each in one transaction that is committed before anything is shown.

The visit, its number, its audit link and its outbox event live or die together. An automatic admission takes a
:class:`~idcard.VerifiedIdentity` and nothing else: the type checker proves that nobody unverified is admitted.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from threading import Lock

import structlog
from sqlalchemy.orm import Session

from idcard import ClaimedIdentity, Verdict, VerifiedIdentity
from kiosk.day_key import DayTags
from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code, Resolution, VisitReason
from kiosk.domain.cover_basis import CoverBasis
from kiosk.domain.eligibility import Coverage, Eligibility, NextStep, Step
from kiosk.domain.outcomes import assurance_of
from kiosk.domain.route import Clinic, Room
from kiosk.domain.tickets import Ticket, check_code, clinic_day
from kiosk.domain.ways import Way
from kiosk.keys import Entropy, Fields, VisitSealer
from kiosk.ports import Clock
from kiosk.services.arrival import NOTHING_BESIDE, SETTLED_BY_CHIP, Arrival, Beside, confirmed_arrival, proved_by
from kiosk.services.audit import Heads
from kiosk.services.device_voice import DeviceVoice
from kiosk.services.lost_cards import LostCards
from kiosk.services.person import claimed_fields, verified_fields
from kiosk.services.receipt import ReceiptSigner
from kiosk.services.record import AdmittedUnproved as AdmittedUnproved
from kiosk.services.record import admission_of, goes_first, rest_on
from kiosk.services.record import insured_tag as insured_tag
from kiosk.services.record import settle as settle
from kiosk.services.record import ticket_of as ticket_of
from kiosk.services.record import visit_facts as visit_facts
from kiosk.services.route import RouteProposer
from kiosk.services.signed_codes import Confirmed, ConfirmedPerson
from kiosk.store import repositories, shifts
from kiosk.store.database import Database
from kiosk.store.ids import uuid7
from kiosk.store.queue import assistant_at
from kiosk.store.tables import Notice, Visit

SERIES = "visit"
"""Admissions and desk tickets count in one series, so that a confirmed desk ticket keeps its number."""

_SAME_CALL = timedelta(seconds=60)
"""How long a call counts as one, however often it is tapped: else children make a ticket of every tap."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moment:
    at: datetime
    day: date


class CheckIn(DeviceVoice):
    """The patient process's side of the store: it writes, and can read no person back.

    :param device: this kiosk's name in the audit chain and the outbox.
    :param tags: made of the person-day key, which is turned here.
    :param receipts: signs the receipts of this kiosk, or None: then tickets carry an unsigned reference.
    :param heads: writes down where the audit chains end, at each turn of the day.
    :param lost: the list of cards that were reported lost, or None where nobody keeps one.
    """

    def __init__(
        self,
        *,
        database: Database,
        clinic: Clinic,
        device: str,
        sealer: VisitSealer,
        tags: DayTags,
        clock: Clock,
        entropy: Entropy = os.urandom,
        receipts: ReceiptSigner | None = None,
        heads: Heads | None = None,
        lost: LostCards | None = None,
    ) -> None:
        self._receipts, self._heads, self._lost = receipts, heads, lost
        self._routes = RouteProposer(clinic)
        self._database = database
        self._clinic = clinic
        self._device = device
        self._sealer = sealer
        self._tags = tags
        self._clock = clock
        self._entropy = entropy
        self._day: date | None = None
        self._turning = Lock()

    def turn_day(self) -> None:
        """Begin the clinic's day, where that was not done: nothing that is kept tells any more who came on another.

        :raises StoreUnavailable: if the store or the key cannot be written; the next call tries again.
        """
        self._moment()

    def day_came_back(self) -> bool:
        """Whether the clock ran ahead and forgot whom it admitted today; StoreUnavailable where nobody can say."""
        return self._tags.begun_again(self._moment().day)

    def reported_lost(self, personal_number: str | None) -> bool:
        """Whether the card of whoever has this number was reported lost; StoreUnavailable where nobody can say."""
        return self._lost is not None and self._lost.reported(personal_number)

    def ticket_of_today(
        self, identity: VerifiedIdentity | ConfirmedPerson, coverage: Coverage | None = None
    ) -> Ticket | None:
        """The ticket that this person was given today, if there is one.

        :param coverage: what roster or payer say of them: it connects the personal number with an insurance number, by
            which alone the person may have been admitted.
        :raises AdmittedUnproved: where that admission rests on no chip: it is not this person's without a clerk's word.
        """
        moment = self._moment()
        with self._database.read() as session:
            visit = self._admitted(session, identity, coverage, moment)
            return None if visit is None else ticket_of(session, visit, again=True)

    def admit(
        self,
        identity: VerifiedIdentity,
        *,
        room: Room,
        eligibility: Eligibility,
        verdict: Verdict,
        roster_version: str | None = None,
        basis: CoverBasis | None = None,
        shown: ClaimedIdentity | None = None,
        beside: Beside = NOTHING_BESIDE,
    ) -> Ticket:
        """The committed ticket of an admission, or the earlier one of the same day.

        :param basis: what the decision rests on. :param shown: what a code said that was shown beside the chip.
        :raises ValueError: for somebody who is not covered or has no personal number: that is a desk ticket.
        :raises AdmittedUnproved: as :meth:`ticket_of_today` does.
        :raises StoreUnavailable: if nothing could be committed; then nothing was.
        """
        if not eligibility.covered or identity.personal_number is None:
            raise ValueError("only a covered person with a personal number is admitted automatically")
        arrival = Arrival(
            identity=identity,
            fields=verified_fields(identity, eligibility, shown),
            assurance=assurance_of(verdict),
            proved_by=proved_by(verdict),
            way=Way.CHIP,
            eligibility=eligibility,
            verdict=verdict,
            basis=basis,
            roster_version=roster_version,
            settles=SETTLED_BY_CHIP,
            beside=beside,
        )
        return self._admit(arrival, room)

    def admit_confirmed(self, confirmed: Confirmed, *, room: Room, beside: Beside = NOTHING_BESIDE) -> Ticket:
        """The committed ticket of whom a signed code names, confirmed online; or the earlier one of the same day.

        :raises StoreUnavailable: if nothing could be committed; then nothing was.
        """
        return self._admit(confirmed_arrival(confirmed, beside), room)

    def _admit(self, arrival: Arrival, room: Room) -> Ticket:
        moment, identity, eligibility = self._moment(), arrival.identity, arrival.eligibility
        with self._database.write() as session:
            earlier = self._admitted(session, identity, eligibility.coverage, moment)
            if earlier is not None:
                return ticket_of(session, earlier, again=True)
            tag = self._tags.tag(identity.personal_number or "", moment.day)
            insured = None if eligibility.coverage is None else eligibility.coverage.insurance_number
            shown_before = insured_tag(self._tags, insured, moment.day)
            for each in filter(None, (tag, shown_before)):
                self._close_desk_tickets(session, each, moment, arrival.settles)
            visit = self._new_visit(moment, state="admitted", tag=tag, fields=arrival.fields)
            visit.insured_day_tag = shown_before
            visit.room_id, visit.admitted_at = room.id, moment.at
            visit.assurance = visit.read_assurance = arrival.assurance
            visit.proved_by, visit.way = arrival.proved_by, arrival.way
            visit.reasons = [str(reason) for reason in eligibility.reasons]
            visit.verdict, visit.trust_version = arrival.verdict.to_dict(), arrival.verdict.trust_version
            visit.roster_version = arrival.roster_version
            rest_on(visit, arrival.basis, eligibility.result)
            if eligibility.step is Step.ADMIT_AND_RECHECK:
                visit.recheck = "due"
            visit.priority = goes_first(identity.birth, moment.day, eligibility.coverage)
            home = arrival.fields.get("home_clinic")
            visit.route_proposed = self._routes.propose(home_clinic=home, on=moment.day)
            arrival.beside.write(visit, self._sealer)
            self._record(session, visit, moment, kind="admitted")
            ticket = ticket_of(session, visit)
        _log.info("admitted", number=ticket.number, room=room.id)
        return ticket

    def desk_ticket(
        self,
        claim: ClaimedIdentity | None,
        *,
        code: Code,
        reasons: Sequence[str] = (),
        assurance: Assurance = Assurance.NONE,
        verdict: Verdict | None = None,
        coverage: Coverage | None = None,
        roster_version: str | None = None,
        basis: CoverBasis | None = None,
        cover_result: str | None = None,
        cover_next: NextStep = NextStep.NONE,
        insurance_number: str | None = None,
        beside: Beside = NOTHING_BESIDE,
    ) -> Ticket:
        """The committed ticket with which a person goes to the desk, and the notice that awaits them there.

        Somebody who comes again for the same reason keeps the number, so nobody queues twice.

        :param claim: what the desk need not type, or None where nothing was read.
        :param basis: what a decision on cover rests on, ``cover_result`` the payer's result code, and ``cover_next``
            what is to be done next. :param insurance_number: the one on a code that was shown.
        :raises StoreUnavailable: if nothing could be committed; then nothing was.
        """
        moment = self._moment()
        if claim is not None and self.reported_lost(claim.personal_number):
            reasons = tuple(dict.fromkeys((*reasons, VisitReason.REPORTED_LOST)))
        tag = self._claimed_tag(claim, moment.day, insurance_number)
        with self._database.write() as session:
            earlier = self._same_desk_ticket(session, tag, moment, code)
            if earlier is not None:
                return ticket_of(session, earlier, again=True)
            fields = None if claim is None else claimed_fields(claim, coverage, insurance_number)
            visit = self._new_visit(moment, state="desk", tag=tag, fields=fields)
            visit.insured_day_tag = insured_tag(self._tags, (fields or {}).get("insurance_number"), moment.day)
            visit.code, visit.reasons = code, list(reasons)
            visit.assurance = visit.read_assurance = assurance
            visit.verdict = None if verdict is None else verdict.to_dict()
            visit.trust_version = None if verdict is None else verdict.trust_version
            visit.roster_version = roster_version
            rest_on(visit, basis, cover_result)
            visit.cover_next = None if cover_next is NextStep.NONE else cover_next
            visit.priority = goes_first(None if claim is None else claim.birth, moment.day, coverage)
            beside.write(visit, self._sealer)
            self._record(session, visit, moment, kind="desk_ticket")
            session.add(self._notice(moment, code, reasons, visit.id))
            ticket = ticket_of(session, visit)
        _log.info("desk_ticket", number=ticket.number, code=code)
        return ticket

    def call(self, code: Code) -> Ticket | None:
        """Call staff, with a desk ticket for a child. The same call again, while it waits, is the same call.

        :raises StoreUnavailable: if nothing could be committed; then nothing was.
        """
        moment = self._moment()
        since = moment.at - _SAME_CALL
        place = (self._clinic.code, self._device, code.value, since)
        with self._database.read() as session:
            if code is Code.CHILD:
                earlier = repositories.nameless_ticket_since(session, *place)
                if earlier is not None and earlier.day == moment.day:
                    return ticket_of(session, earlier, again=True)
            elif repositories.notice_since(session, *place) is not None:
                return None
        if code is Code.CHILD:
            return self.desk_ticket(None, code=code)
        self.notify(code)
        return None

    def notify(self, code: Code, reasons: Sequence[str] = (), *, since: datetime | None = None) -> None:
        """Tell staff of something that has no ticket: somebody calls, or a device is lost (``since``: if not now)."""
        moment = self._moment()
        with self._database.write() as session:
            notice = self._notice(moment, code, reasons, None)
            notice.created_at = since or moment.at
            session.add(notice)
            facts = {"notice": notice.id, "code": code, "reasons": list(reasons)}
            repositories.append_audit(session, self._device, moment.at, "notice", facts)
        _log.warning("staff_told", code=code, reasons=list(reasons))

    def came_back(self, code: Code) -> None:
        """Settle what staff were told under this code of a lost part: it works again. A ticket's notice stays."""
        moment = self._moment()
        with self._database.write() as session:
            for notice in repositories.notices_of_device(session, self._clinic.code, self._device, code):
                settle(notice, moment.at, by=self._device, resolution=Resolution.CAME_BACK)
                facts = {"notice": notice.id, "code": code}
                repositories.append_audit(session, self._device, moment.at, "came_back", facts)

    def waiting(self) -> Mapping[str | None, int]:
        """How many people wait now for each room, and (under None) at the desk."""
        moment = self._moment()
        with self._database.read() as session:
            return repositories.waiting(session, self._clinic.code, moment.day)

    def _moment(self) -> _Moment:
        """Now; with the first moment of a day the tags of all others go."""
        with self._turning:
            at = self._clock.now()
            moment = _Moment(at=at, day=clinic_day(at))
            if moment.day != self._day:
                self._begin(moment.day)
            return moment

    def _begin(self, day: date) -> None:
        # The writer's turn is the turn at the key's file as well: only one process at a time is here.
        with self._database.write() as session:
            repositories.forget_other_days(session, day)
            self._tags.turn(day, used=repositories.anybody_admitted(session, self._clinic.code, day))
        self._database.fold()
        if self._heads is not None:
            self._heads.write_down(self._database, self._clock.now())
        self._day = day

    def _admitted(
        self,
        session: Session,
        identity: VerifiedIdentity | ConfirmedPerson,
        coverage: Coverage | None,
        moment: _Moment,
    ) -> Visit | None:
        """The admission of this person today, by the personal number or by the insurance number alone."""
        number = identity.personal_number
        insured = None if coverage is None else coverage.insurance_number
        tags = (number and self._tags.tag(number, moment.day), insured_tag(self._tags, insured, moment.day))
        return admission_of(session, self._clinic.code, moment.day, [tag for tag in tags if tag])

    def _same_desk_ticket(self, session: Session, tag: bytes | None, moment: _Moment, code: Code) -> Visit | None:
        if tag is None:
            return None
        tickets = repositories.desk_tickets_of(session, self._clinic.code, moment.day, tag)
        return next((ticket for ticket in tickets if ticket.code == code), None)

    def _claimed_tag(self, claim: ClaimedIdentity | None, day: date, insurance: str | None) -> bytes | None:
        """The tag of the personal number; without one that of the insurance number."""
        if claim is None or claim.personal_number is None:
            return insured_tag(self._tags, insurance, day)
        return self._tags.tag(claim.personal_number, day)

    def _new_visit(self, moment: _Moment, *, state: str, tag: bytes | None, fields: Fields | None) -> Visit:
        visit_id = uuid7(moment.at, entropy=self._entropy)
        sealed = None if fields is None else self._sealer.seal(visit_id, fields)
        return Visit(
            id=visit_id,
            clinic=self._clinic.code,
            device=self._device,
            day=moment.day,
            series=SERIES,
            state=state,
            proved_by="none",
            check_code=check_code(self._entropy(8)),
            person_day_tag=tag,
            sealed_key=sealed and sealed.key,
            blob=sealed and sealed.blob,
            commitment=sealed and sealed.commitment,
            created_at=moment.at,
        )

    def _record(self, session: Session, visit: Visit, moment: _Moment, *, kind: str) -> None:
        """Give the visit its number, and write it with its audit link and outbox event."""
        visit.number = repositories.next_number(session, visit.clinic, visit.day, visit.series)
        if visit.shift_id is None:
            # Whoever is on duty stands behind what the machine does, whether the payer was asked or not.
            shift = shifts.current(session, visit.clinic, moment.at)
            visit.shift_id = None if shift is None else shift.id
        if visit.room_id is not None and self._receipts is not None:
            visit.receipt = self._receipts.sign(
                clinic=visit.clinic, number=visit.number, room_id=visit.room_id, issued=moment.at
            )
        visit.assisted_by = assistant_at(session, visit.clinic, self._device, moment.at)
        session.add(visit)
        session.flush()
        facts = visit_facts(visit)
        repositories.append_audit(session, self._device, moment.at, kind, facts)
        repositories.append_outbox(session, self._device, moment.at, kind, facts)

    def _notice(self, moment: _Moment, code: Code, reasons: Sequence[str], visit_id: str | None) -> Notice:
        return Notice(
            id=uuid7(moment.at, entropy=self._entropy),
            clinic=self._clinic.code,
            device=self._device,
            code=code,
            reasons=list(reasons),
            visit_id=visit_id,
            state="new",
            created_at=moment.at,
        )

    def _close_desk_tickets(self, session: Session, tag: bytes, moment: _Moment, settles: frozenset[Code]) -> None:
        """Who is admitted need not go to the desk any more; a suspicion stays for staff to settle."""
        for visit in repositories.desk_tickets_of(session, self._clinic.code, moment.day, tag):
            if visit.code in settles:
                visit.state = "closed"
                for notice in repositories.notices_of_visit(session, visit.id):
                    settle(notice, moment.at, by=self._device, resolution=Resolution.ADMITTED)
