"""The verdict on seals of ICAO: visible digital seals, with the profiles of BSI TR-03171, and its barcodes.

Theory of operation. The signer's certificate is found by what the header says of it: among the operator's, for a code
has no room for it (a barcode may bring it). It must have been in force on the day of the signature, and one state must
not sign for another.

Most seals do not say until when they count. Where the machine-readable zone has the document's expiry, or the profile
an end, that is it; otherwise nobody can say.

Source: ICAO Doc 9303-13, "Validation"; ICAO Doc 9303-12, "Bar Code Signer Certificates"; BSI TR-03171.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from idcard.encoding.mrz import Mrz
from idcard.encoding.oids import COMMON_NAME
from idcard.identity import BirthDate, ClaimedIdentity, ClaimSource, Sex
from idcard.lds.states import may_sign
from idcard.qr.idb import IcaoBarcode
from idcard.qr.vds import VisibleSeal
from idcard.trust.certificates import Certificate
from idcard.trust.signer_list import ListedSigner
from idcard.verification.facts import Fact, FactName, Outcome, Reason
from idcard.verification.identity import birth_of, last_day_of_force
from idcard.verification.moments import later
from idcard.verification.qr_judged import Circumstances, CodeFormat, Judged, signer_revocation
from idcard.verification.qr_signature import (
    Signed,
    fact,
    judge_chain,
    judge_listed,
    usage_by_purpose,
    without_signature,
)
from idcard.verification.qr_times import dates_fact, validity

VDS: Final = "icao_vds"
IDB: Final = "icao_idb"


def _seal(document: VisibleSeal, given: Circumstances) -> Judged:
    candidates = [one for one in given.trust.listed if is_named(document, one.certificate)]
    if document.signature is None:
        signed = without_signature(Outcome.NOT_SUPPORTED, Reason.UNSIGNED)
    else:
        signed = judge_listed(
            document.verify, candidates, given.trust, given.at, _usage, format_name=VDS, signed_at=document.signed_on
        )
    begin, end = document.fields.get("valid_from") or document.issued, document.fields.get("valid_until")
    return _judged(signed, given, document.country, document.mrz, begin, end, document.fields)


def is_named(document: VisibleSeal, certificate: Certificate) -> bool:
    """Whether a seal's header means the certificate: country and name of its subject, and its serial number."""
    # The number first: of thousands of listed certificates few have it, and reading a name takes longer.
    if document.reference.lstrip("0") != f"{certificate.serial_number:X}":
        return False
    names = [text for rdn in certificate.subject.key for kind, text in rdn if kind == COMMON_NAME]
    signer = {f"{certificate.subject.country or ''}{name}".upper() for name in names}
    return document.signer in signer


def _barcode(document: IcaoBarcode, given: Circumstances) -> Judged:
    expiry = document.fields.get("expiry")
    end = _day(expiry) if isinstance(expiry, str) else None
    signed = _barcode_signed(document, given)
    return _judged(signed, given, document.country, document.mrz, document.signed_on, end, document.fields)


def _barcode_signed(document: IcaoBarcode, given: Circumstances) -> Signed:
    if document.signature is None:
        return without_signature(Outcome.NOT_SUPPORTED, Reason.UNSIGNED)
    if document.certificate is not None and document.names(document.certificate):
        chain = (document.certificate,)
        return judge_chain(
            document.verify, chain, given.trust, given.at, _usage, format_name=IDB, signed_at=document.signed_on
        )
    candidates: Iterator[ListedSigner] = (one for one in given.trust.listed if document.names(one.certificate.der))
    return judge_listed(
        document.verify, candidates, given.trust, given.at, _usage, format_name=IDB, signed_at=document.signed_on
    )


def _usage(certificate: Certificate) -> Fact:
    """Signers of seals state no extended purpose; who states another one is for that."""
    return usage_by_purpose(certificate, frozenset(), must=False)


def _judged(
    signed: Signed,
    given: Circumstances,
    country: str,
    mrz: Mrz | None,
    begin: date | None,
    end: date | None,
    fields: Mapping[str, Any],
) -> Judged:
    last = end or (last_day_of_force(mrz, given.at) if mrz is not None else None)
    start, stop = _moment(begin, given.at), _moment(last, given.at)
    stop = None if stop is None else later(stop, timedelta(days=1))
    birth = birth_of(mrz, None, given.at) if mrz is not None else None
    other_state = _of_another_state(signed, country)
    return Judged(
        signed=signed,
        validity=validity(start, stop, given.at),
        revocation=signer_revocation(signed, given),
        consistency=other_state or dates_fact(birth, given.at, begin, last),
        issuer=country,
        valid_from=start,
        valid_until=stop,
        claimed=_claimed(mrz, birth, last, fields),
    )


def _of_another_state(signed: Signed, country: str) -> Fact | None:
    """What is wrong with the signer's state; None where nothing is, or nobody signed."""
    if signed.signer is None:
        return None
    allowed = may_sign(signed.signer.subject.country or signed.signer.issuer.country, country)
    if allowed is None:
        return fact(FactName.CONSISTENCY, Outcome.INCONCLUSIVE, Reason.ISSUING_STATE_UNKNOWN)
    return None if allowed else fact(FactName.CONSISTENCY, Outcome.FAILED, Reason.SIGNER_OF_ANOTHER_STATE)


def _claimed(
    mrz: Mrz | None, birth: BirthDate | None, expiry: date | None, fields: Mapping[str, Any]
) -> ClaimedIdentity | None:
    if mrz is not None:
        latin = f"{mrz.surname} {mrz.given_names}".strip()
        return ClaimedIdentity(
            source=ClaimSource.SIGNED_QR, name_latin=latin, birth=birth, sex=Sex(mrz.sex), expiry=expiry
        )
    names = [str(fields[part]) for part in ("surname", "given_names") if fields.get(part)]
    return ClaimedIdentity(source=ClaimSource.SIGNED_QR, name=" ".join(names)) if names else None


def _moment(day: date | None, at: datetime) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), at.tzinfo)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


VISIBLE_SEAL: Final = CodeFormat(document=VisibleSeal, judge=_seal, said=lambda document: document.signed_bytes)
BARCODE: Final = CodeFormat(document=IcaoBarcode, judge=_barcode, said=lambda document: document.signed_bytes)
