"""Visible digital seals: what a state signed about a document without a chip, in some hundred bytes.

Theory of operation. A header says who issued and who signed, when, and what kind of document it is; then come the
features, each with its tag and length; then the signature, under the tag FF, over every byte before it. In version 3
the reference to the signer's certificate has five characters, in version 4 it says how many.

Two habits of German issuers are known and heeded, each for the signers that have it: ``DEME`` and ``DES1`` write
version 4 and mean the five characters of version 3; ``DEZV`` writes the reference's length in decimal, not in
hexadecimal, in some of its seals.

Source: ICAO Doc 9303-13, "Visible Digital Seals"; BSI TR-03137-1.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from idcard.crypto.signature import EcPublicKey, split_signature, verify_ecdsa
from idcard.encoding.mrz import Mrz
from idcard.errors import MalformedData, UnsupportedAlgorithm
from idcard.qr import c40, seal_tlv
from idcard.qr.cose import VerificationKey
from idcard.qr.vds_types import PROFILE, PROFILED, PROFILES, TYPES, Coding, SealType

MAGIC: Final = 0xDC
VERSIONS: Final[Mapping[int, int]] = MappingProxyType({2: 3, 3: 4})
"""The versions by the byte that says them."""
SIGNATURE_TAG: Final = 0xFF
_MAX_REFERENCE = 60
_PROFILE_BYTES = 16
_WHERE = "VDS"
_VISA_A, _TD3 = 72, 88
_DIGESTS = ((224, "sha224"), (256, "sha256"), (384, "sha384"), (521, "sha512"))


def digest_for(key: EcPublicKey) -> str:
    """The hash that goes with a key of that size.

    :raises UnsupportedAlgorithm: if the key is too short.
    """
    if key.bits < _DIGESTS[0][0]:
        raise UnsupportedAlgorithm("a key too short for a seal")
    return next(name for bits, name in _DIGESTS if key.bits <= bits)


def verify_plain(key: VerificationKey, signature: bytes, message: bytes, digest: str | None = None) -> str:
    """The algorithm's name, where the key signed ``message``: ECDSA, r and s one after the other.

    :param digest: the hash; the one that goes with the key's size where None.
    :raises SignatureInvalid: if it did not.
    :raises UnsupportedAlgorithm: if the key is of another kind, or too short.
    """
    if not isinstance(key, EcPublicKey):
        raise UnsupportedAlgorithm("a key of another kind than seals are signed with")
    name = digest_for(key) if digest is None else digest
    verify_ecdsa(key, split_signature(key, signature, plain=True), message, name)
    return f"ECDSA {key.curve.name} {name}"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class VisibleSeal:
    """What a seal says, unproved until its signature is verified.

    ``country`` is the issuing state as the MRZ writes it. ``signer`` is two letters of the signer's country and two of
    its name; ``reference`` the serial number of its certificate, in hexadecimal. ``features`` are the values by their
    tags, ``fields`` those that have a name here. ``signature`` is None where the seal bears none.
    """

    version: int
    country: str
    signer: str
    reference: str
    issued: date | None
    signed_on: date | None
    type_number: int
    features: Mapping[int, bytes]
    fields: Mapping[str, Any]
    mrz: Mrz | None
    signed_bytes: bytes
    signature: bytes | None

    def __repr__(self) -> str:
        return f"VisibleSeal({self.kind})"

    @property
    def kind(self) -> str:
        """The document's type in a word; ``unknown`` where it has none here."""
        return _type_of(self.type_number, self.features).name

    @property
    def profile(self) -> bytes | None:
        """The sixteen bytes that name its profile of BSI TR-03171; None where it has none."""
        return self.features.get(0) if self.type_number in PROFILED else None

    @classmethod
    def from_bytes(cls, payload: bytes) -> "VisibleSeal":
        """The seal in the bytes of a code.

        :raises MalformedData: if it is none.
        """
        if len(payload) < 2 or payload[0] != MAGIC or payload[1] not in VERSIONS:
            raise MalformedData("does not begin as a seal", where=_WHERE)
        reader = _Reader(payload)
        reader.take(2)
        version, country = VERSIONS[payload[1]], reader.country()
        if version == min(VERSIONS.values()):
            text = reader.c40(9)
            return cls._from_rest(reader, version, country, text[:4], text[4:])
        return cls._version_4(reader, country)

    @classmethod
    def _version_4(cls, reader: "_Reader", country: str) -> "VisibleSeal":
        text = reader.c40(6)
        signer, length = text[:4], text[4:]
        at, problem = reader.at, MalformedData("has a reference of a length that cannot be", where=_WHERE)
        for reading in _READINGS.get(signer, (_hexadecimal,)):
            reader.at = at
            try:
                return cls._from_rest(reader, 4, country, signer, reading(reader, length))
            except MalformedData as error:
                problem = error
        raise problem

    @classmethod
    def _from_rest(cls, reader: "_Reader", version: int, country: str, signer: str, reference: str) -> "VisibleSeal":
        issued, signed_on = reader.date(), reader.date()
        type_number = int.from_bytes(reader.take(2))
        start = reader.at
        objects = seal_tlv.parse_either(reader.payload[start:], where=_WHERE)
        features = seal_tlv.unique(objects, where=_WHERE)
        signature, end = None, len(reader.payload)
        if SIGNATURE_TAG in features:
            tag, signature, place = objects[-1]
            if tag != SIGNATURE_TAG:
                raise MalformedData("goes on behind its signature", where=_WHERE)
            end = start + place
            del features[SIGNATURE_TAG]
        fields = _fields(_type_of(type_number, features), features)
        return cls(
            version=version,
            country=country,
            signer=signer,
            reference=reference.strip(),
            issued=issued,
            signed_on=signed_on,
            type_number=type_number,
            features=MappingProxyType(features),
            fields=MappingProxyType(fields),
            mrz=fields.get("mrz"),
            signed_bytes=reader.payload[:end],
            signature=signature,
        )

    def verify(self, key: VerificationKey) -> str:
        """The algorithm's name, where the key signed the seal; otherwise it raises.

        :raises SignatureInvalid: if it did not.
        :raises UnsupportedAlgorithm: if the key is not one for seals.
        """
        return verify_plain(key, self.signature or b"", self.signed_bytes)


