"""The card's half of PACE, with all three mappings.

Theory of operation (ICAO Doc 9303-11, section 4.4). 1. The chip draws a nonce s and sends z = E(KDF(password, 3), s).
2. Generic mapping: both exchange mapping keys on the standard parameters; their shared point H gives the new generator
G' = s·G + H. Integrated mapping: the reader sends a nonce of its own. 3. Both exchange fresh keys over G'; what they
agree on is the session's secret. 4. Each side proves that it knows the secret with a checksum over the other's public
key; a wrong password shows here and not before. With chip authentication mapping (generic, but for this) the chip adds
its mapping key divided by its static key, encrypted.

Source: ICAO Doc 9303-11, "Password Authenticated Connection Establishment"; worked examples in appendices G, H and I.
"""

import hashlib
import hmac
from dataclasses import dataclass, replace
from enum import IntEnum

from idcard.encoding import tlv
from idcard.iso7816.status import StatusWord
from idcard.testing import der
from idcard.testing.chip_crypto import PASSWORD, Refused, SecureChannel, Suite, pad
from idcard.testing.chip_curves import STANDARDIZED, Curve, Entropy
from idcard.testing.chip_domains import Domain, NumberDomain, domain, number_of_nonces

ID_PACE, ID_CA = "0.4.0.127.0.7.2.2.4", "0.4.0.127.0.7.2.2.3"
_SUITES = {1: Suite.DES3, 2: Suite.AES128, 3: Suite.AES192, 4: Suite.AES256}
_NUMBERS = {suite: number for number, suite in _SUITES.items()}


