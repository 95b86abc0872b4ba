"""The verdict on EU digital COVID certificates, of which Vietnam's vaccine pass is one."""

import unicodedata
from typing import Final

from idcard.identity import ClaimedIdentity, ClaimSource
from idcard.qr.cose import Algorithm
from idcard.qr.hc1 import CovidCertificate
from idcard.trust.hash_list import hashes, newest
from idcard.verification.facts import Fact, FactName, Outcome, Reason
from idcard.verification.qr_judged import NO_LIST, Circumstances, CodeFormat, Judged, birth_of, signer_revocation
from idcard.verification.qr_signature import Signed, fact, judge_certificate
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
        revocation=_revocation(document, signed, given),
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


def _revocation(document: CovidCertificate, signed: Signed, given: Circumstances) -> Fact:
    """Whether the signer or the certificate itself was taken back: what speaks against it first."""
    facts = (signer_revocation(signed, given), _single_revocation(document, signed, given))
    worst = (Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.PASSED)
    return next((found for outcome in worst for found in facts if found.outcome is outcome), facts[0])


def _single_revocation(document: CovidCertificate, signed: Signed, given: Circumstances) -> Fact:
    """Whether a list of single certificates of its state and key names it."""
    sign1, country = document.sign1, document.claims.issuer or document.country
    batches = [one for one in given.trust.revoked if one.is_for(country=country, key_id=sign1.key_id)]
    if not batches or signed.facts[0].outcome is not Outcome.PASSED:
        return NO_LIST
    found = hashes(
        identifier=document.identifier,
        country=country,
        signature=sign1.signature,
        elliptic=sign1.algorithm is not Algorithm.PS256,
    )
    if any(found[one.kind] in one.entries for one in batches):
        return fact(FactName.REVOCATION, Outcome.FAILED, Reason.REVOKED, of="certificate")
    end = newest(batches)
    details = {"of": "certificate", "next": end.isoformat() if end else ""}
    if end is not None and given.at > end:
        return fact(FactName.REVOCATION, Outcome.INCONCLUSIVE, Reason.REVOCATION_LIST_STALE, **details)
    return fact(FactName.REVOCATION, Outcome.PASSED, Reason.NOT_REVOKED, **details)


def _said(document: CovidCertificate) -> bytes:
    return document.identifier.upper().encode() + b"\0" + document.sign1.payload


COVID_CERTIFICATE: Final = CodeFormat(document=CovidCertificate, judge=_health, said=_said)
