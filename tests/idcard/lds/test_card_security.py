"""EF.CardSecurity, signed by OpenSSL."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from idcard.errors import MalformedData
from idcard.lds.card_security import SECURITY_OBJECT_TYPE, CardSecurity
from idcard.testing import Issuer
from idcard.testing.records import VIETNAMESE_CARD_ACCESS


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer.create(at=datetime(2021, 1, 1, tzinfo=UTC))


def signed(issuer: Issuer, directory: Path, content: bytes, content_type: str) -> bytes:
    certificate = x509.load_der_x509_certificate(issuer.signer.certificate)
    (directory / "signer.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (directory / "key.pem").write_bytes(issuer.signer.key.to_pem())
    command = ["openssl", "cms", "-sign", "-binary", "-nodetach", "-outform", "DER", "-econtent_type", content_type]
    files = ["-signer", str(directory / "signer.pem"), "-inkey", str(directory / "key.pem")]
    return subprocess.run([*command, *files], input=content, capture_output=True, check=True).stdout


def test_what_was_signed_and_by_whom(issuer: Issuer, tmp_path: Path) -> None:
    found = CardSecurity.from_bytes(signed(issuer, tmp_path, VIETNAMESE_CARD_ACCESS, SECURITY_OBJECT_TYPE))
    assert found.security_infos.pace[0].parameter_id == 13
    assert found.signer_certificates == (issuer.signer.certificate,)
    assert found.signed_data.content == VIETNAMESE_CARD_ACCESS


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (VIETNAMESE_CARD_ACCESS, "1.2.840.113549.1.7.1"),
        (b"\x30\x00", SECURITY_OBJECT_TYPE),
        (b"", SECURITY_OBJECT_TYPE),
    ],
)
def test_what_is_no_card_security(content: bytes, content_type: str, issuer: Issuer, tmp_path: Path) -> None:
    with pytest.raises(MalformedData):
        CardSecurity.from_bytes(signed(issuer, tmp_path, content, content_type))


@pytest.mark.parametrize("data", [b"", VIETNAMESE_CARD_ACCESS])
def test_what_is_no_signed_data(data: bytes) -> None:
    with pytest.raises(MalformedData):
        CardSecurity.from_bytes(data)
