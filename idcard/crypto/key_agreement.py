"""Secret scalars times public points.

Theory of operation. PACE multiplies secrets with points that are not the generator of a named curve, which OpenSSL's
ECDH does in constant time but answers with the abscissa alone. The ordinate is one of two; a second multiplication
with the scalar plus one tells which, by adding public points only.

On the curves that OpenSSL does not offer here (brainpool with 160, 192, 224 and 320 bits, and parameters that a chip
writes out itself) a ladder in plain Python does the work. It does the same additions for every scalar of a curve, but
Python's numbers take a time that depends a little on their size. Every such scalar is used for one run only.

Source: ICAO Doc 9303-11, "PACE", generic mapping; BSI TR-03111, "Elliptic Curve Key Agreement".
"""

from cryptography.hazmat.primitives.asymmetric import ec

from idcard.crypto.curves import Curve, Point
from idcard.crypto.ladder import ladder
from idcard.errors import ProtocolViolation


def random_scalar(curve: Curve, random: bytes) -> int:
    """A scalar from 1 to n-1 out of random bytes, which must be at least 8 longer than the order to be unbiased."""
    if len(random) < curve.order_bytes + 8:
        raise ValueError("too few random bytes for an unbiased scalar")
    return int.from_bytes(random) % (curve.n - 1) + 1


def public_point(curve: Curve, scalar: int) -> Point:
    """``scalar`` times the curve's generator."""
    backend = curve.to_cryptography()
    if backend is None:
        return ladder(curve, scalar, curve.generator)
    numbers = ec.derive_private_key(scalar, backend).public_key().public_numbers()
    return Point(numbers.x, numbers.y)


def shared_abscissa(curve: Curve, scalar: int, point: Point) -> bytes:
    """The abscissa of ``scalar`` times ``point``, as long as the field: what ECDH agrees on.

    :raises ProtocolViolation: if the point is not on the curve or the product is the point at infinity.
    """
    backend = curve.to_cryptography()
    if backend is None:
        return ladder(curve, scalar, _on_curve(curve, point)).x.to_bytes(curve.size_bytes)
    try:
        public = ec.EllipticCurvePublicNumbers(point.x, point.y, backend).public_key()
        return ec.derive_private_key(scalar, backend).exchange(ec.ECDH(), public)
    except ValueError as error:
        raise ProtocolViolation("a public key that is not on its curve") from error


def multiply(curve: Curve, scalar: int, point: Point) -> Point:
    """``scalar`` (1 to n-1) times ``point``, both coordinates.

    :raises ProtocolViolation: if the point is not on the curve.
    """
    if curve.to_cryptography() is None:
        return ladder(curve, scalar, _on_curve(curve, point))
    candidate = curve.decompress(int.from_bytes(shared_abscissa(curve, scalar, point)), odd=False)
    mirrored = Point(candidate.x, curve.p - candidate.y)
    if scalar == curve.n - 1:
        return Point(point.x, -point.y % curve.p)
    following = int.from_bytes(shared_abscissa(curve, scalar + 1, point))
    total = curve.add(candidate, point)
    return candidate if total is not None and total.x == following else mirrored


def _on_curve(curve: Curve, point: Point) -> Point:
    if not curve.on_curve(point):
        raise ProtocolViolation("a public key that is not on its curve")
    return point
