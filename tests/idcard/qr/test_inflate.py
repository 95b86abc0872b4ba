"""Inflating is bounded and leaves nothing unsaid."""

import random
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idcard.errors import BoundExceeded, IdCardError, MalformedData
from idcard.qr.inflate import MAX_INFLATED, inflate

STREAM = zlib.compress(b"what was compressed " * 9, 9)


def test_it_inflates() -> None:
    assert inflate(STREAM) == b"what was compressed " * 9


def test_a_bomb_stops_at_the_bound() -> None:
    assert len(inflate(zlib.compress(bytes(MAX_INFLATED), 9))) == MAX_INFLATED
    with pytest.raises(BoundExceeded):
        inflate(zlib.compress(bytes(MAX_INFLATED + 1), 9))
    with pytest.raises(BoundExceeded):
        inflate(zlib.compress(bytes(1 << 26), 9))


@pytest.mark.parametrize("data", [b"", b"x", STREAM[:-1], STREAM + b"\0", STREAM + STREAM, zlib.compress(b"a")[2:]])
def test_anything_but_one_whole_stream_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedData):
        inflate(data)


def test_every_changed_bit_is_noticed() -> None:
    for place in range(8 * len(STREAM)):
        changed = bytearray(STREAM)
        changed[place // 8] ^= 1 << place % 8
        with pytest.raises(IdCardError):
            inflate(bytes(changed))


def test_ten_thousand_changed_streams_inflate_or_are_refused(rounds: Callable[[int], range]) -> None:
    draw = random.Random(78)
    for _ in rounds(10_000):
        changed = bytearray(STREAM)
        for _ in range(draw.randrange(1, 4)):
            changed[draw.randrange(len(changed))] = draw.randrange(256)
        try:
            assert len(inflate(bytes(changed))) <= MAX_INFLATED
        except IdCardError:
            continue


@settings(max_examples=20 * settings().max_examples)
@given(st.binary(max_size=80) | st.binary(max_size=80).map(lambda data: b"\x78\x9c" + data))
def test_any_bytes_inflate_or_are_refused(data: bytes) -> None:
    try:
        inflated = inflate(data)
    except IdCardError:
        return
    assert len(inflated) <= MAX_INFLATED
