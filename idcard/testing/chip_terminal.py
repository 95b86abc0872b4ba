"""The chip's side of terminal authentication: who may read fingerprints and irises.

Theory of operation (ICAO Doc 9303-11, "Terminal Authentication"). The chip knows one certification authority. The
reader presents card verifiable certificates, each signed by the one before; the rights of a chain are those that every
certificate in it grants. Then it signs ID || challenge || its ephemeral key of chip authentication, in short form.

Source: BSI TR-03110-3, "CV Certificates" and "Terminal Authentication" version 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from idcard.encoding import tlv
from idcard.iso7816.status import StatusWord
from idcard.lds.layout import File
from idcard.testing.chip_crypto import Refused
from idcard.testing.chip_curves import CURVES, Curve, Entropy, Point
from idcard.testing.chip_ecdsa import is_signed
from idcard.testing.chip_pace import oid_value

ID_TA = "0.4.0.127.0.7.2.2.2.1"
ID_IS = "0.4.0.127.0.7.3.1.2.1"
ECDSA = {f"{ID_TA[:-2]}.2.{n}": name for n, name in enumerate(("sha1", "sha224", "sha256", "sha384", "sha512"), 1)}
RSA_PSS = {f"{ID_TA}.4": "sha256", f"{ID_TA}.6": "sha512"}
RSA_V1_5 = {f"{ID_TA}.2": "sha256", f"{ID_TA}.5": "sha512"}
_HASHES: dict[str, hashes.HashAlgorithm] = {"sha256": hashes.SHA256(), "sha512": hashes.SHA512()}
_BY_RIGHT = {1: File.DG3, 2: File.DG4}
_OIDS = {oid_value(oid): oid for oid in (*ECDSA, *RSA_PSS, *RSA_V1_5)}


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalKey:
    """A public key with what it may do: its algorithm, its numbers, and the bits of its rights."""

    name: bytes
    oid: str
    rights: int
    curve: Curve | None = None
    point: Point | None = None
    modulus: int = 0
    exponent: int = 0

    def check(self, signature: bytes, message: bytes) -> None:
        """Nothing, where the signature is right.

        :raises Refused: 6300 otherwise.
        """
        if not self._right(signature, message):
            raise Refused(StatusWord.AUTHENTICATION_FAILED)

    def _right(self, signature: bytes, message: bytes) -> bool:
        if self.curve is not None and self.point is not None:
            return is_signed(self.curve, self.point, signature, message, ECDSA[self.oid])
        pss = self.oid in RSA_PSS
        algorithm = _HASHES[(RSA_PSS if pss else RSA_V1_5)[self.oid]]
        filling = padding.PSS(padding.MGF1(algorithm), algorithm.digest_size) if pss else padding.PKCS1v15()
        try:
            public = rsa.RSAPublicNumbers(self.exponent, self.modulus).public_key()
            public.verify(signature, message, filling, algorithm)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(slots=True, kw_only=True)
class TerminalGate:
    """One session's terminal authentication.

    :param anchor: the key of the certification authority that the chip was made with.
    :param identifier: what the chip is called in the signature.
    """

    anchor: TerminalKey
    identifier: bytes
    terminal_key: bytes | None = None
    opened: frozenset[File] = frozenset()
    _known: dict[bytes, TerminalKey] = field(default_factory=dict)
    _chosen: TerminalKey | None = None
    _terminal: TerminalKey | None = None
    _challenge: bytes | None = None

    def choose(self, purpose: int, objects: Mapping[int, bytes]) -> None:
        """MSE:Set DST for the key that verifies a certificate, MSE:Set AT for the terminal's own.

        :raises Refused: 6A88 if there is no such key.
        """
        known = {self.anchor.name: self.anchor} | self._known
        key = known.get(objects.get(0x83, b""))
        if key is None:
            raise Refused(StatusWord.REFERENCED_DATA_NOT_FOUND)
        if purpose == 0x81B6:
            self._chosen = key
        else:
            self._terminal = key

    def take(self, certificate: bytes) -> None:
        """A certificate (7F4E and 5F37), verified with the chosen key.

        :raises Refused: 6300 if it is not its signature, 6A80 if it is not well formed, 6985 without a chosen key.
        """
        issuer, self._chosen = self._chosen, None
        if issuer is None:
            raise Refused(StatusWord.CONDITIONS_NOT_SATISFIED)
        body, signature = tlv.parse(certificate, where="certificate")
        fields = {node.tag: node for node in body.children()}
        if body.tag != 0x7F4E or signature.tag != 0x5F37 or fields[0x42].value != issuer.name:
            raise Refused(StatusWord.WRONG_DATA)
        issuer.check(signature.value, body.to_bytes())
        key = key_of(fields, issuer)
        self._known[key.name] = key

    def draw_challenge(self, entropy: Entropy) -> bytes:
        """Eight random bytes.

        :raises Refused: 6985 before a terminal was chosen.
        """
        if self._terminal is None:
            raise Refused(StatusWord.CONDITIONS_NOT_SATISFIED)
        self._challenge = entropy(8)
        return self._challenge

    def authenticate(self, signature: bytes) -> None:
        """The terminal's signature; on success the files of its rights stand open.

        :raises Refused: 6300 if it is wrong, 6985 if it was not due.
        """
        challenge, self._challenge, terminal = self._challenge, None, self._terminal
        if challenge is None or terminal is None or self.terminal_key is None:
            raise Refused(StatusWord.CONDITIONS_NOT_SATISFIED)
        terminal.check(signature, self.identifier + challenge + self.terminal_key)
        self.opened = frozenset(file for bit, file in _BY_RIGHT.items() if terminal.rights & bit)


def key_of(fields: Mapping[int, tlv.Tlv], issuer: TerminalKey | None = None) -> TerminalKey:
    """The key in a certificate's body; without parameters of its own it is on the issuer's curve."""
    numbers = {node.tag: node.value for node in fields[0x7F49].children()}
    holder = {node.tag: node.value for node in fields[0x7F4C].children()}
    oid, name, rights = _OIDS[numbers[0x06]], fields[0x5F20].value, holder[0x53][-1]
    if issuer is not None:
        rights &= issuer.rights
    if oid not in ECDSA:
        modulus, exponent = (int.from_bytes(numbers[tag]) for tag in (0x81, 0x82))
        return TerminalKey(name=name, oid=oid, rights=rights, modulus=modulus, exponent=exponent)
    curve = _curve(numbers) if 0x81 in numbers else issuer.curve if issuer else None
    if curve is None:
        raise Refused(StatusWord.WRONG_DATA)
    return TerminalKey(name=name, oid=oid, rights=rights, curve=curve, point=curve.decode(numbers[0x86]))


def _curve(numbers: Mapping[int, bytes]) -> Curve | None:
    return next((curve for curve in CURVES.values() if curve.p == int.from_bytes(numbers[0x81])), None)


def bcd(day: date) -> bytes:
    """A date of a certificate: six digits, one in each byte."""
    return bytes(int(digit) for digit in f"{day:%y%m%d}")
