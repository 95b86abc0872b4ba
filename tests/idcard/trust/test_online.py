"""An authority's answer: strict to the last byte, and only by who may answer."""

from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from idcard.errors import MalformedData
from idcard.trust.online import Confirmation, Question, SignerStatus
from idcard.trust.signed_text import draft, signature_line

KEY, OTHER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
AUTHORITIES = {"authority.example": KEY.public_key(), "second.example": OTHER.public_key()}
SAID = {
    "at": "2026-11-23T08:00:00+00:00",
    "nonce": "0f" * 16,
    "signer": "ab" * 32,
    "status": "genuine",
    "until": "2026-11-23T08:10:00+00:00",
}


def signed(**changes: Any) -> bytes:
    text = draft("idcard.confirmation/1", SAID | changes)
    return text + signature_line(text, "authority.example", KEY)


def test_an_answer_says_what_was_signed() -> None:
    answer = Confirmation.from_bytes(signed(), AUTHORITIES)
    assert (answer.authority, answer.status) == ("authority.example", SignerStatus.GENUINE)
    assert answer.answers(Question(signer="ab" * 32, nonce=b"\x0f" * 16))
    assert not answer.answers(Question(signer="ab" * 32, nonce=bytes(16)))
    assert not answer.answers(Question(signer="cd" * 32, nonce=b"\x0f" * 16))


@pytest.mark.parametrize(("minute", "counts"), [("07:59", False), ("08:00", True), ("08:10", True), ("08:11", False)])
def test_an_answer_counts_in_its_time(minute: str, counts: bool) -> None:
    at = datetime.fromisoformat(f"2026-11-23T{minute}:00").replace(tzinfo=UTC)
    assert Confirmation.from_bytes(signed(), AUTHORITIES).counts_at(at) is counts


TWO = signed() + signature_line(draft("idcard.confirmation/1", SAID), "second.example", OTHER)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        signed()[:-1],
        signed().replace(b"genuine", b"unknown"),
        signed(status="perhaps"),
        signed(nonce="0f" * 15),
        signed(nonce="zz" * 16),
        signed(at="2026-11-23T08:00:00"),
        signed(at="2026-11-23 08:00:00+00:00"),
        signed(until="soon"),
        signed(more="x"),
        signed().replace(b"authority.example ", b"second.example "),
        signed().replace(b"authority.example ", b"nobody.example "),
        TWO,
    ],
)
def test_anything_else_is_no_answer(data: bytes) -> None:
    with pytest.raises(MalformedData):
        Confirmation.from_bytes(data, AUTHORITIES)


@pytest.mark.parametrize(
    ("signer", "nonce"),
    [("AB" * 32, bytes(16)), ("ab" * 31, bytes(16)), ("zz" * 32, bytes(16)), ("ab" * 32, bytes(15))],
)
def test_a_question_is_a_fingerprint_and_a_nonce(signer: str, nonce: bytes) -> None:
    with pytest.raises(ValueError, match=r"fingerprint|nonce"):
        Question(signer=signer, nonce=nonce)
