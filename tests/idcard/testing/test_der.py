from datetime import UTC, datetime, timedelta, timezone

import pytest
from asn1crypto import core
from hypothesis import given
from hypothesis import strategies as st

from idcard.testing import der


@given(st.integers(0, 1 << 600))
def test_integers_are_those_of_a_foreign_library(value: int) -> None:
    assert der.integer(value) == core.Integer(value).dump()


@pytest.mark.parametrize("dotted", ["1.2.840.10045.2.1", "2.23.136.1.1.1", "0.4.0.127.0.7.2.2.4.2.2", "2.5.29.15"])
def test_object_identifiers_are_those_of_a_foreign_library(dotted: str) -> None:
    assert der.oid(dotted) == core.ObjectIdentifier(dotted).dump()


def test_an_object_identifier_may_have_an_arc_of_128_bits() -> None:
    dotted = "2.25.275834212871340019457719284451893315217"
    assert der.oid(dotted) == core.ObjectIdentifier(dotted).dump()


def test_strings_and_bits() -> None:
    assert der.utf8("Mẫu") == core.UTF8String("Mẫu").dump()
    assert der.printable("VN") == core.PrintableString("VN").dump()
    assert der.octet_string(b"x" * 200) == core.OctetString(b"x" * 200).dump()
    assert der.bit_string(b"\x06", unused=1) == bytes.fromhex("03020106")
    assert der.boolean(True) == core.Boolean(True).dump()
    assert der.boolean(False) == core.Boolean(False).dump()
    assert der.null() == core.Null().dump()


def test_a_set_is_sorted() -> None:
    assert der.set_of(b"\x02\x01\x05", b"\x01\x01\xff") == bytes.fromhex("31060101ff020105")


def test_context_tags() -> None:
    assert der.context(0, der.integer(2)) == bytes.fromhex("a003020102")
    assert der.context(0, b"\x01", constructed=False) == bytes.fromhex("800101")


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC), b"\x17\x0d491231235959Z"),
        (datetime(2050, 1, 1, tzinfo=UTC), b"\x18\x0f20500101000000Z"),
        (datetime(2026, 1, 1, 7, tzinfo=timezone(timedelta(hours=7))), b"\x17\x0d260101000000Z"),
    ],
)
def test_times_change_their_form_in_2050(moment: datetime, expected: bytes) -> None:
    assert der.time(moment) == expected


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        der.time(datetime(2026, 1, 1))
