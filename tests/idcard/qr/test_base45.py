"""Base45 by the standard's examples, and strictly."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idcard.errors import MalformedData
from idcard.qr import base45

EXAMPLES = [
    (b"AB", b"BB8"),
    (b"Hello!!", b"%69 VD92EX0"),
    (b"base-45", b"UJCLQE7W581"),
    (b"ietf!", b"QED8WEX0"),
    (b"", b""),
]


@pytest.mark.parametrize(("data", "text"), EXAMPLES)
def test_the_examples_of_the_standard(data: bytes, text: bytes) -> None:
    assert base45.encode(data) == text
    assert base45.decode(text) == data


@pytest.mark.parametrize(
    "text", [b"GGW", b":::", b"::", b"V5", b"A", b"BB8A", b"bb8", b"BB8\n", b"BB8\x00", "BBế".encode()]
)
def test_anything_else_is_malformed(text: bytes) -> None:
    with pytest.raises(MalformedData):
        base45.decode(text)


def test_a_space_is_a_character_also_at_the_beginning() -> None:
    assert base45.encode(base45.decode(b" 00")) == b" 00"


@settings(max_examples=5 * settings().max_examples)
@given(st.binary(max_size=200))
def test_what_was_encoded_is_decoded(data: bytes) -> None:
    assert base45.decode(base45.encode(data)) == data


def test_ten_thousand_texts_are_bytes_or_malformed(rounds: Callable[[int], range]) -> None:
    draw = random.Random(45)
    for number in rounds(10_000):
        size = draw.randrange(40)
        text = draw.randbytes(size) if number % 4 == 0 else bytes(draw.choices(base45.ALPHABET.encode(), k=size))
        try:
            decoded = base45.decode(text)
        except MalformedData:
            continue
        assert base45.encode(decoded) == text


@settings(max_examples=10 * settings().max_examples)
@given(st.text(base45.ALPHABET, max_size=12).map(str.encode) | st.binary(max_size=12))
def test_a_text_is_the_one_encoding_or_malformed(text: bytes) -> None:
    try:
        decoded = base45.decode(text)
    except MalformedData:
        return
    assert base45.encode(decoded) == text
