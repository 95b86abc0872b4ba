import hashlib
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from idcard.crypto.curves import CURVES, Curve
from idcard.crypto.signature import (
    EcPublicKey,
    RsaPublicKey,
    SignatureInvalid,
    digest_of,
    hash_of,
    load_public_key,
    split_signature,
    verify_ecdsa,
    verify_signature,
)
from idcard.encoding import oids
from idcard.encoding.asn1 import AlgorithmIdentifier
from idcard.errors import IdCardError, MalformedData, UnsupportedAlgorithm
from idcard.testing import der

MESSAGE = b"what is signed"
HASHES = {"sha1": hashes.SHA1(), "sha224": hashes.SHA224(), "sha256": hashes.SHA256()} | {
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
every_hash = pytest.mark.parametrize("digest", HASHES)
every_curve = pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def spki_of(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def oid_of(table: dict[str, str], digest: str) -> str:
    return next(oid for oid, name in table.items() if name == digest)


def refused(key: RsaPublicKey | EcPublicKey, algorithm: AlgorithmIdentifier, signature: bytes) -> None:
    """Neither another message nor a changed signature passes."""
    with pytest.raises(SignatureInvalid):
        verify_signature(key, algorithm, signature, MESSAGE + b"!")
    with pytest.raises(SignatureInvalid):
        verify_signature(key, algorithm, signature[:-1] + bytes([signature[-1] ^ 1]), MESSAGE)
    with pytest.raises(SignatureInvalid):
        verify_signature(key, algorithm, b"", MESSAGE)


@every_hash
def test_rsa_pkcs1(rsa_key: rsa.RSAPrivateKey, digest: str) -> None:
    key = load_public_key(spki_of(rsa_key.public_key()))
    signature = rsa_key.sign(MESSAGE, padding.PKCS1v15(), HASHES[digest])
    algorithm = AlgorithmIdentifier(oid=oid_of(oids.RSA_PKCS1, digest), parameters=b"\x05\x00")
    verify_signature(key, algorithm, signature, MESSAGE)
    refused(key, algorithm, signature)
    verify_signature(key, AlgorithmIdentifier(oid=oids.RSA), signature, MESSAGE, digest=digest)


def pss_parameters(digest: str, mask: str, salt: int, *, trailer: int | None = None) -> bytes:
    def algorithm(name: str) -> bytes:
        return der.sequence(der.oid(oid_of(oids.HASHES, name)), der.null())

    parts = [der.context(0, algorithm(digest)), der.context(1, der.sequence(der.oid(oids.MGF1), algorithm(mask)))]
    parts.append(der.context(2, der.integer(salt)))
    return der.sequence(*parts, *([] if trailer is None else [der.context(3, der.integer(trailer))]))


@pytest.mark.parametrize(
    ("digest", "mask", "salt"),
    [("sha1", "sha1", 20), ("sha256", "sha256", 32), ("sha256", "sha1", 20), ("sha512", "sha512", 0)],
)
def test_rsa_pss_by_its_own_parameters(rsa_key: rsa.RSAPrivateKey, digest: str, mask: str, salt: int) -> None:
    key = load_public_key(spki_of(rsa_key.public_key()))
    signature = rsa_key.sign(MESSAGE, padding.PSS(padding.MGF1(HASHES[mask]), salt), HASHES[digest])
    algorithm = AlgorithmIdentifier(oid=oids.RSA_PSS, parameters=pss_parameters(digest, mask, salt))
    verify_signature(key, algorithm, signature, MESSAGE)
    # The digest of the signed data does not matter: the parameters say it all.
    verify_signature(key, algorithm, signature, MESSAGE, digest="sha384")
    refused(key, algorithm, signature)


@pytest.mark.parametrize("parameters", [None, b"\x30\x00"])
def test_rsa_pss_without_parameters_means_sha1(rsa_key: rsa.RSAPrivateKey, parameters: bytes | None) -> None:
    key = load_public_key(spki_of(rsa_key.public_key()))
    signature = rsa_key.sign(MESSAGE, padding.PSS(padding.MGF1(hashes.SHA1()), 20), hashes.SHA1())
    verify_signature(key, AlgorithmIdentifier(oid=oids.RSA_PSS, parameters=parameters), signature, MESSAGE)


@pytest.mark.parametrize(
    "parameters",
    [
        pss_parameters("sha256", "sha256", 32, trailer=2),
        pss_parameters("sha256", "sha256", 5000),
        der.sequence(der.context(0, der.sequence(der.oid("1.2.3")))),
        der.sequence(der.context(1, der.sequence(der.oid("1.2.3"), der.null()))),
    ],
    ids=["trailer", "salt", "hash", "mask"],
)
def test_rsa_pss_with_unknown_parameters(rsa_key: rsa.RSAPrivateKey, parameters: bytes) -> None:
    key = load_public_key(spki_of(rsa_key.public_key()))
    with pytest.raises(UnsupportedAlgorithm):
        verify_signature(key, AlgorithmIdentifier(oid=oids.RSA_PSS, parameters=parameters), bytes(256), MESSAGE)


def explicit_spki(curve: Curve, point: bytes, *, compressed: bool = False, seed: bool = False) -> bytes:
    size = curve.size_bytes
    base = curve.encode(curve.generator)
    if compressed:
        base = bytes([2 + (curve.gy & 1)]) + base[1 : 1 + size]
    coefficients = [der.octet_string(curve.a.to_bytes(size)), der.octet_string(curve.b.to_bytes(size))]
    parameters = der.sequence(
        der.integer(1),
        der.sequence(der.oid(oids.PRIME_FIELD), der.integer(curve.p)),
        der.sequence(*coefficients, *([der.bit_string(bytes(20))] if seed else [])),
        der.octet_string(base),
        der.integer(curve.n),
        der.integer(1),
    )
    return der.sequence(der.sequence(der.oid(oids.EC_PUBLIC_KEY), parameters), der.bit_string(point))


def named_spki(curve: Curve, point: bytes) -> bytes:
    algorithm = der.sequence(der.oid(oids.EC_PUBLIC_KEY), der.oid(curve.oid))
    return der.sequence(algorithm, der.bit_string(point))


def sign(curve: Curve, secret: int, digest: str, message: bytes = MESSAGE) -> tuple[int, int]:
    """ECDSA as the textbook has it, with a nonce that is good enough for a test."""
    hashed = hashlib.new(digest, message).digest()
    e = int.from_bytes(hashed) >> max(0, 8 * len(hashed) - curve.n.bit_length())
    nonce = int.from_bytes(hashlib.sha512(hashed + curve.name.encode()).digest()) % curve.n
    point = curve.multiply(nonce, curve.generator)
    assert point is not None
    r = point.x % curve.n
    return r, pow(nonce, -1, curve.n) * (e + r * secret) % curve.n


def public(curve: Curve, secret: int) -> bytes:
    point = curve.multiply(secret, curve.generator)
    assert point is not None
    return curve.encode(point)


@every_curve
@every_hash
def test_ecdsa_on_every_curve_named_and_explicit_der_and_plain(curve: Curve, digest: str) -> None:
    secret = curve.n // 3
    pair = sign(curve, secret, digest)
    point = public(curve, secret)
    keys = {load_public_key(spki) for spki in (named_spki(curve, point), explicit_spki(curve, point, seed=True))}
    keys.add(load_public_key(explicit_spki(curve, point, compressed=True)))
    assert len(keys) == 1
    key = keys.pop()
    signature, size = encode_dss_signature(*pair), curve.order_bytes
    plain = pair[0].to_bytes(size) + pair[1].to_bytes(size)
    for oid, form in ((oid_of(oids.ECDSA_DER, digest), signature), (oid_of(oids.ECDSA_PLAIN, digest), plain)):
        algorithm = AlgorithmIdentifier(oid=oid)
        verify_signature(key, algorithm, form, MESSAGE)
        refused(key, algorithm, form)


@pytest.mark.parametrize("curve", [curve for curve in CURVES if curve.to_cryptography()], ids=lambda curve: curve.name)
def test_cryptography_s_signatures_verify(curve: Curve) -> None:
    backend = curve.to_cryptography()
    assert backend is not None
    private = ec.generate_private_key(backend)
    key = load_public_key(spki_of(private.public_key()))
    assert isinstance(key, EcPublicKey)
    assert key.curve is curve
    signature = private.sign(MESSAGE, ec.ECDSA(hashes.SHA256()))
    verify_ecdsa(key, decode_dss_signature(signature), MESSAGE, "sha256")


@every_curve
def test_r_and_s_out_of_range_are_refused(curve: Curve) -> None:
    key = EcPublicKey(curve=curve, point=curve.generator)
    for pair in ((0, 1), (1, 0), (curve.n, 1), (1, curve.n), (curve.n + 1, 1)):
        with pytest.raises(SignatureInvalid):
            verify_ecdsa(key, pair, MESSAGE, "sha256")


def test_a_plain_signature_that_starts_like_a_sequence_is_still_plain() -> None:
    key = EcPublicKey(curve=Curve.by_name("P-256"), point=Curve.by_name("P-256").generator)
    signature = b"\x30" + bytes(63)
    assert split_signature(key, signature, plain=False) == (0x30 << 248, 0)


@pytest.mark.parametrize(
    "signature",
    [
        b"\x30\x03\x02\x01\x01",
        b"\x30\x06\x02\x01\x81\x02\x01\x01",
        b"\x30\x05\x02\x00\x02\x01\x01",
        b"\x30\x06\x04\x01\x01\x02\x01\x01",
        b"\x30\x09\x02\x01\x01\x02\x01\x01\x02\x01\x01",
        b"\x30\x06\x02\x01\x01\x02\x01\x01\x00",
    ],
)
def test_what_is_no_pair_of_integers_is_no_signature(signature: bytes) -> None:
    key = EcPublicKey(curve=Curve.by_name("P-256"), point=Curve.by_name("P-256").generator)
    with pytest.raises(SignatureInvalid):
        split_signature(key, signature, plain=False)
    with pytest.raises(SignatureInvalid):
        split_signature(key, signature, plain=True)


def test_an_algorithm_for_another_kind_of_key(rsa_key: rsa.RSAPrivateKey) -> None:
    rsa_public = load_public_key(spki_of(rsa_key.public_key()))
    ec_public = EcPublicKey(curve=Curve.by_name("P-256"), point=Curve.by_name("P-256").generator)
    for key, oid in (
        (rsa_public, "1.2.840.10045.4.3.2"),
        (rsa_public, oids.RSA),
        (ec_public, oids.RSA_PSS),
        (ec_public, oids.EC_PUBLIC_KEY),
        (ec_public, "1.2.3"),
    ):
        with pytest.raises(UnsupportedAlgorithm) as caught:
            verify_signature(key, AlgorithmIdentifier(oid=oid), bytes(256), MESSAGE)
        assert caught.value.oid == oid


def test_signed_data_may_leave_the_hash_to_the_signer(rsa_key: rsa.RSAPrivateKey) -> None:
    curve = Curve.by_name("P-256")
    key = load_public_key(named_spki(curve, public(curve, 5)))
    signature = encode_dss_signature(*sign(curve, 5, "sha384"))
    verify_signature(key, AlgorithmIdentifier(oid=oids.EC_PUBLIC_KEY), signature, MESSAGE, digest="sha384")


def test_a_modulus_without_its_leading_zero_is_taken_as_it_is(root: object, rsa_key: rsa.RSAPrivateKey) -> None:
    numbers = rsa_key.public_key().public_numbers()
    whole = spki_of(rsa_key.public_key())
    modulus = numbers.n.to_bytes(256)
    bare = der.sequence(b"\x02\x82\x01\x00" + modulus, der.integer(numbers.e))
    odd = der.sequence(der.sequence(der.oid(oids.RSA), der.null()), der.bit_string(bare))
    assert load_public_key(odd) == load_public_key(whole)


def rsa_spki(modulus: int, exponent: int, oid: str = oids.RSA) -> bytes:
    key = der.sequence(der.integer(modulus), der.integer(exponent))
    return der.sequence(der.sequence(der.oid(oid), der.null()), der.bit_string(key))


@pytest.mark.parametrize(
    ("modulus", "exponent"),
    [((1 << 1022) + 1, 3), ((1 << 8192) + 1, 3), ((1 << 2047) + 1, 1), ((1 << 2047) + 1, (1 << 64) + 1)],
    ids=["small", "large", "no exponent", "huge exponent"],
)
def test_rsa_keys_of_a_size_that_no_document_has(modulus: int, exponent: int) -> None:
    with pytest.raises(UnsupportedAlgorithm):
        load_public_key(rsa_spki(modulus, exponent))


def test_an_rsa_key_that_cannot_be() -> None:
    key = load_public_key(rsa_spki((1 << 2047) + 1, 4))
    with pytest.raises(MalformedData):
        verify_signature(key, AlgorithmIdentifier(oid=oids.RSA), bytes(256), MESSAGE, digest="sha256")


def test_a_key_marked_for_pss_is_an_rsa_key() -> None:
    assert load_public_key(rsa_spki((1 << 2047) + 1, 3, oids.RSA_PSS)) == RsaPublicKey(
        modulus=(1 << 2047) + 1, exponent=3
    )


def test_keys_of_other_kinds_are_unsupported() -> None:
    with pytest.raises(UnsupportedAlgorithm):
        load_public_key(spki_of(ed25519.Ed25519PrivateKey.generate().public_key()))


def ec_spki(parameters: bytes) -> bytes:
    algorithm = der.sequence(der.oid(oids.EC_PUBLIC_KEY), parameters)
    return der.sequence(algorithm, der.bit_string(bytes(65)))


@pytest.mark.parametrize(
    "parameters", [b"", b"\x05\x00", der.oid("1.3.132.0.10")], ids=["absent", "implied", "secp256k1"]
)
def test_curves_that_are_not_known_are_unsupported(parameters: bytes) -> None:
    with pytest.raises(UnsupportedAlgorithm):
        load_public_key(ec_spki(parameters))


Change = Callable[[bytes], bytes]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda spki: spki.replace(der.oid(oids.PRIME_FIELD), der.oid("1.2.840.10045.1.2")), UnsupportedAlgorithm),
        (lambda spki: spki.replace(b"\x04\x41\x04", b"\x04\x41\x05", 1), MalformedData),
        (lambda spki: spki[:-1] + bytes([spki[-1] ^ 1]), MalformedData),
        (lambda spki: spki + b"\x00", MalformedData),
        (lambda spki: spki[:-1], MalformedData),
        (lambda spki: spki.replace(b"\x03\x42\x00\x04", b"\x03\x42\x01\x04"), MalformedData),
    ],
    ids=["field", "generator", "point", "longer", "shorter", "unused bits"],
)
def test_explicit_parameters_that_are_wrong(change: Change, error: type[IdCardError]) -> None:
    curve = Curve.by_name("brainpoolP256r1")
    spki = explicit_spki(curve, public(curve, 7))
    assert change(spki) != spki
    with pytest.raises(error):
        load_public_key(change(spki))


