"""CBOR has one form: everything else is refused, however cheap it is to send and dear to read."""

from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idcard.encoding import cbor
from idcard.errors import BoundExceeded, MalformedData

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
LEAVES = st.none() | st.booleans() | st.integers(-(1 << 64), (1 << 64) - 1) | st.binary(max_size=300) | TEXT
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=8
)


def depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(depth, inner), default=0) if isinstance(value, dict | list) else 0


def decode(data: bytes, limit: int = 1 << 16) -> Any:
    return cbor.decode(data, where="test", limit=limit)


@given(VALUES.filter(lambda value: depth(value) <= cbor.MAX_DEPTH))
def test_what_is_encoded_is_decoded(value: Any) -> None:
    assert decode(cbor.encode(value)) == value


@given(st.binary(max_size=60))
def test_any_bytes_are_a_value_in_its_one_form_or_refused(data: bytes) -> None:
    try:
        value = decode(data)
    except MalformedData:
        return
    assert cbor.encode(value) == data


@pytest.mark.parametrize(("value", "encoded"), [
    # RFC 8949, appendix A
    (0, "00"), (23, "17"), (24, "1818"), (1000, "1903e8"), (18446744073709551615, "1bffffffffffffffff"),
    (-1, "20"), (-18446744073709551616, "3bffffffffffffffff"), (False, "f4"), (True, "f5"), (None, "f6"),
    (b"\x01\x02\x03\x04", "4401020304"), ("\u6c34", "63e6b0b4"), ([1, [2, 3], [4, 5]], "8301820203820405"),
    ({"a": 1, "b": [2, 3]}, "a26161016162820203"),
])  # fmt: skip
def test_the_standards_examples(value: Any, encoded: str) -> None:
    assert cbor.encode(value).hex() == encoded
    assert decode(bytes.fromhex(encoded)) == value


def test_keys_are_in_the_order_of_their_encodings() -> None:
    assert cbor.encode({"b": 1, "aa": 2, "a": 3}) == bytes.fromhex("a3616103616201626161 02")


@pytest.mark.parametrize("encoded", [
    "", "1800", "1900ff", "0000", "a2616200616101", "a2616100616101", "9f00ff", "5f4100ff", "7f6161ff", "bf616100ff",
    "c249010000000000000000", "c5821a7fffffff01", "c074323031332d30332d32315432303a30343a30305a", "d81c80", "d81d00",
    "d82363282a29", "d9010280", "d9d9f700", "f97e00", "fb3ff199999999999a", "f7", "f8ff", "61ff", "a1000000",
    "a1010 0".replace(" ", ""), "a1810000", "a1f600", "5bffffffffffffffff", "9bffffffffffffffff", "bb00000000ffffffff",
    "7affffffff61", "1c", "ff", "81" * 9 + "00", "81" * 60_000 + "00",
])  # fmt: skip
def test_everything_else_is_refused(encoded: str) -> None:
    with pytest.raises(MalformedData, match=r"^test: "):
        decode(bytes.fromhex(encoded))


def test_lists_may_lie_in_each_other_as_deep_as_is_said() -> None:
    assert decode(b"\x81" * cbor.MAX_DEPTH + b"\x00") is not None


def test_more_bytes_than_allowed_are_not_looked_at() -> None:
    with pytest.raises(BoundExceeded):
        decode(b"\xff" * 11, limit=10)
    assert decode(b"\x49" + bytes(9), limit=10) == bytes(9)


def test_more_values_than_a_file_needs_are_refused() -> None:
    many = 1 << 20
    for data in (b"\x9a" + many.to_bytes(4, "big") + bytes(many), cbor2.dumps([[0] * 1000] * 1000)):
        with pytest.raises(BoundExceeded):
            decode(data, limit=1 << 23)
    with pytest.raises(BoundExceeded):
        cbor.encode([None] * many)
    assert len(decode(cbor.encode([0] * 30_000))) == 30_000


@pytest.mark.parametrize("value", [1.0, {1: 2}, (1,), {"a": {3}}, [b"", bytearray()]])
def test_other_kinds_are_the_callers_mistake(value: Any) -> None:
    with pytest.raises(TypeError):
        cbor.encode(value)


@pytest.mark.parametrize("value", [1 << 64, -(1 << 64) - 1, "\ud800"])
def test_what_has_no_encoding_is_the_callers_mistake(value: Any) -> None:
    with pytest.raises(ValueError, match=r"bits|surrogates"):
        cbor.encode(value)


@given(VALUES)
def test_another_program_reads_the_same(value: Any) -> None:
    assert cbor2.loads(cbor.encode(value)) == value


@pytest.mark.parametrize(
    "tag", [*range(0, 6), 21, 25, 28, 29, 30, 35, 36, 37, 100, 256, 258, 260, 261, 1004, 43000, 55799, 99999]
)
def test_no_tag_is_built_from_what_was_sent(tag: int) -> None:
    """cbor2 makes dates, patterns, fractions, shared values and more of tags; here it makes nothing."""
    with pytest.raises(MalformedData) as caught:
        decode(cbor2.dumps(cbor2.CBORTag(tag, "1")))
    assert isinstance(caught.value.__cause__, cbor2.CBORDecodeError)
    assert "tag" in str(caught.value.__cause__)
