"""Credentials that their issuer took back, by the lists that the operator keeps."""

import base64
import json
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cbor2
import isomdoc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import ObjectIdentifier
from joserfc import jwt
from joserfc.jwk import ECKey
from sd_jwt.issuer import SDJWTIssuer

import idcard
from idcard import FactName, Outcome, QrTrust, QrVerdict, Reason

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
SEED, URI = "status", "https://issuer.example/lists/1"
ISSUED = NOW - timedelta(hours=2)


def of(verdict: QrVerdict) -> tuple[Outcome, Reason]:
    fact = verdict.fact(FactName.REVOCATION)
    return fact.outcome, fact.reason


class World:
    """An issuer, its credential at place 3, and its lists."""

    def __init__(self, wallet: Any) -> None:
        self.wallet = wallet
        self.jwk = wallet.jwk_of(wallet.key_of(SEED))
        claims = {"iss": wallet.ISSUER, "vct": "k", "exp": int((NOW + timedelta(days=9)).timestamp())}
        claims |= {"status": {"status_list": {"idx": 3, "uri": URI}}}
        made = SDJWTIssuer(claims, self.jwk, extra_header_parameters={"typ": "dc+sd-jwt"})
        self.credential = str(made.sd_jwt_issuance).encode()

    def listed(
        self, number: int, *, seed: str = SEED, issued: datetime = ISSUED, chain: list[str] | None = None, **claims: Any
    ) -> bytes:
        """A list of eight places of two bits, with ``number`` at the fourth; signed by joserfc."""
        places = base64.urlsafe_b64encode(zlib.compress(bytes([number << 6, 0]), 9)).decode().rstrip("=")
        said = {"sub": URI, "iat": int(issued.timestamp()), "status_list": {"bits": 2, "lst": places}} | claims
        key = ECKey.import_key(
            self.wallet.jwk_of(self.wallet.key_of(seed)).export_to_pem(private_key=True, password=None)
        )
        header: dict[str, Any] = {"alg": "ES256", "typ": "statuslist+jwt"} | ({"x5c": chain} if chain else {})
        return jwt.encode(header, said, key).encode()

    def trust(self, *lists: bytes) -> QrTrust:
        issuer = {"format": 1, "issuer": self.wallet.ISSUER, "for": ["sd_jwt_vc"]}
        keys = {"keys": [self.jwk.export_public(as_dict=True)]}
        return QrTrust.of(issuers=[json.dumps(issuer | keys).encode()], status=lists)

    def verdict(self, *lists: bytes, at: datetime = NOW) -> QrVerdict:
        return idcard.verify_qr(idcard.recognise(self.credential), self.trust(*lists), at=at)


@pytest.fixture(scope="module")
def world(wallet: Any) -> World:
    return World(wallet)


def test_in_force_taken_back_suspended(world: World) -> None:
    good = world.verdict(world.listed(0))
    assert of(good) == (Outcome.PASSED, Reason.NOT_REVOKED)
    assert good.meets()
    for number in (1, 2, 3):
        verdict = world.verdict(world.listed(number))
        assert of(verdict) == (Outcome.FAILED, Reason.REVOKED)
        assert not verdict.meets()


def test_without_a_list_nobody_looked(world: World) -> None:
    verdict = world.verdict()
    assert of(verdict) == (Outcome.NOT_PERFORMED, Reason.STATUS_NOT_LOOKED_UP)
    assert of(world.verdict(world.listed(1, sub="https://issuer.example/lists/2")))[1] is Reason.STATUS_NOT_LOOKED_UP


def test_a_list_of_somebody_else_says_nothing(world: World) -> None:
    for number in (0, 1):
        verdict = world.verdict(world.listed(number, seed="other"))
        assert of(verdict) == (Outcome.INCONCLUSIVE, Reason.SIGNATURE_NOT_VERIFIED)
        assert not verdict.meets()


