"""Statements of people and authorities that are signed with Ed25519: three to four lines of text.

Theory of operation. The first line names the format, the second is the statement as JSON in its only form (keys in
order, no blanks, UTF-8), and each further line is a signature: the signer's name, a blank, 64 bytes in base64. What is
signed is the first two lines byte for byte, line ends included, as they were read: nothing is encoded anew before a
signature is checked, and a statement of one format can never pass for one of another.

Source: RFC 8032, "Ed25519"; RFC 8785, "JSON Canonicalization Scheme" (for texts and whole numbers only).
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from idcard.errors import MalformedData

MAX_BYTES = 1 << 20
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_KEY_BYTES, _SIGNATURE_BYTES = 32, 64
_PRIME = (1 << 255) - 19
_EIGHTH = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL_ORDER = frozenset({0, 1, _PRIME - 1, _EIGHTH, _PRIME - _EIGHTH})
"""The ordinates of the eight points of order 1, 2, 4 and 8 (RFC 8032, 5.1: the cofactor is 8)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedText:
    """A statement that follows its format; whether anybody signed it is not known before :meth:`signers`.

    ``signed`` are the bytes that are signed, ``statement`` what they say, ``signatures`` the signature of each name.
    """

    signed: bytes
    statement: Mapping[str, Any]
    signatures: Mapping[str, bytes]

    @classmethod
    def parse(cls, data: bytes, *, form: str) -> "SignedText":
        """The statement in ``data``, which must be one of the format ``form``, to the last byte.

        :raises MalformedData: if it is not.
        """
        if len(data) > MAX_BYTES:
            raise _malformed(form, "is too long")
        lines = data.split(b"\n")
        if lines[0] != form.encode() or len(lines) < 4 or lines[-1]:
            raise _malformed(form, "does not have its lines")
        signatures = dict(_signature(line, form) for line in lines[2:-1])
        if len(signatures) != len(lines) - 3:
            raise _malformed(form, "one name signs twice")
        return cls(signed=b"\n".join(lines[:2]) + b"\n", statement=_statement(lines[1], form), signatures=signatures)

    def signers(self, keys: Mapping[str, Ed25519PublicKey]) -> frozenset[str] | None:
        """The names whose keys signed this; None if any signature is by a name without a key, or not by its key."""
        for name, signature in self.signatures.items():
            if name not in keys:
                return None
            try:
                keys[name].verify(signature, self.signed)
            except InvalidSignature:
                return None
        return frozenset(self.signatures)


def draft(form: str, statement: Mapping[str, Any]) -> bytes:
    """The bytes of a statement that are to be signed: its first two lines."""
    return form.encode() + b"\n" + canonical(statement) + b"\n"


def signature_line(signed: bytes, name: str, key: Ed25519PrivateKey) -> bytes:
    """The line with which ``name`` signs the statement: to be put at its end.

    :raises ValueError: if the name is not one of small letters, digits, ``.``, ``_`` and ``-``.
    """
    if not _NAME.fullmatch(name):
        raise ValueError("a signer's name has small letters, digits, dots and dashes only")
    return f"{name} ".encode() + base64.b64encode(key.sign(signed)) + b"\n"


def canonical(value: Any) -> bytes:
    """``value`` as JSON in its only form."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8")


def public_key(text: str) -> Ed25519PublicKey:
    """The public key that ``text`` is in base64 (32 bytes).

    :raises ValueError: if it is not, or one that proves nothing.
    """
    raw = base64.b64decode(text, validate=True)
    if len(raw) != _KEY_BYTES:
        raise ValueError("a public key has 32 bytes")
    key = Ed25519PublicKey.from_public_bytes(raw)
    check_proves(key)
    return key


def check_proves(key: Ed25519PublicKey) -> None:
    """Nothing, for a key whose signatures prove something.

    Under a point of small order one made-up signature is right for many texts, and nobody holds a private key.

    :raises ValueError: if it is of small order, however it is written.
    """
    ordinate = int.from_bytes(key.public_bytes_raw(), "little") & ((1 << 255) - 1)
    if ordinate % _PRIME in _SMALL_ORDER:
        raise ValueError("a public key of small order proves nothing")


def is_name(name: str) -> bool:
    """Whether a signer may be called ``name``."""
    return _NAME.fullmatch(name) is not None


def exactly(value: Any, fields: Mapping[str, type], form: str) -> Mapping[str, Any]:
    """``value``, where it is an object with exactly these fields of exactly these types.

    :raises MalformedData: if it is not.
    """
    if not isinstance(value, dict) or value.keys() != fields.keys():
        raise _malformed(form, "does not have its fields")
    if any(type(value[name]) is not kind for name, kind in fields.items()):
        raise _malformed(form, "has a field of another type")
    return value


def day(text: str, form: str) -> date:
    """The calendar day that ``text`` is: 2026-11-23, and no other way to write it.

    :raises MalformedData: if it is not.
    """
    try:
        value = date.fromisoformat(text)
    except ValueError as error:
        raise _malformed(form, "has a day that is none") from error
    if value.isoformat() != text:
        raise _malformed(form, "writes a day in another way")
    return value


def moment(text: str, form: str) -> datetime:
    """The moment that ``text`` is: 2026-11-23T08:00:00+00:00, with its zone.

    :raises MalformedData: if it is not.
    """
    try:
        value = datetime.fromisoformat(text)
    except ValueError as error:
        raise _malformed(form, "has a time that is none") from error
    if value.tzinfo is None or value.isoformat() != text:
        raise _malformed(form, "writes a time in another way, or without its zone")
    return value


def _statement(line: bytes, form: str) -> Mapping[str, Any]:
    try:
        value = json.loads(line, object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_no_constant)
    except (ValueError, RecursionError) as error:
        raise _malformed(form, "is not JSON, or says something twice") from error
    if not isinstance(value, dict) or canonical(value) != line:
        raise _malformed(form, "is not in its only form")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a name that comes twice")
    return value


def _no_constant(text: str) -> NoReturn:
    raise ValueError("numbers are whole")


def _signature(line: bytes, form: str) -> tuple[str, bytes]:
    name, _, encoded = line.partition(b" ")
    try:
        text, signature = name.decode("ascii"), base64.b64decode(encoded, validate=True)
    except (UnicodeDecodeError, binascii.Error) as error:
        raise _malformed(form, "has a line that is no signature") from error
    if not _NAME.fullmatch(text) or len(signature) != _SIGNATURE_BYTES or base64.b64encode(signature) != encoded:
        raise _malformed(form, "has a line that is no signature")
    return text, signature


def _malformed(form: str, what: str) -> MalformedData:
    return MalformedData(what, where=form)
