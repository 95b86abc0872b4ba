"""Curves for key agreement whose parameters are written out: a known one, or one that proves to be sound.

Theory of operation. For signatures a curve that nobody standardised is refused. For key agreement the chip may bring
its own; a weak one would let a false chip find out the password from one run. So it must be what the standard asks
for: p is prime and large, the curve is smooth, the generator lies on it, n is prime and the generator's order, and the
cofactor is 1, which the size of n shows (Hasse); and neither of the two known short cuts is open: n is not p, and no
small power of p is 1 modulo n.

Source: BSI TR-03111, "Elliptic Curve Domain Parameters" (validation); ICAO Doc 9303-11, "Explicit Domain Parameters".
"""

from functools import lru_cache

from idcard.crypto.curves import Curve, Point
from idcard.crypto.ladder import ladder
from idcard.crypto.primes import is_prime
from idcard.crypto.signature import explicit_numbers, load_curve
from idcard.encoding.ber import SEQUENCE, door, load
from idcard.errors import UnsupportedAlgorithm

MIN_CURVE_BITS, MAX_CURVE_BITS = 192, 640
_MAX_EMBEDDING_DEGREE = 20
_WHERE = "ECParameters"


def curve_of(parameters: bytes | None) -> Curve:
    """The curve that ``parameters`` name or write out.

    :raises MalformedData: if they are not well formed.
    :raises UnsupportedAlgorithm: if they name an unknown curve, or write out one that is not sound.
    """
    return proved(claimed_curve(parameters))


def claimed_curve(parameters: bytes | None) -> Curve:
    """The same, where one that is written out is of a fitting size; whether it is sound is not asked yet.

    :raises MalformedData: if they are not well formed.
    :raises UnsupportedAlgorithm: if they name an unknown curve, or write out one that is too small or too large.
    """
    if parameters is None or parameters[0] != SEQUENCE:
        return load_curve(parameters)
    with door(_WHERE):
        numbers = explicit_numbers(load(parameters, _WHERE))
        try:
            return Curve.by_parameters(*numbers)
        except UnsupportedAlgorithm:
            return _claimed(*numbers)


def own_curve(p: int, a: int, b: int, generator: Point, n: int) -> Curve:
    """The curve with these parameters, which nobody standardised.

    :raises UnsupportedAlgorithm: if it is not sound.
    """
    return proved(_claimed(p, a, b, generator, n))


@lru_cache(maxsize=64)
def proved(curve: Curve) -> Curve:
    """This curve, which is a standard's, or sound.

    :raises UnsupportedAlgorithm: if it is neither.
    """
    if not curve.oid and not (_is_smooth(curve) and _has_prime_order(curve) and _has_no_short_cut(curve)):
        raise _unsound()
    return curve


def _claimed(p: int, a: int, b: int, generator: Point, n: int) -> Curve:
    if not MIN_CURVE_BITS <= p.bit_length() <= MAX_CURVE_BITS:
        raise _unsound()
    return Curve(
        name=f"EC {p.bit_length()}",
        oid="",
        p=p,
        a=a % p,
        b=b % p,
        gx=generator.x,
        gy=generator.y,
        n=n,
        h=1,
        size_bytes=(p.bit_length() + 7) // 8,
    )


def _unsound() -> UnsupportedAlgorithm:
    return UnsupportedAlgorithm("explicit curve parameters that are not sound")


def _is_smooth(curve: Curve) -> bool:
    return is_prime(curve.p) and (4 * pow(curve.a, 3, curve.p) + 27 * curve.b * curve.b) % curve.p != 0


def _has_prime_order(curve: Curve) -> bool:
    trace = curve.p + 1 - curve.n
    if trace * trace > 4 * curve.p or not is_prime(curve.n) or not curve.on_curve(curve.generator):
        return False
    last = ladder(curve, curve.n - 1, curve.generator)
    return last == curve.negate(curve.generator)


def _has_no_short_cut(curve: Curve) -> bool:
    degrees = range(1, _MAX_EMBEDDING_DEGREE + 1)
    return curve.n != curve.p and all(pow(curve.p, degree, curve.n) != 1 for degree in degrees)
