"""One event on its way: a header that everybody may read, a body sealed to the hub, a signature of the device.

Theory of operation. An envelope is the CBOR list ``[header, sealed, signature]`` of three byte strings. The body is
sealed (HPKE, base mode: X25519, HKDF-SHA256, AES-256-GCM) to the hub's key that the header names, with the header as
its context, so that no body can be moved under another header. The signature (Ed25519) is over both. Sealing is
random: so an envelope is made once, kept, and sent byte for byte the same until it is acknowledged; the same number
with other bytes is a fork.

Source: RFC 9180, "Hybrid Public Key Encryption"; RFC 8032, "Edwards-Curve Digital Signature Algorithm".
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey,
    X25519PublicKey,
)
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from kiosk.wire.bodies import Body, Kind, body_bytes, kind_of, read_body
from kiosk.wire.cbor import decode, decode_map, encode
from kiosk.wire.checks import (
    MAX_MS,
    exactly,
    from_map,
    has,
    name,
    to_map,
    uuid,
    whole,
    word,
)
from kiosk.wire.clock import MOST
from kiosk.wire.errors import (
    CannotUnseal,
    MalformedMessage,
    UnknownVersion,
    WrongSignature,
)

VERSION: Final = 1
EVENT_LIMIT: Final = 4096
"""The greatest envelope in bytes."""
MAX_SEQ: Final = (1 << 48) - 1
GENESIS: Final = bytes(32)
"""The hash before the first link of an audit chain."""

_HEADER_LIMIT, _SIGNATURE, _KEY_ID = 512, 64, 8
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_SEALING, _SIGNING = b"kiosk hub body 1\x00", b"kiosk hub event 1\x00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What everybody may read of an event.

    :ivar id: a UUID of version 7. :ivar seq: counts the device's events from 1; 0 for a heartbeat, and only there.
    :ivar at: when it was made by the device's wall clock, in milliseconds since 1970.
    :ivar hlc: the same by its hybrid logical clock.
    :ivar audit_seq: the last link of the device's audit chain when it was made, and :ivar audit_hash: that link's hash.
    :ivar key: which key of the hub the body is sealed to (:func:`key_id`).
    """

    v: int = field(default=VERSION, metadata=has(whole(VERSION, VERSION)))
    id: bytes = field(metadata=has(uuid))
    clinic: str = field(metadata=has(name))
    device: str = field(metadata=has(name))
    seq: int = field(metadata=has(whole(0, MAX_SEQ)))
    kind: str = field(metadata=has(word))
    at: int = field(metadata=has(whole(0, MAX_MS)))
    hlc: int = field(metadata=has(whole(0, MOST)))
    audit_seq: int = field(metadata=has(whole(0, MAX_SEQ)))
    audit_hash: bytes = field(metadata=has(exactly(32)))
    key: bytes = field(metadata=has(exactly(_KEY_ID)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """An event as it came: its header, and the bytes that were signed. Not yet verified, not yet opened."""

    header: Header
    kind: Kind
    header_bytes: bytes = field(repr=False)
    sealed: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    digest: bytes = field(repr=False)
    """SHA-256 over the whole envelope: the same event sent again has the same."""


def key_id(public: X25519PublicKey) -> bytes:
    """The 8 bytes by which headers name a key of the hub."""
    return hashlib.sha256(public.public_bytes_raw()).digest()[:_KEY_ID]


def make_event(header: Header, body: Body, *, to: X25519PublicKey, signer: Ed25519PrivateKey) -> bytes:
    """An envelope: made once and kept, see above.

    :raises MalformedMessage: where a field does not have its form, or the header is of another kind, key or number.
    """
    _check_goes_together(header, kind_of(body))
    if header.key != key_id(to):
        raise MalformedMessage("header.key: not the key that is sealed to")
    header_bytes = encode(to_map(header))
    sealed = _SUITE.encrypt(body_bytes(body), to, info=_SEALING + header_bytes)
    return encode([header_bytes, sealed, signer.sign(_signed(header_bytes, sealed))])


def read_event(data: bytes) -> Envelope:
    """The envelope in these bytes.

    :raises UnknownVersion: for one of another version. :raises MalformedMessage: for anything else.
    """
    parts = decode(data, where="event", limit=EVENT_LIMIT)
    if type(parts) is not list or len(parts) != 3 or any(type(part) is not bytes for part in parts):
        raise MalformedMessage("event: not three byte strings")
    header_bytes, sealed, signature = parts
    header, kind = _read_header(header_bytes)
    exactly(_SIGNATURE)(signature, "event.signature")
    return Envelope(
        header=header,
        kind=kind,
        header_bytes=header_bytes,
        sealed=sealed,
        signature=signature,
        digest=hashlib.sha256(data).digest(),
    )


def verify_event(envelope: Envelope, device: Ed25519PublicKey) -> None:
    """Nothing, where the device signed this event; WrongSignature otherwise."""
    try:
        device.verify(envelope.signature, _signed(envelope.header_bytes, envelope.sealed))
    except InvalidSignature as error:
        raise WrongSignature() from error


def open_event(envelope: Envelope, hub: X25519PrivateKey) -> Body:
    """What a verified event says.

    :raises CannotUnseal: for a body that this key does not open. :raises MalformedMessage: for one of another form.
    """
    try:
        plain = _SUITE.decrypt(envelope.sealed, hub, info=_SEALING + envelope.header_bytes)
    except (InvalidTag, ValueError) as error:
        raise CannotUnseal() from error
    return read_body(envelope.kind, plain)


def _read_header(data: Any) -> tuple[Header, Kind]:
    found = decode_map(data, where="header", limit=_HEADER_LIMIT)
    stated = found.get("v")
    if type(stated) is int and stated != VERSION:
        raise UnknownVersion("header.v")
    header = from_map(Header, found, "header")
    try:
        kind = Kind(header.kind)
    except ValueError as error:
        raise MalformedMessage("header.kind: not known") from error
    _check_goes_together(header, kind)
    return header, kind


def _check_goes_together(header: Header, kind: Kind) -> None:
    if header.kind != kind:
        raise MalformedMessage("header.kind: not the body's")
    if (header.seq == 0) != (kind is Kind.HEARTBEAT):
        raise MalformedMessage("header.seq: 0 for heartbeats and for nothing else")


def _signed(header_bytes: bytes, sealed: bytes) -> bytes:
    # Hashed apart, so that no byte can be moved from one to the other.
    return _SIGNING + hashlib.sha256(header_bytes).digest() + hashlib.sha256(sealed).digest()
