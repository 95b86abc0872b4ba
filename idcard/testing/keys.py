"""Key pairs of the issuer and of the chip: elliptic curves with named or explicit parameters, and RSA.

ECDSA is done here in plain integers (nonces as in RFC 6979, so that the same key signs the same bytes the same way);
RSA keys come from `cryptography`.

Source: BSI TR-03111, "ECDSA" and "Public keys"; RFC 3279 and RFC 4055 for the forms in certificates; RFC 6979.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import Protocol

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from idcard.testing import der
from idcard.testing.chip_curves import CURVES, Curve, Entropy

ECDSA_WITH = {
    "sha1": "1.2.840.10045.4.1",
    "sha224": "1.2.840.10045.4.3.1",
    "sha256": "1.2.840.10045.4.3.2",
    "sha384": "1.2.840.10045.4.3.3",
    "sha512": "1.2.840.10045.4.3.4",
}
RSA_WITH = {"sha1": "1.2.840.113549.1.1.5", "sha256": "1.2.840.113549.1.1.11", "sha512": "1.2.840.113549.1.1.13"}
DIGESTS = {
    "sha1": "1.3.14.3.2.26",
    "sha224": "2.16.840.1.101.3.4.2.4",
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
}
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


class SigningKey(Protocol):
    """What a certificate or a SOD is signed with."""

    @property
    def spki(self) -> bytes:
        """The SubjectPublicKeyInfo, DER."""

    @property
    def digest(self) -> str:
        """The hash, for example ``sha256``."""

    @property
    def algorithm(self) -> bytes:
        """The signature's AlgorithmIdentifier, DER."""

    def sign(self, message: bytes) -> bytes:
        """The signature over ``message`` in the form CMS and X.509 use."""

    def to_pem(self) -> bytes:
        """The private key, PKCS #8 without a passphrase."""


