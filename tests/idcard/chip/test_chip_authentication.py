"""Chip authentication against a simulated card that shares no code with the reader: every cipher, group and manner."""

import itertools
import os
from dataclasses import replace
from typing import Any

import pytest

from idcard.chip.access_keys import MrzKey
from idcard.chip.bac import ENTROPY_BYTES, basic_access_control
from idcard.chip.chip_authentication import Agreed, ChipKeyChoice, chip_authentication, choices, entropy_bytes
from idcard.crypto.cipher import CipherSuite
from idcard.crypto.kdf import session_keys
from idcard.encoding import tlv
from idcard.errors import CommandRefused, ProtocolViolation, SecureMessagingBroken
from idcard.iso7816.apdu import CommandApdu, ResponseApdu
from idcard.iso7816.secure_messaging import SecureChannel
from idcard.lds.layout import File
from idcard.lds.security_infos import SecurityInfos
from idcard.testing import Behaviour, Profile, SimulatedCard, Suite, der, records
from idcard.testing.behaviour import ChipSecrets
from idcard.testing.chip_crypto import SecureChannel as ChipChannel
from idcard.transport.session import perform

SECRET = 0xC0FFEE
MRZ = MrzKey.of("C11T002JM", "960812", "231031")
READ = CommandApdu(ins=0xB0, p1=0x9E, le=223)


def card_of(profile: Profile | None = None, **manners: Any) -> SimulatedCard:
    manner = Behaviour(chip_profile=profile or Profile(), max_response=1024, **manners)
    chip = manner.chip_profile
    dg14 = records.dg14(
        chip.domain.spki(SECRET),
        None,
        chip=chip,
        version=manner.chip_authentication_version,
        key_id=manner.chip_key_id,
        named=manner.chip_authentication_named,
    )
    files = {File.COM: records.com(), File.DG14: dg14}
    secrets = ChipSecrets(can="123456", mrz_information=MRZ.information, agreement=SECRET)
    return SimulatedCard(files=files, secrets=secrets, behaviour=manner)


def opened(card: SimulatedCard) -> SecureChannel:
    card.transmit(bytes.fromhex("00A4040C07A0000002471001"))
    return perform(card, basic_access_control(MRZ.bac_seed, os.urandom(ENTROPY_BYTES)))


def best_of(card: SimulatedCard) -> ChipKeyChoice:
    return next(choices(SecurityInfos.from_dg14(card.files[File.DG14])))


def agreed(card: SimulatedCard, choice: ChipKeyChoice | None = None) -> Agreed:
    chosen = choice or best_of(card)
    return perform(card, chip_authentication(opened(card), chosen, os.urandom(entropy_bytes(chosen))))


def read(card: SimulatedCard, channel: SecureChannel) -> bytes:
    return perform(card, channel.send(READ)).data


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(("number", "suite"), [*itertools.product((0, 1, 2, *range(8, 19)), Suite)])
def test_every_cipher_and_group(number: int, suite: Suite, version: int) -> None:
    card = card_of(Profile(parameter_id=number, suite=suite), chip_authentication_version=version)
    result = agreed(card)
    before = result.proof
    assert (before is None) is (version == 1)
    assert perform(card, result.watch(result.channel.send(READ))).data == card.files[File.COM]
    proof = result.proof
    assert proof is not None
    assert before in (None, proof)
    assert (proof.oid, proof.key_id) == (card.behaviour.chip_profile.chip_authentication_oid, None)
    assert (proof.counter, proof.response[:1] == b"\x7c") == ((2, False) if version == 1 else (0, True))
    assert card.behaviour.chip_profile.domain.public(int.from_bytes(proof.ephemeral_private_key or b"")) == (
        proof.ephemeral_public_key
    )


@pytest.mark.parametrize("number", [0, 13])
@pytest.mark.parametrize("key_id", [0, 7])
def test_a_key_is_called_by_its_number(number: int, key_id: int) -> None:
    card = card_of(Profile(parameter_id=number), chip_key_id=key_id)
    assert best_of(card).key_id == key_id
    result = agreed(card)
    assert read(card, result.channel) == card.files[File.COM]
    with pytest.raises(CommandRefused):
        agreed(card, replace(best_of(card), key_id=None))


@pytest.mark.parametrize("at_once", [True, False, None])
@pytest.mark.parametrize("number", [0, 13])
def test_3des_in_one_command_or_in_two(number: int, at_once: bool | None) -> None:
    card = card_of(Profile(parameter_id=number, suite=Suite.DES3), chip_authentication_at_once=at_once)
    assert read(card, agreed(card).channel) == card.files[File.COM]


