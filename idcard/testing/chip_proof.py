"""The chip's own signature: active authentication with ECDSA or with RSA and message recovery.

Theory of operation (ICAO Doc 9303-11, "Active Authentication"). The reader sends RND.IFD (8 bytes). With ECDSA the chip
signs just these and answers r and s side by side. With RSA it signs by ISO 9796-2 scheme 1: F = 6A, M1 (random bytes
that fill the modulus), the hash of M1 and RND.IFD, and a trailer that names the hash (BC: SHA-1; 34 CC: SHA-256).

Source: ICAO Doc 9303-11, "Active Authentication"; ISO/IEC 9796-2, digital signature scheme 1; BSI TR-03111, "ECDSA".
"""

import hashlib
from dataclasses import dataclass
from typing import Protocol

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from idcard.testing.chip_curves import BRAINPOOL_P256R1, Curve, Entropy
from idcard.testing.keys import EcKey

ECDSA_PLAIN = {
    "sha1": "0.4.0.127.0.7.1.1.4.1.1",
    "sha224": "0.4.0.127.0.7.1.1.4.1.2",
    "sha256": "0.4.0.127.0.7.1.1.4.1.3",
    "sha384": "0.4.0.127.0.7.1.1.4.1.4",
    "sha512": "0.4.0.127.0.7.1.1.4.1.5",
}
_TRAILERS = {
    "sha1": b"\xbc",
    "sha224": b"\x38\xcc",
    "sha256": b"\x34\xcc",
    "sha384": b"\x36\xcc",
    "sha512": b"\x35\xcc",
}
_LONG_SHA1 = b"\x33\xcc"


class ChipKey(Protocol):
    """A key pair for active authentication."""

    @property
    def spki(self) -> bytes:
        """The SubjectPublicKeyInfo that DG15 holds."""

    @property
    def signature_oid(self) -> str | None:
        """The signature's object identifier for DG14, or None where DG14 need not say it (RSA)."""

    @property
    def signature_size(self) -> int:
        """The length of the answer in bytes."""

    def answer(self, challenge: bytes, entropy: Entropy) -> bytes:
        """The signature over the reader's ``challenge``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EcdsaChipKey:
    """Active authentication by ECDSA, answer in plain form.

    :param sequence: answer as a SEQUENCE of r and s instead, as some chips do.
    :param silent: DG14 does not name the hash.
    """

    key: EcKey
    sequence: bool = False
    silent: bool = False

    @classmethod
    def generate(
        cls, entropy: Entropy, *, curve: Curve = BRAINPOOL_P256R1, explicit: bool = True, digest: str = "sha256"
    ) -> "EcdsaChipKey":
        """A new key pair on ``curve``."""
        return cls(key=EcKey(curve=curve, secret=curve.draw(entropy), explicit=explicit, digest=digest))

    @property
    def spki(self) -> bytes:
        """The SubjectPublicKeyInfo."""
        return self.key.spki

    @property
    def signature_oid(self) -> str | None:
        """The identifier of plain ECDSA with this key's hash."""
        return None if self.silent else ECDSA_PLAIN[self.key.digest]

    @property
    def signature_size(self) -> int:
        """Twice the length of a coordinate, and what a SEQUENCE takes besides."""
        return 2 * self.key.curve.size + (9 if self.sequence else 0)

    def answer(self, challenge: bytes, entropy: Entropy) -> bytes:
        """The signature r || s; the nonce is derived, so ``entropy`` is not used."""
        return self.key.sign(challenge) if self.sequence else self.key.sign_plain(challenge)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RsaChipKey:
    """Active authentication by RSA with message recovery.

    :param digest: ``sha1`` (trailer BC), ``sha256`` (trailer 34 CC), ``sha224``, ``sha384`` or ``sha512``.
    :param long_trailer: with SHA-1, the trailer 33 CC instead of BC.
    :param smaller: give n minus the signature where that is smaller (ISO 9796-2, B.4).
    """

    private: rsa.RSAPrivateKey
    digest: str = "sha1"
    long_trailer: bool = False
    smaller: bool = False

    @classmethod
    def generate(cls, *, bits: int = 1536, digest: str = "sha1") -> "RsaChipKey":
        """A new key pair; 1,536 bits is the most whose signature fits a short answer under secure messaging."""
        return cls(private=rsa.generate_private_key(public_exponent=65537, key_size=bits), digest=digest)

    def __repr__(self) -> str:
        return f"RsaChipKey({self.private.key_size})"

    @property
    def spki(self) -> bytes:
        """The SubjectPublicKeyInfo."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.private.public_key().public_bytes(serialization.Encoding.DER, form)

    @property
    def signature_oid(self) -> str | None:
        """None: with RSA the trailer names the hash."""
        return None

    @property
    def signature_size(self) -> int:
        """The length of the modulus."""
        return self.private.key_size // 8

    def answer(self, challenge: bytes, entropy: Entropy) -> bytes:
        """The signature over M1 || ``challenge``, as long as the modulus."""
        trailer = _LONG_SHA1 if self.long_trailer else _TRAILERS[self.digest]
        hashed = hashlib.new(self.digest)
        recoverable = entropy(self.signature_size - hashed.digest_size - len(trailer) - 1)
        hashed.update(recoverable + challenge)
        representative = int.from_bytes(b"\x6a" + recoverable + hashed.digest() + trailer)
        numbers = self.private.private_numbers()
        n = numbers.public_numbers.n
        signature = pow(representative, numbers.d, n)
        if self.smaller:
            signature = min(signature, n - signature)
        return signature.to_bytes(self.signature_size)
