"""The two forms of an answer: the newest for whoever says that they read it, the first for everybody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.wire.batch import SECOND_VISITS, BatchAnswer, Quarantined, Stream, make_answer, read_answer
from kiosk.wire.cbor import decode_map, encode
from kiosk.wire.errors import MalformedMessage, UnknownVersion


def visit(number: int) -> bytes:
    drawn = bytearray(number.to_bytes(16, "big"))
    drawn[6], drawn[8] = 0x70, 0x80
    return bytes(drawn)


def answer(seconds: int = 0) -> BatchAnswer:
    return BatchAnswer(
        at=1_795_000_000_000,
        hlc=1_795_000_000_000 << 16,
        emergency=2,
        streams={"desk-1": Stream(acked_through=3, seen=9, gaps=((4, 5), (7, 7)))},
        quarantined=(Quarantined(index=0, reason="fork", settled=True),),
        second_visits=tuple(visit(number) for number in range(seconds)),
    )


@given(st.integers(0, SECOND_VISITS))
def test_the_newest_form_says_which_visits_were_second_ones(many: int) -> None:
    assert read_answer(make_answer(answer(many), version=2)) == answer(many)


def test_the_first_form_stays_as_it_was() -> None:
    assert read_answer(make_answer(answer(3))) == answer(0)
    assert decode_map(make_answer(answer(3)), where="answer", limit=4096).keys() == {
        "v",
        "at",
        "hlc",
        "emergency",
        "streams",
        "quarantined",
    }


def test_no_more_are_named_than_an_answer_holds() -> None:
    assert len(read_answer(make_answer(answer(SECOND_VISITS + 5), version=2)).second_visits) == SECOND_VISITS


def test_a_form_that_nobody_knows_and_one_with_other_fields_are_refused() -> None:
    whole = decode_map(make_answer(answer(1), version=2), where="answer", limit=4096)
    with pytest.raises(UnknownVersion):
        read_answer(encode(whole | {"v": 3}))
    for wrong in (whole | {"v": 1}, whole | {"v": None}, whole | {"second_visits": [b"short"]}, whole | {"more": 1}):
        with pytest.raises(MalformedMessage):
            read_answer(encode(wrong))


@pytest.mark.parametrize("reason", [[], {}, 1, None, b"fork", "another"])
def test_a_reason_that_is_none_is_malformed(reason: object) -> None:
    content = decode_map(make_answer(answer()), where="answer", limit=4096)
    content["quarantined"][0]["reason"] = reason
    with pytest.raises(MalformedMessage):
        read_answer(encode(content))
