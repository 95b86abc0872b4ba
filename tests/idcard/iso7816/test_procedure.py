"""Responses that come in pieces, and cards that never come to their end."""

import pytest

from idcard.errors import BoundExceeded
from idcard.iso7816.apdu import CommandApdu, ResponseApdu
from idcard.iso7816.procedure import MAX_RESPONSE_BYTES, chained, exchange

READ = CommandApdu(ins=0xB0, le=256)


def answered(*pieces: tuple[bytes, int], endless: bool = False) -> tuple[bytes, list[CommandApdu]]:
    """What a response amounts to whose pieces are these, the last one again and again if it is endless."""
    procedure = chained(exchange(READ))
    sent: list[CommandApdu] = []
    left = list(pieces)
    command = next(procedure)
    try:
        while len(sent) < 5000:
            sent.append(command)
            data, sw = left[0] if endless and len(left) == 1 else left.pop(0)
            command = procedure.send(ResponseApdu(data=data, sw=sw))
    except StopIteration as done:
        return done.value.data, sent
    raise AssertionError("the procedure goes on for ever")


def test_pieces_are_put_together() -> None:
    data, sent = answered((b"one ", 0x6104), (b"two ", 0x6100), (b"three", 0x9000))
    assert data == b"one two three"
    assert [(one.ins, one.le) for one in sent] == [(0xB0, 256), (0xC0, 4), (0xC0, 256)]


def test_the_right_length_is_asked_for() -> None:
    data, sent = answered((b"", 0x6C04), (b"four", 0x9000))
    assert (data, [one.le for one in sent]) == (b"four", [256, 4])


def test_the_largest_response_is_taken() -> None:
    data, _ = answered(*[(bytes(256), 0x6100)] * 255, (bytes(256), 0x9000))
    assert len(data) == MAX_RESPONSE_BYTES


@pytest.mark.parametrize("piece", [b"", b"1", bytes(16), bytes(256)], ids=len)
def test_a_card_that_promises_more_and_more(piece: bytes) -> None:
    with pytest.raises(BoundExceeded, match="never ends"):
        answered((piece, 0x6100), endless=True)


def test_a_card_that_never_likes_the_length() -> None:
    with pytest.raises(BoundExceeded, match="never ends"):
        answered(*[(b"", 0x6C00 + number) for number in range(1, 100)])


def test_a_few_small_pieces_are_put_up_with() -> None:
    assert answered(*[(b"x", 0x6101)] * 8, (b"x", 0x9000))[0] == b"x" * 9