@pytest.mark.parametrize(("at", "claims", "reason"), [
    (NOW, {"exp": int(NOW.timestamp())}, Reason.REVOCATION_LIST_STALE),
    (NOW, {"exp": int(NOW.timestamp()) + 1}, Reason.NOT_REVOKED),
    (ISSUED + timedelta(days=1), {}, Reason.REVOCATION_LIST_STALE),
    (ISSUED + timedelta(days=1, seconds=-1), {}, Reason.NOT_REVOKED),
])  # fmt: skip
def test_an_old_list_says_in_force_no_more(world: World, at: datetime, claims: dict[str, Any], reason: Reason) -> None:
    outcome = Outcome.PASSED if reason is Reason.NOT_REVOKED else Outcome.INCONCLUSIVE
    verdict = world.verdict(world.listed(0, **claims), at=at)
    assert of(verdict) == (outcome, reason)
    details = verdict.fact(FactName.REVOCATION).details
    assert dict(details) == {"issued": ISSUED.isoformat(), "age_days": str((at - ISSUED).days)}
    assert of(world.verdict(world.listed(1, **claims), at=at))[1] is Reason.REVOKED


def test_of_several_any_may_take_back_and_the_newest_says_otherwise(world: World) -> None:
    old, new = world.listed(0, issued=NOW - timedelta(days=3)), world.listed(0)
    assert of(world.verdict(old, new))[1] is Reason.NOT_REVOKED
    assert of(world.verdict(old))[1] is Reason.REVOCATION_LIST_STALE
    assert of(world.verdict(new, world.listed(1, issued=NOW - timedelta(days=3))))[1] is Reason.REVOKED


def test_a_suspension_ends_and_being_taken_back_does_not(world: World) -> None:
    before = NOW - timedelta(days=3)
    assert of(world.verdict(world.listed(2, issued=before), world.listed(0)))[1] is Reason.NOT_REVOKED
    assert of(world.verdict(world.listed(0, issued=before), world.listed(2)))[1] is Reason.REVOKED
    assert of(world.verdict(world.listed(1, issued=before), world.listed(0)))[1] is Reason.REVOKED


def test_a_list_from_the_future_says_nothing(world: World) -> None:
    later = NOW + timedelta(days=900)
    assert of(world.verdict(world.listed(0, issued=later)))[0] is Outcome.INCONCLUSIVE
    assert of(world.verdict(world.listed(2), world.listed(0, issued=later)))[1] is Reason.REVOKED
    for seconds, number, reason in (
        (60, 0, Reason.NOT_REVOKED),
        (60, 1, Reason.REVOKED),
        (61, 0, Reason.REVOCATION_LIST_STALE),
        (61, 1, Reason.REVOCATION_LIST_STALE),
    ):
        ahead = world.listed(number, issued=NOW + timedelta(seconds=seconds))
        assert of(world.verdict(ahead))[1] is reason


def test_a_place_that_the_list_does_not_have(world: World) -> None:
    short = world.listed(
        0, status_list={"bits": 8, "lst": base64.urlsafe_b64encode(zlib.compress(b"\0")).decode().rstrip("=")}
    )
    assert of(world.verdict(short)) == (Outcome.INCONCLUSIVE, Reason.STATUS_NOT_LOOKED_UP)


def licence(wallet: Any) -> bytes:
    """A mobile document that names a list: isomdoc's, signed again with its status by the same key."""
    document = isomdoc.create_mdoc(wallet.TYPE, [wallet.signer(SEED)], wallet.key_of(SEED))
    document.add_data_item("org.iso.18013.5.1", "family_name", "Mẫu")
    times = (ISSUED, ISSUED, NOW + timedelta(days=9))
    issued = cbor2.loads(document.generate_credential(wallet.key_of("holder").public_key(), *times))
    protected, chain, payload, _ = issued["issuerAuth"]
    said = cbor2.loads(cbor2.loads(payload).value) | {"status": {"status_list": {"idx": 3, "uri": URI}}}
    payload = cbor2.dumps(cbor2.CBORTag(24, cbor2.dumps(said)))
    over = cbor2.dumps(["Signature1", protected, b"", payload])
    r, s = decode_dss_signature(wallet.key_of(SEED).sign(over, ec.ECDSA(hashes.SHA256())))
    issued["issuerAuth"] = [protected, chain, payload, r.to_bytes(32) + s.to_bytes(32)]
    return bytes(cbor2.dumps(issued))


