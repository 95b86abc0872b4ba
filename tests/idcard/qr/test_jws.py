"""JWS and JSON web keys: the examples of their standards, and what is refused."""

import json
from typing import Any

import pytest
from joserfc import jws as foreign
from joserfc.jwk import ECKey, OKPKey, RSAKey

from idcard.crypto.signature import SignatureInvalid
from idcard.errors import IdCardError, MalformedData, Unsupported
from idcard.qr.cose import Algorithm
from idcard.qr.jwk import base64url, public_key, thumbprint, to_base64url
from idcard.qr.jws import Jws

ALL = frozenset(Algorithm)
# RFC 7515, Appendix A.3: ECDSA on P-256.
RFC_KEY = {
    "kty": "EC", "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}  # fmt: skip
RFC_TOKEN = (
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
    "fQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
)


def test_the_standard_s_example() -> None:
    token = Jws.from_text(RFC_TOKEN)
    assert token.verify(public_key(RFC_KEY), ALL) is Algorithm.ES256
    assert token.payload.startswith(b'{"iss":"joe"')
    with pytest.raises(Unsupported):
        token.verify(public_key(RFC_KEY), frozenset({Algorithm.ES384}))


def test_the_standard_s_thumbprint() -> None:
    # RFC 8037, Appendix A.3: Ed25519.
    key = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    assert thumbprint(key) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    public_key(key)


FOREIGN: list[tuple[str, Any]] = [
    ("ES256", ECKey.generate_key("P-256", private=True)),
    ("ES384", ECKey.generate_key("P-384", private=True)),
    ("ES512", ECKey.generate_key("P-521", private=True)),
    ("PS256", RSAKey.generate_key(2048, private=True)),
    ("EdDSA", OKPKey.generate_key("Ed25519", private=True)),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "key"), FOREIGN, ids=[name for name, _ in FOREIGN])
def test_what_a_foreign_program_signs(name: str, key: Any) -> None:
    text = foreign.serialize_compact({"alg": name}, b"payload", key, algorithms=[name])
    jwk = dict(key.as_dict(private=False))
    assert Jws.from_text(text).verify(public_key(jwk), ALL).label == name
    for other, other_key in FOREIGN:
        if other != name:
            with pytest.raises(Unsupported):
                Jws.from_text(text).verify(public_key(dict(other_key.as_dict(private=False))), ALL)
    head, _, signature = text.split(".")
    with pytest.raises(SignatureInvalid):
        Jws.from_text(f"{head}.{to_base64url(b'other')}.{signature}").verify(public_key(jwk), ALL)


def test_no_changed_character_of_the_example_passes() -> None:
    key, passed = public_key(RFC_KEY), []
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for at, character in enumerate(RFC_TOKEN):
        if character == ".":
            continue
        other = alphabet[(alphabet.index(character) + 1 + at % 63) % 64]
        try:
            Jws.from_text(RFC_TOKEN[:at] + other + RFC_TOKEN[at + 1 :]).verify(key, ALL)
        except IdCardError:
            continue
        passed.append(at)
    assert not passed


def token(header: Any, payload: bytes = b"x") -> str:
    return f"{to_base64url(json.dumps(header).encode())}.{to_base64url(payload)}.{to_base64url(bytes(64))}"


@pytest.mark.parametrize(
    "text",
    ["", "a.b", "a..c", "a.b.c.d", "ä.b.c", "ab=.cd.ef", "Zh.Zg.Zg", token([]), token({"crit": ["b64"]}),
     token({"b64": False}), f"{to_base64url(b'{}')}.{to_base64url(b'x')}.{to_base64url(bytes(2000))}"],
)  # fmt: skip
def test_what_is_no_token(text: str) -> None:
    with pytest.raises(MalformedData):
        Jws.from_text(text)


@pytest.mark.parametrize("alg", ["none", "HS256", "RS256", "", None, 5])
def test_other_algorithms_are_unknown(alg: Any) -> None:
    with pytest.raises(Unsupported):
        Jws.from_text(token({"alg": alg})).verify(public_key(RFC_KEY), ALL)


@pytest.mark.parametrize(
    "jwk",
    [
        None,
        [],
        {},
        RFC_KEY | {"d": "AA"},
        RFC_KEY | {"x": RFC_KEY["y"]},
        RFC_KEY | {"x": "AA"},
        RFC_KEY | {"x": RFC_KEY["x"] + "="},
        RFC_KEY | {"crv": "secp256k1"},
        RFC_KEY | {"y": 5},
        {"kty": "OKP", "crv": "Ed25519", "x": "AA"},
        {"kty": "OKP", "crv": "X25519", "x": "AA"},
        {"kty": "RSA", "n": to_base64url(b"\xff" * 128), "e": "AQAB"},
        {"kty": "RSA", "n": to_base64url(b"\xff" * 256), "e": "AQ"},
        {"kty": "oct", "k": "AA"},
    ],
)
def test_what_is_no_key(jwk: Any) -> None:
    with pytest.raises(IdCardError):
        public_key(jwk)


def test_base64url_has_one_form() -> None:
    assert base64url("Zg", where="test") == b"f"
    for wrong in ("Zh", "Zg==", "Z", "Z g", "Zg\n", None, 5):
        with pytest.raises(MalformedData):
            base64url(wrong, where="test")
    with pytest.raises(MalformedData):
        thumbprint({"kty": "EC"})
