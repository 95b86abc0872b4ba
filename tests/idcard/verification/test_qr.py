"""What codes are worth, beside the vectors: unsigned ones, our own, and those only a service can read."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from idcard.errors import IdCardError
from idcard.identity import ClaimSource
from idcard.qr.formats import RECOGNISERS
from idcard.qr.recognise import Recognised, recognise
from idcard.qr.seen import Seen, SeenCodes
from idcard.qr.token import HandOff, Receipt, Token, key_id_of
from idcard.trust.signer_list import ClinicKey, QrTrust
from idcard.verification.facts import FactName, Outcome, Reason
from idcard.verification.qr import OnlineAnswer, QrVerdict, needs_its_service, replay_key, verify_qr
from idcard.verification.qr_policy import ONLINE_QR, QR_POLICIES, SIGNED_QR, SINGLE_USE_QR
from idcard.verification.verdict import NotVerified
from idcard.vietnam.recognisers import RECOGNISERS as VIETNAMESE

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
CLINIC = ClinicKey(clinic="PK-MAU", key=KEY.public_key())
TRUST = QrTrust.of(keys=[CLINIC])
RECEIPT = Receipt(clinic="PK-MAU", ticket=12, place="noi-1", issued=NOW, expires=NOW + timedelta(hours=9))
HAND_OFF = HandOff(clinic="PK-MAU", audience="quay-2", visit="7Q2M", issued=NOW, expires=NOW + timedelta(minutes=5))
CARD = "036090999991||Nguyễn Văn Thử|15011990|Nam|Số 1, Phố Mẫu, Nam Định|01022022"
INSURANCE = f"GD4363699999991|{'Nguyễn Văn Thử'.encode().hex()}|15/01/1990|1|-|36 - 001|01/01/2026|{{}}|-|$"


def known(payload: str | bytes) -> Recognised:
    data = payload.encode() if isinstance(payload, str) else payload
    return recognise(data, (*VIETNAMESE, *RECOGNISERS))


def ours(document: Receipt | HandOff, key: Ed25519PrivateKey = KEY) -> Recognised:
    text = document.to_bytes(token_id=bytes(16), key_id=key_id_of(key.public_key()), sign=key.sign)
    return known(text)


def said(verdict: QrVerdict, name: FactName) -> tuple[Outcome, Reason]:
    fact = verdict.fact(name)
    return fact.outcome, fact.reason


def test_a_card_is_unsigned_and_says_so_loudly() -> None:
    verdict = verify_qr(known(CARD), TRUST, at=NOW)
    for name in (FactName.SIGNATURE, FactName.TRUST, FactName.KEY_USAGE, FactName.REVOCATION):
        assert said(verdict, name) == (Outcome.NOT_SUPPORTED, Reason.UNSIGNED)
    assert said(verdict, FactName.CONSISTENCY) == (Outcome.PASSED, Reason.CONSISTENT)
    assert said(verdict, FactName.FRESHNESS) == (Outcome.NOT_SUPPORTED, Reason.STATIC_CODE)
    assert said(verdict, FactName.HOLDER) == (Outcome.NOT_SUPPORTED, Reason.NO_HOLDER_BINDING)
    assert not any(verdict.meets(policy) for policy in QR_POLICIES.values())
    claimed = verdict.claimed_identity()
    assert claimed is not None
    assert (claimed.source, claimed.personal_number) == (ClaimSource.CARD_QR, "036090999991")


@pytest.mark.parametrize("line", [CARD.replace("1990|Nam", "1991|Nam"), CARD.replace("Nam|Số", "Nữ|Số")])
def test_a_number_that_does_not_go_with_the_rest_is_said(line: str) -> None:
    assert said(verify_qr(known(line), TRUST, at=NOW), FactName.CONSISTENCY) == (
        Outcome.INCONCLUSIVE, Reason.NUMBER_CONTRADICTS,
    )  # fmt: skip


@pytest.mark.parametrize(("last", "at", "outcome", "reason"), [
    ("-", NOW, Outcome.INCONCLUSIVE, Reason.EXPIRY_UNKNOWN), ("23/11/2026", NOW, Outcome.PASSED, Reason.IN_FORCE),
    ("22/11/2026", NOW, Outcome.FAILED, Reason.EXPIRED),
    ("31/12/2026", NOW.replace(year=2025), Outcome.FAILED, Reason.NOT_YET_IN_FORCE),
])  # fmt: skip
def test_an_insurance_card_is_in_force_to_the_end_of_its_last_day(
    last: str, at: datetime, outcome: Outcome, reason: Reason
) -> None:
    verdict = verify_qr(known(INSURANCE.format(last)), TRUST, at=at)
    assert said(verdict, FactName.VALIDITY) == (outcome, reason)
    assert said(verdict, FactName.SIGNATURE) == (Outcome.NOT_SUPPORTED, Reason.UNSIGNED)
    assert not verdict.meets()


def test_a_receipt_is_good_all_day_and_may_be_shown_again() -> None:
    verdict = verify_qr(ours(RECEIPT), TRUST, at=NOW + timedelta(hours=8), seen=Seen(first_at=NOW))
    assert verdict.meets(SIGNED_QR)
    assert said(verdict, FactName.TRUST) == (Outcome.PASSED, Reason.SIGNER_LISTED)
    assert said(verdict, FactName.KEY_USAGE) == (Outcome.PASSED, Reason.KEY_USAGE_RIGHT)
    assert said(verdict, FactName.REPLAY) == (Outcome.INCONCLUSIVE, Reason.SEEN_BEFORE)
    assert verdict.claimed_identity() is None
    assert (verdict.issuer, verdict.valid_until) == ("PK-MAU", RECEIPT.expires)


@pytest.mark.parametrize(("at", "reason"), [
    (RECEIPT.expires, Reason.EXPIRED), (NOW - timedelta(minutes=2), Reason.NOT_YET_IN_FORCE),
])  # fmt: skip
def test_a_receipt_has_its_time(at: datetime, reason: Reason) -> None:
    verdict = verify_qr(ours(RECEIPT), TRUST, at=at)
    assert said(verdict, FactName.VALIDITY) == (Outcome.FAILED, reason)
    assert not verdict.meets()


def test_the_key_of_one_clinic_signs_for_no_other() -> None:
    verdict = verify_qr(ours(replace(RECEIPT, clinic="PK-KHAC")), TRUST, at=NOW)
    assert said(verdict, FactName.KEY_USAGE) == (Outcome.FAILED, Reason.KEY_USAGE_WRONG)
    assert not verdict.meets()


def test_old_receipts_count_after_a_new_key_is_there(tmp_path: Path) -> None:
    """And no longer once the old key's file is removed; the digits in a file's name are no part of the clinic's."""
    (tmp_path / "qr/keys").mkdir(parents=True)
    names = {"PK-MAU.2025.pem": KEY, "PK-MAU.2026-11.pem": OTHER_KEY}
    for file, key in names.items():
        pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (tmp_path / "qr/keys" / file).write_bytes(pem)
    both = QrTrust.from_directory(tmp_path)
    assert [verify_qr(ours(RECEIPT, key), both, at=NOW).meets() for key in names.values()] == [True, True]
    (tmp_path / "qr/keys/PK-MAU.2025.pem").unlink()
    new = QrTrust.from_directory(tmp_path)
    assert [verify_qr(ours(RECEIPT, key), new, at=NOW).meets() for key in names.values()] == [False, True]


