"""Domain parameters for key agreement: the standard's, those written out, and those that are not sound."""

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from idcard.crypto.agreement_keys import domain_of, load_agreement_key
from idcard.crypto.curves import CURVES, Curve, Point
from idcard.crypto.domains import DhDomain, EcDomain, standardized
from idcard.crypto.explicit import curve_of, own_curve
from idcard.crypto.groups import Group
from idcard.crypto.ladder import ladder
from idcard.crypto.mapping import point_of_field
from idcard.crypto.primes import is_prime
from idcard.crypto.strength import CURRENT
from idcard.encoding.asn1 import AlgorithmIdentifier
from idcard.errors import MalformedData, ProtocolViolation, UnsupportedAlgorithm
from idcard.testing import Profile, der

NUMBERS = (0, 1, 2, *range(8, 19))
GROUP = Group.by_pace_parameter_id(0)
P256 = Curve.by_name("P-256")
# secp256k1: a sound curve that no travel document standard has.
KOBLITZ = (
    2**256 - 2**32 - 977,
    0,
    7,
    Point(
        0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
        0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
    ),
    0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
)


def random(size: int, byte: int = 7) -> bytes:
    return bytes((byte * position + byte) % 256 for position in range(size))


@pytest.mark.parametrize("number", NUMBERS)
def test_two_sides_agree_before_and_after_the_mapping(number: int) -> None:
    domain = standardized(number)
    one, other = (domain.scalar(random(domain.entropy_bytes, byte)) for byte in (5, 9))
    secret = domain.agree(one, domain.public_key(other))
    assert secret == domain.agree(other, domain.public_key(one))
    mapped = domain.mapped(12345, one, domain.public_key(other))
    assert mapped == domain.mapped(12345, other, domain.public_key(one))
    assert mapped.agree(one, mapped.public_key(other)) == mapped.agree(other, mapped.public_key(one))
    assert mapped.agree(one, mapped.public_key(other)) != secret
    assert domain.mapped(0, one, domain.public_key(other)) != mapped
    assert len(domain.compressed(domain.public_key(one))) == (
        20 if number < 8 else (domain.field.bit_length() + 7) // 8
    )


@pytest.mark.parametrize("number", NUMBERS)
def test_written_out_parameters_and_keys_are_recognised(number: int) -> None:
    theirs, ours = Profile(parameter_id=number).domain, standardized(number)
    key = load_agreement_key(theirs.spki(4711))
    assert key.domain == ours
    assert key.public_key == theirs.public(4711)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_private_key_is_a_scalar_in_range(number: int) -> None:
    domain = standardized(number)
    scalar = domain.scalar_of(b"\x05")
    assert scalar is not None
    assert domain.public_key(scalar) == Profile(parameter_id=number).domain.public(5)
    assert domain.scalar_of(bytes(domain.scalar_bytes)) is None
    assert domain.scalar_of(b"\xff" * domain.scalar_bytes) is None


def test_too_little_randomness_is_the_callers_mistake() -> None:
    for number in (0, 13):
        domain = standardized(number)
        with pytest.raises(ValueError, match="too few"):
            domain.scalar(random(domain.entropy_bytes - 1))


def test_numbers_that_name_nothing() -> None:
    for number in (3, 7, 19, 31):
        with pytest.raises(UnsupportedAlgorithm):
            standardized(number)


@pytest.mark.parametrize(("number", "bits"), [(0, 80), (1, 112), (2, 112), (8, 96), (13, 128), (18, 260)])
def test_strength(number: int, bits: int) -> None:
    assert standardized(number).bits == bits


def test_a_mapping_to_nothing_is_a_violation() -> None:
    domain = standardized(13)
    one = domain.scalar_of(b"\x01")
    assert one is not None
    assert isinstance(domain, EcDomain)
    with pytest.raises(ProtocolViolation, match="infinity"):
        domain.mapped(domain.curve.n - 1, one, domain.public_key(one))
    group = standardized(0)
    scalar = group.scalar_of(b"\x01")
    assert scalar is not None
    with pytest.raises(ProtocolViolation, match="neutral"):
        group.mapped(GROUP.q - 1, scalar, group.public_key(scalar))
    for number in (0, 1, GROUP.p - 1):
        with pytest.raises(ProtocolViolation, match="neutral"):
            group.integrated(number)
    with pytest.raises(ProtocolViolation, match="no point"):
        domain.integrated(0)


