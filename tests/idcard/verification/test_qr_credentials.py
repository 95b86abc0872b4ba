"""Credentials of wallets as codes: whose they are, and whose certificates may sign them."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cbor2
import isomdoc
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

import idcard
from idcard import FactName, Outcome, QrVerdict, Reason
from idcard.errors import IdCardError
from idcard.identity import Sex
from idcard.trust.signer_list import QrTrust
from idcard.verification.qr import replay_key

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[2] / "vectors/qr/credentials.json").read_text())
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
SEED = "codes"
KIND = "https://credentials.example/identity"
ANNEX_D = bytes.fromhex(VECTORS["iso_18013_5_annex_d"]["device_response"])
FOREIGN = bytes.fromhex(VECTORS["pymdoccbor"]["device_response"])
IACA = bytes.fromhex(VECTORS["pymdoccbor"]["iaca"])
THEN = datetime(2021, 6, 1, tzinfo=UTC)
SOUND = (FactName.SIGNATURE, FactName.TRUST, FactName.KEY_USAGE)


def judged(payload: bytes, trust: QrTrust, at: datetime = NOW) -> QrVerdict:
    return idcard.verify_qr(idcard.recognise(payload), trust, at=at)


def reasons(verdict: QrVerdict) -> list[Reason]:
    return [verdict.fact(name).reason for name in SOUND]


def listed(issuer: str, jwk: dict[str, Any], *formats: str) -> bytes:
    return json.dumps({"format": 1, "issuer": issuer, "for": formats, "keys": [jwk]}).encode()


@pytest.fixture
def sd_jwt(wallet: Any) -> Callable[..., bytes]:
    def made(**header: Any) -> bytes:
        text = wallet.credential(SEED, wallet.jwk_of(wallet.key_of("holder")), KIND, NOW, **header)
        return str(text).encode()

    return made


def x5c(*certificates: bytes) -> list[str]:
    return [base64.b64encode(one).decode() for one in certificates]


def test_the_standards_example_under_its_issuers_key() -> None:
    vector = VECTORS["rfc9901_a3"]
    text, then = vector["presentation"].encode(), datetime(2025, 6, 1, tzinfo=UTC)
    good = judged(text, QrTrust.of(issuers=[listed(vector["issuer"], vector["issuer_jwk"], "sd_jwt_vc")]), then)
    assert good.meets()
    assert good.issuer == vector["issuer"]
    assert good.fact(FactName.HOLDER).reason is Reason.HOLDER_KEY_FOR_OTHERS
    other = judged(text, QrTrust.of(issuers=[listed("https://other.example", vector["issuer_jwk"], "sd_jwt_vc")]), then)
    assert reasons(other)[0] is Reason.SIGNER_NOT_LISTED
    for_cards = QrTrust.of(issuers=[listed(vector["issuer"], vector["issuer_jwk"], "smart_health_card")])
    assert reasons(judged(text, for_cards, then)) == [
        Reason.SIGNATURE_VERIFIED, Reason.SIGNER_LISTED, Reason.KEY_USAGE_WRONG,
    ]  # fmt: skip
    assert not judged(text, for_cards, then).meets()
    late = judged(text, QrTrust.of(), datetime(2030, 1, 1, tzinfo=UTC))
    assert late.fact(FactName.VALIDITY).reason is Reason.EXPIRED


def test_a_certificate_that_came_along_must_lead_to_an_anchor(wallet: Any, sd_jwt: Callable[..., bytes]) -> None:
    signer, root = wallet.der(wallet.signer(SEED)), wallet.der(wallet.root(SEED))
    text = sd_jwt(x5c=x5c(signer))
    good = judged(text, QrTrust.of(anchors={"sd_jwt_vc": [root]}))
    assert good.meets(), reasons(good)
    assert good.anchor is not None
    for trust in (QrTrust.of(), QrTrust.of(anchors={"iso_18013_5_mdoc": [root]})):
        assert judged(text, trust).fact(FactName.TRUST).outcome is Outcome.INCONCLUSIVE
    other = QrTrust.of(anchors={"sd_jwt_vc": [wallet.der(wallet.root("other"))]})
    assert judged(text, other).fact(FactName.TRUST).reason is Reason.SAME_NAME_OTHER_KEY
    assert judged(text, QrTrust.of(format_signers={"sd_jwt_vc": [signer]})).meets()
    for_health = judged(text, QrTrust.of(signers=[signer], format_signers={"mosip_claim_169": [signer]}))
    assert for_health.fact(FactName.TRUST).outcome is Outcome.INCONCLUSIVE, (
        "a signer of health proofs signs no identity"
    )
    assert not for_health.meets()
    brought = sd_jwt(x5c=x5c(signer, root))
    assert not judged(brought, QrTrust.of()).meets(), "a root that came along is nobody's anchor"


@pytest.mark.parametrize(("seed", "format_name", "reason"), [
    (SEED, "smart_health_card", Reason.ANCHORED), ("older", "sd_jwt_vc", Reason.ANCHORED),
    (SEED, "sd_jwt_vc", Reason.SIGNER_LISTED),
])  # fmt: skip
def test_an_issuer_with_keys_on_the_list_may_bring_a_certificate(
    wallet: Any, sd_jwt: Callable[..., bytes], seed: str, format_name: str, reason: Reason
) -> None:
    """Its keys may be listed for another format, or be older: the certificate counts; else the listed key does."""
    text = sd_jwt(x5c=x5c(wallet.der(wallet.signer(SEED))))
    key = wallet.jwk_of(wallet.key_of(seed)).export_public(as_dict=True)
    anchors = {"sd_jwt_vc": [wallet.der(wallet.root(SEED))]} if reason is Reason.ANCHORED else {}
    verdict = judged(text, QrTrust.of(issuers=[listed(wallet.ISSUER, key, format_name)], anchors=anchors))
    assert verdict.fact(FactName.TRUST).reason is reason
    assert verdict.meets(), reasons(verdict)


def test_a_certificate_must_name_the_issuer(wallet: Any, sd_jwt: Callable[..., bytes]) -> None:
    trust = QrTrust.of(anchors={"sd_jwt_vc": [wallet.der(wallet.root(SEED))]})
    for host in ("other.example", None, "xissuer.example", "*.example"):
        text = sd_jwt(x5c=x5c(wallet.der(wallet.signer(SEED, host=host))))
        verdict = judged(text, trust)
        assert verdict.fact(FactName.TRUST).reason is Reason.ISSUER_NOT_IN_CERTIFICATE, host
        assert not verdict.meets()


@pytest.mark.parametrize(("purpose", "reason"), [
    ("1.0.18013.5.1.2", Reason.KEY_USAGE_RIGHT), (None, Reason.KEY_USAGE_OPEN),
    ("1.3.6.1.5.5.7.3.1", Reason.KEY_USAGE_WRONG), ("2.23.136.1.1.3", Reason.KEY_USAGE_WRONG),
])  # fmt: skip
def test_a_certificate_for_something_else_signs_no_credential(
    wallet: Any, sd_jwt: Callable[..., bytes], purpose: str | None, reason: Reason
) -> None:
    text = sd_jwt(x5c=x5c(wallet.der(wallet.signer(SEED, purpose=purpose))))
    trust = QrTrust.of(anchors={"sd_jwt_vc": [wallet.der(wallet.root(SEED))]})
    assert judged(text, trust).fact(FactName.KEY_USAGE).reason is reason


def test_another_key_under_the_right_certificate(wallet: Any, sd_jwt: Callable[..., bytes]) -> None:
    text = sd_jwt(x5c=x5c(wallet.der(wallet.signer("other"))))
    trust = QrTrust.of(anchors={"sd_jwt_vc": [wallet.der(wallet.root("other"))]})
    verdict = judged(text, trust)
    assert reasons(verdict) == [Reason.SIGNATURE_WRONG, Reason.SIGNATURE_NOT_VERIFIED, Reason.SIGNATURE_NOT_VERIFIED]
    assert (verdict.signer, verdict.anchor) == (None, None)


def test_a_w3c_credential_of_joserfc() -> None:
    key = ECKey.generate_key("P-256", {"kid": "2026"})
    begin, end = int(NOW.timestamp()), int((NOW + timedelta(days=1)).timestamp())
    subject = {"familyName": "Mẫu", "givenName": "Thử", "birthDate": "1990-01-15"}
    inside = {"type": ["VerifiableCredential"], "credentialSubject": subject, "credentialStatus": {"id": "x"}}
    claims = {"iss": "https://issuer.example", "nbf": begin, "exp": end, "vc": inside}
    text = jwt.encode({"alg": "ES256", "kid": "2026"}, claims, key).encode()
    jwk = dict(key.as_dict(private=False))
    good = judged(text, QrTrust.of(issuers=[listed("https://issuer.example", jwk, "w3c_vc_jwt")]))
    assert good.meets()
    assert good.fact(FactName.REVOCATION).reason is Reason.STATUS_NOT_LOOKED_UP
    assert good.fact(FactName.HOLDER).reason is Reason.NO_HOLDER_BINDING
    claimed = good.claimed_identity()
    assert claimed is not None
    assert (claimed.name, str(claimed.birth)) == ("Mẫu Thử", "1990-01-15")
    renamed = listed("https://issuer.example", jwk | {"kid": "2025"}, "w3c_vc_jwt")
    assert reasons(judged(text, QrTrust.of(issuers=[renamed])))[0] is Reason.SIGNER_NOT_LISTED


def test_a_w3c_credential_of_the_second_model() -> None:
    key = ECKey.generate_key("P-256", {"kid": "2026"})
    said = {
        "@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiableCredential"],
        "issuer": "https://issuer.example", "validFrom": "2026-01-01T00:00:00Z", "validUntil": "2027-01-01T00:00:00Z",
        "credentialSubject": {"familyName": "Mẫu", "givenName": "Thử", "birthDate": "1990-01-15"},
    }  # fmt: skip
    text = jwt.encode({"alg": "ES256", "kid": "2026", "typ": "vc+jwt"}, said, key).encode()
    trust = QrTrust.of(issuers=[listed("https://issuer.example", dict(key.as_dict(private=False)), "w3c_vc_jwt")])
    good = judged(text, trust)
    assert good.meets()
    claimed = good.claimed_identity()
    assert claimed is not None
    assert (claimed.name, str(claimed.birth)) == ("Mẫu Thử", "1990-01-15")
    assert judged(text, trust, datetime(2027, 2, 1, tzinfo=UTC)).fact(FactName.VALIDITY).reason is Reason.EXPIRED
    stranger = dict(ECKey.generate_key("P-256").as_dict(private=False))
    other = QrTrust.of(issuers=[listed("https://issuer.example", stranger, "w3c_vc_jwt")])
    assert reasons(judged(text, other))[0] is Reason.SIGNATURE_WRONG


@pytest.mark.parametrize(
    ("said", "name", "birth", "sex"),
    [
        ({"family_name": "Mẫu", "given_name": " Thử "}, "Mẫu Thử", None, None),
        ({"family_name": 1, "given_name": "Thử"}, "Thử", None, None),
        ({"family_name": "A" * 301}, "A" * 300, None, None),
        ({}, None, None, None),
        ({"birthdate": "1990-01-15T09:00:00Z", "sex": 1}, None, "1990-01-15", Sex.MALE),
        ({"birthdate": "1990", "sex": 2}, None, "1990", Sex.FEMALE),
        ({"birthdate": "1990-01", "sex": 9}, None, "1990-01", Sex.UNSPECIFIED),
        ({"birthdate": 1990, "sex": 0}, None, None, None),
        ({"birthdate": "", "sex": True}, None, None, None),
        ({"sex": "1"}, None, None, None),
        ({"sex": 3}, None, None, None),
    ],
)
def test_whom_a_credential_claims_to_be_about(
    said: dict[str, Any], name: str | None, birth: str | None, sex: Sex | None
) -> None:
    key = ECKey.generate_key("P-256")
    text = jwt.encode({"alg": "ES256", "typ": "dc+sd-jwt"}, {"iss": "https://issuer.example", "vct": "k"} | said, key)
    claimed = judged(f"{text}~".encode(), QrTrust.of()).claimed_identity()
    assert claimed is not None
    assert (claimed.name, claimed.birth and str(claimed.birth), claimed.sex) == (name, birth, sex)


BEGIN, ISSUED = (int((NOW - timedelta(hours=hours)).timestamp()) for hours in (1, 2))


@pytest.mark.parametrize(
    ("said", "begin"),
    [({"iat": ISSUED}, ISSUED), ({"iat": ISSUED, "nbf": BEGIN}, BEGIN), ({"nbf": BEGIN}, BEGIN), ({}, None)],
)
def test_a_credential_counts_from_when_it_says_or_was_issued(said: dict[str, int], begin: int | None) -> None:
    key = ECKey.generate_key("P-256")
    claims = {"iss": "https://issuer.example", "vct": "k", "exp": BEGIN + 7200} | said
    text = jwt.encode({"alg": "ES256", "typ": "dc+sd-jwt"}, claims, key)
    verdict = judged(f"{text}~".encode(), QrTrust.of())
    assert verdict.valid_from == (None if begin is None else datetime.fromtimestamp(begin, UTC))
    assert verdict.fact(FactName.VALIDITY).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"alg": "ES256", "typ": "kb+jwt"}, Reason.HOLDER_KEY_FOR_OTHERS),
        ({"alg": "ES384", "typ": "kb+jwt"}, Reason.UNSUPPORTED_ALGORITHM),
        ({"typ": "kb+jwt", "alg": "ES256"}, Reason.HOLDER_KEY_WRONG),
    ],
    ids=["as it was", "another algorithm", "another text"],
)
def test_a_key_binding_by_an_algorithm_that_the_key_is_not_for(
    wallet: Any, header: dict[str, str], reason: Reason
) -> None:
    holder = wallet.jwk_of(wallet.key_of("holder"))
    text = wallet.shown(wallet.credential(SEED, holder, KIND, NOW), holder, nonce="n", audience="a")
    before, _, binding = text.rpartition("~")
    was, *rest = binding.split(".")
    assert json.loads(base64.urlsafe_b64decode(was + "==")) == {"alg": "ES256", "typ": "kb+jwt"}
    changed = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    part = was if reason is Reason.HOLDER_KEY_FOR_OTHERS else changed
    fact = judged(f"{before}~{'.'.join([part, *rest])}".encode(), QrTrust.of()).fact(FactName.HOLDER)
    outcome = Outcome.INCONCLUSIVE if reason is Reason.HOLDER_KEY_FOR_OTHERS else Outcome.FAILED
    assert (fact.outcome, fact.reason) == (outcome, reason)


def test_a_binding_counts_for_what_it_was_made_over_alone(wallet: Any) -> None:
    """Who has somebody's answer shows less of it than its holder did."""
    holder = wallet.jwk_of(wallet.key_of("holder"))
    text = wallet.shown(wallet.credential(SEED, holder, KIND, NOW), holder, nonce="n", audience="a")
    token, _, *others = text.split("~")
    assert len(others) == 3
    whole = judged(text.encode(), QrTrust.of()).fact(FactName.HOLDER)
    assert (whole.outcome, whole.reason) == (Outcome.INCONCLUSIVE, Reason.HOLDER_KEY_FOR_OTHERS)
    less = judged("~".join([token, *others]).encode(), QrTrust.of()).fact(FactName.HOLDER)
    assert (less.outcome, less.reason) == (Outcome.FAILED, Reason.HOLDER_KEY_WRONG)


