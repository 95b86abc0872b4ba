"""Whoever comes otherwise: cover looked up at the desk, the law's papers, the clinic's policy, and what stays open.

Theory of operation. A clerk says what somebody presents. The cover is looked up as the machine does it: the roster by
either number, the payer within its cut-off. Then the way's rule decides. What is still missing after an admission goes
to the worklist in the same transaction: papers with a day on which staff are reminded, and a personal number that is to
be linked to the insurance number by which the cover was found.
"""

from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from idcard import BirthDate, ConfigurationError, Sex
from kiosk.domain.assurance import CHIP_PROVED, Assurance
from kiosk.domain.codes import Code
from kiosk.domain.cover_basis import Asked
from kiosk.domain.eligibility import Coverage, CoverReason, CoverSource, Eligibility, NextStep, Step
from kiosk.domain.freshness import Freshness
from kiosk.domain.match import parse_birth
from kiosk.domain.tickets import clinic_day
from kiosk.domain.ways import Way, WayDecision, WayPolicy
from kiosk.domain.worklist import Field, Mismatch, Source
from kiosk.insurance.sources import CoverDesk, CoverFinding, OnlineCover
from kiosk.insurance.staff_roster import StaffRoster
from kiosk.ports import Clock
from kiosk.services.desk import NotConfirmable, StaffDesk, VisitRow
from kiosk.services.person import PersonRecord, sex_of, source_of
from kiosk.services.ways import Guardian, Presented, Told, WayOutcome
from kiosk.services.whose_number import Compared, Whose, whose_numbers
from kiosk.services.worklist import Subject, Worklist
from kiosk.store.tables import Visit

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Who:
    """Who stands there, from the record of a ticket or from what a clerk says."""

    asked: Asked | None
    read: Assurance
    birth: BirthDate | None


