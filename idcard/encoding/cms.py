"""Signed data (CMS) and the LDS security object inside it: bytes become frozen values; nothing is verified here.

Theory of operation. ``ContentInfo`` wraps ``SignedData``: the content that is signed, certificates, and one
``SignerInfo`` for each signer. A signer signs either the content, or a set of *signed attributes* that holds the
content's digest. The attributes are sent under the tag [0] but signed under the tag of SET (31): the tag alone is
replaced, in their original bytes. Encoding them anew would let a wrong encoding pass, or break a right signature.

The LDS security object is the content of EF.SOD: the hashes of all data groups, and in its version 1 the LDS version.

Source: RFC 5652, "Signed-data Content Type"; ICAO Doc 9303-10, "Document Security Object".
"""
# mypy: disable-error-code="misc"
# asn1crypto ships no types, so that every base class of the specifications below is Any.

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar, cast

from asn1crypto import core

from idcard.encoding.asn1 import (
    AlgorithmIdentifier,
    AlgorithmIdentifierSpec,
    AlgorithmIdentifiersSpec,
    NameKey,
    NameSpec,
    TimeSpec,
    aware,
    door,
    load,
    normalised_name,
    present,
    raw,
)
from idcard.encoding.oids import CONTENT_TYPE, MESSAGE_DIGEST, SIGNED_DATA, SIGNING_TIME
from idcard.errors import MalformedData

_SET = b"\x31"
_CERTIFICATE_TAG = 0x30
_SIGNED_DATA_VERSIONS = frozenset({1, 3, 4, 5})
_SIGNER_INFO_VERSIONS = frozenset({1, 3})


class _ContentInfoSpec(core.Sequence):
    _fields: ClassVar = [("content_type", core.ObjectIdentifier), ("content", core.Any, {"explicit": 0})]


class _EncapsulatedContentSpec(core.Sequence):
    _fields: ClassVar = [
        ("content_type", core.ObjectIdentifier),
        ("content", core.OctetString, {"explicit": 0, "optional": True}),
    ]


class _OpaqueSetSpec(core.SetOf):
    _child_spec = core.Any


class _AttributeSpec(core.Sequence):
    _fields: ClassVar = [("type", core.ObjectIdentifier), ("values", _OpaqueSetSpec)]


class _AttributesSpec(core.SetOf):
    _child_spec = _AttributeSpec


class _IssuerAndSerialSpec(core.Sequence):
    _fields: ClassVar = [("issuer", NameSpec), ("serial_number", core.Integer)]


class _SignerIdentifierSpec(core.Choice):
    _alternatives: ClassVar = [
        ("issuer_and_serial_number", _IssuerAndSerialSpec),
        ("subject_key_identifier", core.OctetString, {"implicit": 0}),
    ]


class _SignerInfoSpec(core.Sequence):
    _fields: ClassVar = [
        ("version", core.Integer),
        ("sid", _SignerIdentifierSpec),
        ("digest_algorithm", AlgorithmIdentifierSpec),
        ("signed_attributes", _AttributesSpec, {"implicit": 0, "optional": True}),
        ("signature_algorithm", AlgorithmIdentifierSpec),
        ("signature", core.OctetString),
        ("unsigned_attributes", _AttributesSpec, {"implicit": 1, "optional": True}),
    ]


class _SignerInfosSpec(core.SetOf):
    _child_spec = _SignerInfoSpec


class _SignedDataSpec(core.Sequence):
    _fields: ClassVar = [
        ("version", core.Integer),
        ("digest_algorithms", AlgorithmIdentifiersSpec),
        ("encapsulated_content", _EncapsulatedContentSpec),
        ("certificates", _OpaqueSetSpec, {"implicit": 0, "optional": True}),
        ("crls", _OpaqueSetSpec, {"implicit": 1, "optional": True}),
        ("signer_infos", _SignerInfosSpec),
    ]


class _DataGroupHashSpec(core.Sequence):
    _fields: ClassVar = [("number", core.Integer), ("value", core.OctetString)]


class _DataGroupHashesSpec(core.SequenceOf):
    _child_spec = _DataGroupHashSpec


class _LdsVersionSpec(core.Sequence):
    _fields: ClassVar = [("lds_version", core.PrintableString), ("unicode_version", core.PrintableString)]


