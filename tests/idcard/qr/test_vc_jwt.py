"""W3C credentials as JSON web tokens, made by joserfc, which shares nothing with this library."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey

from idcard.crypto.signature import SignatureInvalid
from idcard.errors import MalformedData, Unsupported
from idcard.qr.jwk import public_key, thumbprint, to_base64url
from idcard.qr.jws import Jws
from idcard.qr.vc_jwt import ALGORITHMS, W3cCredential, looks_like_credential

KEYS = {name: ECKey.generate_key(curve) for name, curve in (("ES256", "P-256"), ("ES384", "P-384"), ("ES512", "P-521"))}
ED = OKPKey.generate_key("Ed25519")
SUBJECT = {"id": "did:example:holder", "familyName": "Mẫu", "givenName": "Thử"}
INSIDE = {
    "@context": ["https://www.w3.org/2018/credentials/v1"], "type": ["VerifiableCredential", "IdentityCredential"],
    "credentialSubject": SUBJECT,
}  # fmt: skip
FIRST = {"iss": "https://issuer.example", "nbf": 1_767_225_600, "exp": 1_893_456_000, "vc": INSIDE}
SECOND = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "type": ["VerifiableCredential"],
    "credentialSubject": SUBJECT,
    "issuer": {"id": "https://issuer.example"},
    "validFrom": "2026-01-01T00:00:00Z",
    "validUntil": "2030-01-01T00:00:00+00:00",
}
BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)


def made(claims: dict[str, Any], *, algorithm: str = "ES256", **header: Any) -> bytes:
    key = ED if algorithm == "Ed25519" else KEYS[algorithm]
    return jwt.encode({"alg": algorithm} | header, claims, key, algorithms=[algorithm]).encode()


@pytest.mark.parametrize("algorithm", [*KEYS, "Ed25519"])
def test_both_ways_of_holding_a_credential(algorithm: str) -> None:
    key = public_key((ED if algorithm == "Ed25519" else KEYS[algorithm]).as_dict(private=False))
    first = W3cCredential.from_bytes(made(FIRST, algorithm=algorithm))
    second = W3cCredential.from_bytes(made(SECOND, algorithm=algorithm, typ="vc+jwt"))
    assert (first.version, first.kinds, second.version, second.kinds) == (1, ("IdentityCredential",), 2, ())
    for found in (first, second):
        assert found.jws.verify(key, ALGORITHMS).label == {"Ed25519": "EdDSA"}.get(algorithm, algorithm)
        assert (found.issuer, found.not_before, found.expires) == ("https://issuer.example", BEGIN, END)
        assert dict(found.subject) == SUBJECT
        assert not found.has_status
        assert "Mẫu" not in repr(found)


def test_a_changed_byte_is_noticed() -> None:
    text = made(FIRST)
    key = public_key(KEYS["ES256"].as_dict(private=False))
    for place in range(len(text)):
        changed = text[:place] + (b"B" if text[place : place + 1] == b"A" else b"A") + text[place + 1 :]
        with pytest.raises((MalformedData, Unsupported, SignatureInvalid)):
            W3cCredential.from_bytes(changed).jws.verify(key, ALGORITHMS)


@pytest.mark.parametrize(
    ("claims", "header"),
    [
        (FIRST | {"vc": INSIDE | {"issuer": "https://other.example"}}, {}),
        (FIRST | {"vc": []}, {}),
        (FIRST | {"vc": {}}, {}),
        (FIRST | {"iss": 1}, {}),
        ({name: value for name, value in FIRST.items() if name != "iss"}, {}),
        (FIRST, {"typ": "vc+jwt"}),
        (FIRST | {"vc": INSIDE | {"type": "IdentityCredential"}}, {}),
        (FIRST | {"vc": INSIDE | {"credentialSubject": []}}, {}),
        (FIRST | {"vc": INSIDE | {"expirationDate": "2031-01-01T00:00:00Z"}}, {}),
        (FIRST | {"exp": "never"}, {}),
        (SECOND, {}),
        (SECOND | {"iss": "https://other.example"}, {"typ": "vc+jwt"}),
        (SECOND | {"issuer": 1}, {"typ": "vc+jwt"}),
        (SECOND | {"validUntil": "2030-01-01T00:00:00"}, {"typ": "vc+jwt"}),
        (SECOND | {"validFrom": "x"}, {"typ": "vc+jwt"}),
    ],
)
def test_what_contradicts_itself_or_is_none(claims: dict[str, Any], header: dict[str, Any]) -> None:
    with pytest.raises(MalformedData):
        W3cCredential.from_bytes(made(claims, **header))


def test_the_tokens_own_times_can_only_shorten_a_credentials() -> None:
    sooner = W3cCredential.from_bytes(made(SECOND | {"exp": 1_800_000_000, "nbf": 1}, typ="vc+jwt"))
    assert (sooner.not_before, sooner.expires) == (BEGIN, datetime.fromtimestamp(1_800_000_000, UTC))
    later = W3cCredential.from_bytes(made(SECOND | {"exp": 2_000_000_000}, typ="vc+jwt"))
    assert later.expires == END


def test_a_credential_about_several_names_nobody() -> None:
    several = W3cCredential.from_bytes(made(FIRST | {"vc": INSIDE | {"credentialSubject": [SUBJECT, SUBJECT]}}))
    assert dict(several.subject) == {}
    one = W3cCredential.from_bytes(
        made(FIRST | {"vc": INSIDE | {"credentialSubject": [SUBJECT], "credentialStatus": {}}})
    )
    assert dict(one.subject) == SUBJECT
    assert one.has_status


def test_what_looks_like_one() -> None:
    assert looks_like_credential(made(FIRST))
    assert looks_like_credential(made(SECOND, typ="vc+jwt"))
    assert looks_like_credential(made(FIRST, typ="jwt"))
    for foreign in ("statuslist+jwt", "dc+sd-jwt", "openid4vci-proof+jwt"):
        token = made(FIRST, typ=foreign)
        assert not looks_like_credential(token), foreign
        with pytest.raises(MalformedData):
            W3cCredential.from_bytes(token)
    assert not looks_like_credential(made({"sub": "x"}))
    assert not looks_like_credential(b"eyJ.x.y")
    assert not looks_like_credential(b"\xff")
    with pytest.raises(MalformedData):
        W3cCredential.from_bytes(b"\xff")


@pytest.mark.parametrize("algorithm", ["none", "HS256", "ES256K", "RS256"])
def test_no_algorithm_but_those_of_the_list(algorithm: str) -> None:
    """Nor the public key as a secret."""
    _, payload, _ = made(FIRST).decode().split(".")
    header = to_base64url(json.dumps({"alg": algorithm}).encode())
    for signature in ("AA", to_base64url(bytes(64))):
        jws = Jws.from_text(f"{header}.{payload}.{signature}")
        with pytest.raises(Unsupported):
            jws.verify(public_key(KEYS["ES256"].as_dict(private=False)), ALGORITHMS)


def test_a_keys_own_identifier_is_the_one_that_joserfc_finds() -> None:
    for key in KEYS.values():
        assert thumbprint(key.as_dict(private=False)) == key.thumbprint()
    assert thumbprint(ED.as_dict(private=False)) == ED.thumbprint()
