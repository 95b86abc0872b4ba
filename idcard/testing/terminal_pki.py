"""The authorities that let terminals read fingerprints: a CVCA, a document verifier and an inspection system, invented.

Source: BSI TR-03110-3, "CV Certificates"; ICAO Doc 9303-12, "Terminal certificates".
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from secrets import token_bytes
from typing import Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from idcard.encoding import tlv
from idcard.testing import der
from idcard.testing.chip_curves import BRAINPOOL_P256R1, Curve, Entropy
from idcard.testing.chip_terminal import ECDSA, ID_IS, RSA_PSS, RSA_V1_5, TerminalKey, bcd, key_of
from idcard.testing.keys import EcKey

CVCA, DOCUMENT_VERIFIER, INSPECTION_SYSTEM = 0xC0, 0x80, 0x00
FINGERS, IRISES = 1, 2
_HASHES: dict[str, hashes.HashAlgorithm] = {"sha256": hashes.SHA256(), "sha512": hashes.SHA512()}


class CvKey(Protocol):
    """A key pair that signs card verifiable certificates."""

    @property
    def oid(self) -> str:
        """The signature's object identifier."""

    def sign(self, message: bytes) -> bytes:
        """The signature."""

    def public(self, *, parameters: bool) -> bytes:
        """The public-key data object (7F49)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EcCvKey:
    """On a curve."""

    key: EcKey

    @classmethod
    def generate(
        cls, entropy: Entropy = token_bytes, *, curve: Curve = BRAINPOOL_P256R1, digest: str = "sha256"
    ) -> "EcCvKey":
        """A new key pair."""
        return cls(key=EcKey(curve=curve, secret=curve.draw(entropy), digest=digest))

    @property
    def oid(self) -> str:
        """ECDSA with the key's hash."""
        return next(oid for oid, name in ECDSA.items() if name == self.key.digest)

    def sign(self, message: bytes) -> bytes:
        """Plain, r || s, each as long as the order."""
        size = (self.key.curve.n.bit_length() + 7) // 8
        return b"".join(part.to_bytes(size) for part in self.key.sign_numbers(message))

    def public(self, *, parameters: bool) -> bytes:
        """With the curve, or the point alone."""
        curve = self.key.curve
        point = tlv.build(0x86, curve.encode(curve.multiply(self.key.secret)))
        if not parameters:
            return tlv.build(0x7F49, der.oid(self.oid), point)
        numbers = (tlv.build(0x80 + at, value.to_bytes(curve.size)) for at, value in ((1, curve.p), (2, curve.a)))
        last = (tlv.build(0x83, curve.b.to_bytes(curve.size)), tlv.build(0x84, curve.encode(curve.g)))
        order = tlv.build(0x85, curve.n.to_bytes((curve.n.bit_length() + 7) // 8))
        return tlv.build(0x7F49, der.oid(self.oid), *numbers, *last, order, point, tlv.build(0x87, b"\x01"))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RsaCvKey:
    """RSA, with PSS or PKCS #1 v1.5."""

    private: rsa.RSAPrivateKey
    oid: str

    @classmethod
    def generate(cls, *, bits: int = 2048, pss: bool = True, digest: str = "sha256") -> "RsaCvKey":
        """A new key pair."""
        oid = next(oid for oid, name in (RSA_PSS if pss else RSA_V1_5).items() if name == digest)
        return cls(private=rsa.generate_private_key(public_exponent=65537, key_size=bits), oid=oid)

    def __repr__(self) -> str:
        return f"RsaCvKey({self.private.key_size})"

    def sign(self, message: bytes) -> bytes:
        """As long as the modulus."""
        pss = self.oid in RSA_PSS
        algorithm = _HASHES[(RSA_PSS if pss else RSA_V1_5)[self.oid]]
        filling = padding.PSS(padding.MGF1(algorithm), algorithm.digest_size) if pss else padding.PKCS1v15()
        return self.private.sign(message, filling, algorithm)

    def public(self, *, parameters: bool) -> bytes:
        """Modulus and exponent."""
        numbers = self.private.public_key().public_numbers()
        modulus = tlv.build(0x81, numbers.n.to_bytes(self.private.key_size // 8))
        return tlv.build(0x7F49, der.oid(self.oid), modulus, tlv.build(0x82, numbers.e.to_bytes(3)))


def cv_certificate(
    *,
    name: bytes,
    key: CvKey,
    issuer: bytes,
    signer: CvKey,
    role: int,
    rights: int,
    days: tuple[date, date],
) -> bytes:
    """A certificate (7F21); the curve is written out where the authority certifies itself."""
    body = tlv.build(
        0x7F4E,
        tlv.build(0x5F29, b"\x00"),
        tlv.build(0x42, issuer),
        key.public(parameters=name == issuer),
        tlv.build(0x5F20, name),
        tlv.build(0x7F4C, der.oid(ID_IS), tlv.build(0x53, bytes([role | rights]))),
        tlv.build(0x5F25, bcd(days[0])),
        tlv.build(0x5F24, bcd(days[1])),
    )
    return tlv.build(0x7F21, body, tlv.build(0x5F37, signer.sign(body)))


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalPki:
    """An authority with one document verifier and one terminal."""

    authority: CvKey
    verifier: CvKey
    terminal: CvKey
    rights: int = FINGERS | IRISES
    days: tuple[date, date] = (date(2026, 1, 1), date(2029, 1, 1))
    names: tuple[bytes, bytes, bytes] = field(default=(b"VNCVCA00001", b"VNDVER00001", b"VNTERM00001"))

    @classmethod
    def create(
        cls,
        make: Callable[[], CvKey] = EcCvKey.generate,
        *,
        rights: int = FINGERS | IRISES,
        days: tuple[date, date] = (date(2026, 1, 1), date(2029, 1, 1)),
    ) -> "TerminalPki":
        """A new one, with three keys that ``make`` makes, valid from the first to the second of ``days``."""
        return cls(authority=make(), verifier=make(), terminal=make(), rights=rights, days=days)

    @property
    def certificates(self) -> tuple[bytes, bytes, bytes]:
        """The authority's certificate of itself, the verifier's, the terminal's."""
        first, second, third = self.names
        ways = (
            (first, self.authority, first, self.authority, CVCA, FINGERS | IRISES),
            (second, self.verifier, first, self.authority, DOCUMENT_VERIFIER, FINGERS | IRISES),
            (third, self.terminal, second, self.verifier, INSPECTION_SYSTEM, self.rights),
        )
        one, two, three = (
            cv_certificate(name=name, key=key, issuer=issuer, signer=signer, role=role, rights=rights, days=self.days)
            for name, key, issuer, signer, role, rights in ways
        )
        return one, two, three

    @property
    def anchor(self) -> TerminalKey:
        """What a chip is made with."""
        body = tlv.parse_one(self.certificates[0], 0x7F21).children()[0]
        return key_of({node.tag: node for node in body.children()})
