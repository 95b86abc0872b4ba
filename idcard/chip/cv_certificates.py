"""Card verifiable certificates: short certificates that a chip itself can check.

Theory of operation. A certificate (7F21) is a body (7F4E) and a signature over it (5F37). The body names the key that
signed it (42, the certification authority reference), gives a public key (7F49), names that key (5F20, the certificate
holder reference), says what it may do (7F4C: a role and bits) and for which days (5F25, 5F24). A country's authority
(CVCA) certifies document verifiers, and those certify terminals. Only an authority's own certificate writes the curve
out; the others are on the same one.

Source: BSI TR-03110-3, "CV Certificates"; ICAO Doc 9303-12, "Terminal certificates".
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from cryptography.hazmat.primitives.asymmetric import padding

from idcard.crypto.curves import Curve, Point
from idcard.crypto.signature import (
    EcPublicKey,
    PublicKey,
    RsaPublicKey,
    hash_by_name,
    split_signature,
    verify_ecdsa,
    verify_rsa,
)
from idcard.encoding import tlv
from idcard.encoding.der import oid_from_bytes, oid_to_bytes
from idcard.errors import MalformedData, Unsupported, UnsupportedAlgorithm

Sign = Callable[[bytes], bytes]
"""A private key's owner: the signature over a message, by the algorithm that the key's certificate names.

