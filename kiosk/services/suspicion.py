"""Whether somebody at the desk is suspected: by the list of lost cards, or by a ticket of theirs.

Theory of operation. It is the person who is suspected, not the ticket: whoever was sent to the desk with a card that is
not genuine could be typed anew as one who comes with papers. So before each admission the records of the suspected
visits are opened and held against whom the clerk admits: those of this day, whatever became of them, and the open
tickets of earlier ones. They are few. It is the same person by either number; by name and birth where no personal
number tells the two apart. Whoever is typed under another name is not found.
"""

from collections.abc import Callable, Sequence
from datetime import date
from functools import cached_property

from sqlalchemy import String, cast, or_, select
from sqlalchemy.orm import Session

from kiosk.domain.codes import Code, VisitReason
from kiosk.domain.holder import NOT_MADE, HolderSeen
from kiosk.domain.match import BirthGrade, Grade, match_births, match_names, parse_birth
from kiosk.domain.staff import SUSPICIOUS, needs_second_person
from kiosk.services.lost_cards import LostCards
from kiosk.services.person import PersonRecord
from kiosk.store.tables import Visit

_ANOTHER = (Grade.CLOSE, Grade.DIFFERENT)
_DIGITS_OF_INSURANCE = 10

Opened = Callable[[Visit], PersonRecord | None]


class Suspects:
    """Who is suspected in a clinic on a day; their records are opened once, when they are first asked for.

    :param opened: gives the record of a visit, None where there is none that opens.
    :param lost: whose cards were reported lost, or None where nobody keeps a list.
    """

    def __init__(self, session: Session, clinic: str, *, day: date, opened: Opened, lost: LostCards | None) -> None:
        self._session, self._clinic, self._day = session, clinic, day
        self._opened, self._lost = opened, lost

    def reasons(self, visit: Visit, person: PersonRecord | None) -> list[VisitReason]:
        """Why the person of a visit is suspected, whatever their ticket says; nothing where nobody is known.

        :raises StoreUnavailable: if nobody can say.
        """
        if person is None:
            return []
        found = []
        if self._lost is not None and self._lost.reported(person.personal_number):
            found.append(VisitReason.REPORTED_LOST)
        if any(_is_same(person, record) for other, record in self._records if other != visit.id):
            found.append(VisitReason.SUSPECTED_TODAY)
        return found

    def include(self, visit: Visit, person: PersonRecord | None) -> bool:
        """Whether whoever admits this ticket of this person needs a second person. Raises as :meth:`reasons` does."""
        return is_suspected(visit) or bool(self.reasons(visit, person))

    @cached_property
    def _records(self) -> list[tuple[str, PersonRecord | None]]:
        return [(visit.id, self._opened(visit)) for visit in _suspected(self._session, self._clinic, self._day)]


def is_suspected(visit: Visit) -> bool:
    """Whether the ticket itself says so, or nobody saw a holder whom everybody's admission waits for."""
    unseen = visit.holder_check in (HolderSeen.NOT_SEEN, NOT_MADE) and VisitReason.HOLDER_CHECK in visit.reasons
    return unseen or needs_second_person(None if visit.code is None else Code(visit.code), visit.reasons)


def _suspected(session: Session, clinic: str, day: date) -> Sequence[Visit]:
    """The visits that are suspected: those of this day, and the open tickets of earlier ones."""
    reasons = cast(Visit.reasons, String)
    query = select(Visit).where(
        Visit.clinic == clinic,
        or_(Visit.day == day, Visit.state == "desk"),
        or_(Visit.code == Code.NOT_GENUINE, *(reasons.contains(f'"{word}"') for word in sorted(SUSPICIOUS))),
    )
    return session.scalars(query).all()


def _is_same(one: PersonRecord, other: PersonRecord | None) -> bool:
    if other is None:
        return False
    if one.personal_number and other.personal_number:
        return one.personal_number == other.personal_number
    return _is_insured_alike(one, other) or _is_named_alike(one, other)


def _is_insured_alike(one: PersonRecord, other: PersonRecord) -> bool:
    if not one.insurance_number or not other.insurance_number:
        return False
    return one.insurance_number[-_DIGITS_OF_INSURANCE:] == other.insurance_number[-_DIGITS_OF_INSURANCE:]


def _is_named_alike(one: PersonRecord, other: PersonRecord) -> bool:
    births = match_births(parse_birth(one.birth or ""), parse_birth(other.birth or ""))
    if births not in (BirthGrade.SAME, BirthGrade.PARTLY):
        return False
    names = match_names(one.display_name, other.display_name, a_latin=not one.name, b_latin=not other.name)
    return names.grade not in _ANOTHER
