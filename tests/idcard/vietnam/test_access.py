"""What opens a card, made of its QR."""

import pytest

from idcard.encoding.mrz import mrz_information
from idcard.vietnam.access import can_of, mrz_key_fields
from idcard.vietnam.card_qr import CardQr

LINE = "036090999991||Nguyễn Văn Thử|15011990|Nam|Số 1, Phố Mẫu, Nam Định|01022022"


def test_the_can_is_the_last_six_digits() -> None:
    assert can_of(CardQr.parse(LINE)) == "999991"


def test_the_first_key_is_the_one_of_the_card() -> None:
    keys = mrz_key_fields(CardQr.parse(LINE))
    assert keys == (
        ("090999991", "900115", "300115"), ("090999991", "900115", "500115"), ("090999991", "900115", "991231"),
    )  # fmt: skip
    assert mrz_information(*keys[0]) == "090999991790011583001156"


@pytest.mark.parametrize(("birth", "births"), [("1955", ("55<<<<", "550101")), ("031955", ("5503<<", "550301"))])
def test_an_inexact_birth_is_tried_in_two_forms(birth: str, births: tuple[str, str]) -> None:
    keys = mrz_key_fields(CardQr.parse(LINE.replace("15011990", birth)))
    assert keys == tuple(("090999991", text, "991231") for text in births)


@pytest.mark.parametrize("birth", ["1998", "29022000", "061998"])
def test_there_are_at_most_four(birth: str) -> None:
    assert 1 <= len(mrz_key_fields(CardQr.parse(LINE.replace("15011990", birth)))) <= 4
