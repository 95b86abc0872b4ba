"""What the card computes with: a curve or a finite-field group, with the generator that PACE gives it.

Theory of operation (ICAO Doc 9303-11, "Encrypting and Mapping Nonces"). Generic mapping: s G + H, with H the point both
sides agreed on. Integrated mapping: a chain of encryptions makes a number of the field from both nonces; over a finite
field its power to the cofactor is the generator; over a curve y² = f(x) the number t gives two candidates x2 and
x3 = -t² x2, exactly one of which has a root; f(x3) = -t⁶ f(x2) gives both roots from one power.

Keys are bytes as they go over the wire; a key that is none is refused with 6A80.
"""

import hashlib
from dataclasses import dataclass, replace
from typing import Protocol

from idcard.iso7816.status import StatusWord
from idcard.testing import der
from idcard.testing.chip_crypto import Refused, Suite
from idcard.testing.chip_curves import STANDARDIZED, Curve, Entropy, Point
from idcard.testing.chip_groups import GROUPS

_LONG = (
    0xD463D65234124EF7897054986DCA0A174E28DF758CBAA03F240616414D5A1676,
    0x54BD7255F0AAF831BEC3423FCF39D69B6CBF066677D0FAAE5AADD99DF8E53517,
)
_SHORT = (0xA668892A7C41E3CA739F40B057D85904, 0xA4E136AC725F738B01C1F60217C188AD)
DH_PUBLIC_NUMBER, EC_PUBLIC_KEY = "1.2.840.10046.2.1", "1.2.840.10045.2.1"


