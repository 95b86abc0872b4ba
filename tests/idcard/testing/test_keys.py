import hashlib

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from idcard.encoding import tlv
from idcard.testing import KeyProfile
from idcard.testing.chip_curves import BRAINPOOL_P256R1, CURVES, SECP256R1
from idcard.testing.keys import EcKey, explicit_parameters

MESSAGE = b"sample"
P256_OF_RFC_6979 = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721


def entropy(size: int) -> bytes:
    return bytes(range(1, size + 1))


def test_signatures_are_those_of_rfc_6979_appendix_a_2_5() -> None:
    key = EcKey(curve=SECP256R1, secret=P256_OF_RFC_6979)
    r, s = key.sign_numbers(MESSAGE)
    assert r == 0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716
    assert s == 0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8


# Brainpool with 192, 224 and 320 bits is not in the library that is the witness here.
KNOWN = [name for name in CURVES if name not in ("brainpoolP192r1", "brainpoolP224r1", "brainpoolP320r1")]


@pytest.mark.parametrize("kind", KNOWN)
@pytest.mark.parametrize("digest", ["sha256", "sha512"])
def test_openssl_takes_the_signatures_of_every_curve(kind: str, digest: str) -> None:
    key = KeyProfile(kind=kind, explicit=False, digest=digest).generate(entropy)
    public = serialization.load_der_public_key(key.spki)
    assert isinstance(public, ec.EllipticCurvePublicKey)
    hashed = hashlib.new(digest, MESSAGE).digest()
    algorithm = {"sha256": hashes.SHA256(), "sha512": hashes.SHA512()}[digest]
    public.verify(key.sign(MESSAGE), hashed, ec.ECDSA(utils.Prehashed(algorithm)))


@pytest.mark.parametrize("kind", ["rsa", "rsa-pss"])
def test_openssl_takes_the_signatures_of_rsa(kind: str) -> None:
    key = KeyProfile(kind=kind).generate(entropy)
    public = serialization.load_der_public_key(key.spki)
    assert isinstance(public, rsa.RSAPublicKey)
    pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
    public.verify(key.sign(MESSAGE), MESSAGE, pss if kind == "rsa-pss" else padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.parametrize("kind", [*KNOWN, "rsa", "rsa-pss"])
def test_a_key_survives_its_file(kind: str) -> None:
    profile = KeyProfile(kind=kind)
    key = profile.generate(entropy)
    assert profile.load(key.to_pem()).spki == key.spki


def test_a_key_of_another_kind_is_refused() -> None:
    content = KeyProfile(kind="secp256r1").generate(entropy).to_pem()
    with pytest.raises(ValueError, match="another kind"):
        KeyProfile(kind="rsa").load(content)


def test_explicit_parameters_hold_the_curve_and_name_nothing() -> None:
    parameters = explicit_parameters(BRAINPOOL_P256R1)
    version, field, coefficients, base, order, cofactor = tlv.parse_one(parameters, 0x30).children()
    assert version.value == b"\x01"
    assert int.from_bytes(field.children()[1].value) == BRAINPOOL_P256R1.p
    assert [int.from_bytes(node.value) for node in coefficients.children()] == [BRAINPOOL_P256R1.a, BRAINPOOL_P256R1.b]
    assert BRAINPOOL_P256R1.decode(base.value) == BRAINPOOL_P256R1.g
    assert int.from_bytes(order.value) == BRAINPOOL_P256R1.n
    assert cofactor.value == b"\x01"


def test_keys_do_not_show() -> None:
    key = EcKey(curve=SECP256R1, secret=P256_OF_RFC_6979)
    assert repr(key) == "EcKey(secp256r1)"
    assert "private" not in repr(KeyProfile(kind="rsa").generate(entropy))
