"""Verifying signed data: that the certificate's key signed this content.

Theory of operation. The signer is named by issuer and serial number, or by its key's identifier; its certificate must
bear that name. Some states write the parts of the issuer's name in another order than the certificate does, so that
the order alone does not count.

Source: RFC 5652, "Signature Verification Process"; ICAO Doc 9303-12, "CSCA Master List" and "Deviation List".
"""

import hmac
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from idcard.crypto.signature import SignatureInvalid, digest_of, verify_signature
from idcard.encoding import oids
from idcard.encoding.cms import SignedData, SignerInfo
from idcard.errors import MalformedData, ProtocolViolation, UnsupportedAlgorithm
from idcard.trust.certificates import Certificate
from idcard.trust.path import Certificates, find_path
from idcard.trust.purpose import purposes

MAX_BROUGHT = 256
"""How many certificates may come along with a list, beside those in it; real ones bring two."""


class ListNotTrusted(ProtocolViolation):
    """A signed list whose signature does not lead to a root that was given.

    :param reason: ``no_signer``, ``signature_wrong``, ``not_a_list_signer`` or why there is no path to a root.
    """

    code = "list_not_trusted"

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(f"{message} ({reason})", reason=reason)
        self.reason = reason


def verify_signed_data(signed: SignedData, signer_info: SignerInfo, signer: Certificate) -> None:
    """Nothing, where ``signer`` signed the content: the digest in the signed attributes, and the signature over them.

    :raises SignatureInvalid: if not.
    :raises UnsupportedAlgorithm: if an algorithm is unknown.
    :raises MalformedData: if the key or a signed attribute is not well formed.
    """
    digest = oids.HASHES.get(signer_info.digest_algorithm.oid)
    message = signed.content
    if signer_info.signed_attributes is not None:
        message = signer_info.signed_attributes
        _verify_attributes(signed, signer_info, digest)
    verify_signature(signer.public_key, signer_info.signature_algorithm, signer_info.signature, message, digest=digest)


def _verify_attributes(signed: SignedData, signer_info: SignerInfo, digest: str | None) -> None:
    if digest is None:
        raise UnsupportedAlgorithm("the content's digest is unknown", oid=signer_info.digest_algorithm.oid)
    if signer_info.content_type != signed.content_type:
        raise SignatureInvalid("another type of content was signed")
    if not hmac.compare_digest(signer_info.message_digest or b"", digest_of(digest, signed.content)):
        raise SignatureInvalid("another content was signed")


def find_signer(signer_info: SignerInfo, certificates: Iterable[Certificate]) -> Certificate | None:
    """The first certificate that the signer is named after; None where there is none."""
    return next(find_signers(signer_info, certificates), None)


def find_signers(signer_info: SignerInfo, certificates: Iterable[Certificate]) -> Iterator[Certificate]:
    """All certificates that the signer is named after: anybody can make one of that name."""
    return (one for one in certificates if _is_named(one, signer_info))


def signed_by(signed: SignedData, signer_info: SignerInfo, signer: Certificate) -> bool:
    """Whether ``signer``'s key signed the content, as far as can be told."""
    try:
        verify_signed_data(signed, signer_info, signer)
    except (ProtocolViolation, UnsupportedAlgorithm):
        return False
    return True


def _is_named(certificate: Certificate, signer_info: SignerInfo) -> bool:
    if signer_info.subject_key_identifier is not None:
        return certificate.subject_key_identifier == signer_info.subject_key_identifier
    if certificate.serial_number != signer_info.serial_number or signer_info.issuer is None:
        return False
    issuer = certificate.issuer.key
    return issuer == signer_info.issuer or Counter(issuer) == Counter(signer_info.issuer)


def verify_list(
    signed: SignedData,
    roots: Iterable[Certificate],
    *,
    purpose: str,
    at: datetime,
    fingerprints: Collection[str] = (),
) -> tuple[Certificate, Certificate]:
    """The list's signer and the root that vouches for it, at the moment of signing (``at`` where it does not say).

    :param fingerprints: roots by their SHA-256, whose certificates come with the list.
    :param purpose: the extended key usage that the signer must have: a signer of documents may not sign lists.
    :raises ListNotTrusted: if the signature, the signer or its path is not good.
    """
    if not signed.signers:
        raise ListNotTrusted("The list is not signed", "no_signer")
    signer_info = signed.signers[0]
    if len(signed.certificates) > MAX_BROUGHT:
        raise ListNotTrusted("More certificates come with the list than any list needs", "too_many_candidates")
    brought = list(_readable(signed.certificates))
    signer = find_signer(signer_info, brought)
    if signer is None:
        raise ListNotTrusted("The certificate of the list's signer is missing", "no_signer")
    try:
        verify_signed_data(signed, signer_info, signer)
    except (ProtocolViolation, UnsupportedAlgorithm) as error:
        raise ListNotTrusted("The signature of the list is not good", "signature_wrong") from error
    if purpose not in purposes(signer):
        raise ListNotTrusted("The certificate is not for signing lists", "not_a_list_signer")
    trusted = [*roots, *(one for one in brought if one.fingerprint in fingerprints)]
    pool = Certificates.of(trusted, links=[one for one in brought if one.is_authority])
    path = find_path(signer, pool, at=signer_info.signing_time or at)
    if path.anchor is None or path.problem is not None:
        which = "a root that was given" if trusted else "any root: none was given"
        raise ListNotTrusted(f"The list's signer does not lead to {which}", f"{path.problem}")
    return signer, path.anchor


def _readable(certificates: Iterable[bytes]) -> Iterator[Certificate]:
    """What came along and can be read: a certificate that nobody needs does not spoil a list."""
    for der in certificates:
        try:
            yield Certificate.from_bytes(der)
        except MalformedData:
            continue


def signed_list(data: bytes, content_type: str, *, where: str, limit: int) -> SignedData:
    """The signed data in ``data``, whose content must be of that type.

    :raises MalformedData: if it is not.
    """
    signed = SignedData.from_bytes(data, where=where, limit=limit)
    if signed.content_type != content_type:
        raise MalformedData("does not hold such a list", where=where)
    return signed
