"""Whose codes are believed: from a directory, wholly or not at all."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from idcard.errors import ConfigurationError
from idcard.qr.formats import CERTIFIED
from idcard.qr.token import key_id_of
from idcard.testing import Issuer
from idcard.trust.signer_list import ClinicKey, QrTrust

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/qr/dcc.json").read_text())
AUSTRIA = next(base64.b64decode(one["certificate_b64der"]) for one in VECTORS if one["id"].startswith("AT/"))
AUSTRIA_ID = bytes.fromhex("d919375fc1e7b6b2")
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key()
PEM = KEY.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    for folder in ("signers", "keys", "certificates"):
        (tmp_path / "qr" / folder).mkdir(parents=True)
    (tmp_path / "qr/signers/at.pem").write_bytes(x509.load_der_x509_certificate(AUSTRIA).public_bytes(Encoding.PEM))
    (tmp_path / "qr/keys/PK-MAU.pem").write_bytes(PEM)
    return tmp_path


def test_a_directory(directory: Path) -> None:
    trust = QrTrust.from_directory(directory)
    (signer,) = trust.signers_for(AUSTRIA_ID)
    assert (signer.certificate.der, signer.trusted_for) == (AUSTRIA, "eu_dcc")
    (key,) = trust.keys_for(key_id_of(KEY))
    assert key.clinic == "PK-MAU"
    assert (trust.signers_for(None), trust.signers_for(b"x"), trust.keys_for(None)) == ((), (), ())
    assert trust.store is None


def test_the_version_is_of_the_contents(directory: Path) -> None:
    same = QrTrust.of(signers=[AUSTRIA], keys=[ClinicKey(clinic="PK-MAU", key=KEY)])
    assert QrTrust.from_directory(directory).version == same.version
    assert QrTrust.of(certificates=[AUSTRIA]).version != QrTrust.of(signers=[AUSTRIA]).version


@pytest.mark.parametrize("complete", [True, False])
def test_whether_the_list_is_complete_is_declared(directory: Path, complete: bool) -> None:
    undeclared = QrTrust.from_directory(directory)
    assert not undeclared.complete
    (directory / "qr/list.toml").write_text(f"format = 1\ncomplete = {str(complete).lower()}\n")
    declared = QrTrust.from_directory(directory)
    assert declared.complete is complete
    assert (declared.version != undeclared.version) is complete


def test_certificates_that_need_an_anchor_are_told_apart(directory: Path) -> None:
    (directory / "qr/signers/at.pem").rename(directory / "qr/certificates/at.pem")
    issuer = Issuer.create("VN", "CSCA Demonstration", at=datetime(2022, 1, 2, tzinfo=UTC))
    issuer.save(directory / "issuer")
    (directory / "trust.toml").write_text("format = 1\nno_anchor_yet = 2026-11-23\n")
    trust = QrTrust.from_directory(directory)
    assert trust.store is not None
    (signer,) = trust.signers_for(AUSTRIA_ID)
    assert signer.trusted_for is None


def test_a_folder_of_one_format_holds_its_signers_alone(directory: Path) -> None:
    (directory / "qr/signers/icao_vds").mkdir()
    (directory / "qr/signers/icao_vds/at.cer").write_bytes(AUSTRIA)
    trust = QrTrust.from_directory(directory)
    assert [one.trusted_for for one in trust.signers_for(AUSTRIA_ID)] == ["eu_dcc", "icao_vds"]
    assert trust.version == QrTrust.of(
        signers=[AUSTRIA], format_signers={"icao_vds": [AUSTRIA]}, keys=[ClinicKey(clinic="PK-MAU", key=KEY)]
    ).version  # fmt: skip
    (directory / "qr/signers/icao_vds/deeper").mkdir()
    with pytest.raises(ConfigurationError):
        QrTrust.from_directory(directory)


@pytest.mark.parametrize("folder", ["signers", "anchors"])
@pytest.mark.parametrize("name", ["icao_vsd", "sd_jwt", "ICAO_VDS", "smart_health_card"])
def test_a_folder_called_by_no_format_is_refused_by_name(directory: Path, folder: str, name: str) -> None:
    (directory / "qr" / folder / name).mkdir(parents=True)
    with pytest.raises(ConfigurationError) as told:
        QrTrust.from_directory(directory)
    assert told.value.reason == "damaged"
    assert f"qr/{folder}/{name} is called by no format" in str(told.value)
    assert all(one in str(told.value) for one in CERTIFIED)
    assert "Call the folder by one of these formats" in (told.value.remedy or "")


@pytest.mark.parametrize("name", sorted(CERTIFIED))
def test_every_format_of_certificates_may_have_its_folders(directory: Path, name: str) -> None:
    for folder in ("signers", "anchors"):
        (directory / "qr" / folder / name).mkdir(parents=True)
    assert len(QrTrust.from_directory(directory).signers_for(AUSTRIA_ID)) == 1


def test_two_signers_may_share_an_identifier() -> None:
    both = QrTrust.of(signers=[AUSTRIA], certificates=[AUSTRIA]).signers_for(AUSTRIA_ID)
    assert [one.trusted_for for one in both] == ["eu_dcc", None]


def test_without_a_list_it_was_never_set_up(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as told:
        QrTrust.from_directory(tmp_path)
    assert told.value.reason == "never_set_up"


@pytest.mark.parametrize(("name", "content"), [
    ("signers/x.txt", b"x"), ("signers/x.cer", b""), ("signers/x.cer", b"x"), ("signers/x.pem", PEM),
    ("signers/x.pem", PEM.replace(b"PUBLIC", b"PRIVATE")), ("signers/x.pem", b"-----BEGIN CERTIFICATE-----\n"),
    ("signers/x.cer", bytes(300_000)),
    ("signers/x.pem", b"-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----"),
    ("keys/x.pem", PEM + PEM), ("keys/x.der", AUSTRIA), ("keys/x.pem", b""),
    ("keys/x.pem", ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)),
    ("certificates/x.crt", b"x"), ("list.toml", b"complete"), ("list.toml", b"complete = true"), ("list.toml", b""),
    ("list.toml", b"format = 2\ncomplete = true"), ("list.toml", b"format = 1\ncomplete = 1"), ("list.toml", b"\xff"),
    ("list.toml", b"format = 1\ncomplete = true\nfrom = 2026-11-23"),
])  # fmt: skip
def test_what_cannot_be_understood_makes_the_list_damaged(directory: Path, name: str, content: bytes) -> None:
    (directory / "qr" / name).write_bytes(content)
    with pytest.raises(ConfigurationError) as told:
        QrTrust.from_directory(directory)
    assert told.value.reason == "damaged"


def test_a_demonstration_certificate_is_refused_unless_asked_for() -> None:
    issuer = Issuer.create("VN", "CSCA Demonstration", at=datetime(2022, 1, 2, tzinfo=UTC))
    with pytest.raises(ConfigurationError) as told:
        QrTrust.of(signers=[issuer.csca_certificate])
    assert told.value.reason == "demonstration_anchor"
    assert QrTrust.of(signers=[issuer.csca_certificate], accept_demonstration=True).listed


def test_each_machine_of_a_clinic_may_have_a_key_of_its_own(directory: Path) -> None:
    another = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key()
    pem = another.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (directory / "qr/keys/PK-MAU@kiosk-2.2026.pem").write_bytes(pem)
    trust = QrTrust.from_directory(directory)
    assert [key.clinic for one in (KEY, another) for key in trust.keys_for(key_id_of(one))] == ["PK-MAU", "PK-MAU"]


def test_a_folder_that_is_not_there_is_an_empty_one(directory: Path) -> None:
    (directory / "qr" / "certificates").rmdir()
    assert len(QrTrust.from_directory(directory).signers_for(AUSTRIA_ID)) == 1
