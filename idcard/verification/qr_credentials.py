"""The verdict on credentials of wallets, as they stand in a code: SD-JWT VC, W3C credentials as JWT, and mobile
documents.

Theory of operation. Their issuer signed them, by a key that the operator listed for it, or with a certificate that came
along. A certificate must lead to an anchor, be for such documents, and name the issuer whom the credential names: one
issuer's key must not sign for another.

As a code they are static: a copy of a credential is as good as the credential. What binds one to its holder is a key,
which proves itself only in answer to a question: :mod:`idcard.verification.presentation`.

Source: RFC 9901, "Verification and Processing"; draft-ietf-oauth-sd-jwt-vc, "Issuer Signature Mechanisms"; ISO/IEC
18013-5, "Inspection procedure for issuer data authentication".
"""

import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from idcard.errors import IdCardError, Unsupported
from idcard.identity import ClaimedIdentity, ClaimSource, Sex
from idcard.qr.cbor import Tagged
from idcard.qr.cose import Algorithm, VerificationKey
from idcard.qr.formats import MDOC, SD_JWT_VC, W3C_VC_JWT
from idcard.qr.jws import Jws
from idcard.qr.mdoc import ALGORITHMS as MDOC_ALGORITHMS
from idcard.qr.mdoc import MobileDocument
from idcard.qr.sd_jwt import ALGORITHMS as SD_JWT_ALGORITHMS
from idcard.qr.sd_jwt import SdJwtCredential
from idcard.qr.status_list import StatusList
from idcard.qr.vc_jwt import ALGORITHMS as VC_JWT_ALGORITHMS
from idcard.qr.vc_jwt import W3cCredential
from idcard.trust.alternative_names import names_issuer
from idcard.trust.certificates import Certificate
from idcard.verification.facts import Fact, FactName, Outcome, Reason
from idcard.verification.qr_judged import NO_HOLDER, Circumstances, CodeFormat, Judged, birth_of, signer_revocation
from idcard.verification.qr_signature import (
    Signed,
    fact,
    judge_chain,
    judge_issuer_key,
    only,
    usage_by_purpose,
    without_signature,
)
from idcard.verification.qr_status import status_fact
from idcard.verification.qr_times import CLOCKS, dates_fact, validity

_MDOC_SIGNER = frozenset({"1.0.18013.5.1.2"})
"""The extended key usage of those who sign mobile documents, which the standard wants in their certificates."""
_LICENCE, _PERSON = "org.iso.18013.5.1", "eu.europa.ec.eudi.pid.1"
_SEXES = {1: Sex.MALE, 2: Sex.FEMALE, 9: Sex.UNSPECIFIED}
_NAME = 150


def sd_jwt_judged(document: SdJwtCredential, given: Circumstances, holder: Fact | None = None) -> Judged:
    """What is said of an SD-JWT VC; of its holder, unless told otherwise, what a static code can show."""
    signed = _signed_token(document.jws, document.chain, document.issuer, SD_JWT_ALGORITHMS, given, SD_JWT_VC)
    begin = document.not_before or document.issued
    claimed = _claimed(document.claims, "family_name", "given_name", "birthdate")
    return Judged(
        signed=signed,
        validity=validity(begin, document.expires, given.at, CLOCKS),
        revocation=_revocation(signed, given, document.claims.get("status"), document.issuer, SD_JWT_VC),
        holder=_static_holder(document) if holder is None else holder,
        consistency=dates_fact(claimed.birth, given.at),
        issuer=document.issuer or _subject(signed),
        valid_from=begin,
        valid_until=document.expires,
        claimed=claimed,
    )


def mdoc_judged(document: MobileDocument, given: Circumstances, holder: Fact | None = None) -> Judged:
    """What is said of a mobile document; of its holder, unless told otherwise, what a static code can show."""
    signed = _signed_mdoc(document, given)
    said = _elements(document)
    claimed = _claimed(said, "family_name", "given_name", "birth_date")
    consistency = dates_fact(claimed.birth, given.at)
    return Judged(
        signed=signed,
        validity=validity(document.not_before, document.expires, given.at, CLOCKS),
        revocation=_revocation(signed, given, document.status, None, MDOC),
        holder=_HOLDER_NOT_SHOWN if holder is None else holder,
        consistency=_other_state(signed, said.get("issuing_country")) or consistency,
        issuer=_subject(signed),
        valid_from=document.not_before,
        valid_until=document.expires,
        claimed=claimed,
    )


