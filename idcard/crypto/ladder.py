"""A secret scalar times a point, for curves that OpenSSL does not offer here.

Theory of operation. A Montgomery ladder over projective coordinates (x = X/Z, y = Y/Z): for each bit of the curve's
order, of whatever value, one addition and one doubling, both with the same complete formulas, which know no special
case and take no branch. What is left to time and listen to are Python's numbers, a little shorter now and then.

Source: Renes, Costello, Batina, "Complete addition formulas for prime order elliptic curves", algorithm 1.
"""

from idcard.crypto.curves import Curve, Point

_Projective = tuple[int, int, int]


def ladder(curve: Curve, scalar: int, point: Point) -> Point:
    """``scalar`` (1 to n-1) times ``point``, which is on the curve."""
    low: _Projective = (0, 1, 0)
    high: _Projective = (point.x, point.y, 1)
    for position in reversed(range(curve.n.bit_length())):
        both = _add(curve, low, high)
        twice = _add(curve, *((low, low), (high, high))[scalar >> position & 1])
        low, high = ((twice, both), (both, twice))[scalar >> position & 1]
    x, y, z = low
    inverse = pow(z, -1, curve.p)
    return Point(x * inverse % curve.p, y * inverse % curve.p)


def _add(curve: Curve, left: _Projective, right: _Projective) -> _Projective:
    p, a, b3 = curve.p, curve.a, 3 * curve.b
    (x1, y1, z1), (x2, y2, z2) = left, right
    xx, yy, zz = x1 * x2 % p, y1 * y2 % p, z1 * z2 % p
    xy = ((x1 + y1) * (x2 + y2) - xx - yy) % p
    xz = ((x1 + z1) * (x2 + z2) - xx - zz) % p
    yz = ((y1 + z1) * (y2 + z2) - yy - zz) % p
    t = (a * xz + b3 * zz) % p
    minus, plus = yy - t, yy + t
    u = (3 * xx + a * zz) % p
    v = (b3 * xz + a * (xx - a * zz)) % p
    return (xy * minus - yz * v) % p, (minus * plus + u * v) % p, (yz * plus + xy * u) % p
