"""``idcard qr verify`` as a program."""

import base64
import io
import json
import subprocess
import sys
import unicodedata
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import segno
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from PIL import Image

import idcard
from idcard.cli import qr_words
from idcard.cli.qr_input import is_picture
from idcard.cli.qr_words import kind_of
from idcard.cli.texts import Language

COMMAND = (sys.executable, "-c", "from idcard.cli import main; main()", "qr", "verify")
VECTORS = json.loads((Path(__file__).parents[2] / "vectors/qr/dcc.json").read_text())
AUSTRIA = next(one for one in VECTORS if one["id"] == "AT/2DCode/raw/1.json")
THEN = "2021-05-06T18:00:00Z"
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
CARD = "036090999991||Nguyễn Văn Thử|15011990|Nam|Số 1, Phố Mẫu, Nam Định|01022022"
RECEIPT = idcard.sign_token(
    idcard.Receipt(clinic="PK-MAU", ticket=12, place="noi-1", issued=NOW, expires=NOW + timedelta(hours=9)), KEY
)


def run(*arguments: str | Path, given: bytes = b"") -> subprocess.CompletedProcess[str]:
    result = subprocess.run([*COMMAND, *map(str, arguments)], input=given, capture_output=True, timeout=60)
    return subprocess.CompletedProcess(result.args, result.returncode, result.stdout.decode(), result.stderr.decode())


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("trust")
    for folder in ("signers", "keys"):
        (directory / "qr" / folder).mkdir(parents=True)
    (directory / "qr/signers/at.cer").write_bytes(base64.b64decode(AUSTRIA["certificate_b64der"]))
    pem = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (directory / "qr/keys/PK-MAU.pem").write_bytes(pem)
    return directory


def test_a_signed_code_that_is_good(trust: Path) -> None:
    result = run("-", "--trust", trust, "--at", THEN, given=AUSTRIA["prefix"].encode() + b"\r\n")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("GOOD under the policy signed_qr: eu_dcc.\n")
    assert "MUSTERFRAU GOESSINGER GABRIELE" in result.stdout
    assert "nothing binds it to whoever shows it" in result.stdout


@pytest.mark.parametrize(("arguments", "words"), [
    ((), "no signature can be verified"), (("--lang", "vi"), "CHƯA XÁC MINH"),
])  # fmt: skip
def test_without_a_list_of_signers_nothing_is_good(arguments: tuple[str, ...], words: str) -> None:
    result = run("-", "--at", THEN, *arguments, given=AUSTRIA["prefix"].encode())
    assert result.returncode == 1
    assert words in result.stdout


def test_an_expired_code_failed(trust: Path) -> None:
    result = run("-", "--trust", trust, "--at", "2026-11-23", given=AUSTRIA["prefix"].encode())
    assert result.returncode == 1
    assert "FAILED" in result.stdout
    assert "It is no longer in force." in result.stdout


@pytest.mark.parametrize(("language", "words"), [("en", "UNSIGNED: anybody can print"), ("vi", "KHÔNG CÓ CHỮ KÝ")])
def test_a_card_is_unsigned_and_says_so_loudly(trust: Path, language: str, words: str) -> None:
    result = run("-", "--trust", trust, "--lang", language, given=CARD.encode())
    assert result.returncode == 1
    assert words in result.stdout.splitlines()[1]


def test_a_picture_and_json(trust: Path, tmp_path: Path) -> None:
    segno.make(RECEIPT.decode(), error="m").save(tmp_path / "code.png", scale=4)
    result = run(tmp_path / "code.png", "--trust", trust, "--at", NOW.isoformat(), "--json")
    assert result.returncode == 0, result.stdout
    (code,) = json.loads(result.stdout)["codes"]
    assert (code["met"], code["format"], code["kind"], code["claimed"]) == (True, "idcard_token", "signed", None)
    assert code["token"] == {
        "kind": "receipt", "clinic": "PK-MAU", "ticket": 12, "place": "noi-1", "audience": None, "visit": None,
    }  # fmt: skip
    assert code["verdict"]["schema"] == "idcard.qr-verdict/1"


