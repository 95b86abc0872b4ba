"""C40: capitals, digits and spaces, three to two bytes; and dates in three bytes, as visible digital seals have them.

Three values make one number below 64,000 plus one. The last group may be filled up with one zero; a single character
that is left over stands behind the byte 254 as its number in ASCII plus one. In documents a space stands for ``<``.

Source: ICAO Doc 9303-13, "C40 Encoding of Strings"; ISO/IEC 16022, "C40 encodation".
"""

from datetime import date
from typing import Final

from idcard.errors import MalformedData

_UNLATCH, _FILLER = 254, 0
_VALUES: Final = {3: " "} | {4 + n: str(n) for n in range(10)} | {14 + n: chr(65 + n) for n in range(26)}
DATE_BYTES: Final = 3


def decode(data: bytes, *, where: str) -> str:
    """The text that ``data`` encodes, an even number of bytes.

    :raises MalformedData: if it is no such text.
    """
    if len(data) % 2:
        raise MalformedData("C40 of an odd number of bytes", where=where)
    groups = [_group(data[at : at + 2], where, last=at + 2 == len(data)) for at in range(0, len(data), 2)]
    return "".join(groups)


def _group(pair: bytes, where: str, *, last: bool) -> str:
    if pair[0] == _UNLATCH:
        character = chr(max(pair[1], 1) - 1)
        if not last or character not in _VALUES.values():
            raise MalformedData("C40 that ends in the middle", where=where)
        return character
    number = int.from_bytes(pair) - 1
    values = [number // 1600, number // 40 % 40, number % 40]
    if last and values[-1] == _FILLER:
        values.pop()
    if any(value not in _VALUES for value in values):
        raise MalformedData("a character outside C40's", where=where)
    return "".join(_VALUES[value] for value in values)


def encoded_length(characters: int) -> int:
    """How many bytes so many characters take."""
    return (characters + 2) // 3 * 2


def decode_date(data: bytes, *, where: str) -> date | None:
    """The day in three bytes (month, day and year as one decimal number); None where they are zero.

    :raises MalformedData: if there is no such day.
    """
    number = int.from_bytes(data)
    if len(data) != DATE_BYTES:
        raise MalformedData("a date is cut short", where=where)
    if not number:
        return None
    month_and_day, year = divmod(number, 10_000)
    try:
        return date(year, *divmod(month_and_day, 100))
    except ValueError as error:
        raise MalformedData("a date that is none", where=where) from error
