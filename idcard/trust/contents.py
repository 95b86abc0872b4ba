"""What a file holds that somebody hands over: certificates, lists, or a bundle of them, in any of their wrappings.

Theory of operation. The bytes decide, never the file's name. PEM and LDIF are wrappings around DER; a ContentInfo is a
master list, a deviation list, or a bag (PKCS #7) of certificates and revocation lists; anything else is a certificate
or a revocation list, which differ in what stands in the validity's place.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from idcard.encoding import oids
from idcard.encoding.ber import OID, SEQUENCE, door, load
from idcard.encoding.cms import SignedData
from idcard.errors import MalformedData
from idcard.trust import ldif, pem
from idcard.trust.certificates import Certificate
from idcard.trust.crl import Crl
from idcard.trust.deviation_list import DeviationList
from idcard.trust.master_list import MAX_LIST_BYTES, MasterList

Item = Certificate | Crl | MasterList | DeviationList
_WHERE = "file"
_PEM_KINDS = frozenset(
    {b"CERTIFICATE", b"X509 CERTIFICATE", b"TRUSTED CERTIFICATE", b"X509 CRL", b"PKCS7", b"PKCS #7 SIGNED DATA", b"CMS"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a file holds: its kind, its parts in DER, not yet parsed, and the texts that should be such."""

    kind: str
    parts: tuple[bytes, ...]
    broken: tuple[bytes, ...] = ()

    @classmethod
    def of(cls, data: bytes) -> "Contents":
        """What ``data`` is.

        :raises MalformedData: if it is nothing that belongs into a trust store.
        """
        if ldif.is_ldif(data):
            found = tuple(ldif.values(data))
            parts = tuple(value.data for value in found if value.data is not None)
            return cls(kind="ldif", parts=parts, broken=tuple(value.text for value in found if value.data is None))
        parts = tuple(_pem(data)) if pem.is_pem(data) else (data,)
        return cls(kind="file", parts=parts)

    @property
    def by_operator(self) -> bool:
        """Whether an operator chose what is in it; an LDIF file is a bundle that nobody vouches for."""
        return self.kind != "ldif"


def _pem(data: bytes) -> Iterator[bytes]:
    for block in pem.blocks(data):
        if block.kind not in _PEM_KINDS:
            raise MalformedData("holds something else than certificates and lists", where=_WHERE)
        yield block.der


def items(part: bytes) -> tuple[Item, ...]:
    """The certificates and lists in one part.

    :raises MalformedData: if it is nothing that belongs into a trust store.
    :raises Unsupported: if it is, but of a kind that is not known here.
    """
    with door(_WHERE):
        first = load(part, _WHERE, limit=MAX_LIST_BYTES).children(SEQUENCE)[0]
        if first.tag == OID:
            return _of_signed_data(part)
        return (Crl.from_bytes(part) if _is_crl(part) else Certificate.from_bytes(part),)


def _of_signed_data(part: bytes) -> tuple[Item, ...]:
    signed = SignedData.from_bytes(part, limit=MAX_LIST_BYTES, bag=True)
    if signed.content_type == oids.MASTER_LIST:
        return (MasterList.from_bytes(part),)
    if signed.content_type == oids.DEVIATION_LIST:
        return (DeviationList.from_bytes(part),)
    if signed.content:
        raise MalformedData("is signed data of another kind", where=_WHERE)
    return (*map(Certificate.from_bytes, signed.certificates), *map(Crl.from_bytes, signed.crls))


def _is_crl(part: bytes) -> bool:
    """Whether issuer and then a time follow the algorithm, and not issuer and validity."""
    fields = load(part, _WHERE, limit=MAX_LIST_BYTES).children()[0].children(SEQUENCE)
    after_algorithm = 3 if fields[0].tag != SEQUENCE else 2
    return fields[after_algorithm].tag != SEQUENCE
