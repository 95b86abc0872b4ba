"""Codes of every format, mangled and then judged: a verdict or one of our errors, at any clock."""

import base64
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from idcard.errors import IdCardError
from idcard.qr import base45, cbor, cose
from idcard.qr.claim_169 import IdentityToken
from idcard.qr.formats import RECOGNISERS
from idcard.qr.idb import IcaoBarcode
from idcard.qr.inflate import inflate
from idcard.qr.recognise import recognise
from idcard.qr.seen import Seen
from idcard.qr.token import PREFIX, HandOff, Receipt, key_id_of
from idcard.qr.vds import VisibleSeal
from idcard.qr.vds_nc import VdsNc
from idcard.trust.issuer_list import Issuer
from idcard.trust.signer_list import ClinicKey, QrTrust
from idcard.verification.qr import OnlineAnswer, replay_key, verify_qr
from idcard.verification.qr_policy import QR_POLICIES
from idcard.vietnam.recognisers import RECOGNISERS as VIETNAMESE

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY_ID = key_id_of(KEY.public_key())
RECEIPT = Receipt(clinic="PK-MAU", ticket=12, place="noi-1", issued=NOW, expires=NOW + timedelta(hours=9))
HAND_OFF = HandOff(clinic="PK-MAU", audience="quay-2", visit="7Q2M", issued=NOW, expires=NOW + timedelta(minutes=5))
CARD = "036090999991||Nguyễn Văn Thử|15011990|Nam|Số 1, Phố Mẫu, Nam Định|01022022"
NAME = "Nguyễn Văn Thử".encode().hex()
VECTORS = json.loads((Path(__file__).parents[2] / "vectors/qr/dcc.json").read_text())
FOLDER = Path(__file__).parents[2] / "vectors/qr"


def vectors(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


IDB, SHC, MORE = vectors("vds_idb"), vectors("smart_health_cards"), vectors("vds_more")
SEALED = [
    *(bytes.fromhex(text) for text in IDB["vds_hex"].values()),
    *(bytes.fromhex(one["hex"]) for one in MORE["seals"].values()),
    *(text.encode() for text in MORE["idb"]["strings"].values()),
    *(text.encode() for text in MORE["idb"]["texts"].values()),
    vectors("vds_nc")["au_validVDSJson"].encode(),
    vectors("vds_nc_more")["icao_example"].encode(),
    *(one["qr_data"].encode() for one in vectors("claim169")["vectors"].values()),
    SHC["valid"]["vectors"][0]["shc"].encode(),
    b"shc:/1/2/5676",
]
ISSUERS = [
    {"format": 1, "issuer": name, "for": ["smart_health_card", "mosip_claim_169"], "keys": [SHC["jwks"]["keys"][0]]}
    for name in ("https://spec.smarthealth.cards/examples/issuer", "https://mosip.example.org")
]
TRUST = QrTrust.of(
    keys=[ClinicKey(clinic="PK-MAU", key=KEY.public_key())],
    format_signers={
        name: [base64.b64decode(text) for text in IDB["signer_certs_b64"].values()] for name in ("icao_vds", "icao_idb")
    },
    issuers=[json.dumps(one).encode() for one in ISSUERS],
)
SEEDS = [
    CARD.encode(),
    f"{CARD}|Cha Mẫu|Mẹ Mẫu".encode(),
    f"GD4363699999991|{NAME}|15/01/1990|1|-|36 - 001|01/01/2026|31/12/9999|-|$".encode(),
    f"3699999991|{NAME}|1990|1|-|36 – 001|01/01/0001|-|01/01/2026|36|-|4|-|a1|5|-|$".encode(),
    b"vneid://x",
    b"https://vneid.gov.vn/x",
    *(document.to_bytes(token_id=bytes(16), key_id=KEY_ID, sign=KEY.sign) for document in (RECEIPT, HAND_OFF)),
    *(one["prefix"].encode() for one in VECTORS[:6] if one["prefix"]),
    *SEALED,
    b"WIFI:S:x;;",
]
ZONES = [UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-12)), timezone(timedelta(hours=7))]
MOMENTS = [NOW, datetime.min, datetime.max, datetime.min + timedelta(days=1), datetime.max - timedelta(seconds=30)]


