"""The integrated mapping of PACE: two nonces become a number of the field, and that becomes a point.

Theory of operation. The pseudo-random function is a chain of block cipher keys: k0 = E(t, s), then k(i+1) = E(ki, c0)
and x(i+1) = E(ki, c1), all in CBC mode with an IV of zero; x1 x2 … modulo p is the number. Keys are cut to their length
(which only AES-192 needs). The number is then turned into a point without a search, so that its time tells nothing.

The nonce s is a secret, and a guess at it is a guess at the password; what is computed from it here is Python's, whose
numbers are a little shorter now and then. It is used for one run, and both sides reject what they have seen before.

Source: ICAO Doc 9303-11, "Integrated Mapping" and Appendix B, "Point Encoding for the ECDH Integrated Mapping"; worked
examples in Appendix H.
"""

from idcard.crypto.cipher import CipherSuite
from idcard.crypto.curves import Curve, Point
from idcard.errors import ProtocolViolation, UnsupportedAlgorithm

_SHORT_CONSTANTS = ("a668892a7c41e3ca739f40b057d85904", "a4e136ac725f738b01c1f60217c188ad")
_LONG_CONSTANTS = (
    "d463d65234124ef7897054986dca0a174e28df758cbaa03f240616414d5a1676",
    "54bd7255f0aaf831bec3423fcf39d69b6cbf066677d0faae5aadd99df8e53517",
)
_MORE_BITS = 64


def pseudo_random_number(suite: CipherSuite, s: bytes, t: bytes, p: int) -> int:
    """The number of the field of ``p`` elements that the chip's nonce ``s`` and the reader's nonce ``t`` give.

    :param s: as long as the key, rounded up to whole blocks.
    :param t: as long as the key.
    """
    c0, c1 = (bytes.fromhex(text) for text in (_LONG_CONSTANTS if suite.key_bytes > 16 else _SHORT_CONSTANTS))
    key, output = suite.encrypt(t, s)[: suite.key_bytes], b""
    while 8 * len(output) < p.bit_length() + _MORE_BITS:
        output += suite.encrypt(key, c1)
        key = suite.encrypt(key, c0)[: suite.key_bytes]
    return int.from_bytes(output) % p


def is_defined_on(curve: Curve) -> bool:
    """Whether the integrated mapping is defined: the curve's prime must be 3 modulo 4, which that of P-224 is not."""
    return curve.p % 4 == 3


def point_of_field(curve: Curve, t: int) -> Point:
    """The point that encodes the number ``t`` of the field.

    :raises UnsupportedAlgorithm: if the curve's prime is not 3 modulo 4.
    :raises ProtocolViolation: for the few numbers that encode no point.
    """
    p, a, b = curve.p, curve.a, curve.b
    if not is_defined_on(curve):
        raise UnsupportedAlgorithm(f"integrated mapping on {curve.name}", oid=curve.oid or None)
    alpha = -t * t % p
    divisor = a * (alpha + alpha * alpha) % p
    if divisor == 0:
        raise ProtocolViolation("the nonces were mapped to no point")
    x2 = -b * (1 + alpha + alpha * alpha) * pow(divisor, -1, p) % p
    x3 = alpha * x2 % p
    h2 = (pow(x2, 3, p) + a * x2 + b) % p
    u = pow(t, 3, p) * h2 % p
    root = pow(h2, p - 1 - (p + 1) // 4, p)
    square = root * root * h2 % p == 1
    return Point(*((x3, root * u % p), (x2, root * h2 % p))[square])
