"""PACE over elliptic curves with the generic mapping.

Theory of operation.

0. MSE:Set AT names the protocol, the password and the domain parameters.
1. The chip sends a nonce s, encrypted under a key that follows from the password.
2. Both map s to a new generator: with one Diffie-Hellman exchange they agree on a point H, and G' = s G + H.
3. With G' they agree on a secret K; the session keys follow from its abscissa.
4. Each proves the keys with a token: a checksum over the other's public key.

A password that is wrong shows in step 4 only. A chip that refuses step 0 or 1 refuses PACE itself; to tell the two
apart is what lets a kiosk ask for the digits again or for another key.

Source: ICAO Doc 9303-11, "Password Authenticated Connection Establishment"; worked example in Appendix G.1.
"""

import hmac
from dataclasses import dataclass

from idcard.chip.access_keys import AccessKey
from idcard.crypto.cipher import CipherSuite, suite_of_pace
from idcard.crypto.curves import Curve, Point
from idcard.crypto.kdf import SessionKeys, password_key, session_keys
from idcard.crypto.key_agreement import multiply, public_point, random_scalar, shared_abscissa
from idcard.encoding import tlv
from idcard.encoding.der import oid_to_bytes
from idcard.errors import (
    AccessBlocked,
    CommandRefused,
    MalformedData,
    PaceRefused,
    ProtocolViolation,
    UnsupportedAlgorithm,
    WrongAccessKey,
)
from idcard.evidence import KeyKind
from idcard.iso7816.apdu import CommandApdu, ResponseApdu
from idcard.iso7816.procedure import Procedure, exchange
from idcard.iso7816.secure_messaging import SecureChannel
from idcard.iso7816.status import StatusWord, tries_left
from idcard.lds.security_infos import PaceInfo

_ECDH_GENERIC_MAPPING = "0.4.0.127.0.7.2.2.4.2."
_PASSWORD_REFERENCE = {KeyKind.MRZ: b"\x01", KeyKind.CAN: b"\x02"}
_DYNAMIC_AUTHENTICATION_DATA = 0x7C
_PUBLIC_KEY, _POINT, _OID = 0x7F49, 0x86, 0x06
_NONCE = 0x80


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PaceScalars:
    """The reader's two secret scalars: for the mapping and for the key agreement."""

    mapping: int
    agreement: int

    @classmethod
    def from_entropy(cls, curve: Curve, entropy: bytes) -> "PaceScalars":
        """The scalars out of random bytes, as many as :func:`entropy_bytes` says."""
        half = len(entropy) // 2
        return cls(mapping=random_scalar(curve, entropy[:half]), agreement=random_scalar(curve, entropy[half:]))


def supported(info: PaceInfo) -> bool:
    """Whether :func:`pace` can run with these parameters."""
    try:
        return info.oid.startswith(_ECDH_GENERIC_MAPPING) and curve_of(info).to_cryptography() is not None
    except UnsupportedAlgorithm:
        return False


def curve_of(info: PaceInfo) -> Curve:
    """The curve of the info's standardised domain parameters.

    :raises UnsupportedAlgorithm: if it names none.
    """
    if info.parameter_id is None:
        raise UnsupportedAlgorithm("PACE without standardised domain parameters", oid=info.oid)
    return Curve.by_pace_parameter_id(info.parameter_id)


def entropy_bytes(curve: Curve) -> int:
    """How many random bytes :meth:`PaceScalars.from_entropy` takes for ``curve``."""
    return 2 * (curve.order_bytes + 8)


def pace(
    info: PaceInfo, key: AccessKey, scalars: PaceScalars, *, name_parameters: bool = True
) -> Procedure[SecureChannel]:
    """A secure channel opened with ``key``.

    :param name_parameters: send the domain parameters' number (tag 84), which chips with several need.
    :raises PaceRefused: if the chip refuses to run PACE at all.
    :raises WrongAccessKey: if the key is wrong.
    :raises AccessBlocked: if the chip takes no more tries.
    :raises ProtocolViolation: if the chip misbehaves.
    """
    curve, suite = curve_of(info), suite_of_pace(int(info.oid.rsplit(".", 1)[1]))
    yield from _set_authentication_template(info, key, name_parameters)
    nonce = yield from _nonce(suite, key)
    generator = yield from _map(curve, nonce, scalars.mapping)
    ours = multiply(curve, scalars.agreement, generator)
    theirs = yield from _exchange_point(curve, 0x83, ours)
    if theirs == ours:
        raise ProtocolViolation("the chip sent our own public key back")
    keys = session_keys(suite, shared_abscissa(curve, scalars.agreement, theirs))
    yield from _prove(info, curve, keys, ours=ours, theirs=theirs)
    return SecureChannel(keys)


