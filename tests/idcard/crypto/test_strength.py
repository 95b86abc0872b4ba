"""Which keys are too weak to rely on, whoever's they are."""

import pytest

from idcard.crypto.curves import CURVES, Curve
from idcard.crypto.signature import EcPublicKey, RsaPublicKey
from idcard.crypto.strength import key_weakness


@pytest.mark.parametrize(("bits", "weakness"), [(1024, "rsa1024"), (2047, "rsa2047"), (2048, None), (4096, None)])
def test_rsa_needs_2048_bits(bits: int, weakness: str | None) -> None:
    assert key_weakness(RsaPublicKey(modulus=(1 << bits) - 1, exponent=65537)) == weakness


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)
def test_a_curve_needs_224_bits(curve: Curve) -> None:
    key = EcPublicKey(curve=curve, point=curve.generator)
    bits = curve.n.bit_length()
    assert key_weakness(key) == (f"ec{bits}" if bits < 224 else None)
