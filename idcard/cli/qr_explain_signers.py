"""Who a code says signed it, for ``idcard qr explain``: nothing of it is verified here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import idcard
from idcard.cli.qr_input import printable
from idcard.trust.certificates import Certificate
from idcard.trust.path import find_path
from idcard.verification.qr_seals import is_named


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Signer:
    """Who a code says signed it: nothing of it is verified here.

    ``listed``: whether the trust store knows that key; None where none was given.
    """

    issuer: str | None
    key_id: str | None
    algorithm: str | None
    listed: bool | None


Said = tuple[str | None, str | None, Callable[[], Any] | None, Callable[[idcard.QrTrust], bool]]
"""The issuer, the key's identifier, what names the algorithm (or raises), and whether a list knows the key."""


def signer_of(recognised: idcard.Recognised, signers: idcard.QrTrust | None) -> Signer | None:
    """Who the code says signed it; None where it says nobody."""
    find = _FINDERS.get(type(recognised.document))
    said = None if find is None else find(recognised.document)
    if said is None:
        return None
    issuer, key_id, algorithm, is_listed = said
    return Signer(
        issuer=issuer,
        key_id=printable(key_id) if key_id else None,
        algorithm=_label(algorithm),
        listed=None if signers is None else is_listed(signers),
    )


def _label(algorithm: Callable[[], Any] | None) -> str | None:
    try:
        found = None if algorithm is None else algorithm()
    except idcard.Unsupported:
        return None
    return str(getattr(found, "label", found)) if found is not None else None


def _health(document: idcard.CovidCertificate) -> Said:
    sign1 = document.sign1
    key_id = sign1.key_id.hex() if sign1.key_id else None
    return document.claims.issuer, key_id, lambda: sign1.algorithm, lambda trust: bool(trust.signers_for(sign1.key_id))


def _token(document: idcard.Token) -> Said:
    sign1 = document.sign1
    key_id = sign1.key_id.hex() if sign1.key_id else None
    return document.clinic, key_id, lambda: sign1.algorithm, lambda trust: bool(trust.keys_for(sign1.key_id))


def _credential(document: idcard.SdJwtCredential | idcard.W3cCredential | idcard.HealthCard) -> Said:
    issuer, jws = document.issuer, document.jws
    return (
        issuer,
        jws.key_id,
        lambda: jws.algorithm,
        lambda trust: bool(issuer and trust.issuer_keys(issuer, jws.key_id)),
    )


def _identity(document: idcard.IdentityToken) -> Said | None:
    sign1 = document.sign1
    if sign1 is None or not sign1.signature:
        return None
    try:
        chain = sign1.chain
    except idcard.MalformedData:
        chain = ()
    if chain:
        return _brought(chain[0], "mosip_claim_169", document.claims.issuer, lambda: sign1.algorithm)
    key_id = sign1.key_id.hex() if sign1.key_id else None
    issuer = document.claims.issuer
    return issuer, key_id, lambda: sign1.algorithm, lambda trust: bool(trust.issuer_keys(issuer, sign1.key_id))


def _seal(document: idcard.VisibleSeal) -> Said | None:
    if document.signature is None:
        return None
    key_id = document.signer + document.reference
    return (
        document.country,
        key_id,
        None,
        lambda trust: any(is_named(document, one.certificate) for one in trust.listed),
    )


def _barcode(document: idcard.IcaoBarcode) -> Said | None:
    if document.signature is None:
        return None
    if document.certificate is not None:
        return _brought(document.certificate, "icao_idb", document.country, None)
    key_id = document.reference.hex() if document.reference else None
    return (
        document.country,
        key_id,
        None,
        lambda trust: any(document.names(one.certificate.der) for one in trust.listed),
    )


def _vds_nc(document: idcard.VdsNc) -> Said:
    if document.certificate is not None:
        return _brought(document.certificate, "icao_vds_nc", document.country, lambda: document.algorithm)
    return document.country, document.reference, lambda: document.algorithm, lambda trust: bool(trust.listed)


def _brought(der: bytes, format_name: str, issuer: str | None, algorithm: Callable[[], Any] | None) -> Said:
    """A signer whose certificate is in the code: known where it is listed, or leads to an anchor."""
    try:
        certificate = Certificate.from_bytes(der)
    except idcard.MalformedData:
        return issuer, None, algorithm, lambda _: False

    def known(trust: idcard.QrTrust) -> bool:
        listed = any(one.certificate == certificate for one in trust.listed)
        path = find_path(certificate, trust.pool(format_name), at=datetime.now(UTC))
        return listed or path.anchor is not None

    return issuer, certificate.fingerprint[:16], algorithm, known


_FINDERS: Mapping[type, Callable[[Any], Said | None]] = {
    idcard.CovidCertificate: _health,
    idcard.Token: _token,
    idcard.SdJwtCredential: _credential,
    idcard.W3cCredential: _credential,
    idcard.HealthCard: _credential,
    idcard.IdentityToken: _identity,
    idcard.VisibleSeal: _seal,
    idcard.IcaoBarcode: _barcode,
    idcard.VdsNc: _vds_nc,
}