def _set_authentication_template(info: PaceInfo, key: AccessKey, name_parameters: bool) -> Procedure[None]:
    data = tlv.build(0x80, oid_to_bytes(info.oid)) + tlv.build(0x83, _PASSWORD_REFERENCE[key.kind])
    if name_parameters and info.parameter_id is not None:
        data += tlv.build(0x84, bytes([info.parameter_id]))
    response = yield from exchange(CommandApdu(ins=0x22, p1=0xC1, p2=0xA4, data=data))
    if not response.ok and tries_left(response.sw) is None:
        raise PaceRefused("the chip refused MSE:Set AT for PACE", sw=response.sw)


def _nonce(suite: CipherSuite, key: AccessKey) -> Procedure[int]:
    try:
        encrypted = yield from _general_authenticate(b"", _NONCE)
    except CommandRefused as error:
        raise PaceRefused("the chip gave no nonce for PACE", sw=error.sw) from error
    if not encrypted or len(encrypted) % suite.block_bytes:
        raise MalformedData("not whole blocks", where="PACE nonce")
    return int.from_bytes(suite.decrypt(password_key(suite, key.password), encrypted))


def _map(curve: Curve, nonce: int, scalar: int) -> Procedure[Point]:
    """The mapped generator G' = s G + H."""
    theirs = yield from _exchange_point(curve, 0x81, public_point(curve, scalar))
    scaled = public_point(curve, nonce % curve.n) if nonce % curve.n else None
    generator = curve.add(scaled, multiply(curve, scalar, theirs))
    if generator is None:
        raise ProtocolViolation("the nonce was mapped to the point at infinity")
    return generator


def _exchange_point(curve: Curve, tag: int, ours: Point) -> Procedure[Point]:
    answer = yield from _general_authenticate(tlv.build(tag, curve.encode(ours)), tag + 1)
    return curve.decode(answer)


def _prove(info: PaceInfo, curve: Curve, keys: SessionKeys, *, ours: Point, theirs: Point) -> Procedure[None]:
    token = _token(info, curve, keys, theirs)
    try:
        answer = yield from _general_authenticate(tlv.build(0x85, token), 0x86, last=True)
    except CommandRefused as error:
        raise _wrong_key(error.sw) from error
    if not hmac.compare_digest(answer, _token(info, curve, keys, ours)):
        raise ProtocolViolation("the chip's authentication token is wrong")


def _wrong_key(sw: int) -> WrongAccessKey | AccessBlocked:
    if sw == StatusWord.AUTHENTICATION_BLOCKED or tries_left(sw) == 0:
        return AccessBlocked(sw=sw)
    return WrongAccessKey("the chip refused the PACE key", tries_left=tries_left(sw), sw=sw)


def _token(info: PaceInfo, curve: Curve, keys: SessionKeys, public: Point) -> bytes:
    """The authentication token over a public key data object: object identifier and point."""
    content = tlv.build(_OID, oid_to_bytes(info.oid)) + tlv.build(_POINT, curve.encode(public))
    return keys.suite.token(keys.ks_mac, tlv.build(_PUBLIC_KEY, content))


def _general_authenticate(data: bytes, answer_tag: int, *, last: bool = False) -> Procedure[bytes]:
    """The value of the data object ``answer_tag`` in the chip's dynamic authentication data."""
    body = tlv.build(_DYNAMIC_AUTHENTICATION_DATA, data)
    response = yield from exchange(CommandApdu(cla=0x00 if last else 0x10, ins=0x86, data=body, le=256))
    return _authentication_data(response, answer_tag)


def _authentication_data(response: ResponseApdu, answer_tag: int) -> bytes:
    if not response.ok:
        raise CommandRefused("GENERAL AUTHENTICATE", response.sw)
    outer = tlv.parse_one(response.data, _DYNAMIC_AUTHENTICATION_DATA, where="GENERAL AUTHENTICATE")
    return tlv.require(outer.children(), answer_tag, where="GENERAL AUTHENTICATE").value
