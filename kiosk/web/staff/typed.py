"""What a clerk typed from somebody's papers, made into a claim."""

import re
import unicodedata
from collections.abc import Mapping

from idcard import BirthDate, ClaimedIdentity, ClaimSource, IdCardError, PersonalNumber, Sex

_BIRTH = re.compile(r"(?:(?:(?P<day>\d{1,2})[/.-])?(?P<month>\d{1,2})[/.-])?(?P<year>\d{4})")
_LONGEST_NAME = 100


class BadField(ValueError):
    """A field that makes no sense; its text is the field's name: ``name``, ``birth`` or ``number``."""


def typed_claim(form: Mapping[str, str]) -> ClaimedIdentity:
    """The claim in a form with ``name``, ``birth``, ``sex`` and ``number``.

    :raises BadField: for the first field that makes no sense.
    """
    return ClaimedIdentity(
        source=ClaimSource.TYPED,
        name=typed_name(form.get("name", "")),
        birth=typed_birth(form.get("birth", "")),
        sex=_sex(form.get("sex", "")),
        personal_number=typed_number(form.get("number", "")),
    )


def typed_name(text: str) -> str:
    """The name in NFC with single spaces; BadField ``name`` for anything else."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name or len(name) > _LONGEST_NAME or not all(char.isalpha() or char in " '-.," for char in name):
        raise BadField("name")
    return name


def typed_birth(text: str) -> BirthDate:
    """A year, a month or a day, as people write them in Vietnam; BadField ``birth`` for anything else."""
    match = _BIRTH.fullmatch(text.strip())
    if match is None:
        raise BadField("birth")
    day, month, year = (int(part) if part else None for part in match.group("day", "month", "year"))
    try:
        return BirthDate(year=year or 0, month=month, day=day)
    except ValueError:
        raise BadField("birth") from None


def _sex(text: str) -> Sex:
    try:
        return Sex(text)
    except ValueError:
        return Sex.UNSPECIFIED


def typed_number(text: str) -> str | None:
    """The personal number, or None where the field is empty: not everybody has one; else BadField ``number``."""
    digits = "".join(text.split())
    if not digits:
        return None
    try:
        return PersonalNumber.parse(digits).digits
    except IdCardError:
        raise BadField("number") from None
