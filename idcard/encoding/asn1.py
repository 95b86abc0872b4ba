"""The ASN.1 of certificates and signed data, as ``asn1crypto`` specifications of our own.

Theory of operation. ``asn1crypto`` parses by class: a subclass lists its fields. The classes here name exactly what is
needed and leave everything else opaque, so that an odd extension or name in a certificate cannot make the whole of it
unreadable, and nothing depends on that library's global tables of identifiers. What was parsed gives back its original
bytes: signatures are checked over those, never over a new encoding.

:func:`door` stands at every entry: whatever the library raises on hostile bytes leaves as ``MalformedData``.

Source: RFC 5280, "Basic Certificate Fields"; RFC 5652, "SignedData Type"; RFC 5480; RFC 4055.
"""
# mypy: disable-error-code="misc"
# asn1crypto ships no types, so that every base class here is Any: subclassing it is the purpose of this file.

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, cast

from asn1crypto import core

from idcard.errors import IdCardError, MalformedData

MAX_BYTES = 1 << 20
NameKey = tuple[frozenset[tuple[str, str]], ...]
OctetStringSpec = core.OctetString


@contextmanager
def door(where: str) -> Iterator[None]:
    """Turns whatever the ASN.1 parser raises into :class:`MalformedData`.

    :param where: the structure's name for the error.
    """
    try:
        yield
    except IdCardError:
        raise
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
        raise MalformedData("is not well formed", where=where) from error


def load(spec: Any, data: bytes, where: str) -> Any:
    """``data`` parsed as ``spec``, lazily; call it inside :func:`door`.

    :raises MalformedData: if there are trailing bytes, or more than 1 MiB.
    """
    if len(data) > MAX_BYTES:
        raise MalformedData("is too long", where=where)
    return spec.load(bytes(data), strict=True)


def raw(value: Any) -> bytes:
    """The original bytes of a parsed value, tag and length included."""
    return cast(bytes, value.dump())


def octets(value: Any, where: str) -> bytes:
    """The bytes of a parsed BIT STRING, which must be a whole number of them.

    :raises MalformedData: if it has unused bits.
    """
    if value.contents[:1] != b"\x00":
        raise MalformedData("a bit string that is no whole number of bytes", where=where)
    return cast(bytes, value.native)


def present(value: Any) -> bool:
    """Whether an optional field is there."""
    return not isinstance(value, core.Void)


class AlgorithmIdentifierSpec(core.Sequence):
    """AlgorithmIdentifier."""

    _fields: ClassVar = [("algorithm", core.ObjectIdentifier), ("parameters", core.Any, {"optional": True})]


class AlgorithmIdentifiersSpec(core.SetOf):
    """DigestAlgorithmIdentifiers."""

    _child_spec = AlgorithmIdentifierSpec


class SubjectPublicKeyInfoSpec(core.Sequence):
    """SubjectPublicKeyInfo."""

    _fields: ClassVar = [("algorithm", AlgorithmIdentifierSpec), ("public_key", core.OctetBitString)]


class RsaPublicKeySpec(core.Sequence):
    """RSAPublicKey."""

    _fields: ClassVar = [("modulus", core.Integer), ("public_exponent", core.Integer)]


class PssParametersSpec(core.Sequence):
    """RSASSA-PSS-params; an absent field has its default."""

    _fields: ClassVar = [
        ("hash_algorithm", AlgorithmIdentifierSpec, {"explicit": 0, "optional": True}),
        ("mask_generation", AlgorithmIdentifierSpec, {"explicit": 1, "optional": True}),
        ("salt_length", core.Integer, {"explicit": 2, "default": 20}),
        ("trailer_field", core.Integer, {"explicit": 3, "default": 1}),
    ]


class FieldIdSpec(core.Sequence):
    """FieldID."""

    _fields: ClassVar = [("field_type", core.ObjectIdentifier), ("parameters", core.Any)]


class EcCoefficientsSpec(core.Sequence):
    """Curve: the coefficients a and b."""

    _fields: ClassVar = [("a", core.OctetString), ("b", core.OctetString), ("seed", core.Any, {"optional": True})]


