"""Domain parameters for key agreement: a curve or a finite-field group, with a generator that PACE may move.

Theory of operation. PACE and chip authentication do the same over both: a public key is a secret scalar times the
generator, and two sides agree on a secret. Keys are bytes here, as they go over the wire: an uncompressed point, or an
unsigned integer, which has no leading zeros. The secret that is agreed on keeps them: it is as long as the prime. PACE
maps a nonce to another generator of the same group:

* generic mapping: s G + H, where H is a point that both sides have agreed on;
* integrated mapping: both nonces give a number of the field, and that number gives an element of the group.

Parameters that are neither named nor known must prove to be sound: see ``agreement_keys``.

Source: ICAO Doc 9303-11, "Key Agreement Algorithms", "Standardized Domain Parameters" and "Encrypting and Mapping
Nonces"; BSI TR-03110-3, "Data Objects" (unsigned integers) and "Ephemeral Public Keys"; RFC 2631, "Generation of ZZ".
"""

import hashlib
from dataclasses import dataclass, replace
from typing import Protocol

from idcard.crypto.curves import Curve, Point
from idcard.crypto.explicit import proved
from idcard.crypto.groups import Group
from idcard.crypto.key_agreement import multiply, public_point, random_scalar, shared_abscissa
from idcard.crypto.mapping import point_of_field
from idcard.encoding.ber import INTEGER, load
from idcard.errors import ProtocolViolation

BLIND_BYTES = 8


class Domain(Protocol):
    """Domain parameters with a generator."""

    @property
    def name(self) -> str:
        """What the curve or the group is called."""

    @property
    def bits(self) -> int:
        """How strong it is, in bits of a symmetric key."""

    @property
    def field(self) -> int:
        """The prime p of the field."""

    @property
    def key_tag(self) -> int:
        """The tag of a public key in a public key data object: 86 for points, 84 for numbers."""

    @property
    def scalar_bytes(self) -> int:
        """The length of a scalar in bytes."""

    @property
    def entropy_bytes(self) -> int:
        """How many random bytes :meth:`scalar` takes."""

    @property
    def known(self) -> bool:
        """Whether a standard has it, so that nothing is to be proved."""

    def proved(self) -> "Domain":
        """The same, which is sound; before that nothing secret may be used with it.

        :raises UnsupportedAlgorithm: if it is not.
        """

    def scalar_of(self, private_key: bytes) -> "Scalar | None":
        """The scalar that ``private_key`` is, big-endian, or None where it is out of range."""

    def scalar(self, random: bytes) -> "Scalar":
        """A secret scalar out of :attr:`entropy_bytes` random bytes."""

    def public_key(self, scalar: "Scalar") -> bytes:
        """The scalar times the generator."""

    def agree(self, scalar: "Scalar", public_key: bytes) -> bytes:
        """The shared secret: the abscissa, or the number as long as p.

        :raises ProtocolViolation: if the public key is not in the group.
        """

    def certified_key(self, bits: bytes) -> bytes:
        """The public key, as it goes over the wire, in the bit string of a SubjectPublicKeyInfo.

        :raises ProtocolViolation: if it is not in the group.
        """

    def forms(self, public_key: bytes) -> tuple[bytes, ...]:
        """The forms in which chips write a public key, the standard's first: some keep the leading zeros of a number.

        :raises ProtocolViolation: if it is not in the group.
        """

    def compressed(self, public_key: bytes) -> bytes:
        """The short form of a public key that terminal authentication signs: the abscissa, or the number's SHA-1."""

    def mapped(self, nonce: int, scalar: "Scalar", public_key: bytes) -> "Domain":
        """The same group with the generator of the generic mapping.

        :raises ProtocolViolation: if that is no generator, or the public key is not in the group.
        """

    def integrated(self, number: int) -> "Domain":
        """The same group with the generator of the integrated mapping, from a number of the field.

        :raises ProtocolViolation: if that is no generator.
        :raises UnsupportedAlgorithm: if the mapping is not defined here.
        """


@dataclass(frozen=True, slots=True, repr=False)
class Scalar:
    """A secret scalar, and what to blind it with where arithmetic is Python's."""

    value: int
    blind: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EcDomain:
    """A curve with a generator."""

    curve: Curve
    generator: Point

    @classmethod
    def of(cls, curve: Curve) -> "EcDomain":
        """The curve with its own generator."""
        return cls(curve=curve, generator=curve.generator)

    @property
    def name(self) -> str:
        """The curve's name."""
        return self.curve.name

    @property
    def bits(self) -> int:
        """Half the length of the order."""
        return self.curve.n.bit_length() // 2

    @property
    def field(self) -> int:
        """The prime p."""
        return self.curve.p

    @property
    def key_tag(self) -> int:
        """86."""
        return 0x86

    @property
    def scalar_bytes(self) -> int:
        """As long as the order."""
        return self.curve.order_bytes

    @property
    def entropy_bytes(self) -> int:
        """Eight more than the order has."""
        return self.curve.order_bytes + 8

    @property
    def known(self) -> bool:
        """Whether the curve has a name."""
        return bool(self.curve.oid)

    def proved(self) -> "EcDomain":
        """The same; see :func:`explicit.proved`."""
        return replace(self, curve=proved(self.curve))

    def scalar_of(self, private_key: bytes) -> Scalar | None:
        """A scalar from 1 to n-1."""
        value = int.from_bytes(private_key)
        return Scalar(value) if 0 < value < self.curve.n else None

    def scalar(self, random: bytes) -> Scalar:
        """A scalar from 1 to n-1."""
        return Scalar(random_scalar(self.curve, random))

    def public_key(self, scalar: Scalar) -> bytes:
        """The scalar times the generator, uncompressed."""
        own = self.generator == self.curve.generator
        point = public_point(self.curve, scalar.value) if own else multiply(self.curve, scalar.value, self.generator)
        return self.curve.encode(point)

    def agree(self, scalar: Scalar, public_key: bytes) -> bytes:
        """The abscissa of the scalar times the point."""
        return shared_abscissa(self.curve, scalar.value, self.curve.decode(public_key))

    def certified_key(self, bits: bytes) -> bytes:
        """The point, uncompressed."""
        return self.curve.encode(self.curve.decode(bits))

    def forms(self, public_key: bytes) -> tuple[bytes, ...]:
        """The point, uncompressed."""
        return (self.certified_key(public_key),)

    def compressed(self, public_key: bytes) -> bytes:
        """The abscissa."""
        return self.curve.decode(public_key).x.to_bytes(self.curve.size_bytes)

    def mapped(self, nonce: int, scalar: Scalar, public_key: bytes) -> "EcDomain":
        """The generator s G + H."""
        curve, s = self.curve, nonce % self.curve.n
        shared = multiply(curve, scalar.value, curve.decode(public_key))
        moved = curve.add(public_point(curve, s) if s else None, shared)
        if moved is None:
            raise ProtocolViolation("the nonce was mapped to the point at infinity")
        return replace(self, generator=moved)

    def integrated(self, number: int) -> "EcDomain":
        """The point that encodes the number."""
        return replace(self, generator=point_of_field(self.curve, number))


