"""JWE in its compact form, as wallets encrypt answers: ECDH-ES on P-256 straight to a key for AES-GCM.

Theory of operation. Five parts in base64url with dots between: the header, nothing (the key is agreed upon, and not
sent), the initialisation vector, the ciphertext and its tag. The sender's ephemeral key is in the header; the key
comes from both keys by the Concat KDF. The header is authenticated with the content. One algorithm and two ciphers are
taken, no compression, and no header that demands what is not known here.

Source: RFC 7516, "JSON Web Encryption (JWE)"; RFC 7518, "Key Agreement with Elliptic Curve Diffie-Hellman Ephemeral
Static", worked example in Appendix C.
"""

from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash

from idcard.crypto.signature import EcPublicKey
from idcard.errors import MalformedData, UnsupportedAlgorithm
from idcard.qr import strict_json
from idcard.qr.jwk import base64url, public_key

ALGORITHM: Final = "ECDH-ES"
CIPHERS: Final = {"A128GCM": 16, "A256GCM": 32}
"""Which ciphers are taken, and how many bytes their keys have."""
_WHERE = "JWE"
_PARTS, _IV_BYTES, _TAG_BYTES = 5, 12, 16


def decrypt(text: str, key: ec.EllipticCurvePrivateKey, *, key_id: str) -> bytes:
    """What is inside ``text``, where it was encrypted to ``key`` and nobody changed it.

    :param key: on P-256.
    :param key_id: the key's identifier; a message that names another one is for somebody else.
    :raises MalformedData: if it is not well formed, or cannot be decrypted.
    :raises UnsupportedAlgorithm: if it is encrypted in another way.
    """
    parts = text.split(".")
    if len(parts) != _PARTS or parts[1]:
        raise MalformedData("is not five parts without a key of its own", where=_WHERE)
    header, _, vector, content, tag = (base64url(part, where=_WHERE) for part in parts)
    headers = strict_json.decode_object(header, where=_WHERE)
    if headers.get("alg") != ALGORITHM or str(headers.get("enc")) not in CIPHERS:
        raise UnsupportedAlgorithm("encrypted in a way that is not known here")
    if {"crit", "zip"} & headers.keys() or headers.get("kid", key_id) != key_id:
        raise MalformedData("demands what is not known here, or is for another key", where=_WHERE)
    if len(vector) != _IV_BYTES or len(tag) != _TAG_BYTES:
        raise MalformedData("has an initialisation vector or a tag of the wrong length", where=_WHERE)
    try:
        return AESGCM(_agreed(headers, key)).decrypt(vector, content + tag, parts[0].encode("ascii"))
    except InvalidTag as error:
        raise MalformedData("cannot be decrypted", where=_WHERE) from error


def _agreed(headers: dict[str, Any], key: ec.EllipticCurvePrivateKey) -> bytes:
    """The key that both sides agree upon."""
    theirs = public_key(headers.get("epk"))
    backend = theirs.backend() if isinstance(theirs, EcPublicKey) and theirs.curve.name == "P-256" else None
    if backend is None:
        raise UnsupportedAlgorithm("an ephemeral key on another curve")
    return derived(key.exchange(ec.ECDH(), backend), headers)


def derived(secret: bytes, headers: dict[str, Any]) -> bytes:
    """The cipher's key from the agreed secret and what the header says of both sides.

    :raises MalformedData: if the header's words on both sides are no base64url.

    Source: RFC 7518, "Key Derivation for ECDH Key Agreement".
    """
    cipher = headers["enc"]
    sides = [base64url(headers.get(name, ""), where=_WHERE) for name in ("apu", "apv")]
    length = CIPHERS[cipher]
    info = b"".join(len(part).to_bytes(4) + part for part in (cipher.encode("ascii"), *sides))
    return ConcatKDFHash(hashes.SHA256(), length, info + (8 * length).to_bytes(4)).derive(secret)
