"""ICAO Doc 9303-11, Appendix D: BAC and secure messaging, to the last byte."""

from collections.abc import Callable
from typing import Any

import pytest

from idcard.chip.access_keys import MrzKey
from idcard.chip.bac import basic_access_control
from idcard.crypto.cipher import CipherSuite, pad
from idcard.crypto.kdf import session_keys
from idcard.errors import MalformedData, PaceRequired, ProtocolViolation, WrongAccessKey
from idcard.iso7816.apdu import CommandApdu, ResponseApdu

GET_CHALLENGE = "0084000008"


@pytest.fixture(scope="module")
def example(icao: dict[str, Any]) -> dict[str, str]:
    vector: dict[str, str] = icao["bac_icao_9303_11_appD"]
    return vector


@pytest.fixture(scope="module")
def entropy(example: dict[str, str]) -> bytes:
    return bytes.fromhex(example["rnd_ifd"] + example["k_ifd"])


def test_keys_follow_from_the_mrz_information(example: dict[str, str]) -> None:
    key = MrzKey(example["mrz_information"])
    keys = session_keys(CipherSuite.TDES, key.bac_seed)
    assert key.bac_seed.hex().upper() == example["k_seed"]
    assert keys.ks_enc.hex().upper() == example["k_enc"]
    assert keys.ks_mac.hex().upper() == example["k_mac"]


def test_the_whole_exchange_and_the_first_protected_commands(
    example: dict[str, str], icao: dict[str, Any], entropy: bytes, drive: Callable[..., Any]
) -> None:
    seed = MrzKey(example["mrz_information"]).bac_seed
    channel = drive(
        basic_access_control(seed, entropy),
        [
            (GET_CHALLENGE, example["rnd_ic"] + "9000"),
            (example["external_authenticate_capdu"], example["external_authenticate_response_data"] + "9000"),
        ],
    )
    for step in icao["sm_3des_icao_9303_11_appD4"]["steps"]:
        command = CommandApdu.from_bytes(bytes.fromhex(step["plain_capdu"]))
        assert channel.protect(command).to_bytes().hex().upper() == step["protected_capdu"]
        answer = channel.unprotect(ResponseApdu.from_bytes(bytes.fromhex(step["protected_rapdu"])))
        assert answer.to_bytes().hex().upper() == step["plain_rapdu"]


@pytest.mark.parametrize(("sw", "tries"), [("6300", None), ("63C2", 2), ("6988", None), ("6A80", None)])
def test_a_refusal_of_the_key_is_a_wrong_key(
    sw: str, tries: int | None, example: dict[str, str], entropy: bytes, drive: Callable[..., Any]
) -> None:
    seed = MrzKey(example["mrz_information"]).bac_seed
    script = [(GET_CHALLENGE, example["rnd_ic"] + "9000"), (example["external_authenticate_capdu"], sw)]
    with pytest.raises(WrongAccessKey) as caught:
        drive(basic_access_control(seed, entropy), script)
    assert caught.value.tries_left == tries


@pytest.mark.parametrize("sw", ["6982", "6A88", "6D00", "6985"])
def test_a_chip_without_a_challenge_wants_pace(sw: str, entropy: bytes, drive: Callable[..., Any]) -> None:
    with pytest.raises(PaceRequired):
        drive(basic_access_control(bytes(16), entropy), [(GET_CHALLENGE, sw)])


@pytest.mark.parametrize("position", range(40))
def test_each_flipped_byte_of_the_answer_is_refused(
    position: int, example: dict[str, str], entropy: bytes, drive: Callable[..., Any]
) -> None:
    answer = bytearray.fromhex(example["external_authenticate_response_data"])
    answer[position] ^= 1
    script = [
        (GET_CHALLENGE, example["rnd_ic"] + "9000"),
        (example["external_authenticate_capdu"], answer.hex() + "9000"),
    ]
    with pytest.raises(ProtocolViolation, match="wrong checksum"):
        drive(basic_access_control(MrzKey(example["mrz_information"]).bac_seed, entropy), script)


def test_an_answer_to_another_challenge_is_refused(
    example: dict[str, str], entropy: bytes, drive: Callable[..., Any]
) -> None:
    keys = session_keys(CipherSuite.TDES, MrzKey(example["mrz_information"]).bac_seed)
    replayed = CipherSuite.TDES.encrypt(keys.ks_enc, bytes(16) + bytes.fromhex(example["k_ic"]))
    sealed = replayed + CipherSuite.TDES.checksum(keys.ks_mac, pad(replayed, 8))
    script = [
        (GET_CHALLENGE, example["rnd_ic"] + "9000"),
        (example["external_authenticate_capdu"], sealed.hex() + "9000"),
    ]
    with pytest.raises(ProtocolViolation, match="another challenge"):
        drive(basic_access_control(MrzKey(example["mrz_information"]).bac_seed, entropy), script)


@pytest.mark.parametrize("answer", ["9000", "46089000", "460891708898821200009000"])
def test_a_challenge_of_another_length_is_malformed(answer: str, entropy: bytes, drive: Callable[..., Any]) -> None:
    with pytest.raises(MalformedData):
        drive(basic_access_control(bytes(16), entropy), [(GET_CHALLENGE, answer)])