def test_lengths_of_keys_are_known() -> None:
    assert EcPublicKey(curve=Curve.by_name("P-521"), point=Curve.by_name("P-521").generator).bits == 521
    assert RsaPublicKey(modulus=(1 << 2047) + 1, exponent=3).bits == 2048


@every_hash
def test_digests(digest: str) -> None:
    assert digest_of(digest, MESSAGE) == hashlib.new(digest, MESSAGE).digest()


@given(data=st.binary(max_size=200))
def test_any_bytes_are_a_key_or_an_error(data: bytes) -> None:
    with pytest.raises(IdCardError):
        load_public_key(data)


def test_a_key_on_another_curve_than_it_names() -> None:
    """Lithuania once named one curve and gave a point of another: a point tells on which curve it is."""
    private = ec.generate_private_key(ec.BrainpoolP256R1())
    signature = private.sign(MESSAGE, ec.ECDSA(hashes.SHA256()))
    real = load_public_key(spki_of(private.public_key()))
    assert isinstance(real, EcPublicKey)
    named = der.sequence(der.oid(oids.EC_PUBLIC_KEY), der.oid(Curve.by_name("P-256").oid))
    wrong = load_public_key(der.sequence(named, der.bit_string(real.curve.encode(real.point))))
    assert isinstance(wrong, EcPublicKey)
    assert (wrong.curve, wrong.point, wrong.named) == (real.curve, real.point, Curve.by_name("P-256"))
    assert real.named is None
    verify_signature(wrong, AlgorithmIdentifier(oid=oid_of(oids.ECDSA_DER, "sha256")), signature, MESSAGE)


