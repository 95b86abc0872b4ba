"""MOSIP's identity tokens, each judged as its source says, and against a foreign program with fresh keys."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cbor2
import claim169
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from idcard.errors import IdCardError, MalformedData
from idcard.identity import Sex
from idcard.qr import base45
from idcard.qr.claim_169 import EncryptedCode, IdentityToken, decrypted
from idcard.qr.formats import CLAIM_169, ENCRYPTED, RECOGNISERS
from idcard.qr.inflate import inflate
from idcard.qr.jwk import to_base64url
from idcard.qr.recognise import Recognised, recognise
from idcard.trust.signer_list import QrTrust
from idcard.trust.store import TrustStore
from idcard.verification.facts import FactName, Outcome, Reason
from idcard.verification.qr import QrVerdict, replay_key, verify_qr

VECTORS: dict[str, dict[str, Any]] = {}
for name in ("claim169", "claim169_more"):
    file = Path(__file__).parents[2] / f"vectors/qr/{name}.json"
    VECTORS |= json.loads(file.read_text("utf-8"))["vectors"]
NOW = datetime(2026, 7, 1, tzinfo=UTC)
ISSUER = "https://mosip.example.org"
NAMES = {
    "id": "id", "fullName": "full_name", "firstName": "first_name", "dateOfBirth": "birth", "gender": "gender",
    "address": "address", "phone": "phone", "legalStatus": "legal_status", "countryOfIssuance": "issuing_country",
    "secondaryFullName": "second_full_name", "maritalStatus": "marital_status", "guardian": "guardian",
}  # fmt: skip


def issuer(jwk: dict[str, Any], *formats: str, name: str = ISSUER) -> bytes:
    return json.dumps({"format": 1, "issuer": name, "for": [*formats] or [CLAIM_169], "keys": [jwk]}).encode()


def okp(raw: bytes, **more: str) -> dict[str, Any]:
    return {"kty": "OKP", "crv": "Ed25519", "x": to_base64url(raw), **more}


def p256(point: bytes, **more: str) -> dict[str, Any]:
    return {"kty": "EC", "crv": "P-256", "x": to_base64url(point[1:33]), "y": to_base64url(point[33:]), **more}


def trust_of(vector: dict[str, Any]) -> QrTrust:
    key = vector.get("signing_key")
    if key is None:
        return QrTrust.of()
    raw = bytes.fromhex(key["public_key_hex"])
    return QrTrust.of(issuers=[issuer(okp(raw) if key["algorithm"] == "EdDSA" else p256(raw))], complete=True)


def opened(vector: dict[str, Any]) -> Recognised:
    found = recognise(vector["qr_data"].encode(), RECOGNISERS)
    if not isinstance(found.document, EncryptedCode):
        return found
    token = decrypted(found.document, bytes.fromhex(vector["encryption_key"]["symmetric_key_hex"]))
    return Recognised(format=CLAIM_169, payload=found.payload, document=token)


READABLE = {key: vector for key, vector in VECTORS.items() if vector["category"] != "invalid"}
SIGNED = {key: vector for key, vector in READABLE.items() if "signing_key" in vector}


def test_the_vectors_are_there() -> None:
    assert (len(VECTORS), len(READABLE), len(SIGNED)) == (15, 11, 3)


@pytest.mark.parametrize("key", [key for key in VECTORS if key not in READABLE])
def test_what_its_source_calls_invalid_is_no_identity(key: str) -> None:
    payload = VECTORS[key]["qr_data"].encode()
    assert not isinstance(recognise(payload, RECOGNISERS).document, IdentityToken)
    with pytest.raises(IdCardError):
        IdentityToken.from_bytes(payload)


@pytest.mark.parametrize("key", READABLE)
def test_it_says_what_its_source_says(key: str) -> None:
    document = opened(READABLE[key]).document
    assert isinstance(document, IdentityToken)
    expected, meta = READABLE[key]["expected_claim169"], READABLE[key]["expected_cwt_meta"]
    said = {name: value for name, value in expected.items() if name in NAMES}
    assert {name: document.attributes[NAMES[name]] for name in said} == said
    assert (document.photo is not None) is ("face" in expected)
    assert document.claims.issuer == meta["issuer"]
    assert document.claims.expires == datetime.fromtimestamp(meta["expiresAt"], UTC)


@pytest.mark.parametrize("key", READABLE)
def test_a_token_is_judged_as_its_source_says(key: str) -> None:
    vector = READABLE[key]
    verdict = verify_qr(opened(vector), trust_of(vector), at=NOW)
    signature = verdict.fact(FactName.SIGNATURE)
    right = (Outcome.PASSED, Reason.SIGNATURE_VERIFIED) if key in SIGNED else (Outcome.NOT_SUPPORTED, Reason.UNSIGNED)
    assert (signature.outcome, signature.reason) == right
    assert verdict.meets() is (key in SIGNED)
    validity = {"edge/expired.json": Reason.EXPIRED, "edge/not-yet-valid.json": Reason.NOT_YET_IN_FORCE}
    assert verdict.fact(FactName.VALIDITY).reason is validity.get(key, Reason.IN_FORCE)


@pytest.mark.parametrize("key", SIGNED)
def test_no_changed_byte_passes(key: str) -> None:
    vector, trust = SIGNED[key], trust_of(SIGNED[key])
    document = recognise(vector["qr_data"].encode(), RECOGNISERS).document
    message = inflate(base45.decode(vector["qr_data"].encode()))
    passed = []
    for place in range(len(message)):
        changed = bytes((*message[:place], message[place] ^ 1 << place % 8, *message[place + 1 :]))
        try:
            if isinstance(document, EncryptedCode):
                encrypted = EncryptedCode.from_bytes(base45.encode(changed))
                token = decrypted(encrypted, bytes.fromhex(vector["encryption_key"]["symmetric_key_hex"]))
            else:
                token = IdentityToken.from_cose(changed)
        except IdCardError:
            continue
        found = Recognised(format=CLAIM_169, payload=b"", document=token)
        if verify_qr(found, trust, at=NOW).fact(FactName.SIGNATURE).outcome is Outcome.PASSED:
            passed.append(place)
    assert not passed


def test_an_encrypted_code_without_its_key_says_nothing() -> None:
    vector = VECTORS["valid/encrypted-signed.json"]
    found = recognise(vector["qr_data"].encode(), RECOGNISERS)
    assert (found.format, repr(found.document)) == (ENCRYPTED, "EncryptedCode()")
    verdict = verify_qr(found, QrTrust.of(), at=NOW)
    for name in (FactName.SIGNATURE, FactName.TRUST, FactName.VALIDITY, FactName.REVOCATION):
        assert (verdict.fact(name).outcome, verdict.fact(name).reason) == (Outcome.NOT_PERFORMED, Reason.ENCRYPTED)
    assert verdict.claimed_identity() is None
    assert isinstance(found.document, EncryptedCode)
    for key in (bytes(32), bytes(16)):
        with pytest.raises(MalformedData):
            decrypted(found.document, key)


ED = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
EC = ec.derive_private_key(7, ec.SECP256R1())


def raw(key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    if isinstance(key, Ed25519PrivateKey):
        return key.private_bytes_raw()
    return key.private_numbers().private_value.to_bytes(32)


def point(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )  # fmt: skip


def foreign(**how: Any) -> str:
    """A token as a foreign program writes it, with a picture."""
    said = claim169.Claim169Input(id="ID-1", full_name="Nguyễn Văn Thử", date_of_birth="19900115", gender=1)
    said.photo, said.photo_format = b"\xff\xd8\xff\xe0picture", 1
    meta = claim169.CwtMetaInput(issuer=ISSUER, expires_at=int((NOW + timedelta(days=9)).timestamp()))
    return str(claim169.encode(said, meta, **how))


@pytest.mark.parametrize("how", ["ed25519", "p256", "aes128", "aes256"])
def test_what_a_foreign_program_signs_and_encrypts(how: str) -> None:
    secret = bytes(range(16 if how == "aes128" else 32))
    signing: dict[str, Any] = {"sign_with_ecdsa_p256": raw(EC)} if how == "p256" else {"sign_with_ed25519": raw(ED)}
    encrypting = {f"encrypt_with_{how}": secret} if how.startswith("aes") else {}
    found = recognise(foreign(**signing, **encrypting).encode(), RECOGNISERS)
    if isinstance(found.document, EncryptedCode):
        found = Recognised(format=CLAIM_169, payload=found.payload, document=decrypted(found.document, secret))
    key = p256(point(EC)) if how == "p256" else okp(ED.public_key().public_bytes_raw())
    verdict = verify_qr(found, QrTrust.of(issuers=[issuer(key)]), at=NOW)
    assert verdict.meets()
    person = verdict.claimed_identity()
    assert person is not None
    assert (person.name, str(person.birth), person.sex) == ("Nguyễn Văn Thử", "1990-01-15", "M")
    assert isinstance(found.document, IdentityToken)
    assert found.document.photo is not None
    assert (found.document.photo.media_type, found.document.photo.image[:3]) == ("image/jpeg", b"\xff\xd8\xff")


def token(
    headers: dict[int, Any], claims: dict[int, Any], key: ec.EllipticCurvePrivateKey = EC, **outside: Any
) -> bytes:
    """A token of our own making: what the foreign program cannot write."""
    protected, payload = cbor2.dumps({1: -7, **headers}), cbor2.dumps(claims)
    signed = cbor2.dumps(["Signature1", protected, b"", payload])
    r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(hashes.SHA256())))
    unprotected = outside.get("unprotected", {})
    message = [protected, unprotected, payload, r.to_bytes(32) + s.to_bytes(32)]
    return base45.encode(cbor2.dumps(cbor2.CBORTag(18, message)))


CLAIMS = {1: "x", 4: int(NOW.timestamp()) + 9000, 169: {4: "Nguyễn Văn Thử", 8: "1990-01-15", 23: "VN"}}
MORE = {**CLAIMS, 169: {4: "Trần Thị Mẫu"}}
ROOT_KEY = ec.derive_private_key(11, ec.SECP256R1())


def certificate(subject: str, key: Any, *, authority: bool = False, country: str = "VN", purpose: Any = None) -> bytes:
    def named(common_name: str, country: str) -> x509.Name:
        pairs = ((NameOID.COUNTRY_NAME, country), (NameOID.COMMON_NAME, common_name))
        return x509.Name([x509.NameAttribute(kind, value) for kind, value in pairs])

    builder = x509.CertificateBuilder(
        issuer_name=named("Gốc Mẫu", country), subject_name=named(subject, country), public_key=key.public_key(),
        serial_number=5, not_valid_before=NOW - timedelta(days=9), not_valid_after=NOW + timedelta(days=9),
    )  # fmt: skip
    if authority:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
    if purpose is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), False)
    return builder.sign(ROOT_KEY, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


ROOT = certificate("Gốc Mẫu", ROOT_KEY, authority=True)
SIGNER = certificate("Ký Mẫu", EC)


def judged(payload: bytes, trust: QrTrust) -> QrVerdict:
    return verify_qr(recognise(payload, RECOGNISERS), trust, at=NOW)


@pytest.mark.parametrize("chain", [SIGNER, [SIGNER], [SIGNER, ROOT]])
@pytest.mark.parametrize("inside", [True, False])
def test_a_certificate_that_comes_along(chain: Any, inside: bool) -> None:
    where = ({33: chain}, {}) if inside else ({}, {33: chain})
    payload = token(where[0], CLAIMS, unprotected=where[1])
    headers = claim169.inspect(payload.decode()).x509_headers
    assert [bytes(one) for one in headers.x5chain or []] == (chain if isinstance(chain, list) else [chain])
    for trust in (QrTrust.of(store=TrustStore.of([ROOT])), QrTrust.of(anchors={CLAIM_169: [ROOT]})):
        verdict = judged(payload, trust)
        assert verdict.meets()
        assert verdict.fact(FactName.TRUST).reason is Reason.ANCHORED
        assert verdict.issuer == "C=VN, CN=Ký Mẫu"
    elsewhere = judged(payload, QrTrust.of(anchors={"icao_vds": [ROOT]}))
    assert elsewhere.fact(FactName.SIGNATURE).outcome is Outcome.PASSED
    assert elsewhere.fact(FactName.TRUST).outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(("number", "sex"), [(1, Sex.MALE), (2, Sex.FEMALE), (3, Sex.UNSPECIFIED), (None, None)])
def test_a_sex_is_a_number(number: int | None, sex: Sex | None) -> None:
    said = CLAIMS[169] | ({9: number} if number else {})
    claimed = judged(token({}, {**CLAIMS, 169: said}), QrTrust.of()).claimed_identity()
    assert claimed is not None
    assert claimed.sex is sex


def test_a_signed_token_is_remembered_by_what_was_signed_and_another_by_what_it_says() -> None:
    one, again = (recognise(token({}, CLAIMS), RECOGNISERS) for _ in range(2))
    assert replay_key(one) == replay_key(again)
    assert isinstance(one.document, IdentityToken)
    turned = recognise(token({}, dict(reversed(CLAIMS.items()))), RECOGNISERS)
    assert isinstance(turned.document, IdentityToken)
    assert turned.document.claims.all == one.document.claims.all
    assert replay_key(turned) != replay_key(one), "it was signed as another"
    bare, other = (replace(each.document, sign1=None) for each in (one, recognise(token({}, MORE), RECOGNISERS)))
    keys = [replay_key(replace(one, document=document)) for document in (bare, replace(bare), other)]
    assert keys[0] == keys[1] != keys[2]


SECONDS = int(NOW.timestamp())


@pytest.mark.parametrize(
    ("said", "begin"),
    [({6: SECONDS - 9}, SECONDS - 9), ({5: SECONDS - 5, 6: SECONDS - 9}, SECONDS - 5), ({}, None)],
)
def test_a_token_counts_from_when_it_says_or_was_issued(said: dict[int, int], begin: int | None) -> None:
    verdict = judged(token({}, CLAIMS | said), QrTrust.of())
    assert verdict.valid_from == (None if begin is None else datetime.fromtimestamp(begin, UTC))
    assert verdict.issuer == "x"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({4: "Nguyễn Văn Thử", 5: "A"}, "Nguyễn Văn Thử"),
        ({5: "Thử", 6: "Văn", 7: "Nguyễn"}, "Thử Văn Nguyễn"),
        ({5: "Thử", 7: "Nguyễn"}, "Thử Nguyễn"),
        ({4: " "}, None),
        ({}, None),
    ],
)
def test_a_name_is_whole_or_in_parts(said: dict[int, str], name: str | None) -> None:
    claimed = judged(token({}, {**CLAIMS, 169: {1: "ID-1"} | said}), QrTrust.of()).claimed_identity()
    assert claimed is not None
    assert (claimed.name, claimed.birth) == (name, None)


@pytest.mark.parametrize(
    ("birth", "understood"),
    [
        ("19900115", "1990-01-15"),
        ("1990-01-15", "1990-01-15"),
        ("1990-01", "1990-01"),
        ("1990", "1990"),
        ("1990011x", None),
        ("199001150", None),
        ("19901315", None),
    ],
)
def test_a_birth_is_written_with_dashes_or_without(birth: str, understood: str | None) -> None:
    claimed = judged(token({}, {**CLAIMS, 169: {8: birth}}), QrTrust.of()).claimed_identity()
    assert claimed is not None
    assert (claimed.birth and str(claimed.birth)) == understood


def test_an_issuer_that_a_token_does_not_name_is_the_lists() -> None:
    unnamed = {number: value for number, value in CLAIMS.items() if number != 1}
    listed = QrTrust.of(issuers=[issuer(p256(point(EC), kid="k-1"), name="x")])
    verdict = judged(token({4: b"k-1"}, unnamed), listed)
    assert verdict.meets()
    assert verdict.issuer == "x"


@pytest.mark.parametrize(
    ("format_name", "reason"), [(CLAIM_169, Reason.SIGNER_LISTED), ("smart_health_card", Reason.ANCHORED)]
)
def test_an_issuer_that_is_listed_for_another_format_counts_by_its_certificate(
    format_name: str, reason: Reason
) -> None:
    listed = issuer(p256(point(EC)), format_name, name="x")
    verdict = judged(token({33: SIGNER}, CLAIMS), QrTrust.of(issuers=[listed], anchors={CLAIM_169: [ROOT]}))
    assert verdict.fact(FactName.TRUST).reason is reason
    assert verdict.meets()


def test_a_certificate_that_is_not_for_it() -> None:
    trust = QrTrust.of(store=TrustStore.of([ROOT]))
    server = certificate("Máy chủ", EC, purpose=ExtendedKeyUsageOID.SERVER_AUTH)
    assert judged(token({33: server}, CLAIMS), trust).fact(FactName.KEY_USAGE).outcome is Outcome.FAILED
    own = judged(token({33: ROOT}, CLAIMS, ROOT_KEY), trust)
    assert own.fact(FactName.KEY_USAGE).outcome is Outcome.FAILED
    abroad = certificate("Gốc Mẫu", ROOT_KEY, authority=True, country="DE")
    signer = certificate("Ký", EC, country="DE")
    other = judged(token({33: signer}, CLAIMS), QrTrust.of(store=TrustStore.of([abroad])))
    assert other.fact(FactName.CONSISTENCY).reason is Reason.SIGNER_OF_ANOTHER_STATE


@pytest.mark.parametrize(
    ("country", "outcome", "reason"),
    [
        *((same, Outcome.PASSED, Reason.CONSISTENT) for same in ("VN", "vn", "VNM", "vnm")),
        ("LA", Outcome.FAILED, Reason.SIGNER_OF_ANOTHER_STATE),
        ("LAO", Outcome.FAILED, Reason.SIGNER_OF_ANOTHER_STATE),
        ("QQQ", Outcome.INCONCLUSIVE, Reason.ISSUING_STATE_UNKNOWN),
        (None, Outcome.PASSED, Reason.CONSISTENT),
    ],
)
def test_a_country_is_the_certificates(country: str | None, outcome: Outcome, reason: Reason) -> None:
    said = {number: value for number, value in CLAIMS[169].items() if number != 23}
    claims = {**CLAIMS, 169: said | ({} if country is None else {23: country})}
    trust = QrTrust.of(store=TrustStore.of([ROOT]))
    found = judged(token({33: SIGNER}, claims), trust).fact(FactName.CONSISTENCY)
    assert (found.outcome, found.reason) == (outcome, reason)
    listed = QrTrust.of(issuers=[issuer(p256(point(EC)), name="x")])
    alone = judged(token({}, claims), listed)
    assert alone.meets()
    assert alone.fact(FactName.CONSISTENCY).reason is Reason.CONSISTENT, "no certificate says another"
    assert alone.issuer == "x"


@pytest.mark.parametrize("chain", [b"no certificate", [], [SIGNER] * 5, "text", [1]])
def test_a_chain_that_is_none(chain: Any) -> None:
    found = judged(token({33: chain}, CLAIMS), QrTrust.of(store=TrustStore.of([ROOT]))).fact(FactName.SIGNATURE)
    assert (found.outcome, found.reason) == (Outcome.FAILED, Reason.MALFORMED_SIGNER_CERTIFICATE)


def test_a_listed_issuer_counts_for_its_formats_and_its_algorithm() -> None:
    payload = token({4: b"k-1"}, CLAIMS)
    right = p256(point(EC), kid="k-1", alg="ES256")
    assert judged(payload, QrTrust.of(issuers=[issuer(right, name="x")])).meets()
    for wrong, outcome in (
        (issuer(right, name="y"), Outcome.INCONCLUSIVE),
        (issuer(p256(point(EC), kid="k-2"), name="x"), Outcome.INCONCLUSIVE),
        (issuer(p256(point(EC), alg="ES384"), name="x"), Outcome.FAILED),
    ):
        assert judged(payload, QrTrust.of(issuers=[wrong])).fact(FactName.SIGNATURE).outcome is outcome
    other = judged(payload, QrTrust.of(issuers=[issuer(right, "smart_health_card", name="x")]))
    assert other.fact(FactName.KEY_USAGE).reason is Reason.KEY_USAGE_WRONG


@pytest.mark.parametrize(
    "said",
    [{4: 1}, {9: "1"}, {9: -1}, {16: b""}, {16: bytes(70_000)}, {16: "x"}, {18: 3}, {62: [1]}, {62: [{1: 1}]}, {"": 1}],
)  # fmt: skip
def test_an_attribute_of_the_wrong_kind_makes_the_whole_malformed(said: dict[Any, Any]) -> None:
    with pytest.raises(MalformedData):
        IdentityToken.from_bytes(token({}, {**CLAIMS, 169: said}))
