"""The verdict on Vietnam's codes: unsigned ones of cards and insurance cards, and VNeID's, which a service reads."""

import unicodedata
from datetime import datetime, time, timedelta
from typing import Any, Final

from idcard.verification.facts import Fact, FactName, Outcome, Reason
from idcard.verification.moments import later
from idcard.verification.qr_judged import Circumstances, CodeFormat, Judged
from idcard.verification.qr_signature import Signed, fact, without_signature
from idcard.verification.qr_times import dates_fact, is_timely, scan_freshness, validity
from idcard.vietnam.bhyt_card import BhytCard
from idcard.vietnam.card_qr import CardQr
from idcard.vietnam.vneid import VneidCode


def _unsigned(validity: Fact, **particulars: Any) -> Judged:
    return Judged(
        signed=without_signature(Outcome.NOT_SUPPORTED, Reason.UNSIGNED),
        validity=validity,
        revocation=fact(FactName.REVOCATION, Outcome.NOT_SUPPORTED, Reason.UNSIGNED),
        **particulars,
    )


def _card(document: CardQr, given: Circumstances) -> Judged:
    number = document.personal_number
    dates = dates_fact(document.birth, given.at)
    goes = number.birth_year == document.birth.year and number.sex == document.sex
    if dates.outcome is Outcome.PASSED and not goes:
        dates = fact(FactName.CONSISTENCY, Outcome.INCONCLUSIVE, Reason.NUMBER_CONTRADICTS)
    return _unsigned(
        fact(FactName.VALIDITY, Outcome.INCONCLUSIVE, Reason.EXPIRY_UNKNOWN),
        consistency=dates,
        claimed=document.claimed_identity(),
    )


def _insurance(document: BhytCard, given: Circumstances) -> Judged:
    """An insurance card is in force to the end of its last day, in the zone of the judgement; without one, for good."""
    zone = given.at.tzinfo
    begin = datetime.combine(document.valid_from, time(), zone) if document.valid_from else None
    last = datetime.combine(document.valid_to, time(), zone) if document.valid_to else None
    end = None if last is None else later(last, timedelta(days=1))
    return _unsigned(
        validity(begin, end, given.at),
        consistency=dates_fact(document.birth, given.at, document.valid_from, document.valid_to),
        valid_from=begin,
        valid_until=end,
        claimed=document.claimed_identity(),
    )


def _vneid(_document: VneidCode, given: Circumstances) -> Judged:
    offline = without_signature(Outcome.NOT_SUPPORTED, Reason.NOT_VERIFIABLE_OFFLINE)
    signature, _, usage = offline.facts
    return Judged(
        signed=Signed(facts=(signature, _online(given), usage)),
        validity=fact(FactName.VALIDITY, Outcome.NOT_SUPPORTED, Reason.NOT_VERIFIABLE_OFFLINE),
        freshness=scan_freshness(given.at, given.scanned_at),
        revocation=fact(FactName.REVOCATION, Outcome.NOT_SUPPORTED, Reason.NOT_VERIFIABLE_OFFLINE),
        single_use=True,
    )


def _online(given: Circumstances) -> Fact:
    if given.answer is None:
        return fact(FactName.TRUST, Outcome.NOT_PERFORMED, Reason.NOT_ASKED_ONLINE)
    details = {"authority": given.answer.authority, "at": given.answer.at.isoformat()}
    if given.answer.accepted and not is_timely(given.answer.at, given.at, given.scanned_at):
        return fact(FactName.TRUST, Outcome.INCONCLUSIVE, Reason.ANSWER_NOT_TIMELY, **details)
    if given.answer.accepted:
        return fact(FactName.TRUST, Outcome.PASSED, Reason.CONFIRMED_ONLINE, **details)
    return fact(FactName.TRUST, Outcome.FAILED, Reason.REFUSED_ONLINE, **details)


def _said(document: CardQr | BhytCard) -> bytes:
    return unicodedata.normalize("NFC", document.text).encode()


VIETNAMESE: Final = (
    CodeFormat(document=CardQr, judge=_card, said=_said),
    CodeFormat(document=BhytCard, judge=_insurance, said=_said),
    CodeFormat(document=VneidCode, judge=_vneid, said=lambda document: document.payload),
)
