"""OpenPACE's libeac as second witness for chip authentication of version 1, over curves and finite fields.

It knows version 2 only by name, but derives keys without a nonce where it is given none, which is version 1; and it
seals with them. So it is the chip here that seals the first answer, and the reader that seals the first command.

Source: Debian package libeac3.
"""

import ctypes
from hashlib import shake_256
from typing import Any

import pytest

from idcard.chip.chip_authentication import Agreed, chip_authentication, choices, entropy_bytes
from idcard.crypto.cipher import CipherSuite
from idcard.crypto.kdf import session_keys
from idcard.encoding import tlv
from idcard.errors import SecureMessagingBroken
from idcard.iso7816.apdu import CommandApdu, ResponseApdu
from idcard.iso7816.secure_messaging import SecureChannel
from idcard.lds.security_infos import SecurityInfos
from idcard.testing import Profile, Suite, records
from idcard.testing.chip_crypto import SecureChannel as ChipChannel
from idcard.testing.chip_pace import chip_authentication as chips_side

CHIP, TERMINAL, OTHER = 0xC0FFEE, 4711, 0xBEEF
BY_AGREEMENT = 1
CIPHERS = {
    Suite.DES3: "3DES_CBC_CBC",
    Suite.AES128: "AES_CBC_CMAC_128",
    Suite.AES192: "AES_CBC_CMAC_192",
    Suite.AES256: "AES_CBC_CMAC_256",
}
READ = CommandApdu(ins=0xB0, p1=0x9E, le=223)
CONTENT = bytes(range(37))
NUMBERS = [0, 1, 2, 12, 13, 14, 16]
each = pytest.mark.parametrize(("number", "suite"), [(number, suite) for number in NUMBERS for suite in Suite])


class Side:
    """One side of chip authentication, by the library, with the private key ``secret``."""

    def __init__(self, eac: Any, profile: Profile, secret: int, theirs: bytes) -> None:
        self.eac, self.context, self.block = eac, eac.context(), profile.suite.block
        kind = "ECDH" if profile.domain.elliptic else "DH"
        number = eac.number(f"CA_{kind}_{CIPHERS[profile.suite]}")
        assert eac.yes("EAC_CTX_init_ca", self.context, number, profile.parameter_id)
        private = secret.to_bytes((profile.domain.order.bit_length() + 7) // 8)
        key = [argument for part in (private, profile.domain.public(secret)) for argument in sized(part)]
        assert eac.yes("CA_set_key", self.context, *key)
        assert eac.yes("CA_STEP4_compute_shared_secret", self.context, theirs)
        eac.yes("CA_STEP6_derive_keys", self.context, None, bytes(8))  # no nonce; the token is not asked for
        assert eac.yes("EAC_CTX_set_encryption_ctx", self.context, BY_AGREEMENT)
        assert eac.yes("EAC_reset_ssc", self.context)

    def checksum(self, data: bytes) -> bytes:
        return self.eac.bytes_of("EAC_authenticate", self.context, padded(data, self.block))

    def count(self) -> None:
        assert self.eac.yes("EAC_increment_ssc", self.context)

    def sealed(self, content: bytes) -> ResponseApdu:
        """A protected answer."""
        self.count()
        hidden = self.eac.bytes_of("EAC_encrypt", self.context, padded(content, self.block))
        body = tlv.build(0x87, b"\x01" + hidden) + tlv.build(0x99, b"\x90\x00")
        return ResponseApdu(data=body + tlv.build(0x8E, self.checksum(body)), sw=0x9000)

    def is_sealed(self, command: CommandApdu) -> bool:
        """Whether a protected command without data bears our checksum."""
        self.count()
        *rest, seal = tlv.parse(command.data)
        header = padded(bytes([command.cla, command.ins, command.p1, command.p2]), self.block)
        return seal.value == self.checksum(header + b"".join(node.to_bytes() for node in rest))


def sized(data: bytes) -> tuple[Any, Any]:
    return ctypes.c_char_p(data), ctypes.c_size_t(len(data))


def padded(data: bytes, block: int) -> bytes:
    return data + b"\x80" + bytes(-(len(data) + 1) % block)


def agreed(profile: Profile) -> Agreed:
    """What our reader agrees on with a chip that takes whatever comes."""
    infos = SecurityInfos.from_dg14(records.dg14(profile.domain.spki(CHIP), None, chip=profile))
    choice = next(choices(infos))
    ours, theirs = SecureChannel(session_keys(CipherSuite.AES_128, b"x")), ChipChannel.from_secret(Suite.AES128, b"x")
    # The same key each time: libeac leaves out the secret's leading zero over finite fields, as test_libeac.py says.
    procedure = chip_authentication(ours, choice, shake_256(b"a terminal's key").digest(entropy_bytes(choice)))
    command = next(procedure)
    while True:
        theirs.unwrap(command)
        try:
            command = procedure.send(theirs.wrap(ResponseApdu(sw=0x9000)))
        except StopIteration as stop:
            result: Agreed = stop.value
            return result


@each
def test_our_reader_agrees_with_its_chip(number: int, suite: Suite, eac: Any) -> None:
    profile = Profile(parameter_id=number, suite=suite)
    result = agreed(profile)
    chip = Side(eac, profile, CHIP, result.ephemeral_public_key)
    procedure = result.watch(result.channel.send(READ))
    assert chip.is_sealed(next(procedure))
    with pytest.raises(StopIteration) as stop:
        procedure.send(chip.sealed(CONTENT))
    assert stop.value.value.data == CONTENT
    assert result.proof is not None


@pytest.mark.parametrize("number", [0, 13])
def test_another_chip_of_its_cannot_answer(number: int, eac: Any) -> None:
    profile = Profile(parameter_id=number)
    result = agreed(profile)
    chip = Side(eac, profile, OTHER, result.ephemeral_public_key)
    procedure = result.watch(result.channel.send(READ))
    assert not chip.is_sealed(next(procedure))
    with pytest.raises(SecureMessagingBroken):
        procedure.send(chip.sealed(CONTENT))
    assert result.disproof.response == b""


@each
def test_its_reader_agrees_with_our_chip(number: int, suite: Suite, eac: Any) -> None:
    profile = Profile(parameter_id=number, suite=suite)
    reader = Side(eac, profile, TERMINAL, profile.domain.public(CHIP))
    chip = chips_side(profile, CHIP, profile.domain.public(TERMINAL))
    assert chip.unwrap(sealed_by(reader)) == READ
    answer = chip.wrap(ResponseApdu(data=CONTENT, sw=0x9000))
    reader.count()
    *rest, seal = tlv.parse(answer.data)
    assert seal.value == reader.checksum(b"".join(node.to_bytes() for node in rest))


def sealed_by(reader: Side) -> CommandApdu:
    """READ, protected by the library."""
    reader.count()
    wanted = tlv.build(0x97, bytes([READ.le or 0]))
    seal = reader.checksum(padded(bytes([0x0C, READ.ins, READ.p1, READ.p2]), reader.block) + wanted)
    data = wanted + tlv.build(0x8E, seal)
    return CommandApdu(cla=0x0C, ins=READ.ins, p1=READ.p1, p2=READ.p2, data=data, le=256)
