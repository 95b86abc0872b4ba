"""ADT messages, read by a library that is not ours, and the answers to them."""

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message
from hypothesis import given
from hypothesis import strategies as st

from kiosk.interop.hl7v2 import (
    Acknowledgement,
    Addresses,
    Answer,
    MalformedAnswer,
    adt_message,
    control_id,
    escaped,
    parse_answer,
)
from kiosk.interop.sink import VisitEvent
from kiosk.interop.visit import Cover, Happening, OpenedVisit

MakeVisit = Callable[..., OpenedVisit]
MakeEvent = Callable[..., VisitEvent]
NOW = datetime(2026, 11, 23, 0, 43, tzinfo=UTC)


def read(event: VisitEvent, visit: OpenedVisit) -> Any:
    text = adt_message(event, visit, Addresses(receiving_facility="BV"), now=NOW).decode("utf-8")
    # Our own segment is not in the standard's structure; the rest is held to it strictly.
    standard = "".join(f"{each}\r" for each in text.split("\r") if each and not each.startswith("ZKI"))
    return parse_message(standard, validation_level=VALIDATION_LEVEL.STRICT)


@pytest.mark.parametrize(
    ("happening", "trigger", "structure"),
    [
        (Happening.REGISTERED, "A04", "ADT_A01"),
        (Happening.UPDATED, "A08", "ADT_A01"),
        (Happening.CANCELLED, "A11", "ADT_A09"),
    ],
)
def test_each_event_is_a_message_of_the_standard(
    make_visit: MakeVisit, event: MakeEvent, happening: Happening, trigger: str, structure: str
) -> None:
    message = read(event(happening), make_visit())
    assert message.validate()
    assert message.msh.msh_9.to_er7() == f"ADT^{trigger}^{structure}"
    assert message.evn.evn_1.to_er7() == trigger
    assert message.msh.msh_12.to_er7() == "2.5"
    assert message.msh.msh_18.to_er7() == "UNICODE UTF-8"


def test_a_registration_says_who_came_where_and_with_what_cover(make_visit: MakeVisit, event: MakeEvent) -> None:
    message = read(event(), make_visit())
    pid = message.pid
    assert [(each.cx_1.to_er7(), each.cx_5.to_er7()) for each in pid.pid_3] == [
        ("036190999000", "NI"),
        ("GD4363690999000", "HC"),
        ("019ab000-0000-7000-8000-000000000001", "PI"),
    ]
    assert pid.pid_5.to_er7() == "Nguyễn^Mẫu^Thị Ước"
    assert (pid.pid_7.to_er7(), pid.pid_8.to_er7()) == ("19900115", "F")
    assert (message.pv1.pv1_2.to_er7(), message.pv1.pv1_3.to_er7()) == ("O", "noi^^^36999")
    assert message.pv1.pv1_44.to_er7() == "20261123074200+0700"
    in1 = message.adt_a01_insurance.in1
    assert (in1.in1_12.to_er7(), in1.in1_13.to_er7(), in1.in1_36.to_er7()) == (
        "20260101",
        "20271231",
        "GD4363690999000",
    )


@pytest.mark.parametrize(
    ("cover", "said"),
    [
        (Cover.IN_FORCE, True),
        (Cover.TO_CONFIRM, True),
        (Cover.NOT_ASKED, False),
        (Cover.NOT_IN_FORCE, False),
        (Cover.UNKNOWN, False),
    ],
)
def test_insurance_is_spoken_of_only_where_cover_was_found(
    make_visit: MakeVisit, event: MakeEvent, cover: Cover, said: bool
) -> None:
    made = adt_message(event(), make_visit(cover=cover), Addresses(), now=NOW)
    assert (b"\rIN1|" in made) is said


