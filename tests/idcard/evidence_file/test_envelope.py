"""Every byte of a signed file counts, a sealed one opens for one key only, and hostile ones are refused."""

import hashlib
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from idcard.encoding import cbor
from idcard.errors import BoundExceeded, IdCardError, MalformedData, Unsupported
from idcard.evidence_file.envelope import (
    MAX_BYTES,
    EvidenceAltered,
    EvidenceSealed,
    device_fingerprint,
    unwrap,
    wrap,
)

PAYLOAD = b"what was read"
HEAD = {"format": "idcard.evidence", "version": 1}
FIXED = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def file(**content: Any) -> bytes:
    return cbor.encode({**HEAD, **content})


@given(st.binary(max_size=200), st.booleans(), st.booleans())
def test_what_is_wrapped_is_unwrapped(payload: bytes, signed: bool, sealed: bool) -> None:
    recipient = X25519PrivateKey.generate()
    data = wrap(payload, sign_with=FIXED if signed else None, seal_to=recipient.public_key() if sealed else None)
    opened = unwrap(data, open_with=recipient)
    assert opened.payload == payload
    assert opened.signed_by == (FIXED.public_key().public_bytes_raw() if signed else None)


@pytest.mark.parametrize("bit", range(8))
def test_every_bit_of_a_signed_file_counts(bit: int) -> None:
    data = wrap(PAYLOAD, sign_with=FIXED, seal_to=None)
    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= 1 << bit
        with pytest.raises(IdCardError):
            unwrap(bytes(changed), open_with=None)


def test_every_bit_of_a_sealed_file_counts(recipient: X25519PrivateKey) -> None:
    data = wrap(PAYLOAD, sign_with=None, seal_to=recipient.public_key())
    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= 1 << position % 8
        with pytest.raises(IdCardError):
            unwrap(bytes(changed), open_with=recipient)


def test_a_file_that_ends_early_is_refused_wherever_it_ends(recipient: X25519PrivateKey) -> None:
    for seal_to in (None, recipient.public_key()):
        data = wrap(PAYLOAD, sign_with=FIXED, seal_to=seal_to)
        for end in range(len(data)):
            with pytest.raises(MalformedData):
                unwrap(data[:end], open_with=recipient)


def test_a_byte_behind_the_end_is_refused() -> None:
    with pytest.raises(MalformedData):
        unwrap(wrap(PAYLOAD, sign_with=FIXED, seal_to=None) + b"\x00", open_with=None)


@given(st.binary(max_size=200))
def test_any_bytes_are_no_file(data: bytes) -> None:
    with pytest.raises(IdCardError):
        unwrap(data, open_with=None)


def test_the_signature_is_what_other_cose_programs_make() -> None:
    value = cbor2.loads(wrap(PAYLOAD, sign_with=FIXED, seal_to=None))
    protected, unprotected, payload, signature = value["signed"]
    assert cbor2.loads(protected) == {1: -8, 4: FIXED.public_key().public_bytes_raw()}
    assert (unprotected, payload) == ({}, PAYLOAD)
    to_be_signed = cbor2.dumps(["Signature1", protected, b"idcard.evidence/1", PAYLOAD])
    FIXED.public_key().verify(signature, to_be_signed)


def test_a_payload_under_another_signature_is_altered() -> None:
    signed = cbor.decode(wrap(PAYLOAD, sign_with=FIXED, seal_to=None), where="", limit=9999)["signed"]
    signed[2] = b"something else"
    with pytest.raises(EvidenceAltered):
        unwrap(file(signed=signed), open_with=None)


def test_a_key_that_is_put_in_anothers_place_signs_nothing() -> None:
    ours, theirs = (
        cbor.decode(wrap(PAYLOAD, sign_with=key, seal_to=None), where="", limit=9999)["signed"]
        for key in (FIXED, Ed25519PrivateKey.generate())
    )
    with pytest.raises(EvidenceAltered):
        unwrap(file(signed=[theirs[0], {}, PAYLOAD, ours[3]]), open_with=None)


def protected(header: dict[Any, Any]) -> bytes:
    data: bytes = cbor2.dumps(header, canonical=True)
    return data


KEY = FIXED.public_key().public_bytes_raw()
GOOD = protected({1: -8, 4: KEY})


