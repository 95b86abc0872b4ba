"""ICAO Doc 9303-11, Appendix G.1: PACE with ECDH, generic mapping and AES-128, to the last byte."""

from collections.abc import Callable
from typing import Any

import pytest

from idcard.chip.access_keys import Can, MrzKey
from idcard.chip.pace import PaceScalars, pace, supported
from idcard.crypto.cipher import CipherSuite
from idcard.crypto.kdf import password_key
from idcard.encoding import tlv
from idcard.errors import AccessBlocked, CommandRefused, MalformedData, PaceRefused, ProtocolViolation, WrongAccessKey
from idcard.lds.security_infos import PaceInfo, SecurityInfos

MSE = "0022C1A40F800A04007F00070202040202830101"
Script = list[tuple[str, str]]


@pytest.fixture(scope="module")
def example(icao: dict[str, Any]) -> dict[str, str]:
    vector: dict[str, str] = icao["pace_ecdh_gm_aes128_icaoG1"]
    return vector


@pytest.fixture(scope="module")
def info(example: dict[str, str]) -> PaceInfo:
    (only,) = SecurityInfos.from_bytes(bytes.fromhex(example["ef_card_access"])).pace
    return only


@pytest.fixture(scope="module")
def scalars(example: dict[str, str]) -> PaceScalars:
    return PaceScalars(mapping=int(example["term_map_priv"], 16), agreement=int(example["term_ka_priv"], 16))


def general_authenticate(tag: int, value: str, cla: str = "10") -> str:
    body = tlv.build(0x7C, tlv.build(tag, bytes.fromhex(value))) if tag else tlv.build(0x7C)
    return f"{cla}860000{len(body):02X}{body.hex()}00"


def answer(tag: int, value: str, sw: str = "9000") -> str:
    return tlv.build(0x7C, tlv.build(tag, bytes.fromhex(value))).hex() + sw


@pytest.fixture
def script(example: dict[str, str]) -> Script:
    return [
        (MSE, "9000"),
        (general_authenticate(0, ""), answer(0x80, example["z_nonce"])),
        (general_authenticate(0x81, example["term_map_pub"]), answer(0x82, example["chip_map_pub"])),
        (general_authenticate(0x83, example["term_ka_pub"]), answer(0x84, example["chip_ka_pub"])),
        (general_authenticate(0x85, example["t_ifd"], cla="00"), answer(0x86, example["t_ic"])),
    ]


def run(
    drive: Callable[..., Any], info: PaceInfo, example: dict[str, str], scalars: PaceScalars, script: Script
) -> Any:
    key = MrzKey(example["mrz_information"])
    return drive(pace(info, key, scalars, name_parameters=False), script)


def test_the_key_of_the_nonce(example: dict[str, str]) -> None:
    key = password_key(CipherSuite.AES_128, MrzKey(example["mrz_information"]).password)
    assert key.hex().upper() == example["k_pi"]
    assert CipherSuite.AES_128.decrypt(key, bytes.fromhex(example["z_nonce"])).hex().upper() == example["nonce"]


def test_the_info_is_understood(info: PaceInfo) -> None:
    assert info == PaceInfo(oid="0.4.0.127.0.7.2.2.4.2.2", version=2, parameter_id=13)
    assert supported(info)


def test_the_whole_exchange(
    drive: Callable[..., Any], info: PaceInfo, example: dict[str, str], scalars: PaceScalars, script: Script
) -> None:
    channel = run(drive, info, example, scalars, script)
    keys = channel._open()
    assert keys.ks_enc.hex().upper() == example["ks_enc"]
    assert keys.ks_mac.hex().upper() == example["ks_mac"]


def test_the_domain_parameters_are_named_by_default(
    drive: Callable[..., Any], info: PaceInfo, scalars: PaceScalars
) -> None:
    named = "0022C1A412800A04007F0007020204020283010284010D"
    with pytest.raises(PaceRefused) as caught:
        drive(pace(info, Can("123456"), scalars), [(named, "6A80")])
    assert caught.value.facts["sw"] == 0x6A80


@pytest.mark.parametrize("sw", ["6982", "6983", "6A80", "6A88", "6D00", "6985"])
@pytest.mark.parametrize("step", [0, 1])
def test_a_chip_that_refuses_before_the_password_matters_refuses_pace(
    step: int,
    sw: str,
    drive: Callable[..., Any],
    info: PaceInfo,
    example: dict[str, str],
    scalars: PaceScalars,
    script: Script,
) -> None:
    script[step] = (script[step][0], sw)
    with pytest.raises(PaceRefused):
        run(drive, info, example, scalars, script[: step + 1])


@pytest.mark.parametrize(
    ("sw", "error", "tries"),
    [
        ("6300", WrongAccessKey, None),
        ("63C2", WrongAccessKey, 2),
        ("63C0", AccessBlocked, None),
        ("6983", AccessBlocked, None),
    ],
)
def test_a_refusal_of_the_token_is_a_wrong_key(
    sw: str,
    error: type[Exception],
    tries: int | None,
    drive: Callable[..., Any],
    info: PaceInfo,
    example: dict[str, str],
    scalars: PaceScalars,
    script: Script,
) -> None:
    script[4] = (script[4][0], sw)
    with pytest.raises(error) as caught:
        run(drive, info, example, scalars, script)
    assert getattr(caught.value, "tries_left", None) == tries


def test_a_chip_that_gives_up_in_the_middle_is_neither(
    drive: Callable[..., Any], info: PaceInfo, example: dict[str, str], scalars: PaceScalars, script: Script
) -> None:
    script[2] = (script[2][0], "6F00")
    with pytest.raises(CommandRefused):
        run(drive, info, example, scalars, script[:3])


def test_a_wrong_token_of_the_chip_is_a_violation(
    drive: Callable[..., Any], info: PaceInfo, example: dict[str, str], scalars: PaceScalars, script: Script
) -> None:
    script[4] = (script[4][0], answer(0x86, example["t_ifd"]))
    with pytest.raises(ProtocolViolation, match="token"):
        run(drive, info, example, scalars, script)


def test_our_own_public_key_sent_back_is_a_violation(
    drive: Callable[..., Any], info: PaceInfo, example: dict[str, str], scalars: PaceScalars, script: Script
) -> None:
    script[3] = (script[3][0], answer(0x84, example["term_ka_pub"]))
    with pytest.raises(ProtocolViolation, match="own public key"):
        run(drive, info, example, scalars, script[:4])


@pytest.mark.parametrize("step", [2, 3])
def test_a_point_off_the_curve_is_malformed(
    step: int, drive: Callable[..., Any], info: PaceInfo, example: dict[str, str], scalars: PaceScalars, script: Script
) -> None:
    point = bytearray.fromhex(example["chip_map_pub"])
    point[-1] ^= 1
    script[step] = (script[step][0], answer(0x82 + 2 * (step - 2), point.hex()))
    with pytest.raises(MalformedData, match="curve"):
        run(drive, info, example, scalars, script[: step + 1])