def test_a_credential_that_is_bound_to_nobody(wallet: Any) -> None:
    """Whatever key signed beside it."""
    key, holder = ECKey.generate_key("P-256"), wallet.jwk_of(wallet.key_of("holder"))
    bare = jwt.encode({"alg": "ES256", "typ": "dc+sd-jwt"}, {"iss": "https://issuer.example", "vct": "k"}, key) + "~"
    _, _, binding = wallet.shown(
        wallet.credential(SEED, holder, KIND, NOW), holder, nonce="n", audience="a"
    ).rpartition("~")
    for text in (bare, bare + binding):
        fact = judged(text.encode(), QrTrust.of()).fact(FactName.HOLDER)
        assert (fact.outcome, fact.reason) == (Outcome.NOT_SUPPORTED, Reason.NO_HOLDER_BINDING)


def test_the_standards_mobile_document_under_its_signer() -> None:
    (signer,) = idcard.recognise(ANNEX_D).document.sign1.chain  # type: ignore[union-attr]
    good = judged(ANNEX_D, QrTrust.of(format_signers={"iso_18013_5_mdoc": [signer]}), THEN)
    assert good.meets(), reasons(good)
    assert good.fact(FactName.HOLDER).reason is Reason.HOLDER_KEY_NOT_SHOWN
    assert not judged(ANNEX_D, QrTrust.of(), THEN).meets()
    assert (
        judged(ANNEX_D, QrTrust.of(format_signers={"iso_18013_5_mdoc": [signer]}), NOW).fact(FactName.VALIDITY).reason
        is Reason.EXPIRED
    )


