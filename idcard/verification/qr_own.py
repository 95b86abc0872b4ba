"""The verdict on codes of our own: receipts and hand-offs."""

from typing import Final

from idcard.qr.token import Token, TokenKind
from idcard.verification.facts import Fact, FactName, Outcome, Reason
from idcard.verification.qr_judged import FOR_ANYBODY, STATIC, Circumstances, CodeFormat, Judged
from idcard.verification.qr_signature import fact, judge_token
from idcard.verification.qr_times import CLOCKS, hand_off_freshness, validity


def _token(document: Token, given: Circumstances) -> Judged:
    once = document.kind is TokenKind.HAND_OFF
    return Judged(
        signed=judge_token(document, given.trust),
        validity=validity(document.claims.not_before or document.issued, document.expires, given.at, CLOCKS),
        freshness=hand_off_freshness(document, given.at) if once else STATIC,
        audience=_audience(document, given.audience) if once else FOR_ANYBODY,
        single_use=once,
        issuer=document.clinic,
        valid_from=document.issued,
        valid_until=document.expires,
    )


def _audience(document: Token, ours: str | None) -> Fact:
    """A hand-off is for the one machine that it names: who does not say its own name takes nobody's."""
    if ours is None:
        return fact(FactName.AUDIENCE, Outcome.INCONCLUSIVE, Reason.AUDIENCE_NOT_GIVEN)
    if document.audience != ours:
        return fact(FactName.AUDIENCE, Outcome.FAILED, Reason.FOR_ANOTHER)
    return fact(FactName.AUDIENCE, Outcome.PASSED, Reason.FOR_US)


def _said(document: Token) -> bytes:
    return document.clinic.encode() + b"\0" + document.token_id


OWN_TOKEN: Final = CodeFormat(document=Token, judge=_token, said=_said)
