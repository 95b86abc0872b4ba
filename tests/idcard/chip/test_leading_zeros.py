"""Public values over finite fields that begin with a zero: an unsigned integer of a data object has none.

Source: BSI TR-03110-3, "Data Objects": an unsigned integer takes the fewest octets; RFC 2631, "Generation of ZZ": the
secret keeps its leading zeros.
"""

import hashlib
from collections.abc import Callable, Iterator
from hashlib import shake_256
from itertools import count
from typing import Any

import pytest

from idcard.chip.access_keys import Can
from idcard.chip.chip_authentication import Agreed, chip_authentication, choices, entropy_bytes
from idcard.chip.pace import PaceSecrets, PaceSession, pace
from idcard.chip.pace_offers import offer_of
from idcard.crypto.cipher import CipherSuite
from idcard.crypto.domains import Scalar, standardized
from idcard.crypto.kdf import session_keys
from idcard.encoding import tlv
from idcard.errors import IdCardError, ProtocolViolation, WrongAccessKey
from idcard.iso7816.apdu import CommandApdu, ResponseApdu
from idcard.iso7816.procedure import Procedure
from idcard.iso7816.secure_messaging import SecureChannel
from idcard.lds.security_infos import PaceInfo, SecurityInfos
from idcard.testing import Profile, Suite, records
from idcard.testing.chip_crypto import Refused
from idcard.testing.chip_crypto import SecureChannel as ChipChannel
from idcard.testing.chip_pace import PaceChip, chip_authentication_2

SIZE = 128
DOMAIN = standardized(0)


def drawn(label: str) -> Callable[[int], bytes]:
    """The same random bytes each time, for whoever draws in the same order."""
    numbers = count()
    return lambda size: shake_256(f"{label} {next(numbers)}".encode()).digest(size)


def seeds(label: str) -> Iterator[str]:
    return (f"{label} {number}" for number in range(4000))


def scalar_of(seed: str) -> Scalar:
    return DOMAIN.scalar(drawn(seed)(DOMAIN.entropy_bytes))


class Wire:
    """A PACE chip whose keys are seen as they go over the wire."""

    def __init__(self, profile: Profile, seed: str) -> None:
        self.chip = PaceChip(profile, b"123456", drawn(f"chip {seed}"))
        self.ours = self.theirs = b""

    def answer(self, command: CommandApdu) -> ResponseApdu:
        if command.ins == 0x22:
            return ResponseApdu(sw=0x9000)
        data = tlv.parse_one(command.data, 0x7C).value
        try:
            answer = self.chip.step(data)
        except Refused as refused:
            return ResponseApdu(sw=refused.sw)
        if data[:1] == b"\x83":
            self.ours, self.theirs = tlv.parse_one(data, 0x83).value, tlv.parse_one(answer, 0x84).value
        return ResponseApdu(data=tlv.build(0x7C, answer), sw=0x9000)


def played(procedure: Procedure[PaceSession], wire: Any) -> PaceSession:
    command = next(procedure)
    while True:
        try:
            command = procedure.send(wire.answer(command))
        except StopIteration as stop:
            session: PaceSession = stop.value
            return session


def procedure_of(profile: Profile, seed: str) -> Procedure[PaceSession]:
    offer = offer_of(PaceInfo(oid=profile.pace_oid, version=2, parameter_id=profile.parameter_id))
    return pace(offer, Can("123456"), PaceSecrets.from_entropy(offer, drawn(f"reader {seed}")(offer.entropy_bytes)))


def run(profile: Profile, seed: str) -> tuple[Wire, PaceSession]:
    wire = Wire(profile, seed)
    return wire, played(procedure_of(profile, seed), wire)


# The first seeds of each label whose public value begins with a zero: found by trying, and asserted below.
OURS, THEIRS = "zero 53", "zero 970"


@pytest.mark.parametrize("padded", [False, True], ids=["as the standard says", "keeping zeros"])
def test_our_key_begins_with_a_zero(padded: bool) -> None:
    wire, session = run(Profile(parameter_id=0, padded=padded), OURS)
    assert len(wire.ours) == SIZE - 1
    assert not session.channel.closed


@pytest.mark.parametrize("padded", [False, True], ids=["as the standard says", "keeping zeros"])
def test_the_chips_key_begins_with_a_zero(padded: bool) -> None:
    wire, session = run(Profile(parameter_id=0, padded=padded), THEIRS)
    assert (len(wire.theirs), wire.theirs[:1] == b"\0") == ((SIZE, True) if padded else (SIZE - 1, False))
    assert session.chip_identifier == hashlib.sha1(wire.theirs.lstrip(b"\0")).digest()