def test_every_changed_byte_of_the_standards_mobile_document_is_noticed() -> None:
    """But for those behind what its issuer signed: the device's MAC is not judged."""
    (signer,) = idcard.recognise(ANNEX_D).document.sign1.chain  # type: ignore[union-attr]
    trust, end = QrTrust.of(format_signers={"iso_18013_5_mdoc": [signer]}), ANNEX_D.index(b"ldeviceSigned")
    for place in range(end):
        changed = bytearray(ANNEX_D)
        changed[place] ^= 1
        try:
            verdict = judged(bytes(changed), trust, THEN)
        except IdCardError:
            continue
        assert not verdict.meets(), place


def test_every_changed_byte_of_a_foreign_document_is_noticed() -> None:
    trust = QrTrust.of(anchors={"iso_18013_5_mdoc": [IACA]})
    for place in range(len(FOREIGN)):
        changed = bytearray(FOREIGN)
        changed[place] ^= 1
        try:
            verdict = judged(bytes(changed), trust)
        except IdCardError:
            continue
        assert not verdict.meets(), place


def test_every_changed_character_of_the_standards_presentation_is_noticed() -> None:
    """Also in the key binding, although it is for somebody else."""
    vector, then = VECTORS["rfc9901_a3"], datetime(2025, 6, 1, tzinfo=UTC)
    trust = QrTrust.of(issuers=[listed(vector["issuer"], vector["issuer_jwk"], "sd_jwt_vc")])
    text = vector["presentation"].encode()
    assert judged(text, trust, then).meets()
    for place in range(len(text)):
        changed = bytearray(text)
        changed[place] ^= 1
        try:
            verdict = judged(bytes(changed), trust, then)
        except IdCardError:
            continue
        assert not verdict.meets(), place


