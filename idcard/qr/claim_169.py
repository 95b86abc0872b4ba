"""MOSIP's identity in a code: a CBOR web token whose claim 169 describes a person, perhaps with a picture.

Theory of operation. Base45, zlib, and a COSE_Sign1 whose payload holds the claims; an issuer may put that into a
COSE_Encrypt0 first, which only who has the key can open. How verifiers come by the issuer's key, the specification
leaves open: the operator lists it, or the token brings a certificate that leads to an anchor.

Every attribute is optional. Those whose kind is wrong make the whole malformed; those with numbers that are not
assigned are kept as they are. A picture is bytes and a media type, and never shown by itself.

Source: MOSIP, "169 - QR Code Specifications", version 1.2.0; IANA's registry of CBOR Web Token claims.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from idcard.errors import MalformedData
from idcard.qr import base45, cbor
from idcard.qr.cose import CWT_TAG, SIGN1_TAG, Algorithm, Sign1
from idcard.qr.cwt import Claims
from idcard.qr.encrypt0 import ENCRYPT0_TAG, Encrypt0
from idcard.qr.inflate import ZLIB_METHOD, inflate

ALGORITHMS: Final = frozenset({Algorithm.EDDSA, Algorithm.ES256})
"""What the specification names: Ed25519, and ECDSA on P-256."""
CLAIM: Final = 169
MAX_PHOTO: Final = 64 << 10
_WHERE = "Claim 169"
_MAX_TEXT = 1024
_TAGS = frozenset({ENCRYPT0_TAG, SIGN1_TAG, CWT_TAG})
_MEDIA_TYPES = {1: "image/jpeg", 2: "image/jp2", 3: "image/avif", 4: "image/webp"}
_FACE_TYPES = {0: "image/png", 1: "image/jpeg", 2: "image/jp2", 3: "image/avif", 4: "image/webp", 5: "image/tiff"}
_IMAGE = 0
_FACE, _FIRST_BIOMETRIC, _LAST_BIOMETRIC = 62, 50, 65
_DATA, _FORMAT, _SUBFORMAT = 0, 1, 2


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > _MAX_TEXT:
        raise MalformedData("an attribute that is no text", where=_WHERE)
    return value


def _number(value: object) -> int:
    if type(value) is not int or not 0 <= value < 1 << 16:
        raise MalformedData("an attribute that is no small number", where=_WHERE)
    return value


def _numbers(value: object) -> tuple[int, ...]:
    # Some issuers write the positions of fingers as one byte each.
    if not isinstance(value, list | bytes):
        raise MalformedData("an attribute that is no list", where=_WHERE)
    return tuple(map(_number, value))


def _picture(value: object) -> bytes:
    # "tstr" in the specification's table, bytes in what issuers write.
    if isinstance(value, str):
        try:
            value = bytes.fromhex(value)
        except ValueError as error:
            raise MalformedData("a picture that is none", where=_WHERE) from error
    if not isinstance(value, bytes) or not 0 < len(value) <= MAX_PHOTO:
        raise MalformedData("a picture that is none, or too large", where=_WHERE)
    return value


_ATTRIBUTES: Final[Mapping[int, tuple[str, Callable[[object], Any]]]] = MappingProxyType(
    {
        1: ("id", _text),
        2: ("version", _text),
        3: ("language", _text),
        4: ("full_name", _text),
        5: ("first_name", _text),
        6: ("middle_name", _text),
        7: ("last_name", _text),
        8: ("birth", _text),
        9: ("gender", _number),
        10: ("address", _text),
        11: ("email", _text),
        12: ("phone", _text),
        13: ("nationality", _text),
        14: ("marital_status", _number),
        15: ("guardian", _text),
        16: ("photo", _picture),
        17: ("photo_format", _number),
        18: ("best_fingers", _numbers),
        19: ("second_full_name", _text),
        20: ("second_language", _text),
        21: ("location", _text),
        22: ("legal_status", _text),
        23: ("issuing_country", _text),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Photo:
    """A picture of the face: its bytes, as long as 64 KiB, and their media type; None where the code does not say."""

    image: bytes
    media_type: str | None

    def __repr__(self) -> str:
        return f"Photo({self.media_type}, {len(self.image)} bytes)"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class IdentityToken:
    """What the token says, unproved until its signature is verified; ``sign1`` is None where it bears none.

    ``attributes`` are those of claim 169 by their names here; ``biometrics`` how many records there are by their
    number; ``others`` what has no name, by its number.
    """

    sign1: Sign1 | None
    claims: Claims
    attributes: Mapping[str, Any]
    photo: Photo | None
    biometrics: Mapping[int, int]
    others: Mapping[int, Any]

    def __repr__(self) -> str:
        return f"IdentityToken({len(self.attributes)} attributes)"

    @property
    def is_signed(self) -> bool:
        """Whether it bears a signature, be it right or wrong."""
        return self.sign1 is not None and bool(self.sign1.signature)

    @classmethod
    def from_bytes(cls, payload: bytes) -> "IdentityToken":
        """The token in the text of a code.

        :raises MalformedData: if any of its layers is not well formed, or it has no claim 169.
        :raises BoundExceeded: if it inflates to more than 256 KiB.
        """
        return cls.from_cose(unpacked(payload))

    @classmethod
    def from_cose(cls, data: bytes) -> "IdentityToken":
        """The token in a COSE_Sign1.

        :raises MalformedData: if it is none.
        """
        sign1 = Sign1.from_bytes(data)
        return cls._of(sign1, Claims.from_bytes(sign1.payload))

    @classmethod
    def from_decrypted(cls, data: bytes) -> "IdentityToken":
        """The token in what was encrypted: a COSE_Sign1, or bare claims that nobody signed.

        :raises MalformedData: if it is neither.
        """
        if isinstance(cbor.decode(data, where=_WHERE, tags=_TAGS | {0}), dict):
            return cls._of(None, Claims.from_bytes(data))
        return cls.from_cose(data)

    @classmethod
    def _of(cls, sign1: Sign1 | None, claims: Claims) -> "IdentityToken":
        said = claims.all.get(CLAIM)
        if not isinstance(said, dict):
            raise MalformedData("holds no identity", where=_WHERE)
        numbered = {label: value for label, value in said.items() if type(label) is int}
        if len(numbered) != len(said):
            raise MalformedData("has an attribute without a number", where=_WHERE)
        named = [(_ATTRIBUTES[label], value) for label, value in numbered.items() if label in _ATTRIBUTES]
        attributes = {name: read(value) for (name, read), value in named}
        records = {label: value for label, value in numbered.items() if _FIRST_BIOMETRIC <= label <= _LAST_BIOMETRIC}
        others = numbered.keys() - _ATTRIBUTES.keys() - records.keys()
        faces = _records(records.get(_FACE, []))
        return cls(
            sign1=sign1,
            claims=claims,
            attributes=MappingProxyType(attributes),
            photo=_photo(attributes) or next(filter(None, map(_face, faces)), None),
            biometrics=MappingProxyType({label: len(_records(value)) for label, value in records.items()}),
            others=MappingProxyType({label: numbered[label] for label in others}),
        )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class EncryptedCode:
    """A code that only who has the key can read; nothing is known of what is in it."""

    encrypted: Encrypt0

    def __repr__(self) -> str:
        return "EncryptedCode()"

    @classmethod
    def from_bytes(cls, payload: bytes) -> "EncryptedCode":
        """The message in the text of a code.

        :raises MalformedData: if it is none.
        """
        return cls(encrypted=Encrypt0.from_value(cbor.decode(unpacked(payload), where=_WHERE, tags=_TAGS)))


def unpacked(payload: bytes) -> bytes:
    """What is in Base45, compressed or not.

    :raises MalformedData: if it is neither.
    :raises BoundExceeded: if it inflates to more than 256 KiB.
    """
    data = base45.decode(payload)
    return inflate(data) if data[:1] == bytes([ZLIB_METHOD]) else data


def decrypted(code: EncryptedCode, key: bytes) -> IdentityToken:
    """The token in an encrypted code.

    :param key: the key that its issuer gave to whoever may read it: 16, 24 or 32 bytes.
    :raises MalformedData: if it is another one, or there is no identity in it.
    """
    return IdentityToken.from_decrypted(code.encrypted.decrypt(key))


def _photo(attributes: Mapping[str, Any]) -> Photo | None:
    image = attributes.get("photo")
    if image is None:
        return None
    return Photo(image=image, media_type=_MEDIA_TYPES.get(attributes.get("photo_format", 0)))


def _records(value: object) -> list[dict[Any, Any]]:
    """The records of one kind of biometrics: a list of maps, or one map alone."""
    records: list[Any] = value if isinstance(value, list) else [value]
    for one in records:
        if not isinstance(one, dict) or not isinstance(one.get(_DATA), bytes):
            raise MalformedData("a biometric record that is none", where=_WHERE)
    return records


def _face(record: Mapping[Any, Any]) -> Photo | None:
    """The picture in a record of the face; None where it is something else, a template say."""
    if record.get(_FORMAT, _IMAGE) != _IMAGE or not 0 < len(record[_DATA]) <= MAX_PHOTO:
        return None
    subformat = record.get(_SUBFORMAT)
    return Photo(image=record[_DATA], media_type=_FACE_TYPES.get(subformat) if type(subformat) is int else None)
