import shutil
import subprocess

import pytest
from asn1crypto.keys import SpecifiedECDomain
from cryptography.hazmat.primitives.asymmetric import ec

from idcard.crypto.curve_tables import PACE_PARAMETERS
from idcard.crypto.curves import CURVES, Curve, Point
from idcard.errors import MalformedData, UnsupportedAlgorithm

OPENSSL_NAMES = {"P-192": "prime192v1", "P-224": "secp224r1", "P-256": "prime256v1", "P-384": "secp384r1"} | {
    "P-521": "secp521r1"
}
every_curve = pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)


@every_curve
def test_the_generator_lies_on_the_curve_and_has_its_order(curve: Curve) -> None:
    assert curve.on_curve(curve.generator)
    assert curve.multiply(curve.n, curve.generator) is None
    assert curve.multiply(curve.n - 1, curve.generator) == curve.negate(curve.generator)


@every_curve
def test_openssl_has_the_same_numbers(curve: Curve) -> None:
    openssl = shutil.which("openssl")
    assert openssl, "the openssl command is needed as second witness"
    name = OPENSSL_NAMES.get(curve.name, curve.name)
    command = [openssl, "ecparam", "-name", name, "-param_enc", "explicit", "-outform", "DER"]
    domain = SpecifiedECDomain.load(subprocess.run(command, check=True, capture_output=True).stdout)
    assert domain["field_id"]["parameters"].native == curve.p
    assert int.from_bytes(domain["curve"]["a"].native) == curve.a
    assert int.from_bytes(domain["curve"]["b"].native) == curve.b
    assert domain["base"].native == curve.encode(curve.generator)
    assert (domain["order"].native, domain["cofactor"].native) == (curve.n, curve.h)


@every_curve
def test_names_identifiers_and_parameters_lead_to_the_same_curve(curve: Curve) -> None:
    assert Curve.by_name(curve.name) is curve
    assert Curve.by_oid(curve.oid) is curve
    assert Curve.by_parameters(curve.p, curve.a, curve.b, curve.generator, curve.n) is curve


def test_pace_parameters_name_curves_of_the_right_size() -> None:
    sizes = {number: Curve.by_pace_parameter_id(number).p.bit_length() for number in PACE_PARAMETERS}
    assert sizes == dict(zip(range(8, 19), (192, 192, 224, 224, 256, 256, 320, 384, 384, 512, 521), strict=True))


@pytest.mark.parametrize("parameter_id", [0, 2, 7, 19])
def test_other_pace_parameters_are_no_curves(parameter_id: int) -> None:
    with pytest.raises(UnsupportedAlgorithm):
        Curve.by_pace_parameter_id(parameter_id)


def test_unknown_names_and_identifiers_are_refused() -> None:
    with pytest.raises(UnsupportedAlgorithm) as caught:
        Curve.by_oid("1.2.3")
    assert caught.value.oid == "1.2.3"
    with pytest.raises(UnsupportedAlgorithm):
        Curve.by_name("secp256k1")


def test_a_chosen_generator_is_refused() -> None:
    """Explicit parameters with a generator of one's own making would let anybody sign (CVE-2020-0601)."""
    curve = Curve.by_name("P-256")
    other = curve.multiply(2, curve.generator)
    assert other is not None
    with pytest.raises(UnsupportedAlgorithm):
        Curve.by_parameters(curve.p, curve.a, curve.b, other, curve.n)


def test_a_curve_is_known_by_its_equation() -> None:
    curve = Curve.by_name("brainpoolP320r1")
    assert Curve.by_equation(curve.p, curve.a, curve.b) is curve
    with pytest.raises(UnsupportedAlgorithm):
        Curve.by_equation(curve.p, curve.a, curve.b + 1)


def test_coefficient_a_may_be_written_as_a_negative_number() -> None:
    curve = Curve.by_name("P-256")
    assert Curve.by_parameters(curve.p, -3, curve.b, curve.generator, curve.n) is curve


@every_curve
def test_the_curves_of_cryptography_compute_the_same(curve: Curve) -> None:
    theirs = curve.to_cryptography()
    if theirs is None:
        assert curve.name in {"brainpoolP160r1", "brainpoolP192r1", "brainpoolP224r1", "brainpoolP320r1"}
        return
    scalar = curve.n // 7
    numbers = ec.derive_private_key(scalar, theirs).public_key().public_numbers()
    assert curve.multiply(scalar, curve.generator) == Point(numbers.x, numbers.y)


@every_curve
def test_adding_doubling_and_combining_agree(curve: Curve) -> None:
    one = curve.generator
    two, three = curve.add(one, one), curve.multiply(3, one)
    assert two is not None
    assert curve.add(two, one) == three == curve.combine(1, one, 1, two)
    assert curve.add(one, curve.negate(one)) is None
    assert curve.add(None, one) == one == curve.add(one, None)
    assert curve.combine(5, one, curve.n - 5, one) is None
    assert curve.negate(None) is None


@every_curve
def test_points_are_encoded_and_decoded(curve: Curve) -> None:
    point = curve.multiply(11, curve.generator)
    assert point is not None
    encoded = curve.encode(point)
    assert curve.decode(encoded) == point
    assert curve.decode(bytes([2 + (point.y & 1)]) + encoded[1 : 1 + curve.size_bytes]) == point
    assert curve.decompress(point.x, odd=not point.y & 1) == curve.negate(point)


@every_curve
def test_half_of_all_abscissas_have_no_point(curve: Curve) -> None:
    def has_a_point(x: int) -> bool:
        try:
            return curve.on_curve(curve.decompress(x, odd=True))
        except MalformedData:
            return False

    assert {has_a_point(x) for x in range(40)} == {True, False}


@pytest.mark.parametrize(
    "data", [b"", b"\x00", b"\x04" + bytes(64), b"\x04" + bytes(63), b"\x05" + bytes(32), b"\x02" + b"\xff" * 32]
)
def test_what_is_no_point_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedData):
        Curve.by_name("P-256").decode(data)