def test_a_key_of_two_clinics_counts_for_both() -> None:
    other = ClinicKey(clinic="PK-KHAC", key=KEY.public_key())
    for keys in ([CLINIC, other], [other, CLINIC]):
        assert verify_qr(ours(RECEIPT), QrTrust.of(keys=keys), at=NOW).meets()


def test_an_unknown_key_is_not_the_same_as_a_wrong_signature() -> None:
    unknown = verify_qr(ours(RECEIPT, OTHER_KEY), TRUST, at=NOW)
    assert said(unknown, FactName.SIGNATURE) == (Outcome.INCONCLUSIVE, Reason.SIGNER_NOT_LISTED)
    text = RECEIPT.to_bytes(token_id=bytes(16), key_id=key_id_of(KEY.public_key()), sign=OTHER_KEY.sign)
    wrong = verify_qr(known(text), TRUST, at=NOW)
    assert said(wrong, FactName.SIGNATURE) == (Outcome.FAILED, Reason.SIGNATURE_WRONG)
    for verdict in (unknown, wrong):
        assert said(verdict, FactName.TRUST) == (Outcome.INCONCLUSIVE, Reason.SIGNATURE_NOT_VERIFIED)
        assert not verdict.meets()


def test_a_hand_off_counts_once_and_for_five_minutes() -> None:
    found, store = ours(HAND_OFF), SeenCodes()
    judge = partial(verify_qr, found, TRUST, SINGLE_USE_QR, audience="quay-2")
    first = judge(at=NOW, seen=store.see(replay_key(found), at=NOW, until=NOW))
    again = judge(at=NOW, seen=store.see(replay_key(found), at=NOW, until=NOW))
    late = judge(at=HAND_OFF.expires, seen=Seen(first_at=None))
    never_asked = judge(at=NOW)
    assert first.meets()
    assert said(again, FactName.REPLAY) == (Outcome.FAILED, Reason.SEEN_BEFORE)
    assert said(late, FactName.FRESHNESS) == (Outcome.FAILED, Reason.TOO_OLD)
    assert said(never_asked, FactName.REPLAY) == (Outcome.NOT_PERFORMED, Reason.NOT_LOOKED_UP)
    assert not any(verdict.meets() for verdict in (again, late, never_asked))


