"""SMART Health Cards: the framework's own examples and its validator's wrong ones; parts, and lists of cards."""

import json
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from idcard.errors import BoundExceeded, ConfigurationError, IdCardError, MalformedData
from idcard.qr.formats import RECOGNISERS, SMART_HEALTH_CARD
from idcard.qr.health_card import HealthCard, HealthCardPart, joined, parse
from idcard.qr.jwk import thumbprint, to_base64url
from idcard.qr.recognise import Recognised, recognise
from idcard.trust.signer_list import QrTrust
from idcard.verification.facts import FactName, Outcome, Reason
from idcard.verification.qr import QrVerdict, replay_key, verify_qr

VECTORS = Path(__file__).parents[2] / "vectors" / "qr"
OLD: dict[str, Any] = json.loads((VECTORS / "smart_health_cards.json").read_text())
MORE: dict[str, Any] = json.loads((VECTORS / "smart_health_cards_more.json").read_text())
[KEY] = OLD["jwks"]["keys"]
CARD = OLD["valid"]["vectors"][0]["shc"].encode()
ISSUER = "https://spec.smarthealth.cards/examples/issuer"
NOW = datetime(2022, 12, 1, tzinfo=UTC)


def issuer(name: str = ISSUER, key: dict[str, Any] = KEY, crls: list[Any] | None = None, **more: Any) -> bytes:
    said = {"format": 1, "issuer": name, "for": [SMART_HEALTH_CARD], "keys": [key]} | more
    return json.dumps(said if crls is None else {**said, "crls": crls}).encode()


def numeric(jws: str) -> bytes:
    return b"shc:/" + "".join(f"{ord(character) - 45:02}" for character in jws).encode()


TRUST = QrTrust.of(issuers=[issuer()])


def judged(payload: bytes, trust: QrTrust = TRUST, at: datetime = NOW) -> QrVerdict:
    return verify_qr(recognise(payload, RECOGNISERS), trust, at=at)


def signature(verdict: QrVerdict) -> tuple[Outcome, Reason]:
    found = verdict.fact(FactName.SIGNATURE)
    return found.outcome, found.reason


def test_the_framework_s_example() -> None:
    verdict = judged(CARD)
    assert verdict.meets()
    assert verdict.issuer == ISSUER
    assert verdict.fact(FactName.VALIDITY).reason is Reason.NEVER_EXPIRES
    person = verdict.claimed_identity()
    assert person is not None
    assert (person.name, str(person.birth), person.sex) == (
        "Kenobi-Skywalker Peter Benedikt Alexander",
        "1961-02-28",
        "M",
    )
    assert thumbprint(KEY) == KEY["kid"]


def test_the_framework_s_card_that_was_taken_back() -> None:
    card = numeric(MORE["revoked"])
    assert judged(card).meets()
    assert judged(card).fact(FactName.REVOCATION).reason is Reason.NO_REVOCATION_LIST
    trust = QrTrust.of(issuers=[issuer(crls=[MORE["crl"]])])
    verdict = judged(card, trust)
    assert verdict.fact(FactName.REVOCATION).reason is Reason.REVOKED
    assert not verdict.meets()
    # The other card of this key has no identifier, so that nothing can take it back.
    assert judged(CARD, trust).fact(FactName.REVOCATION).reason is Reason.NOT_REVOKED
    # One that was issued a second later would not be.
    later = {**MORE["crl"], "rids": ["vwAjHdarZuc.1668545474"]}
    assert judged(card, QrTrust.of(issuers=[issuer(crls=[later])])).meets()
    assert judged(card, at=datetime(2024, 1, 1, tzinfo=UTC)).fact(FactName.VALIDITY).reason is Reason.EXPIRED


def test_a_list_of_an_older_version_than_the_key_says() -> None:
    key = {**KEY, "crlVersion": 2}
    for crls, reason in (([], Reason.REVOCATION_LIST_STALE), ([{**MORE["crl"], "ctr": 2}], Reason.NOT_REVOKED)):
        found = judged(CARD, QrTrust.of(issuers=[issuer(key=key, crls=crls)])).fact(FactName.REVOCATION)
        assert found.reason is reason


