"""Receipts and hand-offs: what is made is read, what is changed is not."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from idcard.errors import IdCardError, MalformedData
from idcard.qr import base45, cbor, cose
from idcard.qr.cose import Algorithm
from idcard.qr.token import ALGORITHMS, PREFIX, HandOff, Receipt, Token, TokenKind, key_id_of

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY_ID = key_id_of(KEY.public_key())
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
RECEIPT = Receipt(clinic="PK-MAU", ticket=12, place="noi-1", issued=NOW, expires=NOW + timedelta(hours=9))
HAND_OFF = HandOff(clinic="PK-MAU", audience="quay-2", visit="7Q2M", issued=NOW, expires=NOW + timedelta(minutes=5))
TOKEN_ID = bytes(range(16))


def text_of(document: Receipt | HandOff) -> bytes:
    return document.to_bytes(token_id=TOKEN_ID, key_id=KEY_ID, sign=KEY.sign)


def test_a_receipt() -> None:
    token = Token.from_bytes(text_of(RECEIPT))
    assert token.sign1.verify(KEY.public_key(), ALGORITHMS)
    assert (token.kind, token.clinic, token.ticket, token.place) == (TokenKind.RECEIPT, "PK-MAU", 12, "noi-1")
    assert (token.issued, token.expires, token.token_id) == (NOW, RECEIPT.expires, TOKEN_ID)
    assert (token.audience, token.visit, token.sign1.key_id) == (None, None, KEY_ID)


def test_a_hand_off() -> None:
    token = Token.from_bytes(text_of(HAND_OFF))
    assert token.sign1.verify(KEY.public_key(), ALGORITHMS)
    assert (token.kind, token.audience, token.visit) == (TokenKind.HAND_OFF, "quay-2", "7Q2M")
    assert (token.ticket, token.place) == (None, None)


def test_it_is_small_enough_for_a_ticket_printer() -> None:
    """A code of version 10 at level M holds 311 alphanumeric characters."""
    assert max(len(text_of(RECEIPT)), len(text_of(HAND_OFF))) <= 311
    assert set(text_of(RECEIPT).decode()) <= set(base45.ALPHABET)


@pytest.mark.parametrize("changes", [
    {"ticket": 0}, {"ticket": 1_000_000}, {"clinic": ""}, {"place": "x" * 65}, {"place": "a\nb"}, {"expires": NOW},
    {"issued": NOW.replace(tzinfo=None)}, {"expires": NOW.replace(tzinfo=None)},
])  # fmt: skip
def test_a_receipt_that_cannot_be(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"ticket|text|time|ends"):
        replace(RECEIPT, **changes)


@pytest.mark.parametrize(
    "changes", [{"expires": NOW + timedelta(minutes=5, seconds=1)}, {"audience": ""}, {"visit": ""}]
)
def test_a_hand_off_that_cannot_be(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"five minutes|text"):
        replace(HAND_OFF, **changes)


@pytest.mark.parametrize("lengths", [(15, 8), (16, 7)])
def test_identifiers_have_their_lengths(lengths: tuple[int, int]) -> None:
    token_id, key_id = map(bytes, lengths)
    with pytest.raises(ValueError, match="16 bytes"):
        RECEIPT.to_bytes(token_id=token_id, key_id=key_id, sign=KEY.sign)


GOOD: dict[int, Any] = {1: "A", 4: 200, 6: 100, 7: bytes(16), -70001: {1: "receipt", 2: 1, 3: "p"}}


def made(claims: dict[int, Any]) -> bytes:
    return PREFIX + base45.encode(
        cose.make(cbor.encode(claims), key_id=KEY_ID, algorithm=Algorithm.EDDSA, sign=KEY.sign)
    )


def test_the_smallest_token() -> None:
    assert Token.from_bytes(made(GOOD)).ticket == 1


@pytest.mark.parametrize("claims", [
    {1: None}, {4: None}, {6: None}, {7: None}, {7: bytes(15)}, {-70001: None}, {-70001: 1}, {-70001: {}},
    {-70001: {1: "ticket"}}, {-70001: {1: "receipt", 2: 0, 3: "p"}}, {-70001: {1: "receipt", 2: True, 3: "p"}},
    {-70001: {1: "receipt", 2: 1}}, {-70001: {1: "hand_off", 4: "v"}}, {3: "a", -70001: {1: "hand_off"}},
])  # fmt: skip
def test_what_is_no_token_is_malformed(claims: dict[int, Any]) -> None:
    with pytest.raises(MalformedData):
        Token.from_bytes(made(GOOD | claims))


def test_nothing_may_stand_outside_the_signature() -> None:
    message = cbor.decode(base45.decode(made(GOOD)[5:]), where="test", tags=frozenset({18})).value
    message[1] = {4: b"other"}
    with pytest.raises(MalformedData):
        Token.from_bytes(PREFIX + base45.encode(cbor.encode(message)))
    with pytest.raises(MalformedData):
        Token.from_bytes(b"HC1:" + made(GOOD)[5:])


@pytest.mark.parametrize("document", [RECEIPT, HAND_OFF])
def test_no_changed_byte_passes(document: Receipt | HandOff) -> None:
    text = text_of(document)
    for place in range(len(text)):
        for change in (1, 2, 0x40):
            changed = text[:place] + bytes([text[place] ^ change]) + text[place + 1 :]
            with pytest.raises(IdCardError):
                Token.from_bytes(changed).sign1.verify(KEY.public_key(), ALGORITHMS)


def test_ten_thousand_changed_messages_are_tokens_or_refused(rounds: Callable[[int], range]) -> None:
    draw = random.Random(7)
    seed = base45.decode(text_of(RECEIPT).removeprefix(PREFIX))
    for _ in rounds(10_000):
        message = bytearray(seed)
        for _ in range(draw.randrange(1, 4)):
            message[draw.randrange(len(message))] = draw.randrange(256)
        try:
            Token.from_bytes(PREFIX + base45.encode(bytes(message)))
        except IdCardError:
            continue