class EcParametersSpec(core.Sequence):
    """ECParameters (SpecifiedECDomain): a curve written out in full."""

    _fields: ClassVar = [
        ("version", core.Integer),
        ("field_id", FieldIdSpec),
        ("curve", EcCoefficientsSpec),
        ("base", core.OctetString),
        ("order", core.Integer),
        ("cofactor", core.Integer, {"optional": True}),
        ("hash", core.Any, {"optional": True}),
    ]


class AttributeTypeAndValueSpec(core.Sequence):
    """AttributeTypeAndValue of a name."""

    _fields: ClassVar = [("type", core.ObjectIdentifier), ("value", core.Any)]


class RelativeDistinguishedNameSpec(core.SetOf):
    """RelativeDistinguishedName."""

    _child_spec = AttributeTypeAndValueSpec


class NameSpec(core.SequenceOf):
    """RDNSequence."""

    _child_spec = RelativeDistinguishedNameSpec


class TimeSpec(core.Choice):
    """Time."""

    _alternatives: ClassVar = [("utc_time", core.UTCTime), ("general_time", core.GeneralizedTime)]


class ValiditySpec(core.Sequence):
    """Validity."""

    _fields: ClassVar = [("not_before", TimeSpec), ("not_after", TimeSpec)]


class ExtensionSpec(core.Sequence):
    """Extension."""

    _fields: ClassVar = [
        ("id", core.ObjectIdentifier),
        ("critical", core.Boolean, {"default": False}),
        ("value", core.OctetString),
    ]


class ExtensionsSpec(core.SequenceOf):
    """Extensions."""

    _child_spec = ExtensionSpec


class TbsCertificateSpec(core.Sequence):
    """TBSCertificate."""

    _fields: ClassVar = [
        ("version", core.Integer, {"explicit": 0, "default": 0}),
        ("serial_number", core.Integer),
        ("signature", AlgorithmIdentifierSpec),
        ("issuer", NameSpec),
        ("validity", ValiditySpec),
        ("subject", NameSpec),
        ("public_key", SubjectPublicKeyInfoSpec),
        ("issuer_unique_id", core.OctetBitString, {"implicit": 1, "optional": True}),
        ("subject_unique_id", core.OctetBitString, {"implicit": 2, "optional": True}),
        ("extensions", ExtensionsSpec, {"explicit": 3, "optional": True}),
    ]


class CertificateSpec(core.Sequence):
    """Certificate."""

    _fields: ClassVar = [
        ("tbs_certificate", TbsCertificateSpec),
        ("signature_algorithm", AlgorithmIdentifierSpec),
        ("signature", core.OctetBitString),
    ]


class AuthorityKeyIdentifierSpec(core.Sequence):
    """AuthorityKeyIdentifier."""

    _fields: ClassVar = [
        ("key_identifier", core.OctetString, {"implicit": 0, "optional": True}),
        ("issuer", core.Sequence, {"implicit": 1, "optional": True}),
        ("serial_number", core.Integer, {"implicit": 2, "optional": True}),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlgorithmIdentifier:
    """An algorithm: its object identifier, and its parameters in their original encoding (None where absent)."""

    oid: str
    parameters: bytes | None = None

    @classmethod
    def of(cls, value: Any) -> "AlgorithmIdentifier":
        """The value of a parsed AlgorithmIdentifier."""
        parameters = value["parameters"]
        return cls(oid=value["algorithm"].dotted, parameters=raw(parameters) if present(parameters) else None)


def normalised_name(name: Any) -> NameKey:
    """A parsed name in a form to compare: types of strings, letter case and runs of blanks do not count.

    Source: RFC 5280, "Processing Rules for Internationalized Names" (the part that documents need).
    """
    return tuple(frozenset((one["type"].dotted, _text(one["value"])) for one in rdn) for rdn in name)


def _text(value: Any) -> str:
    native = value.native
    return " ".join(native.split()).casefold() if isinstance(native, str) else raw(value).hex()


def aware(time: Any) -> datetime:
    """A parsed time in UTC; one without a zone, which DER forbids, is taken as UTC."""
    moment = cast(datetime, time)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
