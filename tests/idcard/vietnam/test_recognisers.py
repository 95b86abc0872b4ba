"""What Vietnamese codes are called."""

import random
from collections.abc import Callable

import pytest

from idcard.errors import IdCardError, MalformedData
from idcard.qr.recognise import UNKNOWN, recognise
from idcard.vietnam.bhyt_card import BhytCard
from idcard.vietnam.card_qr import CardQr
from idcard.vietnam.recognisers import BHYT_CARD, CARD_QR, RECOGNISERS, VNEID
from idcard.vietnam.vneid import VneidCode

LINE = "036090999991||Nguyễn Văn Thử|15011990|Nam|Số 1, Phố Mẫu, Nam Định|01022022"
NAME = "Nguyễn Văn Thử".encode().hex()
INSURANCE_LINES = [
    f"GD4363699999991|{NAME}|15/01/1990|1|-|36 - 001|01/01/2026|31/12/2026|01/01/2026|$",
    f"3699999991|{NAME}|1990|1|-|36 – 001|01/01/2026|-|01/01/2026|36|-|4| 01/01/2030|a1|5|6|$",
    f"TE1363699999991|{NAME.upper()}|15/01/2022|1|-|36 - 001|01/01/2026|-|01/01/2026|$",
]


def test_the_card_qr_is_parsed() -> None:
    recognised = recognise(LINE.encode(), RECOGNISERS)
    assert recognised.format == CARD_QR
    assert recognised.document == CardQr.parse(LINE)


@pytest.mark.parametrize("text", INSURANCE_LINES)
def test_the_insurance_card_is_parsed(text: str) -> None:
    recognised = recognise(text.encode(), RECOGNISERS)
    assert recognised.format == BHYT_CARD
    assert recognised.document == BhytCard.parse(text)


@pytest.mark.parametrize(
    "payload", [b"vneid://x", b"https://vneid.gov.vn/qr?t=1", b"HTTPS://api.VNeID.gov.vn/a", b"https://vneid.gov.vn"]
)
def test_a_link_to_vneid_is_recognised_and_not_read(payload: bytes) -> None:
    recognised = recognise(payload, RECOGNISERS)
    assert recognised.format == VNEID
    assert recognised.document == VneidCode(payload=payload)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"HC1:6BF",
        b"\xdc\x03\xff",
        b"036090999991",
        b"3699999991|zz|",
        b"3699999991||",
        b"https://vneid.gov.vn.example/",
        b"https://evil-vneid.gov.vn",
        b"http://vneid.gov.vn/",
        b"vneid: x",
    ],
)
def test_anything_else_is_unknown(payload: bytes) -> None:
    assert recognise(payload, RECOGNISERS).format == UNKNOWN


def test_what_looks_like_a_card_and_is_none_is_malformed() -> None:
    with pytest.raises(MalformedData):
        recognise(LINE.replace("Nam|", "?|").encode(), RECOGNISERS)


def test_ten_thousand_changed_codes_are_recognised_or_refused(rounds: Callable[[int], range]) -> None:
    """Cards of both generations, insurance cards and VNeID's links, with characters changed, lost and doubled."""
    draw = random.Random(12)
    longer = LINE.replace("||", "|012345678|") + "|Nguyễn Văn Cha|Trần Thị Mẹ|1|2"
    seeds = [text.encode() for text in (LINE, LINE, longer, longer, *INSURANCE_LINES, "vneid://a/b")]
    kinds = {CARD_QR: CardQr, BHYT_CARD: BhytCard, VNEID: VneidCode, UNKNOWN: type(None)}
    for _ in rounds(10_000):
        text = bytearray(draw.choice(seeds))
        for _ in range(draw.randrange(1, 4)):
            at = draw.randrange(len(text))
            new = draw.choices(b"|0129-/ aN\xc4\x83\xcc\x81\x00", k=draw.randrange(3))
            text[at : at + draw.randrange(3)] = bytes(new)
        try:
            found = recognise(bytes(text), RECOGNISERS)
        except IdCardError:
            continue
        assert type(found.document) is kinds[found.format]


@pytest.mark.parametrize("parse", [CardQr.from_bytes, BhytCard.from_bytes])
def test_no_error_carries_the_bytes_along(parse: Callable[[bytes], object]) -> None:
    with pytest.raises(MalformedData) as caught:
        parse(LINE.encode() + b"\xff")
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("fields", [5, 6])
def test_a_card_that_is_cut_short_is_said_to_be(fields: int) -> None:
    with pytest.raises(MalformedData, match="cut short"):
        recognise("|".join(LINE.split("|")[:fields]).encode(), RECOGNISERS)