def explicit_parameters(curve: Curve) -> bytes:
    """ECParameters written out: field, curve, generator, order and cofactor."""
    field = der.sequence(der.oid("1.2.840.10045.1.1"), der.integer(curve.p))
    coefficients = (der.octet_string(value.to_bytes(curve.size)) for value in (curve.a, curve.b))
    base = der.octet_string(curve.encode(curve.g))
    return der.sequence(der.integer(1), field, der.sequence(*coefficients), base, der.integer(curve.n), der.integer(1))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class EcKey:
    """A key pair on a curve.

    :param explicit: whether the public key writes the curve's parameters out instead of naming it.
    """

    curve: Curve
    secret: int
    explicit: bool = True
    digest: str = "sha256"

    def __repr__(self) -> str:
        return f"EcKey({self.curve.name})"

    @property
    def spki(self) -> bytes:
        """The SubjectPublicKeyInfo, DER."""
        parameters = explicit_parameters(self.curve) if self.explicit else der.oid(self.curve.oid)
        algorithm = der.sequence(der.oid("1.2.840.10045.2.1"), parameters)
        return der.sequence(algorithm, der.bit_string(self.curve.encode(self.curve.multiply(self.secret))))

    @property
    def algorithm(self) -> bytes:
        """The AlgorithmIdentifier of ECDSA with this key's hash."""
        return der.sequence(der.oid(ECDSA_WITH[self.digest]))

    def sign(self, message: bytes) -> bytes:
        """The signature as a SEQUENCE of r and s."""
        return der.sequence(*(der.integer(part) for part in self.sign_numbers(message)))

    def sign_plain(self, message: bytes) -> bytes:
        """The signature as r and s side by side, each as long as a coordinate."""
        return b"".join(part.to_bytes(self.curve.size) for part in self.sign_numbers(message))

    def sign_numbers(self, message: bytes) -> tuple[int, int]:
        """The ECDSA signature's r and s; the nonce as in RFC 6979."""
        n, hashed = self.curve.n, hashlib.new(self.digest, message).digest()
        e = _leftmost(hashed, n)
        nonces = _Nonces(self.secret, hashed, self.digest, n)
        r = s = 0
        while not (r and s):
            k = nonces.draw()
            r = self.curve.multiply(k).x % n
            s = pow(k, -1, n) * (e + r * self.secret) % n
        return r, s

    def to_pem(self) -> bytes:
        """The private key, PKCS #8 with a named curve."""
        curve = self.curve
        private = der.sequence(der.integer(1), der.octet_string(self.secret.to_bytes((curve.n.bit_length() + 7) // 8)))
        algorithm = der.sequence(der.oid("1.2.840.10045.2.1"), der.oid(curve.oid))
        return pem("PRIVATE KEY", der.sequence(der.integer(0), algorithm, der.octet_string(private)))


def _leftmost(hashed: bytes, n: int) -> int:
    return int.from_bytes(hashed) >> max(0, 8 * len(hashed) - n.bit_length())


class _Nonces:
    """The endless row of candidate nonces of RFC 6979, section 3.2."""

    def __init__(self, secret: int, hashed: bytes, digest: str, n: int) -> None:
        size = (n.bit_length() + 7) // 8
        seed = secret.to_bytes(size) + (_leftmost(hashed, n) % n).to_bytes(size)
        self._digest, self._n, self._size = digest, n, size
        self._v, self._k = b"\x01" * len(hashed), bytes(len(hashed))
        for mark in (b"\x00", b"\x01"):
            self._k = self._hmac(self._v + mark + seed)
            self._v = self._hmac(self._v)

    def _hmac(self, data: bytes) -> bytes:
        return hmac.digest(self._k, data, self._digest)

    def draw(self) -> int:
        while True:
            drawn = b""
            while len(drawn) < self._size:
                self._v = self._hmac(self._v)
                drawn += self._v
            k = _leftmost(drawn[: self._size], self._n)
            self._k = self._hmac(self._v + b"\x00")
            self._v = self._hmac(self._v)
            if 0 < k < self._n:
                return k


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RsaKey:
    """An RSA key pair for certificates and SODs, PKCS #1 v1.5 or PSS (with a salt as long as the hash)."""

    private: rsa.RSAPrivateKey
    digest: str = "sha256"
    pss: bool = False

    def __repr__(self) -> str:
        return f"RsaKey({self.private.key_size})"

    @property
    def spki(self) -> bytes:
        """The SubjectPublicKeyInfo, DER, with the plain rsaEncryption identifier."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.private.public_key().public_bytes(serialization.Encoding.DER, form)

    @property
    def algorithm(self) -> bytes:
        """The AlgorithmIdentifier of the signature."""
        if not self.pss:
            return der.sequence(der.oid(RSA_WITH[self.digest]), der.null())
        digest = der.sequence(der.oid(DIGESTS[self.digest]), der.null())
        mask = der.sequence(der.oid("1.2.840.113549.1.1.8"), digest)
        salt = der.integer(hashlib.new(self.digest).digest_size)
        parameters = (der.context(number, part) for number, part in enumerate((digest, mask, salt)))
        return der.sequence(der.oid("1.2.840.113549.1.1.10"), der.sequence(*parameters))

    def sign(self, message: bytes) -> bytes:
        """The signature, as long as the modulus."""
        algorithm = _HASHES[self.digest]
        if not self.pss:
            return self.private.sign(message, padding.PKCS1v15(), algorithm)
        filling = padding.PSS(mgf=padding.MGF1(algorithm), salt_length=algorithm.digest_size)
        return self.private.sign(message, filling, algorithm)

    def to_pem(self) -> bytes:
        """The private key, PKCS #8."""
        form = serialization.PrivateFormat.PKCS8
        return self.private.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def pem(label: str, content: bytes) -> bytes:
    """``content`` in base64 lines between the marks of ``label``."""
    lines = base64.encodebytes(content).replace(b"\n", b"")
    rows = [lines[at : at + 64] for at in range(0, len(lines), 64)]
    return b"\n".join([f"-----BEGIN {label}-----".encode(), *rows, f"-----END {label}-----".encode(), b""])


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyProfile:
    """Which kind of key signs, and how.

    :param kind: a curve's name (``brainpoolP256r1``, ``secp384r1``, …), ``rsa`` or ``rsa-pss``.
    :param explicit: whether a curve's parameters are written out.
    :param digest: ``sha256``, ``sha384``, ``sha512`` (or ``sha1``, which nobody should accept).
    :param bits: the length of an RSA modulus.
    """

    kind: str = "brainpoolP256r1"
    explicit: bool = True
    digest: str = "sha256"
    bits: int = 2048

    def generate(self, entropy: Entropy) -> SigningKey:
        """A new key pair; ``entropy`` feeds curves only, RSA keys come from OpenSSL's generator."""
        if self.kind in CURVES:
            return self._on_curve(CURVES[self.kind].draw(entropy))
        return self._of_rsa(rsa.generate_private_key(public_exponent=65537, key_size=self.bits))

    def load(self, content: bytes) -> SigningKey:
        """The key pair whose private half is the PKCS #8 PEM ``content``.

        :raises ValueError: if it is not a key of this kind.
        """
        private = serialization.load_pem_private_key(content, password=None)
        if isinstance(private, ec.EllipticCurvePrivateKey) and self.kind in CURVES:
            return self._on_curve(private.private_numbers().private_value)
        if isinstance(private, rsa.RSAPrivateKey) and self.kind not in CURVES:
            return self._of_rsa(private)
        raise ValueError("a private key of another kind")

    def _on_curve(self, secret: int) -> "EcKey":
        return EcKey(curve=CURVES[self.kind], secret=secret, explicit=self.explicit, digest=self.digest)

    def _of_rsa(self, private: rsa.RSAPrivateKey) -> "RsaKey":
        return RsaKey(private=private, digest=self.digest, pss=self.kind == "rsa-pss")
