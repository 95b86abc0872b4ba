"""Public keys of identity documents, and verifying signatures with them.

Theory of operation. A key comes as SubjectPublicKeyInfo: RSA, or a point on a curve that is named or written out in
full. A signature comes with an AlgorithmIdentifier that says the scheme and the hash: RSA with PKCS#1 v1.5 or PSS (by
the parameters it names itself), ECDSA as SEQUENCE { r, s } or as plain r, s. Verifying raises; it never returns False.

``cryptography`` does the work wherever it knows the curve. For the brainpool curves of 160, 192, 224 and 320 bits
ECDSA is verified here; everything in that is public.

Source: RFC 5480, RFC 4055, RFC 8017; BSI TR-03111, "ECDSA".
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.exceptions import UnsupportedAlgorithm as BackendUnsupported
from cryptography.hazmat.backends import default_backend
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from idcard.crypto.curves import CURVES, Curve, Point
from idcard.encoding import oids, tlv
from idcard.encoding.asn1 import AlgorithmIdentifier
from idcard.encoding.ber import SEQUENCE, Node, context, door, load
from idcard.encoding.der import oid_from_bytes
from idcard.errors import MalformedData, ProtocolViolation, UnsupportedAlgorithm

MAX_RSA_BITS: Final = 8192
MIN_RSA_BITS: Final = 1024
MAX_EXPONENT_BITS: Final = 64
_KEY = "SubjectPublicKeyInfo"
_SEQUENCE, _INTEGER = 0x30, 0x02
_NAMED_CURVE = 0x06

# Loads what `cryptography` would otherwise load in the middle of the first verification.
default_backend()


class SignatureInvalid(ProtocolViolation):
    """A signature that is not the key's over these bytes."""

    code = "signature_invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class RsaPublicKey:
    """An RSA key: modulus and exponent."""

    modulus: int
    exponent: int

    @property
    def bits(self) -> int:
        """The modulus' length in bits."""
        return self.modulus.bit_length()

    def backend(self) -> rsa.RSAPublicKey:
        """The key for ``cryptography``."""
        try:
            return rsa.RSAPublicNumbers(self.exponent, self.modulus).public_key()
        except ValueError as error:
            raise MalformedData("an RSA key that cannot be", where=_KEY) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class EcPublicKey:
    """A point on a known curve.

    ``named`` is the curve that the key was said to be on, where that is another one: some certificates name the wrong
    curve. A point is on one curve only, so that nothing is guessed.
    """

    curve: Curve
    point: Point
    named: Curve | None = None
    _backend: list[ec.EllipticCurvePublicKey] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def bits(self) -> int:
        """The order's length in bits."""
        return self.curve.n.bit_length()

    def backend(self) -> ec.EllipticCurvePublicKey | None:
        """The key for ``cryptography``, or None where that has no such curve."""
        curve = self.curve.to_cryptography()
        if curve is None:
            return None
        if not self._backend:
            self._backend.append(ec.EllipticCurvePublicNumbers(self.point.x, self.point.y, curve).public_key())
        return self._backend[0]


PublicKey = RsaPublicKey | EcPublicKey


def load_public_key(spki: bytes) -> PublicKey:
    """The key in a SubjectPublicKeyInfo; curves may be named or written out, also those ``cryptography`` lacks.

    :raises MalformedData: if it is not well formed, or its point is not on its curve, nor on any other of that size.
    :raises UnsupportedAlgorithm: if it is neither RSA nor on a known curve.
    """
    with door(_KEY):
        parsed, bits = load(spki, _KEY).children(SEQUENCE)
        algorithm = AlgorithmIdentifier.of(parsed)
        if algorithm.oid in (oids.RSA, oids.RSA_PSS):
            return _rsa_key(bits.bits())
        if algorithm.oid in oids.EC_PUBLIC_KEY_ALGORITHMS:
            return _ec_key(load_curve(algorithm.parameters), bits.bits())
    raise UnsupportedAlgorithm("a public key of an unknown kind", oid=algorithm.oid)


