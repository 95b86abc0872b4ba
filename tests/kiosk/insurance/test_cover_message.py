"""What two processes say to each other about cover: it comes through whole, or not at all."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idcard import BirthDate, Sex
from kiosk.domain.codes import Code
from kiosk.domain.cover_basis import Asked, Online, OnlineAnswer
from kiosk.domain.eligibility import Coverage, CoverReason, CoverSource, Eligibility, NextStep, Step
from kiosk.domain.worklist import Source
from kiosk.insurance.cover_message import (
    MalformedMessage,
    answer_bytes,
    answer_of,
    nothing_bytes,
    question_bytes,
    question_of,
)
from kiosk.insurance.sources import NoOnlineAnswer
from kiosk.insurance.staff_link import StaffLink

AT = datetime(2026, 11, 23, 1, tzinfo=UTC)
COVERAGE = Coverage(
    valid_from=date(2026, 1, 1),
    valid_to=None,
    benefit="4",
    home_clinic="36999",
    as_of=AT,
    insurance_number="3690999000",
    object_group="GD",
    source=CoverSource.GATEWAY,
)
ADMITS = OnlineAnswer(
    eligibility=Eligibility(code=None, reasons=(CoverReason.COVERED,), coverage=COVERAGE, result="000"),
    as_of=AT,
    shift_id="7",
)
REFUSES = OnlineAnswer(
    eligibility=Eligibility(
        code=Code.COVER_ENDED,
        reasons=(CoverReason.ENDED,),
        coverage=None,
        step=Step.NOT_COVERED,
        next=NextStep.LOOK_UP,
        result="010",
    ),
    as_of=AT,
    shift_id="7",
)


@pytest.mark.parametrize("birth", [BirthDate(year=1950), BirthDate(year=1950, month=2), BirthDate(year=1, month=1)])
def test_a_question_comes_through(birth: BirthDate) -> None:
    if birth.year < 1800:
        with pytest.raises(ValueError, match="year"):
            question_bytes(Asked(name="Nguyễn Thị Mẫu", birth=birth))
        return
    for sex in (*Sex, None):
        asked = Asked(name="Nguyễn Thị Mẫu", birth=birth, personal_number="036190999000", sex=sex, latin=True)
        assert question_of(question_bytes(asked)) == asked


@pytest.mark.parametrize(
    "odd",
    [
        {"name": ""},
        {"name": "Ạ" * 201},
        {"birth": BirthDate(year=1799)},
        {"personal_number": "0361 90"},
        {"insurance_number": "GD" * 20},
    ],
    ids=["no_name", "long_name", "old", "number", "long_number"],
)
def test_what_makes_no_question_is_said_so_and_shown_to_nobody(odd: dict[str, Any]) -> None:
    asked: dict[str, Any] = {"name": "Nguyễn Thị Mẫu", "birth": BirthDate(year=1990)}
    with pytest.raises(NoOnlineAnswer) as told:
        StaffLink("127.0.0.1", 9, token=bytes(32)).ask(Asked(**asked | odd))
    assert told.value.why is Online.UNASKABLE
    assert told.value.__cause__ is None
    assert told.value.__suppress_context__


@pytest.mark.parametrize("answer", [ADMITS, REFUSES])
def test_an_answer_comes_through(answer: OnlineAnswer) -> None:
    assert answer_of(answer_bytes(answer)) == answer


@pytest.mark.parametrize("why", [online for online in Online if online is not Online.ANSWERED])
def test_that_no_answer_came_comes_through(why: Online) -> None:
    with pytest.raises(NoOnlineAnswer) as told:
        answer_of(nothing_bytes(why))
    assert told.value.why is why


@pytest.mark.parametrize(
    "change",
    [
        {"step": "admit", "code": "E08"},
        {"step": "not_covered"},
        {"extra": 1},
        {"online": "down"},
        {"as_of": "2026-11-23T01:00:00"},
        {"reasons": ["unheard_of"]},
    ],
)
def test_a_changed_answer_is_none(change: dict[str, object]) -> None:
    content = json.loads(answer_bytes(ADMITS)) | change
    with pytest.raises(MalformedMessage):
        answer_of(json.dumps(content).encode())


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_message_or_a_refusal(content: bytes) -> None:
    with pytest.raises(MalformedMessage):
        question_of(content)
    with pytest.raises((MalformedMessage, NoOnlineAnswer)):
        answer_of(content)


@pytest.mark.parametrize("source", list(Source))
def test_who_says_it_crosses(source: Source) -> None:
    asked = Asked(name="Trần Thị Mẫu", birth=BirthDate(year=1990), personal_number="036190000001", source=source)
    assert question_of(question_bytes(asked)).source is source
