"""The verdict on a wallet's answer: what was presented, by whose key, and whether it answers our own question.

Theory of operation. What the issuer signed is judged as in a code. Beyond that, an answer can show what no code can:
the holder's key signed over our nonce and our name, just now. Then a copy of somebody's credential does not do; who
has the wallet unlocked does. No verdict on an answer makes a verified identity: nobody looked who holds the phone.

Whether the nonce is ours is told by the request, which whoever asks hands over; that it is answered the first time, by
:class:`idcard.PendingRequests`, and said in ``seen``.

Source: OpenID for Verifiable Presentations 1.0, "Verifying the VP Token"; RFC 9901, "Verification by the Verifier";
ISO/IEC 18013-5, "mdoc authentication".
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from idcard.errors import IdCardError, Unsupported
from idcard.qr.formats import MDOC, SD_JWT_VC
from idcard.qr.mdoc import ALGORITHMS as MDOC_ALGORITHMS
from idcard.qr.mdoc import MobileDocument
from idcard.qr.openid4vp import PresentationRequest
from idcard.qr.sd_jwt import KeyBinding, SdJwtCredential
from idcard.qr.seen import Seen
from idcard.trust.signer_list import QrTrust
from idcard.verification.facts import Fact, FactName, Outcome, Reason
from idcard.verification.policy import Policy
from idcard.verification.qr import QrVerdict, replay_fact, verdict_of
from idcard.verification.qr_credentials import holder_fact, mdoc_judged, sd_jwt_judged
from idcard.verification.qr_judged import Circumstances, Judged
from idcard.verification.qr_policy import PRESENTED
from idcard.verification.qr_signature import fact

PHONE_CLOCKS: Final = timedelta(minutes=5)
"""How far a phone's clock may be from ours: the nonce says how old an answer can be, its time hardly more."""

_PROVED = fact(FactName.HOLDER, Outcome.PASSED, Reason.HOLDER_KEY_PROVED)
_WRONG = fact(FactName.HOLDER, Outcome.FAILED, Reason.HOLDER_KEY_WRONG)
_UNKNOWN = fact(FactName.HOLDER, Outcome.INCONCLUSIVE, Reason.UNSUPPORTED_ALGORITHM)
_NOT_SHOWN = fact(FactName.HOLDER, Outcome.NOT_PERFORMED, Reason.HOLDER_KEY_NOT_SHOWN)


def verify_presentation(
    document: SdJwtCredential | MobileDocument,
    request: PresentationRequest,
    trust: QrTrust,
    policy: Policy = PRESENTED,
    *,
    at: datetime,
    seen: Seen | None = None,
) -> QrVerdict:
    """The verdict on what a wallet presented: never an exception for what it says, however odd.

    :param document: what :func:`idcard.presented` found in the answer.
    :param request: the question that it should answer.
    :param trust: whose credentials are believed.
    :param at: the moment of judgement, with a time zone.
    :param seen: whether the request was answered before; None where nobody looked.
    :raises ValueError: if the time has no time zone.
    """
    if at.tzinfo is None:
        raise ValueError("the moment of judgement needs a time zone")
    given = Circumstances(trust=trust, at=at)
    if isinstance(document, MobileDocument):
        judged, replay = _device(document, request, given, seen)
        kind, format_name = document.document_type, MDOC
    else:
        judged, replay = _key_binding(document, request, given, seen)
        kind, format_name = document.kind, SD_JWT_VC
    if kind not in request.wanted.kinds or not all(_is_shown(document, path) for path in request.wanted.claims):
        judged = replace(judged, consistency=fact(FactName.CONSISTENCY, Outcome.FAILED, Reason.NOT_WHAT_WAS_ASKED))
    return verdict_of(format_name, judged, replay, trust, policy, at)


def _is_shown(document: SdJwtCredential | MobileDocument, path: tuple[str, ...]) -> bool:
    """Whether something stands where that path leads."""
    value: Any = document.elements if isinstance(document, MobileDocument) else document.claims
    for step in path:
        if not isinstance(value, Mapping) or step not in value:
            return False
        value = value[step]
    return True


def _key_binding(
    document: SdJwtCredential, request: PresentationRequest, given: Circumstances, seen: Seen | None
) -> tuple[Judged, Fact]:
    holder, binding = holder_fact(document), document.key_binding
    judged = sd_jwt_judged(document, given, holder)
    if binding is None or holder.outcome is not Outcome.PASSED:
        return _unanswered(judged)
    ours = binding.audience == request.client_id
    audience = (Outcome.PASSED, Reason.FOR_US) if ours else (Outcome.FAILED, Reason.FOR_ANOTHER)
    judged = replace(
        judged,
        audience=fact(FactName.AUDIENCE, *audience),
        freshness=_fresh(request, binding.issued, given.at),
    )
    return judged, _replay(binding, request, seen)


def _replay(binding: KeyBinding, request: PresentationRequest, seen: Seen | None) -> Fact:
    if binding.nonce != request.nonce:
        return fact(FactName.REPLAY, Outcome.FAILED, Reason.NONCE_WRONG)
    return replay_fact(seen, single_use=True)


def _device(
    document: MobileDocument, request: PresentationRequest, given: Circumstances, seen: Seen | None
) -> tuple[Judged, Fact]:
    """A device signs nonce and name as one: where that signature is right, the answer is to this question."""
    holder = _signed_by_device(document, request)
    judged = mdoc_judged(document, given, holder)
    if holder.outcome is not Outcome.PASSED:
        return _unanswered(judged)
    judged = replace(
        judged,
        audience=fact(FactName.AUDIENCE, Outcome.PASSED, Reason.FOR_US),
        freshness=_fresh(request, request.issued, given.at),
    )
    return judged, replay_fact(seen, single_use=True)


def _signed_by_device(document: MobileDocument, request: PresentationRequest) -> Fact:
    device = document.device_signed
    if device is None:
        return _NOT_SHOWN
    if device.parts is None:
        return _UNKNOWN
    try:
        signature = device.signature_over(request.transcript(), document.document_type)
        signature.verify(document.device_key, MDOC_ALGORITHMS)
    except Unsupported:
        return _UNKNOWN
    except IdCardError:
        return _WRONG
    return _PROVED


def _fresh(request: PresentationRequest, issued: datetime, at: datetime) -> Fact:
    """Whether the answer was made after the question, and is judged before the question's end."""
    in_time = request.issued <= at < request.expires
    made_then = request.issued - PHONE_CLOCKS <= issued <= at + PHONE_CLOCKS
    outcome, reason = (Outcome.PASSED, Reason.FRESH) if in_time and made_then else (Outcome.FAILED, Reason.TOO_OLD)
    return fact(FactName.FRESHNESS, outcome, reason)


def _unanswered(judged: Judged) -> tuple[Judged, Fact]:
    """Where no key answered, nothing says that this was made for us, or now."""
    unknown = (Outcome.INCONCLUSIVE, Reason.SIGNATURE_NOT_VERIFIED)
    judged = replace(judged, audience=fact(FactName.AUDIENCE, *unknown), freshness=fact(FactName.FRESHNESS, *unknown))
    return judged, fact(FactName.REPLAY, *unknown)
