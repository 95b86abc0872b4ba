"""Whose records are one person's, by a number in any of its forms.

Theory of operation. An insurance number has two forms: 15 characters, and the ten digits at their end, which a person
keeps. Records that bear the asked number in either form are the person's. A record may bear another number of theirs
only: one that stands in a record found before. Such a record is theirs too where name and birth agree as well as they
must for an admission; where they do not, or are not there, a number may have been typed wrongly, and nothing is taken
from anybody on the strength of that: a person looks.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import structlog

from kiosk.domain.match import MatchRule, match_births, match_names, parse_birth
from kiosk.keys import CannotOpen, Fields, Sealed, VisitOpener
from kiosk.services.person import PersonRecord
from kiosk.store.tables import Visit

_LONG, _KEPT = 15, 10
_NUMBERS = ("personal_number", "insurance_number", "document_number")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Found:
    """The visits of a person; those that bear their number and may be another's (``alike``); those that name them as a
    companion (``beside``); how many could not be opened; and every number of theirs, in its shortest form.
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


def find_person(visits: Iterable[Visit], opener: VisitOpener, number: str) -> Found:
    """Whose visits are the person's who has this number."""
    wanted, records, unreadable = shortest(number), [], 0
    for visit in visits:
        fields = _opened(visit, opener)
        unreadable += fields is None
        if fields:
            person = PersonRecord.from_fields(fields)
            records.append(_Record(visit=visit, person=person, numbers=numbers_of(fields)))
    theirs = [record for record in records if wanted in record.numbers]
    others = [record for record in records if wanted not in record.numbers]
    known = _spread(theirs, others, {wanted})
    return Found(
        theirs=tuple(record.visit for record in theirs),
        alike=tuple(record.visit for record in others if record.numbers & known),
        beside=tuple(record.visit for record in others if shortest(record.person.guardian_number or "") in known),
        unreadable=unreadable,
        numbers=frozenset(known),
    )


def _spread(theirs: list[_Record], others: list[_Record], known: set[str]) -> set[str]:
    """All numbers of the person; records that are found by them are moved from the others to theirs."""
    known = known.union(*(record.numbers for record in theirs))
    while more := [record for record in others if record.numbers & known and _is_one_of(record, theirs)]:
        theirs.extend(more)
        others[:] = [record for record in others if record not in more]
        known = known.union(*(record.numbers for record in more))
    return known


def _is_one_of(record: _Record, theirs: list[_Record]) -> bool:
    return any(_agree(record.person, known.person) for known in theirs)


def _agree(one: PersonRecord, other: PersonRecord) -> bool:
    births = parse_birth(one.birth or ""), parse_birth(other.birth or "")
    if not (one.display_name and other.display_name) or None in births:
        return False
    names = match_names(one.display_name, other.display_name, a_latin=not one.name, b_latin=not other.name)
    return MatchRule().allows(names.grade, match_births(*births))


def _opened(visit: Visit, opener: VisitOpener) -> Fields | None:
    """What is in a visit's record, or None where it does not open."""
    if visit.sealed_key is None or visit.blob is None or visit.commitment is None:
        return {}
    try:
        return opener.open(visit.id, Sealed(key=visit.sealed_key, blob=visit.blob, commitment=visit.commitment))
    except CannotOpen:
        _log.error("record_unreadable", visit=visit.id)
        return None