@pytest.mark.parametrize("number", [0, 1, 5, GROUP.p - 1, GROUP.p + 4])
def test_elements_outside_the_group_are_refused(number: int) -> None:
    domain = standardized(0)
    scalar = domain.scalar_of(b"\x05")
    assert scalar is not None
    with pytest.raises(ProtocolViolation):
        domain.agree(scalar, number.to_bytes(128))
    for wrong in (b"", bytes(129)):
        with pytest.raises(MalformedData):
            domain.agree(scalar, wrong)


def test_leading_zeros_of_a_number_may_lack() -> None:
    short = next(k for k in range(1, 5000) if pow(GROUP.g, k, GROUP.p) < 1 << 1016)
    element = pow(GROUP.g, short, GROUP.p)
    assert GROUP.decode(element.to_bytes(127)) == element
    assert len(GROUP.encode(element)) == 128


def test_integrated_mapping_is_not_defined_on_p224() -> None:
    with pytest.raises(UnsupportedAlgorithm, match="P-224"):
        standardized(10).integrated(5)


@given(st.integers(2, P256.p - 2))
def test_any_number_of_the_field_becomes_a_point(number: int) -> None:
    assert P256.on_curve(point_of_field(P256, number))


# Parameters of the chip's own


def test_a_sound_curve_of_the_chips_own_is_used() -> None:
    curve = own_curve(*KOBLITZ)
    assert curve.to_cryptography() is None
    numbers = ec.derive_private_key(4711, ec.SECP256K1()).public_key().public_numbers()
    assert ladder(curve, 4711, curve.generator) == Point(numbers.x, numbers.y)
    public = ec.derive_private_key(4711, ec.SECP256K1()).public_key()
    key = load_agreement_key(_explicit(public, curve))
    assert key.domain.name == "EC 256"
    assert CURRENT.agreement_weakness(key) == ""


def _explicit(public: ec.EllipticCurvePublicKey, curve: Curve) -> bytes:
    point = public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    field = der.sequence(der.oid("1.2.840.10045.1.1"), der.integer(curve.p))
    coefficients = der.sequence(*(der.octet_string(value.to_bytes(32)) for value in (curve.a, curve.b)))
    base = der.octet_string(curve.encode(curve.generator))
    parameters = der.sequence(der.integer(1), field, coefficients, base, der.integer(curve.n), der.integer(1))
    return der.sequence(der.sequence(der.oid("1.2.840.10045.2.1"), parameters), der.bit_string(point))


def _changed(**changes: Any) -> tuple[int, int, int, Point, int]:
    p, a, b, generator, n = KOBLITZ
    values = {"p": p, "a": a, "b": b, "generator": generator, "n": n} | changes
    return values["p"], values["a"], values["b"], values["generator"], values["n"]


@pytest.mark.parametrize(
    "numbers",
    [
        _changed(p=0),
        _changed(p=KOBLITZ[0] - 2),
        _changed(p=2**127 - 1),
        _changed(b=0),
        _changed(b=8),
        _changed(n=KOBLITZ[4] - 2),
        _changed(n=KOBLITZ[4] >> 8),
        _changed(n=KOBLITZ[0]),
        _changed(n=0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F + 1000),
    ],
    ids=[
        "no prime",
        "composite",
        "small",
        "not smooth",
        "off the curve",
        "even order",
        "no Hasse",
        "anomalous",
        "other",
    ],
)
def test_a_curve_that_is_not_sound_is_refused(numbers: tuple[int, int, int, Point, int]) -> None:
    with pytest.raises(UnsupportedAlgorithm, match="not sound"):
        own_curve(*numbers)


def test_a_curve_with_a_short_cut_is_refused() -> None:
    # y² = x³ + x over p = 3 modulo 4 has p + 1 points, a small embedding degree, and an even order at that.
    p = 2**256 - 2**32 - 977
    with pytest.raises(UnsupportedAlgorithm):
        own_curve(p, 1, 0, Point(0, 0), p + 1)


def test_named_and_implied_curves() -> None:
    assert curve_of(der.oid(P256.oid)) == P256
    for parameters in (None, der.null()):
        with pytest.raises(UnsupportedAlgorithm):
            curve_of(parameters)
    with pytest.raises(MalformedData):
        curve_of(der.sequence(der.integer(1)))


