"""X.509 certificates of the document PKI: what verification needs of them, over their original bytes.

Source: ICAO Doc 9303-12, "Certificate Profiles"; RFC 5280.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from idcard.crypto.signature import PublicKey, SignatureInvalid, load_public_key, verify_signature
from idcard.encoding import oids
from idcard.encoding.asn1 import (
    AlgorithmIdentifier,
    AuthorityKeyIdentifierSpec,
    CertificateSpec,
    NameKey,
    OctetStringSpec,
    aware,
    door,
    load,
    normalised_name,
    octets,
    present,
    raw,
)
from idcard.errors import MalformedData

_WHERE = "certificate"

PROCESSED_EXTENSIONS = frozenset(
    {
        oids.SUBJECT_KEY_IDENTIFIER,
        oids.KEY_USAGE,
        oids.PRIVATE_KEY_USAGE_PERIOD,
        oids.SUBJECT_ALTERNATIVE_NAME,
        oids.ISSUER_ALTERNATIVE_NAME,
        oids.BASIC_CONSTRAINTS,
        oids.CRL_DISTRIBUTION_POINTS,
        oids.CERTIFICATE_POLICIES,
        oids.AUTHORITY_KEY_IDENTIFIER,
        oids.EXTENDED_KEY_USAGE,
        oids.NAME_CHANGE,
        oids.DOCUMENT_TYPE_LIST,
    }
)
"""Extensions that may be critical: what they say is known here, and where it matters, it is heeded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """A certificate extension: whether it is critical, and its value's bytes."""

    critical: bool
    value: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DistinguishedName:
    """A subject or an issuer: its original bytes, and a form to compare (case, blanks and string types ignored)."""

    der: bytes
    key: NameKey

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DistinguishedName) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def country(self) -> str | None:
        """The country code in capitals, or None."""
        found = self._first(oids.COUNTRY)
        return None if found is None else found.upper()

    def _first(self, attribute: str) -> str | None:
        return next((text for rdn in self.key for kind, text in rdn if kind == attribute), None)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Certificate:
    """A certificate, thinly: two are equal where their bytes are.

    ``tbs`` is the part that is signed, and ``public_key_info`` the SubjectPublicKeyInfo, both in their original bytes;
    the times are in UTC.
    """

    der: bytes
    tbs: bytes
    serial_number: int
    issuer: DistinguishedName
    subject: DistinguishedName
    not_before: datetime
    not_after: datetime
    public_key_info: bytes
    extensions: Mapping[str, Extension]
    signature_algorithm: AlgorithmIdentifier
    signature: bytes
    subject_key_identifier: bytes | None
    authority_key_identifier: bytes | None

    @classmethod
    def from_bytes(cls, der: bytes) -> "Certificate":
        """The certificate in ``der``.

        :raises MalformedData: if it is not well formed, or an extension comes twice.
        """
        with door(_WHERE):
            parsed = load(CertificateSpec, der, _WHERE)
            tbs = parsed["tbs_certificate"]
            extensions = _extensions(tbs["extensions"]) if present(tbs["extensions"]) else {}
            return cls(
                der=bytes(der),
                tbs=raw(tbs),
                serial_number=tbs["serial_number"].native,
                issuer=_name(tbs["issuer"]),
                subject=_name(tbs["subject"]),
                not_before=aware(tbs["validity"]["not_before"].native),
                not_after=aware(tbs["validity"]["not_after"].native),
                public_key_info=raw(tbs["public_key"]),
                extensions=MappingProxyType(extensions),
                signature_algorithm=AlgorithmIdentifier.of(parsed["signature_algorithm"]),
                signature=octets(parsed["signature"], _WHERE),
                subject_key_identifier=_subject_key_identifier(extensions),
                authority_key_identifier=_authority_key_identifier(extensions),
            )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Certificate) and self.der == other.der

    def __hash__(self) -> int:
        return hash(self.der)

    def __repr__(self) -> str:
        return f"Certificate({self.fingerprint[:16]})"

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, in hexadecimal."""
        return hashlib.sha256(self.der).hexdigest()

    @property
    def public_key(self) -> PublicKey:
        """The subject's key.

        :raises MalformedData: if it is not well formed.
        :raises UnsupportedAlgorithm: if it is of an unknown kind or on an unknown curve.
        """
        return load_public_key(self.public_key_info)

    @property
    def unknown_critical_extensions(self) -> tuple[str, ...]:
        """The critical extensions that nothing here heeds: a certificate with one must not be used."""
        return tuple(oid for oid, one in self.extensions.items() if one.critical and oid not in PROCESSED_EXTENSIONS)

    def valid_at(self, at: datetime) -> bool:
        """Whether ``at`` lies in the validity period."""
        return self.not_before <= at <= self.not_after

    def verify_issued_by(self, issuer: "Certificate") -> None:
        """Nothing, where ``issuer``'s key signed this certificate; names and times are not looked at.

        :raises SignatureInvalid: if it did not.
        :raises UnsupportedAlgorithm: if the algorithm or the key is of an unknown kind.
        """
        verify_signature(issuer.public_key, self.signature_algorithm, self.signature, self.tbs)

    def issued_by(self, issuer: "Certificate") -> bool:
        """Whether ``issuer``'s key signed this certificate, as far as can be told.

        :raises UnsupportedAlgorithm: if the algorithm or the key is of an unknown kind.
        """
        try:
            self.verify_issued_by(issuer)
        except SignatureInvalid:
            return False
        return True


def _name(parsed: Any) -> DistinguishedName:
    return DistinguishedName(der=raw(parsed), key=normalised_name(parsed))


def _extensions(parsed: Any) -> dict[str, Extension]:
    found: dict[str, Extension] = {}
    for one in parsed:
        oid = one["id"].dotted
        if oid in found:
            raise MalformedData("an extension that comes twice", where=_WHERE)
        found[oid] = Extension(critical=one["critical"].native, value=one["value"].native)
    return found


def _subject_key_identifier(extensions: dict[str, Extension]) -> bytes | None:
    one = extensions.get(oids.SUBJECT_KEY_IDENTIFIER)
    return None if one is None else bytes(load(OctetStringSpec, one.value, _WHERE).native)


def _authority_key_identifier(extensions: dict[str, Extension]) -> bytes | None:
    one = extensions.get(oids.AUTHORITY_KEY_IDENTIFIER)
    if one is None:
        return None
    identifier = load(AuthorityKeyIdentifierSpec, one.value, _WHERE)["key_identifier"]
    return bytes(identifier.native) if present(identifier) else None
