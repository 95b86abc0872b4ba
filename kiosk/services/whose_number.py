"""Whose a number is that somebody shows at the desk, as far as the clinic's roster can tell.

A number alone proves nobody: whoever has seen a card or a letter can say it. So each number that the roster knows is
compared with the name, birth and sex that were kept with it, which a clinic's roster does for its own people.
"""

from collections.abc import Iterator
from enum import StrEnum

from idcard import ConfigurationError
from kiosk.domain.cover_basis import Asked
from kiosk.domain.match import MatchRule, match_births, match_names, parse_birth, same_sex
from kiosk.domain.worklist import Said
from kiosk.insurance.staff_roster import StaffRoster, same_insurance
from kiosk.services.person import sex_of


class Whose(StrEnum):
    """Whose a number is."""

    THEIRS = "theirs"
    UNTOLD = "untold"
    """Nothing is kept to compare with."""
    ANOTHERS = "anothers"


def whose_numbers(asked: Asked, roster: StaffRoster, *, proved: bool) -> Whose:
    """Whose the numbers of ``asked`` are: another's where one of them is, theirs where every one is.

    :param proved: whether a chip proved the personal number.
    """
    try:
        found = set(_each(asked, roster, proved))
    except ConfigurationError:
        return Whose.UNTOLD
    if Whose.ANOTHERS in found:
        return Whose.ANOTHERS
    return Whose.THEIRS if found == {Whose.THEIRS} else Whose.UNTOLD


def is_anothers(personal: str, insurance: str, roster: StaffRoster) -> bool:
    """Whether the roster links this insurance number to another personal number than this."""
    if not roster.is_linked(insurance):
        return False
    return not same_insurance(roster.linked(personal), insurance)


def _each(asked: Asked, roster: StaffRoster, proved: bool) -> Iterator[Whose]:
    personal, insurance = asked.personal_number, asked.insurance_number
    known = personal is not None and roster.roster.find(personal) is not None
    if personal is not None and known:
        yield Whose.THEIRS if proved else _compared(asked, roster.said(personal, None))
    if insurance is None or roster.roster.find_insurance(insurance) is None:
        return
    if personal is not None and is_anothers(personal, insurance, roster):
        yield Whose.ANOTHERS
    elif not (personal is not None and same_insurance(roster.linked(personal), insurance)):
        yield _compared(asked, roster.said(None, insurance))


def _compared(asked: Asked, said: Said | None) -> Whose:
    if said is None or not said.name or parse_birth(said.birth) is None:
        return Whose.UNTOLD
    names = match_names(asked.name, said.name, a_latin=asked.latin).grade
    births = match_births(asked.birth, parse_birth(said.birth))
    agree = MatchRule().allows(names, births) and same_sex(asked.sex, sex_of(said.sex))
    return Whose.THEIRS if agree else Whose.ANOTHERS
