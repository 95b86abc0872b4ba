"""Certificates that somebody planted in the store under a true signer's issuer and serial number."""

import base64
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from idcard.evidence import Evidence
from idcard.testing import Holder, Issuer
from idcard.testing.certificates import certificate
from idcard.trust.certificates import Certificate
from idcard.trust.draft import editing
from idcard.trust.importing import Finding, add_file
from idcard.trust.signatures import MAX_VERIFICATIONS
from idcard.trust.store import TrustStore
from idcard.verification.facts import Outcome, Reason
from idcard.verification.passive_authentication import PassiveAuthentication, passive_authentication


@pytest.fixture(scope="module")
def state() -> Issuer:
    return Issuer.create("VN", "CSCA A", at=datetime(2022, 1, 2, tzinfo=UTC), demonstration=False)


@pytest.fixture(scope="module")
def evidence(state: Issuer, holder: Holder, gather: Any) -> Evidence:
    """A card whose document does not bring its signer's certificate."""
    made: Evidence = gather(state.issue(holder, signer=replace(state.signer, certificate=b"")))
    return made


def planted(state: Issuer, *, signed_by_itself: bool = True) -> bytes:
    """Another certificate of the signer's names and number, for the key of whoever planted it."""
    real = x509.load_der_x509_certificate(state.signer.certificate)
    own = ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder(real.issuer, real.subject, own.public_key(), real.serial_number)
        .not_valid_before(datetime(2020, 1, 1))
        .not_valid_after(datetime(2040, 1, 1))
    )
    signer = own if signed_by_itself else ec.generate_private_key(ec.SECP256R1())
    return builder.sign(signer, hashes.SHA256()).public_bytes(Encoding.DER)


def ldif(*certificates: bytes) -> bytes:
    return b"version: 1\n" + b"".join(b"userCertificate:: " + base64.b64encode(one) + b"\n" for one in certificates)


def judged(
    evidence: Evidence, at: datetime, folder: Path, *files: bytes
) -> tuple[PassiveAuthentication, list[Finding]]:
    findings: list[Finding] = []
    with editing(folder, at=at) as draft:
        for data in files:
            findings += add_file(draft, data, name="file", at=at).findings
    return passive_authentication(evidence, TrustStore.from_directory(folder), at), findings


def test_a_certificate_that_signed_itself_is_no_csca_s(
    state: Issuer, evidence: Evidence, at: datetime, tmp_path: Path
) -> None:
    bundle = ldif(planted(state), state.signer.certificate)
    passive, findings = judged(evidence, at, tmp_path, state.csca_certificate, bundle)
    assert [one.outcome for one in findings] == ["added", "refused", "added"]
    assert findings[1].reason == "same_name_other_key"
    assert passive.trust.reason is Reason.ANCHORED


def test_the_key_that_signed_tells_the_signer_among_many(
    state: Issuer, evidence: Evidence, at: datetime, tmp_path: Path
) -> None:
    fakes = [planted(state, signed_by_itself=False) for _ in range(70)]
    bundle = ldif(*fakes, state.signer.certificate)
    passive, findings = judged(evidence, at, tmp_path, state.csca_certificate, bundle)
    assert [one.outcome for one in findings] == ["added"] * 72
    assert (passive.signature.outcome, passive.trust.reason) == (Outcome.PASSED, Reason.ANCHORED)
    assert passive.signer is not None
    assert passive.signer.der == state.signer.certificate
    assert passive.signature.details["certificate"] == "store"


@pytest.mark.parametrize(("others", "reason"), [(63, Reason.SIGNATURE_VERIFIED), (64, Reason.SIGNATURE_WRONG)])
def test_sixty_four_of_one_name_are_tried(
    state: Issuer, evidence: Evidence, at: datetime, tmp_path: Path, others: int, reason: Reason
) -> None:
    """Before any CSCA is known nobody comes first, and each costs a signature."""
    fakes = [planted(state, signed_by_itself=False) for _ in range(others)]
    passive, findings = judged(evidence, at, tmp_path, ldif(*fakes, state.signer.certificate), state.csca_certificate)
    assert len(findings) == others + 2
    assert passive.signature.reason is reason


def test_it_is_told_where_the_csca_comes_later(state: Issuer, evidence: Evidence, at: datetime, tmp_path: Path) -> None:
    bundle = ldif(*(planted(state) for _ in range(5)), state.signer.certificate)
    passive, _ = judged(evidence, at, tmp_path, bundle, state.csca_certificate)
    assert passive.trust.reason is Reason.ANCHORED


def test_of_two_certificates_for_the_key_the_anchored_one_is_taken(
    state: Issuer, evidence: Evidence, at: datetime, tmp_path: Path
) -> None:
    """The key is public: anybody can put it into a certificate."""
    real = Certificate.from_bytes(state.signer.certificate)
    stranger = Issuer.create("VN", "CSCA A", at=datetime(2022, 1, 2, tzinfo=UTC), demonstration=False)
    beside = certificate(
        subject=real.subject.der,
        spki=real.public_key_info,
        issuer=real.issuer.der,
        signer=stranger.csca_key,
        serial=real.serial_number,
        validity=stranger.validity,
        extensions=(),
    )
    passive, _ = judged(evidence, at, tmp_path, ldif(beside, real.der), state.csca_certificate)
    assert passive.trust.reason is Reason.ANCHORED


def test_where_none_of_them_signed_the_signature_is_wrong(
    state: Issuer, evidence: Evidence, at: datetime, tmp_path: Path
) -> None:
    bundle = ldif(*(planted(state, signed_by_itself=False) for _ in range(2)))
    passive, _ = judged(evidence, at, tmp_path, state.csca_certificate, bundle)
    assert (passive.signature.outcome, passive.signature.reason) == (Outcome.FAILED, Reason.SIGNATURE_WRONG)


def test_a_name_that_hundreds_of_anchors_bear_proves_nothing(
    state: Issuer, holder: Holder, gather: Any, at: datetime
) -> None:
    """The search for whoever issued the signer ends before they are all tried."""
    honest: Evidence = gather(state.issue(holder))
    name = x509.load_der_x509_certificate(state.csca_certificate).subject

    def namesake() -> bytes:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(datetime(2020, 1, 1)).not_valid_after(datetime(2040, 1, 1))
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)

    crowd = TrustStore.of([namesake() for _ in range(MAX_VERIFICATIONS + 1)])
    fact = passive_authentication(honest, crowd, at).trust
    assert (fact.outcome, fact.reason) == (Outcome.INCONCLUSIVE, Reason.NO_ANCHOR)
    few = TrustStore.of([namesake()])
    assert passive_authentication(honest, few, at).trust.reason is Reason.SAME_NAME_OTHER_KEY