@pytest.mark.parametrize(("number", "reason"), [(0, Reason.NOT_REVOKED), (1, Reason.REVOKED)])
def test_a_mobile_document_by_a_list_under_the_same_root(
    world: World, wallet: Any, number: int, reason: Reason
) -> None:
    chain = [base64.b64encode(wallet.der(wallet.signer(SEED))).decode()]
    anchors = {"iso_18013_5_mdoc": [wallet.der(wallet.root(SEED))]}
    trust = QrTrust.of(anchors=anchors, status=[world.listed(number, chain=chain)])
    verdict = idcard.verify_qr(idcard.recognise(licence(wallet)), trust, at=NOW)
    assert of(verdict)[1] is reason
    assert verdict.meets() is (number == 0)


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize(("common", "purpose"), [("Another signer", "1.0.18013.5.1.2"), ("Utopia signer", None)])
def test_a_list_of_another_signer_under_that_root_says_nothing(
    world: World, wallet: Any, number: int, common: str, purpose: str | None
) -> None:
    other = wallet.name_of(common)
    made = x509.CertificateBuilder().subject_name(other).issuer_name(wallet.root(SEED).subject).serial_number(3)
    made = made.not_valid_before(datetime(2020, 1, 1)).not_valid_after(datetime(2040, 1, 1))
    made = made.public_key(wallet.key_of("another").public_key())
    if purpose is not None:
        made = made.add_extension(x509.ExtendedKeyUsage([ObjectIdentifier(purpose)]), critical=True)
    signer = wallet.der(made.sign(wallet.key_of(f"{SEED} root"), hashes.SHA256()))
    said = world.listed(number, seed="another", chain=[base64.b64encode(signer).decode()])
    trust = QrTrust.of(anchors={"iso_18013_5_mdoc": [wallet.der(wallet.root(SEED))]}, status=[said])
    verdict = idcard.verify_qr(idcard.recognise(licence(wallet)), trust, at=NOW)
    assert of(verdict) == (Outcome.INCONCLUSIVE, Reason.SIGNATURE_NOT_VERIFIED)


@pytest.mark.parametrize("number", [0, 1])
def test_a_list_that_brings_no_signer_says_nothing_of_a_mobile_document(world: World, wallet: Any, number: int) -> None:
    """A mobile document names no issuer whose listed keys could have signed the list."""
    trust = QrTrust.of(anchors={"iso_18013_5_mdoc": [wallet.der(wallet.root(SEED))]}, status=[world.listed(number)])
    verdict = idcard.verify_qr(idcard.recognise(licence(wallet)), trust, at=NOW)
    assert of(verdict) == (Outcome.INCONCLUSIVE, Reason.SIGNATURE_NOT_VERIFIED)


@pytest.mark.parametrize("number", [0, 1])
def test_of_a_document_that_nobody_signed_no_list_says_anything(world: World, wallet: Any, number: int) -> None:
    chain = [base64.b64encode(wallet.der(wallet.signer(SEED))).decode()]
    anchors = {"iso_18013_5_mdoc": [wallet.der(wallet.root(SEED))]}
    forged = cbor2.loads(licence(wallet))
    forged["issuerAuth"][3] = bytes(reversed(forged["issuerAuth"][3]))
    trust = QrTrust.of(anchors=anchors, status=[world.listed(number, chain=chain)])
    verdict = idcard.verify_qr(idcard.recognise(cbor2.dumps(forged)), trust, at=NOW)
    assert verdict.fact(FactName.SIGNATURE).reason is Reason.SIGNATURE_WRONG
    assert of(verdict) == (Outcome.INCONCLUSIVE, Reason.SIGNATURE_NOT_VERIFIED)
    assert not verdict.meets()


def test_the_folder(world: World, tmp_path: Path) -> None:
    (tmp_path / "qr/status").mkdir(parents=True)
    (tmp_path / "qr/status/1.jwt").write_bytes(world.listed(0))
    assert len(QrTrust.from_directory(tmp_path).status_lists(URI)) == 1
    assert QrTrust.from_directory(tmp_path).version != QrTrust.of().version
    (tmp_path / "qr/status/2.jwt").write_bytes(b"x")
    with pytest.raises(idcard.ConfigurationError, match="status list"):
        QrTrust.from_directory(tmp_path)