ECDSA in plain form: r and s, each as long as the curve's order.
"""

_WHERE = "CV certificate"
_CERTIFICATE, _BODY, _SIGNATURE, _PUBLIC_KEY, _TEMPLATE = 0x7F21, 0x7F4E, 0x5F37, 0x7F49, 0x7F4C
_PROFILE, _AUTHORITY, _HOLDER, _START, _END, _RIGHTS = 0x5F29, 0x42, 0x5F20, 0x5F25, 0x5F24, 0x53
_OID, _MODULUS, _EXPONENT, _POINT = 0x06, 0x81, 0x82, 0x86
_TA = "0.4.0.127.0.7.2.2.2."
_DIGESTS = ("sha1", "sha224", "sha256", "sha384", "sha512")
_ECDSA = {f"{_TA}2.{number}": digest for number, digest in enumerate(_DIGESTS, start=1)}
_PKCS1 = {f"{_TA}1.1": "sha1", f"{_TA}1.2": "sha256", f"{_TA}1.5": "sha512"}
_PSS = {f"{_TA}1.3": "sha1", f"{_TA}1.4": "sha256", f"{_TA}1.6": "sha512"}
INSPECTION_SYSTEM: Final = "0.4.0.127.0.7.3.1.2.1"
MAX_CHAIN: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class CvCertificate:
    """One certificate; ``body`` and ``signature`` are kept byte for byte.

    ``authority`` and ``holder`` are references (country, name, number). ``role`` is the object identifier of what the
    bits ``rights`` say: their first two are 11 for a CVCA, 10 and 01 for document verifiers, 00 for a terminal. The
    certificate counts from ``start`` to ``end``, both days included.
    """

    body: bytes
    signature: bytes
    authority: bytes
    holder: bytes
    key_fields: tuple[tlv.Tlv, ...]
    role: str
    rights: bytes
    start: date
    end: date

    @classmethod
    def from_bytes(cls, data: bytes) -> "CvCertificate":
        """The certificate that ``data`` is, with its tag 7F21 or without.

        :raises MalformedData: if it is none.
        """
        nodes = tlv.parse(data, where=_WHERE)
        if [node.tag for node in nodes] == [_CERTIFICATE]:
            nodes = nodes[0].children(_WHERE)
        body, signature = (tlv.require(nodes, tag, where=_WHERE) for tag in (_BODY, _SIGNATURE))
        fields = body.children(_WHERE)
        authority, key, holder, template, start, end = (
            tlv.require(fields, tag, where=_WHERE)
            for tag in (_AUTHORITY, _PUBLIC_KEY, _HOLDER, _TEMPLATE, _START, _END)
        )
        return cls(
            body=body.to_bytes(),
            signature=signature.value,
            authority=authority.value,
            holder=holder.value,
            key_fields=key.children(_WHERE),
            role=_oid(template.children(_WHERE)),
            rights=tlv.require(template.children(_WHERE), _RIGHTS, where=_WHERE).value,
            start=_date(start.value),
            end=_date(end.value),
        )

    @classmethod
    def build(
        cls,
        *,
        authority: bytes,
        holder: bytes,
        public_key: bytes,
        rights: bytes,
        start: date,
        end: date,
        sign: Sign,
        role: str = INSPECTION_SYSTEM,
    ) -> "CvCertificate":
        """A new certificate.

        :param public_key: the public key data object (7F49), see :func:`public_key_object`.
        :param sign: signs the body for ``authority``.
        """
        template = tlv.build(_OID, oid_to_bytes(role)) + tlv.build(_RIGHTS, rights)
        content = (
            tlv.build(_PROFILE, b"\x00"),
            tlv.build(_AUTHORITY, authority),
            public_key,
            tlv.build(_HOLDER, holder),
            tlv.build(_TEMPLATE, template),
            tlv.build(_START, _digits(start)),
            tlv.build(_END, _digits(end)),
        )
        body = tlv.build(_BODY, *content)
        return cls.from_bytes(body + tlv.build(_SIGNATURE, sign(body)))

    def to_bytes(self) -> bytes:
        """The certificate with its tag."""
        return tlv.build(_CERTIFICATE, self.content)

    @property
    def content(self) -> bytes:
        """Body and signature, as a chip takes them."""
        return self.body + tlv.build(_SIGNATURE, self.signature)

    @property
    def algorithm(self) -> str:
        """The object identifier of the signatures that this certificate's key makes."""
        return _oid(self.key_fields)

    @property
    def of_authority(self) -> bool:
        """Whether it is a CVCA's certificate."""
        return bool(self.rights) and self.rights[0] >> 6 == 3

    def key(self, issuer: "PublicKey | None" = None) -> PublicKey:
        """The public key.

        :param issuer: the key that signed, whose curve this one shares where it writes none out.
        :raises MalformedData: if it is not well formed, or its point is not on the curve.
        :raises UnsupportedAlgorithm: if it is of an unknown kind, or on an unknown curve.
        """
        if self.algorithm not in _ECDSA:
            if self.algorithm not in _PKCS1 and self.algorithm not in _PSS:
                raise UnsupportedAlgorithm("an unknown algorithm of terminals", oid=self.algorithm)
            return RsaPublicKey(modulus=self._number(_MODULUS), exponent=self._number(_EXPONENT))
        curve = self._curve()
        if curve is None and isinstance(issuer, EcPublicKey):
            curve = issuer.curve
        if curve is None:
            raise UnsupportedAlgorithm("a terminal's key without a curve", oid=self.algorithm)
        return EcPublicKey(curve=curve, point=curve.decode(self._value(_POINT)))

    def verify(self, issuer: "CvCertificate", issuer_key: PublicKey) -> None:
        """Nothing, where the issuer's key signed this certificate; otherwise it raises.

        :param issuer: the certificate whose holder signed this one; it names the algorithm.
        :raises SignatureInvalid: if it did not.
        :raises UnsupportedAlgorithm: if the algorithm is unknown, or not one for this key.
        """
        oid = issuer.algorithm
        if isinstance(issuer_key, EcPublicKey) and oid in _ECDSA:
            verify_ecdsa(issuer_key, split_signature(issuer_key, self.signature, plain=True), self.body, _ECDSA[oid])
        elif isinstance(issuer_key, RsaPublicKey) and (oid in _PKCS1 or oid in _PSS):
            verify_rsa(issuer_key.backend(), self.signature, self.body, *_scheme(oid))
        else:
            raise UnsupportedAlgorithm("not an algorithm for this key", oid=oid)

    def _curve(self) -> Curve | None:
        if tlv.find(self.key_fields, _MODULUS) is None:
            return None
        p, a, b, n = (self._number(tag) for tag in (0x81, 0x82, 0x83, 0x85))
        base, size = self._value(0x84), (p.bit_length() + 7) // 8
        if base[:1] != b"\x04" or len(base) != 1 + 2 * size:
            raise MalformedData("a generator that is no point", where=_WHERE)
        generator = Point(int.from_bytes(base[1 : 1 + size]), int.from_bytes(base[1 + size :]))
        return Curve.by_parameters(p, a, b, generator, n)

    def _number(self, tag: int) -> int:
        return int.from_bytes(self._value(tag))

    def _value(self, tag: int) -> bytes:
        return tlv.require(self.key_fields, tag, where=_WHERE).value


