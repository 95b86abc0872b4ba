"""Finds what is to be put right, and closes what the roster put right: in the background of the staff's process.

Theory of operation. Each visit whose person is known is compared once: the chip (or what a clerk confirmed) with the
roster's name, birth and sex, and with the code that was shown beside the chip. A code that nobody confirmed is compared
with nothing, since anybody can print one. When another roster lies in the place of the last, every open entry is
looked up in it, and closed where it now says what was proposed: that is how the insurer's delta closes what it brought.
"""

from collections.abc import Iterator
from datetime import timedelta

import structlog
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from idcard import ConfigurationError
from kiosk.domain.assurance import Assurance
from kiosk.domain.cover_answer import CoverAnswer
from kiosk.domain.cover_basis import Asked
from kiosk.domain.cover_reasons import CoverReason
from kiosk.domain.eligibility import Eligibility
from kiosk.domain.match import Grade, parse_sex
from kiosk.domain.route import Clinic
from kiosk.domain.worklist import ClosedHow, Field, Mismatch, Said, Source, mismatches, settles
from kiosk.insurance.staff_roster import StaffRoster
from kiosk.keys import VisitOpener
from kiosk.ports import Clock, StoreUnavailable
from kiosk.services.person import PersonRecord, person_in, source_of
from kiosk.services.whose_number import is_anothers
from kiosk.services.worker import Rounds
from kiosk.services.worklist import Subject, Worklist, WorkRow
from kiosk.store.database import Database
from kiosk.store.tables import Visit

_AT_ONCE = 50
_OLDEST = timedelta(days=7)
"""Visits that are older are not compared any more."""
_PROVED = (Assurance.CHIP_ANCHORED, Assurance.CHIP_PINNED, Assurance.CHIP_CONFIRMED)
_log = structlog.get_logger(__name__)