@dataclass(frozen=True, slots=True, kw_only=True)
class DhDomain:
    """A finite-field group with a generator."""

    group: Group
    generator: int

    @classmethod
    def of(cls, group: Group) -> "DhDomain":
        """The group with its own generator."""
        return cls(group=group, generator=group.g)

    @property
    def name(self) -> str:
        """The group's name."""
        return self.group.name

    @property
    def bits(self) -> int:
        """The lesser of half the order's length and what sieving the prime takes."""
        sieve = next(bits for least, bits in ((3072, 128), (2048, 112), (0, 80)) if self.group.p.bit_length() >= least)
        return min(sieve, self.group.q.bit_length() // 2)

    @property
    def field(self) -> int:
        """The prime p."""
        return self.group.p

    @property
    def key_tag(self) -> int:
        """84."""
        return 0x84

    @property
    def scalar_bytes(self) -> int:
        """As long as the order."""
        return (self.group.q.bit_length() + 7) // 8

    @property
    def entropy_bytes(self) -> int:
        """Eight more than the order has, and the blind."""
        return self.scalar_bytes + 8 + BLIND_BYTES

    @property
    def known(self) -> bool:
        """Whether the group is a standard's."""
        return self.group.known

    def proved(self) -> "DhDomain":
        """The same; see :meth:`Group.proved`."""
        return replace(self, group=self.group.proved())

    def scalar_of(self, private_key: bytes) -> Scalar | None:
        """A scalar from 1 to q-1."""
        value = int.from_bytes(private_key)
        return Scalar(value) if 0 < value < self.group.q else None

    def scalar(self, random: bytes) -> Scalar:
        """A scalar from 1 to q-1, with its blind."""
        if len(random) < self.entropy_bytes:
            raise ValueError("too few random bytes for an unbiased scalar")
        value = int.from_bytes(random[BLIND_BYTES:]) % (self.group.q - 1) + 1
        return Scalar(value, int.from_bytes(random[:BLIND_BYTES]))

    def public_key(self, scalar: Scalar) -> bytes:
        """The generator to the power of the scalar."""
        return unsigned(self.group.power(self.generator, scalar.value, scalar.blind))

    def agree(self, scalar: Scalar, public_key: bytes) -> bytes:
        """The other's key to the power of the scalar, as long as p."""
        return self.group.encode(self.group.power(self.group.decode(public_key), scalar.value, scalar.blind))

    def certified_key(self, bits: bytes) -> bytes:
        """The number; it comes as an INTEGER."""
        number = int.from_bytes(load(bits, "DH public key").expect(INTEGER).content)
        return unsigned(self.group.decode(unsigned(number)))

    def forms(self, public_key: bytes) -> tuple[bytes, ...]:
        """The number without leading zeros, and where that differs, as long as p."""
        element = self.group.decode(public_key)
        return tuple(dict.fromkeys((unsigned(element), self.group.encode(element))))

    def compressed(self, public_key: bytes) -> bytes:
        """The SHA-1 of the number."""
        return hashlib.sha1(unsigned(self.group.decode(public_key))).digest()

    def mapped(self, nonce: int, scalar: Scalar, public_key: bytes) -> "DhDomain":
        """The generator g^s h."""
        shared = int.from_bytes(self.agree(scalar, public_key))
        return self._moved(self.group.power(self.group.g, nonce, scalar.blind) * shared % self.group.p)

    def integrated(self, number: int) -> "DhDomain":
        """The number to the power of the cofactor."""
        return self._moved(pow(number, (self.group.p - 1) // self.group.q, self.group.p))

    def _moved(self, generator: int) -> "DhDomain":
        if generator <= 1:
            raise ProtocolViolation("the nonce was mapped to the neutral element")
        return replace(self, generator=generator)


def unsigned(number: int) -> bytes:
    """The data object's value for a number: big-endian, without leading zeros."""
    return number.to_bytes((number.bit_length() + 7) // 8)


def standardized(parameter_id: int) -> Domain:
    """The standard's domain parameters with this number: groups 0 to 2, curves 8 to 18.

    :raises UnsupportedAlgorithm: for any other number.
    """
    if parameter_id < 8:
        return DhDomain.of(Group.by_pace_parameter_id(parameter_id))
    return EcDomain.of(Curve.by_pace_parameter_id(parameter_id))
