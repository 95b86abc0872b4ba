from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from idcard.testing.chip_curves import CURVES, STANDARDIZED, Curve, Point

OPENSSL = {
    "brainpoolP256r1": ec.BrainpoolP256R1(),
    "brainpoolP384r1": ec.BrainpoolP384R1(),
    "brainpoolP512r1": ec.BrainpoolP512R1(),
    "secp192r1": ec.SECP192R1(),
    "secp224r1": ec.SECP224R1(),
    "secp256r1": ec.SECP256R1(),
    "secp384r1": ec.SECP384R1(),
    "secp521r1": ec.SECP521R1(),
}
every_curve = pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES.keys())
curve_256 = CURVES["brainpoolP256r1"]


@pytest.mark.parametrize("name", OPENSSL)
def test_public_keys_are_those_of_openssl(name: str) -> None:
    curve = CURVES[name]
    scalar = 0x1234567890ABCDEF**3 % curve.n
    numbers = ec.derive_private_key(scalar, OPENSSL[curve.name]).public_key().public_numbers()
    assert curve.multiply(scalar) == Point(x=numbers.x, y=numbers.y)


@pytest.mark.parametrize("name", ["brainpoolP192r1", "brainpoolP224r1", "brainpoolP320r1"])
def test_the_numbers_of_the_other_curves_are_those_of_openssl(name: str, openssl: Any) -> None:
    curve = CURVES[name]
    shown = openssl("ecparam", "-name", name, "-param_enc", "explicit", "-outform", "DER").stdout
    octets = (value.to_bytes(curve.size) for value in (curve.p, curve.a, curve.b, curve.n))
    assert all(part in shown for part in (*octets, curve.encode(curve.g)))


@every_curve
def test_the_generator_has_the_order(curve: Curve) -> None:
    assert curve.contains(curve.g)
    assert curve.add(curve.multiply(curve.n - 1), curve.multiply(2)) == curve.g
    with pytest.raises(ValueError, match="infinity"):
        curve.multiply(curve.n)


@every_curve
def test_a_point_survives_its_encoding(curve: Curve) -> None:
    point = curve.multiply(7)
    assert curve.decode(curve.encode(point)) == point


@pytest.mark.parametrize("spoil", [lambda b: b[:-1], lambda b: b"\x02" + b[1:], lambda b: b[:-1] + bytes([b[-1] ^ 1])])
def test_what_is_no_point_is_refused(spoil: object) -> None:
    good = curve_256.encode(curve_256.g)
    with pytest.raises(ValueError, match="point"):
        curve_256.decode(spoil(good))  # type: ignore[operator]


@given(one=st.integers(1, curve_256.n - 1), other=st.integers(1, curve_256.n - 1))
def test_multiplication_is_a_homomorphism(one: int, other: int) -> None:
    if (one + other) % curve_256.n:
        total = curve_256.add(curve_256.multiply(one), curve_256.multiply(other))
        assert total == curve_256.multiply(one + other)


def test_adding_a_point_to_itself_doubles_it() -> None:
    assert curve_256.add(curve_256.g, curve_256.g) == curve_256.multiply(2)


def test_a_drawn_key_is_never_zero() -> None:
    assert curve_256.draw(lambda size: bytes(size)) == 1
    assert curve_256.draw(lambda size: (curve_256.n - 2).to_bytes(size)) == curve_256.n - 1


def test_standardized_numbers_name_the_curves_of_the_table() -> None:
    names = {number: curve.name for number, curve in STANDARDIZED.items()}
    assert names[12] == "secp256r1"
    assert names[13] == "brainpoolP256r1"
    assert len(names) == len(CURVES)