def test_a_list_with_wrong_identifiers_is_refused_whole() -> None:
    bad = MORE["bad_crl"]
    with pytest.raises(ConfigurationError):
        QrTrust.of(issuers=[issuer(key=bad["jwk"], crls=[bad["crl"]])])
    card = numeric(bad["jws"])
    document = parse(card)
    assert isinstance(document, HealthCard)
    right = [one for one in bad["crl"]["rids"] if "." in one]
    trust = QrTrust.of(issuers=[issuer(document.issuer, bad["jwk"], [{**bad["crl"], "rids": right}])])
    assert signature(judged(card, trust))[0] is Outcome.PASSED


def test_wrong_signatures() -> None:
    wrong = numeric(MORE["invalid_signature"])
    trust = QrTrust.of(issuers=[issuer("https://smarthealth.cards/examples/issuer")])
    assert signature(judged(wrong, trust)) == (Outcome.FAILED, Reason.SIGNATURE_WRONG)
    der = numeric(OLD["negative"]["test-example-00-d-jws-der-signature-s-neg.txt"])
    assert signature(judged(der)) == (Outcome.FAILED, Reason.SIGNATURE_WRONG)


def test_what_the_framework_s_validator_calls_wrong() -> None:
    negative = OLD["negative"]
    with pytest.raises(MalformedData):
        parse(negative["test-example-00-f-qr-code-numeric-value-0-odd-count.txt"].encode())
    spaced = negative["test-example-00-d-jws-trailing_chars.txt"]
    with pytest.raises(MalformedData):
        HealthCard.from_text(spaced)
    # An issuer that does not exist, so that nobody lists it.
    [unknown] = json.loads(negative["test-example-00-e-file-invalid_issuer_url.smart-health-card"])[
        "verifiableCredential"
    ]
    assert signature(judged(numeric(unknown))) == (Outcome.INCONCLUSIVE, Reason.SIGNER_NOT_LISTED)
    # Two cards in one file, the second signed with another key of the issuer.
    both = json.loads(negative["test-example-00-e-file-multi-jws.smart-health-card"])["verifiableCredential"]
    assert [signature(judged(numeric(one)))[0] for one in both] == [Outcome.PASSED, Outcome.INCONCLUSIVE]
    # Too long for one code, and of a type that is none of the framework's.
    with pytest.raises(MalformedData):
        parse(numeric(negative["test-example-00-d-jws-jws_too_long.txt"]))


PARTS = [text.encode() for name, text in OLD["negative"].items() if "chunk" in name]


def test_parts_say_nothing_alone() -> None:
    assert {repr(parse(part)) for part in PARTS} == {f"HealthCardPart({n} of 17)" for n in (2, 5, 10, 15)}
    verdict = judged(PARTS[0])
    assert {fact.reason for fact in verdict.facts} >= {Reason.PART_OF_A_CODE}
    assert not verdict.meets()
    with pytest.raises(MalformedData):
        joined(PARTS)


