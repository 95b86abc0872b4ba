from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idcard.encoding import tlv
from idcard.errors import IdCardError, MalformedData
from idcard.lds.details import Dg11, Dg12


def dg11(*parts: bytes) -> bytes:
    return tlv.build(0x6B, tlv.build(0x5C, b"\x5f\x0e"), *parts)


def dg12(*parts: bytes) -> bytes:
    return tlv.build(0x6C, tlv.build(0x5C, b"\x5f\x26"), *parts)


NAME = tlv.build(0x5F0E, "NGUYỄN<<VĂN<THỬ".encode())


def test_dg11_says_what_it_lists() -> None:
    parsed = Dg11.parse(dg11(NAME, tlv.build(0x5F10, b"036090999991 "), tlv.build(0x5F2B, b"19900115")))
    assert (parsed.name, parsed.personal_number, parsed.birth) == ("NGUYỄN<<VĂN<THỬ", "036090999991", "19900115")
    assert repr(parsed) == "Dg11(…)"


def test_what_dg11_does_not_say_is_none() -> None:
    empty = Dg11.parse(dg11(tlv.build(0x5F0E), tlv.build(0x5F2B)))
    assert (empty.name, empty.personal_number, empty.birth) == (None, None, None)


@pytest.mark.parametrize("value", [b"19900115", bytes.fromhex("19900115")])
def test_a_date_is_text_or_bcd(value: bytes) -> None:
    assert Dg11.parse(dg11(tlv.build(0x5F2B, value))).birth == "19900115"
    assert Dg12.parse(dg12(tlv.build(0x5F26, value))).issued == date(1990, 1, 15)


@pytest.mark.parametrize("value", [b"19900000", b"19901315"])
def test_a_day_of_issue_that_is_none_is_not_known(value: bytes) -> None:
    assert Dg12.parse(dg12(tlv.build(0x5F26, value))).issued is None


def test_dg12_without_a_date() -> None:
    parsed = Dg12.parse(dg12())
    assert parsed.issued is None
    assert repr(parsed) == "Dg12(…)"


@pytest.mark.parametrize(
    "value", [b"1990011", b"199001155", b"1990-1-5", "١٩٩٠٠١١٥".encode(), bytes.fromhex("1990011a")]
)
def test_what_is_no_date_is_malformed(value: bytes) -> None:
    with pytest.raises(MalformedData):
        Dg11.parse(dg11(tlv.build(0x5F2B, value)))
    with pytest.raises(MalformedData):
        Dg12.parse(dg12(tlv.build(0x5F26, value)))


@pytest.mark.parametrize("data", [b"", b"\x6b", dg12(), dg11() + b"\x00", dg11(tlv.build(0x5F0E, b"\xff"))])
def test_what_is_no_dg11_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedData) as caught:
        Dg11.parse(data)
    assert caught.value.__cause__ is None


@given(st.binary(max_size=100), st.sampled_from([0x6B, 0x6C]))
def test_any_bytes_are_a_value_or_an_error(data: bytes, tag: int) -> None:
    for parse in (Dg11.parse, Dg12.parse):
        for content in (data, tlv.build(tag, data)):
            try:
                parse(content)
            except IdCardError:
                continue
