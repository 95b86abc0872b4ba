"""Elliptic curves of identity documents, and arithmetic on their public points.

Theory of operation. A curve is y² = x³ + ax + b over the field of p elements, with a generator G of prime order n.
Documents name a curve by an object identifier, by a number (PACE), or write its parameters out in full; the last form
is matched here to a known curve, and a curve that nobody standardised is refused.

The arithmetic is plain Python and its time depends on the numbers: **use it with public values only**. Everything that
touches a secret goes through ``cryptography``.

Source: BSI TR-03111, "Elliptic Curve Cryptography"; ICAO Doc 9303-11, "Standardized Domain Parameters".
"""

from dataclasses import dataclass
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec

from idcard.crypto.curve_tables import PACE_PARAMETERS, ROWS
from idcard.errors import MalformedData, UnsupportedAlgorithm


class Point(NamedTuple):
    """An affine point. The point at infinity is written ``None``."""

    x: int
    y: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Domain parameters: field p, coefficients a and b, generator (gx, gy), order n, cofactor h.

    ``size_bytes`` is the length of a coordinate.
    """

    name: str
    oid: str
    p: int
    a: int
    b: int
    gx: int
    gy: int
    n: int
    h: int
    size_bytes: int

    @classmethod
    def by_name(cls, name: str) -> "Curve":
        """The curve called ``name``, for example ``"brainpoolP256r1"`` or ``"P-256"``.

        :raises UnsupportedAlgorithm: if there is none.
        """
        return _known(_BY_NAME, name, None)

    @classmethod
    def by_oid(cls, oid: str) -> "Curve":
        """The curve with the object identifier ``oid`` in dotted form.

        :raises UnsupportedAlgorithm: if there is none.
        """
        return _known(_BY_OID, oid, oid)

    @classmethod
    def by_pace_parameter_id(cls, parameter_id: int) -> "Curve":
        """The curve of PACE's standardised domain parameters ``parameter_id``, 8 to 18.

        :raises UnsupportedAlgorithm: for any other number (0 to 2 are no curves).
        """
        return cls.by_name(PACE_PARAMETERS.get(parameter_id, f"parameter id {parameter_id}"))

    @classmethod
    def by_parameters(cls, p: int, a: int, b: int, generator: Point, n: int) -> "Curve":
        """The known curve that has exactly these parameters.

        :raises UnsupportedAlgorithm: if none has: parameters of one's own making are never used.
        """
        try:
            return _BY_PARAMETERS[(p, a % p if p else a, b % p if p else b, generator, n)]
        except KeyError:
            raise UnsupportedAlgorithm("explicit curve parameters that match no known curve") from None

    @classmethod
    def by_equation(cls, p: int, a: int, b: int) -> "Curve":
        """The known curve with this field and these coefficients.

        :raises UnsupportedAlgorithm: if there is none.
        """
        found = next((curve for curve in CURVES if (curve.p, curve.a, curve.b) == (p, a, b)), None)
        if found is None:
            raise UnsupportedAlgorithm("explicit curve parameters that match no known curve")
        return found

    @property
    def generator(self) -> Point:
        """The generator G."""
        return Point(self.gx, self.gy)

    @property
    def order_bytes(self) -> int:
        """The length of a scalar in bytes."""
        return (self.n.bit_length() + 7) // 8

    def to_cryptography(self) -> ec.EllipticCurve | None:
        """The same curve in ``cryptography``, or None where it has no such curve."""
        cls = _CRYPTOGRAPHY.get(self.name)
        return None if cls is None else cls()

    def on_curve(self, point: Point) -> bool:
        """Whether ``point`` has coordinates in the field and satisfies the curve's equation."""
        x, y = point
        return 0 <= x < self.p and 0 <= y < self.p and (y * y - self._right_side(x)) % self.p == 0

    def negate(self, point: Point | None) -> Point | None:
        """The point's inverse: its mirror image."""
        return None if point is None else Point(point.x, -point.y % self.p)

    def add(self, left: Point | None, right: Point | None) -> Point | None:
        """The sum of two points of the curve; None is the point at infinity."""
        if left is None or right is None:
            return right if left is None else left
        if left.x == right.x:
            return self._double(left) if left.y == right.y else None
        return self._chord(left, right, (right.y - left.y) * pow(right.x - left.x, -1, self.p))

    def _double(self, point: Point) -> Point:
        # The order is an odd prime, so no point of the curve is its own inverse: y is never zero.
        return self._chord(point, point, (3 * point.x * point.x + self.a) * pow(2 * point.y, -1, self.p))

    def _chord(self, left: Point, right: Point, slope: int) -> Point:
        x = (slope * slope - left.x - right.x) % self.p
        return Point(x, (slope * (left.x - x) - left.y) % self.p)

    def multiply(self, scalar: int, point: Point | None) -> Point | None:
        """``scalar`` times ``point``, for public values only: its time tells the scalar.

        :param scalar: any integer of the scalar field, 0 or more.
        """
        return self.combine(scalar, point, 0, None)

    def combine(self, u: int, left: Point | None, v: int, right: Point | None) -> Point | None:
        """``u`` times ``left`` plus ``v`` times ``right``, for public values only."""
        table = (None, left, right, self.add(left, right))
        total: _Jacobian = (0, 1, 0)
        for bit in reversed(range(max(u.bit_length(), v.bit_length()))):
            total = _jacobian_double(total, self.a, self.p)
            addend = table[(u >> bit & 1) | (v >> bit & 1) << 1]
            if addend is not None:
                total = _jacobian_add(total, addend, self.a, self.p)
        return _to_affine(total, self.p)

    def decompress(self, x: int, *, odd: bool) -> Point:
        """The point with abscissa ``x`` whose ordinate is odd or even as asked.

        :raises MalformedData: if the curve has no point there.
        """
        y = _square_root(self._right_side(x), self.p) if 0 <= x < self.p else None
        if y is None:
            raise MalformedData("is not on its curve", where="EC point")
        return Point(x, self.p - y if y and (y & 1) != odd else y)

    def _right_side(self, x: int) -> int:
        return (pow(x, 3, self.p) + self.a * x + self.b) % self.p

    def encode(self, point: Point) -> bytes:
        """The point in uncompressed form: 04, x, y."""
        return b"\x04" + point.x.to_bytes(self.size_bytes) + point.y.to_bytes(self.size_bytes)

    def decode(self, data: bytes) -> Point:
        """The point that ``data`` encodes, uncompressed (04) or compressed (02, 03); never the point at infinity.

        :raises MalformedData: if it is no such encoding, or the point is not on the curve.
        """
        size = self.size_bytes
        if len(data) == 1 + size and data[0] in (2, 3):
            return self.decompress(int.from_bytes(data[1:]), odd=data[0] == 3)
        if len(data) != 1 + 2 * size or data[0] != 4:
            raise MalformedData("is neither a compressed nor an uncompressed point of its curve", where="EC point")
        point = Point(int.from_bytes(data[1 : 1 + size]), int.from_bytes(data[1 + size :]))
        if not self.on_curve(point):
            raise MalformedData("is not on its curve", where="EC point")
        return point