@pytest.mark.parametrize(("ours_is", "outcome", "reason"), [
    ("quay-2", Outcome.PASSED, Reason.FOR_US), ("quay-3", Outcome.FAILED, Reason.FOR_ANOTHER),
    ("", Outcome.FAILED, Reason.FOR_ANOTHER), (None, Outcome.INCONCLUSIVE, Reason.AUDIENCE_NOT_GIVEN),
])  # fmt: skip
def test_a_hand_off_counts_at_the_machine_that_it_names(ours_is: str | None, outcome: Outcome, reason: Reason) -> None:
    verdict = verify_qr(ours(HAND_OFF), TRUST, SINGLE_USE_QR, at=NOW, seen=Seen(first_at=None), audience=ours_is)
    assert said(verdict, FactName.AUDIENCE) == (outcome, reason)
    assert verdict.meets() is (ours_is == "quay-2")


def test_a_receipt_is_for_anybody() -> None:
    verdict = verify_qr(ours(RECEIPT), TRUST, at=NOW, audience="quay-3")
    assert said(verdict, FactName.AUDIENCE) == (Outcome.NOT_SUPPORTED, Reason.NO_AUDIENCE)
    assert verdict.meets()


@pytest.mark.parametrize("found", [ours(HAND_OFF), ours(RECEIPT)])
def test_no_service_speaks_for_what_is_signed(found: Recognised) -> None:
    answer = OnlineAnswer(accepted=True, authority="authority.example", at=NOW)
    for given in (None, answer):
        verdict = verify_qr(
            found, TRUST, ONLINE_QR, at=NOW, scanned_at=NOW, seen=Seen(first_at=None), answer=given, audience="quay-2"
        )
        assert not verdict.meets()


@pytest.mark.parametrize("seconds", [-3600, -61, 61, 3600, 86400 * 900])
def test_an_answer_of_another_time_confirms_nothing(seconds: int) -> None:
    answer = OnlineAnswer(accepted=True, authority="authority.example", at=NOW + timedelta(seconds=seconds))
    verdict = verify_qr(known("vneid://x"), TRUST, ONLINE_QR, at=NOW, scanned_at=NOW, answer=answer)
    assert said(verdict, FactName.TRUST) == (Outcome.INCONCLUSIVE, Reason.ANSWER_NOT_TIMELY)
    assert not verdict.meets()
    refused = verify_qr(known("vneid://x"), TRUST, at=NOW, scanned_at=NOW, answer=replace(answer, accepted=False))
    assert said(refused, FactName.TRUST) == (Outcome.FAILED, Reason.REFUSED_ONLINE)


