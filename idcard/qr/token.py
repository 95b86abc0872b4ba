"""Codes of our own that are safe to show: the receipt of an admission, and the hand-off of a visit.

Theory of operation. Both are CBOR Web Tokens signed with Ed25519, in Base45 behind ``IDC1:``. They name a clinic, a
ticket and a place; nobody's name, number or birth is in them, so a photo of one tells nothing about a person.

* A *receipt* says that this clinic gave this ticket then. It may be shown as often as one likes until it ends.
* A *hand-off* passes a visit from one machine to another: it names whom it is for, lives five minutes at most, and
  counts once. Who takes it remembers its identifier until it has ended.

Neither says who shows it. Times, identifiers and the signing itself are arguments.

There is one form of each, to the byte: claims that are not written here, floating point times, other tags or headers,
and other encodings of the same are refused, so that this module and the page that verifies codes cannot disagree.

The private claim -70001 holds a map: 1 the kind, 2 the ticket, 3 the place, 4 the visit's reference.

Source: RFC 8392 for the claims, RFC 9052 for the signature, RFC 9285 for the text.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from idcard.errors import MalformedData
from idcard.qr import base45, cbor, cose, cwt
from idcard.qr.cose import Algorithm, Sign, Sign1
from idcard.qr.cwt import Claims

PREFIX: Final = b"IDC1:"
ALGORITHMS: Final = frozenset({Algorithm.EDDSA})
HAND_OFF_LIFE: Final = timedelta(minutes=5)
"""How long a hand-off lives at most."""
TOKEN_ID_BYTES: Final = 16
KEY_ID_BYTES: Final = 8
_CONTENT, _KIND, _TICKET, _PLACE, _VISIT = -70001, 1, 2, 3, 4
_CLAIMS = frozenset({cwt.ISSUER, cwt.EXPIRES, cwt.ISSUED, cwt.TOKEN_ID, _CONTENT})
_RECEIPT, _HAND_OFF = frozenset({_KIND, _TICKET, _PLACE}), frozenset({_KIND, _VISIT})
_MAX_TEXT = 64
_MAX_TICKET = 1_000_000
_WHERE = "IDC1"


class TokenKind(StrEnum):
    """What a token is for."""

    RECEIPT = "receipt"
    HAND_OFF = "hand_off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The receipt of an admission: a clinic's code, the ticket's number, the place's code, and until when it counts.

    :raises ValueError: if anything in it cannot be.
    """

    clinic: str
    ticket: int
    place: str
    issued: datetime
    expires: datetime

    def __post_init__(self) -> None:
        _check(self.clinic, self.place)
        if not 0 < self.ticket < _MAX_TICKET:
            raise ValueError("a ticket's number is positive and has at most six digits")
        _check_times(self.issued, self.expires)

    def to_bytes(self, *, token_id: bytes, key_id: bytes, sign: Sign) -> bytes:
        """The text of the code, in ASCII.

        :param token_id: 16 random bytes that no other token has.
        :param key_id: :func:`key_id_of` the public key.
        :param sign: gives the Ed25519 signature of the bytes that it gets.
        """
        content = {_KIND: TokenKind.RECEIPT.value, _TICKET: self.ticket, _PLACE: self.place}
        claims = {cwt.ISSUER: self.clinic, _CONTENT: content}
        return _signed(claims, self.issued, self.expires, token_id=token_id, key_id=key_id, sign=sign)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOff:
    """A visit passed on: from which clinic, for which machine, under which reference; five minutes, and once.

    ``visit`` means nothing outside: a random reference, never a person's number.

    :raises ValueError: if anything in it cannot be, or it would live longer.
    """

    clinic: str
    audience: str
    visit: str
    issued: datetime
    expires: datetime

    def __post_init__(self) -> None:
        _check(self.clinic, self.audience, self.visit)
        _check_times(self.issued, self.expires)
        if self.expires - self.issued > HAND_OFF_LIFE:
            raise ValueError("a hand-off lives five minutes at most")

    def to_bytes(self, *, token_id: bytes, key_id: bytes, sign: Sign) -> bytes:
        """The text of the code, in ASCII; arguments as for :meth:`Receipt.to_bytes`."""
        content = {_KIND: TokenKind.HAND_OFF.value, _VISIT: self.visit}
        claims = {cwt.ISSUER: self.clinic, cwt.AUDIENCE: self.audience, _CONTENT: content}
        return _signed(claims, self.issued, self.expires, token_id=token_id, key_id=key_id, sign=sign)


def _check(*texts: str) -> None:
    if not all(_is_text(text) for text in texts):
        raise ValueError("a text in a token is printable and has 1 to 64 characters")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MAX_TEXT and value.isprintable()


def _check_times(issued: datetime, expires: datetime) -> None:
    if issued.tzinfo is None or expires.tzinfo is None:
        raise ValueError("times need a time zone")
    if not issued < expires:
        raise ValueError("a token ends after it begins")