@pytest.mark.parametrize("signed", [
    b"", [], [GOOD, {}, PAYLOAD], [GOOD, {"a": 1}, PAYLOAD, bytes(64)], [GOOD, {}, None, bytes(64)],
    [GOOD, {}, PAYLOAD, "text"], [GOOD, {}, PAYLOAD, bytes(64), None], [b"", {}, PAYLOAD, bytes(64)],
    [KEY, {}, PAYLOAD, bytes(64)], [protected({1: -7, 4: KEY}), {}, PAYLOAD, bytes(64)],
    [protected({4: KEY}), {}, PAYLOAD, bytes(64)], [protected({1: -8, 3: "x", 4: KEY}), {}, PAYLOAD, bytes(64)],
    [GOOD, [], PAYLOAD, bytes(64)],
])  # fmt: skip
def test_another_signature_than_ours_is_malformed(signed: Any) -> None:
    with pytest.raises(MalformedData):
        unwrap(file(signed=signed), open_with=None)


@pytest.mark.parametrize("signature", [b"", bytes(63), bytes(64), bytes(65)])
def test_a_signature_of_any_length_is_checked(signature: bytes) -> None:
    with pytest.raises(EvidenceAltered):
        unwrap(file(signed=[GOOD, {}, PAYLOAD, signature]), open_with=None)


@pytest.mark.parametrize("data", [
    cbor.encode([]), cbor.encode({}), cbor.encode({"format": "other", "version": 1, "payload": b""}),
    cbor.encode({"format": "idcard.evidence", "payload": b""}), file(), file(other=b""),
    cbor.encode({"format": "idcard.evidence", "version": "1", "payload": b""}), file(payload="text"),
    cbor.encode({"format": "idcard.evidence", "version": True, "payload": b""}), file(payload=b"", signed=b""),
])  # fmt: skip
def test_what_says_nothing_clear_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedData):
        unwrap(data, open_with=None)


@pytest.mark.parametrize("version", [0, 2, -1, 1 << 63])
def test_another_version_is_refused_by_name(version: int) -> None:
    data = cbor.encode({"format": "idcard.evidence", "version": version, "payload": b""})
    with pytest.raises(Unsupported, match=f"version {version}: this library reads version 1"):
        unwrap(data, open_with=None)


def test_a_sealed_file_opens_with_its_key_only(recipient: X25519PrivateKey) -> None:
    data = wrap(PAYLOAD, sign_with=None, seal_to=recipient.public_key())
    assert PAYLOAD not in data
    with pytest.raises(EvidenceSealed, match="no key was given"):
        unwrap(data, open_with=None)
    with pytest.raises(EvidenceSealed, match="for another key"):
        unwrap(data, open_with=X25519PrivateKey.generate())


def sealed(recipient: X25519PrivateKey, **changes: Any) -> bytes:
    value = cbor.decode(wrap(PAYLOAD, sign_with=None, seal_to=recipient.public_key()), where="", limit=9999)["sealed"]
    return file(sealed=value | changes)


def test_a_seal_that_is_not_ours_is_refused(recipient: X25519PrivateKey) -> None:
    for changes, error in (
        ({"suite": "other"}, Unsupported), ({"suite": 1}, MalformedData), ({"more": 1}, MalformedData),
        ({"data": b""}, EvidenceAltered), ({"data": bytes(100)}, EvidenceAltered), ({"to": bytes(32)}, EvidenceSealed),
    ):  # fmt: skip
        with pytest.raises(error):
            unwrap(sealed(recipient, **changes), open_with=recipient)
    with pytest.raises(MalformedData):
        unwrap(file(sealed=b""), open_with=recipient)


def test_a_seal_in_a_seal_is_refused(recipient: X25519PrivateKey) -> None:
    from idcard.evidence_file.envelope import _PURPOSE, _SUITE

    inner = wrap(PAYLOAD, sign_with=None, seal_to=recipient.public_key())
    data = _SUITE.encrypt(inner, recipient.public_key(), info=_PURPOSE)
    with pytest.raises(MalformedData, match="sealed twice"):
        unwrap(sealed(recipient, data=data), open_with=recipient)


def test_a_file_without_end_is_not_read() -> None:
    with pytest.raises(BoundExceeded):
        unwrap(bytes(MAX_BYTES + 1), open_with=None)


def test_a_device_is_named_by_its_public_key() -> None:
    key: Ed25519PublicKey = FIXED.public_key()
    name = hashlib.sha256(key.public_bytes_raw()).hexdigest()
    assert device_fingerprint(key) == device_fingerprint(key.public_bytes_raw()) == name
