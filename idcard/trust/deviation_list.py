"""Deviation lists: what a state says is wrong with documents that it issued, so that nobody takes them for forgeries.

A deviation never changes a fact; it is told beside it.

Source: ICAO Doc 9303-12, "Deviation List"; ICAO Doc 9303-3, "Deviations".
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from idcard.encoding import oids
from idcard.encoding.asn1 import NameKey, name_key
from idcard.encoding.ber import OID, SEQUENCE, SET, Node, context, door, load
from idcard.encoding.cms import SignedData
from idcard.errors import MalformedData
from idcard.trust.certificates import Certificate
from idcard.trust.signed_data import signed_list, verify_list

MAX_LIST_BYTES = 32 << 20
_WHERE = "DeviationList"
_DOCUMENT_TYPE, _ISSUER_AND_SERIAL, _KEY_IDENTIFIER, _DIGEST, _ISSUED, _NUMBERS = range(6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """One deviation: which documents it is about (None where that does not matter), and the kinds of what is wrong.

    ``kinds`` are object identifiers below 2.23.136.1.1.7, ``descriptions`` the state's own words.
    """

    kinds: tuple[str, ...]
    descriptions: tuple[str, ...]
    document_type: str | None = None
    issuer: NameKey | None = None
    serial_number: int | None = None
    subject_key_identifier: bytes | None = None
    certificate_digest: bytes | None = None
    document_numbers: frozenset[str] | None = None

    def applies_to(self, signer: Certificate, *, document_type: str, document_number: str) -> bool:
        """Whether it is about a document of this signer, type (``"P"``, ``"ID"``) and number."""
        if self.document_type is not None and self.document_type.strip("<") != document_type.strip("<"):
            return False
        if self.document_numbers is not None and document_number not in self.document_numbers:
            return False
        return self._is_signer(signer)

    def _is_signer(self, signer: Certificate) -> bool:
        if self.issuer is not None:
            return signer.issuer.key == self.issuer and signer.serial_number == self.serial_number
        if self.subject_key_identifier is not None:
            return signer.subject_key_identifier == self.subject_key_identifier
        return self.certificate_digest is None or signer.has_digest(self.certificate_digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviationList:
    """The deviations that a state lists, and when it signed the list."""

    der: bytes
    deviations: tuple[Deviation, ...]
    signed_at: datetime | None
    signed_data: SignedData
    country: str | None

    @classmethod
    def from_bytes(cls, data: bytes) -> "DeviationList":
        """The list in ``data``; whoever signed it is not looked at.

        :raises MalformedData: if it is not well formed, or another kind of list.
        """
        signed = signed_list(data, oids.DEVIATION_LIST, where=_WHERE, limit=MAX_LIST_BYTES)
        with door(_WHERE):
            fields = load(signed.content, _WHERE, limit=MAX_LIST_BYTES).children(SEQUENCE)
            deviations = tuple(_deviation(node) for node in fields[-1].children(SET))
            signed_at = signed.signers[0].signing_time if signed.signers else None
            signers = [Certificate.from_bytes(der) for der in signed.certificates]
        country = next((one.subject.country for one in signers), None)
        return cls(der=bytes(data), deviations=deviations, signed_at=signed_at, signed_data=signed, country=country)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the list, in hexadecimal."""
        return hashlib.sha256(self.der).hexdigest()

    def verify(self, roots: Iterable[Certificate], *, at: datetime) -> tuple[Certificate, Certificate]:
        """The list's signer and the root behind it, which must be one of ``roots``.

        :raises ListNotTrusted: if it is not.
        """
        return verify_list(self.signed_data, roots, purpose=oids.DEVIATION_LIST_SIGNER, at=at)

    def about(self, signer: Certificate, *, document_type: str, document_number: str) -> tuple[Deviation, ...]:
        """The deviations of a document of this signer; a state speaks of its own documents only."""
        if signer.issuer.country != self.country:
            return ()
        return tuple(
            one
            for one in self.deviations
            if one.applies_to(signer, document_type=document_type, document_number=document_number)
        )


def _deviation(node: Node) -> Deviation:
    documents, described = node.children(SEQUENCE)
    parts = {part.tag & 0x1F: part for part in documents.children(SEQUENCE)}
    if not parts.keys() <= {_DOCUMENT_TYPE, _ISSUER_AND_SERIAL, _KEY_IDENTIFIER, _DIGEST, _ISSUED, _NUMBERS}:
        raise MalformedData("documents in an unknown way", where=_WHERE)
    issuer, serial_number = _issuer_and_serial(parts.get(_ISSUER_AND_SERIAL))
    kinds, descriptions = zip(*(_description(one) for one in described.children(SET)), strict=True)
    return Deviation(
        kinds=tuple(kinds),
        descriptions=tuple(filter(None, descriptions)),
        document_type=_text(parts.get(_DOCUMENT_TYPE)),
        issuer=issuer,
        serial_number=serial_number,
        subject_key_identifier=_octets(parts.get(_KEY_IDENTIFIER)),
        certificate_digest=_octets(parts.get(_DIGEST)),
        document_numbers=_numbers(parts.get(_NUMBERS)),
    )


def _issuer_and_serial(node: Node | None) -> tuple[NameKey | None, int | None]:
    if node is None:
        return None, None
    issuer, serial_number = node.children(context(_ISSUER_AND_SERIAL))
    return name_key(issuer.raw), serial_number.integer()


def _text(node: Node | None) -> str | None:
    return None if node is None else node.content.decode("ascii")


def _octets(node: Node | None) -> bytes | None:
    return None if node is None else node.content


def _numbers(node: Node | None) -> frozenset[str] | None:
    return None if node is None else frozenset(one.content.decode("ascii") for one in node.children())


def _description(node: Node) -> tuple[str, str | None]:
    fields = node.children(SEQUENCE)
    words = fields.pop(0).text() if fields[0].tag != OID else None
    return fields[0].oid(), words
