"""ICAO Doc 9303-11, Appendix G.1, to the last byte, and what a chip can do wrong in each of its steps."""

from collections.abc import Callable
from typing import Any

import pytest

from idcard.chip.access_keys import Can, MrzKey, PinCode, PukCode
from idcard.chip.pace import PaceSecrets, pace
from idcard.chip.pace_offers import PaceOffer, offer_of
from idcard.crypto.cipher import CipherSuite
from idcard.crypto.domains import Scalar
from idcard.crypto.kdf import password_key
from idcard.encoding import tlv
from idcard.errors import (
    AccessBlocked,
    CommandRefused,
    LastTryLeft,
    MalformedData,
    PaceRefused,
    ProtocolViolation,
    WrongAccessKey,
)
from idcard.lds.security_infos import SecurityInfos

MSE = "0022C1A40F800A04007F00070202040202830101"
Script = list[tuple[str, str]]


@pytest.fixture(scope="module")
def example(icao: dict[str, Any]) -> dict[str, str]:
    vector: dict[str, str] = icao["pace_ecdh_gm_aes128_icaoG1"]
    return vector


@pytest.fixture(scope="module")
def offer(example: dict[str, str]) -> PaceOffer:
    (only,) = SecurityInfos.from_bytes(bytes.fromhex(example["ef_card_access"])).pace
    return offer_of(only)


@pytest.fixture(scope="module")
def secrets(example: dict[str, str]) -> PaceSecrets:
    mapping, agreement = (Scalar(int(example[name], 16)) for name in ("term_map_priv", "term_ka_priv"))
    return PaceSecrets(mapping=mapping, agreement=agreement, nonce=b"")


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
    drive: Callable[..., Any], offer: PaceOffer, example: dict[str, str], secrets: PaceSecrets, script: Script
) -> Any:
    key = MrzKey(example["mrz_information"])
    return drive(pace(offer, key, secrets, name_parameters=False), script)


def test_the_key_of_the_nonce(example: dict[str, str]) -> None:
    key = password_key(CipherSuite.AES_128, MrzKey(example["mrz_information"]).password)
    assert key.hex().upper() == example["k_pi"]
    assert CipherSuite.AES_128.decrypt(key, bytes.fromhex(example["z_nonce"])).hex().upper() == example["nonce"]


def test_the_whole_exchange(
    drive: Callable[..., Any], offer: PaceOffer, example: dict[str, str], secrets: PaceSecrets, script: Script
) -> None:
    keys = run(drive, offer, example, secrets, script).channel._open()
    assert keys.ks_enc.hex().upper() == example["ks_enc"]
    assert keys.ks_mac.hex().upper() == example["ks_mac"]


NAMED = "0022C1A412800A04007F0007020204020283010284010D"
UNNAMED = "0022C1A40F800A04007F00070202040202830102"


@pytest.mark.parametrize("sw", ["6A80", "6A86", "6A88", "6700", "6985"])
def test_domain_parameters_are_named_first_and_left_out_where_the_chip_refuses_that(
    sw: str, drive: Callable[..., Any], offer: PaceOffer, secrets: PaceSecrets
) -> None:
    with pytest.raises(PaceRefused) as caught:
        drive(pace(offer, Can("123456"), secrets), [(NAMED, sw), (UNNAMED, "6A81")])
    assert caught.value.facts["sw"] == 0x6A81


def test_a_second_refusal_of_the_same_kind_tells_the_first(
    drive: Callable[..., Any], offer: PaceOffer, secrets: PaceSecrets
) -> None:
    with pytest.raises(PaceRefused) as caught:
        drive(pace(offer, Can("123456"), secrets), [(NAMED, "6A80"), (UNNAMED, "6A88")])
    assert caught.value.facts["sw"] == 0x6A80


def test_a_refusal_that_is_not_of_the_data_is_final(
    drive: Callable[..., Any], offer: PaceOffer, secrets: PaceSecrets
) -> None:
    with pytest.raises(PaceRefused):
        drive(pace(offer, Can("123456"), secrets), [(NAMED, "6982")])


