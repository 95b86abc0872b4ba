"""What is to be put right at the source: where two sources say different things of one person, and what settles it.

Theory of operation. Chip, code, roster and payer each say a name, a birth and a sex. Wherever two of them differ, that
is one entry with both values, a grade of how alike they are, and the value that is proposed: the chip's, which the
state signed, else that of whoever stands nearer to it. Names count as equal only if nothing but case and spacing
differs, since the payer's service compares letter by letter. An entry is settled when the roster says what was
proposed, and not before.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from idcard import BirthDate, Sex
from kiosk.domain.match import BirthGrade, Grade, match_births, match_names, parse_birth


class Field(StrEnum):
    """What an entry is about."""

    NAME = "name"
    BIRTH = "birth"
    SEX = "sex"
    LINK = "link"
    """A personal number and an insurance number that belong together, and are not linked."""
    PAPERS = "papers"
    """Papers that are still to come."""


class Source(StrEnum):
    """Who says something; the earlier one's word is proposed."""

    CHIP = "chip"
    SIGNED_QR = "signed_qr"
    CARD_QR = "card_qr"
    INSURANCE_QR = "insurance_qr"
    STAFF = "staff"
    ROSTER = "roster"
    GATEWAY = "gateway"


INSURERS = (Source.ROSTER, Source.GATEWAY)
"""Whose records are to be put right."""


class WorkState(StrEnum):
    """How far an entry is."""

    OPEN = "open"
    SENT = "sent"
    """It stood in a file for the insurer."""
    CLOSED = "closed"


class ClosedHow(StrEnum):
    """How an entry was closed."""

    ROSTER = "roster"
    """The roster brought the correction."""
    STAFF = "staff"
    """A clerk says that nothing is to be corrected."""
    PAPERS = "papers"
    """The papers were shown."""
    CANCELLED = "cancelled"
    """The admission that showed it was taken back."""
    ERASED = "erased"
    """Whom it was about was erased."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Said:
    """What one source says of a person; nothing where it does not say it. ``birth`` as :func:`parse_birth` takes it.

    ``latin``: the source never writes accents.
    """

    source: Source
    name: str = ""
    birth: str = ""
    sex: str = ""
    latin: bool = False

    def __repr__(self) -> str:
        return f"Said({self.source.value})"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Mismatch:
    """Values that differ. ``grade`` is a word of :class:`Grade` or :class:`BirthGrade`, ``proposed`` may be empty."""

    field: Field
    left_source: Source
    left: str
    right_source: Source
    right: str
    grade: str
    proposed: str

    def __repr__(self) -> str:
        return f"Mismatch({self.field.value}, {self.left_source.value}, {self.right_source.value}, {self.grade})"


def mismatches(one: Said, other: Said) -> tuple[Mismatch, ...]:
    """Everything in which two sources differ; the one whose word is proposed stands left."""
    order = list(Source)
    left, right = sorted((one, other), key=lambda said: order.index(said.source))
    return tuple(_differences(left, right))


def _differences(left: Said, right: Said) -> Iterator[Mismatch]:
    if left.name and right.name:
        grade = match_names(left.name, right.name, a_latin=left.latin, b_latin=right.latin).grade
        # The chip's zone writes no marks: then the other's spelling is the fuller one, and nothing is wrong with it.
        if grade is not Grade.EXACT and not (left.latin and grade is Grade.NO_ACCENTS):
            yield _mismatch(Field.NAME, left, left.name, right, right.name, grade.value)
    births = match_births(_birth(left.birth), _birth(right.birth))
    if births in (BirthGrade.PARTLY, BirthGrade.DIFFERENT):
        yield _mismatch(Field.BIRTH, left, left.birth, right, right.birth, births.value)
    # A document that says "unspecified" contradicts nobody.
    if left.sex and right.sex and left.sex != right.sex and Sex.UNSPECIFIED not in (left.sex, right.sex):
        yield _mismatch(Field.SEX, left, left.sex, right, right.sex, Grade.DIFFERENT.value)


def _mismatch(field: Field, left: Said, left_value: str, right: Said, right_value: str, grade: str) -> Mismatch:
    # A latin name has lost its marks: whoever copies it would lose them too.
    # What a clerk typed is nobody's record, and may be the slip itself.
    typed = left.source is Source.STAFF
    proposed = "" if typed or (field is Field.NAME and left.latin) else left_value
    if grade == BirthGrade.PARTLY and len(right_value) > len(left_value):
        proposed = right_value
    return Mismatch(
        field=field,
        left_source=left.source,
        left=left_value,
        right_source=right.source,
        right=right_value,
        grade=grade,
        proposed=proposed,
    )


def settles(field: Field, proposed: str, now: str) -> bool:
    """Whether what the roster says now is what was proposed."""
    if not proposed or not now:
        return False
    match field:
        case Field.NAME:
            return match_names(proposed, now).grade is Grade.EXACT
        case Field.BIRTH:
            return match_births(_birth(proposed), _birth(now)) is BirthGrade.SAME or proposed == now
        case Field.LINK:
            return proposed[-10:] == now[-10:]
        case Field.SEX:
            return proposed == now
        case Field.PAPERS:
            return False


def _birth(text: str) -> BirthDate | None:
    return parse_birth(_turned(text)) if text else None


def _turned(text: str) -> str:
    """A month as this program writes it (``yyyy-MM``), as records do."""
    year, dash, month = text.partition("-")
    return f"{month}/{year}" if dash and "-" not in month else text
