"""Numbers as they are said: against the two languages' own rules, written out by hand."""

import pytest

from kiosk.domain.numerals import GREATEST, SAID, digit_by_digit, numeral

VIETNAMESE = {
    0: "không",
    5: "năm",
    10: "mười",
    11: "mười một",
    15: "mười lăm",
    20: "hai mươi",
    21: "hai mươi mốt",
    27: "hai mươi bảy",
    35: "ba mươi lăm",
    100: "một trăm",
    101: "một trăm lẻ một",
    110: "một trăm mười",
    128: "một trăm hai mươi tám",
    1000: "một nghìn",
    1005: "một nghìn không trăm lẻ năm",
    1015: "một nghìn không trăm mười lăm",
    2241: "hai nghìn hai trăm bốn mươi mốt",
}
ENGLISH = {
    0: "zero",
    12: "twelve",
    20: "twenty",
    27: "twenty seven",
    100: "one hundred",
    101: "one hundred and one",
    128: "one hundred and twenty eight",
    1000: "one thousand",
    1005: "one thousand and five",
    2241: "two thousand two hundred and forty one",
}


def said(number: int, language: str) -> str:
    return " ".join(SAID[language][clip] for clip in numeral(number, language))


@pytest.mark.parametrize(("language", "expected"), [("vi", VIETNAMESE), ("en", ENGLISH)])
def test_numbers_are_said_as_people_say_them(language: str, expected: dict[int, str]) -> None:
    assert {number: said(number, language) for number in expected} == expected


@pytest.mark.parametrize("language", ["vi", "en"])
def test_no_two_numbers_sound_alike(language: str) -> None:
    assert len({said(number, language) for number in range(GREATEST + 1)}) == GREATEST + 1


def test_digits_are_said_one_by_one() -> None:
    assert digit_by_digit("···992") == ("n.9", "n.9", "n.2")


@pytest.mark.parametrize("number", [-1, GREATEST + 1])
def test_what_nobody_says_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="no such number"):
        numeral(number, "vi")