class OtherWays:
    """Admits people who come another way than by chip card alone; every method is safe from any thread.

    :param roster: None where this process has none; then only the payer knows of cover.
    :param online: who asks the payer, or None where nobody does.
    """

    def __init__(
        self,
        *,
        desk: StaffDesk,
        policy: WayPolicy,
        worklist: Worklist,
        clinic: str,
        clock: Clock,
        roster: StaffRoster | None = None,
        online: OnlineCover | None = None,
    ) -> None:
        self._desk = desk
        self.policy = policy
        self._worklist = worklist
        self._roster = roster
        self._online = online
        self._clock = clock
        self._cover = CoverDesk(
            source=_ByEitherNumber(roster),
            freshness=Freshness(),
            clinic=clinic,
            clock=clock,
            online=online,
        )

    def admit(self, visit_id: str | None, presented: Presented, room_id: str, *, by: str) -> WayOutcome:
        """What came of it: the ticket of an admission, or why there is none.

        :param visit_id: the desk ticket, or None for somebody who never stood before the machine.
        :raises NotConfirmable: where the ticket cannot be confirmed with this.
        :raises ValueError: for an unknown room, or an emergency on a ticket.
        :raises StoreUnavailable: if nothing could be committed; then nothing was.
        """
        row = self._row(visit_id, presented)
        who = self._who(row, presented)
        if presented.guardian is not None and _own_guardian(presented.guardian, who, visit_id):
            raise NotConfirmable("own_guardian")
        finding, compared = self._find(who)
        decision = self.policy.decide(
            presented.way,
            seen=presented.seen,
            cover=None if finding is None else finding.eligibility,
            with_guardian=presented.guardian is not None,
            birth=who.birth,
            on=clinic_day(self._clock.now()),
        )
        cover = None if finding is None else finding.eligibility
        if not decision.admits:
            _log.info("way_refused", way=presented.way.value, why=decision.refused)
            return WayOutcome(decision=decision, cover=cover, ticket=None, compared=compared)
        told = self._told(who, presented, finding, decision)

        def then(session: Session, visit: Visit) -> None:
            self._leave_open(session, visit, decision)
            self._request_link(session, visit, who, presented)

        ticket = self._desk.confirm_told(visit_id, room_id, told, by=by, then=then)
        return WayOutcome(decision=decision, cover=cover, ticket=ticket)

    def guardian_of_ticket(self, number: int) -> Guardian | None:
        """Who was read under this ticket number of today, as a guardian; None where nobody was."""
        row = self._desk.numbered(number)
        if row is None or row.state not in ("desk", "admitted"):
            return None
        if row.person is None or row.needs_typing or not row.person.display_name:
            return None
        person = row.person
        return Guardian(
            name=person.display_name,
            birth=parse_birth(person.birth or ""),
            number=person.personal_number,
            source=person.source,
            visit_id=row.visit_id,
        )

    def cover_of(self, row: VisitRow) -> Coverage | None:
        """What the roster knows of the person on a ticket, for the board; None where it knows nothing."""
        person = row.person
        if person is None or self._roster is None:
            return None
        try:
            return self._roster.coverage(person.personal_number, person.insurance_number)
        except ConfigurationError:
            return None

    def _row(self, visit_id: str | None, presented: Presented) -> VisitRow | None:
        if visit_id is None:
            if presented.claim is None and presented.way is not Way.EMERGENCY:
                raise NotConfirmable("needs_typing")
            return None
        if presented.way is Way.EMERGENCY:
            raise ValueError("an emergency has no ticket yet")
        row = self._desk.visit(visit_id)
        if row is None:
            raise NotConfirmable("no_such_ticket")
        if presented.claim is None and row.needs_typing:
            raise NotConfirmable("needs_typing")
        return row

    def _who(self, row: VisitRow | None, presented: Presented) -> _Who:
        read = Assurance.NONE if row is None else row.read_assurance
        claim = presented.claim
        if claim is not None:
            asked = _asked(
                claim.name or claim.name_latin or "",
                claim.birth,
                (claim.personal_number, presented.insurance_number),
                source=source_of(claim.source.value),
                sex=claim.sex,
                spellings=presented.spellings,
            )
            # The machine read somebody, and the clerk says it is another: what it reached is not theirs.
            return _Who(asked=asked, read=Assurance.NONE, birth=claim.birth)
        if row is None or row.person is None:
            return _Who(asked=None, read=read, birth=None)
        return _recorded(row.person, read, presented)

    def _find(self, who: _Who) -> tuple[CoverFinding | None, Compared | None]:
        """What is known of their cover; None where there is no number to look for, or nobody who could know.

        With it what differs, where the number is another's.
        """
        asked = who.asked
        if asked is None or not (asked.personal_number or asked.insurance_number):
            return None, None
        if self._roster is None and self._online is None:
            return None, None
        finding = self._cover.find(asked, on=clinic_day(self._clock.now()))
        return self._checked(who, asked, finding)

    def _checked(self, who: _Who, asked: Asked, finding: CoverFinding) -> tuple[CoverFinding, Compared | None]:
        """Cover that the roster alone found, as far as it is this person's."""
        by_payer = finding.basis.source is not CoverSource.ROSTER
        if by_payer or not finding.eligibility.covered or self._roster is None:
            return finding, None
        compared = whose_numbers(asked, self._roster, proved=who.read in CHIP_PROVED)
        match compared.whose:
            case Whose.THEIRS:
                return finding, None
            case Whose.UNTOLD:
                # The clerk who saw the papers answers for it, and the payer is asked.
                doubted = replace(finding.eligibility, step=Step.ADMIT_AND_RECHECK)
                return replace(finding, eligibility=doubted), None
            case Whose.ANOTHERS:
                return _another_person(finding, compared), compared

    def _told(self, who: _Who, presented: Presented, finding: CoverFinding | None, decision: WayDecision) -> Told:
        # Nobody can be asked about later by no number at all: then the papers are what is waited for.
        askable = who.asked is not None and bool(who.asked.personal_number or who.asked.insurance_number)
        return Told(
            claim=presented.claim,
            insurance_number=presented.insurance_number,
            document_number=presented.document_number,
            guardian=presented.guardian,
            way=presented.way,
            rung=self.policy.rule(presented.way).rung(who.read),
            finding=finding,
            recheck=askable and self._online is not None and decision.step is Step.ADMIT_AND_RECHECK,
            override=presented.override,
        )

    def _leave_open(self, session: Session, visit: Visit, decision: WayDecision) -> None:
        if decision.due is not None:
            missing = sorted(paper.value for paper in decision.missing)
            self._worklist.expect_papers(session, visit.id, missing, self._clock.now() + decision.due)

    def _request_link(self, session: Session, visit: Visit, who: _Who, presented: Presented) -> None:
        """Ask for a link where a proved personal number found its cover by another number only."""
        if presented.way is not Way.CHIP_AND_NUMBER or who.asked is None or self._roster is None:
            return
        personal, insurance = who.asked.personal_number, presented.insurance_number
        if not personal or not insurance or not self._may_link(personal, insurance):
            return
        mismatch = Mismatch(
            field=Field.LINK,
            left_source=Source.CHIP,
            left=personal,
            right_source=Source.STAFF,
            right=insurance,
            grade="",
            proposed=insurance,
        )
        subject = Subject(personal_number=personal, insurance_number=insurance, visit_id=visit.id)
        self._worklist.add_in(session, [mismatch], subject, roster_version=self._roster.version)

    def _may_link(self, personal: str, insurance: str) -> bool:
        """Whether a link is missing, and would take neither number from another's row."""
        if self._roster is None:
            return False
        try:
            linked = self._roster.linked(personal)
            return not linked and not self._roster.is_linked(insurance)
        except ConfigurationError:
            return True


