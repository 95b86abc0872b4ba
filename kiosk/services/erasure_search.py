"""Whose records are one person's, by a number in any of its forms.

Theory of operation. An insurance number has two forms: 15 characters, and the ten digits at their end, which a person
keeps. Records that bear the asked number in either form are one person's where their names and births agree as well as
they must for an admission. Where they are more than one person's, one of them was given the number by mistake, and
nobody can know which: then nothing is taken from anybody, until somebody names one of the records. A record without a
name or a birth is of the only person there is, as long as it contradicts nothing.

A record may bear another number of the person only: one that stands in a record found before. It is theirs too where
name and birth agree likewise; where they do not, or are not there, a person looks. So one number that was typed wrongly
never leads from one person to another.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import structlog

from kiosk.domain.match import BirthGrade, MatchRule, match_births, match_names, parse_birth
from kiosk.keys import CannotOpen, Fields, Sealed, VisitOpener
from kiosk.services.person import PersonRecord
from kiosk.store.tables import Visit

_LONG, _KEPT = 15, 10
_NUMBERS = ("personal_number", "insurance_number", "document_number")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Found:
    """The visits of a person, none where the number is more than one's; those that bear their number and may be
    another's (``alike``); those that name them as a companion (``beside``); how many could not be opened; and the
    numbers that are surely theirs, in their shortest form.
    """

    theirs: tuple[Visit, ...]
    alike: tuple[Visit, ...]
    beside: tuple[Visit, ...]
    unreadable: int
    numbers: frozenset[str]

    def __repr__(self) -> str:
        return f"Found({len(self.theirs)})"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Record:
    visit: Visit
    person: PersonRecord
    numbers: frozenset[str]

    def __repr__(self) -> str:
        return "_Record(…)"


def shortest(number: str) -> str:
    """What all forms of a number have in common: the ten digits of an insurance number, others as they are."""
    plain = "".join(number.split()).upper()
    return plain[-_KEPT:] if len(plain) == _LONG else plain


def numbers_of(fields: Fields) -> frozenset[str]:
    """Every number of the person in opened fields, in its shortest form; not a companion's."""
    return frozenset(shortest(number) for name in _NUMBERS if (number := fields.get(name)))


def find_person(
    visits: Iterable[Visit], opener: VisitOpener, number: str, ticket: tuple[date, int] | None = None
) -> Found:
    """Whose visits are the person's who has this number.

    :param ticket: day and number of a visit that bears the number: whose it is, where it is more than one's.
    """
    wanted, records, unreadable = shortest(number), [], 0
    for visit in visits:
        fields = _opened(visit, opener)
        unreadable += fields is None
        if fields:
            person = PersonRecord.from_fields(fields)
            records.append(_Record(visit=visit, person=person, numbers=numbers_of(fields)))
    theirs = _theirs([record for record in records if wanted in record.numbers], ticket)
    others = [record for record in records if record not in theirs]
    known = _spread(theirs, others)
    alike = [record for record in others if record.numbers & (known | {wanted})]
    mine = (known - _numbers(alike)) | {wanted}
    return Found(
        theirs=tuple(record.visit for record in theirs),
        alike=tuple(record.visit for record in alike),
        beside=tuple(record.visit for record in others if shortest(record.person.guardian_number or "") in mine),
        unreadable=unreadable,
        numbers=frozenset(mine if theirs or not alike else ()),
    )


def _theirs(bearing: list[_Record], ticket: tuple[date, int] | None) -> list[_Record]:
    """The records of the only person who bears the number, or of the one who was named; else none."""
    people = _people(bearing)
    if ticket is not None:
        people = [one for one in people if any((each.visit.day, each.visit.number) == ticket for each in one)]
    return people[0] if len(people) == 1 else []


def _people(bearing: list[_Record]) -> list[list[_Record]]:
    """The records by whose they are; one that tells no name or birth stands alone where it may be several people's."""
    people: list[list[_Record]] = []
    for record in filter(_is_told, bearing):
        same = [one for one in people if _is_one_of(record, one)]
        people = [one for one in people if one not in same] + [[record, *(each for one in same for each in one)]]
    only = people.pop() if len(people) == 1 else []
    for record in bearing:
        if _is_told(record):
            continue
        if people or any(_contradict(record.person, known.person) for known in only):
            people.append([record])
        else:
            only.append(record)
    return [only, *people] if only else people


def _spread(theirs: list[_Record], others: list[_Record]) -> set[str]:
    """All numbers of the person; records that are found by them are moved from the others to theirs."""
    known = _numbers(theirs)
    while more := [record for record in others if record.numbers & known and _is_one_of(record, theirs)]:
        theirs.extend(more)
        others[:] = [record for record in others if record not in more]
        known |= _numbers(more)
    return known


def _numbers(records: list[_Record]) -> set[str]:
    return set().union(*(record.numbers for record in records if _is_told(record)))


def _is_told(record: _Record) -> bool:
    return bool(record.person.display_name) and parse_birth(record.person.birth or "") is not None


def _contradict(one: PersonRecord, other: PersonRecord) -> bool:
    """Whether two records cannot be one person's, whatever else they may leave out."""
    if one.personal_number and other.personal_number and one.personal_number != other.personal_number:
        return True
    births = match_births(parse_birth(one.birth or ""), parse_birth(other.birth or ""))
    named = one.display_name and other.display_name
    return births is BirthGrade.DIFFERENT or bool(named and not _agree_with(one, other, BirthGrade.SAME))


def _is_one_of(record: _Record, theirs: list[_Record]) -> bool:
    return any(_agree(record.person, known.person) for known in theirs)


def _agree(one: PersonRecord, other: PersonRecord) -> bool:
    births = match_births(parse_birth(one.birth or ""), parse_birth(other.birth or ""))
    return bool(one.display_name and other.display_name) and _agree_with(one, other, births)


def _agree_with(one: PersonRecord, other: PersonRecord, births: BirthGrade) -> bool:
    names = match_names(one.display_name, other.display_name, a_latin=not one.name, b_latin=not other.name)
    return MatchRule().allows(names.grade, births)


def _opened(visit: Visit, opener: VisitOpener) -> Fields | None:
    """What is in a visit's record, or None where it does not open."""
    sealed = Sealed.of(visit.sealed_key, visit.blob, visit.commitment)
    try:
        return {} if sealed is None else opener.open(visit.id, sealed)
    except CannotOpen:
        _log.error("record_unreadable", visit=visit.id)
        return None
