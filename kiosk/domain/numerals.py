"""Numbers as they are said: the recorded words of which each is put together, in both languages.

A word is named as its clip is: ``n.7``, ``n.hundred``. What a clip says stands in :data:`SAID`.
"""

from collections.abc import Iterator

GREATEST = 9999
"""The greatest number that is said; tickets of one day stay far below."""

_VI_ONES = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín", "mười")
_EN_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_EN_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")

SAID: dict[str, dict[str, str]] = {
    "vi": {f"n.{value}": word for value, word in enumerate(_VI_ONES)}
    | {"n.tens": "mươi", "n.one_last": "mốt", "n.five_last": "lăm"}
    | {"n.hundred": "trăm", "n.odd": "lẻ", "n.thousand": "nghìn"},
    "en": {f"n.{value}": word for value, word in enumerate(_EN_ONES)}
    | {f"n.{10 * (place + 2)}": word for place, word in enumerate(_EN_TENS)}
    | {"n.hundred": "hundred", "n.and": "and", "n.thousand": "thousand"},
}
"""The words of every clip, by language."""


def numeral(number: int, language: str) -> tuple[str, ...]:
    """The clips that say a number from 0 to :data:`GREATEST`; a ValueError beyond."""
    if not 0 <= number <= GREATEST:
        raise ValueError("no such number is said")
    return tuple(_vietnamese(number) if language == "vi" else _english(number))


def digit_by_digit(digits: str) -> tuple[str, ...]:
    """The clips that say digits one after another; anything that is no digit is not said."""
    return tuple(f"n.{digit}" for digit in digits if digit in "0123456789")


def _vietnamese(number: int) -> Iterator[str]:
    thousands, rest = divmod(number, 1000)
    if thousands:
        yield from (f"n.{thousands}", "n.thousand")
    if not rest:
        if not thousands:
            yield "n.0"
        return
    hundreds, below = divmod(rest, 100)
    if hundreds or thousands:
        yield from (f"n.{hundreds}", "n.hundred")
    if below and below < 10 and (hundreds or thousands):
        yield "n.odd"
    yield from _vietnamese_tens(below)


def _vietnamese_tens(below: int) -> Iterator[str]:
    tens, ones = divmod(below, 10)
    if tens == 1:
        yield "n.10"
    elif tens:
        yield from (f"n.{tens}", "n.tens")
    if ones == 1 and tens > 1:
        yield "n.one_last"
    elif ones == 5 and tens:
        yield "n.five_last"
    elif ones:
        yield f"n.{ones}"


def _english(number: int) -> Iterator[str]:
    thousands, rest = divmod(number, 1000)
    hundreds, below = divmod(rest, 100)
    if thousands:
        yield from (f"n.{thousands}", "n.thousand")
    if hundreds:
        yield from (f"n.{hundreds}", "n.hundred")
    if below and number != below:
        yield "n.and"
    if below or number == 0:
        yield from (f"n.{below}",) if below < 20 else _english_tens(below)


def _english_tens(below: int) -> Iterator[str]:
    yield f"n.{below - below % 10}"
    if below % 10:
        yield f"n.{below % 10}"