def parts(card: bytes, total: int) -> list[bytes]:
    digits = card.removeprefix(b"shc:/")
    size = -(-len(digits) // 2 // total) * 2
    return [f"shc:/{n + 1}/{total}/".encode() + digits[n * size : (n + 1) * size] for n in range(total)]


@pytest.mark.parametrize("total", [2, 3, 9])
def test_parts_in_any_order_make_the_card(total: int) -> None:
    codes = parts(CARD, total)
    assert joined([*reversed(codes), codes[0]]) == CARD
    for wrong in (codes[1:], [*codes, CARD], [*codes, parts(CARD, total + 1)[0]], [*codes, codes[0][:-2]], []):
        with pytest.raises(MalformedData):
            joined(wrong)


def test_a_part_that_cannot_be() -> None:
    for wrong in (b"shc:/3/2/5676", b"shc:/0/2/5676", b"shc:/1/33/5676", b"shc:/1/2/567", b"shc:/5678", b"shc:/99"):
        with pytest.raises(MalformedData):
            parse(wrong)
    assert isinstance(parse(parts(CARD, 1)[0]), HealthCard)
    assert isinstance(parse(b"shc:/1/2/5676"), HealthCardPart)


@pytest.mark.parametrize("card", [CARD, numeric(MORE["revoked"])], ids=["example", "revoked"])
def test_no_changed_character_passes(card: bytes) -> None:
    digits, trust = card[5:], QrTrust.of(issuers=[issuer()], complete=True)
    passed = []
    for at in range(0, len(digits), 2):
        other = (int(digits[at : at + 2]) + 1 + at % 76) % 78
        changed = b"shc:/" + digits[:at] + f"{other:02}".encode() + digits[at + 2 :]
        try:
            document = parse(changed)
        except IdCardError:
            continue
        found = Recognised(format=SMART_HEALTH_CARD, payload=changed, document=document)
        if verify_qr(found, trust, at=NOW).fact(FactName.SIGNATURE).outcome is not Outcome.FAILED:
            passed.append(at)
    assert not passed


OWN = ec.derive_private_key(5, ec.SECP256R1())
NUMBERS = OWN.public_key().public_numbers()
OWN_JWK = {
    "kty": "EC",
    "crv": "P-256",
    "x": to_base64url(NUMBERS.x.to_bytes(32)),
    "y": to_base64url(NUMBERS.y.to_bytes(32)),
}
OWN_JWK["kid"] = thumbprint(OWN_JWK)
BUNDLE = {"entry": [{"resource": {"resourceType": "Patient", "name": [{"text": "Nguyễn Văn Thử"}]}}]}
VC = {
    "type": ["https://smarthealth.cards#health-card"],
    "credentialSubject": {"fhirVersion": "4.0.1", "fhirBundle": BUNDLE},
}
SAID = {"iss": "https://issuer.example", "nbf": int(NOW.timestamp()), "vc": VC}


def signed(said: Any = SAID, header: dict[str, Any] | None = None, level: int = 9) -> bytes:
    packer = zlib.compressobj(level, wbits=-15)
    payload = packer.compress(said if isinstance(said, bytes) else json.dumps(said).encode()) + packer.flush()
    headers = {"zip": "DEF", "alg": "ES256", "kid": OWN_JWK["kid"]} | (header or {})
    parts = ".".join(to_base64url(part) for part in (json.dumps(headers).encode(), payload))
    r, s = decode_dss_signature(OWN.sign(parts.encode(), ec.ECDSA(hashes.SHA256())))
    return numeric(f"{parts}.{to_base64url(r.to_bytes(32) + s.to_bytes(32))}")


OWN_TRUST = QrTrust.of(issuers=[issuer("https://issuer.example", OWN_JWK)])


def test_cards_of_our_own_making() -> None:
    at = NOW + timedelta(hours=1)
    assert judged(signed(), OWN_TRUST, at).meets()
    assert replay_key(recognise(signed(), RECOGNISERS)) == replay_key(recognise(signed(level=1), RECOGNISERS))
    person = judged(signed(), OWN_TRUST).claimed_identity()
    assert person is not None
    assert person.name == "Nguyễn Văn Thử"
    other = signed({**SAID, "iss": "https://other.example"})
    assert signature(judged(other, OWN_TRUST)) == (Outcome.INCONCLUSIVE, Reason.SIGNER_NOT_LISTED)
    identity = QrTrust.of(issuers=[issuer("https://issuer.example", OWN_JWK, **{"for": ["mosip_claim_169"]})])
    assert judged(signed(), identity).fact(FactName.KEY_USAGE).reason is Reason.KEY_USAGE_WRONG
    assert judged(signed(header={"alg": "none"}), OWN_TRUST).fact(FactName.SIGNATURE).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "said",
    [
        {**SAID, "iss": "http://issuer.example"},
        {**SAID, "iss": "https://issuer.example/"},
        {**SAID, "nbf": "1"},
        {**SAID, "nbf": -1},
        {**SAID, "exp": True},
        {**SAID, "vc": {**VC, "type": []}},
        {**SAID, "vc": {**VC, "rid": "$wrong!"}},
        {**SAID, "vc": {**VC, "rid": "a" * 25}},
        {"iss": "https://issuer.example", "vc": VC},
        [],
        b'{"iss": "https://issuer.example", "iss": "https://other.example"}',
        b"\xff",
    ],
)
def test_what_is_no_card(said: Any) -> None:
    with pytest.raises(MalformedData):
        parse(signed(said))


def test_a_header_that_is_not_the_framework_s() -> None:
    for wrong in ({"zip": "none"}, {"kid": None}, {"crit": ["exp"]}):
        with pytest.raises(MalformedData):
            parse(signed(header=wrong))


def test_a_bomb_is_not_inflated() -> None:
    with pytest.raises(BoundExceeded):
        parse(signed(b" " * (1 << 20)))