class Cleaning:
    """Compares visits with the roster, and entries with the roster that came since."""

    def __init__(
        self,
        *,
        database: Database,
        clinic: Clinic,
        opener: VisitOpener,
        roster: StaffRoster,
        worklist: Worklist,
        device: str,
        clock: Clock,
    ) -> None:
        self._database = database
        self._clinic = clinic
        self._opener = opener
        self._roster = roster
        self._worklist = worklist
        self._device = device
        self._clock = clock
        self._settled_by = ""

    def round(self) -> int:
        """How many entries were made or closed.

        :raises StoreUnavailable: if the store takes nothing; what was done before stays done.
        """
        self._worklist.mark_same()
        return self.settle() + self.compare()

    def compare(self) -> int:
        """How many entries the visits made that were not compared yet."""
        # Looked for without a turn at writing: mostly there is nothing.
        waiting = self._not_compared()
        version, added = self._roster.version, 0
        for first in range(0, len(waiting), _AT_ONCE):
            with self._database.write() as session:
                visits = [session.get(Visit, each) for each in waiting[first : first + _AT_ONCE]]
                added += sum(self._compare(session, visit, version) for visit in visits if visit is not None)
        return added

    def settle(self) -> int:
        """How many entries the present roster closes; nothing where it was looked at already."""
        version = self._roster.version
        if not version or version == self._settled_by:
            return 0
        closed = sum(self._settles(row) for row in self._worklist.rows())
        self._settled_by = version
        _log.info("work_settled_by_roster", closed=closed)
        return closed

    def noted(self, asked: Asked, answer: CoverAnswer, decision: Eligibility) -> None:
        """Note where the payer's answer differs from what was asked."""
        sex = parse_sex(answer.sex) or ""
        said = Said(source=Source.GATEWAY, name=answer.name or "", birth=answer.birth or "", sex=sex)
        own = Said(source=asked.source, name=asked.name, birth=str(asked.birth), sex=asked.sex or "", latin=asked.latin)
        found = mismatches(own, said) or tuple(_refused(own, decision))
        if not found:
            return
        subject = Subject(
            personal_number=asked.personal_number,
            insurance_number=asked.insurance_number or answer.insurance_number,
        )
        try:
            self._worklist.add(found, subject, roster_version=self._roster.version)
        except StoreUnavailable:
            _log.warning("work_not_noted")

    def spellings(self, asked: Asked) -> tuple[str, ...]:
        """How the roster writes the name of whoever is asked about."""
        try:
            said = self._roster.said(asked.personal_number, asked.insurance_number)
        except ConfigurationError:
            return ()
        return (said.name,) if said is not None and said.name else ()

    def is_anothers(self, personal_number: str, insurance_number: str) -> bool:
        """Whether the roster links the insurance number to another personal number; no where it cannot be used."""
        try:
            return is_anothers(personal_number, insurance_number, self._roster)
        except ConfigurationError:
            return False

    def _not_compared(self) -> list[str]:
        """The visits to be compared; only those whose record somebody vouches for: a proved chip, or a clerk."""
        proved = and_(Visit.state == "desk", Visit.read_assurance.in_(_PROVED))
        query = (
            select(Visit.id)
            .where(
                Visit.clinic == self._clinic.code,
                Visit.compared_at.is_(None),
                Visit.blob.is_not(None),
                or_(Visit.state == "admitted", proved),
                Visit.created_at > self._clock.now() - _OLDEST,
            )
            .order_by(Visit.id)
        )
        with self._database.read() as session:
            return list(session.scalars(query))

    def _compare(self, session: Session, visit: Visit, version: str) -> int:
        person = self._person(visit)
        if person is None:
            return 0
        visit.compared_at = self._clock.now()
        subject = Subject(
            personal_number=person.personal_number, insurance_number=person.insurance_number, visit_id=visit.id
        )
        found = tuple(self._differences(person))
        return self._worklist.add_in(session, found, subject, roster_version=version)

    def _differences(self, person: PersonRecord) -> Iterator[Mismatch]:
        own = Said(
            source=source_of(person.source),
            name=person.display_name,
            birth=person.birth or "",
            sex=person.sex or "",
            latin=not person.name,
        )
        try:
            roster = self._roster.said(person.personal_number, person.insurance_number)
        except ConfigurationError:
            roster = None
        if roster is not None:
            yield from mismatches(own, roster)
        if person.shown_source is not None:
            shown = Said(
                source=source_of(person.shown_source, otherwise=Source.CARD_QR),
                name=person.shown_name or "",
                birth=person.shown_birth or "",
                sex=person.shown_sex or "",
            )
            yield from mismatches(own, shown)

    def _settles(self, row: WorkRow) -> bool:
        if row.unreadable or not settles(row.field, row.proposed, self._now(row)):
            return False
        return self._worklist.close(row.work_id, by=self._device, how=ClosedHow.ROSTER)

    def _now(self, row: WorkRow) -> str:
        """What the roster says now of an entry's field, or nothing."""
        personal, insurance = row.subject.personal_number, row.subject.insurance_number
        try:
            if row.field is Field.LINK:
                return self._roster.linked(personal) if personal else ""
            said = self._roster.said(personal, insurance)
        except ConfigurationError:
            return ""
        values = {} if said is None else {Field.NAME: said.name, Field.BIRTH: said.birth, Field.SEX: said.sex}
        return values.get(row.field, "")

    def _person(self, visit: Visit) -> PersonRecord | None:
        return person_in(visit, self._opener)


def _refused(own: Said, decision: Eligibility) -> Iterator[Mismatch]:
    """What the payer calls wrong without saying what it has instead."""
    words = {
        CoverReason.NAME_DIFFERS: (Field.NAME, own.name, Grade.DIFFERENT),
        CoverReason.NAME_NEARLY: (Field.NAME, own.name, Grade.CLOSE),
        CoverReason.BIRTH_DIFFERS: (Field.BIRTH, own.birth, Grade.DIFFERENT),
    }
    for reason in decision.reasons:
        if reason in words:
            field, value, grade = words[reason]
            yield Mismatch(
                field=field,
                left_source=own.source,
                left=value,
                right_source=Source.GATEWAY,
                right="",
                grade=grade.value,
                proposed="" if own.source is Source.STAFF else value,
            )


class CleaningThread(Rounds):
    """Runs rounds in the background, and at once when told to.

    :param every_s: seconds between two rounds; with it another roster is found.
    """

    def __init__(self, cleaning: Cleaning, *, every_s: float = 15.0) -> None:
        super().__init__("cleaning", every_s=every_s)
        self._cleaning = cleaning

    def round(self) -> None:
        """A round of the cleaning."""
        self._cleaning.round()
