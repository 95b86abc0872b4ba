"""Signed data (CMS) and the LDS security object inside it: bytes become frozen values; nothing is verified here.

Theory of operation. ``ContentInfo`` wraps ``SignedData``: the content that is signed, certificates, and one
``SignerInfo`` for each signer. A signer signs either the content, or a set of *signed attributes* that holds the
content's digest. The attributes are sent under the tag [0] but signed under the tag of SET (31): the tag alone is
replaced, in their original bytes. Encoding them anew would let a wrong encoding pass, or break a right signature. Only
attributes of indefinite length are put into DER first, since that is what their signer had to sign.

All of it may come in BER, with indefinite lengths and content that is cut into pieces.

The LDS security object is the content of EF.SOD: the hashes of all data groups, and in its version 1 the LDS version.

Source: RFC 5652, "Signed-data Content Type"; ICAO Doc 9303-10, "Document Security Object".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from idcard.encoding.asn1 import AlgorithmIdentifier, NameKey, name_key
from idcard.encoding.ber import CONSTRUCTED, MAX_BYTES, OCTET_STRING, SEQUENCE, SET, Node, context, door, load, to_der
from idcard.encoding.oids import CONTENT_TYPE, MESSAGE_DIGEST, SIGNED_DATA, SIGNING_TIME
from idcard.errors import MalformedData

_SET = b"\x31"
_SIGNED_DATA_VERSIONS = frozenset({1, 3, 4, 5})
_SIGNER_INFO_VERSIONS = frozenset({1, 3})
_A0, _A1 = context(0), context(1)
_KEY_IDENTIFIER = context(0, constructed=False)


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
    signed_attributes: bytes | None = field(repr=False)
    attributes: Mapping[str, tuple[bytes, ...]] = field(repr=False)
    signature_algorithm: AlgorithmIdentifier
    signature: bytes = field(repr=False)

    @property
    def message_digest(self) -> bytes | None:
        """The content's digest as the signed attributes give it, or None.

        :raises MalformedData: if there is more than one, or it is no OCTET STRING.
        """
        value = self._one(MESSAGE_DIGEST, "messageDigest")
        return None if value is None else value.octets()

    @property
    def content_type(self) -> str | None:
        """The content's type as the signed attributes give it, or None.

        :raises MalformedData: if there is more than one, or it is no OBJECT IDENTIFIER.
        """
        value = self._one(CONTENT_TYPE, "contentType")
        return None if value is None else value.oid()

    @property
    def signing_time(self) -> datetime | None:
        """When the signer says it signed, or None: many documents do not say.

        :raises MalformedData: if there is more than one, or it is no time.
        """
        value = self._one(SIGNING_TIME, "signingTime")
        with door("signingTime"):
            return None if value is None else value.time()

    def _one(self, attribute: str, where: str) -> Node | None:
        values = self.attributes.get(attribute)
        if values is None:
            return None
        if len(values) != 1:
            raise MalformedData("a signed attribute with no value, or several", where="SignerInfo")
        with door(where):
            return load(values[0], where)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedData:
    """A SignedData: the content and its type, the certificates and revocation lists that came with it, the signers.

    ``repr`` shows neither the content nor what was made of it: with a chip's files they are another for each card.
    """

    content_type: str
    content: bytes = field(repr=False)
    certificates: tuple[bytes, ...] = field(repr=False)
    signers: tuple[SignerInfo, ...]
    crls: tuple[bytes, ...] = field(default=(), repr=False)

    @classmethod
    def from_bytes(cls, data: bytes, *, where: str = "CMS", limit: int = MAX_BYTES, bag: bool = False) -> "SignedData":
        """The SignedData in a ContentInfo; certificates stay bytes, other kinds than X.509 are left out.

        :param limit: the most bytes that are taken.
        :param bag: also take one without content: a mere bag of certificates and revocation lists.
        :raises MalformedData: if it is not well formed, or has no content.
        """
        with door(where):
            kind, content = load(data, where, limit=limit).children(SEQUENCE)
            if kind.oid() != SIGNED_DATA:
                raise MalformedData("is not signed data", where=where)
            signed = cls._of(content.expect(_A0).only(), where)
        if not (signed.content or bag):
            raise MalformedData("has no content", where=where)
        return signed

    @classmethod
    def _of(cls, signed: Node, where: str) -> "SignedData":
        version, _, encapsulated, *rest = signed.children(SEQUENCE)
        _check_version(version, _SIGNED_DATA_VERSIONS, where)
        parts = {part.tag: part for part in rest}
        if len(parts) != len(rest) or not {SET} <= parts.keys() <= {SET, _A0, _A1}:
            raise MalformedData("has parts that it may not have", where=where)
        kind, content = _encapsulated(encapsulated, where)
        return cls(
            content_type=kind,
            content=content,
            certificates=_of_kind(parts.get(_A0), SEQUENCE),
            signers=tuple(_signer(one, where) for one in parts[SET].children()),
            crls=_of_kind(parts.get(_A1), SEQUENCE),
        )


def _encapsulated(node: Node, where: str) -> tuple[str, bytes]:
    kind, *content = node.children(SEQUENCE)
    if len(content) > 1:
        raise MalformedData("has several contents", where=where)
    return kind.oid(), _content(content[0].expect(_A0).only()) if content else b""


def _content(node: Node) -> bytes:
    """The content's bytes; what is no OCTET STRING is content in the way of PKCS #7, without its tag and length."""
    return node.octets() if node.tag & ~CONSTRUCTED == OCTET_STRING else node.content


