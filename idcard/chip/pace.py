"""PACE: a weak password opens a strong channel, over curves and finite fields, with all three mappings.

Theory of operation.

0. MSE:Set AT names the protocol, the password and the domain parameters.
1. The chip sends a nonce s, encrypted under a key that follows from the password.
2. Both map s to a new generator. Generic mapping: with one Diffie-Hellman exchange they agree on H, and the generator
   is s G + H. Integrated mapping: the reader sends a nonce t in clear, and s and t give the generator.
3. With it they agree on a secret K; the session keys follow from K.
4. Each proves the keys with a token: a checksum over the other's public key. With chip authentication mapping, which
   maps like the generic one, the chip adds an encrypted scalar that turns its static key into the key it sent in
   step 2.

A password that is wrong shows in step 4 only. A chip that refuses step 0 or 1 refuses PACE itself; to tell the two
apart is what lets a kiosk ask for the digits again or for another key.

A chip with a counter of tries says in step 0 how many are left. The last one is used only where the caller said so:
whoever types a wrong number then has lost the key.

Source: ICAO Doc 9303-11, "Password Authenticated Connection Establishment"; worked examples in Appendices G, H and I;
BSI TR-03110-3 for PIN, PUK and their counters.
"""

from dataclasses import dataclass

from idcard.chip.access_keys import AccessKey
from idcard.chip.pace_offers import Mapping, PaceOffer
from idcard.crypto.cipher import unpad
from idcard.crypto.domains import Domain, Scalar
from idcard.crypto.kdf import SessionKeys, password_key, session_keys
from idcard.crypto.mapping import pseudo_random_number
from idcard.crypto.tokens import authentication_token, is_token
from idcard.encoding import tlv
from idcard.encoding.der import oid_to_bytes
from idcard.errors import (
    AccessBlocked,
    CommandRefused,
    LastTryLeft,
    MalformedData,
    PaceRefused,
    ProtocolViolation,
    WrongAccessKey,
)
from idcard.evidence import KeyKind, PaceCamProof
from idcard.iso7816.apdu import MAX_EXTENDED_LE, MAX_SHORT_LE, CommandApdu, ResponseApdu
from idcard.iso7816.procedure import Procedure, exchange
from idcard.iso7816.secure_messaging import SecureChannel
from idcard.iso7816.status import StatusWord, tries_left

