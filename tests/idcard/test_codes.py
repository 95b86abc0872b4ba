"""Codes through the face: made, shown as a QR code, scanned, recognised and judged."""

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import segno
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import idcard

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
TRUST = idcard.QrTrust.of(keys=[idcard.ClinicKey(clinic="PK-MAU", key=KEY.public_key())])
CARD = "036090999991||Nguyễn Văn Thử|15011990|Nam|Số 1, Phố Mẫu, Nam Định|01022022"


class Service:
    """A service that resolves codes, and counts how often it was asked."""

    def __init__(self, accepted: bool | None) -> None:
        self.accepted, self.asked = accepted, 0

    def confirm_code(self, payload: bytes) -> idcard.OnlineAnswer | None:
        self.asked += 1
        if self.accepted is None:
            return None
        return idcard.OnlineAnswer(accepted=self.accepted, authority="authority.example", at=NOW)


def hand_off() -> bytes:
    return idcard.sign_token(
        idcard.HandOff(
            clinic="PK-MAU", audience="quay-2", visit="7Q2M", issued=NOW, expires=NOW + timedelta(minutes=5)
        ),
        KEY,
    )


def test_a_hand_off_from_screen_to_verdict() -> None:
    picture = io.BytesIO()
    segno.make(hand_off().decode(), error="m").save(picture, kind="png", scale=4)
    (symbol,) = idcard.scan(picture.getvalue())
    found = idcard.recognise(symbol.data)
    assert found.format == "idcard_token"
    store = idcard.SeenCodes()
    outcomes = []
    for _ in range(2):
        seen = store.see(idcard.replay_key(found), at=NOW, until=NOW + timedelta(minutes=5))
        verdict = idcard.verify_qr(found, TRUST, idcard.SINGLE_USE_QR, at=NOW, seen=seen, audience="quay-2")
        outcomes.append(verdict.meets())
    assert outcomes == [True, False]


def test_two_hand_offs_of_the_same_visit_are_two() -> None:
    keys = {idcard.replay_key(idcard.recognise(hand_off())) for _ in range(2)}
    assert len(keys) == 2


@pytest.mark.parametrize(("accepted", "met"), [(True, True), (False, False), (None, False)])
def test_a_code_of_vneid_is_handed_to_its_service(accepted: bool | None, met: bool) -> None:
    found, service = idcard.recognise(b"https://vneid.gov.vn/x"), Service(accepted)
    verdict = idcard.verify_qr(found, TRUST, idcard.ONLINE_QR, at=NOW, scanned_at=NOW, online=service)
    assert (verdict.meets(), service.asked) == (met, 1)


@pytest.mark.parametrize("scanned", [None, NOW - timedelta(seconds=61), NOW + timedelta(seconds=1)])
def test_after_a_minute_nobody_is_asked(scanned: datetime | None) -> None:
    found, service = idcard.recognise(b"vneid://x"), Service(True)
    verdict = idcard.verify_qr(found, TRUST, idcard.ONLINE_QR, at=NOW, scanned_at=scanned, online=service)
    assert (verdict.meets(), service.asked) == (False, 0)


def test_nobody_is_asked_about_what_can_be_read_here() -> None:
    service = Service(True)
    for payload in (CARD.encode(), hand_off(), b"WIFI:S:x;;"):
        idcard.verify_qr(idcard.recognise(payload), TRUST, at=NOW, scanned_at=NOW, online=service)
    assert service.asked == 0


def test_vietnam_s_codes_and_the_world_s_are_told_apart() -> None:
    vectors = json.loads((Path(__file__).parents[1] / "vectors/qr/dcc.json").read_text())
    certificate = next(one["prefix"] for one in vectors if one["id"].startswith("AT/"))
    name = "Nguyễn Văn Thử".encode().hex()
    payloads = {
        "vn_card_qr": CARD,
        "vn_bhyt_card": f"3699999991|{name}|1990|1|-|36 – 001|01/01/2026|-|01/01/2026|36|-|4|-|a1|5|-|$",
        "vn_vneid": "vneid://x",
        "eu_dcc": certificate,
        "in_aadhaar": "7" * 1500,
        "unknown": "036090999991",
    }
    assert {name: idcard.recognise(text.encode()).format for name, text in payloads.items()} == {
        name: name for name in payloads
    }
