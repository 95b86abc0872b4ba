"""A code that brings a certificate with a key on Ed25519, which Claim 169 names first of all algorithms."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import idcard
from idcard import FactName, Outcome, QrTrust, Reason
from idcard.qr.jwk import to_base64url

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
SEED = "ed25519"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KIND = Ed448PrivateKey.from_private_bytes(bytes(range(57)))


def code(wallet: Any, owner: Any, signing: Ed25519PrivateKey) -> bytes:
    """An SD-JWT signed on Ed25519, with the owner's certificate under the root."""
    made = x509.CertificateBuilder().subject_name(wallet.name_of("Utopia signer")).serial_number(3)
    made = made.issuer_name(wallet.root(SEED).subject).public_key(owner.public_key())
    made = made.not_valid_before(datetime(2020, 1, 1)).not_valid_after(datetime(2040, 1, 1))
    certificate = made.sign(wallet.key_of(f"{SEED} root"), hashes.SHA256())
    chain = [base64.b64encode(wallet.der(certificate)).decode()]
    header = {"alg": "EdDSA", "typ": "dc+sd-jwt", "x5c": chain}
    claims = {"vct": "k", "family_name": "Mẫu", "exp": int((NOW + timedelta(days=1)).timestamp())}
    said = ".".join(to_base64url(json.dumps(one).encode()) for one in (header, claims))
    return f"{said}.{to_base64url(signing.sign(said.encode()))}~".encode()


@pytest.mark.parametrize(("owner", "signing", "expected"), [
    (KEY, KEY, (Outcome.PASSED, Reason.SIGNATURE_VERIFIED)),
    (KEY, Ed25519PrivateKey.from_private_bytes(bytes(32)), (Outcome.FAILED, Reason.SIGNATURE_WRONG)),
    (OTHER_KIND, KEY, (Outcome.FAILED, Reason.UNSUPPORTED_ALGORITHM)),
])  # fmt: skip
def test_whose_key_signed(wallet: Any, owner: Any, signing: Ed25519PrivateKey, expected: tuple[Any, Any]) -> None:
    trust = QrTrust.of(anchors={"sd_jwt_vc": [wallet.der(wallet.root(SEED))]})
    verdict = idcard.verify_qr(idcard.recognise(code(wallet, owner, signing)), trust, at=NOW)
    fact = verdict.fact(FactName.SIGNATURE)
    assert (fact.outcome, fact.reason) == expected
    assert verdict.meets() is (expected[0] is Outcome.PASSED)