@pytest.mark.parametrize(("seconds", "timely"), [(-121, False), (-120, True), (60, True), (61, False)])
def test_an_answer_counts_within_the_life_of_its_code(seconds: int, timely: bool) -> None:
    answer = OnlineAnswer(accepted=True, authority="authority.example", at=NOW + timedelta(seconds=seconds))
    verdict = verify_qr(known("vneid://x"), TRUST, at=NOW, answer=answer)
    assert (verdict.fact(FactName.TRUST).outcome is Outcome.PASSED) is timely


def test_an_answer_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        OnlineAnswer(accepted=True, authority="authority.example", at=NOW.replace(tzinfo=None))


def test_no_signer_can_make_a_hand_off_live_longer() -> None:
    found = ours(HAND_OFF)
    assert isinstance(found.document, Token)
    longer = replace(found.document, expires=NOW + timedelta(minutes=6))
    verdict = verify_qr(replace(found, document=longer), TRUST, SINGLE_USE_QR, at=NOW)
    assert said(verdict, FactName.FRESHNESS) == (Outcome.FAILED, Reason.TOO_OLD)


def test_the_key_of_a_replay_is_what_the_code_says() -> None:
    again = HAND_OFF.to_bytes(token_id=bytes(16), key_id=bytes(8), sign=OTHER_KEY.sign)
    assert replay_key(ours(HAND_OFF)) == replay_key(known(again))
    assert replay_key(ours(HAND_OFF)) != replay_key(ours(replace(HAND_OFF, clinic="PK-KHAC")))
    assert replay_key(known(CARD)) == replay_key(known(CARD + "\r\n"))
    assert replay_key(known(CARD)) != replay_key(known(CARD.replace("01022022", "02022022")))
    assert "036090999991" not in replay_key(known(CARD))


@pytest.mark.parametrize(("scanned", "outcome", "reason"), [
    (None, Outcome.INCONCLUSIVE, Reason.SCAN_TIME_UNKNOWN), (NOW, Outcome.PASSED, Reason.FRESH),
    (NOW - timedelta(seconds=60), Outcome.PASSED, Reason.FRESH),
    (NOW - timedelta(seconds=61), Outcome.FAILED, Reason.TOO_OLD),
    (NOW + timedelta(seconds=1), Outcome.FAILED, Reason.TOO_OLD),
])  # fmt: skip
def test_a_code_of_vneid_counts_for_a_minute(scanned: datetime | None, outcome: Outcome, reason: Reason) -> None:
    verdict = verify_qr(known("vneid://x"), TRUST, at=NOW, scanned_at=scanned)
    assert said(verdict, FactName.FRESHNESS) == (outcome, reason)
    assert said(verdict, FactName.SIGNATURE) == (Outcome.NOT_SUPPORTED, Reason.NOT_VERIFIABLE_OFFLINE)
    assert said(verdict, FactName.TRUST) == (Outcome.NOT_PERFORMED, Reason.NOT_ASKED_ONLINE)
    assert verdict.claimed_identity() is None
    assert not verdict.meets(ONLINE_QR)


@pytest.mark.parametrize(("accepted", "reason"), [(True, Reason.CONFIRMED_ONLINE), (False, Reason.REFUSED_ONLINE)])
def test_only_its_service_can_say_what_a_code_of_vneid_is_worth(accepted: bool, reason: Reason) -> None:
    answer = OnlineAnswer(accepted=accepted, authority="authority.example", at=NOW)
    verdict = verify_qr(known("vneid://x"), TRUST, ONLINE_QR, at=NOW, scanned_at=NOW, answer=answer)
    assert verdict.fact(FactName.TRUST).reason is reason
    assert verdict.meets() is accepted
    late = verify_qr(known("vneid://x"), TRUST, ONLINE_QR, at=NOW + timedelta(minutes=2), scanned_at=NOW, answer=answer)
    assert not late.meets()


