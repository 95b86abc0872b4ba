"""The verdict on MOSIP's identity tokens, and on those that are encrypted and were not opened.

Theory of operation. The specification leaves to each country how its key reaches a verifier. Two ways count here: the
operator lists the issuer with its keys, or the token brings a certificate, which must lead to an anchor; then the
issuer is whom the certificate names, whatever the token says. Where it says a country, that must be the certificate's.

Source: MOSIP, "169 - QR Code Specifications"; RFC 9360 for certificates in COSE.
"""

import unicodedata
from typing import Any, Final

from idcard.errors import IdCardError
from idcard.identity import ClaimedIdentity, ClaimSource, Sex
from idcard.lds.states import may_sign
from idcard.qr.claim_169 import ALGORITHMS, EncryptedCode, IdentityToken
from idcard.qr.cose import Sign1, VerificationKey
from idcard.trust.certificates import Certificate
from idcard.verification.facts import Fact, FactName, Outcome, Reason
from idcard.verification.qr_judged import Circumstances, CodeFormat, Judged, birth_of, named_only, signer_revocation
from idcard.verification.qr_signature import (
    Signed,
    fact,
    judge_chain,
    judge_issuer_key,
    only,
    usage_by_purpose,
    without_signature,
)
from idcard.verification.qr_times import dates_fact, validity

FORMAT: Final = "mosip_claim_169"
_SEXES = {1: Sex.MALE, 2: Sex.FEMALE, 3: Sex.UNSPECIFIED}
_PARTS = ("first_name", "middle_name", "last_name")


def _judge(document: IdentityToken, given: Circumstances) -> Judged:
    claims, said = document.claims, document.attributes
    begin = claims.not_before or claims.issued
    signed = _signed(document.sign1, claims.issuer, given)
    written = said.get("full_name") or " ".join(said[part] for part in _PARTS if said.get(part))
    birth = birth_of(_with_dashes(said["birth"])) if "birth" in said else None
    return Judged(
        signed=signed,
        validity=validity(begin, claims.expires, given.at),
        revocation=signer_revocation(signed, given),
        consistency=_of_another_state(signed, said.get("issuing_country")) or dates_fact(birth, given.at),
        issuer=str(signed.signer.subject) if signed.signer else claims.issuer or signed.facts[1].details.get("issuer"),
        valid_from=begin,
        valid_until=claims.expires,
        claimed=ClaimedIdentity(
            source=ClaimSource.SIGNED_QR,
            name=unicodedata.normalize("NFC", written).strip() or None,
            birth=birth,
            sex=_SEXES.get(said.get("gender", 0)),
        ),
    )


def _signed(sign1: Sign1 | None, issuer: str | None, given: Circumstances) -> Signed:
    if sign1 is None or not sign1.signature:
        return without_signature(Outcome.NOT_SUPPORTED, Reason.UNSIGNED)

    def check(key: VerificationKey) -> str:
        return sign1.verify(key, ALGORITHMS).label

    try:
        chain = sign1.chain
    except IdCardError:
        return only(fact(FactName.SIGNATURE, Outcome.FAILED, Reason.MALFORMED_SIGNER_CERTIFICATE))
    listed = given.trust.issuer_keys(issuer, sign1.key_id, FORMAT if chain else None)
    keyed = judge_issuer_key(check, listed, given.trust, FORMAT)
    if not chain or keyed.facts[0].outcome is Outcome.PASSED:
        return keyed
    return judge_chain(check, chain, given.trust, given.at, _usage, format_name=FORMAT)


def _usage(certificate: Certificate) -> Fact:
    """The specification gives signers no extended purpose; who states another one is for that."""
    return usage_by_purpose(certificate, frozenset(), must=False)


def _of_another_state(signed: Signed, country: Any) -> Fact | None:
    """What is wrong with the country of the certificate; None where none came along, or the token says no country."""
    if signed.signer is None or not country:
        return None
    ours = signed.signer.issuer.country
    allowed = ours == country.upper() if len(country) == 2 else may_sign(ours, country.upper())
    if allowed is None:
        return fact(FactName.CONSISTENCY, Outcome.INCONCLUSIVE, Reason.ISSUING_STATE_UNKNOWN)
    return None if allowed else fact(FactName.CONSISTENCY, Outcome.FAILED, Reason.SIGNER_OF_ANOTHER_STATE)


def _with_dashes(text: str) -> str:
    """``YYYYMMDD``, as the specification has it, with dashes, as some issuers write it."""
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == 8 and text.isdecimal() else text


def _encrypted(_document: EncryptedCode, _given: Circumstances) -> Judged:
    return named_only(Outcome.NOT_PERFORMED, Reason.ENCRYPTED)


def _said(document: IdentityToken) -> bytes:
    return repr(sorted(document.claims.all.items(), key=repr)).encode()


IDENTITY_TOKEN: Final = CodeFormat(
    document=IdentityToken,
    judge=_judge,
    said=lambda document: document.sign1.payload if document.sign1 else _said(document),
)
ENCRYPTED_CODE: Final = CodeFormat(
    document=EncryptedCode, judge=_encrypted, said=lambda document: document.encrypted.ciphertext
)