def _w3c_judged(document: W3cCredential, given: Circumstances) -> Judged:
    signed = _signed_token(document.jws, document.chain, document.issuer, VC_JWT_ALGORITHMS, given, W3C_VC_JWT)
    claimed = _claimed(document.subject, "familyName", "givenName", "birthDate")
    return Judged(
        signed=signed,
        validity=validity(document.not_before, document.expires, given.at, CLOCKS),
        revocation=_revocation(signed, given, document.has_status or None, document.issuer, W3C_VC_JWT),
        holder=NO_HOLDER,
        consistency=dates_fact(claimed.birth, given.at),
        issuer=document.issuer,
        valid_from=document.not_before,
        valid_until=document.expires,
        claimed=claimed,
    )


_HOLDER_WRONG: Final = fact(FactName.HOLDER, Outcome.FAILED, Reason.HOLDER_KEY_WRONG)
_HOLDER_NOT_SHOWN: Final = fact(FactName.HOLDER, Outcome.NOT_PERFORMED, Reason.HOLDER_KEY_NOT_SHOWN)


def _static_holder(document: SdJwtCredential) -> Fact:
    found = holder_fact(document)
    if found.outcome is not Outcome.PASSED:
        return found
    # What it proves, it proved to whoever chose the nonce.
    return fact(FactName.HOLDER, Outcome.INCONCLUSIVE, Reason.HOLDER_KEY_FOR_OTHERS)


def holder_fact(document: SdJwtCredential) -> Fact:
    """Whether the key binding is by the holder's key and over what was shown; for whom it is, is not looked at."""
    binding = document.key_binding
    try:
        key = document.holder_key
        if key is None:
            return NO_HOLDER
        if binding is None:
            return _HOLDER_NOT_SHOWN
        binding.jws.verify(key, SD_JWT_ALGORITHMS)
    except Unsupported:
        return fact(FactName.HOLDER, Outcome.FAILED, Reason.UNSUPPORTED_ALGORITHM)
    except IdCardError:
        return _HOLDER_WRONG
    if binding.presented_digest != document.presented_digest:
        return _HOLDER_WRONG
    return fact(FactName.HOLDER, Outcome.PASSED, Reason.HOLDER_KEY_PROVED)


def _signed_token(
    jws: Jws,
    chain: tuple[bytes, ...],
    issuer: str | None,
    allowed: frozenset[Algorithm],
    given: Circumstances,
    format_name: str,
) -> Signed:
    """Who signed a token: a listed key of its issuer, or else whoever's certificate came along."""

    def check(key: VerificationKey) -> str:
        return jws.verify(key, allowed).label

    if not chain:
        listed = given.trust.issuer_keys(issuer, jws.key_id) if issuer is not None else ()
        return judge_issuer_key(check, listed, given.trust, format_name)
    if issuer is not None:
        listed = given.trust.issuer_keys(issuer, jws.key_id, format_name)
        keyed = judge_issuer_key(check, listed, given.trust, format_name)
        if all(one.outcome is Outcome.PASSED for one in keyed.facts):
            return keyed
    signed = judge_chain(check, chain, given.trust, given.at, _token_usage, format_name=format_name)
    signature, trusted, usage = signed.facts
    if issuer is None or signed.signer is None or trusted.outcome is not Outcome.PASSED:
        return signed
    if _names(signed.signer, issuer):
        return signed
    other = fact(FactName.TRUST, Outcome.FAILED, Reason.ISSUER_NOT_IN_CERTIFICATE)
    return Signed(facts=(signature, other, usage), signer=signed.signer, links=signed.links, anchor=signed.anchor)


def _token_usage(certificate: Certificate) -> Fact:
    """No purpose of its own is given to such keys; issuers use those of mobile documents for both."""
    return usage_by_purpose(certificate, _MDOC_SIGNER, must=False)


def _names(certificate: Certificate, issuer: str) -> bool:
    try:
        return names_issuer(certificate, issuer)
    except IdCardError:
        return False