def _rsa_key(data: bytes) -> RsaPublicKey:
    # Some chips omit the leading zero of a modulus, which then reads as negative: the bytes are taken as they are.
    modulus, exponent = (
        int.from_bytes(number.expect(_INTEGER).content) for number in load(data, _KEY).children(SEQUENCE)
    )
    key = RsaPublicKey(modulus=modulus, exponent=exponent)
    if not MIN_RSA_BITS <= key.bits <= MAX_RSA_BITS or not 3 <= key.exponent < 1 << MAX_EXPONENT_BITS:
        raise UnsupportedAlgorithm("an RSA key of a size that no document has", oid=oids.RSA)
    return key


def _ec_key(curve: Curve, data: bytes) -> EcPublicKey:
    try:
        return EcPublicKey(curve=curve, point=curve.decode(data))
    except MalformedData:
        if data[:1] != b"\x04":
            raise
        for other in CURVES:
            if len(data) == 1 + 2 * other.size_bytes and other.on_curve(_point(data)):
                return EcPublicKey(curve=other, point=_point(data), named=curve)
        raise


def _point(data: bytes) -> Point:
    half = (len(data) + 1) // 2
    return Point(int.from_bytes(data[1:half]), int.from_bytes(data[half:]))


@lru_cache(maxsize=64)
def load_curve(parameters: bytes | None) -> Curve:
    """The known curve that the parameters of an elliptic-curve key name or write out.

    :raises MalformedData: if they are not well formed.
    :raises UnsupportedAlgorithm: if they say no curve, or an unknown one.
    """
    # Domain parameters are the same for all cards of an issuer, and nobody's secret: worth remembering.
    if parameters is None:
        raise UnsupportedAlgorithm("an elliptic curve that is not named", oid=oids.EC_PUBLIC_KEY)
    if parameters[0] == _NAMED_CURVE:
        return Curve.by_oid(oid_from_bytes(tlv.parse_one(parameters, _NAMED_CURVE, where=_KEY).value, where=_KEY))
    if parameters[0] != _SEQUENCE:
        raise UnsupportedAlgorithm("an elliptic curve that its issuer implies", oid=oids.EC_PUBLIC_KEY)
    return Curve.by_parameters(*explicit_numbers(load(parameters, _KEY)))


def explicit_numbers(parsed: Node) -> tuple[int, int, int, Point, int]:
    """The numbers of a curve that is written out (ECParameters): p, a, b, the generator and its order.

    :raises UnsupportedAlgorithm: if it is not over a prime field.
    """
    _, field_id, coefficients, base, order, *_ = parsed.children(SEQUENCE)
    kind, prime = field_id.children(SEQUENCE)
    if kind.oid() != oids.PRIME_FIELD:
        raise UnsupportedAlgorithm("a curve that is not over a prime field", oid=kind.oid())
    p = prime.integer()
    a, b = (int.from_bytes(one.octets()) for one in coefficients.children(SEQUENCE)[:2])
    return p, a, b, _generator(base.octets(), p, a, b), order.integer()


def _generator(base: bytes, p: int, a: int, b: int) -> Point:
    """The generator of explicit parameters; a compressed one takes its ordinate from the known curve."""
    size = (p.bit_length() + 7) // 8
    if base[0] == 4 and len(base) == 1 + 2 * size:
        return Point(int.from_bytes(base[1 : 1 + size]), int.from_bytes(base[1 + size :]))
    if base[0] in (2, 3) and len(base) == 1 + size:
        return Curve.by_equation(p, a, b).decompress(int.from_bytes(base[1:]), odd=base[0] == 3)
    raise MalformedData("a generator that is no point", where=_KEY)


