import pytest

from idcard.crypto.curves import CURVES, Curve, Point
from idcard.crypto.key_agreement import multiply, public_point, random_scalar, shared_abscissa
from idcard.errors import ProtocolViolation

NAMES = [curve.name for curve in CURVES]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scalar", [1, 2, 3, 0xDEADBEEF, -1, -2])
def test_both_coordinates_agree_with_plain_arithmetic(name: str, scalar: int) -> None:
    curve = Curve.by_name(name)
    point = curve.multiply(0x1234567, curve.generator)
    assert point is not None
    assert multiply(curve, scalar % curve.n, point) == curve.multiply(scalar % curve.n, point)


def test_a_public_point_is_the_generator_multiplied() -> None:
    curve = Curve.by_name("brainpoolP256r1")
    assert public_point(curve, 77) == curve.multiply(77, curve.generator)


@pytest.mark.parametrize("name", ["P-256", "brainpoolP320r1"])
def test_a_point_off_the_curve_is_refused(name: str) -> None:
    curve = Curve.by_name(name)
    with pytest.raises(ProtocolViolation):
        shared_abscissa(curve, 5, Point(curve.gx, curve.gy + 1))
    with pytest.raises(ProtocolViolation):
        multiply(curve, 5, Point(curve.gx, curve.gy + 1))


@pytest.mark.parametrize("name", ["brainpoolP192r1", "brainpoolP224r1", "brainpoolP320r1"])
def test_two_sides_agree_on_a_curve_that_openssl_lacks(name: str) -> None:
    curve = Curve.by_name(name)
    assert curve.to_cryptography() is None
    one, other = 0xABCDEF, curve.n - 0x1234567
    secret = shared_abscissa(curve, one, public_point(curve, other))
    assert secret == shared_abscissa(curve, other, public_point(curve, one))
    assert len(secret) == curve.size_bytes


def test_scalars_are_never_zero_and_want_enough_randomness() -> None:
    curve = Curve.by_name("P-256")
    assert random_scalar(curve, bytes(40)) == 1
    assert 1 <= random_scalar(curve, b"\xff" * 40) < curve.n
    with pytest.raises(ValueError, match="too few"):
        random_scalar(curve, bytes(32))
