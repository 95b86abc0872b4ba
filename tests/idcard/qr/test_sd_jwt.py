"""SD-JWT credentials that somebody made to mislead: each is refused where it is read."""

import hashlib
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from idcard.errors import BoundExceeded, IdCardError, MalformedData, Unsupported, UnsupportedAlgorithm
from idcard.qr.jwk import to_base64url
from idcard.qr.sd_jwt import ALGORITHMS, SdJwtCredential, looks_like_credential

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
JWK = {"kty": "OKP", "crv": "Ed25519", "x": to_base64url(KEY.public_key().public_bytes_raw())}
BASE: dict[str, Any] = {
    "iss": "https://issuer.example",
    "vct": "https://credentials.example/identity",
    "cnf": {"jwk": JWK},
}


def segment(value: object) -> str:
    return to_base64url(json.dumps(value).encode())


def token(claims: dict[str, Any], **header: Any) -> str:
    said = f"{segment({'alg': 'EdDSA', 'typ': 'dc+sd-jwt'} | header)}.{segment(claims)}"
    return f"{said}.{to_base64url(KEY.sign(said.encode()))}"


def digest(disclosure: str, name: str = "sha256") -> str:
    return to_base64url(hashlib.new(name, disclosure.encode()).digest())


def presented(claims: dict[str, Any], *disclosures: str, **header: Any) -> SdJwtCredential:
    return SdJwtCredential.from_bytes("~".join([token(claims, **header), *disclosures, ""]).encode())


NAME = segment(["salt", "family_name", "Mẫu"])
OTHER = segment(["salt", "family_name", "Khác"])
ELEMENT = segment(["salt", "VN"])
NESTED = segment(["salt", "address", {"_sd": [digest(NAME)]}])


def test_what_it_says() -> None:
    found = presented(
        BASE | {"_sd": [digest(NAME), "decoy"], "n": [{"...": digest(ELEMENT)}, {"...": "x"}, 1]}, NAME, ELEMENT
    )
    assert (found.claims["family_name"], found.claims["n"]) == ("Mẫu", ["VN", 1])
    assert "_sd" not in found.claims
    assert (found.issuer, found.kind, found.key_binding) == (BASE["iss"], BASE["vct"], None)
    assert repr(found).startswith("SdJwtCredential(")
    assert "Mẫu" not in repr(found)


@pytest.mark.parametrize(("name", "called"), [("sha384", "sha-384"), ("sha512", "sha-512"), ("sha256", "sha-256")])
def test_the_hashes_that_are_known(name: str, called: str) -> None:
    found = presented(BASE | {"_sd_alg": called, "_sd": [digest(NAME, name)]}, NAME)
    assert found.claims["family_name"] == "Mẫu"
    assert "_sd_alg" not in found.claims


@pytest.mark.parametrize(("claims", "disclosures"), [
    ({"_sd": [digest(NAME), digest(NAME)]}, [NAME]),
    ({"_sd": ["same"], "inner": {"_sd": ["same"]}}, []),
    ({"_sd": [digest(NAME)], "address": {"_sd": [digest(NAME)]}}, [NAME]),
    ({"_sd": [digest(NAME)]}, [NAME, OTHER]), ({}, [NAME]), ({"_sd": [digest(NAME)]}, [NAME, NAME]),
    ({"_sd": [digest(NAME), digest(OTHER)]}, [NAME, OTHER]), ({"_sd": [digest(NAME)], "family_name": "x"}, [NAME]),
    ({"_sd": [digest(ELEMENT)]}, [ELEMENT]), ({"n": [{"...": digest(NAME)}]}, [NAME]),
    ({"n": [{"...": digest(ELEMENT), "x": 1}]}, [ELEMENT]), ({"...": digest(NAME)}, [NAME]),
    ({"_sd": digest(NAME)}, [NAME]), ({"_sd": [1]}, []), ({"n": [{"...": 1}]}, []),
    *(({"_sd": [digest(one)]}, [one]) for one in (
        segment(["salt", "_sd", []]), segment(["salt", "...", "x"]), segment(["salt", "exp", 9]),
        segment(["salt", "iss", "https://other.example"]), segment(["salt", "cnf", {}]), segment(["salt", "vct", "x"]),
        segment(["salt", "_sd_alg", "md5"]), segment(["salt", "status", {}]), segment(["salt", 1, "x"]),
        segment([1, "family_name", "x"]), segment(["salt"]), segment({"a": 1}), "!", "", "WyJh",
    )),
])  # fmt: skip
def test_digests_and_disclosures_that_do_not_go_together(claims: dict[str, Any], disclosures: list[str]) -> None:
    with pytest.raises(MalformedData):
        presented({name: value for name, value in BASE.items() if name != "exp"} | claims, *disclosures)


def test_a_name_that_is_withheld_deeper_is_nobodys_there() -> None:
    """What decides whether a credential counts stands at the top; the same words elsewhere mean nothing to it."""
    deeper = segment(["salt", "exp", 1])
    found = presented(BASE | {"inner": {"_sd": [digest(deeper)]}, "_sd": [digest(NESTED)]}, NESTED, NAME, deeper)
    assert (found.expires, found.claims["inner"]) == (None, {"exp": 1})
    assert found.claims["address"] == {"family_name": "Mẫu"}


