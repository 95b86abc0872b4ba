"""COSE_Sign1: one signature over one payload, and how it is verified.

Theory of operation. A message is the list of protected headers (a byte string that holds a map), unprotected headers
(a map), payload and signature. The signature is over ``["Signature1", protected, b"", payload]``, so the unprotected
headers are anybody's. Where both hold a label, the protected one counts and the other is as if it were not there: a
verifier that tries what both say can be led to a wrong key.

An algorithm is used only with the kind of key that it is for, and only if the format allows it. Verifying raises.

Source: RFC 9052, "Single Signer Data Object"; RFC 9053, "Signature Algorithms".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from idcard.crypto.signature import (
    EcPublicKey,
    PublicKey,
    RsaPublicKey,
    SignatureInvalid,
    split_signature,
    verify_ecdsa,
)
from idcard.errors import MalformedData, UnsupportedAlgorithm
from idcard.qr import cbor
from idcard.qr.cbor import Tagged

SIGN1_TAG: Final = 18
CWT_TAG: Final = 61
ALGORITHM: Final = 1
X5CHAIN: Final = 33
_CRITICAL, _KEY_ID = 2, 4
_MAX_CHAIN = 4
_WHERE = "COSE_Sign1"
_TAGS = frozenset({SIGN1_TAG, CWT_TAG})
_PARTS = 4
_MIN_RSA_BITS = 2048
_MAX_SIGNATURE = 1024

VerificationKey = PublicKey | Ed25519PublicKey
Sign = Callable[[bytes], bytes]


class Algorithm(IntEnum):
    """The signature algorithms that are known here, by their numbers in COSE's registry."""

    ES256 = -7
    EDDSA = -8
    ES384 = -35
    ES512 = -36
    PS256 = -37

    @property
    def label(self) -> str:
        """Its name in the registry."""
        return "EdDSA" if self is Algorithm.EDDSA else self.name


_CURVES = {
    Algorithm.ES256: ("P-256", "sha256"),
    Algorithm.ES384: ("P-384", "sha384"),
    Algorithm.ES512: ("P-521", "sha512"),
}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Sign1:
    """A message as it came: nothing of it is encoded again before its signature is verified."""

    protected_bytes: bytes
    protected: Mapping[int | str, Any]
    unprotected: Mapping[int | str, Any]
    payload: bytes
    signature: bytes

    def __repr__(self) -> str:
        return f"Sign1({len(self.payload)} bytes)"

    @classmethod
    def from_bytes(cls, data: bytes) -> "Sign1":
        """The message in ``data``: tagged as COSE_Sign1, perhaps as CWT around that, or without any tag.

        :raises MalformedData: if it is none, or has a critical header that is not known here.
        """
        return cls.from_parts(_untagged(cbor.decode(data, where=_WHERE, tags=_TAGS)))

    @classmethod
    def from_parts(cls, parts: Any) -> "Sign1":
        """The message that was decoded already, without any tag.

        :raises MalformedData: if it is none, or has a critical header that is not known here.
        """
        if not isinstance(parts, list) or len(parts) != _PARTS:
            raise MalformedData("is no list of four parts", where=_WHERE)
        protected, unprotected, payload, signature = parts
        if not isinstance(protected, bytes) or not isinstance(unprotected, dict):
            raise MalformedData("has headers of the wrong kind", where=_WHERE)
        if not isinstance(payload, bytes) or not isinstance(signature, bytes) or len(signature) > _MAX_SIGNATURE:
            raise MalformedData("has no payload or no signature in it", where=_WHERE)
        return cls(
            protected_bytes=protected,
            protected=MappingProxyType(_protected(protected)),
            unprotected=MappingProxyType(unprotected),
            payload=payload,
            signature=signature,
        )

    @property
    def algorithm(self) -> Algorithm:
        """The algorithm that the headers name.

        :raises UnsupportedAlgorithm: if they name none, or one that is not known here.
        """
        number = self._header(ALGORITHM)
        if type(number) is not int or number not in frozenset(Algorithm):
            raise UnsupportedAlgorithm("a signature algorithm of COSE that is not known here")
        return Algorithm(number)

    @property
    def key_id(self) -> bytes | None:
        """The key identifier: the protected one where there is one."""
        found = self._header(_KEY_ID)
        return found if isinstance(found, bytes) else None

    @property
    def chain(self) -> tuple[bytes, ...]:
        """The certificates in DER that came with the message, the signer's first; none where it brought none.

        :raises MalformedData: if the header holds anything else, or too many.

        Source: RFC 9360, "X.509 COSE Header Parameters" (x5chain).
        """
        found = self._header(X5CHAIN)
        if found is None:
            return ()
        chain = found if isinstance(found, list) else [found]
        if not 0 < len(chain) <= _MAX_CHAIN or not all(isinstance(one, bytes) for one in chain):
            raise MalformedData("has a chain of certificates that is none", where=_WHERE)
        return tuple(chain)

    @property
    def signed_bytes(self) -> bytes:
        """What the signature is over."""
        return signed_bytes(self.protected_bytes, self.payload)

    def _header(self, label: int) -> Any:
        return self.protected[label] if label in self.protected else self.unprotected.get(label)

    def verify(self, key: VerificationKey, allowed: frozenset[Algorithm]) -> Algorithm:
        """The algorithm, where the key signed the message; otherwise it raises.

        :param allowed: the algorithms that the format may use.
        :raises SignatureInvalid: if the key did not.
        :raises UnsupportedAlgorithm: if the algorithm is unknown, not allowed, or not one for this kind of key.
        """
        return verify_allowed(self.algorithm, allowed, key, self.signature, self.signed_bytes)


