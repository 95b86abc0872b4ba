"""Vietnamese text without its marks."""

import unicodedata

import pytest

from idcard.vietnam.names import mrz_form, tidy, unmarked


@pytest.mark.parametrize(("name", "latin"), [
    ("Nguyễn Văn Thử", "NGUYEN VAN THU"), ("Đặng Thị Đào", "DANG THI DAO"), ("Huỳnh Ngọc Ẩn", "HUYNH NGOC AN"),
    ("Trần  Thị \tMẫu ", "TRAN THI MAU"), ("Lường Ươm", "LUONG UOM"),
])  # fmt: skip
def test_a_name_as_the_machine_readable_zone_writes_it(name: str, latin: str) -> None:
    assert mrz_form(name) == latin
    assert mrz_form(unicodedata.normalize("NFD", name)) == latin


def test_what_is_no_mark_stays() -> None:
    assert unmarked("đường số 7, Đà Nẵng") == "duong so 7, Da Nang"


def test_tidy_composes_and_keeps_single_spaces() -> None:
    assert tidy(unicodedata.normalize("NFD", "  Huỳnh   Thị ")) == "Huỳnh Thị"
