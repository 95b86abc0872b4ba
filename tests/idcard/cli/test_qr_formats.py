"""What is said of every format: on the command line, of each code at hand, and on the page of the manual."""

import base64
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import segno
from PIL import Image
from typer.testing import CliRunner

import idcard
from idcard.cli.qr import app
from idcard.cli.qr_explain import explain_one
from idcard.cli.qr_explain_words import TITLES
from idcard.cli.qr_format_notes import KINDS, how_to_trust, page
from idcard.cli.qr_words import kind_of
from idcard.cli.texts import Language

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
VECTORS = ROOT / "tests/vectors/qr"
PAGE = ROOT / "docs/qr-formats.md"


def vectors(name: str) -> Any:
    return json.loads((VECTORS / f"{name}.json").read_text("utf-8"))


IDB, MORE, SHC = vectors("vds_idb"), vectors("vds_more"), vectors("smart_health_cards")
CLAIM = vectors("claim169")["vectors"]
CODES = {
    "seal": bytes.fromhex(IDB["vds_hex"]["residentPermit"]),
    "unsigned seal": bytes.fromhex(IDB["vds_hex"]["administrativeDocumentV9Basic"]),
    "barcode": MORE["idb"]["strings"]["CertifyingPermanentResidence"].encode(),
    "VDS-NC": vectors("vds_nc")["au_validVDSJson"].encode(),
    "identity": CLAIM["valid/ed25519-signed.json"]["qr_data"].encode(),
    "unsigned identity": CLAIM["edge/expired.json"]["qr_data"].encode(),
    "encrypted": CLAIM["valid/encrypted-signed.json"]["qr_data"].encode(),
    "health card": SHC["valid"]["vectors"][0]["shc"].encode(),
    "part": b"shc:/1/2/5676",
}
KINDS_OF = {"unsigned seal": "unsigned", "unsigned identity": "unsigned", "encrypted": "encrypted", "part": "part"}
SIGNERS = {
    "seal": ("UTO", "UTTS5B", None),
    "barcode": ("D", "a57a790577", None),
    "VDS-NC": ("AUS", None, "ES256"),
    "identity": ("https://mosip.example.org", None, "EdDSA"),
    "health card": ("https://spec.smarthealth.cards/examples/issuer", SHC["jwks"]["keys"][0]["kid"], "ES256"),
}


def test_the_page_is_what_the_command_says() -> None:
    said = "\n".join([*page(Language.EN), "", *page(Language.VI)]) + "\n"
    assert PAGE.read_text("utf-8") == said, "write what idcard qr formats prints, in both languages, into the page"


@pytest.mark.parametrize("language", Language)
def test_the_command(language: Language) -> None:
    result = CliRunner().invoke(app, ["formats", "--lang", language.value])
    assert result.exit_code == 0
    assert result.stdout.splitlines() == list(page(language))
    assert all(f"(`{name}`)" in result.stdout for name in KINDS if name != "unknown")


def test_every_format_has_its_kinds_and_a_way() -> None:
    assert KINDS.keys() == TITLES.keys()
    for name, kinds in KINDS.items():
        assert all(how_to_trust(name, kind, language, "x") for kind in kinds for language in Language)


@pytest.mark.parametrize("name", CODES)
def test_a_code_at_hand(name: str) -> None:
    recognised = idcard.recognise(CODES[name])
    kind = kind_of(recognised)
    assert kind == KINDS_OF.get(name, "signed")
    assert kind in KINDS[recognised.format]
    for language in ("en", "vi"):
        result = CliRunner().invoke(app, ["explain", "-", "--lang", language], input=CODES[name])
        assert result.exit_code == 0, result.output
        assert f"({recognised.format})" in result.stdout
        assert not [word for word in ("RESIDORCE", "CITIZEN", "Kenobi", "Signed Test") if word in result.stdout]


@pytest.mark.parametrize("name", CODES)
def test_who_a_code_says_signed_it(name: str) -> None:
    signer = explain_one(CODES[name], idcard.QrTrust.of(), NOW).signer
    if name not in SIGNERS:
        assert signer is None
        return
    assert signer is not None
    issuer, key_id, algorithm = SIGNERS[name]
    assert (signer.issuer, signer.algorithm, signer.listed) == (issuer, algorithm, False)
    assert (signer.key_id or "").startswith(key_id or "")


def test_a_signer_that_the_store_knows() -> None:
    mosip = CLAIM["valid/ed25519-signed.json"]["signing_key"]["public_key_hex"]
    x = base64.urlsafe_b64encode(bytes.fromhex(mosip)).rstrip(b"=").decode()
    own = {"kty": "OKP", "crv": "Ed25519", "x": x}
    issuers = [
        {"format": 1, "issuer": SIGNERS["identity"][0], "for": ["mosip_claim_169"], "keys": [own]},
        {"format": 1, "issuer": SIGNERS["health card"][0], "for": ["smart_health_card"], "keys": SHC["jwks"]["keys"]},
    ]
    trust = idcard.QrTrust.of(
        format_signers={
            name: [base64.b64decode(text) for text in IDB["signer_certs_b64"].values()]
            for name in ("icao_vds", "icao_idb")
        },
        issuers=[json.dumps(one).encode() for one in issuers],
        anchors={"icao_vds_nc": [base64.b64decode(vectors("vds_nc")["au_cscaCertData"])]},
    )
    for name in SIGNERS:
        signer = explain_one(CODES[name], trust, NOW).signer
        assert signer is not None
        assert signer.listed is True, name


def test_codes_of_the_face() -> None:
    vector = CLAIM["valid/encrypted-signed.json"]
    code = idcard.recognise(CODES["encrypted"])
    opened = idcard.decrypt_code(code, bytes.fromhex(vector["encryption_key"]["symmetric_key_hex"]))
    assert isinstance(opened.document, idcard.IdentityToken)
    with pytest.raises(TypeError):
        idcard.decrypt_code(opened, bytes(32))
    digits = CODES["health card"][5:]
    parts = [b"shc:/2/2/" + digits[1000:], b"shc:/1/2/" + digits[:1000]]
    assert idcard.join_health_card(parts) == CODES["health card"]


def test_parts_of_a_card_in_one_picture(tmp_path: Path) -> None:
    digits = CODES["health card"][5:]
    page = Image.new("L", (2200, 1150), 255)
    for n in range(2):
        part = f"shc:/{n + 1}/2/" + digits[n * 1194 : (n + 1) * 1194].decode()
        file = io.BytesIO()
        segno.make(part, error="l", micro=False).save(file, kind="png", scale=8, border=4)
        page.paste(Image.open(file).convert("L"), (20 + n * 1090, 20))
    page.save(tmp_path / "card.png")
    issuer = {
        "format": 1,
        "issuer": SIGNERS["health card"][0],
        "for": ["smart_health_card"],
        "keys": SHC["jwks"]["keys"],
    }
    (tmp_path / "qr/issuers").mkdir(parents=True)
    (tmp_path / "qr/issuers/example.json").write_text(json.dumps(issuer))
    result = CliRunner().invoke(app, ["verify", str(tmp_path / "card.png"), "--trust", str(tmp_path), "--json"])
    [code] = json.loads(result.stdout)["codes"]
    assert (result.exit_code, code["format"], code["met"]) == (0, "smart_health_card", True)