class _LdsSecurityObjectSpec(core.Sequence):
    _fields: ClassVar = [
        ("version", core.Integer),
        ("hash_algorithm", AlgorithmIdentifierSpec),
        ("hashes", _DataGroupHashesSpec),
        ("lds_version_info", _LdsVersionSpec, {"optional": True}),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerInfo:
    """One signer's part: who (issuer and serial number, or key identifier), how, and the signature.

    ``signed_attributes`` is the SET that was signed, in its original bytes but for the tag; None where the content
    itself was signed. ``attributes`` gives each attribute's values by type, in their original encoding.
    """

    issuer: NameKey | None
    serial_number: int | None
    subject_key_identifier: bytes | None
    digest_algorithm: AlgorithmIdentifier
    signed_attributes: bytes | None
    attributes: Mapping[str, tuple[bytes, ...]]
    signature_algorithm: AlgorithmIdentifier
    signature: bytes

    @property
    def message_digest(self) -> bytes | None:
        """The content's digest as the signed attributes give it, or None.

        :raises MalformedData: if there is more than one, or it is no OCTET STRING.
        """
        value = self._one(MESSAGE_DIGEST)
        with door("messageDigest"):
            return None if value is None else cast(bytes, load(core.OctetString, value, "messageDigest").native)

    @property
    def content_type(self) -> str | None:
        """The content's type as the signed attributes give it, or None.

        :raises MalformedData: if there is more than one, or it is no OBJECT IDENTIFIER.
        """
        value = self._one(CONTENT_TYPE)
        with door("contentType"):
            return None if value is None else cast(str, load(core.ObjectIdentifier, value, "contentType").dotted)

    @property
    def signing_time(self) -> datetime | None:
        """When the signer says it signed, or None: many documents do not say.

        :raises MalformedData: if there is more than one, or it is no time.
        """
        value = self._one(SIGNING_TIME)
        with door("signingTime"):
            return None if value is None else aware(load(TimeSpec, value, "signingTime").native)

    def _one(self, attribute: str) -> bytes | None:
        values = self.attributes.get(attribute)
        if values is None:
            return None
        if len(values) != 1:
            raise MalformedData("a signed attribute with no value, or several", where="SignerInfo")
        return values[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedData:
    """A SignedData: the content and its type, the certificates that came with it, and the signers."""

    content_type: str
    content: bytes
    certificates: tuple[bytes, ...]
    signers: tuple[SignerInfo, ...]

    @classmethod
    def from_bytes(cls, data: bytes, *, where: str = "CMS") -> "SignedData":
        """The SignedData in a ContentInfo; certificates stay bytes, other kinds than X.509 are left out.

        :raises MalformedData: if it is not well formed, or has no content.
        """
        with door(where):
            info = load(_ContentInfoSpec, data, where)
            if info["content_type"].dotted != SIGNED_DATA:
                raise MalformedData("is not signed data", where=where)
            return cls._of(info["content"].parse(_SignedDataSpec), where)

    @classmethod
    def _of(cls, signed: Any, where: str) -> "SignedData":
        _check_version(signed, _SIGNED_DATA_VERSIONS, where)
        encapsulated = signed["encapsulated_content"]
        if not present(encapsulated["content"]):
            raise MalformedData("has no content", where=where)
        certificates = signed["certificates"]
        found = [raw(one) for one in certificates] if present(certificates) else []
        return cls(
            content_type=encapsulated["content_type"].dotted,
            content=encapsulated["content"].native,
            certificates=tuple(one for one in found if one[0] == _CERTIFICATE_TAG),
            signers=tuple(_signer(one, where) for one in signed["signer_infos"]),
        )


def _check_version(value: Any, known: frozenset[int], where: str) -> None:
    if value["version"].native not in known:
        raise MalformedData("has an unknown version", where=where)


def _signer(value: Any, where: str) -> SignerInfo:
    _check_version(value, _SIGNER_INFO_VERSIONS, where)
    issuer, serial_number, subject_key_identifier = _signer_identifier(value["sid"])
    attributes = value["signed_attributes"]
    return SignerInfo(
        issuer=issuer,
        serial_number=serial_number,
        subject_key_identifier=subject_key_identifier,
        digest_algorithm=AlgorithmIdentifier.of(value["digest_algorithm"]),
        signed_attributes=_as_set(raw(attributes)) if present(attributes) else None,
        attributes=MappingProxyType(_attributes(attributes, where) if present(attributes) else {}),
        signature_algorithm=AlgorithmIdentifier.of(value["signature_algorithm"]),
        signature=value["signature"].native,
    )


def _signer_identifier(sid: Any) -> tuple[NameKey | None, int | None, bytes | None]:
    if sid.name == "subject_key_identifier":
        return None, None, sid.chosen.native
    return normalised_name(sid.chosen["issuer"]), sid.chosen["serial_number"].native, None


def _as_set(attributes: bytes) -> bytes:
    """The original bytes under the tag of SET, "rather than the IMPLICIT [0] tag" (RFC 5652)."""
    return _SET + attributes[1:]


def _attributes(attributes: Any, where: str) -> dict[str, tuple[bytes, ...]]:
    found: dict[str, tuple[bytes, ...]] = {}
    for one in attributes:
        if one["type"].dotted in found:
            raise MalformedData("a signed attribute that comes twice", where=where)
        found[one["type"].dotted] = tuple(raw(value) for value in one["values"])
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class LdsSecurityObject:
    """The hashes of data groups 1 to 16, with which algorithm, and the LDS version where version 1 gives it."""

    version: int
    hash_algorithm: str
    hashes: Mapping[int, bytes]
    lds_version: str | None
    unicode_version: str | None

    @classmethod
    def from_bytes(cls, data: bytes) -> "LdsSecurityObject":
        """The content of EF.SOD.

        :raises MalformedData: if it is not well formed, lists a data group twice, or one that does not exist.
        """
        where = "LDSSecurityObject"
        with door(where):
            parsed = load(_LdsSecurityObjectSpec, data, where)
            versions = parsed["lds_version_info"]
            return cls(
                version=parsed["version"].native,
                hash_algorithm=parsed["hash_algorithm"]["algorithm"].dotted,
                hashes=MappingProxyType(_hashes(parsed["hashes"], where)),
                lds_version=versions["lds_version"].native if present(versions) else None,
                unicode_version=versions["unicode_version"].native if present(versions) else None,
            )


def _hashes(parsed: Any, where: str) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    for one in parsed:
        number = one["number"].native
        if number in found or not 1 <= number <= 16:
            raise MalformedData("a data group that is listed twice or does not exist", where=where)
        found[number] = one["value"].native
    if not found:
        raise MalformedData("lists no data group", where=where)
    return found