@pytest.mark.parametrize("given", [AUSTRIA["prefix"].encode()[:-3], RECEIPT[:-3] + b"ABC" + b"D"])
def test_what_is_not_well_formed_is_said_and_not_judged(trust: Path, given: bytes) -> None:
    result = run("-", "--trust", trust, given=given)
    assert result.returncode == 1
    assert result.stdout.startswith("NOT READABLE: ")
    stored = json.loads(run("-", "--trust", trust, "--json", given=given).stdout)
    assert stored["codes"][0]["error"]["code"] == "malformed_data"


def test_nothing_at_all(tmp_path: Path) -> None:
    result = run("-", given=b"\n")
    assert (result.returncode, result.stdout, result.stderr) == (1, "", "No code was found.\n")


@pytest.mark.parametrize(("arguments", "code"), [(("nowhere.png",), 2), ((CARD,), 2), ((), 2)])
def test_wrong_usage_repeats_nothing(arguments: tuple[str, ...], code: int) -> None:
    result = run(*arguments)
    assert (result.returncode, result.stdout) == (code, "")
    assert "Traceback" not in result.stderr
    assert "036090999991" not in result.stderr


def test_a_trust_store_without_signers_is_wrong_configuration(tmp_path: Path) -> None:
    result = run("-", "--trust", tmp_path, given=RECEIPT)
    assert result.returncode == 2
    assert "[configuration]" in result.stderr


def test_a_code_cannot_write_on_the_terminal(trust: Path) -> None:
    name = "Nguyễn\x9b31mVăn".encode().hex()
    line = f"3699999991|{name}|1990|1|-|36 - 001|01/01/2026|-|-|$"
    assert "\x9b" not in run("-", "--trust", trust, given=line.encode()).stdout


PAYLOADS = {
    "unsigned": CARD.encode(), "signed": RECEIPT, "online": b"vneid://x", "request": b"mdoc:owBj",
    "named": b"6" * 1200, "part": b"shc:/1/2/5676", "unknown": b"WIFI:S:x;;", "single_use": idcard.sign_token(
        idcard.HandOff(clinic="a", audience="b", visit="c", issued=NOW, expires=NOW + timedelta(minutes=1)), KEY),
}  # fmt: skip


@pytest.mark.parametrize("kind", PAYLOADS)
def test_every_kind_has_words(kind: str) -> None:
    assert kind_of(idcard.recognise(PAYLOADS[kind])) == kind
    for language in Language:
        assert qr_words.say_qr(f"kind.{kind}", language).endswith(".")


def test_every_text_says_something_in_both_languages() -> None:
    for english, vietnamese in qr_words._PAIRS.values():
        assert english
        assert vietnamese
        assert unicodedata.is_normalized("NFC", vietnamese)
        assert english.count("{") == vietnamese.count("{")


@pytest.mark.parametrize(("name", "words"), [
    (("--audience", "quay-2"), "The code is for this machine."), (("--audience", "quay-3"), "for another machine"),
    ((), "which one this is was not said"),
])  # fmt: skip
def test_for_whom_a_hand_off_is(trust: Path, name: tuple[str, ...], words: str) -> None:
    hand_off = idcard.HandOff(
        clinic="PK-MAU", audience="quay-2", visit="7Q2M", issued=NOW, expires=NOW + timedelta(minutes=5)
    )
    text = idcard.sign_token(hand_off, KEY)
    result = run("-", "--trust", trust, "--at", NOW.isoformat(), *name, given=text)
    assert words in result.stdout
    assert result.returncode == (1 if "quay-3" in name else 0)


@pytest.mark.parametrize("text", [b"BMxyz hello, this is a text", b"P5 or not P5", b"P4\n", b"BM"])
def test_a_text_that_begins_as_a_picture_might(text: bytes) -> None:
    assert not is_picture(text)


@pytest.mark.parametrize("kind", ["BMP", "PPM", "PNG", "GIF", "TIFF", "WEBP", "JPEG"])
def test_every_kind_of_picture_is_known(kind: str) -> None:
    for mode in ("L", "RGB"):
        file = io.BytesIO()
        Image.new(mode, (30, 20)).save(file, kind)
        assert is_picture(file.getvalue())
