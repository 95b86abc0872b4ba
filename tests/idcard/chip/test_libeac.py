"""A second witness: OpenPACE's libeac, which shares nothing with this project, on the other side in both roles.

It knows generic mapping over curves and finite fields, chip authentication of version 2, and terminals' certificates.
Its integrated mapping is not ICAO's and is left out; that rests on the standard's worked examples.

Source: Debian package libeac3.
"""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from idcard.chip.access_keys import Can
from idcard.chip.pace import PaceSecrets, PaceSession, pace
from idcard.chip.pace_offers import offer_of
from idcard.encoding import tlv
from idcard.errors import WrongAccessKey
from idcard.iso7816.apdu import CommandApdu, ResponseApdu
from idcard.iso7816.procedure import Procedure
from idcard.lds.security_infos import PaceInfo
from idcard.testing import Profile, Suite
from idcard.testing.chip_crypto import Refused
from idcard.testing.chip_pace import PaceChip

FINITE = (0, 1, 2)
TRIES = 3
DOMAINS = (0, 1, 2, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18)


class ForeignChip:
    """PACE's card, by the library."""

    def __init__(self, eac: Any, profile: Profile, can: str) -> None:
        self.eac, self.context, self.secret = eac, eac.pace(profile), eac.secret(can)
        self.public = b""

    def answer(self, command: CommandApdu) -> ResponseApdu:
        if command.ins == 0x22:
            return ResponseApdu(sw=0x9000)
        (asked,) = tlv.parse_one(command.data, 0x7C).children() or (tlv.Tlv(tag=0x80, value=b""),)
        steps = {0x80: self._nonce, 0x81: self._map, 0x83: self._agree, 0x85: self._prove}
        answer = steps[asked.tag](asked.value)
        if answer is None:
            return ResponseApdu(sw=0x6300)
        tag = 0x80 if asked.tag == 0x80 else asked.tag + 1
        return ResponseApdu(data=tlv.build(0x7C, tlv.build(tag, answer)), sw=0x9000)

    def _nonce(self, _: bytes) -> bytes:
        return self.eac.bytes_of("PACE_STEP1_enc_nonce", self.context, self.secret)

    def _map(self, theirs: bytes) -> bytes:
        ours = self.eac.bytes_of("PACE_STEP3A_generate_mapping_data", self.context)
        assert self.eac.yes("PACE_STEP3A_map_generator", self.context, theirs)
        return ours

    def _agree(self, theirs: bytes) -> bytes:
        ours = self.eac.bytes_of("PACE_STEP3B_generate_ephemeral_key", self.context)
        assert self.eac.yes("PACE_STEP3B_compute_shared_secret", self.context, theirs)
        assert self.eac.yes("PACE_STEP3C_derive_keys", self.context)
        self.public = theirs
        return ours

    def _prove(self, token: bytes) -> bytes | None:
        ours = self.eac.bytes_of("PACE_STEP3D_compute_authentication_token", self.context, self.public)
        return ours if self.eac.yes("PACE_STEP3D_verify_authentication_token", self.context, token) else None


def played(procedure: Procedure[PaceSession], chip: ForeignChip) -> PaceSession:
    command = next(procedure)
    while True:
        try:
            command = procedure.send(chip.answer(command))
        except StopIteration as stop:
            session: PaceSession = stop.value
            return session


def profiles() -> Iterator[Profile]:
    for number in DOMAINS:
        for suite in Suite if number in (0, 13) else (Suite.AES128,):
            yield Profile(parameter_id=number, suite=suite)


def name_of(profile: Profile) -> str:
    return f"{profile.parameter_id}-{profile.suite.label}"


def agreed(run: Callable[[Profile, Any], None], profile: Profile, eac: Any) -> None:
    """A run that ends well, by fresh keys where need be, over finite fields only.

    There libeac leaves out leading zeros of the shared secret, which RFC 2631 keeps: one run in 256. A real fault fails
    each try.
    """
    for left in reversed(range(TRIES if profile.parameter_id in FINITE else 1)):
        try:
            return run(profile, eac)
        except (AssertionError, WrongAccessKey, Refused):
            if not left:
                raise


@pytest.mark.parametrize("profile", list(profiles()), ids=name_of)
def test_our_reader_opens_its_card(profile: Profile, eac: Any) -> None:
    agreed(our_reader, profile, eac)


def our_reader(profile: Profile, eac: Any) -> None:
    chip = ForeignChip(eac, profile, "123456")
    offer = offer_of(PaceInfo(oid=profile.pace_oid, version=2, parameter_id=profile.parameter_id))
    procedure = pace(offer, Can("123456"), PaceSecrets.from_entropy(offer, os.urandom(offer.entropy_bytes)))
    assert not played(procedure, chip).channel.closed


def test_its_card_refuses_a_wrong_key_of_ours(eac: Any) -> None:
    chip = ForeignChip(eac, Profile(), "123456")
    offer = offer_of(PaceInfo(oid=Profile().pace_oid, version=2, parameter_id=13))
    procedure = pace(offer, Can("654321"), PaceSecrets.from_entropy(offer, os.urandom(offer.entropy_bytes)))
    with pytest.raises(WrongAccessKey):
        played(procedure, chip)


@pytest.mark.parametrize("profile", list(profiles()), ids=name_of)
def test_its_reader_opens_our_card(profile: Profile, eac: Any) -> None:
    agreed(its_reader, profile, eac)


def its_reader(profile: Profile, eac: Any) -> None:
    chip = PaceChip(profile, b"123456", os.urandom)
    context, secret = eac.pace(profile), eac.secret("123456")

    def step(tag: int, value: bytes) -> bytes:
        return tlv.parse_one(chip.step(tlv.build(tag, value)), tag + 1).value

    nonce = tlv.parse_one(chip.step(b""), 0x80).value
    assert eac.yes("PACE_STEP2_dec_nonce", context, secret, nonce)
    theirs = step(0x81, eac.bytes_of("PACE_STEP3A_generate_mapping_data", context))
    assert eac.yes("PACE_STEP3A_map_generator", context, theirs)
    theirs = step(0x83, eac.bytes_of("PACE_STEP3B_generate_ephemeral_key", context))
    assert eac.yes("PACE_STEP3B_compute_shared_secret", context, theirs)
    assert eac.yes("PACE_STEP3C_derive_keys", context)
    token = eac.bytes_of("PACE_STEP3D_compute_authentication_token", context, theirs)
    assert eac.yes("PACE_STEP3D_verify_authentication_token", context, step(0x85, token))
