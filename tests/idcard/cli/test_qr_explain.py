"""``idcard qr explain``: what a code can prove and what it cannot, and nothing of whom it speaks of."""

import base64
import json
import unicodedata
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import segno
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from typer.testing import CliRunner, Result

import idcard
from idcard.cli import qr_explain_words
from idcard.cli.qr import app
from idcard.cli.qr_explain_words import NOT_PROVED, PROVED, TITLES, say_why
from idcard.cli.texts import Language
from idcard.qr import formats
from idcard.qr.recognise import UNKNOWN
from idcard.vietnam.recognisers import RECOGNISERS as VIETNAMESE

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/qr/dcc.json").read_text())
AUSTRIA = next(one for one in VECTORS if one["id"] == "AT/2DCode/raw/1.json")
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
CARD = "036090999991||Nguyễn Văn Thử|15011990|Nam|Số 1, Phố Mẫu, Nam Định|01022022"
INSURANCE = f"GD4363699999991|{'Nguyễn Văn Thử'.encode().hex()}|15/01/1990|1|-|36 - 001|01/01/2026|-|-|$"
HAND_OFF = idcard.sign_token(
    idcard.HandOff(clinic="PK-MAU", audience="b", visit="c", issued=NOW, expires=NOW + timedelta(minutes=1)), KEY
)


def run(*arguments: str | Path, given: bytes = b"") -> Result:
    return CliRunner().invoke(app, ["explain", *map(str, arguments)], input=given)


def told(*arguments: str | Path, given: bytes) -> Any:
    result = run("-", "--json", *arguments, given=given)
    assert result.exit_code == 0, result.output
    (code,) = json.loads(result.stdout)["codes"]
    return code


@pytest.fixture
def trust(tmp_path: Path) -> Path:
    (tmp_path / "qr/signers").mkdir(parents=True)
    (tmp_path / "qr/keys").mkdir(parents=True)
    (tmp_path / "qr/signers/at.cer").write_bytes(base64.b64decode(AUSTRIA["certificate_b64der"]))
    return tmp_path


def test_a_signed_code_names_its_signer_and_how_to_trust_it() -> None:
    result = run("-", given=AUSTRIA["prefix"].encode())
    assert result.exit_code == 0
    assert result.stdout.startswith("EU digital COVID certificate")
    assert "Signer, as the code says: AT, key d919375fc1e7b6b2, ES256" in result.stdout
    assert "was not looked up: use --trust DIR" in result.stdout
    assert "DIR/qr/signers" in result.stdout
    for word in ("copying", "the holder", "freshness"):
        assert word in result.stdout.split("Does not prove:")[1]


def test_what_it_proves_in_json(trust: Path) -> None:
    code = told("--trust", trust, "--at", "2021-06-01", given=AUSTRIA["prefix"].encode())
    assert (code["format"], code["kind"]) == ("eu_dcc", "signed")
    assert code["proves"] == ["origin", "unchanged"]
    assert code["does_not_prove"] == ["original", "holder", "recent", "current"]
    assert code["signer"] == {"issuer": "AT", "key_id": "d919375fc1e7b6b2", "algorithm": "ES256", "listed": True}


def test_a_clinic_s_key_that_is_not_there_and_then_is(trust: Path) -> None:
    assert told("--trust", trust, given=HAND_OFF)["signer"]["listed"] is False
    text = run("-", "--trust", trust, "--lang", "vi", given=HAND_OFF).stdout
    assert "Kho chứng thư không bảo đảm cho nơi ký này" in text
    assert "PK-MAU.pem" in text
    pem = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (trust / "qr/keys/PK-MAU.pem").write_bytes(pem)
    code = told("--trust", trust, given=HAND_OFF)
    assert code["signer"]["listed"] is True
    assert code["proves"] == ["origin", "unchanged", "recent", "first_use"]
    assert code["does_not_prove"] == ["original", "holder"]


@pytest.mark.parametrize(("text", "way"), [(CARD, "idcard read --card-qr"), (INSURANCE, "health insurance's own")])
def test_an_unsigned_code_proves_nothing_and_says_what_would(text: str, way: str) -> None:
    result = run("-", given=text.encode())
    assert "UNSIGNED: anybody can print such a code" in result.stdout
    assert way in result.stdout
    code = told(given=text.encode())
    assert (code["proves"], code["signer"]) == ([], None)
    assert {"origin", "original", "holder", "recent"} <= set(code["does_not_prove"])


@pytest.mark.parametrize("given", [CARD.encode(), INSURANCE.encode(), AUSTRIA["prefix"].encode()])
@pytest.mark.parametrize("options", [(), ("--json",), ("--lang", "vi")])
def test_nobody_is_named(given: bytes, options: tuple[str, ...]) -> None:
    said = run("-", *options, given=given).output.casefold()
    secrets = ("nguyễn", "036090999991", "1990", "gd4363699999991", "musterfrau", "gabriele", "1998", "urn:uvci")
    assert not [secret for secret in secrets if secret in said]


@pytest.mark.parametrize(("given", "kind"), [
    (b"vneid://x", "online"), (b"mdoc:owBj", "request"), (b"6" * 1200, "named"), (b"WIFI:S:x;;", "unknown"),
])  # fmt: skip
def test_other_kinds_say_what_can_be_done(given: bytes, kind: str) -> None:
    for language in Language:
        last = run("-", "--lang", language.value, given=given).stdout.splitlines()[-1]
        assert last == say_why("trust", language) + say_why(f"trust.{kind}", language)
    assert told(given=given)["proves"] == []


def test_a_picture(tmp_path: Path) -> None:
    segno.make(HAND_OFF.decode(), error="m").save(tmp_path / "code.png", scale=4)
    result = run(tmp_path / "code.png")
    assert (result.exit_code, "Receipt or hand-off of a clinic (idcard_token)" in result.stdout) == (0, True)


@pytest.mark.parametrize(("given", "words"), [(AUSTRIA["prefix"].encode()[:-3], "NOT READABLE"), (b"\n", "No code")])
def test_what_cannot_be_explained(given: bytes, words: str) -> None:
    result = run("-", given=given)
    assert result.exit_code == 1
    assert words in result.output
    if given.strip():
        stored = json.loads(run("-", "--json", given=given).stdout)
        assert stored["codes"][0]["error"]["code"] == "malformed_data"


def test_every_format_has_a_title_and_every_kind_its_words() -> None:
    inside = {value for name, value in vars(formats).items() if name.isupper() and isinstance(value, str)}
    containers = {"json", "base45"}  # always named by what is in them
    outside = {one.format for one in (*formats.RECOGNISERS, *VIETNAMESE)} - containers
    assert outside | {value for value in inside if value.islower()} | {UNKNOWN} == set(TITLES)
    assert PROVED.keys() == NOT_PROVED.keys()
    for language in Language:
        for heading, words in (("proves", PROVED), ("does_not_prove", NOT_PROVED)):
            assert all(say_why(f"{heading}.{key}", language) for keys in words.values() for key in keys)


def test_every_text_says_something_in_both_languages() -> None:
    for english, vietnamese in (*qr_explain_words._PAIRS.values(), *TITLES.values()):
        assert english
        assert vietnamese
        assert unicodedata.is_normalized("NFC", vietnamese)
        assert english.count("{") == vietnamese.count("{")


def test_what_is_unknown_is_said_once() -> None:
    result = run("-", given=b"WIFI:S:x;;")
    assert result.output.count("No known format") == 1
