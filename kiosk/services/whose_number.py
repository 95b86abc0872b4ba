"""Whose a number is that somebody shows at the desk, as far as the clinic's roster can tell.

A number alone proves nobody: whoever has seen a card or a letter can say it. So each number that the roster knows is
compared with the name, birth and sex that were kept with it, which a clinic's roster does for its own people.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from idcard import ConfigurationError
from kiosk.domain.cover_basis import Asked
from kiosk.domain.eligibility import CoverReason
from kiosk.domain.match import BirthGrade, MatchRule, match_births, match_names, parse_birth, same_sex
from kiosk.domain.worklist import Said
from kiosk.insurance.staff_roster import StaffRoster, same_insurance
from kiosk.services.person import PersonRecord, asked_about, sex_of


class Whose(StrEnum):
    """Whose a number is."""

    THEIRS = "theirs"
    UNTOLD = "untold"
    """Nothing is kept to compare with, or too little to tell."""
    ANOTHERS = "anothers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Whose a number is; where it is another's, what differs, and the two sides: what was shown, and what is kept.

    ``kept`` is None where the roster keeps no name with the number.
    """

    whose: Whose
    reason: CoverReason | None = None
    shown: Said | None = None
    kept: Said | None = None


_THEIRS, _UNTOLD = Compared(whose=Whose.THEIRS), Compared(whose=Whose.UNTOLD)


def whose_numbers(asked: Asked, roster: StaffRoster, *, proved: bool) -> Compared:
    """Whose the numbers of ``asked`` are: another's where one of them is, theirs where every one is.

    :param proved: whether a chip proved the personal number.
    """
    try:
        found = tuple(_each(asked, roster, proved))
    except ConfigurationError:
        return _UNTOLD
    anothers = next((each for each in found if each.whose is Whose.ANOTHERS), None)
    if anothers is not None:
        return anothers
    return _THEIRS if found and all(each.whose is Whose.THEIRS for each in found) else _UNTOLD


def whose_record(person: PersonRecord, roster: StaffRoster, *, proved: bool) -> Compared:
    """The same of a record, whoever made it; untold where it has no name or birth, which no form leaves out."""
    birth = parse_birth(person.birth or "")
    if not person.display_name or birth is None:
        return _UNTOLD
    return whose_numbers(asked_about(person, birth), roster, proved=proved)


def is_anothers(personal: str, insurance: str, roster: StaffRoster) -> bool:
    """Whether the roster links this insurance number to another personal number than this."""
    if not roster.is_linked(insurance):
        return False
    return not same_insurance(roster.linked(personal), insurance)


def _each(asked: Asked, roster: StaffRoster, proved: bool) -> Iterator[Compared]:
    personal, insurance = asked.personal_number, asked.insurance_number
    known = personal is not None and roster.roster.find(personal) is not None
    if personal is not None and known:
        yield _THEIRS if proved else _compared(asked, roster.said(personal, None))
    if insurance is None or roster.roster.find_insurance(insurance) is None:
        return
    if personal is not None and is_anothers(personal, insurance, roster):
        yield _anothers(asked, roster.said(None, insurance), CoverReason.OTHER_NUMBER)
    elif not (personal is not None and same_insurance(roster.linked(personal), insurance)):
        yield _compared(asked, roster.said(None, insurance))


def _compared(asked: Asked, said: Said | None) -> Compared:
    if said is None or not said.name or parse_birth(said.birth) is None:
        return _UNTOLD
    names = match_names(asked.name, said.name, a_latin=asked.latin).grade
    births = match_births(asked.birth, parse_birth(said.birth))
    # Each field by itself, so that nobody is told to compare names that are equal.
    if not MatchRule().allows(names, BirthGrade.SAME):
        return _anothers(asked, said, CoverReason.NAME_DIFFERS)
    if births is BirthGrade.DIFFERENT:
        return _anothers(asked, said, CoverReason.BIRTH_DIFFERS)
    if not same_sex(asked.sex, sex_of(said.sex)):
        return _anothers(asked, said, CoverReason.SEX_DIFFERS)
    # A bare name with a year contradicts nothing, and says too little.
    return _THEIRS if MatchRule().allows(names, births) else _UNTOLD


def _anothers(asked: Asked, kept: Said | None, reason: CoverReason) -> Compared:
    shown = Said(source=asked.source, name=asked.name, birth=str(asked.birth), sex=asked.sex or "", latin=asked.latin)
    return Compared(whose=Whose.ANOTHERS, reason=reason, shown=shown, kept=kept)