def identifier(oid: str, parameters: bytes | None) -> AlgorithmIdentifier:
    return AlgorithmIdentifier(oid=oid, parameters=parameters)


def test_domain_parameters_by_every_kind_of_identifier() -> None:
    numbers = der.sequence(*(der.integer(value) for value in (GROUP.p, GROUP.g, GROUP.q)))
    assert domain_of(identifier("1.2.840.10046.2.1", numbers)) == DhDomain.of(GROUP)
    older = der.sequence(der.integer(GROUP.p), der.integer(GROUP.g), der.integer(160))
    assert domain_of(identifier("1.2.840.113549.1.3.1", older)) == DhDomain.of(GROUP)
    assert domain_of(identifier("0.4.0.127.0.7.1.2", der.integer(13))) == standardized(13)
    for oid, parameters in (("0.4.0.127.0.7.1.2", None), ("1.2.3", der.null())):
        with pytest.raises(UnsupportedAlgorithm):
            domain_of(identifier(oid, parameters))
    with pytest.raises(MalformedData):
        domain_of(identifier("1.2.840.10046.2.1", der.sequence(der.integer(5))))


SAFE = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF",
    16,
)
"""A safe prime of 1024 bits. Source: RFC 2409, "Second Oakley Group"."""


def test_a_group_without_its_order_must_be_half_of_a_safe_prime() -> None:
    assert Group.without_order(GROUP.p, GROUP.g) == GROUP
    assert Group.without_order(SAFE, 4).q == SAFE // 2
    assert Group.of(SAFE, 4, SAFE // 2).holds(16)


@pytest.mark.parametrize(
    "group",
    [
        lambda: Group.of(GROUP.p, GROUP.g, GROUP.q - 2),
        lambda: Group.of(GROUP.p, 5, GROUP.q),
        lambda: Group.of(GROUP.p + 2, GROUP.g, GROUP.q),
        lambda: Group.of(23, 4, 11),
        lambda: Group.of(GROUP.p, pow(GROUP.g, GROUP.q // 2, GROUP.p), (GROUP.p - 1) // 2),
        lambda: Group.without_order(SAFE, SAFE - 1),
        lambda: Group.without_order(SAFE + 2, 4),
    ],
    ids=["order", "generator", "prime", "small", "composite order", "neutral", "not safe"],
)
def test_a_group_that_is_not_sound_is_refused(group: Callable[[], Group]) -> None:
    with pytest.raises(UnsupportedAlgorithm):
        group()


def test_weak_keys_are_named() -> None:
    for number, weakness in ((0, "dh1024"), (1, ""), (8, "ec192"), (10, ""), (13, "")):
        key = load_agreement_key(Profile(parameter_id=number).domain.spki(4711))
        assert CURRENT.agreement_weakness(key) == weakness


def test_names() -> None:
    assert [standardized(number).name for number in (1, 13)] == ["MODP 2048/224", "brainpoolP256r1"]


# Arithmetic


@pytest.mark.parametrize("number", [0, 1, 4, 9, 561, 2**127 - 3, 3215031751, 2**89 + 1, (2**61 - 1) * (2**89 - 1)])
def test_composites(number: int) -> None:
    assert not is_prime(number)


@pytest.mark.parametrize("number", [2, 3, 37, 41, 97, 2**61 - 1, 2**89 - 1, 2**127 - 1, P256.p, P256.n, GROUP.q])
def test_primes(number: int) -> None:
    assert is_prime(number)


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)
def test_the_ladder_is_plain_arithmetic(curve: Curve) -> None:
    for scalar in (1, 2, 3, curve.n - 1, curve.n - 2, 0xC0FFEE, curve.n // 3):
        assert ladder(curve, scalar, curve.generator) == curve.multiply(scalar, curve.generator)


@given(one=st.integers(1, 2**320), other=st.integers(1, 2**320))
def test_the_ladder_is_a_homomorphism(one: int, other: int) -> None:
    curve = Curve.by_name("brainpoolP320r1")
    one, other = one % (curve.n - 1) + 1, other % (curve.n - 1) + 1
    total = curve.add(ladder(curve, one, curve.generator), ladder(curve, other, curve.generator))
    assert total == curve.multiply((one + other) % curve.n, curve.generator)
