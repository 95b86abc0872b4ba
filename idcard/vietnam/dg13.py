"""DG13 of Vietnamese cards: the holder's data as the register has them, with accents.

Theory of operation. The file is ``6D { 30 { version, encoding, 31 { field … } } }``, where the encoding is the object
identifier of UTF-8 and each field is ``30 { 02 number, value }``. Fields are known by their number, never by their
place; a value may be missing, may be a UTF8String, PrintableString or IA5String, or a SEQUENCE of them (parents,
spouse). Cards since July 2024 may hold numbers that nobody has published: they are kept as bytes.

No other country's DG13 looks like this: use it only where the issuing state is Vietnam.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from idcard.encoding.tlv import Tlv, parse_one, require
from idcard.errors import BoundExceeded, MalformedData
from idcard.identity import BirthDate, Sex
from idcard.vietnam.names import tidy
from idcard.vietnam.personal_number import PersonalNumber

_DG13, _SEQUENCE, _SET, _INTEGER = 0x6D, 0x30, 0x31, 0x02
_MAX_BYTES = 65536
_MAX_FIELDS = 256
_MAX_NESTING = 4
_DATE = re.compile(r"(?:(?:([0-9]{2})/)?([0-9]{2})/)?([0-9]{4})")
_OLD_NUMBER = re.compile(r"[0-9]{9}")
_SEXES = {"Nam": Sex.MALE, "Nữ": Sex.FEMALE}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Dg13:
    """What DG13 says. None, or nothing in a tuple, stands for what the card does not say.

    Texts are in NFC. A date that is not written as one is None; ``expiry_text`` is what is written, also where it is
    no date (a card that does not expire). ``parents`` are father and mother, an unknown one as an empty text.
    ``old_number`` is the nine digits of an earlier card, ``serial`` the other of the two numbers behind them.
    ``raw`` holds the values of every field as bytes, by field number, unknown ones too.
    """

    personal_number: PersonalNumber | None
    name: str | None
    birth: BirthDate | None
    sex: Sex | None
    nationality: str | None
    ethnicity: str | None
    religion: str | None
    origin: str | None
    residence: str | None
    marks: str | None
    issued: date | None
    expiry: date | None
    expiry_text: str | None
    parents: tuple[str, ...]
    spouse: str | None
    old_number: str | None
    serial: str | None
    raw: Mapping[int, tuple[bytes, ...]]

    def __repr__(self) -> str:
        return "Dg13(…)"

    @classmethod
    def parse(cls, data: bytes) -> "Dg13":
        """The value of the file's bytes; trailing bytes are an error.

        :raises MalformedData: if it does not follow the format.
        :raises BoundExceeded: if there are more bytes, fields or levels than a card can need.
        """
        fields = _Fields(_raw_fields(data))
        number = fields.text(1)
        old_number, serial = _old_number_and_serial(fields.text(15), fields.text(16))
        return cls(
            personal_number=PersonalNumber.parse(number) if number else None,
            name=fields.text(2),
            birth=_birth(fields.text(3)),
            sex=_SEXES.get(fields.text(4) or ""),
            nationality=fields.text(5),
            ethnicity=fields.text(6),
            religion=fields.text(7),
            origin=fields.text(8),
            residence=fields.text(9),
            marks=fields.text(10),
            issued=_day(fields.text(11)),
            expiry=_day(fields.text(12)),
            expiry_text=fields.text(12),
            parents=fields.texts(13),
            spouse=fields.text(14),
            old_number=old_number,
            serial=serial,
            raw=fields.raw,
        )


class _Fields:
    """The fields by number, read as text."""

    def __init__(self, raw: dict[int, tuple[bytes, ...]]) -> None:
        self.raw: Mapping[int, tuple[bytes, ...]] = MappingProxyType(raw)

    def texts(self, number: int) -> tuple[str, ...]:
        """All values of a field, or none where every one is empty."""
        texts = tuple(_decoded(value) for value in self.raw.get(number, ()))
        return texts if any(texts) else ()

    def text(self, number: int) -> str | None:
        """The first value of a field, or None where it is missing or empty."""
        texts = self.texts(number)
        return texts[0] or None if texts else None


def _decoded(value: bytes) -> str:
    try:
        return tidy(value.decode("utf-8"))
    except UnicodeDecodeError:
        # The decoding error itself would carry the person's data along.
        raise _malformed("a text is not UTF-8") from None


def _raw_fields(data: bytes) -> dict[int, tuple[bytes, ...]]:
    if len(data) > _MAX_BYTES:
        raise BoundExceeded("DG13: too long", where="DG13")
    body = parse_one(parse_one(data, _DG13, where="DG13").value, _SEQUENCE, where="DG13")
    entries = require(body.children("DG13"), _SET, where="DG13").children("DG13")
    if len(entries) > _MAX_FIELDS:
        raise BoundExceeded("DG13: too many fields", where="DG13")
    fields: dict[int, tuple[bytes, ...]] = {}
    for entry in entries:
        number, values = _entry(entry)
        if number in fields:
            raise _malformed("a field stands twice")
        fields[number] = values
    return fields


def _entry(entry: Tlv) -> tuple[int, tuple[bytes, ...]]:
    children = entry.children("DG13") if entry.tag == _SEQUENCE else ()
    if not children or children[0].tag != _INTEGER or len(children[0].value) not in (1, 2):
        raise _malformed("a field has no number")
    return int.from_bytes(children[0].value), _leaves(children[1:], 0)


def _leaves(nodes: tuple[Tlv, ...], depth: int) -> tuple[bytes, ...]:
    """The values in the order they stand in, those inside sequences too."""
    if depth > _MAX_NESTING:
        raise BoundExceeded("DG13: nested too deeply", where="DG13")
    leaves: list[bytes] = []
    for node in nodes:
        leaves += _leaves(node.children("DG13"), depth + 1) if node.tag == _SEQUENCE else (node.value,)
    return tuple(leaves)


def _birth(text: str | None) -> BirthDate | None:
    match = _DATE.fullmatch(text or "")
    if match is None:
        return None
    day, month, year = (int(part or 0) for part in match.groups())
    try:
        return BirthDate(year=year, month=month or None, day=(day or None) if month else None)
    except ValueError:
        return None


def _day(text: str | None) -> date | None:
    birth = _birth(text)
    return birth.exact if birth else None


def _old_number_and_serial(*texts: str | None) -> tuple[str | None, str | None]:
    """Fields 15 and 16, told apart by what they look like: sources disagree on which is which."""
    old_numbers = [text for text in texts if text and _OLD_NUMBER.fullmatch(text)]
    others = [text for text in texts if text and not _OLD_NUMBER.fullmatch(text)]
    return next(iter(old_numbers), None), next(iter(others), None)


def _malformed(message: str) -> MalformedData:
    return MalformedData(message, where="DG13")
