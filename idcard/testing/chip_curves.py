"""Elliptic curves in plain integers: the card's own arithmetic, made another way than the reader's.

Theory of operation. Points are added in Jacobian coordinates (x = X/Z², y = Y/Z³), so that one multiplication costs a
single inversion; the scalar is walked four bits at a time over a table of the point's first fifteen multiples. Nothing
here runs in constant time: the keys of a simulated card guard nothing.

Source: BSI TR-03111, "Elliptic Curve Cryptography"; RFC 5639 (Brainpool); FIPS 186-4, appendix D (NIST).
"""

from collections.abc import Callable
from dataclasses import dataclass

Entropy = Callable[[int], bytes]
Jacobian = tuple[int, int, int]
_INFINITY: Jacobian = (1, 1, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A point of a curve in affine coordinates; never the point at infinity."""

    x: int
    y: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A curve y² = x³ + ax + b over the integers modulo ``p``, with cofactor 1.

    ``size`` is the length of a coordinate in bytes; ``oid`` names the curve in certificates.
    """

    name: str
    oid: str
    size: int
    p: int
    a: int
    b: int
    g: Point
    n: int

    def draw(self, entropy: Entropy) -> int:
        """A private key between 1 and n - 1, made of ``size`` bytes of entropy."""
        return int.from_bytes(entropy(self.size)) % (self.n - 1) + 1

    def contains(self, point: Point) -> bool:
        """Whether ``point`` lies on this curve."""
        in_range = 0 <= point.x < self.p and 0 <= point.y < self.p
        return in_range and (point.y**2 - point.x**3 - self.a * point.x - self.b) % self.p == 0

    def multiply(self, scalar: int, point: Point | None = None) -> Point:
        """``scalar`` times ``point``, or times the generator.

        :raises ValueError: if the product is the point at infinity.
        """
        start = point or self.g
        table: list[Jacobian] = [_INFINITY, (start.x, start.y, 1)]
        for _ in range(14):
            table.append(self._add(table[-1], table[1]))
        total = _INFINITY
        for digit in f"{scalar % self.n:x}":
            for _ in range(4):
                total = self._double(total)
            total = self._add(total, table[int(digit, 16)])
        return self._affine(total)

    def add(self, one: Point, other: Point) -> Point:
        """The sum of two points.

        :raises ValueError: if the sum is the point at infinity.
        """
        return self._affine(self._add((one.x, one.y, 1), (other.x, other.y, 1)))

    def encode(self, point: Point) -> bytes:
        """``point`` uncompressed: 04, x, y."""
        return b"\x04" + point.x.to_bytes(self.size) + point.y.to_bytes(self.size)

    def decode(self, data: bytes) -> Point:
        """The point that the uncompressed form ``data`` is.

        :raises ValueError: if it is not such a form, or not on the curve.
        """
        if len(data) != 1 + 2 * self.size or data[0] != 4:
            raise ValueError("not an uncompressed point of this curve")
        point = Point(x=int.from_bytes(data[1 : 1 + self.size]), y=int.from_bytes(data[1 + self.size :]))
        if not self.contains(point):
            raise ValueError("a point off the curve")
        return point

    def _affine(self, point: Jacobian) -> Point:
        x, y, z = point
        if z == 0:
            raise ValueError("the point at infinity")
        inverse = pow(z, -1, self.p)
        return Point(x=x * inverse**2 % self.p, y=y * inverse**3 % self.p)

    def _double(self, point: Jacobian) -> Jacobian:
        x, y, z = point
        if z == 0 or y == 0:
            return _INFINITY
        p, yy = self.p, y * y % self.p
        s = 4 * x * yy % p
        m = (3 * x * x + self.a * pow(z, 4, p)) % p
        x3 = (m * m - 2 * s) % p
        return x3, (m * (s - x3) - 8 * yy * yy) % p, 2 * y * z % p

    def _add(self, one: Jacobian, other: Jacobian) -> Jacobian:
        if one[2] == 0 or other[2] == 0:
            return other if one[2] == 0 else one
        (x1, y1, z1), (x2, y2, z2), p = one, other, self.p
        zz1, zz2 = z1 * z1 % p, z2 * z2 % p
        u1, u2 = x1 * zz2 % p, x2 * zz1 % p
        s1, s2 = y1 * zz2 * z2 % p, y2 * zz1 * z1 % p
        if u1 == u2:
            return self._double(one) if s1 == s2 else _INFINITY
        h, r = (u2 - u1) % p, (s2 - s1) % p
        hh = h * h % p
        hhh, v = h * hh % p, u1 * hh % p
        x3 = (r * r - hhh - 2 * v) % p
        return x3, (r * (v - x3) - s1 * hhh) % p, h * z1 * z2 % p


def _curve(name: str, oid: str, p: str, a: str, b: str, g: str, n: str) -> Curve:
    size, base = len(p) // 2, bytes.fromhex(g)
    point = Point(x=int.from_bytes(base[:size]), y=int.from_bytes(base[size:]))
    return Curve(name=name, oid=oid, size=size, p=int(p, 16), a=int(a, 16), b=int(b, 16), g=point, n=int(n, 16))


BRAINPOOL_P256R1 = _curve(
    "brainpoolP256r1",
    "1.3.36.3.3.2.8.1.1.7",
    "a9fb57dba1eea9bc3e660a909d838d726e3bf623d52620282013481d1f6e5377",
    "7d5a0975fc2c3057eef67530417affe7fb8055c126dc5c6ce94a4b44f330b5d9",
    "26dc5c6ce94a4b44f330b5d9bbd77cbf958416295cf7e1ce6bccdc18ff8c07b6",
    "8bd2aeb9cb7e57cb2c4b482ffc81b7afb9de27e1e3bd23c23a4453bd9ace3262547ef835c3dac4fd97f8461a14611dc9"
    "c27745132ded8e545c1d54c72f046997",
    "a9fb57dba1eea9bc3e660a909d838d718c397aa3b561a6f7901e0e82974856a7",
)
BRAINPOOL_P384R1 = _curve(
    "brainpoolP384r1",
    "1.3.36.3.3.2.8.1.1.11",
    "8cb91e82a3386d280f5d6f7e50e641df152f7109ed5456b412b1da197fb71123acd3a729901d1a71874700133107ec53",
    "7bc382c63d8c150c3c72080ace05afa0c2bea28e4fb22787139165efba91f90f8aa5814a503ad4eb04a8c7dd22ce2826",
    "04a8c7dd22ce28268b39b55416f0447c2fb77de107dcd2a62e880ea53eeb62d57cb4390295dbc9943ab78696fa504c11",
    "1d1c64f068cf45ffa2a63a81b7c13f6b8847a3e77ef14fe3db7fcafe0cbd10e8e826e03436d646aaef87b2e247d4af1e"
    "8abe1d7520f9c2a45cb1eb8e95cfd55262b70b29feec5864e19c054ff99129280e4646217791811142820341263c5315",
    "8cb91e82a3386d280f5d6f7e50e641df152f7109ed5456b31f166e6cac0425a7cf3ab6af6b7fc3103b883202e9046565",
)
BRAINPOOL_P512R1 = _curve(
    "brainpoolP512r1",
    "1.3.36.3.3.2.8.1.1.13",
    "aadd9db8dbe9c48b3fd4e6ae33c9fc07cb308db3b3c9d20ed6639cca703308717d4d9b009bc66842aecda12ae6a380e6"
    "2881ff2f2d82c68528aa6056583a48f3",
    "7830a3318b603b89e2327145ac234cc594cbdd8d3df91610a83441caea9863bc2ded5d5aa8253aa10a2ef1c98b9ac8b5"
    "7f1117a72bf2c7b9e7c1ac4d77fc94ca",
    "3df91610a83441caea9863bc2ded5d5aa8253aa10a2ef1c98b9ac8b57f1117a72bf2c7b9e7c1ac4d77fc94cadc083e67"
    "984050b75ebae5dd2809bd638016f723",
    "81aee4bdd82ed9645a21322e9c4c6a9385ed9f70b5d916c1b43b62eef4d0098eff3b1f78e2d0d48d50d1687b93b97d5f"
    "7c6d5047406a5e688b352209bcb9f8227dde385d566332ecc0eabfa9cf7822fdf209f70024a57b1aa000c55b881f8111"
    "b2dcde494a5f485e5bca4bd88a2763aed1ca2b2fa8f0540678cd1e0f3ad80892",
    "aadd9db8dbe9c48b3fd4e6ae33c9fc07cb308db3b3c9d20ed6639cca70330870553e5c414ca92619418661197fac1047"
    "1db1d381085ddaddb58796829ca90069",
)
SECP256R1 = _curve(
    "secp256r1",
    "1.2.840.10045.3.1.7",
    "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
    "ffffffff00000001000000000000000000000000fffffffffffffffffffffffc",
    "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e16"
    "2bce33576b315ececbb6406837bf51f5",
    "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
)
SECP384R1 = _curve(
    "secp384r1",
    "1.3.132.0.34",
    "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
    "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000fffffffc",
    "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
    "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7"
    "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
    "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
)
SECP521R1 = _curve(
    "secp521r1",
    "1.3.132.0.35",
    "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffffffffffffffffff",
    "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    "fffffffffffffffffffffffffffffffffffc",
    "0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1"
    "bf073573df883d2c34f1ef451fd46b503f00",
    "00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ff"
    "a8de3348b3c1856a429bf97e7e31c2e5bd66011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17"
    "273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650",
    "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709"
    "a5d03bb5c9b8899c47aebb6fb71e91386409",
)
BRAINPOOL_P192R1 = _curve(
    "brainpoolP192r1",
    "1.3.36.3.3.2.8.1.1.3",
    "c302f41d932a36cda7a3463093d18db78fce476de1a86297",
    "6a91174076b1e0e19c39c031fe8685c1cae040e5c69a28ef",
    "469a28ef7c28cca3dc721d044f4496bcca7ef4146fbf25c9",
    "c0a0647eaab6a48753b033c56cb0f0900a2f5c4853375fd614b690866abd5bb88b5f4828c1490002e6773fa2fa299b8f",
    "c302f41d932a36cda7a3462f9e9e916b5be8f1029ac4acc1",
)
BRAINPOOL_P224R1 = _curve(
    "brainpoolP224r1",
    "1.3.36.3.3.2.8.1.1.5",
    "d7c134aa264366862a18302575d1d787b09f075797da89f57ec8c0ff",
    "68a5e62ca9ce6c1c299803a6c1530b514e182ad8b0042a59cad29f43",
    "2580f63ccfe44138870713b1a92369e33e2135d266dbb372386c400b",
    "0d9029ad2c7e5cf4340823b2a87dc68c9e4ce3174c1e6efdee12c07d58aa56f772c0726f24c6b89e4ecdac24354b9e99caa3f6d3761402cd",
    "d7c134aa264366862a18302575d0fb98d116bc4b6ddebca3a5a7939f",
)
BRAINPOOL_P320R1 = _curve(
    "brainpoolP320r1",
    "1.3.36.3.3.2.8.1.1.9",
    "d35e472036bc4fb7e13c785ed201e065f98fcfa6f6f40def4f92b9ec7893ec28fcd412b1f1b32e27",
    "3ee30b568fbab0f883ccebd46d3f3bb8a2a73513f5eb79da66190eb085ffa9f492f375a97d860eb4",
    "520883949dfdbc42d3ad198640688a6fe13f41349554b49acc31dccd884539816f5eb4ac8fb1f1a6",
    "43bd7e9afb53d8b85289bcc48ee5bfe6f20137d10a087eb6e7871e2a10a599c710af8d0d39e2061114fdd05545ec1cc8"
    "ab4093247f77275e0743ffed117182eaa9c77877aaac6ac7d35245d1692e8ee1",
    "d35e472036bc4fb7e13c785ed201e065f98fcfa5b68f12a32d482ec7ee8658e98691555b44c59311",
)
SECP192R1 = _curve(
    "secp192r1",
    "1.2.840.10045.3.1.1",
    "fffffffffffffffffffffffffffffffeffffffffffffffff",
    "fffffffffffffffffffffffffffffffefffffffffffffffc",
    "64210519e59c80e70fa7e9ab72243049feb8deecc146b9b1",
    "188da80eb03090f67cbf20eb43a18800f4ff0afd82ff101207192b95ffc8da78631011ed6b24cdd573f977a11e794811",
    "ffffffffffffffffffffffff99def836146bc9b1b4d22831",
)
SECP224R1 = _curve(
    "secp224r1",
    "1.3.132.0.33",
    "ffffffffffffffffffffffffffffffff000000000000000000000001",
    "fffffffffffffffffffffffffffffffefffffffffffffffffffffffe",
    "b4050a850c04b3abf54132565044b0b7d7bfd8ba270b39432355ffb4",
    "b70e0cbd6bb4bf7f321390b94a03c1d356c21122343280d6115c1d21bd376388b5f723fb4c22dfe6cd4375a05a07476444d5819985007e34",
    "ffffffffffffffffffffffffffff16a2e0b8f03e13dd29455c5c2a3d",
)

CURVES = {
    curve.name: curve
    for curve in (
        BRAINPOOL_P192R1,
        BRAINPOOL_P224R1,
        BRAINPOOL_P256R1,
        BRAINPOOL_P320R1,
        BRAINPOOL_P384R1,
        BRAINPOOL_P512R1,
        SECP192R1,
        SECP224R1,
        SECP256R1,
        SECP384R1,
        SECP521R1,
    )
}
# The numbers by which PACE and chip authentication name a curve: ICAO Doc 9303-11, "Standardized Domain Parameters".
STANDARDIZED = {
    8: SECP192R1,
    9: BRAINPOOL_P192R1,
    10: SECP224R1,
    11: BRAINPOOL_P224R1,
    12: SECP256R1,
    13: BRAINPOOL_P256R1,
    14: BRAINPOOL_P320R1,
    15: SECP384R1,
    16: BRAINPOOL_P384R1,
    17: BRAINPOOL_P512R1,
    18: SECP521R1,
}