def _untagged(value: Any) -> Any:
    if isinstance(value, Tagged) and value.tag == CWT_TAG:
        value = value.value
        if not isinstance(value, Tagged):
            raise MalformedData("is a CWT without a signature", where=_WHERE)
    if isinstance(value, Tagged):
        if value.tag != SIGN1_TAG:
            raise MalformedData("is tagged as something else", where=_WHERE)
        return value.value
    return value


def _protected(data: bytes) -> dict[int | str, Any]:
    headers = cbor.decode(data, where="COSE protected headers") if data else {}
    if not isinstance(headers, dict):
        raise MalformedData("protected headers that are no map", where=_WHERE)
    if _CRITICAL in headers and not _is_known(headers[_CRITICAL]):
        raise MalformedData("has a critical header that is not known here", where=_WHERE)
    return headers


def _is_known(critical: object) -> bool:
    """Whether it is a list of one or more headers, all of them known here (an empty one is against the standard)."""
    known = (ALGORITHM, _KEY_ID, X5CHAIN)
    return isinstance(critical, list) and bool(critical) and all(type(one) is int and one in known for one in critical)


def signed_bytes(protected: bytes, payload: bytes) -> bytes:
    """What a COSE_Sign1 signature is over: the Sig_structure without external data."""
    return cbor.encode(["Signature1", protected, b"", payload])


def make(payload: bytes, *, key_id: bytes, algorithm: Algorithm, sign: Sign) -> bytes:
    """A COSE_Sign1 of ours, tagged; algorithm and key identifier are protected.

    :param sign: what signs: gets the bytes to sign, gives the signature (r and s one after the other for ECDSA).
    """
    protected = headers(algorithm, key_id)
    signature = sign(signed_bytes(protected, payload))
    return cbor.encode(Tagged(tag=SIGN1_TAG, value=[protected, {}, payload, signature]))


def headers(algorithm: Algorithm, key_id: bytes) -> bytes:
    """The protected headers of a message of ours."""
    return cbor.encode({ALGORITHM: int(algorithm), _KEY_ID: key_id})


def encode(sign1: Sign1) -> bytes:
    """The one encoding of a message of ours."""
    parts = [sign1.protected_bytes, dict(sign1.unprotected), sign1.payload, sign1.signature]
    return cbor.encode(Tagged(tag=SIGN1_TAG, value=parts))


def verify_allowed(
    algorithm: Algorithm, allowed: frozenset[Algorithm], key: VerificationKey, signature: bytes, message: bytes
) -> Algorithm:
    """The algorithm, where it is one of those allowed and ``signature`` is the key's over ``message``.

    :raises SignatureInvalid: if it is not the key's.
    :raises UnsupportedAlgorithm: if the algorithm is not allowed, or not one for this kind of key.
    """
    if algorithm not in allowed:
        raise UnsupportedAlgorithm(f"{algorithm.label} is not allowed in this format")
    verify_raw(algorithm, key, signature, message)
    return algorithm


def verify_raw(algorithm: Algorithm, key: VerificationKey, signature: bytes, message: bytes) -> None:
    """Nothing, where ``signature`` is the key's over ``message``: r and s one after the other for ECDSA.

    :raises SignatureInvalid: if it is not.
    :raises UnsupportedAlgorithm: if the key is of another kind than the algorithm's.
    """
    if algorithm in _CURVES and isinstance(key, EcPublicKey) and key.curve.name == _CURVES[algorithm][0]:
        verify_ecdsa(key, split_signature(key, signature, plain=True), message, _CURVES[algorithm][1])
    elif algorithm is Algorithm.PS256 and isinstance(key, RsaPublicKey) and key.bits >= _MIN_RSA_BITS:
        _verify_pss(key, signature, message)
    elif algorithm is Algorithm.EDDSA and isinstance(key, Ed25519PublicKey):
        _verify_ed25519(key, signature, message)
    else:
        raise UnsupportedAlgorithm(f"the key is not one for {algorithm.label}")


def _verify_pss(key: RsaPublicKey, signature: bytes, message: bytes) -> None:
    scheme = padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256.digest_size)
    try:
        key.backend().verify(signature, message, scheme, hashes.SHA256())
    except (InvalidSignature, ValueError) as error:
        raise SignatureInvalid() from error


def _verify_ed25519(key: Ed25519PublicKey, signature: bytes, message: bytes) -> None:
    try:
        key.verify(signature, message)
    except InvalidSignature as error:
        raise SignatureInvalid() from error
