"""Secret scalars times public points, through OpenSSL.

Theory of operation. PACE multiplies secrets with points that are not the generator of a named curve, which OpenSSL's
ECDH does in constant time but answers with the abscissa alone. The ordinate is one of two; a second multiplication
with the scalar plus one tells which, by adding public points only.

Source: ICAO Doc 9303-11, "PACE", generic mapping; BSI TR-03111, "Elliptic Curve Key Agreement".
"""

from cryptography.hazmat.primitives.asymmetric import ec

from idcard.crypto.curves import Curve, Point
from idcard.errors import ProtocolViolation, UnsupportedAlgorithm


def random_scalar(curve: Curve, random: bytes) -> int:
    """A scalar from 1 to n-1 out of random bytes, which must be at least 8 longer than the order to be unbiased."""
    if len(random) < curve.order_bytes + 8:
        raise ValueError("too few random bytes for an unbiased scalar")
    return int.from_bytes(random) % (curve.n - 1) + 1


def public_point(curve: Curve, scalar: int) -> Point:
    """``scalar`` times the curve's generator."""
    numbers = ec.derive_private_key(scalar, _backend_curve(curve)).public_key().public_numbers()
    return Point(numbers.x, numbers.y)


def shared_abscissa(curve: Curve, scalar: int, point: Point) -> bytes:
    """The abscissa of ``scalar`` times ``point``, as long as the field: what ECDH agrees on.

    :raises ProtocolViolation: if the point is not on the curve or the product is the point at infinity.
    """
    backend = _backend_curve(curve)
    try:
        public = ec.EllipticCurvePublicNumbers(point.x, point.y, backend).public_key()
        return ec.derive_private_key(scalar, backend).exchange(ec.ECDH(), public)
    except ValueError as error:
        raise ProtocolViolation("a public key that is not on its curve") from error


def multiply(curve: Curve, scalar: int, point: Point) -> Point:
    """``scalar`` (1 to n-1) times ``point``, both coordinates.

    :raises ProtocolViolation: if the point is not on the curve.
    """
    candidate = curve.decompress(int.from_bytes(shared_abscissa(curve, scalar, point)), odd=False)
    mirrored = Point(candidate.x, curve.p - candidate.y)
    if scalar == curve.n - 1:
        return Point(point.x, -point.y % curve.p)
    following = int.from_bytes(shared_abscissa(curve, scalar + 1, point))
    total = curve.add(candidate, point)
    return candidate if total is not None and total.x == following else mirrored


def _backend_curve(curve: Curve) -> ec.EllipticCurve:
    backend = curve.to_cryptography()
    if backend is None:
        raise UnsupportedAlgorithm(f"key agreement on {curve.name}", oid=curve.oid)
    return backend
