"""COSE_Sign1: who signed what, with which header counting."""

from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from idcard.crypto.signature import SignatureInvalid, load_public_key
from idcard.errors import IdCardError, MalformedData, UnsupportedAlgorithm
from idcard.qr import cbor, cose
from idcard.qr.cbor import Tagged
from idcard.qr.cose import Algorithm, Sign1

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ALL = frozenset(Algorithm)


def ours(payload: bytes = b"payload", **changes: Any) -> bytes:
    return cose.make(payload, **({"key_id": b"kid", "algorithm": Algorithm.EDDSA, "sign": KEY.sign} | changes))


def loaded(public: Any) -> Any:
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    return load_public_key(public.public_bytes(serialization.Encoding.DER, spki))


def message(protected: dict[int, Any], unprotected: dict[int, Any]) -> Sign1:
    headers = cbor.encode(protected) if protected else b""
    signature = KEY.sign(cose.signed_bytes(headers, b"payload"))
    return Sign1.from_bytes(cbor.encode([headers, unprotected, b"payload", signature]))


def test_ed25519() -> None:
    message = Sign1.from_bytes(ours())
    assert message.verify(KEY.public_key(), ALL) is Algorithm.EDDSA
    assert (message.key_id, message.payload) == (b"kid", b"payload")


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()])
def test_ecdsa(curve: ec.EllipticCurve) -> None:
    key = ec.generate_private_key(curve)
    algorithm, digest = {
        256: (Algorithm.ES256, hashes.SHA256()),
        384: (Algorithm.ES384, hashes.SHA384()),
        521: (Algorithm.ES512, hashes.SHA512()),
    }[curve.key_size]
    size = (curve.key_size + 7) // 8

    def sign(data: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(data, ec.ECDSA(digest)))
        return r.to_bytes(size) + s.to_bytes(size)

    signed = Sign1.from_bytes(ours(algorithm=algorithm, sign=sign))
    assert signed.verify(loaded(key.public_key()), ALL) is algorithm
    in_der = Sign1.from_bytes(ours(algorithm=algorithm, sign=lambda data: key.sign(data, ec.ECDSA(digest))))
    with pytest.raises(SignatureInvalid):
        in_der.verify(loaded(key.public_key()), ALL)


def test_rsa_pss() -> None:
    key = rsa.generate_private_key(65537, 2048)

    def sign(data: bytes, salt: int = 32) -> bytes:
        return key.sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), salt), hashes.SHA256())

    public = loaded(key.public_key())
    signed = Sign1.from_bytes(ours(algorithm=Algorithm.PS256, sign=sign))
    assert signed.verify(public, ALL) is Algorithm.PS256
    other_salt = Sign1.from_bytes(ours(algorithm=Algorithm.PS256, sign=lambda data: sign(data, 20)))
    with pytest.raises(SignatureInvalid):
        other_salt.verify(public, ALL)


def test_an_algorithm_goes_with_its_kind_of_key_only() -> None:
    p384 = loaded(ec.generate_private_key(ec.SECP384R1()).public_key())
    signed = Sign1.from_bytes(ours(algorithm=Algorithm.ES256, sign=lambda _: bytes(64)))
    for key in (KEY.public_key(), p384):
        with pytest.raises(UnsupportedAlgorithm):
            signed.verify(key, ALL)
    with pytest.raises(UnsupportedAlgorithm):
        Sign1.from_bytes(ours()).verify(p384, ALL)


def test_a_format_has_its_own_list_of_algorithms() -> None:
    with pytest.raises(UnsupportedAlgorithm):
        Sign1.from_bytes(ours()).verify(KEY.public_key(), frozenset({Algorithm.ES256}))


@pytest.mark.parametrize(("protected", "unprotected", "kid"), [
    ({1: -8, 4: b"right"}, {}, b"right"), ({1: -8}, {4: b"right"}, b"right"), ({}, {1: -8, 4: b"right"}, b"right"),
    ({1: -8, 4: b"right"}, {4: b"wrong"}, b"right"), ({1: -8, 4: b"right"}, {1: -7}, b"right"), ({1: -8}, {}, None),
    ({1: -8, 4: 7}, {4: b"right"}, None),
])  # fmt: skip
def test_protected_headers_win(protected: dict[int, Any], unprotected: dict[int, Any], kid: bytes | None) -> None:
    signed = message(protected, unprotected)
    assert signed.verify(KEY.public_key(), ALL) is Algorithm.EDDSA
    assert signed.key_id == kid


@pytest.mark.parametrize("algorithm", [None, -7777, "EdDSA", 0, True])
def test_an_unknown_algorithm_is_unsupported(algorithm: Any) -> None:
    with pytest.raises(UnsupportedAlgorithm):
        message({1: algorithm} if algorithm is not None else {}, {}).verify(KEY.public_key(), ALL)


@pytest.mark.parametrize("value", [
    7, [], [b"", {}, b"p"], [b"", {}, b"p", b"s", b"t"], ["", {}, b"p", b"s"], [b"", [], b"p", b"s"],
    [b"", {}, None, b"s"], [b"", {}, b"p", "s"], [b"\x01", {}, b"p", b"s"], [b"\xff", {}, b"p", b"s"],
    [b"\xa0\xa0", {}, b"p", b"s"], [b"", {}, b"p", bytes(2000)], Tagged(tag=61, value=[b"", {}, b"p", b"s"]),
    Tagged(tag=18, value=Tagged(tag=18, value=[b"", {}, b"p", b"s"])), Tagged(tag=17, value=[b"", {}, b"p", b"s"]),
    [cbor.encode({1: -8, 2: [99]}), {}, b"p", b"s"], [cbor.encode({1: -8, 2: 4}), {}, b"p", b"s"],
])  # fmt: skip
def test_what_is_no_message_is_malformed(value: Any) -> None:
    with pytest.raises(MalformedData):
        Sign1.from_bytes(cbor.encode(value))


def test_tags_may_be_left_out_or_say_that_it_is_a_token() -> None:
    tagged = cbor.decode(ours(), where="test", tags=frozenset({18}))
    for value in (tagged, tagged.value, Tagged(tag=61, value=tagged)):
        assert Sign1.from_bytes(cbor.encode(value)).verify(KEY.public_key(), ALL)


def test_no_changed_byte_passes() -> None:
    """Nothing is unprotected here, so nothing can be changed."""
    text = ours()
    for place in range(len(text)):
        for change in (0x01, 0x80, 0xFF):
            changed = bytearray(text)
            changed[place] ^= change
            with pytest.raises(IdCardError):
                Sign1.from_bytes(bytes(changed)).verify(KEY.public_key(), ALL)


def test_it_prints_as_nothing() -> None:
    assert repr(Sign1.from_bytes(ours())) == "Sign1(7 bytes)"


@pytest.mark.parametrize("critical", [[], ["1"], [99], None, [True], [1.0], 1])
def test_critical_headers_are_a_list_of_known_ones(critical: Any) -> None:
    with pytest.raises(MalformedData):
        message({1: -8, 2: critical}, {})


def test_known_critical_headers_are_no_obstacle() -> None:
    assert message({1: -8, 2: [1, 4]}, {}).verify(KEY.public_key(), ALL) is Algorithm.EDDSA


@pytest.mark.parametrize("number", [-8.0, "EdDSA", None, True])
def test_an_algorithm_is_a_whole_number(number: Any) -> None:
    with pytest.raises(UnsupportedAlgorithm):
        _ = message({1: number}, {}).algorithm
