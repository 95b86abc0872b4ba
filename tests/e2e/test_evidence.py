"""Evidence that ``idcard read`` saves from a card behind pcscd, judged again when the card is gone."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

COMMAND = (sys.executable, "-c", "from idcard.cli import main; main()")


def idcard(station: Any, *arguments: str) -> Any:
    result = station.run(*COMMAND, *arguments, "--trust", str(station.trust), "--json")
    assert "Traceback" not in result.stderr
    return result


@pytest.mark.parametrize("card", ["honest", "honest_rsa", "bac_only", "altered_dg13", "foreign_issuer", "cloned_chip"])
def test_a_saved_reading_gets_the_same_verdict_again(station: Any, tmp_path: Path, card: str) -> None:
    station.put(card)
    file = tmp_path / "visit"
    read = idcard(station, "read", "--mrz", station.printed("mrz"), "--save", str(file), "--keep", "everything")
    station.clear()
    again = idcard(station, "verify", str(file))
    first, second = json.loads(read.stdout), json.loads(again.stdout)
    assert read.returncode == again.returncode == (0 if card in ("honest", "honest_rsa", "bac_only") else 1)
    assert first["verdict"]["facts"] == second["verdict"]["facts"] == second["recorded"]["facts"]
    assert first["identity"] == second["identity"]


def test_by_default_only_the_verdict_is_kept(station: Any, tmp_path: Path) -> None:
    station.put("honest")
    file = tmp_path / "visit"
    assert idcard(station, "read", "--can", station.printed("can"), "--save", str(file)).returncode == 0
    told = json.loads(idcard(station, "verify", str(file)).stdout)
    assert (told["met"], told["recorded"]["met"], told["files"], told["identity"]) == (False, True, [], None)
