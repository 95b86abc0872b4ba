"""An admission by a clerk: a desk ticket that is confirmed, or somebody who comes straight to the desk.

Each step here belongs to its caller's transaction: the record, its number, its audit link and its outbox event live or
die together.
"""

import os
from datetime import date, datetime
from typing import Any

import structlog
from sqlalchemy.orm import Session

from kiosk.day_key import DayTags
from kiosk.domain.assurance import CHIP_PROVED, Assurance
from kiosk.domain.codes import Code, Resolution, VisitReason
from kiosk.domain.eligibility import CoverSource, NextStep, Step
from kiosk.domain.holder import DUE
from kiosk.domain.priority import by_group, has_priority
from kiosk.domain.route import Clinic, Room
from kiosk.domain.staff import OVERRIDE_LIMIT, SUSPICIOUS, Override, OverrideReason
from kiosk.domain.tickets import check_code, clinic_day
from kiosk.domain.ways import Way, WayPolicy
from kiosk.insurance.sources import CoverFinding
from kiosk.insurance.staff_roster import StaffRoster
from kiosk.keys import CannotOpen, Fields, Sealed, VisitOpener
from kiosk.ports import Clock
from kiosk.services.checkin import SERIES, insured_tag, settle, visit_facts
from kiosk.services.lost_cards import LostCards
from kiosk.services.overrides import overrides_of, write_override
from kiosk.services.person import PersonRecord, claimed_fields, coverage_fields
from kiosk.services.receipt import ReceiptSigner
from kiosk.services.record import notice_of
from kiosk.services.route import RouteProposer
from kiosk.services.suspicion import Suspects, is_suspected
from kiosk.services.ways import Told
from kiosk.services.whose_number import Compared, Whose, whose_record
from kiosk.store import repositories, shifts
from kiosk.store.ids import uuid7
from kiosk.store.tables import Visit

_log = structlog.get_logger(__name__)


class NotConfirmable(Exception):
    """A ticket that cannot become an admission as it is.

    :param reason: ``no_such_ticket``, ``closed``, ``already_admitted``, ``policy`` where the clinic does not let people
        in this way, ``needs_typing``: nothing usable was read, so the clerk types who it is, ``needs_second``:
        the person is suspected, and no second person agreed, ``override_limit``: the clerk did that too often in this
        shift, ``needs_holder_check``: nobody has looked at the person yet, or ``anothers_number``: the roster gives a
        number to somebody else.
    :param compared: the two sides that differ, for ``anothers_number``.
    :param other: the visit's id that the person was admitted under today, for ``already_admitted``, where it is known.
    """

    def __init__(self, reason: str, *, compared: Compared | None = None, other: str | None = None) -> None:
        super().__init__(reason)
        self.other = other
        self.reason = reason
        self.compared = compared


