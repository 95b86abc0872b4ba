"""ICAO Doc 9303-11, appendix D: basic access control and secure messaging, the chip's half."""

from typing import Any

import pytest

from idcard.iso7816.apdu import CommandApdu, ResponseApdu
from idcard.testing.chip_crypto import BasicAccess, Refused, SecureChannel, Suite


def values(example: dict[str, Any], *names: str) -> list[bytes]:
    return [bytes.fromhex(example[name]) for name in names]


@pytest.fixture
def bac(worked_examples: dict[str, Any]) -> dict[str, Any]:
    return worked_examples["bac_icao_9303_11_appD"]


def test_the_keys_of_the_mrz(bac: dict[str, Any]) -> None:
    half = BasicAccess.start(bac["mrz_information"], bytes.fromhex(bac["rnd_ic"]))
    assert [half.k_enc, half.k_mac] == values(bac, "k_enc", "k_mac")


def test_the_chip_answers_the_readers_token(bac: dict[str, Any]) -> None:
    token, expected, k_ic = values(bac, "external_authenticate_capdu", "external_authenticate_response_data", "k_ic")
    half = BasicAccess.start(bac["mrz_information"], bytes.fromhex(bac["rnd_ic"]))
    answer, channel = half.authenticate(CommandApdu.from_bytes(token).data, k_ic)
    assert answer == expected
    assert [channel.ks_enc, channel.ks_mac] == values(bac, "ks_enc", "ks_mac")
    assert channel.counter.to_bytes(8) == bytes.fromhex(bac["ssc"])


@pytest.mark.parametrize("position", [0, 31, 32, 39])
def test_a_spoilt_token_is_refused(bac: dict[str, Any], position: int) -> None:
    token = bytearray(values(bac, "e_ifd")[0] + values(bac, "m_ifd")[0])
    token[position] ^= 1
    with pytest.raises(Refused) as refused:
        BasicAccess.start(bac["mrz_information"], bytes.fromhex(bac["rnd_ic"])).authenticate(bytes(token), bytes(16))
    assert refused.value.sw == 0x6300


def test_a_token_for_another_challenge_is_refused(bac: dict[str, Any]) -> None:
    token = values(bac, "e_ifd")[0] + values(bac, "m_ifd")[0]
    with pytest.raises(Refused):
        BasicAccess.start(bac["mrz_information"], bytes(8)).authenticate(token, bytes(16))


def test_protected_commands_and_answers(worked_examples: dict[str, Any]) -> None:
    example = worked_examples["sm_3des_icao_9303_11_appD4"]
    ks_enc, ks_mac, ssc = values(example, "ks_enc", "ks_mac", "ssc_initial")
    channel = SecureChannel(suite=Suite.DES3, ks_enc=ks_enc, ks_mac=ks_mac, counter=int.from_bytes(ssc))
    for step in example["steps"]:
        plain, protected, answer, clear = values(
            step, "plain_capdu", "protected_capdu", "protected_rapdu", "plain_rapdu"
        )
        assert channel.unwrap(CommandApdu.from_bytes(protected)).to_bytes() == plain
        assert channel.wrap(ResponseApdu.from_bytes(clear)).to_bytes() == answer
        assert channel.counter == int(step["ssc_after"], 16)


@pytest.mark.parametrize(("suite", "plain"), [(Suite.AES128, 223), (Suite.AES256, 223), (Suite.DES3, 231)])
def test_a_short_answer_bears_as_much_as_the_standard_reckons(suite: Suite, plain: int) -> None:
    channel = SecureChannel.from_secret(suite, b"secret")
    assert channel.capacity(256) == plain
    assert len(channel.wrap(ResponseApdu(data=bytes(plain), sw=0x9000)).data) <= 256
    assert len(channel.wrap(ResponseApdu(data=bytes(plain + 1), sw=0x9000)).data) > 256