def judge(payload: bytes, at: datetime, scanned_at: datetime | None = None) -> None:
    """Whatever it is: a verdict that can be stored and asked, or one of our errors."""
    try:
        found = recognise(payload, (*VIETNAMESE, *RECOGNISERS))
    except IdCardError:
        return
    answer = OnlineAnswer(accepted=True, authority="authority.example", at=NOW)
    verdict = verify_qr(found, TRUST, at=at, seen=Seen(first_at=None), scanned_at=scanned_at, answer=answer)
    assert json.dumps(verdict.to_dict())
    assert len(replay_key(found)) == 64
    for policy in QR_POLICIES.values():
        verdict.meets(policy)
    verdict.claimed_identity()


def mangled(seed: bytes, draw: random.Random) -> bytes:
    data = bytearray(seed)
    for _ in range(draw.randrange(4)):
        at = draw.randrange(len(data) + 1)
        new = draw.choice([b"", b"|", b"0", b"9", b"0001", b"9999", b"31/12/9999", b"\xff", b"\x00", draw.randbytes(2)])
        data[at : at + draw.choice([0, 1, len(new)])] = new
    return bytes(data)


def test_ten_thousand_mangled_codes_of_every_format(rounds: Callable[[int], range]) -> None:
    draw = random.Random(4)
    for _ in rounds(10_000):
        at = draw.choice(MOMENTS).replace(tzinfo=draw.choice(ZONES))
        judge(mangled(draw.choice(SEEDS), draw), at, draw.choice([None, at, NOW]))


days = st.sampled_from(["-", "01/01/0001", "31/12/9999", "29/02/2024", "15/01/1990", "1990", "0001", "9999"])


@given(begin=days, end=days, birth=days, issued=days, at=st.datetimes(timezones=st.sampled_from(ZONES)))
def test_an_insurance_card_of_any_dates(begin: str, end: str, birth: str, issued: str, at: datetime) -> None:
    judge(f"GD4363699999991|{NAME}|{birth}|1|-|36 - 001|{begin}|{end}|{issued}|$".encode(), at)


values: st.SearchStrategy[object] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=16),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.integers(-9, 9), inner, max_size=3),
    max_leaves=5,
)
claims = st.dictionaries(st.sampled_from([1, 2, 3, 4, 5, 6, 7, 99, -70001, -260]), values, max_size=8)
GOOD = {1: "PK-MAU", 4: int(NOW.timestamp()) + 60, 6: int(NOW.timestamp()), 7: bytes(16)}


@given(claims=claims, keep=st.booleans(), at=st.datetimes(timezones=st.sampled_from(ZONES)))
def test_any_claims_that_the_right_key_signed(claims: dict[int, object], keep: bool, at: datetime) -> None:
    content = {-70001: {1: "receipt", 2: 12, 3: "noi-1"}}
    payload = cbor.encode(claims | GOOD | content if keep else GOOD | content | claims)
    judge(PREFIX + base45.encode(cose.make(payload, key_id=KEY_ID, algorithm=cose.Algorithm.EDDSA, sign=KEY.sign)), at)


def changed_inside(seed: bytes, draw: random.Random) -> bytes:
    """The bytes below Base45, Base32 and compression, changed: what the mangling of texts rarely reaches."""
    data = bytearray(seed)
    for _ in range(draw.randrange(1, 5)):
        at = draw.randrange(len(data))
        data[at : at + draw.randrange(3)] = draw.randbytes(draw.randrange(3))
        if not data:
            return b""
    return bytes(data)


def signed_barcode(body: bytes) -> IcaoBarcode:
    return IcaoBarcode.from_bytes(b"RDB1B" + base64.b32encode(body))


INSIDE: list[tuple[Callable[[bytes], object], bytes]] = [
    *((VisibleSeal.from_bytes, seed) for seed in SEALED if seed[:1] == b"\xdc"),
    (signed_barcode, bytes.fromhex(MORE["idb"]["signed_body"])),
    *(
        (IdentityToken.from_cose, inflate(base45.decode(one["qr_data"].encode())))
        for name, one in vectors("claim169")["vectors"].items()
        if name.startswith("valid/") and "encrypted" not in name
    ),
    (VdsNc.from_bytes, vectors("vds_nc")["au_validVDSJson"].encode()),
    (Issuer.from_bytes, json.dumps(ISSUERS[0] | {"crls": [vectors("smart_health_cards_more")["crl"]]}).encode()),
]


def test_ten_thousand_changed_insides_are_values_or_refused(rounds: Callable[[int], range]) -> None:
    draw = random.Random(10)
    for _ in rounds(10_000):
        parse, seed = draw.choice(INSIDE)
        try:
            parse(changed_inside(seed, draw))
        except IdCardError:
            continue
