"""EF.SOD: the hashes of the data groups, signed by a document signer; and EF.CardSecurity, which is signed alike.

Source: ICAO Doc 9303-10, "EF.SOD"; BSI TR-03110-3, "SignedData"; RFC 5652 (CMS SignedData).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from idcard.encoding import tlv
from idcard.lds.layout import File
from idcard.testing import der
from idcard.testing.certificates import Validity
from idcard.testing.keys import DIGESTS, KeyProfile, SigningKey

ID_LDS_SECURITY_OBJECT = "2.23.136.1.1.1"
ID_SECURITY_OBJECT = "0.4.0.127.0.7.3.2.1"
_ID_SIGNED_DATA = "1.2.840.113549.1.7.2"
_CONTENT_TYPE, _MESSAGE_DIGEST, _SIGNING_TIME = (f"1.2.840.113549.1.9.{number}" for number in (3, 4, 5))


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSigner:
    """A document signer: its key, its certificate (DER) and what the certificate says."""

    profile: KeyProfile
    key: SigningKey
    certificate: bytes
    issuer: bytes
    serial: int
    validity: Validity


def lds_security_object(data_groups: Mapping[int, bytes], digest: str) -> bytes:
    """The LDS security object, version 0, over whole data-group files.

    :param data_groups: number -> the file's bytes.
    """
    hashes = (
        der.sequence(der.integer(number), der.octet_string(hashlib.new(digest, content).digest()))
        for number, content in sorted(data_groups.items())
    )
    return der.sequence(der.integer(0), digest_algorithm(digest), der.sequence(*hashes))


def digest_algorithm(digest: str) -> bytes:
    """The AlgorithmIdentifier of a hash."""
    return der.sequence(der.oid(DIGESTS[digest]), der.null())


def signed_attributes(content: bytes, digest: str, at: datetime, kind: str = ID_LDS_SECURITY_OBJECT) -> bytes:
    """The contents of the signed attributes, sorted: content type, message digest, signing time."""
    attributes = (
        (_CONTENT_TYPE, der.oid(kind)),
        (_MESSAGE_DIGEST, der.octet_string(hashlib.new(digest, content).digest())),
        (_SIGNING_TIME, der.time(at)),
    )
    return b"".join(sorted(der.sequence(der.oid(oid), der.set_of(value)) for oid, value in attributes))


def signed_data(content: bytes, signer: DocumentSigner, at: datetime, kind: str = ID_LDS_SECURITY_OBJECT) -> bytes:
    """The ContentInfo around ``content``, signed at ``at``, with the signer's certificate."""
    digest = digest_algorithm(signer.key.digest)
    attributes = signed_attributes(content, signer.key.digest, at, kind)
    signer_info = der.sequence(
        der.integer(1),
        der.sequence(signer.issuer, der.integer(signer.serial)),
        digest,
        der.context(0, attributes),
        signer.key.algorithm,
        der.octet_string(signer.key.sign(tlv.build(0x31, attributes))),
    )
    body = der.sequence(
        der.integer(3),
        der.set_of(digest),
        der.sequence(der.oid(kind), der.context(0, der.octet_string(content))),
        der.context(0, signer.certificate),
        der.set_of(signer_info),
    )
    return der.sequence(der.oid(_ID_SIGNED_DATA), der.context(0, body))


def build(data_groups: Mapping[int, bytes], signer: DocumentSigner, *, at: datetime, digest: str = "sha256") -> bytes:
    """EF.SOD over ``data_groups`` (number -> the file's bytes), hashed with ``digest``, signed at ``at``."""
    return tlv.build(File.SOD.tag, signed_data(lds_security_object(data_groups, digest), signer, at))


def card_security(infos: bytes, signer: DocumentSigner, *, at: datetime) -> bytes:
    """EF.CardSecurity over the SecurityInfos ``infos``, signed at ``at``."""
    return signed_data(infos, signer, at, ID_SECURITY_OBJECT)
