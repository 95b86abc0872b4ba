"""The simulated card as strangers see it: OpenSC's program, which shares nothing with us."""

import sys
from typing import Any

READERS = ("Virtual PCD 00 00", "Virtual PCD 00 01")


HOLDS = """
import idcard
held = idcard.connect()
try:
    idcard.connect()
except idcard.TransportError as error:
    print(error.code)
held.close()
idcard.connect().close()
print("free")
"""


def test_opensc_sees_the_reader_and_the_card(station: Any) -> None:
    station.put("honest")
    result = station.run("opensc-tool", "--list-readers")
    assert result.returncode == 0, result.stderr
    first, second = (line.split() for line in result.stdout.splitlines() if "Virtual PCD" in line)
    assert first[1] == "Yes"
    assert second[1] == "No"


def test_opensc_sees_the_answer_to_reset(station: Any) -> None:
    station.put("honest")
    result = station.run("opensc-tool", "--reader", "0", "--atr")
    atr = bytes.fromhex(result.stdout.strip().replace(":", ""))
    assert atr[0] == 0x3B
    check = 0
    for byte in atr[1:]:
        check ^= byte
    assert check == 0, "the check byte of ISO 7816-3"


def test_opensc_selects_the_travel_document_and_is_refused_its_data(station: Any) -> None:
    station.put("honest")
    result = station.run(
        "opensc-tool", "--reader", "0",
        "--send-apdu", "00A4040C07A0000002471001", "--send-apdu", "00B0810000",
    )  # fmt: skip
    selected, refused = (line for line in result.stdout.splitlines() if line.startswith("Received"))
    assert "SW1=0x90, SW2=0x00" in selected
    assert "SW1=0x69, SW2=0x82" in refused


def test_opensc_sees_that_the_card_is_gone(station: Any) -> None:
    station.put("honest")
    station.clear()
    result = station.run("opensc-tool", "--reader", "0", "--atr")
    assert result.returncode != 0


def test_a_card_that_another_program_holds_is_a_busy_reader(station: Any) -> None:
    station.put("honest")
    result = station.run(sys.executable, "-c", HOLDS)
    assert result.stdout.split() == ["reader_busy", "free"], result.stderr