class Mirror(Wire):
    """A chip that knows no password: it sends our key back in another form, and then our token."""

    def answer(self, command: CommandApdu) -> ResponseApdu:
        data = tlv.parse_one(command.data, 0x7C).value if command.ins == 0x86 else b""
        if data[:1] == b"\x83":
            mirrored = tlv.parse_one(data, 0x83).value.rjust(SIZE, b"\0")
            return ResponseApdu(data=tlv.build(0x7C, tlv.build(0x84, mirrored)), sw=0x9000)
        if data[:1] == b"\x85":
            return ResponseApdu(data=tlv.build(0x7C, tlv.build(0x86, data[2:])), sw=0x9000)
        return super().answer(command)


@pytest.mark.parametrize("seed", [OURS, THEIRS])
def test_our_own_key_with_zeros_before_it_is_our_own_key(seed: str) -> None:
    profile = Profile(parameter_id=0)
    with pytest.raises(ProtocolViolation, match="our own public key"):
        played(procedure_of(profile, seed), Mirror(profile, seed))


def test_a_wrong_password_stays_wrong() -> None:
    wire = Wire(Profile(parameter_id=0), OURS)
    wire.chip = PaceChip(Profile(parameter_id=0), b"654321", drawn("chip"))
    with pytest.raises(WrongAccessKey):
        played(procedure_of(Profile(parameter_id=0), OURS), wire)


# Chip authentication, version 2

SECRET = 0xC0FFEE
SHORT = next(seed for seed in seeds("ca") if len(DOMAIN.public_key(scalar_of(seed))) < SIZE)


def agreed(profile: Profile, answer: Callable[[bytes], bytes]) -> Agreed:
    """What chip authentication leaves whose ephemeral key begins with a zero; ``answer`` gives nonce and token."""
    infos = SecurityInfos.from_dg14(records.dg14(profile.domain.spki(SECRET), None, chip=profile, version=2))
    choice = next(choices(infos))
    assert entropy_bytes(choice) == DOMAIN.entropy_bytes
    ours, theirs = SecureChannel(session_keys(CipherSuite.AES_128, b"x")), ChipChannel.from_secret(Suite.AES128, b"x")
    procedure = chip_authentication(ours, choice, drawn(SHORT)(DOMAIN.entropy_bytes))
    theirs.unwrap(next(procedure))
    asked = theirs.unwrap(procedure.send(theirs.wrap(ResponseApdu(sw=0x9000))))
    public = tlv.parse_one(tlv.parse_one(asked.data, 0x7C).value, 0x80).value
    assert len(public) == SIZE - 1
    try:
        procedure.send(theirs.wrap(ResponseApdu(data=tlv.build(0x7C, answer(public)), sw=0x9000)))
    except StopIteration as stop:
        result: Agreed = stop.value
        return result
    raise AssertionError("the procedure goes on")


@pytest.mark.parametrize("padded", [False, True], ids=["as the standard says", "keeping zeros"])
def test_a_token_over_our_key_is_right_in_either_form(padded: bool) -> None:
    profile = Profile(parameter_id=0, padded=padded)
    result = agreed(profile, lambda public: chip_authentication_2(profile, SECRET, public, bytes(8))[1])
    assert result.terminal_identifier == hashlib.sha1(result.ephemeral_public_key).digest()


def test_libeac_writes_it_as_the_standard_says(eac: Any) -> None:
    profile = Profile(parameter_id=0)

    def theirs(public: bytes) -> bytes:
        nonce, token = eac.agree(profile, SECRET, public)
        return tlv.build(0x81, nonce) + tlv.build(0x82, token)

    assert agreed(profile, theirs).ephemeral_public_key[:1] != b"\0"


def test_the_secret_keeps_its_zeros() -> None:
    scalar = DOMAIN.scalar_of(b"\x05")
    assert scalar is not None
    others = (DOMAIN.scalar_of(number.to_bytes(4)) for number in range(2, 4000))
    secrets = (DOMAIN.agree(scalar, DOMAIN.public_key(other)) for other in others if other is not None)
    assert len(next(secret for secret in secrets if secret[0] == 0)) == SIZE


@pytest.mark.parametrize("key", [b"", bytes(SIZE + 1), b"\0", b"\1"])
def test_what_is_no_element_has_no_form(key: bytes) -> None:
    with pytest.raises(IdCardError):
        DOMAIN.forms(key)