def test_a_foreign_document_under_its_root() -> None:
    trust = QrTrust.of(anchors={"iso_18013_5_mdoc": [IACA]})
    good = judged(FOREIGN, trust)
    assert good.meets(), reasons(good)
    assert reasons(good) == [Reason.SIGNATURE_VERIFIED, Reason.ANCHORED, Reason.KEY_USAGE_RIGHT]
    claimed = good.claimed_identity()
    assert claimed is not None
    assert (claimed.name, str(claimed.birth)) == ("Mẫu Thử Nghiệm", "1990-01-15")
    assert good.issuer == "C=UT, CN=Utopia DS (invented)"
    forged = cbor2.loads(FOREIGN)
    forged["documents"][0]["issuerSigned"]["issuerAuth"][3] = bytes(64)
    assert judged(cbor2.dumps(forged), trust).issuer is None, "nobody signed it"


def test_an_element_that_its_issuer_did_not_sign() -> None:
    place = FOREIGN.index(b"UT000001")
    changed = FOREIGN[:place] + b"UT000002" + FOREIGN[place + 8 :]
    # Also where nobody knows its issuer: it is wrong, and not unknown.
    for trust in (QrTrust.of(anchors={"iso_18013_5_mdoc": [IACA]}), QrTrust.of()):
        verdict = judged(changed, trust)
        fact = verdict.fact(FactName.SIGNATURE)
        assert (fact.outcome, fact.reason) == (Outcome.FAILED, Reason.HASH_MISMATCH)
        assert not verdict.meets()


