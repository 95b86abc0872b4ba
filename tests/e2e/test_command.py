"""The ``idcard`` command against cards behind a real pcscd: what it prints and how it exits."""

import json
import sys
from subprocess import CompletedProcess
from typing import Any

import pytest

COMMAND = (sys.executable, "-c", "from idcard.cli import main; main()")


def idcard(station: Any, *arguments: str, given: str = "") -> CompletedProcess[str]:
    """What came of the command."""
    result: CompletedProcess[str] = station.run(*COMMAND, *arguments, given=given)
    assert "Traceback" not in result.stderr
    return result


def trust(station: Any) -> tuple[str, str]:
    """The option that names the trust store."""
    return "--trust", str(station.trust)


def test_the_readers_are_listed(station: Any) -> None:
    result = idcard(station, "readers", "--json")
    assert result.returncode == 0
    assert json.loads(result.stdout)["readers"][0].startswith("Virtual PCD 00")


@pytest.mark.parametrize("card", ["honest", "honest_rsa"])
@pytest.mark.parametrize("option", ["can", "mrz", "card_qr"])
def test_an_honest_card_is_proved_with_each_kind_of_key(station: Any, card: str, option: str) -> None:
    station.put(card)
    key = station.printed(option)
    result = idcard(station, "read", f"--{option.replace('_', '-')}", *trust(station), given=key)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.startswith("PROVED under the policy vietnam_strict.")
    assert result.stderr == ""


def test_json_says_what_the_verdict_says(station: Any) -> None:
    station.put("honest")
    result = idcard(station, "read", "--can", station.printed("can"), *trust(station), "--json")
    told = json.loads(result.stdout)
    assert (result.returncode, told["met"], told["identity"]["verified"]) == (0, True, True)
    assert told["reader"].startswith("Virtual PCD")
    assert told["access"] == {"protocol": "PACE", "key": "CAN"}


def test_a_named_reader(station: Any) -> None:
    station.put("honest")
    first, second = json.loads(idcard(station, "readers", "--json").stdout)["readers"]
    key = ("--can", station.printed("can"), *trust(station))
    assert idcard(station, "read", "--reader", first, *key).returncode == 0
    empty = idcard(station, "read", "--reader", second, *key)
    assert (empty.returncode, "[card_removed]" in empty.stderr) == (3, True)
    unknown = idcard(station, "read", "--reader", "Nobody's", *key)
    assert (unknown.returncode, "[reader_missing]" in unknown.stderr) == (3, True)


@pytest.mark.parametrize("card", ["bac_only", "refuses_pace"])
def test_a_card_without_pace_needs_its_qr(station: Any, card: str) -> None:
    station.put(card)
    refused = idcard(station, "read", "--can", *trust(station), given=station.printed("can"))
    assert refused.returncode == 3
    assert "[pace_refused]" in refused.stderr
    proved = idcard(station, "read", "--card-qr", "--json", *trust(station), given=station.printed("card_qr"))
    assert proved.returncode == 0, proved.stdout + proved.stderr
    told = json.loads(proved.stdout)
    assert told["access"] == {"protocol": "BAC", "key": "MRZ"}
    assert told["card_qr"]["of_this_card"] is True
    assert {row["field"] for row in told["card_qr"]["fields"]} >= {"personal_number", "name", "birth", "sex"}


@pytest.mark.parametrize("card", ["altered_dg1", "altered_dg13", "foreign_issuer", "cloned_chip"])
def test_a_forged_card_fails(station: Any, card: str) -> None:
    station.put(card)
    result = idcard(station, "read", "--can", *trust(station), given=station.printed("can"))
    assert result.returncode == 1
    assert result.stdout.startswith("FAILED under the policy vietnam_strict")


@pytest.mark.parametrize("card", ["unknown_issuer", "expired_signer"])
def test_an_issuer_that_is_not_known_proves_nothing(station: Any, card: str) -> None:
    station.put(card)
    result = idcard(station, "read", "--can", *trust(station), given=station.printed("can"))
    assert result.returncode == 1
    assert not result.stdout.startswith("PROVED")
    assert "What the chip says, NOT proved" in result.stdout


def test_without_a_trust_store(station: Any) -> None:
    station.put("honest")
    result = idcard(station, "read", "--can", given=station.printed("can"))
    assert result.returncode == 1
    assert "use --trust DIR" in result.stdout
    reading_only = idcard(station, "read", "--can", "--policy", "reading_only", given=station.printed("can"))
    assert reading_only.returncode == 0
    assert reading_only.stdout.startswith("READ, under the policy reading_only")


def test_the_day_of_judgement_may_be_given(station: Any) -> None:
    station.put("honest")
    result = idcard(station, "read", "--can", "--at", "2099-01-01", *trust(station), given=station.printed("can"))
    assert result.returncode == 1
    assert "The card has expired." in result.stdout


def test_wrong_digits(station: Any) -> None:
    station.put("honest")
    result = idcard(station, "read", "--can", "000000", *trust(station), "--lang", "vi")
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr.startswith("Lỗi [wrong_access_key]: Đối chiếu các số với thẻ rồi nhập lại.")


def test_no_card(station: Any) -> None:
    result = idcard(station, "read", "--can", "999991")
    assert (result.returncode, result.stdout) == (3, "")
    assert "[card_removed] Put the card on the reader" in result.stderr


def test_a_card_that_is_taken_away(station: Any) -> None:
    station.put("honest", leave_after=20)
    result = idcard(station, "read", "--can", *trust(station), given=station.printed("can"))
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr.count("\n") == 1
    assert "[card_removed]" in result.stderr
