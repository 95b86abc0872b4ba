"""Byte streams of scanners, whole and mangled, made into texts by quiet time and completeness."""

import itertools
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.scans import MAX_BYTES, Framing, is_complete, is_cut_short, lacks_only_its_date, scanned_text

CARD = "036090999991||Nguyễn Thị Mẫu|15011990|Nữ|Số 1, Phố Mẫu, Đắk Lắk|01022022"
CARD_2024 = CARD.replace("||", "|012345678|", 1) + "|Nguyễn Văn Cha|Trần Thị Mẹ"
INSURANCE = (
    "3699999999|4e677579e1bb856e2056c4836e205468e1bbad|15/01/1990|1|-|36 - 001|01/01/2025|-|01/01/2025|"
    "00000000000000|-|4| 01/01/2027|0000000000000000-0000|4|487579e1bb876e204de1baab75|$"
)
OTHER = "HC1:6BFOXN*TS0BI$ZDYSHTRM"


def through(*sent: tuple[float, bytes], until: float = 10.0) -> list[str]:
    """The texts that come of parts sent at those times, looked for every ten milliseconds."""
    framing, texts, rest = Framing(), [], list(sent)
    for tick in range(round(until * 100)):
        now = tick / 100
        while rest and rest[0][0] <= now:
            framing.feed(rest.pop(0)[1], now)
        text = framing.due(now)
        if text is not None:
            texts.append(text)
    return texts


@pytest.mark.parametrize("text", [CARD, CARD_2024, INSURANCE, OTHER])
@pytest.mark.parametrize("ending", [b"", b"\r", b"\r\n", b"\n", b"\x00", b"\t"])
def test_a_whole_text_whatever_ends_it(text: str, ending: bytes) -> None:
    assert through((0, text.encode() + ending)) == [text]


@pytest.mark.parametrize("text", [CARD, CARD_2024, INSURANCE])
def test_enter_in_the_middle_does_not_cut(text: str) -> None:
    sent = text.encode()
    for place in range(1, len(sent), 7):
        assert through((0, sent[:place] + b"\r\n" + sent[place:] + b"\r"), until=0.5) == [text]


@pytest.mark.parametrize("text", [CARD, INSURANCE])
def test_bursts_with_pauses_make_one_text(text: str) -> None:
    sent = text.encode()
    parts = [(0.3 * number, sent[place : place + 20]) for number, place in enumerate(range(0, len(sent), 20))]
    assert through(*parts) == [text]


def test_a_complete_text_waits_eighty_milliseconds_another_a_hundred_and_fifty() -> None:
    for text, wait_s in ((CARD, 0.08), (INSURANCE, 0.08), (OTHER, 0.15)):
        framing = Framing()
        framing.feed(text.encode(), 1.0)
        assert framing.due(1.0 + wait_s - 0.005) is None
        assert framing.due(1.0 + wait_s + 0.005) == text
        assert framing.due(1.0 + wait_s + 0.006) is None


def test_the_rest_of_a_2024_card_belongs_to_it() -> None:
    """Seven fields are complete; more may follow within the short quiet."""
    head, tail = CARD_2024[:-25].encode(), CARD_2024[-25:].encode()
    assert through((0, head), (0.05, tail)) == [CARD_2024]


def test_half_a_card_is_forgotten_and_does_not_spoil_the_next() -> None:
    half = CARD.encode()[:40]
    assert through((0, half)) == []
    assert through((0, half), (3.5, CARD.encode())) == [CARD]


def test_two_scans_are_two_texts() -> None:
    assert through((0, CARD.encode() + b"\r"), (0.2, INSURANCE.encode() + b"\r")) == [CARD, INSURANCE]


def test_what_is_longer_than_any_code_is_dropped_up_to_the_next_quiet() -> None:
    flood = [(number / 100, b"x" * 1000) for number in range(20)]
    assert through(*flood, (1.0, CARD.encode())) == [CARD]
    assert through((0, b"x" * MAX_BYTES)) == ["x" * MAX_BYTES]


def test_code_page_1252_is_recovered() -> None:
    text = "036090999991||Lê Hòa Bình|15011990|Nam|Hà Nam – Thanh Trì|01022022"
    assert scanned_text(text.encode("cp1252")) == text


def test_bytes_that_no_code_page_has_are_kept_apart() -> None:
    assert len({scanned_text(bytes([code, 0xFF])) for code in range(0x80, 0x100)}) == 0x80


def test_utf_8_that_was_taken_for_code_page_1252_is_recovered() -> None:
    spoilt = "".join(
        bytes([byte]).decode("cp1252") if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else chr(byte)
        for byte in CARD.encode()
    )
    assert spoilt != CARD
    assert scanned_text(spoilt.encode()) == CARD


def test_a_byte_order_mark_goes() -> None:
    assert scanned_text(b"\xef\xbb\xbf" + CARD.encode()) == CARD


@pytest.mark.parametrize("text", [CARD, CARD_2024, INSURANCE, "Hà", "é", "Lê Văn Bình", "Trần", "Đặng Thị Ánh", ""])
def test_what_is_right_stays(text: str) -> None:
    assert scanned_text(text.encode()) == text


def test_every_beginning_of_a_text_is_cut_short_and_only_the_whole_is_complete() -> None:
    for text in (CARD, INSURANCE):
        start = text.index("|") + 1
        for end in range(start, len(text)):
            assert is_cut_short(text[:end]), end
            assert not is_complete(text[:end]), end
        assert is_complete(text)
        assert not is_cut_short(text)


@given(st.lists(st.tuples(st.floats(0, 0.5), st.binary(max_size=60)), max_size=12))
def test_any_bytes_at_any_time(parts: list[tuple[float, bytes]]) -> None:
    times = itertools.accumulate(pause for pause, _ in parts)
    texts = through(*zip(times, (sent for _, sent in parts), strict=True))
    sent = sum(len(part) for _, part in parts)
    assert sum(len(text) for text in texts) <= sent
    assert all(text and "\r" not in text for text in texts)


@given(st.text(max_size=200))
def test_any_utf_8_is_a_text(text: str) -> None:
    assert isinstance(scanned_text(text.encode("utf-8", "replace")), str)


def test_ten_thousand_mangled_streams_end_in_whole_texts_or_nothing(rounds: Callable[[int], range]) -> None:
    """Bytes lost and put in, Enter anywhere, bursts with pauses: no half card is ever taken for a whole one."""
    draw = random.Random(23)
    for _ in rounds(10_000):
        sent = bytearray(draw.choice([CARD, CARD_2024, INSURANCE, OTHER]).encode())
        for _ in range(draw.randrange(3)):
            at = draw.randrange(len(sent))
            new = draw.choice([b"", b"\r", b"\r\n", b"|", b"\xff", b"\x00", bytes(sent[at : at + 9])])
            sent[at : at + draw.randrange(2)] = new
        framing, now = Framing(), 0.0
        while sent:
            burst = draw.randrange(1, 64)
            framing.feed(bytes(sent[:burst]), now)
            del sent[:burst]
            now += draw.choice([0.005, 0.02, 0.1, 0.2, 0.5, 4.0])
            assert is_none_or_whole(framing.due(now))
        assert is_none_or_whole(framing.due(now + 0.5))
        assert framing.due(now + 5) is None


def is_none_or_whole(text: str | None) -> bool:
    whole = text is not None and (not is_cut_short(text) or lacks_only_its_date(text))
    return text is None or (bool(text) and whole and not set(text) & set("\r\n\t\x00"))
