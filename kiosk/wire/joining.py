"""How a device comes to its certificate, and to the next one. See ``docs/enrolment.md``.

Theory of operation. A request is the CBOR list ``[content, signature]``; the signature is the device's own key over the
content, and the content holds a PKCS #10 request signed with the key of the certificate that is asked for: so both keys
are shown to be there. A request is made once, kept, and sent byte for byte the same until it is answered: sending it
again asks how it stands, and a lost answer costs nothing.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from kiosk.wire.cbor import decode, decode_map, encode
from kiosk.wire.checks import Check, exactly, from_map, has, name, optional, to_map, whole, word
from kiosk.wire.errors import MalformedMessage, WrongSignature

JOINING_TYPE: Final = "application/vnd.kiosk.joining+cbor"
JOINING_LIMIT: Final = 8192
"""The greatest request, in bytes."""
GRANT_LIMIT: Final = 1 << 18
AUTHORITY_PATH: Final = "/v1/enrol/authority"
JOIN_PATH: Final = "/v1/enrol"
LATE_PATH: Final = "/v1/enrol/renew"
"""Where a renewal is asked for without a certificate, because it has run out."""
RENEW_PATH: Final = "/v1/renew"

WAITING, APPROVED, REFUSED = "waiting", "approved", "refused"
CODE_SIGNS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's 32: none that sounds or looks like another is among them."""
LOCATOR, SECRET, PIN = 5, 6, 8
"""How many signs of a code find it, are secret, and are the authority's mark; one behind them checks the others.

25 bits find it, so that strangers who try hardly ever use up a try of an open code; 30 bits and few tries guard it.
"""
CODE_LENGTH: Final = LOCATOR + SECRET + PIN + 1
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_COST: Final = {"n": 1 << 14, "r": 8, "p": 1}
"""About 50 ms and 16 MiB for each guess."""
_PIN_SALT = b"kiosk hub authority 1"
_VERSION: Final = 1
_SERIAL_BYTES: Final = 20


def _up_to(size: int) -> Check:
    def check(value: Any, where: str) -> Any:
        if type(value) is not bytes or not 0 < len(value) <= size:
            raise MalformedMessage(f"{where}: not 1 to {size} bytes")
        return value

    return check


