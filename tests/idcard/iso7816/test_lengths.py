"""What cards say of the lengths that they take."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idcard.errors import IdCardError, MalformedData
from idcard.iso7816.atr_info import AtrInfo
from idcard.iso7816.atr_info import masked as masked_info
from idcard.iso7816.lengths import LONG, SHORT, CardCapabilities, Lengths, capabilities_of, historical_bytes, masked
from idcard.testing.behaviour import answer_to_reset


def test_a_simulated_card_says_what_it_takes() -> None:
    long, short = (capabilities_of(answer_to_reset(extended=extended)) for extended in (True, False))
    assert long is not None
    assert short is not None
    assert (long.extended_length, short.extended_length) == (True, False)
    assert long.command_chaining


def test_historical_bytes_of_a_proprietary_kind_say_nothing() -> None:
    assert capabilities_of(answer_to_reset(says_lengths=False)) is None


@pytest.mark.parametrize(
    ("historical", "extended"),
    [
        ("8073940140", True),
        ("8073940100", False),
        ("80318073940180", False),
        ("0073940140009000", True),
        ("80719400", None),
        ("8067010203040506", None),
        ("8073", None),
        ("", None),
        ("4A434F50", None),
    ],
)
def test_capabilities_in_compact_form(historical: str, extended: bool | None) -> None:
    value = bytes.fromhex(historical)
    found = capabilities_of(bytes([0x3B, 0x80 | len(value), 0x80, 0x01]) + value + b"\x00")
    if extended is None:
        assert found is None or not found.extended_length
    else:
        assert found is not None
        assert found.extended_length is extended


@pytest.mark.parametrize("atr", ["", "3B", "3BF5", "3B8F80", "3BFFFFFF"])
def test_an_answer_to_reset_that_is_cut_short(atr: str) -> None:
    with pytest.raises(MalformedData):
        historical_bytes(bytes.fromhex(atr))
    assert capabilities_of(bytes.fromhex(atr)) is None


def test_interface_bytes_are_passed_over() -> None:
    assert historical_bytes(bytes.fromhex("3BDA18FF81B1FE451F03" + "07" * 10 + "55")) == b"\x07" * 10


@pytest.mark.parametrize(
    ("answer", "within"),
    [(None, 32768), (1024, 1024), (256, 256), (0, 256), (100_000, 32768)],
)
def test_the_shortest_of_all_limits_counts(answer: int | None, within: int) -> None:
    assert LONG.within(answer).answer == within
    assert LONG.within(answer).extended is (within > 256)


def test_a_short_reader_stays_short() -> None:
    assert SHORT.within(4096, 4096) == Lengths(answer=256, command=255)


def test_capabilities_of_the_wrong_length() -> None:
    with pytest.raises(MalformedData):
        CardCapabilities.from_bytes(b"")
    assert CardCapabilities.from_bytes(b"\x00").logical_channels == 1


def test_atr_info_says_how_long() -> None:
    info = AtrInfo.from_bytes(bytes.fromhex("4703940180 7F6608 02020400 02020800".replace(" ", "")))
    assert (info.max_command, info.max_response) == (1024, 2048)
    assert info.capabilities is not None
    assert not info.capabilities.extended_length


@pytest.mark.parametrize("rest", ["", "0000", "FFFF", "7F66", "4805", "9F"])
def test_atr_info_ends_at_filling_or_at_what_is_cut_short(rest: str) -> None:
    info = AtrInfo.from_bytes(bytes.fromhex("4703940140" + rest))
    assert info.capabilities is not None
    assert info.capabilities.extended_length
    assert info.max_response is None


@pytest.mark.parametrize("raw", ["", "0000", "7F6600", "7F660402020400", "4700", "470500000000FF"])
def test_atr_info_of_another_form(raw: str) -> None:
    with pytest.raises(MalformedData):
        AtrInfo.from_bytes(bytes.fromhex(raw))


@given(st.binary(max_size=64))
def test_any_bytes_are_atr_info_or_an_error(data: bytes) -> None:
    with suppress(IdCardError):
        AtrInfo.from_bytes(data)
    assert isinstance(capabilities_of(data), CardCapabilities | None)


@pytest.mark.parametrize(
    ("atr", "shown"),
    [
        ("3B8B8001 80 521234 73000040 625678 AA", "3B8B8001 80 520000 73000040 620000 89"),
        ("3B858001 80 73000040 B7", "3B858001 80 73000040 B7"),
        ("3B07 00 521234 009000", "3B07 00 520000 009000"),
        ("3B848001 80 5F1234 EE", "3B848001 80 5F0000 DA"),
        ("3B848001 11 521234 AA", "3B848001 11 521234 AA"),
        ("3B8F80", ""),
    ],
    ids=["numbers", "none", "status behind them", "cut short", "no data objects", "not understood"],
)
def test_an_answer_to_reset_is_shown_without_numbers(atr: str, shown: str) -> None:
    assert masked(bytes.fromhex(atr)) == bytes.fromhex(shown)


@given(st.binary(max_size=40))
def test_whatever_an_answer_to_reset_says_masking_changes_no_capability(atr: bytes) -> None:
    shown = masked(atr)
    assert masked(shown) == shown
    assert capabilities_of(shown) == capabilities_of(atr)


def test_atr_info_is_shown_without_numbers() -> None:
    raw = bytes.fromhex("430101 4503313233 4703940180 460411223344 7F660802020400020208 00 5F52 02")
    shown = masked_info(raw)
    assert shown == bytes.fromhex("430101 4503000000 4703940180 460400000000 7F660802020400020208 00 0000 00")
    assert masked_info(shown) == shown