def _signed_mdoc(document: MobileDocument, given: Circumstances) -> Signed:
    sign1 = document.sign1

    def check(key: VerificationKey) -> str:
        return sign1.verify(key, MDOC_ALGORITHMS).label

    def usage(certificate: Certificate) -> Fact:
        return usage_by_purpose(certificate, _MDOC_SIGNER, must=True)

    try:
        chain = sign1.chain
    except IdCardError:
        chain = ()
    if not chain:
        return only(fact(FactName.SIGNATURE, Outcome.FAILED, Reason.NO_SIGNER_CERTIFICATE))
    signed = judge_chain(check, chain, given.trust, given.at, usage, format_name=MDOC, signed_at=document.signed)
    if signed.facts[0].outcome is Outcome.PASSED and document.altered:
        return only(fact(FactName.SIGNATURE, Outcome.FAILED, Reason.HASH_MISMATCH))
    return signed


def _revocation(signed: Signed, given: Circumstances, status: object, issuer: str | None, format_name: str) -> Fact:
    """Whether its signer was taken back, or it was itself: what speaks against it comes first."""
    signer = signer_revocation(signed, given)
    if status is None or signer.outcome is Outcome.FAILED:
        return signer

    def signed_by(one: StatusList) -> Signed:
        by = _signed_token(one.jws, one.chain, issuer, SD_JWT_ALGORITHMS, given, format_name)
        if issuer is not None or _same_signer(by, signed, must=format_name == MDOC):
            return by
        return without_signature(Outcome.INCONCLUSIVE, Reason.SIGNER_NOT_LISTED)

    own = status_fact(status, given, signed_by)
    # That nobody looked up its own status must not hide that the list of signers is too old to say anything.
    return signer if own.outcome is not Outcome.FAILED and signer.outcome is Outcome.INCONCLUSIVE else own


def _same_signer(by: Signed, signed: Signed, *, must: bool) -> bool:
    """Whether a list's signer is called as the credential's is, and by the same authority, with a key for such."""
    if by.signer is None or signed.signer is None:
        return False
    called = (by.signer.subject, by.signer.issuer) == (signed.signer.subject, signed.signer.issuer)
    return called and usage_by_purpose(by.signer, _MDOC_SIGNER, must=must).outcome is Outcome.PASSED


def _other_state(signed: Signed, country: object) -> Fact | None:
    """Where a document says that another state issued it than its signer belongs to."""
    state = None if signed.signer is None else signed.signer.subject.country
    if not isinstance(country, str) or state is None or country.upper() == state:
        return None
    return fact(FactName.CONSISTENCY, Outcome.FAILED, Reason.SIGNER_OF_ANOTHER_STATE)


def _subject(signed: Signed) -> str | None:
    return None if signed.signer is None else str(signed.signer.subject)


def _elements(document: MobileDocument) -> Mapping[str, Any]:
    """What is said of the person, by the names of the licence or of the European identity."""
    for space in (_LICENCE, _PERSON):
        if space in document.elements:
            return {name: plain(value) for name, value in document.elements[space].items()}
    return {}


def plain(value: object) -> object:
    """The value of an element, without the tag that some dates bear."""
    return value.value if isinstance(value, Tagged) else value


def _claimed(said: Mapping[str, Any], family: str, given: str, birth: str) -> ClaimedIdentity:
    names = [said.get(name) for name in (family, given)]
    name = " ".join(one.strip() for one in names if isinstance(one, str))
    born, sex = said.get(birth), said.get("sex")
    return ClaimedIdentity(
        source=ClaimSource.SIGNED_QR,
        name=unicodedata.normalize("NFC", name)[: 2 * _NAME] or None,
        birth=birth_of(born[:10]) if isinstance(born, str) else None,
        sex=_SEXES.get(sex) if type(sex) is int else None,
    )


def _said_sd_jwt(document: SdJwtCredential) -> bytes:
    """The issuer's token is one for many showings; what is disclosed and to whom is not remembered."""
    return document.jws.signed_bytes


def _said_w3c(document: W3cCredential) -> bytes:
    return document.jws.signed_bytes


def _said_mdoc(document: MobileDocument) -> bytes:
    return document.sign1.payload


CREDENTIALS: Final = (
    CodeFormat(document=SdJwtCredential, judge=sd_jwt_judged, said=_said_sd_jwt),
    CodeFormat(document=W3cCredential, judge=_w3c_judged, said=_said_w3c),
    CodeFormat(document=MobileDocument, judge=mdoc_judged, said=_said_mdoc),
)