_PASSWORD_REFERENCE = {KeyKind.MRZ: b"\x01", KeyKind.CAN: b"\x02", KeyKind.PIN: b"\x03", KeyKind.PUK: b"\x04"}
_DYNAMIC_AUTHENTICATION_DATA = 0x7C
_NONCE, _TOKEN, _REFERENCES, _CHIP_AUTHENTICATION_DATA = 0x80, 0x86, (0x87, 0x88), 0x8A
REFERS_TO_DATA = frozenset(
    {
        StatusWord.WRONG_DATA,
        StatusWord.WRONG_P1_P2,
        StatusWord.REFERENCED_DATA_NOT_FOUND,
        StatusWord.WRONG_LENGTH,
        StatusWord.CONDITIONS_NOT_SATISFIED,
    }
)
"""Refusals of what was asked for, not of the asking: another way may do."""
INSPECTION_SYSTEM_TEMPLATE = bytes.fromhex("7F4C0E060904007F00070301020153013F")
"""The authorization of an inspection system, asking for all rights: a chip then names the keys it knows."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PaceSecrets:
    """What the reader draws for one run: two scalars, for the mapping and for the key agreement, and a nonce."""

    mapping: Scalar
    agreement: Scalar
    nonce: bytes

    @classmethod
    def from_entropy(cls, offer: PaceOffer, entropy: bytes) -> "PaceSecrets":
        """The secrets out of random bytes, as many as :attr:`PaceOffer.entropy_bytes` says."""
        size, domain = offer.domain.entropy_bytes, offer.domain
        return cls(
            mapping=domain.scalar(entropy[:size]),
            agreement=domain.scalar(entropy[size : 2 * size]),
            nonce=entropy[2 * size : 2 * size + offer.suite.key_bytes],
        )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PaceSession:
    """What a run of PACE leaves: the channel, and what later protocols go on from.

    ``chip_identifier`` and ``terminal_identifier`` are the short forms of both ephemeral keys, which terminal
    authentication signs (the reader's after chip authentication mapping only). ``references`` are the certification
    authorities that the chip knows, the newest first, where it was asked.
    """

    channel: SecureChannel
    chip_identifier: bytes
    terminal_identifier: bytes
    cam: PaceCamProof | None = None
    references: tuple[bytes, ...] = ()


def pace(
    offer: PaceOffer,
    key: AccessKey,
    secrets: PaceSecrets,
    *,
    name_parameters: bool = True,
    allow_last_try: bool = False,
    ask_for_authorities: bool = False,
) -> Procedure[PaceSession]:
    """A secure channel opened with ``key``.

    :param name_parameters: send the domain parameters' number (tag 84), which chips with several need; a chip that
        refuses it is asked once more without.
    :param allow_last_try: go on where the chip says that this is its last try.
    :param ask_for_authorities: ask which authorities of terminals the chip knows, for terminal authentication.
    :raises PaceRefused: if the chip refuses to run PACE at all.
    :raises LastTryLeft: if one try is left; it was not used.
    :raises WrongAccessKey: if the key is wrong.
    :raises AccessBlocked: if the chip takes no more tries.
    :raises ProtocolViolation: if the chip misbehaves.
    """
    request = _Request(offer, key, INSPECTION_SYSTEM_TEMPLATE if ask_for_authorities else b"")
    yield from _set_authentication_template(request, name_parameters, allow_last_try)
    nonce = yield from _nonce(offer, key)
    domain, mapping_key = yield from _map(offer, nonce, secrets)
    ours = domain.public_key(secrets.agreement)
    theirs = yield from _exchange(0x83, ours)
    # In whatever form: a chip that sends our key back with zeros before it could send our token back, too.
    if domain.forms(theirs) == domain.forms(ours):
        raise ProtocolViolation("the chip sent our own public key back")
    keys = session_keys(offer.suite, domain.agree(secrets.agreement, theirs))
    answer = yield from _prove(offer, keys, ours=ours, theirs=theirs)
    return PaceSession(
        channel=SecureChannel(keys),
        chip_identifier=domain.compressed(theirs),
        terminal_identifier=domain.compressed(ours),
        cam=_cam_proof(offer, keys, mapping_key, answer),
        references=tuple(node.value for node in answer if node.tag in _REFERENCES),
    )


@dataclass(frozen=True, slots=True, repr=False)
class _Request:
    offer: PaceOffer
    key: AccessKey
    template: bytes

    def command(self, *, name_parameters: bool) -> CommandApdu:
        info = self.offer.info
        data = tlv.build(0x80, oid_to_bytes(info.oid)) + tlv.build(0x83, _PASSWORD_REFERENCE[self.key.kind])
        if name_parameters and info.parameter_id is not None:
            data += tlv.build(0x84, info.parameter_id.to_bytes((info.parameter_id.bit_length() + 7) // 8 or 1))
        return CommandApdu(ins=0x22, p1=0xC1, p2=0xA4, data=data + self.template)


def _set_authentication_template(request: _Request, name_parameters: bool, allow_last_try: bool) -> Procedure[None]:
    response = yield from exchange(request.command(name_parameters=name_parameters))
    if name_parameters and response.sw in REFERS_TO_DATA and request.offer.info.parameter_id is not None:
        # The first refusal is the one that is told: the second command is a courtesy to a few old chips.
        second = yield from exchange(request.command(name_parameters=False))
        response = response if second.sw in REFERS_TO_DATA else second
    left = tries_left(response.sw)
    # For the CAN and the MRZ, which do not block, some chips say so where they mean that they run no PACE.
    blocked = response.sw == StatusWord.AUTHENTICATION_BLOCKED and request.key.kind in (KeyKind.PIN, KeyKind.PUK)
    if blocked or left == 0:
        raise AccessBlocked(sw=response.sw)
    if not response.ok and left is None:
        raise PaceRefused("the chip refused MSE:Set AT for PACE", sw=response.sw)
    if left == 1 and not allow_last_try:
        raise LastTryLeft(sw=response.sw)


def _nonce(offer: PaceOffer, key: AccessKey) -> Procedure[bytes]:
    try:
        nodes = yield from _general_authenticate(b"")
    except CommandRefused as error:
        raise PaceRefused("the chip gave no nonce for PACE", sw=error.sw) from error
    encrypted = tlv.require(nodes, _NONCE, where="GENERAL AUTHENTICATE").value
    if not encrypted or len(encrypted) % offer.suite.block_bytes:
        raise MalformedData("not whole blocks", where="PACE nonce")
    return offer.suite.decrypt(password_key(offer.suite, key.password), encrypted)


def _map(offer: PaceOffer, nonce: bytes, secrets: PaceSecrets) -> Procedure[tuple[Domain, bytes]]:
    """The mapped domain parameters, and the chip's mapping key where there is one."""
    if offer.mapping is Mapping.INTEGRATED:
        yield from _general_authenticate(tlv.build(0x81, secrets.nonce))
        number = pseudo_random_number(offer.suite, nonce, secrets.nonce, offer.domain.field)
        return offer.domain.integrated(number), b""
    theirs = yield from _exchange(0x81, offer.domain.public_key(secrets.mapping))
    return offer.domain.mapped(int.from_bytes(nonce), secrets.mapping, theirs), theirs


def _exchange(tag: int, ours: bytes) -> Procedure[bytes]:
    nodes = yield from _general_authenticate(tlv.build(tag, ours))
    return tlv.require(nodes, tag + 1, where="GENERAL AUTHENTICATE").value


def _prove(offer: PaceOffer, keys: SessionKeys, *, ours: bytes, theirs: bytes) -> Procedure[tuple[tlv.Tlv, ...]]:
    # The chip's key as the chip wrote it: one that keeps leading zeros there keeps them in the token.
    token = authentication_token(keys, offer.info.oid, offer.domain, theirs)
    try:
        answer = yield from _general_authenticate(tlv.build(0x85, token), last=True)
    except CommandRefused as error:
        raise _wrong_key(error.sw) from error
    proof = tlv.require(answer, _TOKEN, where="GENERAL AUTHENTICATE").value
    if not is_token(proof, keys, offer.info.oid, offer.domain, ours):
        raise ProtocolViolation("the chip's authentication token is wrong")
    return answer


def _wrong_key(sw: int) -> WrongAccessKey | AccessBlocked:
    if sw == StatusWord.AUTHENTICATION_BLOCKED or tries_left(sw) == 0:
        return AccessBlocked(sw=sw)
    return WrongAccessKey("the chip refused the PACE key", tries_left=tries_left(sw), sw=sw)


def _cam_proof(
    offer: PaceOffer, keys: SessionKeys, mapping_key: bytes, answer: tuple[tlv.Tlv, ...]
) -> PaceCamProof | None:
    """What the chip proves itself with, for a judge; None without chip authentication mapping."""
    if offer.mapping is not Mapping.CHIP_AUTHENTICATION:
        return None
    sealed = tlv.require(answer, _CHIP_AUTHENTICATION_DATA, where="GENERAL AUTHENTICATE").value
    if not sealed or len(sealed) % keys.suite.block_bytes:
        raise MalformedData("not whole blocks", where="chip authentication data")
    iv = keys.suite.encrypt_block(keys.ks_enc, b"\xff" * keys.suite.block_bytes)
    return PaceCamProof(
        parameter_id=-1 if offer.info.parameter_id is None else offer.info.parameter_id,
        mapping_public_key=mapping_key,
        chip_authentication_data=unpad(keys.suite.decrypt(keys.ks_enc, sealed, iv)),
    )


def _general_authenticate(data: bytes, *, last: bool = False) -> Procedure[tuple[tlv.Tlv, ...]]:
    """The data objects in the chip's dynamic authentication data."""
    body = tlv.build(_DYNAMIC_AUTHENTICATION_DATA, data)
    le = MAX_SHORT_LE if len(body) < MAX_SHORT_LE else MAX_EXTENDED_LE
    response = yield from exchange(CommandApdu(cla=0x00 if last else 0x10, ins=0x86, data=body, le=le))
    return _authentication_data(response)


def _authentication_data(response: ResponseApdu) -> tuple[tlv.Tlv, ...]:
    if not response.ok:
        raise CommandRefused("GENERAL AUTHENTICATE", response.sw)
    if not response.data:
        return ()
    outer = tlv.parse_one(response.data, _DYNAMIC_AUTHENTICATION_DATA, where="GENERAL AUTHENTICATE")
    return outer.children()
