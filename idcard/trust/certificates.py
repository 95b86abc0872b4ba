"""X.509 certificates of the document PKI: what verification needs of them, over their original bytes.

Source: ICAO Doc 9303-12, "Certificate Profiles"; RFC 5280.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType

from idcard.crypto.signature import PublicKey, SignatureInvalid, load_public_key, verify_signature
from idcard.encoding import oids, tlv
from idcard.encoding.asn1 import AlgorithmIdentifier, NameKey, name_key, name_parts
from idcard.encoding.ber import BOOLEAN, INTEGER, SEQUENCE, Node, context, door, load
from idcard.errors import MalformedData

_WHERE = "certificate"
_VERSION, _EXTENSIONS = context(0), context(3)
_KEY_IDENTIFIER = context(0, constructed=False)
_NULL = b"\x05\x00"
_MAX_NUMBER_BYTES = 64
_DIGESTS = (hashlib.sha1, hashlib.sha224, hashlib.sha256, hashlib.sha384, hashlib.sha512)
_ATTRIBUTES = {
    oids.COUNTRY: "C",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    oids.COMMON_NAME: "CN",
    "2.5.4.5": "serialNumber",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
}

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
    """A subject or an issuer, in its original bytes; compared without case, blanks and string types."""

    der: bytes

    @property
    def key(self) -> NameKey:
        """The name in a form to compare."""
        return name_key(self.der)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DistinguishedName) and (self.der == other.der or self.key == other.key)

    def __hash__(self) -> int:
        return hash(self.key)

    def __str__(self) -> str:
        """The name for people; what is no visible character is escaped, so that it does nothing to a screen."""
        parts = (part for rdn in name_parts(self.der) for part in rdn)
        return ", ".join(f"{_ATTRIBUTES.get(kind, kind)}={_visible(text)}" for kind, text in parts)

    @property
    def country(self) -> str | None:
        """The country code in capitals, or None."""
        found = next((text for rdn in self.key for kind, text in rdn if kind == oids.COUNTRY), None)
        return None if found is None else _visible(found.upper())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Certificate:
    """A certificate, thinly: two are equal where their bytes are.

    ``tbs`` is the part that is signed, and ``public_key_info`` the SubjectPublicKeyInfo, both in their original bytes;
    the times are in UTC.
    """

    der: bytes
    tbs: bytes
    version: int
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

        :raises MalformedData: if it is not well formed, an extension comes twice, or it names another algorithm inside
            what is signed than outside (RFC 5280, 4.1.1.2).
        """
        with door(_WHERE):
            body, algorithm, signature = load(der, _WHERE).children(SEQUENCE)
            fields = body.children(SEQUENCE)
            version = fields.pop(0).only().integer() + 1 if fields[0].tag == _VERSION else 1
            serial, inner, issuer, validity, subject, key, *rest = fields
            not_before, not_after = validity.children(SEQUENCE)
            extensions = _extensions(rest)
            return cls(
                der=bytes(der),
                tbs=body.raw,
                version=version,
                serial_number=bounded_number(serial, _WHERE),
                issuer=_name(issuer),
                subject=_name(subject),
                not_before=not_before.time(),
                not_after=not_after.time(),
                public_key_info=key.expect(SEQUENCE).raw,
                extensions=MappingProxyType(extensions),
                signature_algorithm=algorithm_of(inner, algorithm, _WHERE),
                signature=signature.bits(),
                subject_key_identifier=_subject_key_identifier(extensions),
                authority_key_identifier=authority_key(extensions),
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
    def issued_as(self) -> str:
        """SHA-256 of issuer and serial number in hexadecimal: of their IssuerAndSerialNumber (RFC 5652, 10.2.4) in DER.

        With :attr:`key_fingerprint` it names the certificate by what its issuer signed. The fingerprint does not: who
        has an ECDSA signature (r, s) can write another one, (r, n - s), or encode the whole in another way.
        """
        number = self.serial_number
        length = max(number, ~number).bit_length() // 8 + 1
        serial = tlv.build(INTEGER, number.to_bytes(length, signed=True))
        return hashlib.sha256(tlv.build(SEQUENCE, self.issuer.der, serial)).hexdigest()

    @property
    def key_fingerprint(self) -> str:
        """SHA-256 of the SubjectPublicKeyInfo, in hexadecimal."""
        return hashlib.sha256(self.public_key_info).hexdigest()

    def has_digest(self, digest: bytes) -> bool:
        """Whether ``digest`` is this certificate's, by the hash of that length (SHA-1 to SHA-512)."""
        return any(len(digest) == new().digest_size and new(self.der).digest() == digest for new in _DIGESTS)

    @property
    def public_key(self) -> PublicKey:
        """The subject's key.

        :raises MalformedData: if it is not well formed.
        :raises UnsupportedAlgorithm: if it is of an unknown kind or on an unknown curve.
        """
        return _key(self.public_key_info)

    @property
    def unknown_critical_extensions(self) -> tuple[str, ...]:
        """The critical extensions that nothing here heeds: a certificate with one must not be used."""
        return tuple(oid for oid, one in self.extensions.items() if one.critical and oid not in PROCESSED_EXTENSIONS)

    @property
    def is_authority(self) -> bool:
        """Whether its basic constraints say that it may issue certificates.

        :raises MalformedData: if they are not well formed.
        """
        one = self.extensions.get(oids.BASIC_CONSTRAINTS)
        if one is None:
            return False
        with door(_WHERE):
            fields = load(one.value, _WHERE).children(SEQUENCE)
            return bool(fields) and fields[0].tag == BOOLEAN and fields[0].boolean()

    @property
    def names_itself(self) -> bool:
        """Whether issuer and subject, and their keys' identifiers, are the same: what a root looks like."""
        identifier = self.authority_key_identifier
        return self.issuer == self.subject and identifier in (None, self.subject_key_identifier)

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


def bounded_number(node: Node, where: str) -> int:
    """A serial number; RFC 5280 allows 20 bytes, some states write more.

    :raises MalformedData: if it has more than 64 bytes: Python alone would refuse to print it.
    """
    number = node.integer()
    if len(node.content) > _MAX_NUMBER_BYTES:
        raise MalformedData("has a longer number than anybody gives", where=where)
    return number


def algorithm_of(inside: Node, outside: Node, where: str) -> AlgorithmIdentifier:
    """The algorithm with which something is signed; it is named twice, and only once in what is signed.

    :raises MalformedData: if the two differ; no parameters and NULL are the same.
    """
    signed, named = AlgorithmIdentifier.of(inside), AlgorithmIdentifier.of(outside)
    same = signed.oid == named.oid and (signed.parameters or _NULL) == (named.parameters or _NULL)
    if not same:
        raise MalformedData("names another algorithm in what is signed", where=where)
    return named


def _visible(text: str) -> str:
    """The text without control characters, changes of direction and the like."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


@lru_cache(maxsize=64)
def _key(public_key_info: bytes) -> PublicKey:
    """The key; those of certificates are remembered, since thousands of documents have the same signer."""
    return load_public_key(public_key_info)


def _name(node: Node) -> DistinguishedName:
    name = DistinguishedName(der=node.raw)
    _ = name.key
    return name


def read_extensions(extensions: Node) -> dict[str, Extension]:
    """The extensions in a parsed Extensions; call it inside ``door``.

    :raises MalformedData: if one comes twice.
    """
    found: dict[str, Extension] = {}
    for one in extensions.children(SEQUENCE):
        kind, *flags, value = one.children(SEQUENCE)
        oid = kind.oid()
        if oid in found or len(flags) > 1:
            raise MalformedData("an extension that comes twice, or has parts that it may not have", where=_WHERE)
        found[oid] = Extension(critical=bool(flags) and flags[0].expect(BOOLEAN).boolean(), value=value.octets())
    return found


def _extensions(fields: list[Node]) -> dict[str, Extension]:
    """The extensions; what stands before them are unique identifiers, which nobody uses."""
    return read_extensions(fields[-1].only()) if fields and fields[-1].tag == _EXTENSIONS else {}


def _subject_key_identifier(extensions: dict[str, Extension]) -> bytes | None:
    one = extensions.get(oids.SUBJECT_KEY_IDENTIFIER)
    return None if one is None else load(one.value, _WHERE).octets()


def authority_key(extensions: Mapping[str, Extension]) -> bytes | None:
    """The key identifier in an AuthorityKeyIdentifier, or None; call it inside ``door``."""
    one = extensions.get(oids.AUTHORITY_KEY_IDENTIFIER)
    if one is None:
        return None
    parts = load(one.value, _WHERE).children(SEQUENCE)
    return next((part.content for part in parts if part.tag == _KEY_IDENTIFIER), None)
