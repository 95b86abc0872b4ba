import pytest
from hypothesis import given
from hypothesis import strategies as st

from idcard.errors import BoundExceeded, IdCardError, MalformedData
from idcard.iso7816.apdu import CommandApdu, ResponseApdu
from idcard.iso7816.procedure import chained, exchange


@pytest.mark.parametrize(
    ("command", "raw"),
    [
        (CommandApdu(ins=0x84), "00840000"),
        (CommandApdu(ins=0x84, le=8), "0084000008"),
        (CommandApdu(ins=0xB0, le=256), "00B0000000"),
        (CommandApdu(ins=0xB0, le=257), "00B00000000101"),
        (CommandApdu(ins=0xB0, le=65536), "00B00000000000"),
        (CommandApdu(ins=0xA4, p1=2, p2=0x0C, data=b"\x01\x1e"), "00A4020C02011E"),
        (CommandApdu(ins=0x82, data=b"abc", le=40), "008200000361626328"),
        (CommandApdu(ins=0x82, data=b"abc", le=256, extended=True), "008200000000036162630100"),
    ],
)
def test_the_forms_of_the_standard(command: CommandApdu, raw: str) -> None:
    assert command.to_bytes().hex().upper() == raw
    assert CommandApdu.from_bytes(bytes.fromhex(raw)).to_bytes().hex().upper() == raw


commands = st.builds(
    CommandApdu,
    cla=st.integers(0, 255),
    ins=st.integers(0, 255),
    p1=st.integers(0, 255),
    p2=st.integers(0, 255),
    data=st.binary(max_size=300),
    le=st.none() | st.integers(1, 65536),
)


@given(commands)
def test_what_is_built_is_parsed_again(command: CommandApdu) -> None:
    parsed = CommandApdu.from_bytes(command.to_bytes())
    assert (parsed.header, parsed.data, parsed.le) == (command.header, command.data, command.le)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_command_or_malformed(raw: bytes) -> None:
    try:
        command = CommandApdu.from_bytes(raw)
    except MalformedData:
        return
    assert CommandApdu.from_bytes(command.to_bytes()).data == command.data


def test_a_response_has_a_status_word() -> None:
    assert ResponseApdu.from_bytes(b"ab\x90\x00") == ResponseApdu(data=b"ab", sw=0x9000)
    with pytest.raises(MalformedData):
        ResponseApdu.from_bytes(b"\x90")


def test_nothing_of_the_data_shows() -> None:
    assert repr(CommandApdu(ins=0x82, data=b"secret", le=1)) == "CommandApdu(00820000, 6 bytes, le=1)"
    assert repr(ResponseApdu(data=b"secret", sw=0x9000)) == "ResponseApdu(6 bytes, sw=9000)"


def test_61xx_is_answered_by_get_response() -> None:
    procedure = chained(exchange(CommandApdu(ins=0xB0, le=256)))
    assert next(procedure).ins == 0xB0
    assert procedure.send(ResponseApdu(data=b"ab", sw=0x6102)) == CommandApdu(ins=0xC0, le=2)
    with pytest.raises(StopIteration) as stop:
        procedure.send(ResponseApdu(data=b"cd", sw=0x9000))
    assert stop.value.value == ResponseApdu(data=b"abcd", sw=0x9000)


def test_6cxx_repeats_the_command_with_the_right_length() -> None:
    procedure = chained(exchange(CommandApdu(ins=0xB0, le=256)))
    next(procedure)
    assert procedure.send(ResponseApdu(sw=0x6C05)) == CommandApdu(ins=0xB0, le=5)
    with pytest.raises(StopIteration) as stop:
        procedure.send(ResponseApdu(data=b"hello", sw=0x9000))
    assert stop.value.value.data == b"hello"


def test_an_endless_61xx_ends() -> None:
    procedure = chained(exchange(CommandApdu(ins=0xB0, le=256)))
    next(procedure)
    with pytest.raises(BoundExceeded):  # noqa: PT012  (the loop is the point)
        while True:
            procedure.send(ResponseApdu(data=bytes(255), sw=0x61FF))


def test_an_endless_6cxx_ends() -> None:
    procedure = chained(exchange(CommandApdu(ins=0xB0, le=256)))
    next(procedure)
    with pytest.raises((IdCardError, StopIteration)):  # noqa: PT012
        for le in range(1, 2000):
            procedure.send(ResponseApdu(sw=0x6C00 | le % 2 + 1))