class Domain(Protocol):
    """A group with a generator."""

    @property
    def elliptic(self) -> bool:
        """Whether it is a curve."""

    @property
    def field(self) -> int:
        """The prime of the field."""

    @property
    def order(self) -> int:
        """The generator's order."""

    @property
    def key_tag(self) -> int:
        """The tag of a public key in a public-key data object."""

    def draw(self, entropy: Entropy) -> int:
        """A private key."""

    def public(self, secret: int) -> bytes:
        """The public key of ``secret``."""

    def shared(self, secret: int, other: bytes) -> bytes:
        """What ``secret`` and the other's public key agree on."""

    def generic(self, nonce: int, secret: int, other: bytes) -> "Domain":
        """The group with the generator of the generic mapping."""

    def integrated(self, number: int) -> "Domain":
        """The group with the generator of the integrated mapping."""

    def written(self, public: bytes) -> bytes:
        """A public key in the form in which this side writes it."""

    def compressed(self, public: bytes) -> bytes:
        """The short form of a public key."""

    def algorithm(self) -> bytes:
        """The AlgorithmIdentifier with the parameters written out, DER."""

    def spki(self, secret: int) -> bytes:
        """The SubjectPublicKeyInfo of ``secret``, DER, with the parameters written out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveDomain:
    """A curve."""

    curve: Curve
    base: Point

    @property
    def elliptic(self) -> bool:
        """True."""
        return True

    @property
    def field(self) -> int:
        """The prime of the field."""
        return self.curve.p

    @property
    def order(self) -> int:
        """The order of the curve."""
        return self.curve.n

    @property
    def key_tag(self) -> int:
        """86."""
        return 0x86

    def draw(self, entropy: Entropy) -> int:
        """A private key."""
        return self.curve.draw(entropy)

    def public(self, secret: int) -> bytes:
        """The point, uncompressed."""
        return self.curve.encode(self.curve.multiply(secret, self.base))

    def shared(self, secret: int, other: bytes) -> bytes:
        """The abscissa."""
        return self.curve.multiply(secret, self._point(other)).x.to_bytes(self.curve.size)

    def generic(self, nonce: int, secret: int, other: bytes) -> "CurveDomain":
        """S G + H."""
        shared = self.curve.multiply(secret, self._point(other))
        try:
            return replace(self, base=self.curve.add(self.curve.multiply(nonce), shared))
        except ValueError as error:
            raise Refused(StatusWord.AUTHENTICATION_FAILED) from error

    def integrated(self, number: int) -> "CurveDomain":
        """The point that encodes ``number``."""
        p, a, b = self.curve.p, self.curve.a, self.curve.b
        minus = -number * number % p
        x2 = -b * pow(a, -1, p) * (1 + pow(minus + minus * minus, -1, p)) % p
        value = (pow(x2, 3, p) + a * x2 + b) % p
        root = pow(value, (p + 1) // 4, p)
        if root * root % p == value:
            return replace(self, base=Point(x=x2, y=root))
        return replace(self, base=Point(x=minus * x2 % p, y=-pow(number, 3, p) * root % p))

    def written(self, public: bytes) -> bytes:
        """Uncompressed, as it came."""
        return public

    def compressed(self, public: bytes) -> bytes:
        """The abscissa."""
        return self._point(public).x.to_bytes(self.curve.size)

    def algorithm(self) -> bytes:
        """With ECParameters."""
        curve = self.curve
        field = der.sequence(der.oid("1.2.840.10045.1.1"), der.integer(curve.p))
        coefficients = der.sequence(*(der.octet_string(value.to_bytes(curve.size)) for value in (curve.a, curve.b)))
        base, order = der.octet_string(curve.encode(curve.g)), der.integer(curve.n)
        parameters = der.sequence(der.integer(1), field, coefficients, base, order, der.integer(1))
        return der.sequence(der.oid(EC_PUBLIC_KEY), parameters)

    def spki(self, secret: int) -> bytes:
        """With the point."""
        return der.sequence(self.algorithm(), der.bit_string(self.public(secret)))

    def _point(self, data: bytes) -> Point:
        try:
            return self.curve.decode(data)
        except ValueError as error:
            raise Refused(StatusWord.WRONG_DATA) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberDomain:
    """A group of numbers modulo a prime.

    :param padded: whether public keys keep their leading zeros, against the standard.
    """

    p: int
    q: int
    g: int
    base: int
    padded: bool = False

    @property
    def elliptic(self) -> bool:
        """False."""
        return False

    @property
    def field(self) -> int:
        """The prime."""
        return self.p

    @property
    def order(self) -> int:
        """The order of the generator."""
        return self.q

    @property
    def key_tag(self) -> int:
        """84."""
        return 0x84

    @property
    def size(self) -> int:
        """The length of a number in bytes."""
        return (self.p.bit_length() + 7) // 8

    def draw(self, entropy: Entropy) -> int:
        """A private key."""
        return int.from_bytes(entropy((self.q.bit_length() + 7) // 8)) % (self.q - 1) + 1

    def public(self, secret: int) -> bytes:
        """The generator's power, an unsigned integer."""
        return self.written(pow(self.base, secret, self.p).to_bytes(self.size))

    def shared(self, secret: int, other: bytes) -> bytes:
        """The other's power."""
        return pow(self._number(other), secret, self.p).to_bytes(self.size)

    def generic(self, nonce: int, secret: int, other: bytes) -> "NumberDomain":
        """g^s h."""
        return replace(self, base=pow(self.g, nonce, self.p) * pow(self._number(other), secret, self.p) % self.p)

    def integrated(self, number: int) -> "NumberDomain":
        """The number's power to the cofactor."""
        return replace(self, base=pow(number, (self.p - 1) // self.q, self.p))

    def written(self, public: bytes) -> bytes:
        """Without leading zeros, unless they are kept."""
        return public.rjust(self.size, b"\0") if self.padded else public.lstrip(b"\0")

    def compressed(self, public: bytes) -> bytes:
        """The SHA-1 of the number."""
        return hashlib.sha1(public.lstrip(b"\0")).digest()

    def algorithm(self) -> bytes:
        """With p, g and q (X9.42)."""
        numbers = der.sequence(*(der.integer(value) for value in (self.p, self.g, self.q)))
        return der.sequence(der.oid(DH_PUBLIC_NUMBER), numbers)

    def spki(self, secret: int) -> bytes:
        """With the number."""
        return der.sequence(self.algorithm(), der.bit_string(der.integer(int.from_bytes(self.public(secret)))))

    def _number(self, data: bytes) -> int:
        number = int.from_bytes(data)
        if not 1 < number < self.p - 1 or pow(number, self.q, self.p) != 1:
            raise Refused(StatusWord.WRONG_DATA)
        return number


def domain(parameter_id: int) -> Domain:
    """The domain parameters with this number of the standard's table."""
    if parameter_id in GROUPS:
        p, q, g = GROUPS[parameter_id]
        return NumberDomain(p=p, q=q, g=g, base=g)
    curve = STANDARDIZED[parameter_id]
    return CurveDomain(curve=curve, base=curve.g)


def number_of_nonces(suite: Suite, s: bytes, t: bytes, p: int) -> int:
    """The number of the field that the chip's nonce ``s`` and the reader's ``t`` give.

    :raises Refused: 6A80 if ``t`` is not as long as a key.
    """
    if len(t) != suite.key_size:
        raise Refused(StatusWord.WRONG_DATA)
    long = suite.key_size > 16
    first, second = (value.to_bytes(32 if long else 16) for value in (_LONG if long else _SHORT))

    def encrypted(key: bytes, data: bytes) -> bytes:
        return suite.encrypt(key[: suite.key_size], bytes(suite.block), data)

    key, numbers = encrypted(t, s), []
    rounds = -(-(p.bit_length() + 64) // (8 * len(first)))
    for _ in range(rounds):
        numbers.append(encrypted(key, second))
        key = encrypted(key, first)
    return int.from_bytes(b"".join(numbers)) % p
