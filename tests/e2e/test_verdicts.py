"""Each dishonest card fails in its own fact and in no other that could hide it, through a real PC/SC daemon."""

import json
import sys
from collections.abc import Mapping
from typing import Any

import pytest

COMMAND = (sys.executable, "-c", "from idcard.cli import main; main()")

HONEST = {
    "integrity": "passed",
    "signature": "passed",
    "trust": "passed",
    "genuine_chip": "passed",
    "access": "passed",
    "validity": "passed",
    "consistency": "passed",
}
# A chip proves nothing where its issuer is not trusted: a clone has a key pair of its own.
DISHONEST: Mapping[str, Mapping[str, str]] = {
    "altered_dg1": {"integrity": "failed"},
    "altered_dg13": {"integrity": "failed"},
    "foreign_issuer": {"trust": "failed"},
    "unknown_issuer": {"trust": "inconclusive"},
    "cloned_chip": {"genuine_chip": "failed"},
}


def outcomes(station: Any, card: str, key: str = "can") -> tuple[int, dict[str, str]]:
    """The exit code, and the outcome of every fact."""
    station.put(card)
    option = f"--{key.replace('_', '-')}"
    result = station.run(*COMMAND, "read", option, "--json", "--trust", str(station.trust), given=station.printed(key))
    told = json.loads(result.stdout)
    return result.returncode, {fact["name"]: fact["outcome"] for fact in told["verdict"]["facts"]}


@pytest.mark.parametrize("card", ["honest", "honest_rsa"])
def test_every_fact_of_an_honest_card_has_passed(station: Any, card: str) -> None:
    code, facts = outcomes(station, card)
    assert code == 0
    assert facts == {**HONEST, "revocation": "not_performed"}


@pytest.mark.parametrize("card", DISHONEST)
def test_a_dishonest_card_fails_in_its_own_fact(station: Any, card: str) -> None:
    code, facts = outcomes(station, card)
    assert code == 1
    assert {name: facts[name] for name in DISHONEST[card]} == DISHONEST[card]
    assert facts["signature"] == "passed", "the forgers here sign, each with what they have"
    if card.startswith("altered"):
        assert facts["trust"] == "passed", "what was signed was signed by the real issuer"


@pytest.mark.parametrize("card", ["foreign_issuer", "unknown_issuer"])
def test_no_chip_is_genuine_without_trust(station: Any, card: str) -> None:
    _, facts = outcomes(station, card)
    assert facts["genuine_chip"] != "passed"


def test_an_expired_signer_is_no_path_to_the_anchor(station: Any) -> None:
    code, facts = outcomes(station, "expired_signer")
    assert code == 1
    assert facts["trust"] != "passed"
    assert facts["integrity"] == facts["signature"] == "passed"


def test_the_qr_of_the_card_is_compared_with_the_chip(station: Any) -> None:
    code, facts = outcomes(station, "honest", "card_qr")
    assert (code, facts["consistency"]) == (0, "passed")
    other = station.printed("card_qr").replace("Mẫu", "Khác")
    result = station.run(*COMMAND, "read", "--card-qr", "--json", "--trust", str(station.trust), given=other)
    facts = {fact["name"]: fact["outcome"] for fact in json.loads(result.stdout)["verdict"]["facts"]}
    assert (result.returncode, facts["consistency"]) == (1, "failed")


@pytest.mark.parametrize("commands", [0, 1, 4, 7, 9, 60, 100])
def test_a_card_may_leave_at_any_moment(station: Any, commands: int) -> None:
    station.put("honest", leave_after=commands)
    result = station.run(*COMMAND, "read", "--can", "--trust", str(station.trust), given=station.printed("can"))
    assert (result.returncode, result.stdout) == (3, "")
    assert "[card_removed]" in result.stderr
    assert result.stderr.count("\n") == 1


def test_the_next_card_is_read_after_one_that_left(station: Any) -> None:
    station.put("honest", leave_after=30)
    station.run(*COMMAND, "read", "--can", "--trust", str(station.trust), given=station.printed("can"))
    station.clear()
    assert outcomes(station, "honest")[0] == 0


@pytest.mark.parametrize("command", [("readers",), ("read", "--can", "999991")])
def test_without_the_card_service(station: Any, command: tuple[str, ...]) -> None:
    station.environment["PCSCLITE_CSOCK_NAME"] = str(station.directory / "nobody.comm")
    try:
        result = station.run(*COMMAND, *command)
    finally:
        station.environment["PCSCLITE_CSOCK_NAME"] = str(station.directory / "pcscd.comm")
    assert (result.returncode, result.stdout) == (3, "")
    assert "[reader_missing]" in result.stderr
    assert result.stderr.count("\n") == 1


def test_nothing_of_the_person_is_in_an_error(station: Any) -> None:
    digits = station.printed("can")
    station.put("honest", leave_after=40)
    result = station.run(*COMMAND, "read", "--can", "--trust", str(station.trust), given=digits)
    assert result.returncode == 3
    assert not [secret for secret in (digits, "Mẫu", "MAU", "NGUYEN") if secret in result.stderr + result.stdout]
