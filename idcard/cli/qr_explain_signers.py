"""Who a code says signed it, for ``idcard qr explain``, and whether the trust store vouches for that signer.

The first is what the code says, unproved. The second is the verdict's, and no judgement of its own: ``explain`` and
``verify`` must not contradict each other.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import idcard
from idcard.cli.qr_input import printable
from idcard.qr.cose import Sign1
from idcard.trust.certificates import Certificate


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Signer:
    """Who a code says signed it: unproved, but for ``listed``.

    ``listed``: whether its key signed the code and the trust store believes it for codes of that format, as of then;
    None where no store was given.
    """

    issuer: str | None
    key_id: str | None
    algorithm: str | None
    listed: bool | None


Said = tuple[str | None, str | None, Callable[[], Any] | None]
"""The issuer, the key's identifier, and what names the algorithm (or raises)."""


def signer_of(recognised: idcard.Recognised, signers: idcard.QrTrust | None, at: datetime) -> Signer | None:
    """Who the code says signed it; None where it says nobody."""
    find = _FINDERS.get(type(recognised.document))
    said = None if find is None else find(recognised.document)
    if said is None:
        return None
    issuer, key_id, algorithm = said
    return Signer(
        issuer=issuer,
        key_id=printable(key_id) if key_id else None,
        algorithm=_label(algorithm),
        listed=None if signers is None else _is_believed(recognised, signers, at),
    )


def _is_believed(recognised: idcard.Recognised, signers: idcard.QrTrust, at: datetime) -> bool:
    verdict = idcard.verify_qr(recognised, signers, at=at)
    usage = verdict.fact(idcard.FactName.KEY_USAGE)
    trusted = verdict.fact(idcard.FactName.TRUST)
    return trusted.outcome is idcard.Outcome.PASSED and usage.outcome is not idcard.Outcome.FAILED


def _label(algorithm: Callable[[], Any] | None) -> str | None:
    try:
        found = None if algorithm is None else algorithm()
    except idcard.Unsupported:
        return None
    return str(getattr(found, "label", found)) if found is not None else None


def _health(document: idcard.CovidCertificate) -> Said:
    return document.claims.issuer, _hexadecimal(document.sign1.key_id), lambda: document.sign1.algorithm


def _token(document: idcard.Token) -> Said:
    return document.clinic, _hexadecimal(document.sign1.key_id), lambda: document.sign1.algorithm


def _credential(document: idcard.SdJwtCredential | idcard.W3cCredential | idcard.HealthCard) -> Said:
    return document.issuer, document.jws.key_id, lambda: document.jws.algorithm


def _identity(document: idcard.IdentityToken) -> Said | None:
    sign1 = document.sign1
    if sign1 is None or not sign1.signature:
        return None
    key_id = _fingerprint(_first_of(sign1)) or _hexadecimal(sign1.key_id)
    return document.claims.issuer, key_id, lambda: sign1.algorithm


def _mobile_document(document: idcard.MobileDocument) -> Said:
    brought = _certificate(_first_of(document.sign1))
    issuer = None if brought is None else str(brought.subject)
    return issuer, None if brought is None else _short(brought), lambda: document.sign1.algorithm


def _seal(document: idcard.VisibleSeal) -> Said | None:
    if document.signature is None:
        return None
    return document.country, document.signer + document.reference, None


def _barcode(document: idcard.IcaoBarcode) -> Said | None:
    if document.signature is None:
        return None
    # One that the header does not mean is not the signer's.
    if document.certificate is not None and document.names(document.certificate):
        return document.country, _fingerprint(document.certificate), None
    return document.country, _hexadecimal(document.reference), None


def _vds_nc(document: idcard.VdsNc) -> Said:
    key_id = document.reference if document.certificate is None else _fingerprint(document.certificate)
    return document.country, key_id, lambda: document.algorithm


def _first_of(sign1: Sign1) -> bytes | None:
    """The signer's certificate that a code brings, in DER."""
    try:
        return next(iter(sign1.chain), None)
    except idcard.IdCardError:
        return None


def _certificate(der: bytes | None) -> Certificate | None:
    try:
        return None if der is None else Certificate.from_bytes(der)
    except idcard.IdCardError:
        return None


def _fingerprint(der: bytes | None) -> str | None:
    found = _certificate(der)
    return None if found is None else _short(found)


def _short(certificate: Certificate) -> str:
    return certificate.fingerprint[:16]


def _hexadecimal(key_id: bytes | None) -> str | None:
    return key_id.hex() if key_id else None


_FINDERS: Mapping[type, Callable[[Any], Said | None]] = {
    idcard.CovidCertificate: _health,
    idcard.Token: _token,
    idcard.SdJwtCredential: _credential,
    idcard.W3cCredential: _credential,
    idcard.HealthCard: _credential,
    idcard.IdentityToken: _identity,
    idcard.MobileDocument: _mobile_document,
    idcard.VisibleSeal: _seal,
    idcard.IcaoBarcode: _barcode,
    idcard.VdsNc: _vds_nc,
}