class _ByEitherNumber:
    """The roster as :class:`CoverDesk` asks it; where this process has none it cannot be used."""

    def __init__(self, roster: StaffRoster | None) -> None:
        self._roster = roster

    @property
    def version(self) -> str:
        return "" if self._roster is None else self._roster.roster.version

    @property
    def as_of(self) -> datetime:
        return self._there().roster.as_of

    def find(self, personal_number: str) -> Coverage | None:
        return self._there().roster.find(personal_number)

    def find_insurance(self, number: str) -> Coverage | None:
        return self._there().roster.find_insurance(number)

    def _there(self) -> StaffRoster:
        if self._roster is None:
            raise ConfigurationError(
                "There is no roster.", reason="never_set_up", remedy="Name a roster in the staff's configuration."
            )
        return self._roster


def _own_guardian(guardian: Guardian, who: _Who, visit_id: str | None) -> bool:
    """Whether somebody is named as their own companion: by their own ticket, number, or name and birth."""
    if visit_id is not None and guardian.visit_id == visit_id:
        return True
    asked = who.asked
    return asked is not None and guardian.is_same(asked.name, asked.birth, asked.personal_number)


def _another_person(finding: CoverFinding, compared: Compared) -> CoverFinding:
    """The number is somebody else's, or the name was taken wrongly: a clerk compares."""
    differs = Eligibility(
        code=Code.IDENTITY_DIFFERS,
        reasons=(compared.reason or CoverReason.NAME_DIFFERS,),
        coverage=None,
        step=Step.DESK,
        next=NextStep.COMPARE,
    )
    return replace(finding, eligibility=differs)


def _recorded(person: PersonRecord, read: Assurance, presented: Presented) -> _Who:
    birth = parse_birth(person.birth or "")
    shown = (person.shown_name,) if person.shown_name else ()
    asked = _asked(
        person.display_name,
        birth,
        (person.personal_number, presented.insurance_number or person.insurance_number),
        source=source_of(person.source),
        sex=sex_of(person.sex),
        latin=not person.name,
        spellings=(*presented.spellings, *shown),
    )
    return _Who(asked=asked, read=read, birth=birth)


def _asked(
    name: str,
    birth: BirthDate | None,
    numbers: tuple[str | None, str | None],
    *,
    source: Source,
    sex: Sex | None = None,
    latin: bool = False,
    spellings: tuple[str, ...] = (),
) -> Asked | None:
    """Whom to ask about; None where a name or a birth is missing."""
    if not name or birth is None:
        return None
    personal, insurance = numbers
    return Asked(
        name=name,
        birth=birth,
        personal_number=personal,
        insurance_number=insurance,
        sex=sex,
        latin=latin,
        source=source,
        spellings=tuple(each for each in spellings if each != name),
    )
