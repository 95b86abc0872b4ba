"""The card's half of PACE (ECDH, generic mapping) and of chip authentication (ECDH).

Theory of operation (ICAO Doc 9303-11, section 4.4). 1. The chip draws a nonce s and sends z = E(KDF(password, 3), s).
2. Both exchange mapping keys on the standard curve; their shared point H gives the new generator G' = s·G + H.
3. Both exchange fresh keys over G'; the shared point's x coordinate is the session's secret. 4. Each side proves that
it knows the secret with a checksum over the other's public key; a wrong password shows here and not before.

Source: ICAO Doc 9303-11, "Password Authenticated Connection Establishment"; worked example in appendix G.1.
"""

import hashlib
import hmac
from dataclasses import dataclass

from idcard.encoding import tlv
from idcard.iso7816.status import StatusWord
from idcard.testing import der
from idcard.testing.chip_crypto import PASSWORD, Refused, SecureChannel, Suite, pad
from idcard.testing.chip_curves import STANDARDIZED, Curve, Entropy, Point

ID_PACE_ECDH_GM = "0.4.0.127.0.7.2.2.4.2"
ID_CA_ECDH = "0.4.0.127.0.7.2.2.3.2"
_SUITES = {1: Suite.DES3, 2: Suite.AES128, 3: Suite.AES192, 4: Suite.AES256}
_NUMBERS = {suite: number for number, suite in _SUITES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Which cipher and which standardized curve a card uses for PACE, or for chip authentication.

    :param parameter_id: 12, 13 or 15 to 18 of Doc 9303-11, "Standardized Domain Parameters".
    :param nonce_size: bytes of PACE's nonce, whole blocks of the cipher.
    """

    suite: Suite = Suite.AES128
    parameter_id: int = 13
    nonce_size: int = 16

    @property
    def curve(self) -> Curve:
        """The standardized curve."""
        return STANDARDIZED[self.parameter_id]

    @property
    def pace_oid(self) -> str:
        """The object identifier of this PACE protocol."""
        return f"{ID_PACE_ECDH_GM}.{_NUMBERS[self.suite]}"

    @property
    def chip_authentication_oid(self) -> str:
        """The object identifier of this chip-authentication protocol."""
        return f"{ID_CA_ECDH}.{_NUMBERS[self.suite]}"


def password_of_mrz(mrz_information: str) -> bytes:
    """The password that PACE uses for an MRZ: the SHA-1 of its MRZ information."""
    return hashlib.sha1(mrz_information.encode("ascii")).digest()


def oid_value(dotted: str) -> bytes:
    """The value of an object identifier, without tag and length."""
    return der.oid(dotted)[2:]


def authentication_token(profile: Profile, ks_mac: bytes, public: bytes) -> bytes:
    """The checksum (8 bytes) over the public-key data object of ``public`` (uncompressed point)."""
    body = der.oid(profile.pace_oid) + tlv.build(0x86, public)
    data = tlv.build(0x7F49, body)
    return profile.suite.checksum(ks_mac, pad(data, 8) if profile.suite is Suite.DES3 else data)


class PaceChip:
    """One run of PACE, in four steps; any error ends it.

    :param password: what the chip expects: the CAN's digits, or :func:`password_of_mrz`.
    """

    def __init__(self, profile: Profile, password: bytes, entropy: Entropy) -> None:
        self._profile = profile
        self._curve = profile.curve
        self._key = profile.suite.derive(password, PASSWORD)
        self._entropy = entropy
        self._steps = [self._nonce, self._map, self._agree, self._prove]
        self._s = b""
        self._generator = self._curve.g
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
        other, secret = self._point(data, 0x81), self._curve.draw(self._entropy)
        own = self._curve.multiply(secret)
        shared = self._curve.multiply(secret, other)
        try:
            self._generator = self._curve.add(self._curve.multiply(int.from_bytes(self._s)), shared)
        except ValueError as error:
            raise Refused(StatusWord.AUTHENTICATION_FAILED) from error
        return tlv.build(0x82, self._curve.encode(own))

    def _agree(self, data: bytes) -> bytes:
        other, secret = self._point(data, 0x83), self._curve.draw(self._entropy)
        own = self._curve.multiply(secret, self._generator)
        if own == other:
            raise Refused(StatusWord.AUTHENTICATION_FAILED)
        self._reader_public, self._chip_public = self._curve.encode(other), self._curve.encode(own)
        shared = self._curve.multiply(secret, other).x.to_bytes(self._curve.size)
        self._pending = SecureChannel.from_secret(self._profile.suite, shared)
        return tlv.build(0x84, self._chip_public)

    def _prove(self, data: bytes) -> bytes:
        token, pending = _only(data, 0x85), self._pending
        if pending is None or not hmac.compare_digest(token, self._token(pending, self._chip_public)):
            raise Refused(StatusWord.AUTHENTICATION_FAILED)
        self._channel = pending
        return tlv.build(0x86, self._token(pending, self._reader_public))

    def _token(self, channel: SecureChannel, public: bytes) -> bytes:
        return authentication_token(self._profile, channel.ks_mac, public)

    def _point(self, data: bytes, tag: int) -> Point:
        return decode_point(self._curve, _only(data, tag))


def decode_point(curve: Curve, data: bytes) -> Point:
    """The reader's public key.

    :raises Refused: 6A80 if it is no point of the curve.
    """
    try:
        return curve.decode(data)
    except ValueError as error:
        raise Refused(StatusWord.WRONG_DATA) from error


def _only(data: bytes, tag: int) -> bytes:
    nodes = tlv.parse(data, where="dynamic authentication data")
    if [node.tag for node in nodes] != [tag]:
        raise Refused(StatusWord.WRONG_DATA)
    return nodes[0].value


def chip_authentication(profile: Profile, private: int, reader_public: bytes) -> SecureChannel:
    """The new session that chip authentication gives: its secret is the static key's ECDH with the reader's fresh key.

    :raises Refused: 6A80 if ``reader_public`` is no point of the curve.
    """
    shared = profile.curve.multiply(private, decode_point(profile.curve, reader_public))
    return SecureChannel.from_secret(profile.suite, shared.x.to_bytes(profile.curve.size))
