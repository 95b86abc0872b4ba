"""The verdict on EU digital COVID certificates, of which Vietnam's vaccine pass is one."""

import unicodedata
from typing import Final

from idcard.identity import ClaimedIdentity, ClaimSource
from idcard.qr.cose import Algorithm
from idcard.qr.hc1 import CovidCertificate
from idcard.trust.hash_list import HashType, hashes, newest
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
        consistency=_of_another_state(document, signed) or dates_fact(birth, given.at),
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


def _state(signed: Signed) -> str | None:
    """The two letters of the signer's country; None where its certificate names none."""
    if signed.signer is None:
        return None
    return signed.signer.subject.country or signed.signer.issuer.country


def _of_another_state(document: CovidCertificate, signed: Signed) -> Fact | None:
    """What is wrong with the signer's state; None where nothing is, or nobody signed."""
    if signed.signer is None:
        return None
    state = _state(signed)
    if state is None:
        return fact(FactName.CONSISTENCY, Outcome.INCONCLUSIVE, Reason.ISSUING_STATE_UNKNOWN)
    right = state.upper() == document.country.upper()
    return None if right else fact(FactName.CONSISTENCY, Outcome.FAILED, Reason.SIGNER_OF_ANOTHER_STATE)


def _revocation(document: CovidCertificate, signed: Signed, given: Circumstances) -> Fact:
    """Whether the signer or the certificate itself was taken back: what speaks against it first."""
    facts = (signer_revocation(signed, given), _single_revocation(document, signed, given))
    worst = (Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.PASSED)
    return next((found for outcome in worst for found in facts if found.outcome is outcome), facts[0])


def _single_revocation(document: CovidCertificate, signed: Signed, given: Circumstances) -> Fact:
    """Whether a list of single certificates of its key and its state names it: of any state that it may be of."""
    sign1, states = document.sign1, _states(document, signed)
    batches = [
        (state, one)
        for state in states
        for one in given.trust.revoked
        if one.is_for(country=state, key_id=sign1.key_id)
    ]
    if not batches or signed.facts[0].outcome is not Outcome.PASSED:
        return NO_LIST
    found = {state: _hashes(document, state) for state in states}
    if any(found[state][one.kind] in one.entries for state, one in batches):
        return fact(FactName.REVOCATION, Outcome.FAILED, Reason.REVOKED, of="certificate")
    end = newest(one for _, one in batches)
    details = {"of": "certificate", "next": end.isoformat() if end else ""}
    if end is not None and given.at > end:
        return fact(FactName.REVOCATION, Outcome.INCONCLUSIVE, Reason.REVOCATION_LIST_STALE, **details)
    return fact(FactName.REVOCATION, Outcome.PASSED, Reason.NOT_REVOKED, **details)


def _states(document: CovidCertificate, signed: Signed) -> frozenset[str]:
    """The states whose lists may name it. Some write a ministry's name where its issuer's two letters belong."""
    named = (document.country, _state(signed), document.claims.issuer)
    return frozenset(one.upper() for one in named if one is not None and len(one) == 2)


def _hashes(document: CovidCertificate, state: str) -> dict[HashType, bytes]:
    return hashes(
        identifier=document.identifier,
        country=state,
        signature=document.sign1.signature,
        elliptic=document.sign1.algorithm is not Algorithm.PS256,
    )


def _said(document: CovidCertificate) -> bytes:
    return document.identifier.upper().encode() + b"\0" + document.sign1.payload


COVID_CERTIFICATE: Final = CodeFormat(document=CovidCertificate, judge=_health, said=_said)
