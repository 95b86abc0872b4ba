"""A channel against its own mirror: the card's half here is a second channel with the same keys and counter."""

import pytest

from idcard.crypto.cipher import CipherSuite, pad
from idcard.crypto.kdf import SessionKeys, derive_key, session_keys
from idcard.encoding import tlv
from idcard.errors import SecureMessagingBroken
from idcard.iso7816.apdu import CommandApdu, ResponseApdu
from idcard.iso7816.procedure import chained
from idcard.iso7816.secure_messaging import SecureChannel

READ = CommandApdu(ins=0xB0, le=16)
SUITES = list(CipherSuite)


def keys_of(suite: CipherSuite) -> SessionKeys:
    return session_keys(suite, b"a shared secret of this test")


def protected_answer(keys: SessionKeys, ssc: int, data: bytes, sw: int = 0x9000) -> ResponseApdu:
    """What a card would send with the counter at ``ssc``; written apart from the channel on purpose."""
    block = keys.suite.block_bytes
    iv = keys.suite.encrypt(keys.ks_enc, ssc.to_bytes(block)) if keys.suite.is_aes else None
    body = tlv.build(0x87, b"\x01" + keys.suite.encrypt(keys.ks_enc, pad(data, block), iv)) if data else b""
    body += tlv.build(0x99, sw.to_bytes(2))
    mac = keys.suite.checksum(keys.ks_mac, pad(ssc.to_bytes(block) + body, block))
    return ResponseApdu(data=body + tlv.build(0x8E, mac), sw=sw)


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("length", [1, 7, 8, 15, 16, 17, 223, 231])
def test_what_the_chip_says_comes_out(suite: CipherSuite, length: int) -> None:
    keys, channel = keys_of(suite), SecureChannel(keys_of(suite))
    for ssc in (2, 4, 6):
        channel.protect(READ)
        answer = channel.unprotect(protected_answer(keys, ssc, bytes(range(length))))
        assert answer == ResponseApdu(data=bytes(range(length)), sw=0x9000)


@pytest.mark.parametrize(("suite", "expected"), [(CipherSuite.TDES, 231), (CipherSuite.AES_128, 223)])
def test_as_much_is_read_as_one_short_answer_holds(suite: CipherSuite, expected: int) -> None:
    channel = SecureChannel(keys_of(suite))
    assert channel.short_read == expected
    assert len(protected_answer(keys_of(suite), 2, bytes(expected)).data) <= 256
    assert len(protected_answer(keys_of(suite), 2, bytes(expected + 1)).data) > 256


@pytest.mark.parametrize("suite", SUITES)
def test_each_flipped_bit_closes_the_channel_for_ever(suite: CipherSuite) -> None:
    good = protected_answer(keys_of(suite), 2, b"abcdef").data
    for position in range(len(good) * 8):
        channel = SecureChannel(keys_of(suite))
        channel.protect(READ)
        bad = bytearray(good)
        bad[position // 8] ^= 1 << position % 8
        with pytest.raises(SecureMessagingBroken):
            channel.unprotect(ResponseApdu(data=bytes(bad), sw=0x9000))
        assert channel.closed
        with pytest.raises(SecureMessagingBroken, match="closed"):
            channel.protect(READ)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (ResponseApdu(sw=0x6700), "bare"),
        (ResponseApdu(sw=0x9000), "bare"),
        (ResponseApdu(data=b"\x99\x02\x90\x00", sw=0x9000), "checksum"),
        (ResponseApdu(data=bytes(300), sw=0x9000), "checksum"),
    ],
)
def test_an_answer_without_its_seal_closes_the_channel(answer: ResponseApdu, why: str) -> None:
    channel = SecureChannel(keys_of(CipherSuite.AES_128))
    channel.protect(READ)
    with pytest.raises(SecureMessagingBroken, match=why):
        channel.unprotect(answer)
    assert channel.closed


def test_an_old_answer_is_not_taken_again() -> None:
    keys, channel = keys_of(CipherSuite.AES_128), SecureChannel(keys_of(CipherSuite.AES_128))
    channel.protect(READ)
    first = protected_answer(keys, 2, b"first")
    channel.unprotect(first)
    channel.protect(READ)
    with pytest.raises(SecureMessagingBroken):
        channel.unprotect(first)


def test_a_status_word_that_was_changed_on_the_way_is_noticed() -> None:
    keys, channel = keys_of(CipherSuite.AES_128), SecureChannel(keys_of(CipherSuite.AES_128))
    channel.protect(READ)
    answer = protected_answer(keys, 2, b"", sw=0x6A82)
    with pytest.raises(SecureMessagingBroken, match="status"):
        channel.unprotect(ResponseApdu(data=answer.data, sw=0x9000))


def test_a_bare_6cxx_is_not_repeated_in_a_secure_session() -> None:
    channel = SecureChannel(keys_of(CipherSuite.AES_128))
    procedure = chained(channel.send(READ))
    next(procedure)
    with pytest.raises(SecureMessagingBroken, match="bare"):
        procedure.send(ResponseApdu(sw=0x6C10))


def test_3des_keys_have_odd_parity() -> None:
    key = derive_key(CipherSuite.TDES, b"secret", 1)
    assert all(byte.bit_count() % 2 == 1 for byte in key)


def test_keys_do_not_show() -> None:
    assert repr(keys_of(CipherSuite.AES_128)) == "SessionKeys(AES-128)"