def test_a_document_without_certificate_or_for_another_purpose(wallet: Any) -> None:
    def made(purpose: str | None, country: str = "UT") -> bytes:
        certificate = wallet.signer(SEED, purpose=purpose)
        document = isomdoc.create_mdoc(wallet.TYPE, [certificate], wallet.key_of(SEED))
        document.add_data_item("org.iso.18013.5.1", "issuing_country", country)
        times = (NOW - timedelta(days=1), NOW - timedelta(days=1), NOW + timedelta(days=1))
        issued: bytes = document.generate_credential(wallet.key_of("holder").public_key(), *times)
        return issued

    trust = QrTrust.of(anchors={"iso_18013_5_mdoc": [wallet.der(wallet.root(SEED))]})
    assert judged(made("1.0.18013.5.1.2"), trust).meets()
    for purpose in (None, "1.3.6.1.5.5.7.3.1"):
        assert judged(made(purpose), trust).fact(FactName.KEY_USAGE).reason is Reason.KEY_USAGE_WRONG
    abroad = judged(made("1.0.18013.5.1.2", "XX"), trust)
    assert abroad.fact(FactName.CONSISTENCY).reason is Reason.SIGNER_OF_ANOTHER_STATE
    assert not abroad.meets()
    bare = cbor2.loads(made("1.0.18013.5.1.2"))
    without: tuple[dict[int, Any], ...] = ({}, {33: []}, {33: "none"})
    for brought in without:
        bare["issuerAuth"][1] = brought
        fact = judged(cbor2.dumps(bare), trust).fact(FactName.SIGNATURE)
        assert (fact.outcome, fact.reason) == (Outcome.FAILED, Reason.NO_SIGNER_CERTIFICATE), brought


def test_showing_less_of_a_credential_or_binding_it_anew_makes_no_other_code(wallet: Any) -> None:
    holder = wallet.jwk_of(wallet.key_of("holder"))
    issued = wallet.credential(SEED, holder, KIND, NOW)
    token = issued.split("~")[0]
    bound = wallet.shown(issued, holder, nonce="n", audience="a")
    once, again, other = (
        replay_key(idcard.recognise(text.encode()))
        for text in (bound, f"{token}~", wallet.credential("other", holder, KIND, NOW))
    )
    assert once == again != other
    licence = cbor2.loads(FOREIGN)["documents"][0]["issuerSigned"]
    whole = replay_key(idcard.recognise(FOREIGN))
    assert replay_key(idcard.recognise(cbor2.dumps(licence | {"nameSpaces": {}}))) == whole
    assert replay_key(idcard.recognise(ANNEX_D)) != whole
