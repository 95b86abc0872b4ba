"""Mobile documents (mdoc), such as a mobile driving licence: what the issuer signed, and what the holder's device did.

Theory of operation. The issuer signs a *mobile security object*: for every element of every name space a digest, and
for how long it counts. The elements come beside it, each with its salt, as bytes in bytes, and only those that the
holder shows. So the digests are over the bytes as they came. The signer's certificate comes with the signature; an
*IACA* issued it.

What the issuer signed can be copied. What cannot is the device's signature, by the key that the security object
names, over the session: see :mod:`idcard.qr.openid4vp`. A device that answers with a MAC shared a secret with one
reader, which is not how a page asks: that is told, and not judged.

Source: ISO/IEC 18013-5:2021, "Issuer data authentication", "mdoc authentication" and Annex D; RFC 9360 (x5chain).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from idcard.crypto.curves import Curve
from idcard.crypto.signature import EcPublicKey
from idcard.errors import IdCardError, MalformedData, UnsupportedAlgorithm
from idcard.qr import cbor
from idcard.qr.cbor import Tagged
from idcard.qr.cose import Algorithm, Sign1, VerificationKey
from idcard.qr.jwk import base64url

ALGORITHMS: Final = frozenset({Algorithm.ES256, Algorithm.ES384, Algorithm.ES512, Algorithm.EDDSA})
"""What the standard allows, but for the curves that COSE has no number for here."""
MAX_BYTES: Final = 192 << 10
"""How many bytes an answer may have that a device sends; a symbol holds less."""
_ENCODED, _DATE_TIME, _FULL_DATE = 24, 0, 1004
_TAGS = frozenset({_ENCODED, _DATE_TIME, _FULL_DATE})
_HASHES = {"SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
_CURVES = {1: "P-256", 2: "P-384", 3: "P-521"}
_KEY_TYPE, _CURVE, _X, _Y, _EC2 = 1, -1, -2, -3, 2
_MAX_SALT, _MIN_SALT = 64, 16
_VERSION = "1.0"
_WHERE = "mdoc"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DeviceSigned:
    """What the holder's device signed: ``parts`` of a COSE_Sign1 without its payload; None where it made a MAC."""

    name_spaces: bytes
    parts: tuple[Any, ...] | None

    def signature_over(self, transcript: Any, document_type: str) -> Sign1:
        """The device's signature over a session.

        :param transcript: the session's transcript, as values for CBOR.
        :raises MalformedData: if there is none, or it is not well formed.

        Source: ISO/IEC 18013-5, "mdoc authentication", DeviceAuthentication.
        """
        if self.parts is None:
            raise _malformed("is authenticated otherwise than by a signature")
        spaces = Tagged(tag=_ENCODED, value=self.name_spaces)
        authentication = cbor.encode(["DeviceAuthentication", transcript, document_type, spaces])
        protected, unprotected, _, signature = self.parts
        payload = cbor.encode(Tagged(tag=_ENCODED, value=authentication))
        return Sign1.from_parts([protected, unprotected, payload, signature])


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class MobileDocument:
    """A document as it came, unproved until its signature and its digests are verified.

    ``elements`` are what was shown, by name space and name. ``altered`` says whether one of them is not what was
    signed. ``signed``, ``not_before`` and ``expires`` are the security object's times. ``status`` is what it says of
    where its issuer would take it back; None where nothing.
    """

    sign1: Sign1
    document_type: str
    elements: Mapping[str, Mapping[str, Any]]
    altered: bool
    signed: datetime
    not_before: datetime
    expires: datetime
    status: Any
    device_key_parts: Mapping[Any, Any]
    device_signed: DeviceSigned | None = None

    def __repr__(self) -> str:
        return f"MobileDocument({sum(map(len, self.elements.values()))} elements)"

    @property
    def device_key(self) -> VerificationKey:
        """The key of the holder's device.

        :raises MalformedData: if it is none. :raises UnsupportedAlgorithm: if it is of an unknown kind.
        """
        key = self.device_key_parts
        number = key.get(_CURVE)
        if key.get(_KEY_TYPE) != _EC2 or type(number) is not int or number not in _CURVES:
            raise UnsupportedAlgorithm("the device's key is of a kind that is not known here")
        curve, x, y = Curve.by_name(_CURVES[number]), key.get(_X), key.get(_Y)
        if not (isinstance(x, bytes) and isinstance(y, bytes) and len(x) == len(y) == curve.size_bytes):
            raise _malformed("has a device's key that is none")
        return EcPublicKey(curve=curve, point=curve.decode(b"\x04" + x + y))

    @classmethod
    def from_bytes(cls, payload: bytes) -> "MobileDocument":
        """The document in a code: an IssuerSigned, or a DeviceResponse with one document; CBOR, or that in base64url.

        :raises MalformedData: if it is none.
        :raises UnsupportedAlgorithm: if its digests are by a hash that is not known here.
        """
        if len(payload) > MAX_BYTES:
            raise _malformed("is too long")
        value = cbor.decode(_binary(payload), where=_WHERE, tags=_TAGS)
        if isinstance(value, dict) and "issuerAuth" in value:
            return _issuer_signed(value)
        return _response(value)


def looks_like_mdoc(payload: bytes) -> bool:
    """Whether it is CBOR, perhaps in base64url, with an issuer's authentication in it; nothing is parsed."""
    try:
        return b"jissuerAuth" in _binary(payload)  # as CBOR writes that text
    except IdCardError:
        return False