@pytest.mark.parametrize(("kind", "reference"), [(Can, "02"), (PinCode, "03"), (PukCode, "04")])
def test_the_last_try_is_never_burnt_unasked(
    kind: type[Can | PinCode | PukCode],
    reference: str,
    drive: Callable[..., Any],
    offer: PaceOffer,
    secrets: PaceSecrets,
) -> None:
    named = NAMED.replace("830102", "8301" + reference)
    with pytest.raises(LastTryLeft):
        drive(pace(offer, kind("123456"), secrets), [(named, "63C1")])
    with pytest.raises(AccessBlocked):
        drive(pace(offer, kind("123456"), secrets, allow_last_try=True), [(named, "63C0")])
    procedure = pace(offer, kind("123456"), secrets, allow_last_try=True)
    with pytest.raises(PaceRefused):
        drive(procedure, [(named, "63C1"), ("10860000027C0000", "6985")])


@pytest.mark.parametrize("sw", ["6982", "6983", "6A80", "6A88", "6D00", "6985"])
@pytest.mark.parametrize("step", [0, 1])
def test_a_chip_that_refuses_before_the_password_matters_refuses_pace(
    step: int,
    sw: str,
    drive: Callable[..., Any],
    offer: PaceOffer,
    example: dict[str, str],
    secrets: PaceSecrets,
    script: Script,
) -> None:
    script[step] = (script[step][0], sw)
    with pytest.raises(PaceRefused):
        run(drive, offer, example, secrets, script[: step + 1])


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
    offer: PaceOffer,
    example: dict[str, str],
    secrets: PaceSecrets,
    script: Script,
) -> None:
    script[4] = (script[4][0], sw)
    with pytest.raises(error) as caught:
        run(drive, offer, example, secrets, script)
    assert getattr(caught.value, "tries_left", None) == tries


def test_a_chip_that_gives_up_in_the_middle_is_neither(
    drive: Callable[..., Any], offer: PaceOffer, example: dict[str, str], secrets: PaceSecrets, script: Script
) -> None:
    script[2] = (script[2][0], "6F00")
    with pytest.raises(CommandRefused):
        run(drive, offer, example, secrets, script[:3])


def test_a_wrong_token_of_the_chip_is_a_violation(
    drive: Callable[..., Any], offer: PaceOffer, example: dict[str, str], secrets: PaceSecrets, script: Script
) -> None:
    script[4] = (script[4][0], answer(0x86, example["t_ifd"]))
    with pytest.raises(ProtocolViolation, match="token"):
        run(drive, offer, example, secrets, script)


def test_our_own_public_key_sent_back_is_a_violation(
    drive: Callable[..., Any], offer: PaceOffer, example: dict[str, str], secrets: PaceSecrets, script: Script
) -> None:
    script[3] = (script[3][0], answer(0x84, example["term_ka_pub"]))
    with pytest.raises(ProtocolViolation, match="own public key"):
        run(drive, offer, example, secrets, script[:4])


@pytest.mark.parametrize("step", [2, 3])
def test_a_point_off_the_curve_is_malformed(
    step: int,
    drive: Callable[..., Any],
    offer: PaceOffer,
    example: dict[str, str],
    secrets: PaceSecrets,
    script: Script,
) -> None:
    point = bytearray.fromhex(example["chip_map_pub"])
    point[-1] ^= 1
    script[step] = (script[step][0], answer(0x82 + 2 * (step - 2), point.hex()))
    with pytest.raises(MalformedData, match="curve"):
        run(drive, offer, example, secrets, script[: step + 1])


@pytest.mark.parametrize("nonce", ["", "95A3A016522EE98D01E76CB6B98B42"])
def test_a_nonce_must_be_whole_blocks(
    nonce: str,
    drive: Callable[..., Any],
    offer: PaceOffer,
    example: dict[str, str],
    secrets: PaceSecrets,
    script: Script,
) -> None:
    script[1] = (script[1][0], answer(0x80, nonce))
    with pytest.raises(MalformedData, match="whole blocks"):
        run(drive, offer, example, secrets, script[:2])