class _Reader:
    """Reads a header from the front."""

    def __init__(self, payload: bytes) -> None:
        self.payload = payload
        self.at = 0

    def take(self, size: int) -> bytes:
        part = self.payload[self.at : self.at + size]
        if len(part) != size:
            raise MalformedData("is cut short", where=_WHERE, offset=self.at)
        self.at += size
        return part

    def country(self) -> str:
        """The issuing state; Germany's D stands filled up with spaces, or alone."""
        return c40.decode(self.take(c40.encoded_length(3)), where=_WHERE).rstrip()

    def c40(self, characters: int) -> str:
        text = c40.decode(self.take(c40.encoded_length(characters)), where=_WHERE)
        if len(text) != characters:
            raise MalformedData("has a text of another length than its header needs", where=_WHERE)
        return text

    def date(self) -> date | None:
        return c40.decode_date(self.take(c40.DATE_BYTES), where=_WHERE)


def _hexadecimal(reader: _Reader, length: str) -> str:
    return reader.c40(_number(length, 16))


def _decimal(reader: _Reader, length: str) -> str:
    return reader.c40(_number(length, 10))


def _five_characters(reader: _Reader, length: str) -> str:
    return length + reader.c40(3)


_READINGS: Final[Mapping[str, tuple[Callable[[_Reader, str], str], ...]]] = MappingProxyType(
    {
        "DEME": (_five_characters, _hexadecimal),
        "DES1": (_five_characters, _hexadecimal),
        "DEZV": (_hexadecimal, _decimal),
    }
)
"""How signers mean the reference in a header of version 4, the first reading that makes a whole seal."""


def _number(text: str, base: int) -> int:
    try:
        number = int(text, base)
    except ValueError as error:
        raise MalformedData("has a length that is no number", where=_WHERE) from error
    if not 0 < number <= _MAX_REFERENCE:
        raise MalformedData("has a reference of a length that cannot be", where=_WHERE)
    return number


_UNKNOWN = SealType(name="unknown", features=MappingProxyType({}))


def _type_of(number: int, features: Mapping[int, bytes]) -> SealType:
    base = TYPES.get(number, _UNKNOWN)
    profile = PROFILES.get(features.get(0, b"")) if number in PROFILED else None
    if profile is None:
        return base
    return SealType(name=profile.name, features=MappingProxyType({**base.features, **profile.features}))


def _fields(kind: SealType, features: Mapping[int, bytes]) -> dict[str, Any]:
    named = {tag: feature for tag, feature in kind.features.items() if tag in features}
    fields = {name: DECODERS[coding](features[tag]) for tag, (name, coding) in named.items()}
    if len(fields.get(PROFILE, bytes(_PROFILE_BYTES))) != _PROFILE_BYTES:
        raise MalformedData("names a profile that is none", where=_WHERE)
    return fields


def text_of(data: bytes) -> str:
    """A feature that is UTF-8.

    :raises MalformedData: if it is none, or holds what is no visible character.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedData("a text that is none", where=_WHERE) from error
    if not text.isprintable():
        raise MalformedData("a text with characters that nobody sees", where=_WHERE)
    return text


def mrz_of(data: bytes) -> Mrz | None:
    """A feature that is a machine-readable zone in C40: spaces for fillers, and of visas' second line 28 characters.

    None where a check digit is wrong or a field cannot be: the state signed it all the same, and specimens are so.

    :raises MalformedData: if it is no C40.
    """
    text = c40.decode(data, where=_WHERE).replace(" ", "<")
    if text[:1] == "V":
        width = 44 if len(text) == _VISA_A else 36
        text = text[:width] + text[width:].ljust(width, "<")[:width]
    elif text[:1] == "P":
        text = text[:_TD3]
    try:
        return Mrz.parse(text)
    except MalformedData:
        return None


def _day(data: bytes) -> date:
    text = text_of(data)
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:])) if len(text) == 8 and text.isdecimal() else _none()
    except ValueError as error:
        raise MalformedData("a day that is none", where=_WHERE) from error


def _none() -> date:
    raise ValueError("no day")


DECODERS: Final[Mapping[Coding, Callable[[bytes], Any]]] = MappingProxyType(
    {
        Coding.MRZ: mrz_of,
        Coding.C40: lambda data: c40.decode(data, where=_WHERE),
        Coding.TEXT: text_of,
        Coding.DAY: _day,
        Coding.BYTES: bytes,
    }
)
"""How each coding is read."""
