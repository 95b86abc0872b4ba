"""JSON web keys: public keys as issuers of credentials publish them.

EC on P-256, P-384 and P-521, Ed25519, and RSA. A key that holds its private half is refused: it is nobody's any more.

Source: RFC 7517, "JSON Web Key (JWK)"; RFC 7518, "Elliptic Curve Public Keys"; RFC 8037; RFC 7638 for thumbprints.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from idcard.crypto.curves import Curve
from idcard.crypto.signature import MAX_EXPONENT_BITS, MAX_RSA_BITS, EcPublicKey, RsaPublicKey
from idcard.errors import MalformedData, UnsupportedAlgorithm
from idcard.qr import strict_json
from idcard.qr.cose import VerificationKey

CURVES: Final[Mapping[str, str]] = {"P-256": "P-256", "P-384": "P-384", "P-521": "P-521"}
_WHERE = "JWK"
_MIN_RSA_BITS = 2048
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
_MEMBERS = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x"), "RSA": ("e", "kty", "n")}


def base64url(text: object, *, where: str) -> bytes:
    """The bytes of base64url without padding, in its one form.

    :raises MalformedData: if it is anything else, or has bits set that mean nothing.
    """
    if not isinstance(text, str) or not _BASE64URL.fullmatch(text):
        raise MalformedData("is no base64url", where=where)
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise MalformedData("is no base64url", where=where) from error
    if to_base64url(data) != text:
        raise MalformedData("has bits that mean nothing", where=where)
    return data


def to_base64url(data: bytes) -> str:
    """``data`` in base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def public_key(jwk: object) -> VerificationKey:
    """The public key in a JSON web key.

    :raises MalformedData: if it is not well formed, or private.
    :raises UnsupportedAlgorithm: if it is of another kind.
    """
    if not isinstance(jwk, dict):
        raise MalformedData("is no object", where=_WHERE)
    if "d" in jwk:
        raise MalformedData("is a private key, which everybody has now", where=_WHERE)
    kind = jwk.get("kty")
    if kind == "EC" and strict_json.is_one_of(jwk.get("crv"), CURVES):
        return _elliptic(jwk)
    if kind == "OKP" and jwk.get("crv") == "Ed25519":
        return _edwards(jwk)
    if kind == "RSA":
        return _rsa(jwk)
    raise UnsupportedAlgorithm("a JSON web key of a kind that is not known here")


def _elliptic(jwk: dict[str, Any]) -> EcPublicKey:
    curve = Curve.by_name(CURVES[jwk["crv"]])
    x, y = (base64url(jwk.get(name), where=_WHERE) for name in ("x", "y"))
    if not len(x) == len(y) == curve.size_bytes:
        raise MalformedData("has coordinates of another length than its curve", where=_WHERE)
    return EcPublicKey(curve=curve, point=curve.decode(b"\x04" + x + y))


def _edwards(jwk: dict[str, Any]) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(base64url(jwk.get("x"), where=_WHERE))
    except ValueError as error:
        raise MalformedData("is no key on Ed25519", where=_WHERE) from error


def _rsa(jwk: dict[str, Any]) -> RsaPublicKey:
    modulus, exponent = (int.from_bytes(base64url(jwk.get(name), where=_WHERE)) for name in ("n", "e"))
    key = RsaPublicKey(modulus=modulus, exponent=exponent)
    if not _MIN_RSA_BITS <= key.bits <= MAX_RSA_BITS or not 3 <= exponent < 1 << MAX_EXPONENT_BITS:
        raise UnsupportedAlgorithm("an RSA key of a size that is not used here")
    return key


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """The key's own identifier: SHA-256 of its required members, in base64url.

    :raises MalformedData: if a member is missing.
    """
    names = _MEMBERS.get(str(jwk.get("kty")))
    if names is None or any(not isinstance(jwk.get(name), str) for name in names):
        raise MalformedData("lacks what its identifier is made of", where=_WHERE)
    members = {name: jwk[name] for name in names}
    return to_base64url(hashlib.sha256(json.dumps(members, separators=(",", ":"), sort_keys=True).encode()).digest())
