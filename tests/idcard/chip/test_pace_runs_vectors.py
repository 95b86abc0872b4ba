"""ICAO Doc 9303-11, Appendices G, H and I: every mapping, over curves and finite fields, to the last byte."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from idcard.chip.access_keys import Can, MrzKey
from idcard.chip.pace import PaceSecrets, pace
from idcard.chip.pace_offers import offer_of
from idcard.crypto.domains import EcDomain, Scalar
from idcard.crypto.key_agreement import multiply
from idcard.errors import MalformedData, ProtocolViolation
from idcard.lds.security_infos import PaceInfo

PATH = Path(__file__).parents[2] / "vectors" / "chip" / "icao_9303_11_pace_runs.json"
RUNS: dict[str, dict[str, Any]] = json.loads(PATH.read_text("utf-8"))["runs"]
CAM = RUNS["I ECDH chip authentication mapping"]
IM = RUNS["H.1 ECDH integrated mapping"]


def play(drive: Callable[..., Any], example: dict[str, Any], responses: list[str] | None = None) -> Any:
    offer = offer_of(PaceInfo(oid=example["oid"], version=2, parameter_id=example["parameter_id"]))
    secrets = PaceSecrets(
        mapping=Scalar(int(example.get("mapping", "0"), 16)),
        agreement=Scalar(int(example["agreement"], 16)),
        nonce=bytes.fromhex(example["nonce"]),
    )
    key = MrzKey(example["mrz_information"]) if "mrz_information" in example else Can("123456")
    script = list(zip(example["commands"], responses or example["responses"], strict=True))
    script[0] = (script[0][0].replace("830102", "830101"), script[0][1])
    if isinstance(key, Can):
        # Appendix H derives its key from the CAN 123456 and yet names the MRZ in its command.
        script[0] = (script[0][0].replace("830101", "830102"), script[0][1])
    return drive(pace(offer, key, secrets, name_parameters=False), script)


@pytest.mark.parametrize("name", RUNS)
def test_the_whole_exchange(name: str, drive: Callable[..., Any]) -> None:
    example = RUNS[name]
    session = play(drive, example)
    keys = session.channel._open()
    assert keys.ks_enc.hex().upper() == example["ks_enc"]
    assert keys.ks_mac.hex().upper() == example["ks_mac"]
    assert [reference.hex().upper() for reference in session.references] == example.get("references", [])


def test_the_chip_proves_itself_with_chip_authentication_mapping(drive: Callable[..., Any]) -> None:
    proof = play(drive, CAM).cam
    assert proof.parameter_id == 13
    assert proof.mapping_public_key.hex().upper() == CAM["chip_mapping_public_key"]
    assert proof.chip_authentication_data.hex().upper() == CAM["chip_authentication_data"]
    domain = offer_of(PaceInfo(oid=CAM["oid"], version=2, parameter_id=13)).domain
    assert isinstance(domain, EcDomain)
    static = domain.curve.decode(bytes.fromhex(CAM["chip_static_public_key"]))
    mapped = multiply(domain.curve, int(CAM["chip_authentication_data"], 16), static)
    assert domain.curve.encode(mapped) == proof.mapping_public_key


@pytest.mark.parametrize("name", [name for name in RUNS if name != "I ECDH chip authentication mapping"])
def test_the_other_mappings_prove_nothing(name: str, drive: Callable[..., Any]) -> None:
    assert play(drive, RUNS[name]).cam is None


@pytest.mark.parametrize(
    ("last", "error"),
    [
        ("7C0A86088596CF055C67C1A39000", MalformedData),
        ("7C0C86088596CF055C67C1A38A009000", MalformedData),
        ("7C0D86088596CF055C67C1A38A01009000", MalformedData),
        (CAM["responses"][-1].replace("2F4F92", "2F4F93"), ProtocolViolation),
    ],
    ids=["none", "empty", "no block", "no padding"],
)
def test_chip_authentication_data_must_be_there_and_whole(
    last: str, error: type[Exception], drive: Callable[..., Any]
) -> None:
    with pytest.raises(error):
        play(drive, CAM, [*CAM["responses"][:-1], last])


def test_an_empty_answer_to_the_integrated_mapping_is_enough(drive: Callable[..., Any]) -> None:
    responses = list(IM["responses"])
    for answer in ("9000", "7C009000"):
        responses[2] = answer
        assert play(drive, IM, responses).channel is not None


@pytest.mark.parametrize("name", ["G.2 DH generic mapping", "H.2 DH integrated mapping"])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_numbers_of_a_small_order_are_refused(name: str, number: int, drive: Callable[..., Any]) -> None:
    example = RUNS[name]
    responses = list(example["responses"])
    responses[3] = "7C8183848180" + number.to_bytes(128).hex() + "9000"
    commands = example["commands"][:4]
    with pytest.raises(ProtocolViolation, match="group"):
        play(drive, example | {"commands": commands}, responses[:4])
