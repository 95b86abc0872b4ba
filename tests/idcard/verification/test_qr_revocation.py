"""A code whose signer was taken back: by the revocation lists of the trust store, with their age."""

import base64
import hashlib
import json
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cbor2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from joserfc import jwt
from joserfc.jwk import ECKey
from sd_jwt.issuer import SDJWTIssuer

from idcard.qr import base45, cose
from idcard.qr.cose import Algorithm
from idcard.qr.formats import RECOGNISERS
from idcard.qr.recognise import recognise
from idcard.trust.draft import editing
from idcard.trust.importing import add_file
from idcard.trust.signer_list import QrTrust
from idcard.trust.store import TrustStore
from idcard.verification.facts import Fact, FactName, Outcome, Reason
from idcard.verification.qr import QrVerdict, verify_qr

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
SIGNER_SERIAL = 77
ROOT_KEY, SIGNER_KEY = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
ROOT_NAME = x509.Name([
    x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"), x509.NameAttribute(NameOID.COMMON_NAME, "Gốc Mẫu")
])  # fmt: skip
SIGNER_NAME = x509.Name([
    x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"), x509.NameAttribute(NameOID.COMMON_NAME, "Ký Mẫu")
])  # fmt: skip


def certificate(subject: x509.Name, key: Any, *, serial: int, authority: bool) -> bytes:
    signs = x509.KeyUsage(
        digital_signature=not authority, key_cert_sign=authority, crl_sign=authority, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = x509.CertificateBuilder(
        issuer_name=ROOT_NAME, subject_name=subject, public_key=key.public_key(), serial_number=serial,
        not_valid_before=NOW - timedelta(days=300), not_valid_after=NOW + timedelta(days=300),
    )  # fmt: skip
    builder = builder.add_extension(signs, True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ROOT_KEY.public_key()), False)
    if authority:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
    return builder.sign(ROOT_KEY, hashes.SHA256()).public_bytes(Encoding.DER)


ROOT = certificate(ROOT_NAME, ROOT_KEY, serial=1, authority=True)
SIGNER = certificate(SIGNER_NAME, SIGNER_KEY, serial=SIGNER_SERIAL, authority=False)


def crl(*serials: int, age: timedelta = timedelta(days=20), life: timedelta = timedelta(days=90)) -> bytes:
    issued = NOW - age
    builder = x509.CertificateRevocationListBuilder(
        issuer_name=ROOT_NAME, last_update=issued, next_update=issued + life
    )
    builder = builder.add_extension(x509.CRLNumber(1), False)
    builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ROOT_KEY.public_key()), False)
    for serial in serials:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(issued).build()
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(ROOT_KEY, hashes.SHA256()).public_bytes(Encoding.DER)


def health() -> bytes:
    entry = dict.fromkeys(("tg", "is", "vp", "mp", "ma"), "x") | {"co": "VN", "dt": "2026-11-01", "dn": 1, "sd": 1}
    person = {"fn": "Nguyễn", "gn": "Văn Thử", "fnt": "NGUYEN", "gnt": "VAN<THU"}
    dcc = {"ver": "1.3.0", "nam": person, "dob": "1990-01", "v": [entry | {"ci": "URN:UVCI:01:VN:MAU"}]}
    seconds = int(NOW.timestamp())

    def sign(data: bytes) -> bytes:
        r, s = decode_dss_signature(SIGNER_KEY.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)

    payload = cbor2.dumps({1: "VN", 4: seconds + 60, 6: seconds - 60, -260: {1: dcc}})
    message = cose.make(payload, key_id=hashlib.sha256(SIGNER).digest()[:8], algorithm=Algorithm.ES256, sign=sign)
    return b"HC1:" + base45.encode(zlib.compress(message))


def stored(folder: Path, *lists: bytes) -> TrustStore:
    """The store with the root and these revocation lists."""
    with editing(folder, at=NOW) as draft:
        for data in (ROOT, *lists):
            report = add_file(draft, data, name="file", at=NOW)
            assert report.count("added"), report.findings
    return TrustStore.from_directory(folder)


