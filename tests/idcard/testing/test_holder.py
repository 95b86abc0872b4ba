"""Invented people only. The first two zones and the key are worked through in public descriptions of the card."""

import hashlib
import unicodedata
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idcard.testing import Holder
from idcard.testing.holder import mrz_check_digit, mrz_name


@pytest.fixture
def elder(holder: Holder) -> Holder:
    return replace(
        holder,
        personal_number="036155999992",
        name="Trần Thị Mẫu",
        birth=date(1955, 3, 20),
        sex="F",
        expiry=None,
    )


def lines(holder: Holder) -> list[str]:
    text = holder.mrz_text()
    assert len(text) == 90
    return [text[at : at + 30] for at in (0, 30, 60)]


def test_a_zone_with_an_expiry(holder: Holder) -> None:
    assert lines(holder) == [
        "IDVNM0909999917036090999991<<2",
        "9001158M3001156VNM<<<<<<<<<<<8",
        "NGUYEN<<VAN<THU<<<<<<<<<<<<<<<",
    ]


def test_a_zone_without_an_expiry(elder: Holder) -> None:
    assert lines(elder) == [
        "IDVNM1559999928036155999992<<3",
        "5503207F9912315VNM<<<<<<<<<<<0",
        "TRAN<<THI<MAU<<<<<<<<<<<<<<<<<",
    ]


def test_the_key_of_basic_access_control(holder: Holder) -> None:
    assert holder.mrz_information == "090999991790011583001156"
    seed = hashlib.sha1(holder.mrz_information.encode()).hexdigest()[:32]
    assert seed == "22141db10c5a64a1c15eba4e994264f3"


def test_the_can_is_the_end_of_the_personal_number(holder: Holder) -> None:
    assert holder.can == "999991"


@pytest.mark.parametrize(
    ("text", "digit"),
    [("L898902C<", "3"), ("690806", "1"), ("940623", "6"), ("D23145890", "7"), ("740812", "2"), ("120415", "9")],
)
def test_check_digits_are_those_of_icao(text: str, digit: str) -> None:
    assert mrz_check_digit(text) == digit


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("Đặng Thị Ỷ", "DANG<<THI<Y"),
        ("Nguyễn", "NGUYEN<<"),
        ("Hoàng Phủ Ngọc Tường Vi Khánh Huyền", "HOANG<<PHU<NGOC<TUONG<VI<KHANH"),
    ],
)
def test_names_lose_accents_and_keep_thirty_characters(name: str, line: str) -> None:
    assert mrz_name(name) == line.ljust(30, "<")
    assert mrz_name(unicodedata.normalize("NFD", name)) == line.ljust(30, "<")


@given(st.text(alphabet="aăâbcdđeêghiklmnoôơpqrstuưvxyáàảãạếữ ", min_size=1).filter(str.strip))
def test_any_name_makes_a_line(name: str) -> None:
    line = mrz_name(name)
    assert len(line) == 30
    assert set(line) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ<")


def test_the_code_of_2021_has_seven_fields(holder: Holder) -> None:
    expected = "036090999991|160000001|Nguyễn Văn Thử|15011990|Nam|Số 1, Phố Mẫu, Nam Định|01022022"
    assert holder.card_qr_text() == expected


def test_a_field_without_a_value_is_empty(elder: Holder) -> None:
    assert replace(elder, old_number=None).card_qr_text().split("|")[1:5] == ["", "Trần Thị Mẫu", "20031955", "Nữ"]


def test_the_code_of_2024_has_more(holder: Holder) -> None:
    fields = holder.card_qr_text(layout=2024).split("|")
    assert fields[:7] == holder.card_qr_text().split("|")
    assert len(fields) > 7


def test_a_holder_does_not_show(holder: Holder) -> None:
    assert repr(holder) == "Holder()"


@pytest.mark.parametrize("number", ["", "12345678901", "1234567890123", "03609099999X"])
def test_a_personal_number_has_twelve_digits(holder: Holder, number: str) -> None:
    with pytest.raises(ValueError, match="twelve"):
        replace(holder, personal_number=number)