def verify_signature(
    key: PublicKey, algorithm: AlgorithmIdentifier, signature: bytes, message: bytes, *, digest: str | None = None
) -> None:
    """Nothing, where ``signature`` is the key's over ``message``; otherwise it raises.

    :param digest: the hash's name for an algorithm that does not say one (plain ``rsaEncryption`` in signed data).
    :raises SignatureInvalid: if it is not.
    :raises UnsupportedAlgorithm: if the algorithm is unknown, or is not one for this kind of key.
    :raises MalformedData: if the algorithm's parameters are not well formed.
    """
    if isinstance(key, EcPublicKey):
        name, plain = _ecdsa_form(algorithm, digest)
        verify_ecdsa(key, split_signature(key, signature, plain=plain), message, name)
    else:
        scheme, hash_algorithm = _rsa_scheme(algorithm, digest)
        verify_rsa(key.backend(), signature, message, scheme, hash_algorithm)


def hash_of(algorithm: AlgorithmIdentifier, digest: str | None = None) -> str | None:
    """The hash that a signature algorithm uses, or None where the algorithm is unknown or does not say.

    :param digest: the hash for an algorithm that leaves it to the signed data.
    :raises MalformedData: if the algorithm's parameters are not well formed.
    """
    try:
        if algorithm.oid in (oids.RSA_PSS, oids.RSA, *oids.RSA_PKCS1):
            return _rsa_scheme(algorithm, digest)[1]
        return _ecdsa_form(algorithm, digest)[0]
    except UnsupportedAlgorithm:
        return None


def _ecdsa_form(algorithm: AlgorithmIdentifier, digest: str | None) -> tuple[str, bool]:
    oid = algorithm.oid
    if oid in oids.ECDSA_PLAIN:
        return oids.ECDSA_PLAIN[oid], True
    if oid in oids.ECDSA_DER:
        return oids.ECDSA_DER[oid], False
    if oid == oids.ECDSA_WITH_SPECIFIED and algorithm.parameters is not None:
        with door("ecdsa-with-Specified"):
            return _hash_of(load(algorithm.parameters, "ecdsa-with-Specified")), False
    if oid in (oids.EC_PUBLIC_KEY, oids.ECDSA_WITH_SPECIFIED) and digest is not None:
        return digest, False
    raise UnsupportedAlgorithm("not a signature algorithm for an elliptic curve key", oid=oid)


def _rsa_scheme(algorithm: AlgorithmIdentifier, digest: str | None) -> tuple[padding.AsymmetricPadding, str]:
    if algorithm.oid == oids.RSA_PSS:
        return _pss(algorithm.parameters)
    name = oids.RSA_PKCS1.get(algorithm.oid, digest if algorithm.oid == oids.RSA else None)
    if name is None:
        raise UnsupportedAlgorithm("not a signature algorithm for an RSA key", oid=algorithm.oid)
    return padding.PKCS1v15(), name


def _pss(parameters: bytes | None) -> tuple[padding.AsymmetricPadding, str]:
    """The padding by its own parameters; absent ones mean SHA-1, MGF1 with SHA-1 and a salt of 20 bytes."""
    with door("RSASSA-PSS"):
        given = {part.tag: part.only() for part in load(parameters or b"\x30\x00", "RSASSA-PSS").children(SEQUENCE)}
        name = _hash_of(given.get(context(0)))
        mask = _mask_hash(given.get(context(1)))
        salt, trailer = _number(given.get(context(2)), 20), _number(given.get(context(3)), 1)
    if trailer != 1 or not 0 <= salt <= MAX_RSA_BITS // 8:
        raise UnsupportedAlgorithm("RSASSA-PSS with an unknown trailer or salt", oid=oids.RSA_PSS)
    return padding.PSS(padding.MGF1(hash_by_name(mask)), salt), name


def _number(node: Node | None, default: int) -> int:
    return default if node is None else node.integer()


def _mask_hash(node: Node | None) -> str:
    if node is None:
        return "sha1"
    kind, *parameters = node.children(SEQUENCE)
    if kind.oid() != oids.MGF1:
        raise UnsupportedAlgorithm("an unknown mask generation", oid=kind.oid())
    return _hash_of(parameters[0])


