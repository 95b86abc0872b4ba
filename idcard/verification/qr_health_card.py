"""The verdict on SMART Health Cards, whole or in parts.

Theory of operation. Whose cards count is the operator's list of issuers, each with its address and keys: the framework
leaves it to directories whom to believe. A card need not end; then it counts until its issuer takes it back, which it
says in a list of its own, one for each key.

Source: SMART Health Cards Framework, "Trust", "Revocation".
"""

import unicodedata
from typing import Final

from idcard.identity import ClaimedIdentity, ClaimSource, Sex
from idcard.qr.cose import VerificationKey
from idcard.qr.health_card import ALGORITHMS, HealthCard, HealthCardPart
from idcard.trust.issuer_list import IssuerKey
from idcard.verification.facts import Fact, FactName, Outcome, Reason
from idcard.verification.qr_judged import NO_LIST, Circumstances, CodeFormat, Judged, birth_of, named_only
from idcard.verification.qr_signature import Signed, fact, judge_issuer_key
from idcard.verification.qr_times import dates_fact, validity

FORMAT: Final = "smart_health_card"
_SEXES = {"male": Sex.MALE, "female": Sex.FEMALE, "other": Sex.UNSPECIFIED}


def _judge(document: HealthCard, given: Circumstances) -> Judged:
    def check(key: VerificationKey) -> str:
        return document.jws.verify(key, ALGORITHMS).label

    keys = given.trust.issuer_keys(document.issuer, document.jws.key_id)
    signed = judge_issuer_key(check, keys, given.trust, FORMAT)
    birth, sex = document.patient.get("birthDate"), document.patient.get("gender")
    born = birth_of(birth) if isinstance(birth, str) else None
    return Judged(
        signed=signed,
        validity=_validity(document, given),
        revocation=_revocation(document, signed, keys, given),
        consistency=dates_fact(born, given.at),
        issuer=document.issuer,
        valid_from=document.issued,
        valid_until=document.expires,
        claimed=ClaimedIdentity(
            source=ClaimSource.SIGNED_QR,
            name=unicodedata.normalize("NFC", document.name) if document.name else None,
            birth=born,
            sex=_SEXES.get(sex) if isinstance(sex, str) else None,
        ),
    )


def _validity(document: HealthCard, given: Circumstances) -> Fact:
    found = validity(document.issued, document.expires, given.at)
    if found.reason is Reason.EXPIRY_UNKNOWN:
        return fact(FactName.VALIDITY, Outcome.PASSED, Reason.NEVER_EXPIRES, **found.details)
    return found


def _revocation(document: HealthCard, signed: Signed, keys: tuple[IssuerKey, ...], given: Circumstances) -> Fact:
    """Whether the issuer took the card back, as its list for that key says."""
    if signed.facts[0].outcome is not Outcome.PASSED:
        return NO_LIST
    key_id = document.jws.key_id or ""
    lists = [one.revoked[key_id] for one in given.trust.issuer_called(document.issuer) if key_id in one.revoked]
    if any(document.identifier and one.names(document.identifier, document.issued) for one in lists):
        return fact(FactName.REVOCATION, Outcome.FAILED, Reason.REVOKED)
    least = max((key.crl_version for key in keys), default=0)
    version = max((one.version for one in lists), default=0)
    if version < least:
        return fact(FactName.REVOCATION, Outcome.INCONCLUSIVE, Reason.REVOCATION_LIST_STALE, wanted=str(least))
    return fact(FactName.REVOCATION, Outcome.PASSED, Reason.NOT_REVOKED, version=str(version)) if lists else NO_LIST


def _part(_document: HealthCardPart, _given: Circumstances) -> Judged:
    return named_only(Outcome.NOT_PERFORMED, Reason.PART_OF_A_CODE)


HEALTH_CARD: Final = CodeFormat(document=HealthCard, judge=_judge, said=lambda document: document.payload)
HEALTH_CARD_PART: Final = CodeFormat(document=HealthCardPart, judge=_part, said=lambda document: document.digits)
