"""The outside of an evidence file: which version it is, who signed it, and for whom it is sealed.

Theory of operation. A file is one CBOR map with ``format``, ``version`` and exactly one of

* ``payload``: the content as it is;
* ``signed``: a COSE_Sign1 structure over the content (EdDSA with Ed25519). Its protected header holds the algorithm
  and, as key identifier, the device's public key itself, so that no byte of the file is outside the signature;
* ``sealed``: the same kind of file again, plain or signed, encrypted with HPKE to one X25519 key.

A signature says which device wrote the file. Whether that device is believed is the judge's decision.

Source: RFC 9052, "COSE: Structures and Process", section "Signing with One Signer"; RFC 9053, "EdDSA"; RFC 9180,
"Hybrid Public Key Encryption", base mode.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import cbor2
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from idcard.encoding import cbor
from idcard.errors import IdCardError, MalformedData, ProtocolViolation, Unsupported

FORMAT: Final = "idcard.evidence"
VERSION: Final = 1
MAX_BYTES: Final = 8 << 20
"""The most bytes that an evidence file may have."""

_WHERE: Final = "evidence file"
_PURPOSE: Final = f"{FORMAT}/{VERSION}".encode()
_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_SUITE_NAME: Final = "HPKE-X25519-SHA256-A256GCM"
_KEY_BYTES: Final = 32
_ALGORITHM, _KEY_IDENTIFIER, _EDDSA = 1, 4, -8


class EvidenceAltered(ProtocolViolation):
    """The evidence file is not the one that was signed, or that was sealed."""

    code: ClassVar[str] = "evidence_altered"


class EvidenceSealed(IdCardError):
    """The evidence file is sealed, and the key that was given, if any, is not the one that opens it."""

    code: ClassVar[str] = "evidence_sealed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The content of an envelope, and the public key (32 bytes) of the device that signed it, or None."""

    payload: bytes
    signed_by: bytes | None


def device_fingerprint(key: Ed25519PublicKey | bytes) -> str:
    """SHA-256 of a reading device's public key (its 32 bytes), in hexadecimal: how devices are named."""
    return hashlib.sha256(key if isinstance(key, bytes) else key.public_bytes_raw()).hexdigest()


def wrap(payload: bytes, *, sign_with: Ed25519PrivateKey | None, seal_to: X25519PublicKey | None) -> bytes:
    """The file that holds ``payload``: signed, and then sealed, where the keys are given."""
    inner = _map(payload=payload) if sign_with is None else _map(signed=_sign(payload, sign_with))
    if seal_to is None:
        return inner
    data = _SUITE.encrypt(inner, seal_to, info=_PURPOSE)
    return _map(sealed={"suite": _SUITE_NAME, "to": _name_of(seal_to), "data": data})


def unwrap(data: bytes, *, open_with: X25519PrivateKey | None) -> Opened:
    """The content of a file, its signature checked.

    :raises EvidenceSealed: if it is sealed and ``open_with`` is not its key.
    :raises EvidenceAltered: if it is not what was signed or sealed.
    :raises Unsupported: if it is of another version.
    :raises MalformedData: if it is no evidence file.
    """
    kind, value = _content(data)
    if kind == "sealed":
        kind, value = _content(_unseal(value, open_with))
    if kind == "signed":
        return _verified(value)
    if kind == "payload" and type(value) is bytes:
        return Opened(payload=value, signed_by=None)
    raise _malformed("holds nothing that is known, or is sealed twice")


def _map(**content: Any) -> bytes:
    return cbor.encode({"format": FORMAT, "version": VERSION, **content})


def _malformed(message: str) -> MalformedData:
    return MalformedData(message, where=_WHERE)


def _content(data: bytes) -> tuple[str, Any]:
    """The one thing in the map beside its format and version."""
    value = cbor.decode(data, where=_WHERE, limit=MAX_BYTES)
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise _malformed("does not say that it is one")
    version = value.get("version")
    if type(version) is not int:
        raise _malformed("has no version")
    if version != VERSION:
        raise Unsupported(f"evidence file of version {version}: this library reads version {VERSION}", version=version)
    content = [(key, each) for key, each in value.items() if key not in ("format", "version")]
    if len(content) != 1:
        raise _malformed("holds not exactly one content")
    return content[0]


def _protected(public_key: bytes) -> bytes:
    """The protected header, deterministically encoded: its keys are integers, which our own files never have."""
    header: bytes = cbor2.dumps({_ALGORITHM: _EDDSA, _KEY_IDENTIFIER: public_key}, canonical=True)
    return header


def _to_be_signed(protected: bytes, payload: bytes) -> bytes:
    return cbor.encode(["Signature1", protected, _PURPOSE, payload])


def _sign(payload: bytes, key: Ed25519PrivateKey) -> list[Any]:
    protected = _protected(key.public_key().public_bytes_raw())
    return [protected, {}, payload, key.sign(_to_be_signed(protected, payload))]


def _verified(value: Any) -> Opened:
    match value:
        case [bytes(protected), {**unprotected}, bytes(payload), bytes(signature)] if not unprotected:
            key = protected[-_KEY_BYTES:]
        case _:
            raise _malformed("has no well-formed signature")
    if protected != _protected(key):
        raise _malformed("is signed in another way than with Ed25519")
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, _to_be_signed(protected, payload))
    except (InvalidSignature, ValueError) as error:
        raise EvidenceAltered("the evidence file is not the one that was signed") from error
    return Opened(payload=payload, signed_by=key)


def _name_of(key: X25519PublicKey) -> bytes:
    return hashlib.sha256(key.public_bytes_raw()).digest()


def _unseal(value: Any, key: X25519PrivateKey | None) -> bytes:
    match value:
        case {"suite": str(suite), "to": bytes(to), "data": bytes(data), **more} if not more:
            pass
        case _:
            raise _malformed("has no well-formed seal")
    if suite != _SUITE_NAME:
        raise Unsupported("the evidence file is sealed with another suite than this library knows")
    if key is None or _name_of(key.public_key()) != to:
        problem = "no key was given" if key is None else "it is for another key"
        raise EvidenceSealed(f"the evidence file is sealed: {problem}")
    try:
        return _SUITE.decrypt(data, key, info=_PURPOSE)
    except (InvalidTag, ValueError) as error:
        raise EvidenceAltered("the evidence file is not the one that was sealed") from error
