"""Reading a file from a card that answers as it likes."""

import pytest

from idcard.encoding import tlv
from idcard.errors import BoundExceeded, MalformedData
from idcard.iso7816.apdu import CommandApdu, ResponseApdu
from idcard.iso7816.files import MAX_OFFSET, FileReader
from idcard.iso7816.procedure import Procedure
from idcard.iso7816.status import StatusWord

LONGEST = tlv.build(0x31, bytes(MAX_OFFSET + 1 - 4))


def read(file: bytes, *, crumb: int) -> tuple[bytes, int]:
    """The file as it was read and how many answers that took, from a card that gives ``crumb`` bytes at most."""
    asked: list[CommandApdu] = []

    def answer(command: CommandApdu) -> ResponseApdu:
        asked.append(command)
        start = 0 if command.p1 & 0x80 else command.p1 << 8 | command.p2
        return ResponseApdu(data=file[start : start + min(crumb, command.le or 0)], sw=StatusWord.OK)

    procedure: Procedure[bytes] = FileReader().read(fid=0x011C, sfi=0x1C, name="a file")
    command = next(procedure)
    try:
        while len(asked) < 10_000:
            command = procedure.send(answer(command))
    except StopIteration as done:
        return done.value, len(asked)
    raise AssertionError("the reader goes on for ever")


@pytest.mark.parametrize("crumb", [256, 128, 32])
@pytest.mark.parametrize("file", [tlv.build(0x31, bytes(40)), tlv.build(0x31, bytes(range(200)) * 2), LONGEST])
def test_short_answers_are_put_together(crumb: int, file: bytes) -> None:
    data, _ = read(file, crumb=crumb)
    assert data == file


def test_a_small_file_may_come_in_small_answers() -> None:
    file = tlv.build(0x31, bytes(14))
    assert read(file, crumb=2) == (file, 8)


@pytest.mark.parametrize("crumb", [4, 8, 16])
def test_a_long_file_in_crumbs_is_given_up(crumb: int) -> None:
    with pytest.raises(BoundExceeded, match="in crumbs") as caught:
        read(LONGEST, crumb=crumb)
    assert caught.value.facts["answers"] == len(LONGEST) // 32 + 17


def test_a_file_that_ends_too_early() -> None:
    with pytest.raises(MalformedData):
        read(LONGEST[:1000], crumb=256)


def test_a_file_longer_than_any() -> None:
    with pytest.raises(BoundExceeded):
        read(b"\x31\x84\xff\xff\xff\xff" + bytes(300), crumb=256)
