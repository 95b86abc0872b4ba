"""Encrypted answers: the standard's example, and what joserfc encrypts."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwe
from joserfc.jwk import ECKey

from idcard.errors import IdCardError, MalformedData, UnsupportedAlgorithm
from idcard.qr.jwe import CIPHERS, decrypt, derived
from idcard.qr.jwk import base64url, public_key, to_base64url

VECTOR: dict[str, Any] = json.loads((Path(__file__).parents[2] / "vectors/qr/credentials.json").read_text())
KEY = ec.generate_private_key(ec.SECP256R1())


def theirs(key: ec.EllipticCurvePrivateKey = KEY) -> ECKey:
    numbers = key.public_key().public_numbers()
    return ECKey.import_key(
        {
            "kty": "EC",
            "crv": "P-256",
            "x": to_base64url(numbers.x.to_bytes(32)),
            "y": to_base64url(numbers.y.to_bytes(32)),
        }
    )


def encrypted(content: bytes = b"{}", **header: Any) -> str:
    headers = {"alg": "ECDH-ES", "enc": "A128GCM", "kid": "1"} | header
    return jwe.encrypt_compact(headers, content, theirs(), algorithms=[headers["alg"], headers["enc"]])


def test_the_example_of_the_standard() -> None:
    vector = VECTOR["rfc7518_appendix_c"]
    bob = ec.derive_private_key(int.from_bytes(base64url(vector["bob_d"], where="vector")), ec.SECP256R1())
    alice: Any = public_key(vector["alice"])
    secret = bob.exchange(ec.ECDH(), alice.backend())
    assert to_base64url(derived(secret, vector["header"])) == vector["derived"]


@pytest.mark.parametrize("cipher", CIPHERS)
@pytest.mark.parametrize("sides", [{}, {"apu": "QWxpY2U", "apv": "Qm9i"}])
def test_what_joserfc_encrypts(cipher: str, sides: dict[str, str]) -> None:
    assert decrypt(encrypted(b'{"a": 1}', enc=cipher, **sides), KEY, key_id="1") == b'{"a": 1}'


def test_every_changed_character_is_noticed() -> None:
    text = encrypted(b"x" * 40)
    for place, old in enumerate(text):
        changed = text[:place] + ("B" if old == "A" else "A") + text[place + 1 :]
        with pytest.raises(IdCardError):
            decrypt(changed, KEY, key_id="1")


@pytest.mark.parametrize("header", [{"enc": "A192GCM"}, {"enc": "A128CBC-HS256"}, {"alg": "ECDH-ES+A128KW"}])
def test_other_ways_of_encrypting(header: dict[str, Any]) -> None:
    with pytest.raises((UnsupportedAlgorithm, MalformedData)):
        decrypt(encrypted(**header), KEY, key_id="1")


def test_what_is_for_another_key() -> None:
    with pytest.raises(MalformedData):
        decrypt(encrypted(), ec.generate_private_key(ec.SECP256R1()), key_id="1")
    with pytest.raises(MalformedData):
        decrypt(encrypted(kid="2"), KEY, key_id="1")


X = to_base64url(KEY.public_key().public_numbers().x.to_bytes(32))


def forged(**header: Any) -> str:
    headers = {"alg": "ECDH-ES", "enc": "A128GCM", "epk": theirs().as_dict(private=False)} | header
    parts = (json.dumps(headers).encode(), b"", bytes(12), b"x", bytes(16))
    return ".".join(map(to_base64url, parts))


@pytest.mark.parametrize(
    "header",
    [
        {"crit": ["x"]},
        {"zip": "DEF"},
        {"epk": None},
        {"epk": {"kty": "EC", "crv": "P-256", "x": X, "y": X}},
        {"apu": "!"},
        {"epk": ECKey.generate_key("P-384").as_dict(private=False)},
        {"enc": ["A128GCM"]},
        {"alg": "dir"},
    ],
)
def test_headers_that_nobody_honest_sends(header: dict[str, Any]) -> None:
    """A point that is not on the curve among them: it would give the key away, bit by bit."""
    with pytest.raises((MalformedData, UnsupportedAlgorithm)):
        decrypt(forged(**header), KEY, key_id="1")


@pytest.mark.parametrize("text", ["", "....", "a.b.c", "e30.AA.AA.AA.AA", "e30..AA.AA.AA"])
def test_what_is_none(text: str) -> None:
    with pytest.raises((MalformedData, UnsupportedAlgorithm)):
        decrypt(text, KEY, key_id="1")


def test_ten_thousand_changed_answers_are_refused(rounds: Callable[[int], range]) -> None:
    draw, text = random.Random(3), encrypted(b"x" * 40)
    for number in rounds(10_000):
        if number % 50:  # most are refused before any key is agreed upon, which takes its time
            changed = "".join(draw.sample(text, len(text)))
        else:
            place = draw.randrange(len(text))
            changed = text[:place] + draw.choice("ABab.") + text[place + 1 :]
        if changed != text:
            with pytest.raises(IdCardError):
                decrypt(changed, KEY, key_id="1")
