"""Reading files from cards with manners of their own, driven by hand; each manner has been seen on real cards."""

from collections.abc import Callable

import pytest

from idcard.encoding import tlv
from idcard.errors import CommandRefused, MalformedData
from idcard.iso7816.apdu import CommandApdu, ResponseApdu
from idcard.iso7816.files import FileReader, Window, select_application
from idcard.iso7816.lengths import LONG, Lengths
from idcard.iso7816.procedure import Procedure, chained, exchange
from idcard.iso7816.status import StatusWord

Answer = Callable[[CommandApdu], ResponseApdu]
FILE = tlv.build(0x75, bytes(range(256)) * 8)


def drive(procedure: Procedure[bytes], answer: Answer) -> tuple[bytes, list[CommandApdu]]:
    asked: list[CommandApdu] = []
    try:
        command = next(procedure)
        while len(asked) < 5_000:
            asked.append(command)
            command = procedure.send(answer(command))
    except StopIteration as done:
        return done.value, asked
    raise AssertionError("it goes on for ever")


def card(file: bytes, refuse: Callable[[CommandApdu, int], int | None], capacity: int = 256) -> Answer:
    """A card that refuses what ``refuse(command, offset)`` gives a status word for."""

    def answer(command: CommandApdu) -> ResponseApdu:
        offset = 0 if command.p1 & 0x80 else command.p1 << 8 | command.p2
        if command.ins == 0xB1:
            offset = int.from_bytes(tlv.parse_one(command.data, 0x54).value)
        sw = refuse(command, offset)
        if sw is not None:
            return ResponseApdu(sw=sw)
        part = file[offset : offset + min(command.le or 0, capacity)]
        if command.ins == 0xB1:
            part = tlv.build(0x53, file[offset : offset + min(command.le or 0, capacity) - 4])
        return ResponseApdu(data=part, sw=StatusWord.OK)

    return answer


def read(answer: Answer, window: Window | None = None) -> tuple[bytes, list[CommandApdu], FileReader]:
    reader = FileReader(window=window or Window())
    data, asked = drive(reader.read(fid=0x0102, sfi=2, name="DG2"), answer)
    return data, asked, reader


@pytest.mark.parametrize(("limit", "sw"), [(192, 0x6700), (160, 0x6700), (33, 0x6700)])
def test_a_refused_length_is_asked_smaller_and_remembered(limit: int, sw: int) -> None:
    data, asked, reader = read(card(FILE, lambda command, _: sw if (command.le or 0) > limit else None))
    assert data == FILE
    assert reader.window.most is not None
    assert reader.window.most <= limit
    refusals = sum((command.le or 0) > limit for command in asked)
    assert refusals <= 8
    assert all((command.le or 0) <= limit for command in asked[refusals:])


@pytest.mark.parametrize("sw", [0x6B00, 0x6282])
def test_a_length_past_the_end_of_a_small_file(sw: int) -> None:
    """As in Russia and Spain: from then on the header is asked for first, and nothing shrinks."""
    small = tlv.build(0x61, bytes(93))
    data, asked, reader = read(card(small, lambda command, at: sw if at + (command.le or 0) > len(small) else None))
    assert data == small
    assert [command.le for command in asked] == [256, 6, 89]
    assert reader.window.most is None
    data, asked = drive(
        reader.read(fid=0x0102, sfi=2, name="DG2"),
        card(FILE, lambda command, at: sw if at + (command.le or 0) > len(FILE) else None),
    )
    assert data == FILE
    assert asked[0].le == 6


@pytest.mark.parametrize("sw", [0x6B00, 0x6282])
def test_a_file_shorter_than_it_says(sw: int) -> None:
    short = FILE[:600]
    with pytest.raises(MalformedData, match="ends before"):
        read(card(short, lambda _, at: sw if at >= len(short) else None))


def test_a_card_that_takes_no_length_at_all_is_refused() -> None:
    with pytest.raises(CommandRefused) as caught:
        read(card(FILE, lambda *_: 0x6700))
    assert caught.value.sw == 0x6700


def test_a_card_without_short_identifiers_is_asked_by_select() -> None:
    def refuse(command: CommandApdu, _: int) -> int | None:
        if command.ins == 0xA4:
            return 0x9000
        return 0x6A86 if command.p1 & 0x80 else None

    data, asked, _ = read(card(FILE, refuse))
    assert data == FILE
    assert [command.ins for command in asked[:3]] == [0xB0, 0xA4, 0xB0]


