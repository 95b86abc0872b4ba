"""The QR code printed on the card: a line of text without any signature, so a claim and never a proof.

Fields are separated by ``|``. The card of 2021 (căn cước công dân, code on the front) has seven: personal number, old
number, name, birth, sex, residence, day of issue. The card of 2024 (căn cước, code on the back) has more behind them,
in an order that is not published: they are kept as they are. The expiry is in neither.

Source: Circular 16/2024/TT-BCA for what the card of 2024 says; the layout is that of the cards.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from idcard.errors import BoundExceeded, MalformedData
from idcard.identity import BirthDate, ClaimedIdentity, ClaimSource, Sex
from idcard.vietnam.names import tidy, unmarked, utf8
from idcard.vietnam.personal_number import PersonalNumber

_MAX_BYTES = 8192
_MAX_FIELDS = 64
_MIN_FIELDS = 7
# What a personal number can say; also keeps dates of expiry within the calendar.
_BIRTH_YEARS = range(1900, 2400)
# Scanners and printers leave these behind a line, and some a byte-order mark before it.
_EDGES = "\r\n\x00\ufeff\u200b\u2060 \t"
_SEXES = {"nam": Sex.MALE, "nu": Sex.FEMALE, "n": Sex.FEMALE}
_DATES = {8: (4, 2, 0), 6: (2, 0, None), 4: (0, None, None)}
_LOOKS = re.compile(r"[0-9]{12}(?:\|[^|]*){6,}", re.DOTALL)


_BEGINS = re.compile(r"[0-9]{12}\|[^|]*\|[^|0-9]+\|[0-9]{4,8}(?:\||$)")


def begins_as_card_qr(text: str) -> bool:
    """Whether ``text`` begins as the QR of a card does, be it cut short."""
    line = text[:_MAX_BYTES].strip(_EDGES)
    return looks_like_card_qr(text) or (len(text) <= _MAX_BYTES and _BEGINS.match(line) is not None)


def looks_like_card_qr(text: str) -> bool:
    """Whether ``text`` begins as the QR of a card does; it may still not parse."""
    return len(text) <= _MAX_BYTES and _LOOKS.match(text.strip(_EDGES)) is not None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CardQr:
    """What the QR on a card says, unproved.

    ``old_number`` is as written: the nine digits of an earlier card, or a cancelled number. ``extra`` are the fields of
    a card of 2024 behind the seventh, as written. ``text`` is the line without what scanners add at its ends.
    """

    personal_number: PersonalNumber
    old_number: str | None
    name: str
    birth: BirthDate
    sex: Sex
    address: str
    issued: date | None
    extra: tuple[str, ...]
    text: str

    def __repr__(self) -> str:
        return "CardQr(…)"

    @classmethod
    def from_bytes(cls, data: bytes) -> "CardQr":
        """The value of the bytes in a symbol, which must be UTF-8.

        :raises MalformedData: if they are not, or not the QR of a card.
        :raises BoundExceeded: if there are more than 8 KiB.
        """
        if len(data) > _MAX_BYTES:
            raise BoundExceeded("card QR: too long", where="card QR")
        text = utf8(data)
        if text is None:
            raise _malformed("is not UTF-8")
        return cls.parse(text)

    @classmethod
    def parse(cls, text: str) -> "CardQr":
        """The value of one line of text.

        :raises MalformedData: if it is not the QR of a card.
        :raises BoundExceeded: if it is longer than 8 KiB or has more than 64 fields.
        """
        if len(text) > _MAX_BYTES:
            raise BoundExceeded("card QR: too long", where="card QR")
        line = text.strip(_EDGES)
        number, old_number, name, birth, sex, address, issued, *extra = _fields(line)
        return cls(
            personal_number=PersonalNumber.parse(number),
            old_number=old_number.strip() or None,
            name=_name(name),
            birth=_birth(birth.strip()),
            sex=_sex(sex),
            address=tidy(address),
            issued=_issued(issued.strip()),
            extra=tuple(extra),
            text=line,
        )

    def claimed_identity(self) -> ClaimedIdentity:
        """Who the code says its bearer is: unsigned, so no more than a claim."""
        return ClaimedIdentity(
            source=ClaimSource.CARD_QR,
            personal_number=self.personal_number.digits,
            name=self.name,
            birth=self.birth,
            sex=self.sex,
        )


def _fields(line: str) -> list[str]:
    if any(unicodedata.category(character) == "Cc" for character in line):
        raise _malformed("holds a control character")
    fields = line.split("|", _MAX_FIELDS)
    if len(fields) < _MIN_FIELDS:
        raise _malformed("is cut short: it has fewer than seven fields")
    if len(fields) > _MAX_FIELDS:
        raise BoundExceeded("card QR: too many fields", where="card QR")
    return fields


def _name(text: str) -> str:
    name = tidy(text)
    if not any(character.isalpha() for character in name):
        raise _malformed("the name is missing")
    return name


def _birth(text: str) -> BirthDate:
    parts = _date_parts(text)
    if parts is None or parts[0] not in _BIRTH_YEARS:
        raise _malformed("the birth is no date")
    year, month, day = parts
    try:
        return BirthDate(year=year, month=month, day=day if month else None)
    except ValueError:
        raise _malformed("the birth is no date") from None


def _issued(text: str) -> date | None:
    if not text:
        return None
    year, month, day = _date_parts(text) or (0, None, None)
    try:
        return date(year, month or 0, day or 0)
    except ValueError:
        raise _malformed("the day of issue is no date") from None


def _date_parts(text: str) -> tuple[int, int | None, int | None] | None:
    """Year, month and day of DDMMYYYY, MMYYYY or YYYY; None for what is unknown, also where it is written 00."""
    if len(text) not in _DATES or not (text.isascii() and text.isdigit()):
        return None
    year, month, day = _DATES[len(text)]
    return int(text[year:]), _two_digits(text, month), _two_digits(text, day)


def _two_digits(text: str, at: int | None) -> int | None:
    return None if at is None else int(text[at : at + 2]) or None


def _sex(text: str) -> Sex:
    """The sex; scanners that lose accents make ``Nu``, ``N?`` or ``N�`` of ``Nữ``."""
    letters = "".join(part for part in unmarked(text).casefold() if part.isascii() and part.isalpha())
    if letters not in _SEXES:
        raise _malformed("the sex is neither Nam nor Nữ")
    return _SEXES[letters]


def _malformed(message: str) -> MalformedData:
    return MalformedData(message, where="card QR")
