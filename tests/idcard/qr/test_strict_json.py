"""JSON: one reading of everything, or none."""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idcard.errors import IdCardError, MalformedData
from idcard.qr.strict_json import MAX_DEPTH, MAX_VALUES, canonical, decode, decode_object

values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**19), 10**19) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_what_is_written_is_read(value: Any) -> None:
    try:
        data = json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return
    assert decode(data, where="test") == value
    assert decode(canonical(value), where="test") == value


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b'{"a": 1, "a": 2}',
        b'{"b": {"a": 1, "a": 1}}',
        b"NaN",
        b"[Infinity]",
        b"[-Infinity]",
        b"1e999",
        b"1" * 21,
        b'"\\ud800"',
        b"\xff",
        b"\xef\xbb\xbf{}",
        b"{} {}",
        b"[1] x",
        b"[" * (MAX_DEPTH + 2) + b"]" * (MAX_DEPTH + 2),
        b"[" * 100_000,
        b"[" + b"1," * MAX_VALUES + b"1]",
    ],
    ids=lambda data: repr(data[:12]),
)
def test_what_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedData) as told:
        decode(data, where="test")
    # The parser's own error holds the text.
    assert data[:20].decode("latin-1") not in str(told.value.__cause__) or len(data) < 2


def test_depth_and_objects() -> None:
    deep = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert decode(deep, where="test") is not None
    assert decode_object(b'{"a": [1.5]}', where="test") == {"a": [1.5]}
    with pytest.raises(MalformedData):
        decode_object(b"[]", where="test")


def test_the_one_form() -> None:
    # RFC 8785, 3.2.3: keys in the order of UTF-16 code units, in which U+10000 and above come before U+E000.
    said = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\x80": 6, "\u00f6": 7}
    assert list(json.loads(canonical(said))) == ["\r", "1", "\x80", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    assert canonical({"b": [1, True, None, "ộ/\u20ac\u000f"], "a": {}}) == (
        b'{"a":{},"b":[1,true,null,"' + "ộ/€".encode() + b'\\u000f"]}'
    )
    with pytest.raises(ValueError, match="fraction"):
        canonical([1.0])


def test_ten_thousand_changed_texts_are_values_or_refused(rounds: Callable[[int], range]) -> None:
    draw = random.Random(8)
    seed = json.dumps({"data": {"hdr": {"t": "icao.vacc", "v": 1}, "msg": [1.5, None, "ộ\ud83d\ude00"]}}).encode()
    for _ in rounds(10_000):
        data = bytearray(seed)
        for _ in range(draw.randrange(1, 5)):
            at = draw.randrange(len(data))
            data[at : at + draw.randrange(3)] = draw.choice([b'"', b"{", b"[", b"\\u", b"9", b"\xff", b"e", b""])
        try:
            decode(bytes(data), where="test")
        except IdCardError:
            continue
