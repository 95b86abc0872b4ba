"""The verdict on EU digital COVID certificates, of which Vietnam's vaccine pass is one."""

import unicodedata
from typing import Final

from idcard.identity import ClaimedIdentity, ClaimSource
from idcard.qr.hc1 import CovidCertificate
from idcard.verification.qr_judged import Circumstances, CodeFormat, Judged, birth_of, signer_revocation
from idcard.verification.qr_signature import judge_certificate
from idcard.verification.qr_times import dates_fact, validity


def _health(document: CovidCertificate, given: Circumstances) -> Judged:
    claims = document.claims
    begin = claims.not_before or claims.issued
    signed = judge_certificate(document, given.trust, given.at)
    birth = birth_of(document.birth)
    return Judged(
        signed=signed,
        validity=validity(begin, claims.expires, given.at),
        consistency=dates_fact(birth, given.at),
        revocation=signer_revocation(signed, given),
        issuer=claims.issuer,
        valid_from=begin,
        valid_until=claims.expires,
        claimed=ClaimedIdentity(
            source=ClaimSource.SIGNED_QR,
            name=unicodedata.normalize("NFC", f"{document.surname} {document.given_names}").strip() or None,
            name_latin=" ".join(f"{document.latin_surname} {document.latin_given_names}".replace("<", " ").split()),
            birth=birth,
        ),
    )


def _said(document: CovidCertificate) -> bytes:
    return document.identifier.upper().encode() + b"\0" + document.sign1.payload


COVID_CERTIFICATE: Final = CodeFormat(document=CovidCertificate, judge=_health, said=_said)
