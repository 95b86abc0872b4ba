"""The cases that the serial scanner and the one that types have in common, and that halves of two cards never mix."""

import json
from pathlib import Path
from typing import Any

import pytest

from idcard import CardQr, IdCardError
from kiosk.domain.scans import Framing

CASES = json.loads((Path(__file__).parents[1] / "scans.json").read_text("utf-8"))
ONE = "036090999991||Nguyễn Thị Mẫu|15011990|Nữ|Số 1, Phố Mẫu, Đắk Lắk|01022022"
OTHER = "002091054321||Trần Thị Khác|02021991|Nữ|Số 9, Huế|03032023"
VARIANTS = [
    ONE,
    ONE.replace("||", "|012345678|"),
    ONE.replace("||", "|036090000001|"),
    ONE + "|Cha Mẫu|Mẹ Mẫu",
    ONE + "||",
]
OTHERS = [OTHER, OTHER.replace("||", "|876543210|"), OTHER.replace("||", "|002091000001|"), OTHER + "|x|y"]


def framed(sent: list[tuple[int, str]], until_ms: int) -> list[str]:
    """The texts that come of what is sent at those milliseconds, looked for every ten."""
    framing, rest, texts = Framing(), list(sent), []
    for now in range(0, until_ms, 10):
        while rest and rest[0][0] <= now:
            framing.feed(rest.pop(0)[1].encode(), now / 1000)
        text = framing.due(now / 1000)
        texts += [] if text is None else [text]
    return texts


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_serial_scanner(case: dict[str, Any]) -> None:
    sent = [(at, text) for at, text in case["sent"]]
    assert framed(sent, until_ms=sent[-1][0] + 1000) == case["gives"]


@pytest.mark.parametrize("one", VARIANTS)
@pytest.mark.parametrize("pause", [0, 60, 300, 2900])
def test_half_a_card_and_a_whole_one_make_no_third(one: str, pause: int) -> None:
    """Whatever was cut off, in one go or after a pause: what counts as a card is one of the two, to the last field."""
    for other in OTHERS:
        for cut in range(1, len(one)):
            for text in framed([(0, one[:cut]), (pause, other)], until_ms=pause + 700):
                try:
                    CardQr.parse(text)
                except IdCardError:
                    continue
                assert one.startswith(text) or text == other, (cut, text)