class Mapping(IntEnum):
    """How PACE maps its nonce; the value is the protocol's number over curves, one less over finite fields."""

    GENERIC = 2
    INTEGRATED = 4
    CHIP_AUTHENTICATION = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Which cipher and which standardized domain parameters a card uses for PACE, or for chip authentication.

    :param parameter_id: 0 to 2 or 8 to 18 of Doc 9303-11, "Standardized Domain Parameters".
    :param written_as: the card writes the parameters out, under this number, instead of naming them.
    :param padded: over finite fields, public keys keep their leading zeros, against the standard.
    """

    suite: Suite = Suite.AES128
    parameter_id: int = 13
    mapping: Mapping = Mapping.GENERIC
    written_as: int | None = None
    padded: bool = False

    @property
    def domain(self) -> Domain:
        """The domain parameters."""
        chosen = domain(self.parameter_id)
        return replace(chosen, padded=True) if self.padded and isinstance(chosen, NumberDomain) else chosen

    @property
    def curve(self) -> Curve:
        """The standardized curve.

        :raises KeyError: for a finite-field group.
        """
        return STANDARDIZED[self.parameter_id]

    @property
    def proves_chip(self) -> bool:
        """Whether the mapping shows that the chip is genuine."""
        return self.mapping is Mapping.CHIP_AUTHENTICATION

    @property
    def nonce_size(self) -> int:
        """Bytes of PACE's nonce: as long as the key, in whole blocks."""
        return -(-self.suite.key_size // self.suite.block) * self.suite.block

    @property
    def info_parameter(self) -> int:
        """The number of the domain parameters in PACEInfo and in MSE:Set AT."""
        return self.parameter_id if self.written_as is None else self.written_as

    @property
    def pace_kind(self) -> str:
        """The object identifier of this PACE protocol without its cipher."""
        return f"{ID_PACE}.{self.mapping if self.domain.elliptic else self.mapping - 1}"

    @property
    def pace_oid(self) -> str:
        """The object identifier of this PACE protocol."""
        return f"{self.pace_kind}.{_NUMBERS[self.suite]}"

    @property
    def chip_authentication_oid(self) -> str:
        """The object identifier of this chip-authentication protocol."""
        return f"{ID_CA}.{2 if self.domain.elliptic else 1}.{_NUMBERS[self.suite]}"


def password_of_mrz(mrz_information: str) -> bytes:
    """The password that PACE uses for an MRZ: the SHA-1 of its MRZ information."""
    return hashlib.sha1(mrz_information.encode("ascii")).digest()


def oid_value(dotted: str) -> bytes:
    """The value of an object identifier, without tag and length."""
    return der.oid(dotted)[2:]


def authentication_token(profile: Profile, ks_mac: bytes, public: bytes, oid: str | None = None) -> bytes:
    """The checksum (8 bytes) over the public-key data object of ``public``, under the protocol's identifier."""
    body = der.oid(oid or profile.pace_oid) + tlv.build(profile.domain.key_tag, profile.domain.written(public))
    data = tlv.build(0x7F49, body)
    return profile.suite.checksum(ks_mac, pad(data, 8) if profile.suite is Suite.DES3 else data)


class PaceChip:
    """One run of PACE, in four steps; any error ends it.

    :param password: what the chip expects: the CAN's digits, or :func:`password_of_mrz`.
    :param static: the chip's static private key, for chip authentication mapping.
    :param references: the certification authorities to name in the end.
    """

    def __init__(
        self,
        profile: Profile,
        password: bytes,
        entropy: Entropy,
        *,
        static: int | None = None,
        references: tuple[bytes, ...] = (),
    ) -> None:
        self._profile = profile
        self._domain = profile.domain
        self._key = profile.suite.derive(password, PASSWORD)
        self._entropy = entropy
        self._static, self._references = static, references
        self._steps = [self._nonce, self._map, self._agree, self._prove]
        self._s = b""
        self._mapping_secret = 0
        self._reader_public = self._chip_public = b""
        self._pending: SecureChannel | None = None
        self._channel: SecureChannel | None = None

    @property
    def channel(self) -> SecureChannel:
        """The session, once the last step has passed."""
        if self._channel is None:
            raise Refused(StatusWord.CONDITIONS_NOT_SATISFIED)
        return self._channel

    @property
    def chip_identifier(self) -> bytes:
        """The short form of the chip's ephemeral key, by which terminal authentication calls it."""
        return self._profile.domain.compressed(self._chip_public)

    @property
    def terminal_identifier(self) -> bytes | None:
        """The short form of the reader's ephemeral key, which counts after chip authentication mapping only."""
        if self._profile.mapping is not Mapping.CHIP_AUTHENTICATION:
            return None
        return self._profile.domain.compressed(self._reader_public)

    @property
    def awaits_last(self) -> bool:
        """Whether the next step is the last one."""
        return len(self._steps) == 1

    def step(self, data: bytes) -> bytes:
        """The dynamic authentication data (without 7C) that answers ``data`` (likewise).

        :raises Refused: with the status word to answer.
        """
        if not self._steps:
            raise Refused(StatusWord.CONDITIONS_NOT_SATISFIED)
        return self._steps.pop(0)(data)

    def _nonce(self, data: bytes) -> bytes:
        if data:
            raise Refused(StatusWord.WRONG_DATA)
        self._s = self._entropy(self._profile.nonce_size)
        suite = self._profile.suite
        return tlv.build(0x80, suite.encrypt(self._key, bytes(suite.block), self._s))

    def _map(self, data: bytes) -> bytes:
        other = only(data, 0x81)
        if self._profile.mapping is Mapping.INTEGRATED:
            number = number_of_nonces(self._profile.suite, self._s, other, self._domain.field)
            self._domain = self._domain.integrated(number)
            return tlv.build(0x82)
        secret, before = self._domain.draw(self._entropy), self._domain
        self._mapping_secret = secret
        self._domain = before.generic(int.from_bytes(self._s), secret, other)
        return tlv.build(0x82, before.public(secret))

    def _agree(self, data: bytes) -> bytes:
        other, secret = only(data, 0x83), self._domain.draw(self._entropy)
        own = self._domain.public(secret)
        if own == self._domain.written(other):
            raise Refused(StatusWord.AUTHENTICATION_FAILED)
        self._reader_public, self._chip_public = other, own
        self._pending = SecureChannel.from_secret(self._profile.suite, self._domain.shared(secret, other))
        return tlv.build(0x84, own)

    def _prove(self, data: bytes) -> bytes:
        token, pending = only(data, 0x85), self._pending
        if pending is None or not hmac.compare_digest(token, self._token(pending, self._chip_public)):
            raise Refused(StatusWord.AUTHENTICATION_FAILED)
        self._channel = pending
        answer = tlv.build(0x86, self._token(pending, self._reader_public))
        for tag, reference in zip((0x87, 0x88), self._references, strict=False):
            answer += tlv.build(tag, reference)
        if self._profile.mapping is Mapping.CHIP_AUTHENTICATION:
            answer += tlv.build(0x8A, self._chip_authentication_data(pending))
        return answer

    def _chip_authentication_data(self, channel: SecureChannel) -> bytes:
        if self._static is None:
            raise Refused(StatusWord.REFERENCED_DATA_NOT_FOUND)
        order, suite = self._domain.order, self._profile.suite
        quotient = pow(self._static, -1, order) * self._mapping_secret % order
        iv = suite.encrypt(channel.ks_enc, bytes(16), b"\xff" * 16)
        return suite.encrypt(channel.ks_enc, iv, pad(quotient.to_bytes((order.bit_length() + 7) // 8), 16))

    def _token(self, channel: SecureChannel, public: bytes) -> bytes:
        return authentication_token(self._profile, channel.ks_mac, public)


def only(data: bytes, tag: int) -> bytes:
    """The value of the one data object ``tag`` that ``data`` is.

    :raises Refused: 6A80 if it is anything else.
    """
    nodes = tlv.parse(data, where="dynamic authentication data")
    if [node.tag for node in nodes] != [tag]:
        raise Refused(StatusWord.WRONG_DATA)
    return nodes[0].value


def chip_authentication(profile: Profile, private: int, reader_public: bytes) -> SecureChannel:
    """The new session that chip authentication gives: its secret is the static key's with the reader's fresh key.

    :raises Refused: 6A80 if ``reader_public`` is not in the group.
    """
    return SecureChannel.from_secret(profile.suite, profile.domain.shared(private, reader_public))


def chip_authentication_2(
    profile: Profile, private: int, reader_public: bytes, nonce: bytes
) -> tuple[SecureChannel, bytes]:
    """The new session of version 2, whose keys ``nonce`` enters, and the chip's answer: nonce and token."""
    secret = profile.domain.shared(private, reader_public)
    channel = SecureChannel.from_secret(profile.suite, secret + nonce)
    token = authentication_token(profile, channel.ks_mac, reader_public, profile.chip_authentication_oid)
    return channel, tlv.build(0x81, nonce) + tlv.build(0x82, token)