@pytest.mark.parametrize("payload", ["6" * 1200, "WIFI:S:x;;", ""])
def test_what_is_only_named_is_not_judged(payload: str) -> None:
    verdict = verify_qr(known(payload), TRUST, at=NOW)
    unjudged = {fact.name for fact in verdict.facts if fact.reason is Reason.FORMAT_NOT_SUPPORTED}
    assert FactName.SIGNATURE in unjudged
    assert not any(verdict.meets(policy) for policy in QR_POLICIES.values())


def test_no_code_makes_a_verified_identity() -> None:
    verdict = verify_qr(ours(RECEIPT), TRUST, at=NOW)
    for policy in QR_POLICIES.values():
        with pytest.raises(NotVerified):
            verdict.require(policy)
    with pytest.raises(TypeError):
        bool(verdict)


def test_the_verdict_as_json_names_nobody() -> None:
    stored = json.dumps(verify_qr(known(CARD), TRUST, at=NOW).to_dict(), ensure_ascii=False)
    assert json.loads(stored)["schema"] == "idcard.qr-verdict/1"
    assert json.loads(stored)["format"] == "vn_card_qr"
    assert not [word for word in ("Nguyễn", "0360", "1990", "Nam Định") if word in stored]
    assert not [word for word in ("Nguyễn", "0360") if word in repr(verify_qr(known(CARD), TRUST, at=NOW))]


def test_times_need_a_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        verify_qr(known(CARD), TRUST, at=NOW.replace(tzinfo=None))
    with pytest.raises(ValueError, match="time zone"):
        verify_qr(known(CARD), TRUST, at=NOW, scanned_at=NOW.replace(tzinfo=None))


@pytest.mark.parametrize("document", [RECEIPT, HAND_OFF])
def test_each_changed_byte_of_our_own_fails(document: Receipt | HandOff) -> None:
    """Or is refused as malformed, or is some other format's; where the list of keys is complete."""
    text, trust = ours(document).payload, QrTrust.of(keys=[CLINIC], complete=True)
    for place in range(len(text)):
        for change in (1, 4, 0x80):
            try:
                found = known(text[:place] + bytes([text[place] ^ change]) + text[place + 1 :])
            except IdCardError:
                continue
            judged = verify_qr(found, trust, at=NOW).fact(FactName.SIGNATURE)
            expected = Outcome.FAILED if found.format == "idcard_token" else Outcome.NOT_PERFORMED
            assert judged.outcome is expected, place


@pytest.mark.parametrize("make", [lambda: known(CARD), lambda: ours(RECEIPT), lambda: known("vneid://x")])
def test_every_verdict_on_a_code_has_the_same_facts(make: Callable[[], Recognised]) -> None:
    names = {fact.name for fact in verify_qr(make(), TRUST, at=NOW).facts} - {FactName.CONSISTENCY}
    assert names == {
        FactName.SIGNATURE, FactName.TRUST, FactName.KEY_USAGE, FactName.REVOCATION, FactName.VALIDITY,
        FactName.FRESHNESS, FactName.REPLAY, FactName.AUDIENCE, FactName.HOLDER,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("payload", "seconds", "asks"),
    [
        ("vneid://x", 0, True),
        ("vneid://x", 60, True),
        ("vneid://x", 61, False),
        ("vneid://x", -1, False),
        ("vneid://x", None, False),
        (CARD, 0, False),
    ],
)
def test_a_service_is_asked_for_its_own_codes_within_their_minute(
    payload: str, seconds: int | None, asks: bool
) -> None:
    scanned_at = None if seconds is None else NOW - timedelta(seconds=seconds)
    assert needs_its_service(known(payload), at=NOW, scanned_at=scanned_at) is asks


def test_what_no_format_describes_is_remembered_by_its_bytes() -> None:
    assert replay_key(known("vneid://x")) == replay_key(known("vneid://x"))
    assert replay_key(known("vneid://x")) != replay_key(known("vneid://y"))


def test_an_insurance_card_may_be_in_force_to_the_end_of_the_calendar() -> None:
    verdict = verify_qr(known(INSURANCE.format("31/12/9999")), TRUST, at=NOW)
    assert verdict.fact(FactName.VALIDITY).reason is Reason.IN_FORCE