def judged(folder: Path, *lists: bytes, trusted: bool = False) -> QrVerdict:
    """The verdict where the store holds the root and these revocation lists."""
    store = stored(folder, *lists)
    trust = QrTrust.of(**{"signers" if trusted else "certificates": [SIGNER]}, store=store)  # type: ignore[arg-type]
    return verify_qr(recognise(health(), RECOGNISERS), trust, at=NOW)


def revocation(verdict: QrVerdict) -> Fact:
    return verdict.fact(FactName.REVOCATION)


def test_without_a_list_nothing_is_judged(tmp_path: Path) -> None:
    verdict = judged(tmp_path)
    assert (revocation(verdict).outcome, revocation(verdict).reason) == (
        Outcome.NOT_PERFORMED,
        Reason.NO_REVOCATION_LIST,
    )
    assert verdict.meets()


def test_a_list_without_the_signer_passes_and_says_its_age(tmp_path: Path) -> None:
    verdict = judged(tmp_path, crl(SIGNER_SERIAL + 1))
    assert (revocation(verdict).outcome, revocation(verdict).reason) == (Outcome.PASSED, Reason.NOT_REVOKED)
    assert revocation(verdict).details["age_days"] == "20"
    assert verdict.meets()


@pytest.mark.parametrize("trusted", [True, False])
def test_a_signer_that_was_taken_back_fails_however_it_is_trusted(tmp_path: Path, trusted: bool) -> None:
    verdict = judged(tmp_path, crl(SIGNER_SERIAL), trusted=trusted)
    assert (revocation(verdict).outcome, revocation(verdict).reason) == (Outcome.FAILED, Reason.REVOKED)
    assert not verdict.meets()


def test_an_overdue_list_decides_nothing(tmp_path: Path) -> None:
    verdict = judged(tmp_path, crl(age=timedelta(days=91)))
    assert (revocation(verdict).outcome, revocation(verdict).reason) == (
        Outcome.INCONCLUSIVE,
        Reason.REVOCATION_LIST_STALE,
    )
    assert not verdict.meets()


def batch(*, taken_back: bool, end: datetime = NOW + timedelta(days=9), country: str = "VN") -> bytes:
    """A list of single certificates, with or without the one that :func:`health` makes."""
    digest = hashlib.sha256(b"URN:UVCI:01:VN:MAU").digest()[:16] if taken_back else bytes(16)
    said = {"country": country, "expires": end.isoformat(), "kid": "UNKNOWN_KID", "hashType": "UCI"}
    return json.dumps(said | {"entries": [{"hash": base64.b64encode(digest).decode()}]}).encode()


STALE = {"age": timedelta(days=91)}


@pytest.mark.parametrize(
    ("lists", "single", "outcome", "reason"),
    [
        ([crl()], batch(taken_back=True), Outcome.FAILED, "certificate"),
        ([crl(SIGNER_SERIAL)], batch(taken_back=False), Outcome.FAILED, None),
        ([crl(SIGNER_SERIAL)], batch(taken_back=False, end=NOW - timedelta(days=1)), Outcome.FAILED, None),
        ([crl(**STALE)], batch(taken_back=True), Outcome.FAILED, "certificate"),
        ([crl(**STALE)], batch(taken_back=False), Outcome.INCONCLUSIVE, None),
        ([crl()], batch(taken_back=False, end=NOW - timedelta(seconds=1)), Outcome.INCONCLUSIVE, "certificate"),
        ([crl()], batch(taken_back=False, end=NOW), Outcome.PASSED, None),
        ([], batch(taken_back=False, end=NOW), Outcome.PASSED, "certificate"),
        ([crl()], batch(taken_back=True, country="LA"), Outcome.PASSED, None),
        ([], batch(taken_back=True, country="LA"), Outcome.NOT_PERFORMED, None),
    ],
)
def test_what_speaks_against_a_health_certificate_comes_first(
    tmp_path: Path, lists: list[bytes], single: bytes, outcome: Outcome, reason: str | None
) -> None:
    """Whether it is its signer that was taken back, or the certificate itself."""
    trust = QrTrust.of(certificates=[SIGNER], store=stored(tmp_path, *lists), revoked=[single])
    verdict = verify_qr(recognise(health(), RECOGNISERS), trust, at=NOW)
    assert (revocation(verdict).outcome, revocation(verdict).details.get("of")) == (outcome, reason)
    assert verdict.meets() is (outcome in (Outcome.PASSED, Outcome.NOT_PERFORMED))
    if outcome is Outcome.INCONCLUSIVE:
        assert revocation(verdict).reason is Reason.REVOCATION_LIST_STALE