def _hash_of(node: Node | None) -> str:
    if node is None:
        return "sha1"
    oid = AlgorithmIdentifier.of(node).oid
    if oid not in oids.HASHES:
        raise UnsupportedAlgorithm("an unknown hash algorithm", oid=oid)
    return oids.HASHES[oid]


def verify_rsa(
    key: rsa.RSAPublicKey, signature: bytes, message: bytes, scheme: padding.AsymmetricPadding, digest: str
) -> None:
    """Nothing, where ``signature`` is the key's over ``message``; otherwise it raises.

    :param scheme: the padding. :param digest: the hash's name.
    :raises SignatureInvalid: if it is not.
    """
    try:
        key.verify(signature, message, scheme, hash_by_name(digest))
    except (InvalidSignature, ValueError) as error:
        raise SignatureInvalid() from error
    except BackendUnsupported as error:
        raise UnsupportedAlgorithm(f"RSA with {digest} is refused by the crypto library") from error


def split_signature(key: EcPublicKey, signature: bytes, *, plain: bool) -> tuple[int, int]:
    """R and s of an ECDSA signature, plain (r and s of equal length) or SEQUENCE { r, s }.

    :raises SignatureInvalid: if it is neither in the form asked for, nor plain of exactly the order's length.
    """
    size = key.curve.order_bytes
    if len(signature) == 2 * size:
        return int.from_bytes(signature[:size]), int.from_bytes(signature[size:])
    if plain:
        raise SignatureInvalid("a plain signature of the wrong length")
    try:
        r, s = tlv.parse_one(signature, _SEQUENCE, where="ECDSA").children("ECDSA")
        return _unsigned(r), _unsigned(s)
    except (ProtocolViolation, ValueError) as error:
        raise SignatureInvalid("a signature that is no pair of integers") from error


def _unsigned(node: tlv.Tlv) -> int:
    if node.tag != _INTEGER or not node.value or node.value[0] & 0x80:
        raise ValueError("no positive integer")
    return int.from_bytes(node.value)


def verify_ecdsa(key: EcPublicKey, pair: tuple[int, int], message: bytes, digest: str) -> None:
    """Nothing, where ``pair`` (r, s) is the key's signature over ``message``; otherwise it raises.

    :param digest: the hash's name.
    :raises SignatureInvalid: if it is not.
    """
    r, s = pair
    if not 0 < r < key.curve.n or not 0 < s < key.curve.n:
        raise SignatureInvalid("r or s is out of range")
    backend = key.backend()
    if backend is None:
        _verify_in_python(key, r, s, message, digest)
        return
    try:
        backend.verify(encode_dss_signature(r, s), message, ec.ECDSA(hash_by_name(digest)))
    except InvalidSignature as error:
        raise SignatureInvalid() from error
    except BackendUnsupported as error:
        raise UnsupportedAlgorithm(f"ECDSA on {key.curve.name} with {digest} is refused") from error


def _verify_in_python(key: EcPublicKey, r: int, s: int, message: bytes, digest: str) -> None:
    """ECDSA's own steps: e from the hash's leftmost bits, w = 1/s, and x of (ew)G + (rw)Q must be r modulo n."""
    curve = key.curve
    hashed = digest_of(digest, message)
    e = int.from_bytes(hashed) >> max(0, 8 * len(hashed) - curve.n.bit_length())
    w = pow(s, -1, curve.n)
    point = curve.combine(e * w % curve.n, curve.generator, r * w % curve.n, key.point)
    if point is None or point.x % curve.n != r:
        raise SignatureInvalid()


_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


def hash_by_name(name: str) -> hashes.HashAlgorithm:
    """The hash for ``cryptography``.

    :param name: ``sha1``, ``sha224``, ``sha256``, ``sha384`` or ``sha512``.
    """
    return _HASHES[name]


def digest_of(name: str, data: bytes) -> bytes:
    """The hash of ``data``.

    :param name: ``sha1``, ``sha224``, ``sha256``, ``sha384`` or ``sha512``.
    """
    context = hashes.Hash(_HASHES[name])
    context.update(data)
    return context.finalize()