def _binary(payload: bytes) -> bytes:
    # A map of a few entries, as CBOR begins it: no base64url begins so.
    if payload[:1] and 0xA1 <= payload[0] <= 0xB7:
        return payload
    return base64url(payload.decode("ascii", "replace").rstrip("="), where=_WHERE)


def _response(value: Any) -> MobileDocument:
    if not isinstance(value, dict) or value.get("version") != _VERSION or value.get("status") != 0:
        raise _malformed("is no document, or the device refused")
    documents = value.get("documents")
    if not isinstance(documents, list) or len(documents) != 1 or not isinstance(documents[0], dict):
        raise _malformed("does not hold exactly one document")
    (document,) = documents
    signed = document.get("issuerSigned")
    if not isinstance(signed, dict) or not isinstance(document.get("docType"), str):
        raise _malformed("lacks what its issuer signed, or its type")
    return _issuer_signed(signed, document.get("docType"), _device_signed(document.get("deviceSigned")))


def _issuer_signed(
    signed: dict[Any, Any], document_type: object = None, device: DeviceSigned | None = None
) -> MobileDocument:
    sign1 = Sign1.from_parts(signed.get("issuerAuth"))
    security = _encoded(cbor.decode(sign1.payload, where=_WHERE, tags=_TAGS))
    named = security.get("docType") if isinstance(security, dict) else None
    if not isinstance(named, str) or security.get("version") != _VERSION:
        raise _malformed("has no security object of version 1.0")
    if document_type is not None and document_type != named:
        raise _malformed("is of another type than what was signed")
    elements, altered = _elements(signed.get("nameSpaces"), security)
    times, key = security.get("validityInfo"), security.get("deviceKeyInfo")
    if not isinstance(times, dict) or not isinstance(key, dict) or not isinstance(key.get("deviceKey"), dict):
        raise _malformed("has a security object without its times or its device's key")
    return MobileDocument(
        sign1=sign1,
        document_type=named,
        elements=elements,
        altered=altered,
        signed=_moment(times.get("signed")),
        not_before=_moment(times.get("validFrom")),
        expires=_moment(times.get("validUntil")),
        status=security.get("status"),
        device_key_parts=MappingProxyType(key["deviceKey"]),
        device_signed=device,
    )


def _elements(spaces: object, security: dict[Any, Any]) -> tuple[Mapping[str, Mapping[str, Any]], bool]:
    """What was shown, and whether any of it is not what was signed."""
    algorithm, digests = security.get("digestAlgorithm"), security.get("valueDigests")
    if not isinstance(spaces, dict) or not isinstance(digests, dict):
        raise _malformed("has no name spaces, or no digests")
    if not isinstance(algorithm, str) or algorithm not in _HASHES:
        raise UnsupportedAlgorithm("digests by a hash that is not known here")
    found: dict[str, Mapping[str, Any]] = {}
    altered = False
    for space, items in spaces.items():
        signed = digests.get(space)
        if not isinstance(space, str) or not isinstance(items, list):
            raise _malformed("has a name space that is none")
        shown: dict[str, Any] = {}
        numbers: set[int] = set()
        for item in items:
            number, name, value = _item(item)
            if name in shown or number in numbers:
                raise _malformed("shows an element twice")
            shown[name] = value
            numbers.add(number)
            digest = hashlib.new(_HASHES[algorithm], cbor.encode(item)).digest()
            altered |= not isinstance(signed, dict) or signed.get(number) != digest
        found[space] = MappingProxyType(shown)
    return MappingProxyType(found), altered


def _item(item: object) -> tuple[int, str, Any]:
    content = _encoded(item)
    if not isinstance(content, dict) or content.keys() != {"digestID", "random", "elementIdentifier", "elementValue"}:
        raise _malformed("shows something that is no element")
    number, salt, name = content["digestID"], content["random"], content["elementIdentifier"]
    if type(number) is not int or not isinstance(name, str) or not isinstance(salt, bytes):
        raise _malformed("shows an element of the wrong kind")
    if not _MIN_SALT <= len(salt) <= _MAX_SALT:
        raise _malformed("shows an element whose salt is of a length that cannot be")
    return number, name, content["elementValue"]


def _encoded(value: object) -> Any:
    """What is in a byte string that holds CBOR (tag 24)."""
    if not isinstance(value, Tagged) or value.tag != _ENCODED or not isinstance(value.value, bytes):
        raise _malformed("lacks CBOR in a byte string")
    return cbor.decode(value.value, where=_WHERE, tags=_TAGS)


def _device_signed(value: object) -> DeviceSigned | None:
    if value is None:
        return None
    spaces = value.get("nameSpaces") if isinstance(value, dict) else None
    authentication = value.get("deviceAuth") if isinstance(value, dict) else None
    if not isinstance(authentication, dict) or len(authentication) != 1 or not isinstance(_encoded(spaces), dict):
        raise _malformed("has a device's part that is none")
    parts = authentication.get("deviceSignature")
    if parts is not None and (not isinstance(parts, list) or len(parts) != 4 or parts[2] is not None):
        raise _malformed("has a device's signature that is none")
    encoded = spaces.value if isinstance(spaces, Tagged) else b""
    return DeviceSigned(name_spaces=encoded, parts=None if parts is None else tuple(parts))


def _moment(value: object) -> datetime:
    text = value.value if isinstance(value, Tagged) and value.tag == _DATE_TIME else None
    try:
        found = datetime.fromisoformat(text if isinstance(text, str) else "")
        if found.tzinfo is not None:
            return found
    except ValueError as error:
        raise _malformed("has a time that is none") from error
    raise _malformed("has a time without a zone")


def _malformed(message: str) -> MalformedData:
    return MalformedData(message, where=_WHERE)