@pytest.mark.parametrize(
    "status", [{}, {"status": {"x": 1}}, {"status": {"status_list": {"uri": "https://x", "idx": 0}}}]
)
def test_a_status_that_nobody_looked_up_hides_no_overdue_list(
    tmp_path: Path, wallet: Any, status: dict[str, Any]
) -> None:
    header = {"typ": "dc+sd-jwt", "x5c": [base64.b64encode(SIGNER).decode()]}
    made = SDJWTIssuer({"vct": "k"} | status, wallet.jwk_of(SIGNER_KEY), extra_header_parameters=header)
    code = recognise(str(made.sd_jwt_issuance).encode(), RECOGNISERS)
    trust = QrTrust.of(store=stored(tmp_path, crl(age=timedelta(days=91))))
    verdict = verify_qr(code, trust, at=NOW)
    assert verdict.fact(FactName.TRUST).reason is Reason.ANCHORED
    assert revocation(verdict).reason is Reason.REVOCATION_LIST_STALE
    assert not verdict.meets()


LIST = "https://issuer.example/lists/1"
X5C = [base64.b64encode(SIGNER).decode()]


def status_list(number: int) -> bytes:
    """A list by the credential's own signer that says this of the place 0."""
    places = base64.urlsafe_b64encode(zlib.compress(bytes([number]))).decode().rstrip("=")
    said = {"sub": LIST, "iat": int(NOW.timestamp()) - 60, "status_list": {"bits": 8, "lst": places}}
    plain = SIGNER_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return jwt.encode({"alg": "ES256", "typ": "statuslist+jwt", "x5c": X5C}, said, ECKey.import_key(plain)).encode()


@pytest.mark.parametrize(
    ("lists", "number", "outcome", "reason"),
    [
        ([], None, Outcome.NOT_PERFORMED, Reason.NO_REVOCATION_LIST),
        ([crl()], None, Outcome.PASSED, Reason.NOT_REVOKED),
        ([crl(SIGNER_SERIAL)], None, Outcome.FAILED, Reason.REVOKED),
        ([], 0, Outcome.PASSED, Reason.NOT_REVOKED),
        ([crl()], 0, Outcome.PASSED, Reason.NOT_REVOKED),
        ([crl(SIGNER_SERIAL)], 0, Outcome.FAILED, Reason.REVOKED),
        ([crl(**STALE)], 0, Outcome.INCONCLUSIVE, Reason.REVOCATION_LIST_STALE),
        ([], 1, Outcome.FAILED, Reason.REVOKED),
        ([crl()], 1, Outcome.FAILED, Reason.REVOKED),
        ([crl(**STALE)], 1, Outcome.FAILED, Reason.REVOKED),
    ],
)
def test_what_speaks_against_a_credential_comes_first(
    tmp_path: Path, wallet: Any, lists: list[bytes], number: int | None, outcome: Outcome, reason: Reason
) -> None:
    """Whether it is its signer that was taken back, or the credential itself; ``number`` is its own status."""
    status = {} if number is None else {"status": {"status_list": {"uri": LIST, "idx": 0}}}
    claims = {"vct": "k", "exp": int(NOW.timestamp()) + 60} | status
    made = SDJWTIssuer(claims, wallet.jwk_of(SIGNER_KEY), extra_header_parameters={"typ": "dc+sd-jwt", "x5c": X5C})
    code = recognise(str(made.sd_jwt_issuance).encode(), RECOGNISERS)
    at_hand = [] if number is None else [status_list(number)]
    verdict = verify_qr(code, QrTrust.of(store=stored(tmp_path, *lists), status=at_hand), at=NOW)
    assert (revocation(verdict).outcome, revocation(verdict).reason) == (outcome, reason)
    assert verdict.meets() is (outcome in (Outcome.PASSED, Outcome.NOT_PERFORMED))
