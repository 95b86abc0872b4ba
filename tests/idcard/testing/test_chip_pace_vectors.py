"""ICAO Doc 9303-11, appendix G.1: PACE with generic mapping over brainpoolP256r1, through the card's own APDUs.

The chip's two private keys are printed in the standard; the public keys that follow from them are checked here.
"""

from collections.abc import Callable
from typing import Any

import pytest

from idcard.encoding import tlv
from idcard.iso7816.apdu import CommandApdu
from idcard.testing import Profile, SimulatedCard, Suite
from idcard.testing.behaviour import ChipSecrets
from idcard.testing.chip_curves import BRAINPOOL_P256R1
from idcard.testing.chip_pace import oid_value, password_of_mrz
from idcard.testing.records import pace_info

MAPPING_KEY = 0x498FF49756F2DC1587840041839A85982BE7761D14715FB091EFA7BCE9058560
AGREEMENT_KEY = 0x107CF58696EF6155053340FD633392BA81909DF7B9706F226F32086C7AFF974A


@pytest.fixture
def g1(worked_examples: dict[str, Any]) -> dict[str, Any]:
    return worked_examples["pace_ecdh_gm_aes128_icaoG1"]


@pytest.fixture
def card(g1: dict[str, Any], row: Callable[..., Callable[[int], bytes]]) -> SimulatedCard:
    entropy = row(bytes.fromhex(g1["nonce"]), *((key - 1).to_bytes(32) for key in (MAPPING_KEY, AGREEMENT_KEY)))
    secrets = ChipSecrets(can="000000", mrz_information=g1["mrz_information"])
    return SimulatedCard(files={}, secrets=secrets, entropy=entropy)


def test_the_password_and_its_key(g1: dict[str, Any]) -> None:
    password = password_of_mrz(g1["mrz_information"])
    assert password == bytes.fromhex(g1["password_seed_sha1"])
    assert Suite.AES128.derive(password, 3) == bytes.fromhex(g1["k_pi"])


def test_the_mapping_key_is_the_standards(g1: dict[str, Any]) -> None:
    public = BRAINPOOL_P256R1.encode(BRAINPOOL_P256R1.multiply(MAPPING_KEY))
    assert public == bytes.fromhex(g1["chip_map_pub"])


def test_the_profile_is_the_one_of_the_example(g1: dict[str, Any]) -> None:
    assert oid_value(Profile().pace_oid) == bytes.fromhex(g1["protocol_oid_value"])
    assert tlv.build(0x31, pace_info(Profile())) == bytes.fromhex(g1["ef_card_access"])


def test_the_whole_run(g1: dict[str, Any], card: SimulatedCard) -> None:
    setting = tlv.build(0x80, bytes.fromhex(g1["protocol_oid_value"])) + tlv.build(0x83, b"\x01")
    assert card.transmit(CommandApdu(ins=0x22, p1=0xC1, p2=0xA4, data=setting).to_bytes()) == b"\x90\x00"
    steps = (
        (0x10, b"", "80", "z_nonce"),
        (0x10, tlv.build(0x81, bytes.fromhex(g1["term_map_pub"])), "82", "chip_map_pub"),
        (0x10, tlv.build(0x83, bytes.fromhex(g1["term_ka_pub"])), "84", "chip_ka_pub"),
        (0x00, tlv.build(0x85, bytes.fromhex(g1["t_ifd"])), "86", "t_ic"),
    )
    for cla, data, tag, expected in steps:
        command = CommandApdu(cla=cla, ins=0x86, data=tlv.build(0x7C, data), le=256)
        answer = tlv.build(0x7C, tlv.build(int(tag, 16), bytes.fromhex(g1[expected])))
        assert card.transmit(command.to_bytes()) == answer + b"\x90\x00", expected
    channel = card._session.channel
    assert channel is not None
    assert (channel.ks_enc, channel.ks_mac) == (bytes.fromhex(g1["ks_enc"]), bytes.fromhex(g1["ks_mac"]))
    assert channel.counter == 0
