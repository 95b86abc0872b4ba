"""A closed reader on the network: its events over a real Socket.IO line become a visit, or the way to the desk."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select

from idcard import CLOSED_READER, File
from kiosk.demo.hn212_twin import Hn212Twin
from kiosk.device_config import EventShape
from kiosk.devices.hn212 import Hn212, word_of
from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code
from kiosk.domain.flow import Screen
from kiosk.ports import CardFiles, ReaderTrouble, SeenCard
from kiosk.services.closed_side import ClosedReaderThread
from kiosk.store.tables import Visit

# The fixture's class lives in conftest.py, from which nothing can be imported.
Kiosk = Any


@pytest.fixture
def twin() -> Iterator[Hn212Twin]:
    twin = Hn212Twin()
    yield twin
    twin.close()


@pytest.fixture
def reader(twin: Hn212Twin) -> Iterator[Hn212]:
    reader = Hn212("127.0.0.1", twin.port, again_s=0.05)
    reader.wait(0.01)
    assert twin.wait_for_call()
    yield reader
    reader.close()


@pytest.fixture
def thread(kiosk: Kiosk, reader: Hn212) -> ClosedReaderThread:
    kiosk.reader._card_reader._closed_policy = CLOSED_READER
    return ClosedReaderThread(reader=reader, card_reader=kiosk.reader._card_reader, patient=kiosk.patient)


def files_of(kiosk: Kiosk, who: str, **manner: Any) -> dict[str, bytes]:
    """What a closed reader would find on this person's card."""
    card = kiosk.card(who, **manner)
    return {name: card.files[File[name.upper()]] for name in ("dg2", "dg13", "dg14", "dg15", "sod")}


