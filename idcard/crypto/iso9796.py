"""Signatures of active authentication: RSA with message recovery, and ECDSA whose hash may have to be found.

Theory of operation. The chip signs M = M1 | M2: M1 is random and its own, M2 is the challenge. The RSA signature,
raised to the public exponent, gives the representative::

    6A | M1 | H(M1 | M2) | trailer          6 = "part of the message is not in here", A ends the padding
    6B BB … BA | M1 | …                     where M1 is short

and the trailer says the hash: ``BC`` for SHA-1, or two bytes xxCC for the others. A representative that claims to hold
the whole message (4…) does not cover the challenge and is refused. The signature may also be n minus the power.

With ECDSA the signature is r | s (some chips: SEQUENCE { r, s }) over the challenge. DG14 names the hash; where it is
silent, every permitted one is tried, those no longer than the key first.

Source: ISO/IEC 9796-2, "Digital signature scheme 1"; ICAO Doc 9303-11, "Active Authentication".
"""

import hmac

from idcard.crypto.signature import (
    EcPublicKey,
    PublicKey,
    RsaPublicKey,
    SignatureInvalid,
    digest_of,
    split_signature,
    verify_ecdsa,
)
from idcard.encoding.oids import ECDSA_DER, ECDSA_PLAIN
from idcard.errors import UnsupportedAlgorithm

_TRAILERS = {0x33: "sha1", 0x34: "sha256", 0x35: "sha512", 0x36: "sha384", 0x38: "sha224"}
_DIGEST_BYTES = {"sha1": 20, "sha224": 28, "sha256": 32, "sha384": 48, "sha512": 64}
_IMPLICIT_SHA1 = 0xBC
_EXPLICIT = 0xCC


def verify_active_authentication(
    key: PublicKey, response: bytes, challenge: bytes, *, algorithm: str | None = None
) -> str:
    """The name of the hash with which ``response`` is the key's answer to ``challenge``.

    :param algorithm: for ECDSA, the signature algorithm's object identifier as DG14 gives it, where it does.
    :raises SignatureInvalid: if it is not the answer.
    :raises UnsupportedAlgorithm: if DG14 names an unknown algorithm.
    """
    if isinstance(key, RsaPublicKey):
        return verify_with_recovery(key, response, challenge)
    return _verify_ecdsa(key, response, challenge, algorithm)


def verify_with_recovery(key: RsaPublicKey, signature: bytes, challenge: bytes) -> str:
    """The name of the hash with which ``signature`` covers ``challenge`` as the part that is not recovered.

    :raises SignatureInvalid: if it does not, or is no signature of this scheme.
    """
    representative = recover(key, signature)
    digest, content = _take_trailer(representative)
    content = _take_padding(content)
    size = _DIGEST_BYTES[digest]
    if len(content) <= size:
        raise SignatureInvalid("a representative too short for its hash")
    recovered, hashed = content[:-size], content[-size:]
    if not hmac.compare_digest(digest_of(digest, recovered + challenge), hashed):
        raise SignatureInvalid("another message was signed")
    return digest


def recover(key: RsaPublicKey, signature: bytes) -> bytes:
    """The message representative, as long as the modulus; its last half-byte is C.

    :raises SignatureInvalid: if the signature has another length than the modulus, or opens to nothing of the kind.
    """
    size = (key.bits + 7) // 8
    number = int.from_bytes(signature)
    if len(signature) != size or number >= key.modulus:
        raise SignatureInvalid("a signature of the wrong length")
    power = pow(number, key.exponent, key.modulus)
    for candidate in (power, key.modulus - power):
        if candidate & 0xF == 0xC:
            return candidate.to_bytes(size)
    raise SignatureInvalid("no message representative")


def _take_trailer(representative: bytes) -> tuple[str, bytes]:
    if representative[-1] == _IMPLICIT_SHA1:
        return "sha1", representative[:-1]
    digest = _TRAILERS.get(representative[-2])
    if representative[-1] != _EXPLICIT or digest is None:
        raise SignatureInvalid("an unknown trailer")
    return digest, representative[:-2]


def _take_padding(content: bytes) -> bytes:
    """What follows the header 6A, or 6B BB … BA."""
    if content[0] == 0x6A:
        return content[1:]
    rest = content[1:].lstrip(b"\xbb")
    if content[0] != 0x6B or not rest or rest[0] != 0xBA:
        raise SignatureInvalid("not a header of a message that is partly recovered")
    return rest[1:]


def _verify_ecdsa(key: EcPublicKey, response: bytes, challenge: bytes, algorithm: str | None) -> str:
    pair = split_signature(key, response, plain=False)
    for digest in _candidates(key, algorithm):
        try:
            verify_ecdsa(key, pair, challenge, digest)
        except SignatureInvalid:
            continue
        return digest
    raise SignatureInvalid("not the key's answer to this challenge")


def _candidates(key: EcPublicKey, algorithm: str | None) -> tuple[str, ...]:
    if algorithm is not None:
        digest = ECDSA_PLAIN.get(algorithm) or ECDSA_DER.get(algorithm)
        if digest is None:
            raise UnsupportedAlgorithm("DG14 names an unknown algorithm", oid=algorithm)
        return (digest,)
    fitting_first = sorted(_DIGEST_BYTES, key=lambda name: (8 * _DIGEST_BYTES[name] > key.bits, -_DIGEST_BYTES[name]))
    return tuple(fitting_first)