def public_key_object(key: PublicKey, algorithm: str, *, parameters: bool = False) -> bytes:
    """The public key data object (7F49) of ``key``.

    :param parameters: write the curve out, as an authority's own certificate does.
    """
    identifier = tlv.build(_OID, oid_to_bytes(algorithm))
    if isinstance(key, RsaPublicKey):
        numbers = ((_MODULUS, key.modulus), (_EXPONENT, key.exponent))
        return tlv.build(_PUBLIC_KEY, identifier, *(tlv.build(tag, _unsigned(value)) for tag, value in numbers))
    curve = key.curve
    point = tlv.build(_POINT, curve.encode(key.point))
    if not parameters:
        return tlv.build(_PUBLIC_KEY, identifier, point)
    field = (tlv.build(tag, value.to_bytes(curve.size_bytes)) for tag, value in ((0x81, curve.p), (0x82, curve.a)))
    rest = (
        tlv.build(0x83, curve.b.to_bytes(curve.size_bytes)),
        tlv.build(0x84, curve.encode(curve.generator)),
        tlv.build(0x85, curve.n.to_bytes(curve.order_bytes)),
        point,
        tlv.build(0x87, _unsigned(curve.h)),
    )
    return tlv.build(_PUBLIC_KEY, identifier, *field, *rest)


def chain_from(certificates: Iterable[CvCertificate], references: Sequence[bytes]) -> tuple[CvCertificate, ...]:
    """The certificates from one that a key of ``references`` signed down to a terminal's, in the order to present.

    :param references: the authorities that the chip knows, the newest first; none where it does not say: the chain then
        starts below an authority of ``certificates``.
    :raises Unsupported: if there is no such chain.
    """
    given = [certificate for certificate in certificates if certificate.authority != certificate.holder]
    holders = {certificate.holder for certificate in given}
    for reference in references or [one.authority for one in given if one.authority not in holders]:
        chain = _down(given, reference)
        if chain:
            return chain
    raise Unsupported("no chain of certificates from an authority that the chip knows to a terminal")


def _down(certificates: list[CvCertificate], reference: bytes) -> tuple[CvCertificate, ...]:
    """The longest way from ``reference`` to a certificate whose holder signed none of the others."""
    best: tuple[CvCertificate, ...] = ()
    for certificate in certificates:
        if certificate.authority == reference:
            others = [one for one in certificates if one is not certificate]
            way = (certificate, *_down(others, certificate.holder))
            best = max(best, way, key=len)
    return best[:MAX_CHAIN]


def authorities_of_cvca(data: bytes) -> tuple[bytes, ...]:
    """The references in EF.CVCA: the authorities that a chip knows, the newest first.

    :raises MalformedData: if it is not that file.
    """
    nodes = tlv.parse(data.rstrip(b"\x00"), where="EF.CVCA")
    if not 1 <= len(nodes) <= 2 or any(node.tag != _AUTHORITY for node in nodes):
        raise MalformedData("does not hold one or two references", where="EF.CVCA")
    return tuple(node.value for node in nodes)


def _scheme(oid: str) -> tuple[padding.AsymmetricPadding, str]:
    if oid in _PKCS1:
        return padding.PKCS1v15(), _PKCS1[oid]
    algorithm = hash_by_name(_PSS[oid])
    return padding.PSS(padding.MGF1(algorithm), algorithm.digest_size), _PSS[oid]


def _oid(nodes: tuple[tlv.Tlv, ...]) -> str:
    return oid_from_bytes(tlv.require(nodes, _OID, where=_WHERE).value, where=_WHERE)


def _unsigned(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8)


def _date(value: bytes) -> date:
    """Six digits YYMMDD, one in each byte."""
    if len(value) != 6 or any(digit > 9 for digit in value):
        raise MalformedData("a date that is not six digits", where=_WHERE)
    year, month, day = (10 * value[at] + value[at + 1] for at in (0, 2, 4))
    try:
        return date(2000 + year, month, day)
    except ValueError as error:
        raise MalformedData("a date that is none", where=_WHERE) from error


def _digits(day: date) -> bytes:
    return bytes(int(digit) for digit in f"{day:%y%m%d}")
