"""The twelve digits and what they say."""

import pytest

from idcard.errors import MalformedData
from idcard.identity import Sex
from idcard.vietnam.personal_number import PersonalNumber


def test_a_man_of_1990() -> None:
    number = PersonalNumber.parse("036090999991")
    assert number.province_code == "036"
    assert number.sex is Sex.MALE
    assert number.birth_year == 1990
    assert number.can == "999991"
    assert number.document_number == "090999991"


@pytest.mark.parametrize(("digit", "sex", "year"), [
    ("0", Sex.MALE, 1955), ("1", Sex.FEMALE, 1955), ("2", Sex.MALE, 2055), ("3", Sex.FEMALE, 2055),
    ("8", Sex.MALE, 2355), ("9", Sex.FEMALE, 2355),
])  # fmt: skip
def test_the_fourth_digit_says_century_and_sex(digit: str, sex: Sex, year: int) -> None:
    number = PersonalNumber.parse(f"036{digit}55999992")
    assert (number.sex, number.birth_year) == (sex, year)


@pytest.mark.parametrize("text", [
    "", "03609099999", "0360909999910", "03609099999A", " 036090999991", "036090999991\n", "٠٣٦٠٩٠٩٩٩٩٩١",
    "036-90999991",
])  # fmt: skip
def test_anything_but_twelve_ascii_digits_is_malformed(text: str) -> None:
    with pytest.raises(MalformedData):
        PersonalNumber.parse(text)


def test_a_caller_who_skips_parsing_is_told() -> None:
    with pytest.raises(ValueError, match="twelve digits"):
        PersonalNumber(digits="036")


def test_it_prints_as_nothing() -> None:
    assert "0360" not in f"{PersonalNumber.parse('036090999991')!r} {PersonalNumber.parse('036090999991')}"