def _of_kind(node: Node | None, tag: int) -> tuple[bytes, ...]:
    return () if node is None else tuple(one.raw for one in node.children() if one.tag == tag)


def _check_version(version: Node, known: frozenset[int], where: str) -> None:
    if version.integer() not in known:
        raise MalformedData("has an unknown version", where=where)


def _signer(node: Node, where: str) -> SignerInfo:
    version, sid, digest, *rest = node.children(SEQUENCE)
    _check_version(version, _SIGNER_INFO_VERSIONS, where)
    attributes = rest.pop(0) if rest[0].tag == _A0 else None
    algorithm, signature, *unsigned = rest
    if [one.tag for one in unsigned] not in ([], [_A1]):
        raise MalformedData("a signer with parts that it may not have", where=where)
    issuer, serial_number, subject_key_identifier = _signer_identifier(sid)
    return SignerInfo(
        issuer=issuer,
        serial_number=serial_number,
        subject_key_identifier=subject_key_identifier,
        digest_algorithm=AlgorithmIdentifier.of(digest),
        signed_attributes=None if attributes is None else _as_signed(attributes),
        attributes=MappingProxyType(_attributes(attributes.children() if attributes else (), where)),
        signature_algorithm=AlgorithmIdentifier.of(algorithm),
        signature=signature.octets(),
    )


def _signer_identifier(sid: Node) -> tuple[NameKey | None, int | None, bytes | None]:
    if sid.tag != SEQUENCE:
        return None, None, sid.octets(_KEY_IDENTIFIER)
    issuer, serial_number = sid.children()
    return name_key(issuer.raw), serial_number.integer(), None


def _as_signed(attributes: Node) -> bytes:
    """The original bytes under the tag of SET, "rather than the IMPLICIT [0] tag" (RFC 5652)."""
    if attributes.indefinite:
        return to_der(Node(attributes.data, SET, attributes.start, attributes.body, attributes.end, attributes.stop))
    return _SET + attributes.raw[1:]


def _attributes(nodes: Iterable[Node], where: str) -> dict[str, tuple[bytes, ...]]:
    found: dict[str, tuple[bytes, ...]] = {}
    for node in nodes:
        kind, values = node.children(SEQUENCE)
        oid = kind.oid()
        if oid in found:
            raise MalformedData("a signed attribute that comes twice", where=where)
        found[oid] = tuple(one.raw for one in values.children(SET))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class LdsSecurityObject:
    """The hashes of data groups 1 to 16, with which algorithm, and the LDS version where version 1 gives it."""

    version: int
    hash_algorithm: str
    hashes: Mapping[int, bytes] = field(repr=False)
    lds_version: str | None
    unicode_version: str | None

    @classmethod
    def from_bytes(cls, data: bytes) -> "LdsSecurityObject":
        """The content of EF.SOD.

        :raises MalformedData: if it is not well formed, lists a data group twice, or one that does not exist.
        """
        where = "LDSSecurityObject"
        with door(where):
            version, algorithm, hashes, *rest = load(data, where).children(SEQUENCE)
            versions = [one.text() for one in rest[0].children(SEQUENCE)] if rest else [None, None]
            if len(rest) > 1 or len(versions) != 2:
                raise MalformedData("has parts that it may not have", where=where)
            return cls(
                version=version.integer(),
                hash_algorithm=AlgorithmIdentifier.of(algorithm).oid,
                hashes=MappingProxyType(_hashes(hashes, where)),
                lds_version=versions[0],
                unicode_version=versions[1],
            )


def _hashes(listed: Node, where: str) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    for one in listed.children(SEQUENCE):
        which, value = one.children(SEQUENCE)
        number = which.integer()
        if number in found or not 1 <= number <= 16:
            raise MalformedData("a data group that is listed twice or does not exist", where=where)
        found[number] = value.octets()
    if not found:
        raise MalformedData("lists no data group", where=where)
    return found