def until(thread: ClosedReaderThread, true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true() and time.monotonic() < deadline:
        thread.turn()
    assert true()


def shown(kiosk: Kiosk, screen: Screen) -> Callable[[], bool]:
    return lambda: kiosk.screen is screen


def test_the_files_of_a_closed_reader_lead_to_a_ticket_on_a_rung_of_their_own(
    kiosk: Kiosk, twin: Hn212Twin, thread: ClosedReaderThread
) -> None:
    twin.see_card()
    until(thread, shown(kiosk, Screen.READING))
    twin.tell_text({"idCode": "036199900001", "personName": "Ai Đó"})
    twin.hand_over(files_of(kiosk, "insured"))
    until(thread, shown(kiosk, Screen.CONFIRM))
    assert kiosk.view.masked_name == "TRẦN THỊ M**"
    kiosk.patient.choose_room("noi")
    assert kiosk.screen is Screen.TICKET
    (row,) = kiosk.staff.admissions(10)
    assert (row.assurance, row.proved_by) == (Assurance.CLOSED_READER, "reader")
    with kiosk.database.read() as session:
        [visit] = session.scalars(select(Visit).where(Visit.state == "admitted"))
        assert (visit.card, visit.readings, visit.shown_code is None) == ("cccd_2021", 1, True)
    outcomes = {fact["name"]: fact["outcome"] for fact in row.facts["facts"]}
    assert (outcomes["access"], outcomes["genuine_chip"]) == ("not_performed", "not_performed")
    assert outcomes["signature"] == outcomes["trust"] == "passed"


def test_where_the_clinic_does_not_take_its_word_people_go_to_the_desk(
    kiosk: Kiosk, twin: Hn212Twin, thread: ClosedReaderThread
) -> None:
    kiosk.reader._card_reader._closed_policy = None
    twin.see_card()
    twin.hand_over(files_of(kiosk, "insured"))
    until(thread, shown(kiosk, Screen.DESK))
    (ticket,) = kiosk.staff.desk_tickets()
    assert (ticket.code, ticket.assurance) == (Code.UNKNOWN_CARD, Assurance.CLOSED_READER)
    assert ticket.reasons == ("closed_reader",)
    assert ticket.person.name == "Trần Thị Mẫu"


def test_the_files_of_one_card_with_the_signature_of_another_are_a_suspicion(
    kiosk: Kiosk, twin: Hn212Twin, thread: ClosedReaderThread
) -> None:
    mixed = files_of(kiosk, "insured") | {"sod": files_of(kiosk, "old")["sod"]}
    twin.see_card()
    twin.hand_over(mixed)
    until(thread, shown(kiosk, Screen.DESK))
    assert kiosk.view.desk.public_code == "E04"
    (ticket,) = kiosk.staff.desk_tickets()
    assert ticket.code is Code.NOT_GENUINE


@pytest.mark.parametrize("fault", ["error", "half", "garbage", "text", "no_bytes"])
def test_trouble_asks_for_the_card_again_and_at_last_for_the_desk(
    kiosk: Kiosk, twin: Hn212Twin, thread: ClosedReaderThread, fault: str
) -> None:
    files = files_of(kiosk, "insured")
    acts: dict[str, Callable[[], None]] = {
        "error": twin.fail,
        "half": lambda: twin.hand_over(files, leave_out=("sod",)),
        "garbage": lambda: twin.tell([1, 2, 3]),
        "text": lambda: twin.tell("}{"),
        "no_bytes": lambda: twin.tell({"id": 4, "data": {"sod": "%%%", "dg13": 7}}),
    }
    for _ in range(2):
        twin.see_card()
        until(thread, shown(kiosk, Screen.READING))
        acts[fault]()
        until(thread, shown(kiosk, Screen.PUT_BACK))
    twin.see_card()
    until(thread, shown(kiosk, Screen.READING))
    acts[fault]()
    until(thread, shown(kiosk, Screen.DESK))
    assert kiosk.view.desk.public_code == "E02"


def test_trouble_while_nobody_stands_there_shows_nothing(
    kiosk: Kiosk, twin: Hn212Twin, thread: ClosedReaderThread
) -> None:
    twin.fail()
    twin.tell("nonsense")
    for _ in range(4):
        thread.turn()
    assert kiosk.screen is Screen.ATTRACT
    assert kiosk.staff.desk_tickets() == ()


def test_the_next_card_takes_the_screen_from_a_name_that_stands_there(
    kiosk: Kiosk, twin: Hn212Twin, thread: ClosedReaderThread
) -> None:
    twin.see_card()
    twin.hand_over(files_of(kiosk, "insured"))
    until(thread, shown(kiosk, Screen.CONFIRM))
    twin.see_card()
    until(thread, shown(kiosk, Screen.READING))
    twin.hand_over(files_of(kiosk, "old"))
    until(thread, shown(kiosk, Screen.CONFIRM))
    assert kiosk.view.birth_year == "1950"


def test_a_line_that_is_cut_is_called_again_and_a_lost_reader_is_told(
    kiosk: Kiosk, twin: Hn212Twin, thread: ClosedReaderThread, reader: Hn212
) -> None:
    thread.turn()
    twin.cut()
    until(thread, lambda: not kiosk.view.reader_ok)
    until(thread, lambda: reader.connected)
    assert twin.wait_for_call()
    until(thread, lambda: kiosk.view.reader_ok)
    twin.see_card()
    twin.hand_over(files_of(kiosk, "insured"))
    until(thread, shown(kiosk, Screen.CONFIRM))


def test_files_are_taken_as_they_are_spelt_and_the_face_is_never_kept() -> None:
    files = {"sod": b"\x77\x01", "dg13": b"\x6d\x00", "dg2": b"face", "portrait": b"face"}
    spelt = {name: base64.b64encode(data).decode() for name, data in files.items()}
    shape = EventShape()
    word = word_of({"id": 4, "data": spelt}, shape)
    assert isinstance(word, CardFiles)
    assert word.files == {"sod": b"\x77\x01", "dg13": b"\x6d\x00"}
    assert "77" not in repr(word)
    assert word_of(json.dumps({"id": 4, "data": json.dumps(spelt)}), shape) == word
    beside = EventShape(kind="event_id", body="", spelling="hex")
    assert word_of({"event_id": 4, **{name: data.hex() for name, data in files.items()}}, beside) == word
    assert word_of({"id": 1}, shape) == SeenCard()
    assert word_of({"id": 2, "data": {"personName": "…"}}, shape) is None
    assert word_of({"id": 4, "data": {"sod": "A" * 200_000, "dg13": "bQA="}}, shape) == ReaderTrouble()
    assert word_of(None, shape) == ReaderTrouble()
