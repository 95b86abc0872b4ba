"""CBOR of other people: strictly one value, of the kinds that formats use."""

import random
from collections.abc import Callable
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idcard.errors import MalformedData
from idcard.qr import cbor
from idcard.qr.cbor import Tagged

REFUSED = {
    "nothing": "",
    "cut short": "8201",
    "bytes behind the end": "0102",
    "a key twice": "a201020103",
    "a key twice, written longer": "a20102180103",
    "an indefinite list": "9f01ff",
    "an indefinite text": "7f6161ff",
    "an unexpected tag": "c074323031332d30332d32315432303a30343a30305a",
    "a big number in a tag": "c249010000000000000000",
    "a value shared by reference": "d81c80",
    "undefined": "f7",
    "a simple value": "e0",
    "no number": "f97e00",
    "infinity": "f97c00",
    "a list as a key": "a1810102",
    "a byte string as a key": "a1410102",
    "true as a key": "a1f501",
    "a text that is no Unicode": "62c328",
    "a list longer than the data": "9b7fffffffffffffff",
    "a map longer than the data": "bb7fffffffffffffff",
    "a text longer than the data": "7b7fffffffffffffff",
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what: str) -> None:
    with pytest.raises(MalformedData):
        cbor.decode(bytes.fromhex(REFUSED[what]), where="test")


def test_nesting_is_bounded() -> None:
    assert cbor.decode(b"\x81" * 31 + b"\x01", where="test")
    with pytest.raises(MalformedData):
        cbor.decode(b"\x81" * 33 + b"\x01", where="test")
    with pytest.raises(MalformedData):
        cbor.decode(b"\xd2" * 4000 + b"\x01", where="test", tags=frozenset({18}))


def test_values_are_counted() -> None:
    assert cbor.decode(cbor2.dumps([0] * (cbor.MAX_VALUES - 1)), where="test")
    for values in ([0] * cbor.MAX_VALUES, [{}] * cbor.MAX_VALUES, [[0, 0]] * (cbor.MAX_VALUES // 2)):
        with pytest.raises(MalformedData):
            cbor.decode(cbor2.dumps(values), where="test")


def test_a_tag_stays_a_tag() -> None:
    tagged = Tagged(tag=61, value=Tagged(tag=18, value=[1, {"a": b"b"}]))
    assert cbor.decode(cbor.encode(tagged), where="test", tags=frozenset({18, 61})) == tagged


def test_the_error_says_nothing_of_the_data() -> None:
    with pytest.raises(MalformedData) as told:
        cbor.decode(cbor2.dumps(["Nguyen Van Thu", cbor2.CBORTag(99, "Nguyen Van Thu")]), where="test")
    assert "Nguyen" not in f"{told.value}{told.value.__cause__}"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 64), (1 << 64) - 1) | st.binary(max_size=8) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.integers(-300, 300) | st.text(max_size=4), inner),
    max_leaves=12,
)


@settings(max_examples=3 * settings().max_examples)
@given(VALUES)
def test_what_was_encoded_is_decoded(value: Any) -> None:
    assert cbor.decode(cbor.encode(value), where="test") == value


def test_ten_thousand_inputs_are_values_or_malformed(rounds: Callable[[int], range]) -> None:
    draw = random.Random(20261123)
    seed = cbor.encode({1: "AT", 4: 1620237600, -260: {1: {"nam": {"fn": "x"}, "v": [{"dn": 1}]}}})
    for _ in rounds(10_000):
        data = bytearray(seed if draw.random() < 0.7 else draw.randbytes(draw.randrange(1, 40)))
        for _ in range(draw.randrange(1, 4)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        try:
            cbor.decode(bytes(data), where="test", tags=frozenset({0}))
        except MalformedData:
            continue