def _code(value: Any, where: str) -> Any:
    if type(value) is not str or len(value) != LOCATOR + SECRET or set(value) - set(CODE_SIGNS):
        raise MalformedMessage(f"{where}: no code")
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinRequest:
    """A device asks to be let in.

    :ivar code: what finds the code, and its secret; the hub knows for which clinic and device it was made.
    :ivar public_key: the device's Ed25519 key. :ivar csr: PKCS #10, DER, for a P-256 key.
    """

    v: int = field(default=_VERSION, metadata=has(whole(_VERSION, _VERSION)))
    code: str = field(repr=False, metadata=has(_code))
    public_key: bytes = field(metadata=has(exactly(32)))
    csr: bytes = field(metadata=has(_up_to(2048)))


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewRequest:
    """A device asks for its next certificate. :ivar serial: the number of the one that is replaced."""

    v: int = field(default=_VERSION, metadata=has(whole(_VERSION, _VERSION)))
    clinic: str = field(metadata=has(name))
    device: str = field(metadata=has(name))
    serial: bytes = field(metadata=has(_up_to(_SERIAL_BYTES)))
    csr: bytes = field(metadata=has(_up_to(2048)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """The hub's answer to both. :ivar state: ``waiting``, ``approved`` or ``refused``.

    :ivar certificate: DER. :ivar hub_key: the X25519 key that bodies are sealed to. :ivar root: the root of releases.
    """

    v: int = field(default=_VERSION, metadata=has(whole(_VERSION, _VERSION)))
    state: str = field(metadata=has(word))
    clinic: str = field(metadata=has(name))
    device: str = field(metadata=has(name))
    certificate: bytes | None = optional(_up_to(4096))
    hub_key: bytes | None = optional(exactly(32))
    root: bytes | None = optional(_up_to(1 << 17))


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedJoin:
    """A request to join whose two signatures are right."""

    request: JoinRequest
    tls_key: EllipticCurvePublicKey
    digest: bytes = field(repr=False)


def make_join(request: JoinRequest, device: Ed25519PrivateKey) -> bytes:
    """The bytes of a request to join."""
    return _signed(request, b"join", device)


def read_join(data: bytes) -> SignedJoin:
    """The request in these bytes.

    :raises MalformedMessage: for another form. :raises WrongSignature: where it was not made with both keys.
    """
    content, signature = _parts(data)
    request = from_map(JoinRequest, decode_map(content, where="join", limit=JOINING_LIMIT), "join")
    _verify(content, signature, b"join", request.public_key)
    return SignedJoin(request=request, tls_key=requested_key(request.csr), digest=hashlib.sha256(data).digest())


def make_renewal(request: RenewRequest, device: Ed25519PrivateKey) -> bytes:
    """The bytes of a renewal."""
    return _signed(request, b"renew", device)


def read_renewal(data: bytes) -> RenewRequest:
    """Whose renewal is in these bytes; not yet verified: see :func:`verify_renewal`."""
    content, _ = _parts(data)
    return from_map(RenewRequest, decode_map(content, where="renew", limit=JOINING_LIMIT), "renew")


def verify_renewal(data: bytes, device: bytes) -> EllipticCurvePublicKey:
    """The key that a certificate is asked for, where the device of this public key asked.

    :raises WrongSignature: where it was not made with both keys.
    """
    content, signature = _parts(data)
    _verify(content, signature, b"renew", device)
    return requested_key(read_renewal(data).csr)


def make_grant(grant: Grant) -> bytes:
    """The bytes of an answer."""
    return encode(to_map(grant))


def read_grant(data: bytes) -> Grant:
    """The answer in these bytes; MalformedMessage for another form."""
    return from_map(Grant, decode_map(data, where="grant", limit=GRANT_LIMIT), "grant")


def requested_key(csr: bytes) -> EllipticCurvePublicKey:
    """The P-256 key that signed this PKCS #10 request."""
    try:
        found = x509.load_der_x509_csr(csr)
        key, is_right = found.public_key(), found.is_signature_valid
    except (ValueError, TypeError) as error:
        raise MalformedMessage("csr: no PKCS #10") from error
    except Exception as error:
        # The library's own UnsupportedAlgorithm and the like: keys of other kinds are not asked for here.
        raise MalformedMessage("csr: another kind of key") from error
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise MalformedMessage("csr: another kind of key")
    if not is_right:
        raise WrongSignature()
    return key


def spki(key: EllipticCurvePublicKey) -> bytes:
    """A public key as SubjectPublicKeyInfo, DER."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def p256(der: bytes) -> EllipticCurvePublicKey:
    """The P-256 key that :func:`spki` wrote; MalformedMessage for anything else."""
    key = load_der_public_key(der)
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise MalformedMessage("tls_key: another kind of key")
    return key


def serial_bytes(certificate: x509.Certificate) -> bytes:
    """A certificate's number, as renewals name it."""
    number = certificate.serial_number
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def fingerprint(authority: bytes, public_key: bytes, tls_key: EllipticCurvePublicKey) -> str:
    """16 digits that clinic and officer compare: over the hub's authority (DER) and both keys of the device."""
    parts = (hashlib.sha256(authority).digest(), public_key, hashlib.sha256(spki(tls_key)).digest())
    number = int.from_bytes(hashlib.sha256(b"kiosk join fingerprint 1\x00" + b"".join(parts)).digest(), "big")
    digits = f"{number % 10**16:016}"
    return " ".join(digits[at : at + 4] for at in range(0, 16, 4))


def authority_pin(authority: bytes) -> str:
    """The signs in a code by which a clinic knows the hub's authority (DER) at the first contact.

    Made dear to compute: 40 bits are enough where each try for an authority with the same pin costs 50 ms.
    """
    digest = hashlib.scrypt(hashlib.sha256(authority).digest(), salt=_PIN_SALT, dklen=8, **_COST)
    return _signs(int.from_bytes(digest, "big"), PIN)


def secret_digest(secret: str, salt: bytes) -> bytes:
    """What the hub keeps of a code's secret."""
    return hashlib.scrypt(secret.encode("ascii"), salt=salt, dklen=32, **_COST)


def written_code(locator: str, secret: str, pin: str) -> str:
    """A code as it is read over the telephone: five groups of four."""
    whole_code = locator + secret + pin
    signs = whole_code + CODE_SIGNS[_check(whole_code)]
    return "-".join(signs[at : at + 4] for at in range(0, CODE_LENGTH, 4))


def read_code(text: str) -> tuple[str, str]:
    """What is sent of a code, and its authority's pin; ValueError where it was misread."""
    signs = text.strip().upper().translate(_MISREAD)
    if len(signs) != CODE_LENGTH or set(signs) - set(CODE_SIGNS) or CODE_SIGNS[_check(signs[:-1])] != signs[-1]:
        raise ValueError("no code")
    return signs[: LOCATOR + SECRET], signs[LOCATOR + SECRET : -1]


def drawn_signs(drawn: bytes, many: int) -> str:
    """So many signs of random bytes; there must be eight or more."""
    return _signs(int.from_bytes(drawn, "big"), many)


def _signs(number: int, many: int) -> str:
    return "".join(CODE_SIGNS[number >> (5 * at) & 31] for at in range(many))


def _check(signs: str) -> int:
    """The value of a polynomial over GF(32): one sign misread, or two that changed places, give another."""
    found = 0
    for sign in signs:
        found = (found << 1 ^ (0b100101 if found & 16 else 0)) ^ CODE_SIGNS.index(sign)
    return found << 1 ^ (0b100101 if found & 16 else 0)


def _signed(request: JoinRequest | RenewRequest, purpose: bytes, device: Ed25519PrivateKey) -> bytes:
    content = encode(to_map(request))
    return encode([content, device.sign(_to_sign(content, purpose))])


def _parts(data: bytes) -> tuple[bytes, bytes]:
    parts = decode(data, where="request", limit=JOINING_LIMIT)
    if type(parts) is not list or len(parts) != 2 or any(type(part) is not bytes for part in parts):
        raise MalformedMessage("request: not two byte strings")
    return parts[0], exactly(64)(parts[1], "request.signature")


def _verify(content: bytes, signature: bytes, purpose: bytes, public_key: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, _to_sign(content, purpose))
    except (InvalidSignature, ValueError) as error:
        raise WrongSignature() from error


def _to_sign(content: bytes, purpose: bytes) -> bytes:
    return b"kiosk hub " + purpose + b" 1\x00" + hashlib.sha256(content).digest()
