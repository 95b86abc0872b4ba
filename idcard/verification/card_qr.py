"""The code printed on a card against its chip: every field that both have, and how far they agree.

Theory of operation. The code is unsigned and older than what the register has become: wards were renamed, spellings
were corrected, printers lose accents. So a difference has a grade. *Other* in the number, the birth, the sex or the
name means that the code is not this card's; in the address it means that somebody moved, or a province merged. The
chip's side is what its files say; whether they are genuine is the verdict's to say.

The two values are in the result, to be shown side by side; they never print.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from idcard.evidence import Evidence
from idcard.verification.identity import Contents, births_agree, personal_number_of
from idcard.vietnam.card_qr import CardQr
from idcard.vietnam.dg13 import Dg13
from idcard.vietnam.names import mrz_form, unmarked


class QrField(StrEnum):
    """A field that both a card's code and its chip have."""

    PERSONAL_NUMBER = "personal_number"
    NAME = "name"
    BIRTH = "birth"
    SEX = "sex"
    ADDRESS = "address"
    ISSUED = "issued"
    OLD_NUMBER = "old_number"


class Agreement(StrEnum):
    """How far the two agree."""

    SAME = "same"
    """They are the same, character by character."""
    WRITTEN_DIFFERENTLY = "written_differently"
    """Capitals, spaces, punctuation, or where a tone mark stands: it reads the same."""
    WITHOUT_ACCENTS = "without_accents"
    """They are the same but for accents, which one of them lost."""
    PARTLY = "partly"
    """One says less than the other, and nothing else: a birth without its day, a shortened name."""
    CHANGED = "changed"
    """They differ in what changes in a life: an address, the day of issue of a newer card."""
    OTHER = "other"
    """They differ: the code is not this card's."""
    ONE_SIDED = "one_sided"
    """Only one of them says it."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FieldComparison:
    """One field: how far code and chip agree, and what each says (None for nothing)."""

    field: QrField
    agreement: Agreement
    printed: str | None
    chip: str | None

    def __repr__(self) -> str:
        return f"FieldComparison({self.field}, {self.agreement})"


_MAY_CHANGE = frozenset({QrField.ADDRESS, QrField.ISSUED, QrField.OLD_NUMBER})
_BETWEEN = re.compile(r"[\W_]+")


def compare_card_qr(card_qr: CardQr, evidence: Evidence) -> tuple[FieldComparison, ...]:
    """Every field that the code of a card and the files of a chip share, in a fixed order.

    Without DG1 everything that only it says is one-sided; the files need not be proved.
    """
    contents = Contents.of(evidence.files)
    mrz, dg13 = contents.mrz, contents.dg13
    number = (personal_number_of(mrz) if mrz else None) or (
        dg13.personal_number.digits if dg13 and dg13.personal_number else None
    )
    sex = mrz.sex if mrz and mrz.sex != "<" else None
    return (
        _exact(QrField.PERSONAL_NUMBER, card_qr.personal_number.digits, number),
        _name(card_qr.name, dg13, f"{mrz.surname} {mrz.given_names}".strip() if mrz else None),
        _birth(card_qr, contents),
        _exact(QrField.SEX, card_qr.sex.value, sex),
        _text(QrField.ADDRESS, card_qr.address or None, dg13.residence if dg13 else None),
        _exact(QrField.ISSUED, _day(card_qr.issued), _day(dg13.issued) if dg13 else None),
        _exact(QrField.OLD_NUMBER, card_qr.old_number, dg13.old_number if dg13 else None),
    )


def is_of_this_card(comparisons: tuple[FieldComparison, ...]) -> bool:
    """Whether nothing speaks against the code being this card's: no field is another."""
    return not any(one.agreement is Agreement.OTHER for one in comparisons)


def _exact(field: QrField, printed: str | None, chip: str | None) -> FieldComparison:
    return _graded(field, printed, chip, lambda one, other: None)


def _text(field: QrField, printed: str | None, chip: str | None) -> FieldComparison:
    return _graded(field, printed, chip, _spelling)


def _graded(
    field: QrField, printed: str | None, chip: str | None, grade: Callable[[str, str], Agreement | None]
) -> FieldComparison:
    if printed is None or chip is None:
        agreement = Agreement.ONE_SIDED
    elif printed == chip:
        agreement = Agreement.SAME
    else:
        agreement = grade(printed, chip) or (Agreement.CHANGED if field in _MAY_CHANGE else Agreement.OTHER)
    return FieldComparison(field=field, agreement=agreement, printed=printed, chip=chip)


def _spelling(one: str, other: str) -> Agreement | None:
    """How two spellings of a text differ; None where they are two texts."""
    if _letters(one) == _letters(other) or _tones_apart(one) == _tones_apart(other):
        return Agreement.WRITTEN_DIFFERENTLY
    bare = _letters(unmarked(one)) == _letters(unmarked(other))
    # With as many marks, but others, they are two words: Thử and Thứ.
    return Agreement.WITHOUT_ACCENTS if bare and _marks(one) != _marks(other) else None


def _letters(text: str) -> str:
    return _BETWEEN.sub("", unicodedata.normalize("NFC", text).casefold())


def _tones_apart(text: str) -> list[tuple[str, ...]]:
    """The words without where their marks stand: ``hòa`` and ``hoà`` are one word."""
    words = _BETWEEN.sub(" ", unicodedata.normalize("NFC", text).casefold()).split()
    return [tuple(sorted(unicodedata.normalize("NFD", word))) for word in words]


def _marks(text: str) -> int:
    """How many accents, tone marks and strokes there are."""
    parts = unicodedata.normalize("NFD", text)
    return sum(part in "đĐ" or bool(unicodedata.combining(part)) for part in parts)


def _name(printed: str, dg13: Dg13 | None, latin: str | None) -> FieldComparison:
    """The name, against DG13's with its accents; without that, against the MRZ's, which has none and may be cut."""
    if dg13 is not None and dg13.name is not None:
        return _text(QrField.NAME, printed, dg13.name)

    def grade(one: str, other: str) -> Agreement | None:
        form = mrz_form(one)
        if form == other:
            return Agreement.WITHOUT_ACCENTS
        return Agreement.PARTLY if len(other) > 1 and form.startswith(other) else None

    return _graded(QrField.NAME, printed, latin, grade)


def _birth(card_qr: CardQr, contents: Contents) -> FieldComparison:
    chip = contents.dg13.birth if contents.dg13 else None
    written = str(chip) if chip else None
    if contents.mrz is None or chip is not None:
        return _graded(QrField.BIRTH, str(card_qr.birth), written, _shorter)
    agrees = births_agree(contents.mrz, card_qr.birth)
    # The MRZ has two digits for the year: it can agree, and never be the same.
    agreement = Agreement.PARTLY if agrees else Agreement.OTHER
    return FieldComparison(
        field=QrField.BIRTH, agreement=agreement, printed=str(card_qr.birth), chip=contents.mrz.birth
    )


def _shorter(one: str, other: str) -> Agreement | None:
    short, long = sorted((one, other), key=len)
    return Agreement.PARTLY if long.startswith(f"{short}-") else None


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