def test_our_own_segment_says_how_sure_it_is(make_visit: MakeVisit, event: MakeEvent) -> None:
    text = adt_message(event(), make_visit(recheck="reversed"), Addresses(), now=NOW).decode()
    assert "\rZKI|chip_genuine|chip|gateway|20261123074200+0700|000|reversed|7\r" in text
    assert "ZKI" not in adt_message(event(Happening.CANCELLED), make_visit(), Addresses(), now=NOW).decode()


@pytest.mark.parametrize(
    "changes",
    [
        {"room": None},
        {"person_insurance_number": None, "person_personal_number": None},
        {"person_birth": "1950"},
        {"person_birth": None, "person_sex": None},
        {"person_name": "Mẫu"},
        {"cover_source": None, "cover_result": None, "cover_as_of": None},
    ],
)
def test_what_is_not_known_is_empty(make_visit: MakeVisit, event: MakeEvent, changes: dict[str, Any]) -> None:
    assert read(event(), make_visit(**changes)).validate()


def test_a_visit_whose_person_was_erased_can_be_cancelled(make_visit: MakeVisit, event: MakeEvent) -> None:
    message = read(event(Happening.CANCELLED), make_visit(person=None))
    assert message.pid.pid_3.cx_1.to_er7() == "019ab000-0000-7000-8000-000000000001"


def test_what_a_name_holds_cannot_make_a_field(make_visit: MakeVisit, event: MakeEvent) -> None:
    hostile = "Lê|^~\\&\rPID|2"
    text = adt_message(event(), make_visit(person_name=hostile), Addresses(), now=NOW).decode()
    assert text.count("\rPID|") == 1
    assert r"Lê\F\\S\\R\\E\\T\^PID\F\2" in text
    assert read(event(), make_visit(person_name=hostile)).pid.pid_8.to_er7() == "F"


@given(st.text())
def test_an_escaped_text_has_no_separator(text: str) -> None:
    assert not set(escaped(text)) & set("|^~&\r\n\x0b\x1c")


def test_an_event_has_one_control_id_for_ever(event: MakeEvent, make_visit: MakeVisit) -> None:
    first, later = (adt_message(event(), make_visit(), Addresses(), now=at) for at in (NOW, NOW.replace(hour=5)))
    assert first != later
    assert {each.split(b"|")[9] for each in (first, later)} == {control_id(event().id).encode()}
    assert len(control_id(event().id)) == 20
    assert control_id(event().id) != control_id(event(id="another").id)


def answer(line: str, header: str = "MSH|^~\\&|HIS|BV|KIOSK|36999|20261123||ACK|1|P|2.5") -> bytes:
    return f"{header}\r{line}\r".encode()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("AA", Acknowledgement.ACCEPTED),
        ("CA", Acknowledgement.ACCEPTED),
        ("AE", Acknowledgement.ERROR),
        ("CE", Acknowledgement.ERROR),
        ("AR", Acknowledgement.REJECTED),
        ("CR", Acknowledgement.REJECTED),
    ],
)
def test_answers(code: str, said: Acknowledgement) -> None:
    assert parse_answer(answer(f"MSA|{code}|ABC|words")) == Answer(said=said, control_id="ABC")


def test_an_answer_with_other_separators_and_line_ends() -> None:
    assert parse_answer(b"MSH#^~\\&#HIS\nMSA#AA#ABC\n").control_id == "ABC"


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"MSH",
        b"\xff\xfe",
        b"HTTP/1.1 400 Bad Request\r\n",
        answer("MSA|AA"),
        answer("MSA|ZZ|ABC"),
        answer("ERR|AA|ABC"),
        answer("MSA|AA|ABC\rMSA|AE|ABC"),
    ],
)
def test_what_is_no_answer(message: bytes) -> None:
    with pytest.raises(MalformedAnswer):
        parse_answer(message)


@given(st.binary())
def test_any_bytes_are_an_answer_or_none(message: bytes) -> None:
    with contextlib.suppress(MalformedAnswer):
        assert parse_answer(b"MSH|^~\\&|" + message).said in set(Acknowledgement)
