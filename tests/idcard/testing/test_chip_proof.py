import hashlib

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa, utils

from idcard.testing import EcdsaChipKey, RsaChipKey
from idcard.testing.chip_curves import SECP384R1

CHALLENGE = bytes.fromhex("0102030405060708")


def entropy(size: int) -> bytes:
    return bytes(range(7, 7 + size)) if size < 249 else bytes(size)


def test_an_ecdsa_answer_is_plain_and_right() -> None:
    proof = EcdsaChipKey.generate(entropy, explicit=False)
    answer = proof.answer(CHALLENGE, entropy)
    assert len(answer) == proof.signature_size == 64
    public = serialization.load_der_public_key(proof.spki)
    assert isinstance(public, ec.EllipticCurvePublicKey)
    signature = utils.encode_dss_signature(int.from_bytes(answer[:32]), int.from_bytes(answer[32:]))
    public.verify(signature, CHALLENGE, ec.ECDSA(hashes.SHA256()))


def test_ecdsa_names_its_hash_for_dg14() -> None:
    proof = EcdsaChipKey.generate(entropy, curve=SECP384R1, digest="sha384")
    assert proof.signature_oid == "0.4.0.127.0.7.1.1.4.1.4"
    assert proof.signature_size == 96


@pytest.mark.parametrize(("digest", "trailer"), [("sha1", "bc"), ("sha256", "34cc"), ("sha512", "35cc")])
def test_an_rsa_answer_gives_its_message_back(digest: str, trailer: str) -> None:
    proof = RsaChipKey.generate(bits=1024, digest=digest)
    answer = proof.answer(CHALLENGE, entropy)
    public = serialization.load_der_public_key(proof.spki)
    assert isinstance(public, rsa.RSAPublicKey)
    numbers = public.public_numbers()
    recovered = pow(int.from_bytes(answer), numbers.e, numbers.n).to_bytes(128)
    size, end = hashlib.new(digest).digest_size, len(trailer) // 2
    assert recovered[0] == 0x6A
    assert recovered[-end:].hex() == trailer
    hidden, hashed = recovered[1 : -end - size], recovered[-end - size : -end]
    assert hashlib.new(digest, hidden + CHALLENGE).digest() == hashed
    assert proof.signature_oid is None
