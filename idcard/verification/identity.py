"""Whom the document is about: which of its files is believed for which field.

Theory of operation. Numbers and dates come from DG1, whose check digits guard them. An MRZ has no accents and two
digits for a year, so for a document of Vietnam the name and the year of birth come from DG13 where it agrees with DG1.
Elsewhere the century of a birth is the latest that does not lie in the future.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NoReturn

from idcard.encoding.mrz import Mrz, month_and_day
from idcard.errors import ProtocolViolation
from idcard.identity import BirthDate, Portrait, Sex
from idcard.lds.dg1 import parse_dg1
from idcard.lds.dg2 import parse_dg2
from idcard.lds.layout import File
from idcard.vietnam.dg13 import Dg13

VIETNAM = "VNM"
NO_EXPIRY = "991231"
_PERSONAL_NUMBER_DIGITS = 12
_FUTURE_YEARS = 50


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Contents:
    """What some files of the chip say, parsed; None where a file is not there or not well formed.

    ``malformed`` names the files that do not follow their format.
    """

    mrz: Mrz | None = None
    dg13: Dg13 | None = None
    portrait: Portrait | None = None
    malformed: tuple[File, ...] = ()

    def __repr__(self) -> str:
        return "Contents(…)"

    @classmethod
    def of(cls, files: Mapping[File, bytes]) -> "Contents":
        """What ``files`` say; DG13 is read only where DG1 names Vietnam as the issuing state."""
        malformed: list[File] = []
        mrz = dg13 = portrait = None
        try:
            mrz = parse_dg1(files[File.DG1]) if File.DG1 in files else None
        except ProtocolViolation:
            malformed.append(File.DG1)
        try:
            portrait = _portrait(files[File.DG2]) if File.DG2 in files else None
        except ProtocolViolation:
            malformed.append(File.DG2)
        try:
            vietnamese = mrz is not None and mrz.issuing_state == VIETNAM
            dg13 = Dg13.parse(files[File.DG13]) if vietnamese and File.DG13 in files else None
        except ProtocolViolation:
            malformed.append(File.DG13)
        return cls(mrz=mrz, dg13=dg13, portrait=portrait, malformed=tuple(malformed))


def _portrait(dg2: bytes) -> Portrait:
    face = parse_dg2(dg2)[0]
    return Portrait(image=face.image, media_type=face.media_type)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Subject:
    """The person as the document describes them, before anybody says whether that is proved."""

    name: str
    name_latin: str
    birth: BirthDate
    sex: Sex
    document_number: str
    issuing_state: str
    nationality: str
    personal_number: str | None
    expiry: date | None
    portrait: Portrait | None

    def __repr__(self) -> str:
        return "Subject(…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a document's subject never leaves its process")

    @classmethod
    def of(cls, contents: Contents, at: datetime) -> "Subject | None":
        """The subject, or None where DG1 is missing or gives no year of birth."""
        mrz = contents.mrz
        birth = None if mrz is None else birth_of(mrz, contents.dg13, at)
        if mrz is None or birth is None:
            return None
        latin = f"{mrz.surname} {mrz.given_names}".strip()
        return cls(
            name=(contents.dg13.name if contents.dg13 else None) or latin,
            name_latin=latin,
            birth=birth,
            sex=Sex(mrz.sex),
            document_number=mrz.document_number,
            issuing_state=mrz.issuing_state,
            nationality=mrz.nationality,
            personal_number=personal_number_of(mrz),
            expiry=last_day_of_force(mrz, at),
            portrait=contents.portrait,
        )


def personal_number_of(mrz: Mrz) -> str | None:
    """The 12 digits of the personal number in a Vietnamese MRZ, or None."""
    digits = mrz.optional_1[:_PERSONAL_NUMBER_DIGITS]
    if mrz.issuing_state != VIETNAM or len(digits) != _PERSONAL_NUMBER_DIGITS or not digits.isdigit():
        return None
    return digits


def birth_of(mrz: Mrz, dg13: Dg13 | None, at: datetime) -> BirthDate | None:
    """The birth date: DG13's where it agrees with the MRZ, else the MRZ's; None where nobody gives a year."""
    if dg13 is not None and dg13.birth is not None and births_agree(mrz, dg13.birth):
        return dg13.birth
    year = _birth_year(mrz, at)
    if year is None:
        return None
    month, day = month_and_day(mrz.birth)
    try:
        return BirthDate(year=year, month=month, day=day)
    except ValueError:
        return BirthDate(year=year, month=month)


def births_agree(mrz: Mrz, birth: BirthDate) -> bool:
    """Whether the MRZ can be about somebody born then; what the MRZ or the date leaves open agrees with anything."""
    month, day = month_and_day(mrz.birth)
    pairs = ((month, birth.month), (day, birth.day))
    return mrz.birth[:2] in ("<<", f"{birth.year % 100:02}") and all(
        one == other or one is None or other is None for one, other in pairs
    )


def _birth_year(mrz: Mrz, at: datetime) -> int | None:
    if not mrz.birth[:2].isdigit():
        return None
    year = 2000 + int(mrz.birth[:2])
    month, day = month_and_day(mrz.birth)
    return year if (year, month or 1, day or 1) <= (at.year, at.month, at.day) else year - 100


def never_expires(mrz: Mrz) -> bool:
    """Whether the document says, as Vietnamese cards do, that it has no expiry."""
    return mrz.issuing_state == VIETNAM and mrz.expiry == NO_EXPIRY


def last_day_of_force(mrz: Mrz, at: datetime) -> date | None:
    """The last day on which the document is in force; None where it never expires or does not say a year.

    Where the day or the month is not known, it is the last one.
    """
    if never_expires(mrz) or not mrz.expiry[:2].isdigit():
        return None
    year = 2000 + int(mrz.expiry[:2])
    year -= 100 if year > at.year + _FUTURE_YEARS else 0
    month, day = month_and_day(mrz.expiry)
    return _day_or_last(year, month or 12, day or 31)


def _day_or_last(year: int, month: int, day: int) -> date:
    for candidate in range(day, 27, -1):
        try:
            return date(year, month, candidate)
        except ValueError:
            continue
    return date(year, month, min(day, 28))
