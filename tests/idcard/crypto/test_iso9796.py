import hashlib
import os

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from idcard.crypto.curves import CURVES, Curve
from idcard.crypto.iso9796 import verify_active_authentication
from idcard.crypto.signature import EcPublicKey, RsaPublicKey, SignatureInvalid, load_public_key
from idcard.errors import UnsupportedAlgorithm
from idcard.testing import EcdsaChipKey, RsaChipKey
from idcard.testing.chip_curves import BRAINPOOL_P256R1

CHALLENGE = bytes.fromhex("0102030405060708")
TRAILERS = {"sha1": b"\xbc", "sha224": b"\x38\xcc", "sha256": b"\x34\xcc", "sha384": b"\x36\xcc", "sha512": b"\x35\xcc"}
PRIVATE = rsa.generate_private_key(65537, 1024)
NUMBERS = PRIVATE.private_numbers()
KEY = RsaPublicKey(modulus=NUMBERS.public_numbers.n, exponent=65537)


def represent(
    digest: str, *, header: bytes = b"\x6a", trailer: bytes | None = None, message: bytes | None = None
) -> bytes:
    """A message representative; ``message`` is M1, by default as long as fits."""
    trailer = TRAILERS[digest] if trailer is None else trailer
    room = 128 - len(header) - hashlib.new(digest).digest_size - len(trailer)
    m1 = bytes(range(room)) if message is None else message
    if len(m1) < room:
        header = b"\x6b" + b"\xbb" * (room - len(m1) - 1) + b"\xba"
    return header + m1 + hashlib.new(digest, m1 + CHALLENGE).digest() + trailer


def raise_to_secret(representative: bytes, *, other_half: bool = False) -> bytes:
    power = pow(int.from_bytes(representative), NUMBERS.d, KEY.modulus)
    return (KEY.modulus - power if other_half else power).to_bytes(128)


@pytest.mark.parametrize("digest", TRAILERS)
@pytest.mark.parametrize("other_half", [False, True])
def test_every_trailer_says_its_hash(digest: str, other_half: bool) -> None:
    signature = raise_to_secret(represent(digest), other_half=other_half)
    assert verify_active_authentication(KEY, signature, CHALLENGE) == digest


def test_sha1_may_also_be_named() -> None:
    signature = raise_to_secret(represent("sha1", trailer=b"\x33\xcc"))
    assert verify_active_authentication(KEY, signature, CHALLENGE) == "sha1"


@pytest.mark.parametrize("length", [0, 1, 20])
def test_a_short_recoverable_part_is_padded(length: int) -> None:
    signature = raise_to_secret(represent("sha256", message=bytes(length)))
    if length == 0:
        with pytest.raises(SignatureInvalid):
            verify_active_authentication(KEY, signature, CHALLENGE)
        return
    assert verify_active_authentication(KEY, signature, CHALLENGE) == "sha256"


@pytest.mark.parametrize(
    "representative",
    [
        represent("sha256", header=b"\x4a"),
        represent("sha256", header=b"\x6c"),
        represent("sha256", header=b"\x6b"),
        represent("sha256", trailer=b"\x39\xcc"),
        represent("sha256", trailer=b"\x34\xdc"),
        b"\x6a" + bytes(126) + b"\xbc",
        b"\x6b" + b"\xbb" * 126 + b"\xbc",
        b"\x6b" + b"\xbb" * 120 + b"\xba" + bytes(5) + b"\xbc",
    ],
    ids=["whole message", "header", "border", "trailer", "no trailer", "hash", "no border", "no room"],
)
def test_other_representatives_are_refused(representative: bytes) -> None:
    with pytest.raises(SignatureInvalid):
        verify_active_authentication(KEY, raise_to_secret(representative), CHALLENGE)


def test_the_challenge_must_be_ours() -> None:
    signature = raise_to_secret(represent("sha256"))
    for other in (b"", bytes(8), CHALLENGE + b"\x00", CHALLENGE[:-1]):
        with pytest.raises(SignatureInvalid):
            verify_active_authentication(KEY, signature, other)


@pytest.mark.parametrize(
    "signature", [b"", bytes(127), bytes(128), bytes(129), b"\xff" * 128, KEY.modulus.to_bytes(128)]
)
def test_signatures_of_another_size_are_refused(signature: bytes) -> None:
    with pytest.raises(SignatureInvalid):
        verify_active_authentication(KEY, signature, CHALLENGE)


@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha384", "sha512"])
def test_the_simulated_chip_s_rsa_answer(digest: str) -> None:
    chip = RsaChipKey(private=PRIVATE, digest=digest)
    assert (
        verify_active_authentication(load_public_key(chip.spki), chip.answer(CHALLENGE, os.urandom), CHALLENGE)
        == digest
    )


@pytest.mark.parametrize("digest", TRAILERS)
def test_ecdsa_finds_the_hash_or_is_told(digest: str) -> None:
    chip = EcdsaChipKey.generate(os.urandom, curve=BRAINPOOL_P256R1, digest=digest)
    key, answer = load_public_key(chip.spki), chip.answer(CHALLENGE, os.urandom)
    assert verify_active_authentication(key, answer, CHALLENGE) == digest
    assert verify_active_authentication(key, answer, CHALLENGE, algorithm=chip.signature_oid) == digest
    other = "0.4.0.127.0.7.1.1.4.1.4" if digest != "sha384" else "0.4.0.127.0.7.1.1.4.1.3"
    with pytest.raises(SignatureInvalid):
        verify_active_authentication(key, answer, CHALLENGE, algorithm=other)


def test_ecdsa_in_der() -> None:
    chip = EcdsaChipKey.generate(os.urandom)
    plain = chip.answer(CHALLENGE, os.urandom)
    signature = encode_dss_signature(int.from_bytes(plain[:32]), int.from_bytes(plain[32:]))
    key = load_public_key(chip.spki)
    assert verify_active_authentication(key, signature, CHALLENGE) == "sha256"
    assert verify_active_authentication(key, signature, CHALLENGE, algorithm="1.2.840.10045.4.3.2") == "sha256"


def test_an_unknown_algorithm_in_dg14_is_unsupported() -> None:
    key = EcPublicKey(curve=Curve.by_name("P-256"), point=Curve.by_name("P-256").generator)
    with pytest.raises(UnsupportedAlgorithm):
        verify_active_authentication(key, bytes(64), CHALLENGE, algorithm="1.2.3")


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)
@given(response=st.binary(max_size=140))
def test_any_bytes_are_a_wrong_answer(curve: Curve, response: bytes) -> None:
    with pytest.raises(SignatureInvalid):
        verify_active_authentication(EcPublicKey(curve=curve, point=curve.generator), response, CHALLENGE)