@pytest.mark.parametrize("number", [0, 13])
def test_without_a_cipher_3des_is_meant(number: int) -> None:
    card = card_of(Profile(parameter_id=number, suite=Suite.DES3), chip_authentication_named=False)
    assert not SecurityInfos.from_dg14(card.files[File.DG14]).chip_authentication
    assert best_of(card).oid == card.behaviour.chip_profile.chip_authentication_oid
    assert read(card, agreed(card).channel) == card.files[File.COM]


def test_the_strongest_of_several_keys_comes_first() -> None:
    weak, strong = Profile(parameter_id=12, suite=Suite.DES3), Profile(parameter_id=15, suite=Suite.AES256)
    entries = []
    for number, profile in ((1, weak), (2, strong), (3, Profile(parameter_id=0))):
        entries.append(records.chip_authentication_info(profile, 1, number))
        kind = "0.4.0.127.0.7.2.2.1." + ("2" if profile.domain.elliptic else "1")
        entries.append(der.sequence(der.oid(kind), profile.domain.spki(SECRET), der.integer(number)))
    entries.append(der.sequence(der.oid("0.4.0.127.0.7.2.2.3.2.9"), der.integer(1), der.integer(2)))
    entries.append(der.sequence(der.oid("0.4.0.127.0.7.2.2.3.1.2"), der.integer(1), der.integer(4)))
    entries.append(der.sequence(der.oid("0.4.0.127.0.7.2.2.1.1"), strong.domain.spki(SECRET), der.integer(4)))
    infos = SecurityInfos.from_bytes(tlv.build(0x31, *entries))
    assert [choice.key_id for choice in choices(infos)] == [2, 3, 1]


def test_a_chip_that_refuses_goes_on_with_the_old_keys() -> None:
    card = card_of()
    card.secrets = replace(card.secrets, agreement=None)
    channel, choice = opened(card), best_of(card)
    with pytest.raises(CommandRefused):
        perform(card, chip_authentication(channel, choice, os.urandom(entropy_bytes(choice))))
    assert not channel.closed
    assert read(card, channel) == card.files[File.COM]


def test_a_copy_with_another_key_is_found_out_by_its_first_answer() -> None:
    card = card_of()
    card.secrets = replace(card.secrets, agreement=SECRET + 1)
    result = agreed(card)
    with pytest.raises(SecureMessagingBroken):
        perform(card, result.watch(result.channel.send(READ)))
    assert result.disproof.response == bytes.fromhex("6988")
    sealed = agreed(card_of())
    sealed._keep(ResponseApdu(data=bytes(20), sw=0x9000))
    assert sealed.disproof.response == b""


def test_a_copy_with_another_key_is_found_out_by_its_token_in_version_2() -> None:
    card = card_of(chip_authentication_version=2)
    card.secrets = replace(card.secrets, agreement=SECRET + 1)
    with pytest.raises(ProtocolViolation, match="token"):
        agreed(card)


def test_only_the_first_answer_is_kept() -> None:
    card = card_of()
    result = agreed(card)
    for _ in range(2):
        perform(card, result.watch(result.channel.send(READ)))
    assert result.proof is not None
    first = result.proof
    perform(card, result.watch(result.channel.send(CommandApdu(ins=0xB0, p1=0x8E, le=100))))
    assert result.proof == first


def test_a_key_that_is_none_of_the_chips_is_refused() -> None:
    card, choice = card_of(), best_of(card_of(Profile(parameter_id=12)))
    with pytest.raises(CommandRefused, match="GENERAL AUTHENTICATE"):
        agreed(card, choice)


def test_an_answer_without_data_is_enough() -> None:
    choice = best_of(card_of())
    keys = session_keys(CipherSuite.AES_128, b"secret")
    ours, theirs = SecureChannel(keys), ChipChannel.from_secret(Suite.AES128, b"secret")
    procedure = chip_authentication(ours, choice, os.urandom(entropy_bytes(choice)))
    command = next(procedure)
    theirs.unwrap(command)
    command = procedure.send(theirs.wrap(ResponseApdu(sw=0x9000)))
    theirs.unwrap(command)
    with pytest.raises(StopIteration) as stop:
        procedure.send(theirs.wrap(ResponseApdu(sw=0x9000)))
    assert stop.value.value.ephemeral_public_key[:1] == b"\x04"
    assert ours.closed
