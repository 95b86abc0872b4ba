"""Whose signature counts under a credential: issuers that are not named, certificates that came along, and links."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtensionOID
from sd_jwt.issuer import SDJWTIssuer

import idcard
from idcard import FactName, Outcome, QrTrust, QrVerdict, Reason

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
SEED, KEY_ID = "signers", "2026"

Made = Callable[..., x509.Certificate]


def fact_of(verdict: QrVerdict, name: FactName) -> tuple[Outcome, Reason]:
    fact = verdict.fact(name)
    return fact.outcome, fact.reason


@pytest.fixture(scope="module")
def code(wallet: Any) -> Callable[..., bytes]:
    """A credential that the key of the seed signed; it names no issuer unless told to."""

    def made(*chain: x509.Certificate, **claims: Any) -> bytes:
        header: dict[str, Any] = {"typ": "dc+sd-jwt", "kid": KEY_ID}
        header |= {"x5c": [base64.b64encode(wallet.der(one)).decode() for one in chain]} if chain else {}
        said = {"vct": "k", "exp": int((NOW + timedelta(days=9)).timestamp())} | claims
        issued = SDJWTIssuer(said, wallet.jwk_of(wallet.key_of(SEED)), extra_header_parameters=header)
        return str(issued.sd_jwt_issuance).encode()

    return made


def listed_for(wallet: Any, format_name: str) -> bytes:
    jwk = wallet.jwk_of(wallet.key_of(SEED)).export_public(as_dict=True) | {"kid": KEY_ID}
    return json.dumps({"format": 1, "issuer": wallet.ISSUER, "for": [format_name], "keys": [jwk]}).encode()


@pytest.fixture(scope="module")
def listed(wallet: Any) -> bytes:
    """The seed's key under the name of an issuer."""
    return listed_for(wallet, "sd_jwt_vc")


@pytest.fixture(scope="module")
def certificate(wallet: Any) -> Made:
    """A certificate of the key ``whose``, by the key of whoever is called ``above``."""

    def made(subject: str, above: str, whose: str, *extensions: x509.ExtensionType) -> x509.Certificate:
        builder = x509.CertificateBuilder().serial_number(7).public_key(wallet.key_of(whose).public_key())
        builder = builder.subject_name(wallet.name_of(subject)).issuer_name(wallet.name_of(above))
        builder = builder.not_valid_before(datetime(2020, 1, 1)).not_valid_after(datetime(2040, 1, 1))
        for one in extensions:
            builder = builder.add_extension(one, critical=isinstance(one, x509.BasicConstraints))
        return builder.sign(wallet.key_of(above), hashes.SHA256())

    return made


def judged(payload: bytes, trust: QrTrust) -> QrVerdict:
    return idcard.verify_qr(idcard.recognise(payload), trust, at=NOW)


def test_a_listed_key_signs_for_its_issuer_and_for_nobody_unnamed(
    wallet: Any, code: Callable[..., bytes], listed: bytes
) -> None:
    trust = QrTrust.of(issuers=[listed])
    assert judged(code(iss=wallet.ISSUER), trust).meets()
    nobody = judged(code(), trust)
    assert fact_of(nobody, FactName.SIGNATURE) == (Outcome.INCONCLUSIVE, Reason.SIGNER_NOT_LISTED)
    assert not nobody.meets()


@pytest.mark.parametrize("formats", [("smart_health_card", "sd_jwt_vc"), ("sd_jwt_vc", "smart_health_card")])
def test_a_key_that_is_listed_twice_counts_as_it_is_listed_for_such(
    wallet: Any, code: Callable[..., bytes], formats: tuple[str, ...]
) -> None:
    verdict = judged(code(iss=wallet.ISSUER), QrTrust.of(issuers=[listed_for(wallet, one) for one in formats]))
    assert fact_of(verdict, FactName.KEY_USAGE) == (Outcome.PASSED, Reason.KEY_USAGE_RIGHT)
    assert verdict.meets()


def test_nor_beside_a_certificate_that_came_along(wallet: Any, code: Callable[..., bytes], listed: bytes) -> None:
    """Where no issuer is named, the certificate alone says who signed."""
    signer, trust = wallet.signer(SEED), QrTrust.of(issuers=[listed])
    assert fact_of(judged(code(signer, iss=wallet.ISSUER), trust), FactName.TRUST)[1] is Reason.SIGNER_LISTED
    nobody = judged(code(signer), trust)
    assert fact_of(nobody, FactName.TRUST) == (Outcome.INCONCLUSIVE, Reason.NO_ANCHOR_YET)
    assert not nobody.meets()
    root = wallet.der(wallet.root(SEED))
    anchored = judged(code(signer), QrTrust.of(issuers=[listed], anchors={"sd_jwt_vc": [root]}))
    assert fact_of(anchored, FactName.TRUST) == (Outcome.PASSED, Reason.ANCHORED)
    assert anchored.issuer == "C=UT, CN=Utopia signer"


def test_names_that_nobody_can_read_name_no_issuer(wallet: Any, code: Callable[..., bytes], certificate: Made) -> None:
    broken = x509.UnrecognizedExtension(ExtensionOID.SUBJECT_ALTERNATIVE_NAME, b"\x30\x7f")
    right = x509.SubjectAlternativeName([x509.DNSName("issuer.example")])
    root = certificate("Root", "Root", "Root", x509.BasicConstraints(ca=True, path_length=0))
    trust = QrTrust.of(anchors={"sd_jwt_vc": [wallet.der(root)]})
    for names, expected in (
        (right, (Outcome.PASSED, Reason.ANCHORED)),
        (broken, (Outcome.FAILED, Reason.ISSUER_NOT_IN_CERTIFICATE)),
    ):
        verdict = judged(code(certificate("Signer", "Root", SEED, names), iss=wallet.ISSUER), trust)
        assert fact_of(verdict, FactName.TRUST) == expected


def test_an_authority_that_came_along_leads_to_the_anchor(
    wallet: Any, code: Callable[..., bytes], certificate: Made
) -> None:
    """And without it, or by an anchor that allows none below, nothing does."""
    authority = x509.BasicConstraints(ca=True, path_length=None)
    root, strict = (
        certificate("Root", "Root", "Root", one) for one in (authority, x509.BasicConstraints(ca=True, path_length=0))
    )
    middle, signer = certificate("Middle", "Root", "Middle", authority), certificate("Signer", "Middle", SEED)
    trust = QrTrust.of(anchors={"sd_jwt_vc": [wallet.der(root)]})
    good = judged(code(signer, middle), trust)
    assert fact_of(good, FactName.TRUST) == (Outcome.PASSED, Reason.ANCHORED)
    assert good.meets()
    for verdict in (
        judged(code(signer), trust),
        judged(code(signer, middle), QrTrust.of(anchors={"sd_jwt_vc": [wallet.der(strict)]})),
    ):
        assert fact_of(verdict, FactName.TRUST)[0] is Outcome.INCONCLUSIVE
        assert not verdict.meets()