class DeskAdmission:
    """Makes admissions in a caller's transaction.

    :param device: the desk's name in the audit chain and the outbox.
    :param tags: made of the patient process's person-day key, so that a person who was typed is known to the kiosk.
    :param asks_payer: whether somebody asks the payer, so that a desk ticket can be looked up once it is confirmed.
    :param receipts: signs the desk's receipts, or None: then admissions by a clerk have none.
    :param roster: says whose a number is, or None: then the clerk alone compares.
    :param override_limit: how often a clerk may override the machine in a shift.
    :param lost: whose cards were reported lost, or None where nobody keeps a list.
    """

    def __init__(
        self,
        *,
        clinic: Clinic,
        device: str,
        opener: VisitOpener,
        tags: DayTags,
        clock: Clock,
        policy: WayPolicy,
        asks_payer: bool,
        receipts: ReceiptSigner | None = None,
        roster: StaffRoster | None = None,
        override_limit: int = OVERRIDE_LIMIT,
        lost: LostCards | None = None,
    ) -> None:
        self._roster, self._lost = roster, lost
        self._override_limit = override_limit
        self._clinic = clinic
        self._device = device
        self._opener = opener
        self._tags = tags
        self._clock = clock
        self._policy = policy
        self._asks_payer = asks_payer
        self._receipts = receipts
        self._routes = RouteProposer(clinic)

    def confirmable(self, session: Session, visit_id: str, told: Told, *, by: str) -> Visit:
        """The desk ticket that can be confirmed with what a clerk tells; NotConfirmable where it cannot."""
        visit = session.get(Visit, visit_id)
        if visit is None:
            raise NotConfirmable("no_such_ticket")
        if visit.state != "desk":
            raise NotConfirmable("already_admitted" if visit.state == "admitted" else "closed")
        if told.claim is None and needs_typing(visit):
            raise NotConfirmable("needs_typing")
        if is_suspected(visit):
            self._refuse_override(session, told, by)
        if visit.holder_check == DUE and VisitReason.HOLDER_CHECK in visit.reasons:
            raise NotConfirmable("needs_holder_check")
        if told.way is None and self._policy.rule(_plain_way(visit, told)).step is Step.DESK:
            raise NotConfirmable("policy")
        return visit

    def _refuse_override(self, session: Session, told: Told, by: str) -> None:
        """Nothing, where a second person agreed, and the clerk did not override the machine too often in this shift."""
        if told.override is None or told.override.second in (None, by):
            raise NotConfirmable("needs_second")
        if overrides_of(session, self._clinic.code, by, self._clock.now()) >= self._override_limit:
            raise NotConfirmable("override_limit")

    def arrival(self, session: Session) -> Visit:
        """A desk ticket for somebody who never stood before the machine."""
        at = self._clock.now()
        day = clinic_day(at)
        visit = Visit(
            id=uuid7(at),
            clinic=self._clinic.code,
            device=self._device,
            day=day,
            series=SERIES,
            number=repositories.next_number(session, self._clinic.code, day, SERIES),
            state="desk",
            assurance=Assurance.NONE,
            read_assurance=Assurance.NONE,
            proved_by="none",
            reasons=[],
            check_code=check_code(os.urandom(8)),
            priority=False,
            created_at=at,
        )
        session.add(visit)
        session.flush()
        return visit

    def admit(self, session: Session, visit: Visit, room: Room, *, by: str, told: Told) -> None:
        """Turn the desk ticket into an admission."""
        at = self._clock.now()
        day = clinic_day(at)
        if told.adds or self._found_of_record(visit, told):
            sealed = self._opener.sealer().seal(visit.id, self._fields(visit, told))
            visit.sealed_key, visit.blob, visit.commitment = sealed.key, sealed.blob, sealed.commitment
            visit.compared_at = None
        self._refuse_anothers(visit, told)
        override = self._override(session, visit, told, by)
        self._refuse_second(session, visit, day)
        if told.adds or visit.day != day:
            # Who was typed may be another than the card claimed, and each day has tags of its own.
            visit.person_day_tag = self._tag(visit, day)
            visit.insured_day_tag = self._insured_tag(visit, day)
        if visit.day != day:
            # Whoever comes with a ticket of an earlier day stands behind those who came before them today.
            visit.first_day, visit.first_number, visit.stands_at = visit.day, visit.number, at
            visit.day, visit.number = day, repositories.next_number(session, visit.clinic, day, visit.series)
        self._priority(visit, told, day)
        visit.state, visit.room_id, visit.admitted_at = "admitted", room.id, at
        # Whoever was called to the desk waits anew, before a room.
        visit.called_at = visit.queue_state = None
        visit.assurance, visit.proved_by, visit.confirmed_by = told.rung, "staff", by
        visit.way = told.way or _plain_way(visit, told)
        self._cover(visit, told)
        person, _ = self.person(visit)
        visit.route_proposed = self._routes.propose(
            home_clinic=None if person is None else person.home_clinic,
            on=day,
            emergency=visit.way == Way.EMERGENCY,
            newborn=visit.way == Way.NEWBORN,
        )
        if (shift := shifts.current(session, visit.clinic, at)) is not None:
            visit.shift_id = shift.id
        if self._receipts is not None:
            self.sign_receipt(visit, room, at)
        for notice in repositories.notices_of_visit(session, visit.id):
            settle(notice, at, by=by, resolution=Resolution.ADMITTED)
        if override is not None:
            write_override(session, visit, override, by=by, at=at, device=self._device)
            if override.second is None:
                self._tell_unseconded(session, visit, at)
        session.flush()
        facts = {**visit_facts(visit), "by": by, **_first(visit), **_overridden(override)}
        repositories.append_audit(session, self._device, at, "confirmed", facts)
        repositories.append_outbox(session, self._device, at, "confirmed", facts)

    def _priority(self, visit: Visit, told: Told, day: date) -> None:
        """What is known now of who goes first by law; what a clerk decided about it stays."""
        if visit.priority_by is not None:
            return
        person, coverage = told.claim, None if told.finding is None else told.finding.eligibility.coverage
        if person is not None and person.birth is not None:
            visit.priority = has_priority(person.birth, day)
        group = None if coverage is None else coverage.object_group
        visit.priority = visit.priority or by_group(group) is not None or told.way is Way.EMERGENCY

    def sign_receipt(self, visit: Visit, room: Room, at: datetime) -> None:
        """Give the visit a receipt of the desk's for this room; none where the desk signs none."""
        visit.receipt = None
        if self._receipts is not None:
            visit.receipt = self._receipts.sign(clinic=visit.clinic, number=visit.number, room_id=room.id, issued=at)

    def person(self, visit: Visit) -> tuple[PersonRecord | None, bool]:
        """The opened record, and whether there is one that does not open."""
        fields, unreadable = self._opened(visit)
        return None if fields is None else PersonRecord.from_fields(fields), unreadable

    def _opened(self, visit: Visit) -> tuple[Fields | None, bool]:
        sealed = Sealed.of(visit.sealed_key, visit.blob, visit.commitment)
        if sealed is None:
            return None, False
        try:
            return self._opener.open(visit.id, sealed), False
        except CannotOpen:
            _log.error("record_unreadable", visit=visit.id)
            return None, True

    def _found_of_record(self, visit: Visit, told: Told) -> bool:
        """Whether cover was found for a record that can be opened, and so can keep it."""
        found = told.finding is not None and told.finding.eligibility.coverage is not None
        return found and self._opened(visit)[0] is not None

    def _fields(self, visit: Visit, told: Told) -> Fields:
        coverage = None if told.finding is None else told.finding.eligibility.coverage
        guardian = {} if told.guardian is None else told.guardian.fields()
        document = {} if told.document_number is None else {"document_number": told.document_number}
        if told.claim is not None:
            return {**claimed_fields(told.claim, coverage, told.insurance_number), **document, **guardian}
        known, _ = self._opened(visit)
        number = {} if told.insurance_number is None else {"insurance_number": told.insurance_number}
        found = {} if coverage is None else {key: value for key, value in coverage_fields(coverage).items() if value}
        return {**(known or {}), **number, **found, **document, **guardian}

    def _cover(self, visit: Visit, told: Told) -> None:
        if told.finding is not None:
            _rest_on(visit, told.finding)
        # A ticket that nobody looked up is looked up once it is confirmed.
        unasked = visit.cover_source is None and visit.blob is not None and self._asks_payer
        rechecks = told.way is None and self._policy.rule(_plain_way(visit, told)).step is Step.ADMIT_AND_RECHECK
        if told.recheck or unasked or rechecks:
            visit.recheck = "due"

    def suspects(self, session: Session) -> Suspects:
        """Who is suspected now, for as many visits as are looked at in this transaction."""
        day = clinic_day(self._clock.now())
        return Suspects(
            session, self._clinic.code, day=day, opened=lambda other: self.person(other)[0], lost=self._lost
        )

    def _override(self, session: Session, visit: Visit, told: Told, by: str) -> Override | None:
        """What overrides the suspicion of whoever the record names; None where there is none.

        In an emergency care comes first: it waits for nobody, and counts as the clerk's own override.
        """
        person, _ = self.person(visit)
        found = self.suspects(session).reasons(visit, person)
        visit.reasons = [*visit.reasons, *(reason for reason in found if reason not in visit.reasons)]
        if not is_suspected(visit):
            # A second person may have agreed to what was a wrong number only.
            return None
        if told.way is Way.EMERGENCY:
            return told.override or Override(reason=OverrideReason.CARE_FIRST, second=None)
        self._refuse_override(session, told, by)
        return told.override

    def _tell_unseconded(self, session: Session, visit: Visit, at: datetime) -> None:
        """Whom one clerk admitted under suspicion, for an emergency, is looked at afterwards."""
        found = [reason for reason in visit.reasons if reason in SUSPICIOUS]
        session.add(notice_of(visit, Code.IDENTITY_DIFFERS, found, device=self._device, at=at))

    def _refuse_anothers(self, visit: Visit, told: Told) -> None:
        """Nothing, unless the roster gives a number in the record to somebody else.

        In an emergency care comes first. What the payer covers by name was compared by the payer.
        """
        person, _ = self.person(visit)
        if self._roster is None or person is None or told.way is Way.EMERGENCY or _payer_covers(told.finding):
            return
        proved = told.claim is None and visit.read_assurance in CHIP_PROVED
        compared = whose_record(person, self._roster, proved=proved)
        if compared.whose is Whose.ANOTHERS:
            raise NotConfirmable("anothers_number", compared=compared)

    def _refuse_second(self, session: Session, visit: Visit, day: date) -> None:
        """Nothing, unless the person was admitted today."""
        second = self.second(session, visit, day)
        if second is not None:
            raise NotConfirmable("already_admitted", other=second.id)

    def second(self, session: Session, visit: Visit, day: date) -> Visit | None:
        """The admission of this day under this or the other number of the visit's record, or None."""
        person, _ = self.person(visit)
        own, insured = self._tag(visit, day), self._insured_tag(visit, day)
        by_insurance = repositories.insured_today
        if person is not None and person.personal_number is not None:
            # Another personal number under one insurance number is another person.
            by_insurance = repositories.admitted_today
        found = (
            None if own is None else repositories.admitted_today(session, visit.clinic, day, own),
            None if insured is None else by_insurance(session, visit.clinic, day, insured),
        )
        return next((each for each in found if each is not None), None)

    def _insured_tag(self, visit: Visit, day: date) -> bytes | None:
        """The tag of the insurance number in the visit's record; None where it has none."""
        person, _ = self.person(visit)
        return None if person is None else insured_tag(self._tags, person.insurance_number, day)

    def _tag(self, visit: Visit, day: date) -> bytes | None:
        """The tag of the person whom the visit's record names; None where it names nobody, or no number."""
        person, _ = self.person(visit)
        if person is None:
            return None
        if person.personal_number is not None:
            return self._tags.tag(person.personal_number, day)
        return insured_tag(self._tags, person.insurance_number, day)


