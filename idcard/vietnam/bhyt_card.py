"""The QR of the health-insurance card (thẻ bảo hiểm y tế): on paper, and as the app VssID shows it.

Fields are separated by ``|``; texts are the hexadecimal of their UTF-8, ``-`` is an empty field, and the last is ``$``:
a code without it was cut short. The card of 15 characters has nine fields, the one of ten digits sixteen. The code is
unsigned: it claims, and the insurer's own service is the proof.

Source: Vietnam Social Security (BHXH); the layout is that of the cards, as hospital systems read them.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from idcard.errors import BoundExceeded, MalformedData
from idcard.identity import BirthDate, ClaimedIdentity, ClaimSource, Sex
from idcard.vietnam.names import tidy, utf8

END: Final = "$"
"""The last field of every code: the sign that it was read to its end."""
_MAX_BYTES = 8192
_MAX_FIELDS = 64
_MIN_FIELDS = 9
_EDGES = "\r\n\x00\ufeff\u200b\u2060 \t"
_EMPTY = frozenset({"", "-"})
_SEXES = {"1": Sex.MALE, "2": Sex.FEMALE}
_NUMBER = re.compile(r"(?P<group>[A-Z]{2})(?P<level>[1-5])(?P<province>[0-9]{2})(?P<insured>[0-9]{10})|[0-9]{10}")
_LOOKS = re.compile(
    rb"(?:[A-Z]{2}[1-5][0-9]{12}|[0-9]{10})\|(?:(?:[0-9A-Fa-f]{2})+\||[^|]+\|(?:[^|]*\|){6})", re.DOTALL
)
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_DAY = re.compile(r"([0-9]{2})/?([0-9]{2})/?([0-9]{4})")
_YEAR = re.compile(r"[0-9]{4}")
_BETWEEN = re.compile(r"[\s\u2010-\u2015-]+")


def looks_like_bhyt_card(payload: bytes) -> bool:
    """Whether ``payload`` begins as the code of a health-insurance card does."""
    return _LOOKS.match(payload.removeprefix(b"\xef\xbb\xbf")) is not None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BhytNumber:
    """The number of an insurance card: 15 characters, or the ten digits of the new cards."""

    text: str

    def __post_init__(self) -> None:
        if not _NUMBER.fullmatch(self.text):
            raise ValueError("an insurance number has 15 characters or ten digits")

    def __repr__(self) -> str:
        return "BhytNumber(…)"

    @property
    def social_insurance_number(self) -> str:
        """The ten digits that a person keeps."""
        return self.text[-10:]

    @property
    def group(self) -> str | None:
        """The two letters of the group of insured persons, or None in ten digits; the list of groups grows."""
        return self.text[:2] if len(self.text) > 10 else None

    @property
    def benefit_level(self) -> int | None:
        """1 to 5, or None in ten digits."""
        return int(self.text[2]) if len(self.text) > 10 else None

    @property
    def province_code(self) -> str | None:
        """The two digits of the province, or None in ten digits."""
        return self.text[3:5] if len(self.text) > 10 else None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BhytCard:
    """What the QR of an insurance card says, unproved; None where it says nothing.

    ``facility`` is the code of the first registration without separators, for example ``36001``. Behind ``issued``
    come what only the cards of ten digits have: the insurer's office, a child's parent, the living area (K1 to K3), the
    day since which five years of insurance count, a check text, the benefit level, and the place of issue. ``extra``
    are fields that nobody has described. ``text`` is the line without what scanners add at its ends.
    """

    number: BhytNumber
    name: str
    birth: BirthDate
    sex: Sex
    address: str | None
    facility: str | None
    valid_from: date | None
    valid_to: date | None
    issued: date | None
    office: str | None = None
    parent: str | None = None
    living_area: str | None = None
    five_years_from: date | None = None
    check_text: str | None = None
    level: str | None = None
    issuing_place: str | None = None
    extra: tuple[str, ...] = ()
    text: str

    def __repr__(self) -> str:
        return "BhytCard(…)"

    @classmethod
    def from_bytes(cls, data: bytes) -> "BhytCard":
        """The value of the bytes in a symbol, which must be UTF-8.

        :raises MalformedData: if they are not, or not the whole QR of an insurance card.
        :raises BoundExceeded: if there are more than 8 KiB.
        """
        if len(data) > _MAX_BYTES:
            raise BoundExceeded("insurance QR: too long", where="insurance QR")
        text = utf8(data)
        if text is None:
            raise _malformed("is not UTF-8")
        return cls.parse(text)

    @classmethod
    def parse(cls, text: str) -> "BhytCard":
        """The value of one line of text.

        :raises MalformedData: if it is not the whole QR of an insurance card.
        :raises BoundExceeded: if it is longer than 8 KiB or has more than 64 fields.
        """
        if len(text) > _MAX_BYTES:
            raise BoundExceeded("insurance QR: too long", where="insurance QR")
        line = text.strip(_EDGES)
        fields = _fields(line)
        behind = iter(fields[_MIN_FIELDS:])
        return cls(
            number=_number(fields[0]),
            name=_name(fields[1]),
            birth=_birth(fields[2]),
            sex=_sex(fields[3]),
            address=_text(fields[4]),
            facility=_facility(fields[5]),
            valid_from=_day(fields[6]),
            valid_to=_day(fields[7]),
            issued=_day(fields[8]),
            office=_plain(next(behind, "")),
            parent=_text(next(behind, "")),
            living_area=_plain(next(behind, "")),
            five_years_from=_day(next(behind, "")),
            check_text=_plain(next(behind, "")),
            level=_plain(next(behind, "")),
            issuing_place=_text(next(behind, "")),
            extra=tuple(behind),
            text=line,
        )

    def claimed_identity(self) -> ClaimedIdentity:
        """Who the code says its bearer is: unsigned, so no more than a claim."""
        return ClaimedIdentity(source=ClaimSource.INSURANCE_QR, name=self.name, birth=self.birth, sex=self.sex)


def _fields(line: str) -> list[str]:
    """The fields in front of the end sign."""
    if not line.isprintable():
        raise _malformed("holds a control character")
    fields = [field.strip() for field in line.split("|", _MAX_FIELDS)]
    if len(fields) > _MAX_FIELDS:
        raise BoundExceeded("insurance QR: too many fields", where="insurance QR")
    if fields[-1] != END:
        raise _malformed("is cut short")
    if len(fields) <= _MIN_FIELDS:
        raise _malformed("has fewer than nine fields")
    return fields[:-1]


def _number(text: str) -> BhytNumber:
    try:
        return BhytNumber(text=text)
    except ValueError:
        raise _malformed("the number is neither 15 characters nor ten digits") from None


def _plain(text: str) -> str | None:
    return None if text in _EMPTY else text


def _text(field: str) -> str | None:
    """A text in hexadecimal; where it is none, or not of readable characters, the field as it is."""
    if field in _EMPTY:
        return None
    if _HEX.fullmatch(field):
        try:
            decoded = tidy(bytes.fromhex(field).decode("utf-8"))
        except UnicodeDecodeError:
            decoded = ""
        if decoded and decoded.isprintable():
            return decoded
    return tidy(field)


def _name(field: str) -> str:
    name = _text(field)
    if name is None or not any(character.isalpha() for character in name) or any(map(str.isdigit, name)):
        raise _malformed("the name is missing, or is none")
    return name


def _birth(field: str) -> BirthDate:
    if _YEAR.fullmatch(field):
        return BirthDate(year=int(field)) if int(field) else _no_birth()
    day = _day(field)
    return _no_birth() if day is None else BirthDate(year=day.year, month=day.month, day=day.day)


def _no_birth() -> BirthDate:
    raise _malformed("the birth is no date")


def _day(field: str) -> date | None:
    if field in _EMPTY:
        return None
    match = _DAY.fullmatch(field)
    if match is None:
        raise _malformed("a date is none")
    day, month, year = map(int, match.groups())
    try:
        return date(year, month, day)
    except ValueError:
        raise _malformed("a date is none") from None


def _sex(field: str) -> Sex:
    if field not in _SEXES:
        raise _malformed("the sex is neither 1 nor 2")
    return _SEXES[field]


def _facility(field: str) -> str | None:
    return None if field in _EMPTY else _BETWEEN.sub("", field)


def _malformed(message: str) -> MalformedData:
    return MalformedData(message, where="insurance QR")
