"""DG11 and DG12, details about the person and about the document: as far as they repeat what DG1 says, and the issue.

Theory of operation. Each file lists in a tag list (5C) what it holds and gives every item as a data object of its own.
Only what can be compared is read here. A date is eight digits, as text or as four bytes in BCD: both are on cards.

Source: ICAO Doc 9303-10, "Data Group 11: additional personal detail(s)" and "Data Group 12: additional document
detail(s)".
"""

from dataclasses import dataclass
from datetime import date

from idcard.encoding import tlv
from idcard.errors import MalformedData
from idcard.lds.layout import File

_NAME, _PERSONAL_NUMBER, _BIRTH, _ISSUED = 0x5F0E, 0x5F10, 0x5F2B, 0x5F26
_DIGITS = 8


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Dg11:
    """What DG11 says; None stands for what it does not say.

    ``name`` is as it is written: surname and given names apart by ``<<``, with national characters. ``birth`` is eight
    digits, YYYYMMDD, of which unknown ones may be zero.
    """

    name: str | None
    personal_number: str | None
    birth: str | None

    def __repr__(self) -> str:
        return "Dg11(…)"

    @classmethod
    def parse(cls, data: bytes) -> "Dg11":
        """The value of the file's bytes; trailing bytes are an error.

        :raises MalformedData: if it does not follow the format.
        """
        nodes = tlv.parse_one(data, File.DG11.tag, where="DG11").children("DG11")
        return cls(
            name=_text(nodes, _NAME, "DG11"),
            personal_number=_text(nodes, _PERSONAL_NUMBER, "DG11"),
            birth=_digits(nodes, _BIRTH, "DG11"),
        )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Dg12:
    """What DG12 says of the day on which the document was issued, or None."""

    issued: date | None

    def __repr__(self) -> str:
        return "Dg12(…)"

    @classmethod
    def parse(cls, data: bytes) -> "Dg12":
        """The value of the file's bytes; trailing bytes are an error.

        :raises MalformedData: if it does not follow the format.
        """
        nodes = tlv.parse_one(data, File.DG12.tag, where="DG12").children("DG12")
        digits = _digits(nodes, _ISSUED, "DG12")
        return cls(issued=None if digits is None else _day(digits))


def _text(nodes: tuple[tlv.Tlv, ...], tag: int, where: str) -> str | None:
    node = tlv.find(nodes, tag)
    try:
        return node.value.decode("utf-8").strip() or None if node else None
    except UnicodeDecodeError:
        # The decoding error itself would carry the person's data along.
        raise MalformedData("a text is not UTF-8", where=where) from None


def _digits(nodes: tuple[tlv.Tlv, ...], tag: int, where: str) -> str | None:
    node = tlv.find(nodes, tag)
    if node is None or not node.value:
        return None
    digits = node.value.hex() if len(node.value) == _DIGITS // 2 else node.value.decode("ascii", errors="replace")
    if len(digits) != _DIGITS or not (digits.isascii() and digits.isdecimal()):
        raise MalformedData("a date is not eight digits", where=where)
    return digits


def _day(digits: str) -> date | None:
    """The calendar day, or None where a part of it is not known."""
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