def needs_typing(visit: Visit) -> bool:
    """Nothing was read, or what was read came from a card that is not genuine and is not to be believed."""
    return visit.blob is None or visit.code == Code.NOT_GENUINE


def _overridden(override: Override | None) -> dict[str, Any]:
    """What an audit link says of an admission against what the machine found."""
    return {} if override is None else {"override": override.reason, "second": override.second}


def _plain_way(visit: Visit, told: Told) -> Way:
    """The way of a desk ticket that a clerk confirms without more."""
    return Way.CODE if told.claim is None and visit.read_assurance == Assurance.QR_UNSIGNED else Way.PAPERS


def _payer_covers(finding: CoverFinding | None) -> bool:
    return finding is not None and finding.eligibility.covered and finding.basis.source is not CoverSource.ROSTER


def _rest_on(visit: Visit, finding: CoverFinding) -> None:
    """Write down what the decision on cover rests on."""
    basis, decision = finding.basis, finding.eligibility
    visit.cover_source, visit.cover_as_of = basis.source, basis.as_of
    visit.cover_online, visit.shift_id = basis.online, basis.shift_id
    visit.cover_result, visit.roster_version = decision.result, basis.roster_version or None
    visit.cover_next = None if decision.next is NextStep.NONE else decision.next
    visit.reasons = [*visit.reasons, *(reason for reason in finding.reasons if reason not in visit.reasons)]


def _first(visit: Visit) -> dict[str, Any]:
    """What an audit link says of a ticket that was of an earlier day."""
    if visit.first_day is None:
        return {}
    return {"first_day": visit.first_day.isoformat(), "first_number": visit.first_number}
