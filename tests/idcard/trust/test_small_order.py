"""Keys under which anybody can sign are nobody's keys."""

import base64
from itertools import product
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from idcard.errors import ConfigurationError
from idcard.trust.key_file import keys_from_file
from idcard.trust.pins import PinKeys
from idcard.trust.signed_text import check_proves, public_key

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int]
IDENTITY = (0, 1)


def add(a: Point, b: Point) -> Point:
    """The curve's own law (RFC 8032, 5.1)."""
    (x1, y1), (x2, y2) = a, b
    t = D * x1 * x2 * y1 * y2
    return (x1 * y2 + x2 * y1) * pow(1 + t, -1, P) % P, (y1 * y2 + x1 * x2) * pow(1 - t, -1, P) % P


def times(n: int, point: Point) -> Point:
    found = IDENTITY
    for bit in bin(n)[2:]:
        found = add(found, found)
        found = add(found, point) if bit == "1" else found
    return found


def abscissa(y: int) -> int | None:
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    for factor in (1, pow(2, (P - 1) // 4, P)):
        x = pow(square, (P + 3) // 8, P) * factor % P
        if x * x % P == square:
            return x
    return None


def small_points() -> set[Point]:
    """A point's multiple by the order of the large subgroup is of small order; enough points give them all."""
    order = 2**252 + 27742317777372353535851937790883648493
    found = {times(order, (x, y)) for y in range(2, 40) if (x := abscissa(y)) is not None}
    return {times(n, point) for point in found for n in range(8)}


SMALL = sorted(small_points())


def encodings(point: Point) -> list[bytes]:
    """The ways to write it: with either sign bit, and an ordinate of at least 2^255 - 19 that means a small one."""
    x, y = point
    ordinates = [y] + [y + P] * (y + P < 2**255)
    return [(one | sign << 255).to_bytes(32, "little") for one, sign in product(ordinates, (x & 1, 1))]


def test_there_are_eight() -> None:
    assert len(SMALL) == 8
    assert all(times(8, point) == IDENTITY for point in SMALL)


@pytest.mark.parametrize("raw", sorted({raw for point in SMALL for raw in encodings(point)}), ids=bytes.hex)
def test_a_key_of_small_order_is_refused_wherever_one_is_named(raw: bytes, tmp_path: Path) -> None:
    small, good = Ed25519PublicKey.from_public_bytes(raw), Ed25519PrivateKey.generate().public_key()
    with pytest.raises(ValueError, match="small order"):
        PinKeys(keys={"an.nguyen": small, "binh.tran": good})
    with pytest.raises(ValueError, match="small order"):
        public_key(base64.b64encode(raw).decode())
    file = tmp_path / "keys.toml"
    lines = "".join(f'"{n}" = "{base64.b64encode(k).decode()}"\n' for n, k in (("a", raw), ("b", bytes(range(1, 33)))))
    file.write_text(f"format = 1\n[keys]\n{lines}")
    for read in (keys_from_file, PinKeys.from_file):
        with pytest.raises(ConfigurationError):
            read(file)


def test_real_keys_are_taken() -> None:
    for _ in range(50):
        check_proves(Ed25519PrivateKey.generate().public_key())