@pytest.mark.parametrize(
    ("claims", "header"),
    [
        ({"vct": None}, {}),
        ({"vct": 1}, {}),
        ({"exp": "soon"}, {}),
        ({"exp": True}, {}),
        ({"nbf": -1}, {}),
        ({"exp": 1e300}, {}),
        ({"iss": 1}, {}),
        ({"cnf": []}, {}),
        ({"cnf": {"jwk": JWK | {"d": "x"}}}, {}),
        ({}, {"typ": "JWT"}),
        ({}, {"typ": None}),
        ({}, {"crit": ["exp"]}),
        ({}, {"crit": []}),
        ({}, {"b64": False}),
        ({}, {"x5c": []}),
        ({}, {"x5c": "x"}),
        ({}, {"x5c": ["!"]}),
    ],
)
def test_what_is_no_credential(claims: dict[str, Any], header: dict[str, Any]) -> None:
    with pytest.raises(MalformedData):
        presented(BASE | claims, **header)


@pytest.mark.parametrize(
    "claims", [{"_sd_alg": "md5"}, {"_sd_alg": 1}, {"cnf": {"kid": "x"}}, {"cnf": {"jwk": {"kty": "oct"}}}]
)
def test_what_is_not_known_here(claims: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedAlgorithm):
        presented(BASE | claims)


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "RS256", "ES256K", None, 1, ["EdDSA"]])
def test_no_algorithm_but_those_of_the_list(algorithm: object) -> None:
    """A public key is no secret: with HS256 anybody could make such a token."""
    with pytest.raises(Unsupported):
        presented(BASE, alg=algorithm).jws.verify(KEY.public_key(), ALGORITHMS)


def test_an_algorithm_goes_with_its_kind_of_key_only() -> None:
    with pytest.raises(Unsupported):
        presented(BASE, alg="ES256").jws.verify(KEY.public_key(), ALGORITHMS)


@pytest.mark.parametrize(
    "binding",
    [
        "x",
        "a.b.c",
        token({"nonce": "n", "aud": "a", "iat": 1, "sd_hash": "h"}),
        token({"nonce": "n", "aud": "a", "iat": 1}, typ="kb+jwt"),
        token({"nonce": "n", "aud": "a", "sd_hash": "h"}, typ="kb+jwt"),
        token({"aud": "a", "iat": 1, "sd_hash": "h"}, typ="kb+jwt"),
        token({"nonce": "n", "aud": ["a"], "iat": 1, "sd_hash": "h"}, typ="kb+jwt"),
    ],
)
def test_what_is_no_key_binding(binding: str) -> None:
    with pytest.raises(MalformedData):
        SdJwtCredential.from_bytes(f"{token(BASE)}~{binding}".encode())


@pytest.mark.parametrize("payload", [b"", b"~", b"~~", b"eyJ~", token(BASE).encode(), b"\xff~", "eyJé~".encode()])
def test_what_is_none(payload: bytes) -> None:
    assert not looks_like_credential(payload)
    with pytest.raises(MalformedData):
        SdJwtCredential.from_bytes(payload)


def test_it_has_a_bound() -> None:
    with pytest.raises((MalformedData, BoundExceeded)):
        presented(BASE, *[segment([str(number), "n", 1]) for number in range(300)])
    with pytest.raises((MalformedData, BoundExceeded)):
        SdJwtCredential.from_bytes(b"eyJ" + b"x" * (65 << 10) + b"~")
    deep: Any = 1
    for _ in range(40):
        deep = [deep]
    with pytest.raises(MalformedData):
        presented(BASE | {"n": deep})


def test_disclosures_in_disclosures_have_a_bound() -> None:
    """Each is as shallow as it must be; one in another they would go deeper than any stack."""

    def wrapped(inner: str) -> str:
        value: Any = {"_sd": [digest(inner)]}
        for _ in range(20):
            value = [value]
        return segment(["salt", "n", value])

    chain = [segment(["salt", "n", 1])]
    for _ in range(200):
        chain.append(wrapped(chain[-1]))
    with pytest.raises(MalformedData):
        presented(BASE | {"_sd": [digest(chain[-1])]}, *chain)
    assert presented(BASE | {"_sd": [digest(chain[1])]}, *chain[:2]).claims["n"]


def test_ten_thousand_changed_presentations_are_credentials_or_refused(rounds: Callable[[int], range]) -> None:
    draw = random.Random(9)
    text = "~".join(
        [token(BASE | {"_sd": [digest(NESTED)], "n": [{"...": digest(ELEMENT)}]}), NESTED, NAME, ELEMENT, ""]
    )
    for _ in rounds(10_000):
        changed = bytearray(text.encode())
        for _ in range(draw.randrange(1, 5)):
            changed[draw.randrange(len(changed))] = draw.choice(b"ABab09-_~.=")
        try:
            SdJwtCredential.from_bytes(bytes(changed))
        except IdCardError:
            continue
