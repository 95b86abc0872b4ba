"""What a wallet presents in answer to our own question, issued and shown by programs that are not ours."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import idcard
from idcard import FactName, Outcome, Reason, Seen
from idcard.errors import IdCardError, MalformedData
from idcard.qr.openid4vp import CredentialFormat, PendingRequests, PresentationRequest, Wanted, presented
from idcard.trust.signer_list import QrTrust
from idcard.verification.presentation import verify_presentation
from idcard.verification.qr import QrVerdict
from idcard.verification.qr_policy import PRESENTED, SIGNED_QR

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
SEED = "presentations"
KIND = "https://credentials.example/identity"
SD_JWT = Wanted(format=CredentialFormat.SD_JWT_VC, kinds=(KIND,), claims=(("family_name",), ("birthdate",)))
MDOC = Wanted(
    format=CredentialFormat.MDOC,
    kinds=("org.iso.18013.5.1.mDL",),
    claims=(("org.iso.18013.5.1", "family_name"), ("org.iso.18013.5.1", "birth_date")),
)
BOTH = pytest.mark.parametrize("wanted", [SD_JWT, MDOC], ids=lambda one: one.format.value)
FIRST = Seen(first_at=None)


@pytest.fixture(scope="module")
def trust(wallet: Any) -> QrTrust:
    jwk = wallet.jwk_of(wallet.key_of(SEED)).export_public(as_dict=True)
    issuer = {"format": 1, "issuer": wallet.ISSUER, "for": ["sd_jwt_vc"], "keys": [jwk]}
    anchors = {"iso_18013_5_mdoc": [wallet.der(wallet.root(SEED))]}
    return QrTrust.of(issuers=[json.dumps(issuer).encode()], anchors=anchors)


def asked(wanted: Wanted, *, encrypted: bool = True, at: datetime = NOW) -> PresentationRequest:
    return idcard.request_presentation(wanted, "https://kiosk.example/wallet/{state}", at=at, encrypted=encrypted)


def said(verdict: QrVerdict, *names: FactName) -> list[tuple[Outcome, Reason]]:
    return [(verdict.fact(name).outcome, verdict.fact(name).reason) for name in names]


Answer = Callable[..., QrVerdict]


@pytest.fixture
def answered(wallet: Any, trust: QrTrust) -> Answer:
    """The verdict on what the wallet answers, with a fault where one is named."""

    def answer(
        request: PresentationRequest,
        fault: str = "",
        *,
        to: PresentationRequest | None = None,
        at: datetime = NOW,
        seen: Seen = FIRST,
        given: QrTrust = trust,
    ) -> QrVerdict:
        form = wallet.answer_to(wallet.parameters_of((to or request).to_link()), SEED, fault=fault, at=at)
        return verify_presentation(presented(form, request), request, given, at=at, seen=seen)

    return answer


@BOTH
@pytest.mark.parametrize("encrypted", [True, False])
def test_the_holders_answer_is_good(answered: Answer, wanted: Wanted, encrypted: bool) -> None:
    now = datetime.now(UTC)
    verdict = answered(asked(wanted, encrypted=encrypted, at=now - timedelta(seconds=20)), at=now)
    assert verdict.meets(PRESENTED), [(one.name, one.reason) for one in verdict.unmet()]
    assert said(verdict, FactName.HOLDER, FactName.AUDIENCE, FactName.REPLAY, FactName.FRESHNESS) == [
        (Outcome.PASSED, Reason.HOLDER_KEY_PROVED), (Outcome.PASSED, Reason.FOR_US),
        (Outcome.PASSED, Reason.NOT_SEEN_BEFORE), (Outcome.PASSED, Reason.FRESH),
    ]  # fmt: skip
    claimed = verdict.claimed_identity()
    assert claimed is not None
    assert (claimed.name, str(claimed.birth)) == ("Mẫu Thử Nghiệm", "1990-01-15")
    with pytest.raises(idcard.NotVerified):
        verdict.require(PRESENTED)


@pytest.mark.parametrize(("wanted", "fault", "name", "outcome", "reason"), [
    (SD_JWT, "copy", FactName.HOLDER, Outcome.NOT_PERFORMED, Reason.HOLDER_KEY_NOT_SHOWN),
    (SD_JWT, "holder", FactName.HOLDER, Outcome.FAILED, Reason.HOLDER_KEY_WRONG),
    (SD_JWT, "nonce", FactName.REPLAY, Outcome.FAILED, Reason.NONCE_WRONG),
    (SD_JWT, "audience", FactName.AUDIENCE, Outcome.FAILED, Reason.FOR_ANOTHER),
    (SD_JWT, "kind", FactName.CONSISTENCY, Outcome.FAILED, Reason.NOT_WHAT_WAS_ASKED),
    (MDOC, "holder", FactName.HOLDER, Outcome.FAILED, Reason.HOLDER_KEY_WRONG),
    (MDOC, "nonce", FactName.HOLDER, Outcome.FAILED, Reason.HOLDER_KEY_WRONG),
])  # fmt: skip
def test_what_nobody_but_a_thief_sends(
    answered: Answer, wanted: Wanted, fault: str, name: FactName, outcome: Outcome, reason: Reason
) -> None:
    now = datetime.now(UTC)
    verdict = answered(asked(wanted, at=now), fault, at=now)
    assert said(verdict, name) == [(outcome, reason)]
    assert not verdict.meets()
    assert said(verdict, FactName.SIGNATURE) == [(Outcome.PASSED, Reason.SIGNATURE_VERIFIED)]


@pytest.mark.parametrize(("wanted", "more"), [
    (SD_JWT, ("nationality",)), (SD_JWT, ("family_name", "inside")), (MDOC, ("org.iso.18013.5.1", "portrait")),
    (MDOC, ("other.space", "family_name")),
])  # fmt: skip
def test_what_was_asked_and_is_not_shown(answered: Answer, wanted: Wanted, more: tuple[str, ...]) -> None:
    now = datetime.now(UTC)
    verdict = answered(asked(replace(wanted, claims=(*wanted.claims, more)), at=now), at=now)
    assert said(verdict, FactName.CONSISTENCY) == [(Outcome.FAILED, Reason.NOT_WHAT_WAS_ASKED)]
    assert not verdict.meets()


@BOTH
def test_an_answer_to_another_request_is_none(answered: Answer, wallet: Any, trust: QrTrust, wanted: Wanted) -> None:
    now = datetime.now(UTC)
    mine, theirs = (asked(wanted, encrypted=False, at=now) for _ in range(2))
    form = wallet.answer_to(wallet.parameters_of(theirs.to_link()), SEED, at=now)
    with pytest.raises(MalformedData, match="another request"):
        presented(form, mine)
    verdict = verify_presentation(presented(form | {"state": mine.state}, mine), mine, trust, at=now, seen=FIRST)
    assert not verdict.meets()
    with pytest.raises(MalformedData):
        answered(asked(wanted, at=now), to=asked(wanted, at=now), at=now)


@BOTH
def test_a_request_counts_once_and_not_for_long(answered: Answer, wanted: Wanted) -> None:
    now = datetime.now(UTC)
    request = asked(wanted, at=now)
    again = answered(request, at=now, seen=Seen(first_at=now))
    assert said(again, FactName.REPLAY) == [(Outcome.FAILED, Reason.SEEN_BEFORE)]
    late = answered(request, at=request.expires)
    assert said(late, FactName.FRESHNESS) == [(Outcome.FAILED, Reason.TOO_OLD)]
    assert not again.meets()
    assert not late.meets()


@BOTH
def test_whoever_signed_must_be_known(answered: Answer, wanted: Wanted) -> None:
    now = datetime.now(UTC)
    verdict = answered(asked(wanted, at=now), at=now, given=QrTrust.of())
    assert verdict.fact(FactName.TRUST).outcome is Outcome.INCONCLUSIVE
    assert not verdict.meets()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda form: form.pop("response"), "in clear"),
        (lambda form: form.update(response="x"), "five parts"),
        (lambda form: form.update(response=form["response"][:-4] + "AAAA"), "decrypted"),
        (lambda form: form.update(response="x" * 300_000), "long"),
    ],
)
def test_an_answer_that_is_none(wallet: Any, change: Callable[[dict[str, str]], Any], message: str) -> None:
    request = asked(SD_JWT)
    form = wallet.answer_to(wallet.parameters_of(request.to_link()), SEED, at=NOW)
    change(form)
    with pytest.raises(IdCardError, match=message):
        presented(form, request)


@pytest.mark.parametrize("token", [
    "x", "[]", "{}", '{"credential": []}', '{"credential": ["a", "b"]}', '{"credential": "a"}', '{"other": ["a"]}',
    '{"credential": [1]}', '{"credential": ["é"]}', '{"credential": ["a"], "credential": ["b"]}', "1",
])  # fmt: skip
def test_a_token_that_holds_something_else(token: str) -> None:
    request = asked(SD_JWT, encrypted=False)
    with pytest.raises(MalformedData):
        presented({"vp_token": token, "state": request.state}, request)


def test_an_answer_in_clear_is_not_taken_where_it_was_to_be_encrypted(wallet: Any) -> None:
    request = asked(SD_JWT)
    form = wallet.answer_to(wallet.parameters_of(request.to_link()), SEED, fault="in clear", at=NOW)
    with pytest.raises(MalformedData, match="in clear"):
        presented(form, request)
    with pytest.raises(MalformedData, match="error"):
        presented({"error": "access_denied"}, request)


def test_pending_requests_are_given_out_once() -> None:
    waiting = PendingRequests(limit=2)
    one, two, three = (asked(SD_JWT) for _ in range(3))
    waiting.add(one, at=NOW)
    waiting.add(two, at=NOW)
    with pytest.raises(OverflowError):
        waiting.add(three, at=NOW)
    assert waiting.take(one.state, at=NOW) is one
    assert waiting.take(one.state, at=NOW) is None
    assert waiting.take("x", at=NOW) is None
    assert waiting.take(two.state, at=two.expires) is None
    waiting.add(two, at=NOW)
    waiting.add(asked(SD_JWT, at=NOW + timedelta(minutes=4)), at=NOW + timedelta(minutes=4))
    waiting.add(three, at=NOW + timedelta(minutes=4))


def test_a_static_code_of_the_same_credential_proves_no_holder(wallet: Any, trust: QrTrust) -> None:
    request = asked(SD_JWT)
    text = wallet.presentation(wallet.parameters_of(request.to_link()), SEED, "", NOW)
    verdict = idcard.verify_qr(idcard.recognise(text.encode()), trust, at=NOW)
    assert said(verdict, FactName.HOLDER) == [(Outcome.INCONCLUSIVE, Reason.HOLDER_KEY_FOR_OTHERS)]
    assert verdict.meets(SIGNED_QR)
    assert not verdict.meets(PRESENTED)


def test_the_time_needs_a_zone(wallet: Any, trust: QrTrust) -> None:
    request = asked(SD_JWT, encrypted=False)
    form = wallet.answer_to(wallet.parameters_of(request.to_link()), SEED, at=NOW)
    with pytest.raises(ValueError, match="zone"):
        verify_presentation(presented(form, request), request, trust, at=NOW.replace(tzinfo=None))
