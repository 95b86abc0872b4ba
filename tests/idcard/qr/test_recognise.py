"""Formats are named by the recognisers that are given, in their order."""

import pytest

from idcard.errors import BoundExceeded, MalformedData
from idcard.qr.recognise import UNKNOWN, Recogniser, recognise


def refuse(payload: bytes) -> object:
    """A strict parser that does not like what it gets."""
    raise MalformedData("no", where="B")


A = Recogniser(format="a", looks_like=lambda payload: payload.startswith(b"A"), parse=bytes.lower)
ALSO_A = Recogniser(format="also a", looks_like=lambda payload: payload.startswith(b"A"))
B = Recogniser(format="b", looks_like=lambda payload: payload.startswith(b"B"), parse=refuse)
NAMED = Recogniser(format="named", looks_like=lambda payload: payload.startswith(b"N"))


def test_the_first_that_knows_it_parses_it() -> None:
    recognised = recognise(b"ABC", (B, A, ALSO_A))
    assert (recognised.format, recognised.document, recognised.payload) == ("a", b"abc", b"ABC")


def test_a_format_may_only_be_named() -> None:
    recognised = recognise(b"N", (A, NAMED))
    assert (recognised.format, recognised.document) == ("named", None)


@pytest.mark.parametrize("recognisers", [(), (A, B, NAMED)])
def test_nothing_fits(recognisers: tuple[Recogniser, ...]) -> None:
    assert recognise(b"?", recognisers).format == UNKNOWN


def test_a_format_that_is_not_followed_is_an_error() -> None:
    with pytest.raises(MalformedData):
        recognise(b"B", (A, B))


def test_more_than_a_symbol_can_hold_is_refused() -> None:
    with pytest.raises(BoundExceeded):
        recognise(b"A" * 8193, (A,))


@pytest.mark.parametrize(("payload", "name"), [(b"I1", "one"), (b"I2", "two"), (b"I3", UNKNOWN), (b"J1", UNKNOWN)])
def test_formats_that_look_alike_are_told_apart_inside(payload: bytes, name: str) -> None:
    alike = Recogniser(
        format="alike",
        looks_like=lambda payload: payload.startswith(b"I"),
        inside=lambda payload: {b"1": "one", b"2": "two"}.get(payload[1:]),
    )
    assert recognise(payload, (alike,)).format == name


def test_it_prints_as_nothing() -> None:
    assert repr(recognise(b"ABC", (A,))) == "Recognised(a, 3 bytes)"
