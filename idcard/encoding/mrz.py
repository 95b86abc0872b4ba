"""The machine-readable zone: text of three or two lines becomes a frozen value, or an error.

Theory of operation. Every card of this family prints the same fields, in one of five layouts:

* TD1, three lines of 30 characters (identity cards);
* TD2, two lines of 36 (older identity cards);
* TD3, two lines of 44 (passport booklets);
* MRV-A and MRV-B, two lines of 44 and 36 (visas): like TD3 and TD2, without a composite check digit.

The alphabet is A to Z, 0 to 9 and the filler ``<``. Document number, birth and expiry are followed by a check digit
each, and a composite check digit covers them all together with the optional data. A document number of more than nine
characters (TD1 and TD2) writes ``<`` where its check digit would be, and continues at the start of the optional data:
the rest of the number, then the check digit over the whole of it, then ``<``.

Source: ICAO Doc 9303-3, "Machine readable zone"; 9303-4 to 9303-7 for the layouts.
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from idcard.errors import MalformedData

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_VALUES = {"<": 0} | {character: value for value, character in enumerate(_ALPHABET)}
_WEIGHTS = (7, 3, 1)
# 00 is no conformant way to write an unknown month or day, but cards with it exist; the check digit guards it anyway.
_DATE = re.compile(r"(?:[0-9]{2}|<<)(?:0[0-9]|1[0-2]|<<)(?:[0-2][0-9]|3[01]|<<)")
_NAMES = re.compile(r"[A-Z][A-Z<]*")


def check_digit(text: str) -> str:
    """The check digit of ``text``, one character ``0`` to ``9``.

    :raises ValueError: if ``text`` holds anything but ``0-9``, ``A-Z`` and ``<``.

    Source: ICAO Doc 9303-3, "Check digits in the MRZ" (weights 7, 3, 1, modulo 10).
    """
    try:
        total = sum(_VALUES[character] * _WEIGHTS[index % 3] for index, character in enumerate(text))
    except KeyError:
        raise ValueError("only 0-9, A-Z and < have a check digit") from None
    return str(total % 10)


class MrzFormat(StrEnum):
    """The layout: how many lines of how many characters."""

    TD1 = "TD1"
    TD2 = "TD2"
    TD3 = "TD3"
    MRV_A = "MRV-A"
    MRV_B = "MRV-B"


_LINES = {MrzFormat.TD1: (3, 30), MrzFormat.TD2: (2, 36), MrzFormat.TD3: (2, 44)}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Mrz:
    """A machine-readable zone whose check digits are right.

    Fields come without their trailing fillers, but for ``birth``, ``expiry`` (six characters YYMMDD, where ``<<``
    stands for an unknown part) and ``sex`` (``M``, ``F`` or ``<``). ``surname`` and ``given_names`` have spaces
    between their words. ``optional_1`` of a long document number is what follows it. ``text`` is the lines, joined.
    """

    format: MrzFormat
    document_code: str
    issuing_state: str
    document_number: str
    optional_1: str
    optional_2: str
    birth: str
    sex: str
    expiry: str
    nationality: str
    surname: str
    given_names: str
    text: str

    def __repr__(self) -> str:
        return f"Mrz({self.format})"

    @classmethod
    def parse(cls, text: str) -> "Mrz":
        """The value of ``text``: the lines joined, or separated by line ends.

        :raises MalformedData: if a length, a character or any check digit is wrong.
        """
        layout, lines = _split(text)
        fields = _FIELDS[layout](lines)
        number, optional = _document_number(fields, layout)
        _check("birth", fields.birth, fields.birth_check)
        _check("expiry", fields.expiry, fields.expiry_check)
        if layout is MrzFormat.TD3:
            _check_personal_number(fields)
        if layout not in _VISAS.values():
            _check("composite", fields.composite, fields.composite_check)
        surname, given_names = _names(fields.names)
        return cls(
            format=layout,
            document_code=_stripped(fields.document_code),
            issuing_state=_stripped(fields.issuing_state),
            document_number=number,
            optional_1=_stripped(optional),
            optional_2=_stripped(fields.optional_2),
            birth=_date("birth", fields.birth),
            sex=_sex(fields.sex),
            expiry=_date("expiry", fields.expiry),
            nationality=_stripped(fields.nationality),
            surname=surname,
            given_names=given_names,
            text="".join(lines),
        )

    @property
    def information(self) -> str:
        """The "MRZ information" from which access keys are made: see :func:`mrz_information`."""
        return mrz_information(self.document_number, self.birth, self.expiry)


def mrz_information(document_number: str, birth: str, expiry: str) -> str:
    """The "MRZ information": number, birth and expiry, each with its check digit.

    :param document_number: without fillers; a short one is padded to nine characters, a long one stays whole.
    :param birth: six characters YYMMDD.
    :param expiry: six characters YYMMDD.
    :raises ValueError: if a length or a character is wrong.

    Source: ICAO Doc 9303-11, "Document basic access keys"; worked examples Appendix D.2.
    """
    if not document_number or len(birth) != 6 or len(expiry) != 6:
        raise ValueError("a document number, and six characters for each date")
    return "".join(field + check_digit(field) for field in (document_number.ljust(9, "<"), birth, expiry))


def month_and_day(date: str) -> tuple[int | None, int | None]:
    """The month and the day of six characters YYMMDD, each None where it is unknown (``<<`` or ``00``)."""
    month, day = (int(part) if part.isdigit() and part != "00" else None for part in (date[2:4], date[4:6]))
    return month, day if month is not None else None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Fields:
    """The fields as they stand in the lines, with their check digits."""

    document_code: str
    issuing_state: str
    number: str
    number_check: str
    optional_1: str
    optional_2: str
    birth: str
    birth_check: str
    sex: str
    expiry: str
    expiry_check: str
    nationality: str
    names: str
    composite: str
    composite_check: str


def _td1(lines: list[str]) -> _Fields:
    first, second, third = lines
    return _Fields(
        document_code=first[0:2],
        issuing_state=first[2:5],
        number=first[5:14],
        number_check=first[14],
        optional_1=first[15:30],
        birth=second[0:6],
        birth_check=second[6],
        sex=second[7],
        expiry=second[8:14],
        expiry_check=second[14],
        nationality=second[15:18],
        optional_2=second[18:29],
        names=third,
        composite=first[5:30] + second[0:7] + second[8:15] + second[18:29],
        composite_check=second[29],
    )


def _two_lines(lines: list[str]) -> _Fields:
    first, second = lines
    return _Fields(
        document_code=first[0:2],
        issuing_state=first[2:5],
        names=first[5:],
        number=second[0:9],
        number_check=second[9],
        nationality=second[10:13],
        birth=second[13:19],
        birth_check=second[19],
        sex=second[20],
        expiry=second[21:27],
        expiry_check=second[27],
        optional_1=second[28:-1],
        optional_2="",
        composite=second[0:10] + second[13:20] + second[21:-1],
        composite_check=second[-1],
    )


def _visa(lines: list[str]) -> _Fields:
    fields = _two_lines(lines)
    return replace(fields, optional_1=lines[1][28:], composite="", composite_check="")


_VISAS = {MrzFormat.TD3: MrzFormat.MRV_A, MrzFormat.TD2: MrzFormat.MRV_B}
_FIELDS = {
    MrzFormat.TD1: _td1,
    MrzFormat.TD2: _two_lines,
    MrzFormat.TD3: _two_lines,
    MrzFormat.MRV_A: _visa,
    MrzFormat.MRV_B: _visa,
}


def _split(text: str) -> tuple[MrzFormat, list[str]]:
    if len(text) > 128:
        raise _malformed("is too long")
    given = text.split()
    joined = "".join(given)
    if not all(character in _VALUES for character in joined):
        raise _malformed("holds a character that is neither 0-9, A-Z nor <")
    for layout, (count, length) in _LINES.items():
        lines = [joined[at : at + length] for at in range(0, len(joined), length)]
        if len(joined) == count * length and given in ([joined], lines):
            return _VISAS.get(layout, layout) if joined[0] == "V" else layout, lines
    raise _malformed("has not the lines of a document's or a visa's zone")


def _document_number(fields: _Fields, layout: MrzFormat) -> tuple[str, str]:
    """The document number and the optional data that are left."""
    if layout in (MrzFormat.TD1, MrzFormat.TD2) and fields.number_check == "<":
        return _long_document_number(fields)
    _check("document number", fields.number, fields.number_check)
    number = _stripped(fields.number)
    if not number:
        raise _malformed("the document number is empty")
    optional = fields.optional_1[:-1] if layout is MrzFormat.TD3 else fields.optional_1
    return number, optional


def _long_document_number(fields: _Fields) -> tuple[str, str]:
    rest, filler, optional = fields.optional_1.partition("<")
    if "<" in fields.number or len(rest) < 2 or not filler:
        raise _malformed("the document number lacks its check digit")
    number = fields.number + rest[:-1]
    _check("document number", number, rest[-1])
    return number, optional


def _check_personal_number(fields: _Fields) -> None:
    number, digit = fields.optional_1[:-1], fields.optional_1[-1]
    # "When the personal number field is not used […] the check digit may be zero or the filler character" (9303-4).
    if digit != "<" or _stripped(number):
        _check("personal number", number, digit)


def _check(name: str, text: str, digit: str) -> None:
    if check_digit(text) != digit:
        raise _malformed(f"the check digit of the {name} is wrong")


def _date(name: str, text: str) -> str:
    if not _DATE.fullmatch(text):
        raise _malformed(f"the {name} is no date")
    return text


def _sex(text: str) -> str:
    if text not in ("M", "F", "<"):
        raise _malformed("the sex is neither M, F nor <")
    return text


def _names(text: str) -> tuple[str, str]:
    if not _NAMES.fullmatch(text):
        raise _malformed("the name does not start with a letter, or holds a digit")
    surname, _, given_names = _stripped(text).partition("<<")
    return _words(surname), _words(given_names)


def _words(text: str) -> str:
    return " ".join(filter(None, text.split("<")))


def _stripped(text: str) -> str:
    return text.rstrip("<")


def _malformed(message: str) -> MalformedData:
    return MalformedData(message, where="MRZ")
