"""Is a plain ECDSA signature right? The card's own arithmetic.

Source: BSI TR-03111, "ECDSA", "Plain format".
"""

import hashlib

from idcard.testing.chip_curves import Curve, Point


def is_signed(curve: Curve, point: Point, signature: bytes, message: bytes, digest: str) -> bool:
    """Whether ``signature`` (r || s) is the key's over ``message``."""
    size = (curve.n.bit_length() + 7) // 8
    r, s = int.from_bytes(signature[:size]), int.from_bytes(signature[size:])
    if len(signature) != 2 * size or not 0 < r < curve.n or not 0 < s < curve.n:
        return False
    hashed = hashlib.new(digest, message).digest()
    e = int.from_bytes(hashed) >> max(0, 8 * len(hashed) - curve.n.bit_length())
    u, v = e * pow(s, -1, curve.n) % curve.n, r * pow(s, -1, curve.n) % curve.n
    try:
        total = curve.add(curve.multiply(u), curve.multiply(v, point))
    except ValueError:
        return False
    return total.x % curve.n == r