def test_long_answers_take_one_command() -> None:
    data, asked, _ = read(card(FILE, lambda *_: None, capacity=40_000), Window(lengths=LONG))
    assert data == FILE
    assert len(asked) == 1
    assert asked[0].extended


def test_a_card_that_gives_less_than_its_length_is_asked_on() -> None:
    data, asked, _ = read(card(FILE, lambda *_: None, capacity=1000), Window(lengths=LONG))
    assert data == FILE
    assert len(asked) == 3


@pytest.mark.parametrize("size", [40_000, 70_000])
@pytest.mark.parametrize("lengths", [Lengths(), Lengths(answer=4096), LONG])
def test_beyond_32_kilobytes_the_offset_is_a_data_object(size: int, lengths: Lengths) -> None:
    file = tlv.build(0x75, bytes(range(200)) * (size // 200))
    data, asked, _ = read(card(file, lambda *_: None, capacity=lengths.answer), Window(lengths=lengths))
    assert data == file
    odd = [command for command in asked if command.ins == 0xB1]
    assert odd
    assert all(tlv.parse_one(command.data, 0x54) for command in odd)


def test_an_odd_answer_without_its_data_object() -> None:
    file = tlv.build(0x75, bytes(40_000))

    def answer(command: CommandApdu) -> ResponseApdu:
        honest = card(file, lambda *_: None)(command)
        return ResponseApdu(data=b"\x54\x00", sw=0x9000) if command.ins == 0xB1 else honest

    with pytest.raises(MalformedData):
        read(answer)


def test_what_came_of_a_broken_file_is_kept() -> None:
    reader = FileReader()
    with pytest.raises(MalformedData):
        drive(reader.read(fid=0x0102, sfi=2, name="DG2"), card(FILE[:700], lambda *_: None))
    assert reader.came == FILE[:700]


def nothing(procedure: Procedure[None]) -> Procedure[bytes]:
    yield from procedure
    return b""


@pytest.mark.parametrize("sw", [0x6700, 0x6A86, 0x6A81])
def test_an_application_that_wants_to_answer_its_selection(sw: int) -> None:
    def answer(command: CommandApdu) -> ResponseApdu:
        return ResponseApdu(sw=sw if command.le is None else 0x9000)

    _, asked = drive(nothing(select_application(b"\xa0\x00")), answer)
    assert [command.le for command in asked] == [None, 256]


def test_an_application_that_is_not_there_is_asked_for_once() -> None:
    asked: list[CommandApdu] = []

    def answer(command: CommandApdu) -> ResponseApdu:
        asked.append(command)
        return ResponseApdu(sw=0x6A82)

    with pytest.raises(CommandRefused):
        drive(nothing(select_application(b"\xa0\x00")), answer)
    assert len(asked) == 1


def one(command: CommandApdu) -> Procedure[bytes]:
    return (yield from exchange(command)).data


def test_long_data_goes_out_as_a_chain_of_short_commands() -> None:
    pieces = b""
    long = CommandApdu(ins=0x22, p1=0x41, p2=0xA6, data=bytes(range(256)) * 2, le=65536, extended=True)

    def answer(command: CommandApdu) -> ResponseApdu:
        nonlocal pieces
        pieces += command.data
        assert len(command.to_bytes()) <= 261
        return ResponseApdu(data=b"" if command.cla & 0x10 else b"done", sw=0x9000)

    data, asked = drive(chained(one(long), short_only=True), answer)
    assert data == b"done"
    assert pieces == long.data
    assert [command.cla for command in asked] == [0x10, 0x10, 0x00]


def test_a_chain_that_is_refused_ends_there() -> None:
    long = CommandApdu(ins=0x22, data=bytes(600))
    _, asked = drive(chained(one(long), short_only=True), lambda _: ResponseApdu(sw=0x6884))
    assert len(asked) == 1


@pytest.mark.parametrize("le", [None, 256, 65536])
def test_a_long_form_is_shortened_where_only_short_ones_work(le: int | None) -> None:
    command = CommandApdu(ins=0x88, data=bytes(8), le=le, extended=True)
    _, asked = drive(chained(one(command), short_only=True), lambda _: ResponseApdu(sw=0x9000))
    assert [(each.extended, each.le) for each in asked] == [(False, min(le, 256) if le else None)]


def test_a_procedure_that_asks_nothing_needs_no_card() -> None:
    def silent() -> Procedure[bytes]:
        yield from ()
        return b"nothing"

    data, asked = drive(chained(silent()), lambda _: ResponseApdu(sw=0x6F00))
    assert (data, asked) == (b"nothing", [])
