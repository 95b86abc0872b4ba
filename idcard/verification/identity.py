"""Whom the document is about: which of its files is believed for which field.

Theory of operation. Numbers and dates come from DG1, whose check digits guard them. An MRZ has no accents and two
digits for a year, so for a document of Vietnam the name and the year of birth come from DG13 where it agrees with DG1.
Elsewhere the century of a birth is the latest that does not lie in the future.

Some closed readers hand over Vietnamese cards without DG1. Then DG13 is all there is; a subject says from which of the
two files it comes, and a policy whether that is enough.
"""

from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NoReturn, TypeVar

from idcard.encoding.mrz import Mrz, month_and_day
from idcard.errors import ProtocolViolation
from idcard.identity import BirthDate, Portrait, Sex
from idcard.lds.biometrics import parse_dg2
from idcard.lds.details import Dg11, Dg12
from idcard.lds.dg1 import parse_dg1
from idcard.lds.layout import File
from idcard.lds.states import ISSUING_STATES
from idcard.vietnam.card_expiry import NO_EXPIRY
from idcard.vietnam.dg13 import Dg13
from idcard.vietnam.names import mrz_form

VIETNAM = "VNM"
_UNSPECIFIED = "XXX"
_NO_EXPIRY_TEXT = "không thời hạn"
_NATIONALITY_TEXT = "việt nam"
_PERSONAL_NUMBER_DIGITS = 12
_FUTURE_YEARS = 50


_Parsed = TypeVar("_Parsed")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Contents:
    """What some files of the chip say, parsed; None where a file is not there or not well formed.

    ``malformed`` names the files that do not follow their format.
    """

    mrz: Mrz | None = None
    dg11: Dg11 | None = None
    dg12: Dg12 | None = None
    dg13: Dg13 | None = None
    portrait: Portrait | None = None
    malformed: tuple[File, ...] = ()

    def __repr__(self) -> str:
        return "Contents(…)"

    @classmethod
    def of(cls, files: Mapping[File, bytes], *, signer_country: str | None = None) -> "Contents":
        """What ``files`` say. DG13 is read only where DG1 names Vietnam as the issuing state, or without a DG1 at all
        where the signer is Vietnamese: no other state's DG13 looks like it.

        :param signer_country: the two letters in the signer's certificate.
        """
        malformed: list[File] = []

        def parsed(file: File, parse: Callable[[bytes], _Parsed]) -> _Parsed | None:
            try:
                return parse(files[file]) if file in files else None
            except ProtocolViolation:
                malformed.append(file)
                return None

        mrz = parsed(File.DG1, parse_dg1)
        state = mrz.issuing_state if mrz else None
        unnamed = File.DG1 not in files and VIETNAM in ISSUING_STATES.get(signer_country or "", ())
        return cls(
            mrz=mrz,
            portrait=parsed(File.DG2, _portrait),
            dg11=parsed(File.DG11, Dg11.parse),
            dg12=parsed(File.DG12, Dg12.parse),
            dg13=parsed(File.DG13, Dg13.parse) if state == VIETNAM or unnamed else None,
            malformed=tuple(malformed),
        )

    @property
    def issuing_state(self) -> str | None:
        """The state that issued the document, as far as its files say."""
        if self.mrz is not None:
            return self.mrz.issuing_state
        return VIETNAM if self.dg13 is not None else None

    @property
    def personal_number(self) -> str | None:
        """The 12 digits of a Vietnamese personal number, or None."""
        if self.mrz is not None:
            return personal_number_of(self.mrz)
        number = self.dg13.personal_number if self.dg13 else None
        return number.digits if number else None

    @property
    def issued(self) -> date | None:
        """The day of issue, where it is said."""
        return (self.dg13.issued if self.dg13 else None) or (self.dg12.issued if self.dg12 else None)

    @property
    def never_expires(self) -> bool:
        """Whether the document says, as Vietnamese cards do, that it has no expiry."""
        if self.mrz is not None:
            return never_expires(self.mrz)
        text = self.dg13.expiry_text if self.dg13 else None
        return (text or "").casefold() == _NO_EXPIRY_TEXT

    def birth(self, at: datetime) -> BirthDate | None:
        """The birth date, or None where nobody gives a year."""
        if self.mrz is not None:
            return birth_of(self.mrz, self.dg13, at)
        return self.dg13.birth if self.dg13 else None

    def last_day(self, at: datetime) -> date | None:
        """The last day on which the document is in force; None where it never expires or does not say."""
        if self.mrz is not None:
            return last_day_of_force(self.mrz, at)
        return self.dg13.expiry if self.dg13 else None


def _portrait(dg2: bytes) -> Portrait:
    face = parse_dg2(dg2)[0]
    return Portrait(image=face.image, media_type=face.media_type)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Subject:
    """The person as the document describes them, before anybody says whether that is proved.

    ``source`` is the file that says whom it is about: DG1, or DG13 where there is no other. ``issued`` is the day of
    issue, where a file that was read says it.
    """

    source: File
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
    issued: date | None = None

    def __repr__(self) -> str:
        return "Subject(…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a document's subject never leaves its process")

    @classmethod
    def of(cls, contents: Contents, at: datetime) -> "Subject | None":
        """The subject, or None where neither DG1 nor DG13 says enough: there is no year of birth, or no name."""
        birth = contents.birth(at)
        if birth is None:
            return None
        if contents.mrz is not None:
            return cls._of_mrz(contents.mrz, contents, birth, at)
        return None if contents.dg13 is None else cls._of_dg13(contents.dg13, contents, birth, at)

    @classmethod
    def _of_mrz(cls, mrz: Mrz, contents: Contents, birth: BirthDate, at: datetime) -> "Subject":
        latin = f"{mrz.surname} {mrz.given_names}".strip()
        return cls(
            source=File.DG1,
            name=(contents.dg13.name if contents.dg13 else None) or latin,
            name_latin=latin,
            birth=birth,
            sex=Sex(mrz.sex),
            document_number=mrz.document_number,
            issuing_state=mrz.issuing_state,
            nationality=mrz.nationality,
            personal_number=contents.personal_number,
            expiry=contents.last_day(at),
            portrait=contents.portrait,
            issued=contents.issued,
        )

    @classmethod
    def _of_dg13(cls, dg13: Dg13, contents: Contents, birth: BirthDate, at: datetime) -> "Subject | None":
        if dg13.name is None or dg13.personal_number is None:
            return None
        vietnamese = (dg13.nationality or "").casefold() == _NATIONALITY_TEXT
        return cls(
            source=File.DG13,
            name=dg13.name,
            name_latin=mrz_form(dg13.name),
            birth=birth,
            sex=dg13.sex or Sex.UNSPECIFIED,
            document_number=dg13.personal_number.document_number,
            issuing_state=VIETNAM,
            nationality=VIETNAM if vietnamese else _UNSPECIFIED,
            personal_number=contents.personal_number,
            expiry=contents.last_day(at),
            portrait=contents.portrait,
            issued=contents.issued,
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
    last_month = month or 12
    return date(year, last_month, min(day or 31, monthrange(year, last_month)[1]))