@pytest.mark.parametrize(
    "point", [b"\x04" + bytes(64), b"\x04" + b"\x01" * 64, b"\x02" + b"\xff" * 32, b"\x04" + bytes(10)]
)
def test_a_point_on_no_curve_stays_malformed(point: bytes) -> None:
    named = der.sequence(der.oid(oids.EC_PUBLIC_KEY), der.oid(Curve.by_name("P-256").oid))
    with pytest.raises(MalformedData):
        load_public_key(der.sequence(named, der.bit_string(point)))


def test_ecdsa_whose_hash_is_in_its_parameters_or_in_the_signed_data() -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    key = load_public_key(spki_of(private.public_key()))
    signature = private.sign(MESSAGE, ec.ECDSA(hashes.SHA384()))
    sha384 = der.sequence(der.oid(oid_of(oids.HASHES, "sha384")))
    specified = AlgorithmIdentifier(oid=oids.ECDSA_WITH_SPECIFIED, parameters=sha384)
    verify_signature(key, specified, signature, MESSAGE)
    verify_signature(key, AlgorithmIdentifier(oid=oids.ECDSA_WITH_SPECIFIED), signature, MESSAGE, digest="sha384")
    with pytest.raises(UnsupportedAlgorithm):
        verify_signature(key, AlgorithmIdentifier(oid=oids.ECDSA_WITH_SPECIFIED), signature, MESSAGE)
    odd = AlgorithmIdentifier(oid=oids.ECDSA_WITH_SPECIFIED, parameters=der.sequence(der.oid("1.2.3")))
    with pytest.raises(UnsupportedAlgorithm):
        verify_signature(key, odd, signature, MESSAGE)


@pytest.mark.parametrize(
    ("algorithm", "digest", "name"),
    [
        (AlgorithmIdentifier(oid=oid_of(oids.RSA_PKCS1, "sha1")), None, "sha1"),
        (AlgorithmIdentifier(oid=oids.RSA), "sha512", "sha512"),
        (AlgorithmIdentifier(oid=oids.RSA), None, None),
        (AlgorithmIdentifier(oid=oids.RSA_PSS, parameters=pss_parameters("sha256", "sha256", 32)), None, "sha256"),
        (AlgorithmIdentifier(oid=oid_of(oids.ECDSA_PLAIN, "sha224")), None, "sha224"),
        (AlgorithmIdentifier(oid="1.2.3"), "sha256", None),
    ],
)
def test_the_hash_of_an_algorithm(algorithm: AlgorithmIdentifier, digest: str | None, name: str | None) -> None:
    assert hash_of(algorithm, digest) == name