_Jacobian = tuple[int, int, int]


def _jacobian_double(point: _Jacobian, a: int, p: int) -> _Jacobian:
    x, y, z = point
    if z == 0:
        return point
    yy = y * y % p
    s = 4 * x * yy % p
    zz = z * z % p
    m = (3 * x * x + a * zz * zz) % p
    new_x = (m * m - 2 * s) % p
    return new_x, (m * (s - new_x) - 8 * yy * yy) % p, 2 * y * z % p


def _jacobian_add(left: _Jacobian, right: Point, a: int, p: int) -> _Jacobian:
    x, y, z = left
    if z == 0:
        return right.x, right.y, 1
    zz = z * z % p
    h = (right.x * zz - x) % p
    r = (right.y * zz * z - y) % p
    if h == 0:
        return _jacobian_double(left, a, p) if r == 0 else (0, 1, 0)
    hh = h * h % p
    hhh = h * hh % p
    v = x * hh % p
    new_x = (r * r - hhh - 2 * v) % p
    return new_x, (r * (v - new_x) - y * hhh) % p, z * h % p


def _to_affine(point: _Jacobian, p: int) -> Point | None:
    x, y, z = point
    if z == 0:
        return None
    inverse = pow(z, -1, p)
    return Point(x * inverse * inverse % p, y * inverse * inverse * inverse % p)


def _square_root(square: int, p: int) -> int | None:
    """A number whose square modulo the prime ``p`` is ``square``, or None; Tonelli and Shanks where p is 1 modulo 4."""
    if p % 4 == 3:
        root = pow(square, (p + 1) // 4, p)
        return root if root * root % p == square else None
    if square == 0 or pow(square, (p - 1) // 2, p) != 1:
        return 0 if square == 0 else None
    return _tonelli_shanks(square, p)


def _tonelli_shanks(square: int, p: int) -> int:
    twos = ((p - 1) & -(p - 1)).bit_length() - 1
    odd = (p - 1) >> twos
    non_residue = next(z for z in range(2, p) if pow(z, (p - 1) // 2, p) == p - 1)
    c, root, t = pow(non_residue, odd, p), pow(square, (odd + 1) // 2, p), pow(square, odd, p)
    while t != 1:
        depth, power = 0, t
        while power != 1:
            power, depth = power * power % p, depth + 1
        b = pow(c, 1 << (twos - depth - 1), p)
        twos, c = depth, b * b % p
        root, t = root * b % p, t * c % p
    return root


def _known(table: dict[str, Curve], key: str, oid: str | None) -> Curve:
    try:
        return table[key]
    except KeyError:
        raise UnsupportedAlgorithm(f"no known elliptic curve {key}", oid=oid) from None


def _curve(name: str, oid: str, size: int, *numbers: str) -> Curve:
    p, a, b, gx, gy, n = (int(number, 16) for number in numbers)
    return Curve(name=name, oid=oid, p=p, a=a, b=b, gx=gx, gy=gy, n=n, h=1, size_bytes=size)


CURVES: tuple[Curve, ...] = tuple(_curve(*row) for row in ROWS)
_BY_NAME = {curve.name: curve for curve in CURVES}
_BY_OID = {curve.oid: curve for curve in CURVES}
_BY_PARAMETERS = {(curve.p, curve.a, curve.b, curve.generator, curve.n): curve for curve in CURVES}
_CRYPTOGRAPHY: dict[str, type[ec.EllipticCurve]] = {
    "P-192": ec.SECP192R1,
    "P-224": ec.SECP224R1,
    "P-256": ec.SECP256R1,
    "P-384": ec.SECP384R1,
    "P-521": ec.SECP521R1,
    "brainpoolP256r1": ec.BrainpoolP256R1,
    "brainpoolP384r1": ec.BrainpoolP384R1,
    "brainpoolP512r1": ec.BrainpoolP512R1,
}
