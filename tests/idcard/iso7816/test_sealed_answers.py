"""Answers that bear the right checksum and are nonsense inside: only a chip with the session's keys can send them."""

import pytest

from idcard.crypto.cipher import CipherSuite, pad
from idcard.crypto.kdf import session_keys
from idcard.encoding import tlv
from idcard.errors import SecureMessagingBroken
from idcard.iso7816.apdu import CommandApdu, ResponseApdu
from idcard.iso7816.lengths import without_numbers
from idcard.iso7816.procedure import chained
from idcard.iso7816.secure_messaging import SecureChannel

READ = CommandApdu(ins=0xB0, le=16)
STATUS = tlv.build(0x99, b"\x90\x00")


def sealed(suite: CipherSuite, body: bytes) -> ResponseApdu:
    """An answer with this body and the checksum that belongs to it, the counter at 2."""
    keys = session_keys(suite, b"another shared secret")
    checksum = keys.suite.checksum(keys.ks_mac, pad((2).to_bytes(suite.block_bytes) + body, suite.block_bytes))
    return ResponseApdu(data=body + tlv.build(0x8E, checksum), sw=0x9000)


@pytest.mark.parametrize("suite", list(CipherSuite))
@pytest.mark.parametrize(
    "body",
    [
        tlv.build(0x87, b"\x01" + bytes(15)) + STATUS,
        tlv.build(0x87, b"\x01" + bytes(32)) + STATUS,
        tlv.build(0x87, b"\x02" + bytes(16)) + STATUS,
        tlv.build(0x87, b"") + STATUS,
        tlv.build(0x87, b"\x01" + bytes(16)),
        tlv.build(0x99, b"\x90"),
        tlv.build(0x99, b"\x6a\x82"),
        b"\x99\x05\x90",
        b"\x99\x84\xff\xff\xff\xff",
    ],
    ids=["no whole blocks", "no padding", "indicator", "empty", "no status", "half a status", "other", "cut", "huge"],
)
def test_nonsense_under_a_right_checksum_closes_the_channel(suite: CipherSuite, body: bytes) -> None:
    channel = SecureChannel(session_keys(suite, b"another shared secret"))
    channel.protect(READ)
    with pytest.raises(SecureMessagingBroken):
        channel.unprotect(sealed(suite, body))
    assert channel.closed


@pytest.mark.parametrize("suite", list(CipherSuite))
def test_a_status_alone_is_an_answer(suite: CipherSuite) -> None:
    channel = SecureChannel(session_keys(suite, b"another shared secret"))
    channel.protect(READ)
    assert channel.unprotect(sealed(suite, STATUS)) == ResponseApdu(sw=0x9000)


def test_a_long_command_without_an_answer() -> None:
    assert CommandApdu(ins=0xD6, data=b"x", extended=True).to_bytes() == bytes.fromhex("00D600000000 0178")


def test_a_last_piece_of_a_long_chain() -> None:
    """A chain of commands of which the card refuses an earlier one ends there."""
    steps = chained(_one(CommandApdu(ins=0xDB, data=bytes(600))), short_only=True)
    first = next(steps)
    assert (first.cla & 0x10, len(first.data)) == (0x10, 255)
    with pytest.raises(StopIteration) as ended:
        steps.send(ResponseApdu(sw=0x6700))
    assert ended.value.value.sw == 0x6700


def _one(command: CommandApdu):  # type: ignore[no-untyped-def]
    return (yield command)


@pytest.mark.parametrize(
    ("atr", "type_of_card"),
    [
        ("", ""),
        ("3B", ""),
        ("3B80", ""),
        ("3B8F", ""),
        ("3B00", "3B00"),
        ("3B8480018073C021C0", "3B8480018073C021"),
        ("3B8680018051AA62BBCC77", "3B8680015162"),
        # Own forms, and objects that are cut short, are kept as they are.
        ("3B03112233", "3B03112233"),
        ("3B028059", "3B028059"),
        # A status indicator behind the objects is left out.
        ("3B05005111900000", "3B0551"),
    ],
)
def test_what_an_answer_to_reset_says_of_a_type_of_card(atr: str, type_of_card: str) -> None:
    assert without_numbers(bytes.fromhex(atr)).hex().upper() == type_of_card
