"""Certificate revocation lists.

Theory of operation. A CSCA publishes one list of the certificates that it took back, with the time of this issue and
of the next. The next one being overdue does not make the list wrong, only old: how old is for a policy to judge. A
list that is about a part of the certificates only, or is but the difference to another list, is refused. So is an
indirect one, whose entries are about certificates of another issuer than the list's own.

Source: ICAO Doc 9303-12, "CRL"; RFC 5280, "CRL and CRL Extensions Profile".
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from idcard.crypto.signature import SignatureInvalid, verify_signature
from idcard.encoding import oids
from idcard.encoding.asn1 import AlgorithmIdentifier
from idcard.encoding.ber import GENERALIZED_TIME, INTEGER, SEQUENCE, UTC_TIME, Node, context, door, load
from idcard.errors import MalformedData, Unsupported, UnsupportedAlgorithm
from idcard.trust.certificates import (
    Certificate,
    DistinguishedName,
    Extension,
    algorithm_of,
    authority_key,
    bounded_number,
    read_extensions,
)

MAX_CRL_BYTES = 32 << 20
_WHERE = "CRL"
_LONGEST = timedelta(days=90)
_EXTENSIONS = context(0)
_TIMES = (UTC_TIME, GENERALIZED_TIME)
_PROCESSED = frozenset({oids.AUTHORITY_KEY_IDENTIFIER, oids.CRL_NUMBER, oids.ISSUER_ALTERNATIVE_NAME})
_PROCESSED_OF_ENTRIES = frozenset({oids.CRL_REASON, oids.INVALIDITY_DATE})
_REASONS = {
    0: "unspecified",
    1: "key_compromise",
    2: "ca_compromise",
    3: "affiliation_changed",
    4: "superseded",
    5: "cessation_of_operation",
    6: "certificate_hold",
    8: "removed",
    9: "privilege_withdrawn",
    10: "aa_compromise",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """When a certificate was revoked, and why where the list says so."""

    at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Crl:
    """A revocation list over its original bytes; ``revoked`` maps serial numbers."""

    der: bytes
    tbs: bytes
    issuer: DistinguishedName
    this_update: datetime
    next_update: datetime | None
    number: int | None
    revoked: Mapping[int, Revocation]
    signature_algorithm: AlgorithmIdentifier
    signature: bytes
    authority_key_identifier: bytes | None

    @classmethod
    def from_bytes(cls, der: bytes) -> "Crl":
        """The list in ``der``.

        :raises MalformedData: if it is not well formed.
        :raises Unsupported: if it has a critical extension that is not known here, or is no complete list.
        """
        with door(_WHERE):
            body, algorithm, signature = load(der, _WHERE, limit=MAX_CRL_BYTES).children(SEQUENCE)
            fields = body.children(SEQUENCE)
            if fields[0].tag == INTEGER:
                fields.pop(0)
            inner, issuer, this_update, *rest = fields
            next_update = rest.pop(0).time() if rest and rest[0].tag in _TIMES else None
            listed = rest.pop(0).children() if rest and rest[0].tag == SEQUENCE else []
            extensions = read_extensions(rest[0].only()) if rest and rest[0].tag == _EXTENSIONS else {}
            _refuse_partial(extensions)
            return cls(
                der=bytes(der),
                tbs=body.raw,
                issuer=DistinguishedName(der=issuer.raw),
                this_update=this_update.time(),
                next_update=next_update,
                number=_number(extensions.get(oids.CRL_NUMBER)),
                revoked=MappingProxyType(dict(map(_entry, listed))),
                signature_algorithm=algorithm_of(inner, algorithm, _WHERE),
                signature=signature.bits(),
                authority_key_identifier=authority_key(extensions),
            )

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the list, in hexadecimal."""
        return hashlib.sha256(self.der).hexdigest()

    def age(self, at: datetime) -> timedelta:
        """How old the list is at that moment."""
        return at - self.this_update

    @property
    def due(self) -> datetime:
        """When its successor is due: a list that does not say so counts for the 90 days that Doc 9303-12 allows."""
        return self.next_update or self.this_update + _LONGEST

    def stale(self, at: datetime) -> bool:
        """Whether its successor was due by then."""
        return at > self.due

    def revocation_of(self, certificate: Certificate) -> Revocation | None:
        """The entry about a certificate's serial number; None where there is none, or it was taken off the list."""
        found = self.revoked.get(certificate.serial_number)
        return None if found is None or found.reason == "removed" else found

    def issued_by(self, issuer: Certificate) -> bool:
        """Whether ``issuer``'s key signed the list; one that cannot be verified was not."""
        try:
            verify_signature(issuer.public_key, self.signature_algorithm, self.signature, self.tbs)
        except (SignatureInvalid, UnsupportedAlgorithm, MalformedData):
            return False
        return True

    def newer_than(self, other: "Crl") -> bool:
        """Whether it is a later issue."""
        return (self.this_update, self.number or 0) > (other.this_update, other.number or 0)


def _refuse_partial(extensions: Mapping[str, Extension]) -> None:
    unknown = [oid for oid, one in extensions.items() if one.critical and oid not in _PROCESSED]
    if unknown or oids.DELTA_CRL in extensions:
        raise Unsupported("A revocation list that is not complete, or has conditions that are not known here.")


def _refuse_indirect(extensions: Mapping[str, Extension]) -> None:
    """What names another issuer changes whom this entry, and all after it, are about: even where it is not critical."""
    unknown = [oid for oid, one in extensions.items() if one.critical and oid not in _PROCESSED_OF_ENTRIES]
    if unknown or oids.CERTIFICATE_ISSUER in extensions:
        raise Unsupported("A revocation list with entries about another issuer, or on unknown conditions.")


def _number(extension: Extension | None) -> int | None:
    return None if extension is None else bounded_number(load(extension.value, _WHERE), _WHERE)


def _entry(node: Node) -> tuple[int, Revocation]:
    serial, at, *rest = node.children(SEQUENCE)
    extensions = read_extensions(rest[0]) if rest else {}
    _refuse_indirect(extensions)
    reason = extensions.get(oids.CRL_REASON)
    why = None if reason is None else _REASONS.get(load(reason.value, _WHERE).content[-1], "unknown")
    return serial.integer(), Revocation(at=at.time(), reason=why)