def _signed(
    claims: dict[int, Any], issued: datetime, expires: datetime, *, token_id: bytes, key_id: bytes, sign: Sign
) -> bytes:
    if len(token_id) != TOKEN_ID_BYTES or len(key_id) != KEY_ID_BYTES:
        raise ValueError("a token's identifier has 16 bytes, its key's 8")
    times = {cwt.ISSUED: int(issued.timestamp()), cwt.EXPIRES: int(expires.timestamp())}
    payload = cbor.encode(claims | times | {cwt.TOKEN_ID: token_id})
    message = cose.make(payload, key_id=key_id, algorithm=Algorithm.EDDSA, sign=sign)
    return PREFIX + base45.encode(message)


def key_id_of(key: Ed25519PublicKey) -> bytes:
    """The identifier of a key: the first eight bytes of the SHA-256 of its 32 bytes."""
    return hashlib.sha256(key.public_bytes_raw()).digest()[:KEY_ID_BYTES]


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A receipt or a hand-off as it came, unproved until its signature is verified.

    ``ticket`` and ``place`` are a receipt's, ``audience`` and ``visit`` a hand-off's; None otherwise.
    """

    sign1: Sign1
    claims: Claims
    kind: TokenKind
    clinic: str
    issued: datetime
    expires: datetime
    token_id: bytes
    ticket: int | None = None
    place: str | None = None
    audience: str | None = None
    visit: str | None = None

    @classmethod
    def from_bytes(cls, payload: bytes) -> "Token":
        """The token in the text of a code.

        :raises MalformedData: if it is none; it is as strict as :meth:`Receipt.to_bytes` writes.
        """
        if not payload.startswith(PREFIX):
            raise MalformedData("does not begin with IDC1:", where=_WHERE)
        message = base45.decode(payload.removeprefix(PREFIX))
        sign1 = Sign1.from_bytes(message)
        if sign1.unprotected or not _is_ours(sign1) or message != cose.encode(sign1):
            raise MalformedData("is not in the form of a token", where=_WHERE)
        claims = Claims.from_bytes(sign1.payload)
        content = claims.all.get(_CONTENT)
        if not isinstance(content, dict) or claims.issued is None or claims.expires is None:
            raise MalformedData("lacks its content or its times", where=_WHERE)
        if claims.token_id is None or len(claims.token_id) != TOKEN_ID_BYTES:
            raise MalformedData("lacks its identifier", where=_WHERE)
        # Its values first: what they may be can be encoded.
        particulars = _content(content, claims)
        _check_form(sign1, claims, content)
        return cls(
            sign1=sign1,
            claims=claims,
            clinic=_text(claims.issuer),
            issued=claims.issued,
            expires=claims.expires,
            token_id=claims.token_id,
            **particulars,
        )


def _is_ours(sign1: Sign1) -> bool:
    """Whether the signed headers are the two that a token has: Ed25519, and a key's identifier."""
    headers, key_id = sign1.protected, sign1.key_id
    if type(headers.get(cose.ALGORITHM)) is not int or key_id is None or len(key_id) != KEY_ID_BYTES:
        return False
    return sign1.protected_bytes == cose.headers(Algorithm.EDDSA, key_id)


def _check_form(sign1: Sign1, claims: Claims, content: dict[Any, Any]) -> None:
    """Nothing but what a token says, in the one encoding of it."""
    expected, inside = _CLAIMS, _RECEIPT
    if content.get(_KIND) == TokenKind.HAND_OFF:
        expected, inside = _CLAIMS | {cwt.AUDIENCE}, _HAND_OFF
    if claims.all.keys() != expected or content.keys() != inside or sign1.payload != cbor.encode(dict(claims.all)):
        raise MalformedData("says something else than a token does", where=_WHERE)
    times = (claims.all[cwt.ISSUED], claims.all[cwt.EXPIRES])
    if any(type(time) is not int for time in times) or not times[0] < times[1]:
        raise MalformedData("has times that cannot be", where=_WHERE)


def _content(content: dict[Any, Any], claims: Claims) -> dict[str, Any]:
    if content.get(_KIND) == TokenKind.RECEIPT:
        ticket = content.get(_TICKET)
        if type(ticket) is not int or not 0 < ticket < _MAX_TICKET:
            raise MalformedData("a receipt without a ticket", where=_WHERE)
        return {"kind": TokenKind.RECEIPT, "ticket": ticket, "place": _text(content.get(_PLACE))}
    if content.get(_KIND) == TokenKind.HAND_OFF:
        audience, visit = _text(claims.audience), _text(content.get(_VISIT))
        return {"kind": TokenKind.HAND_OFF, "audience": audience, "visit": visit}
    raise MalformedData("is of an unknown kind", where=_WHERE)


def _text(value: object) -> str:
    if not _is_text(value):
        raise MalformedData("lacks a text", where=_WHERE)
    return str(value)
