"""Evidence that ``idcard read`` saves from a card behind pcscd, judged again when the card is gone."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from idcard import device_fingerprint

COMMAND = (sys.executable, "-c", "from idcard.cli import main; main()")


def idcard(station: Any, *arguments: str) -> Any:
    result = station.run(*COMMAND, *arguments, "--trust", str(station.trust), "--json")
    assert "Traceback" not in result.stderr
    return result


@pytest.mark.parametrize("card", ["honest", "honest_rsa", "bac_only", "altered_dg13", "foreign_issuer", "cloned_chip"])
def test_a_saved_reading_gets_the_same_verdict_again(station: Any, tmp_path: Path, card: str) -> None:
    station.put(card)
    file, device = tmp_path / "visit", tmp_path / "device.key"
    key = Ed25519PrivateKey.generate()
    device.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    saving = ("--save", str(file), "--keep", "everything", "--sign", str(device))
    read = idcard(station, "read", "--mrz", station.printed("mrz"), *saving)
    station.clear()
    again = idcard(station, "verify", str(file), "--device", device_fingerprint(key.public_key()))
    first, second = json.loads(read.stdout), json.loads(again.stdout)
    assert read.returncode == again.returncode == (0 if card in ("honest", "honest_rsa", "bac_only") else 1)
    assert first["verdict"]["facts"] == second["verdict"]["facts"] == second["recorded"]["facts"]
    assert first["identity"] == second["identity"]


def test_by_default_only_the_verdict_is_kept(station: Any, tmp_path: Path) -> None:
    station.put("honest")
    file = tmp_path / "visit"
    assert idcard(station, "read", "--can", station.printed("can"), "--save", str(file)).returncode == 0
    told = json.loads(idcard(station, "verify", str(file)).stdout)
    assert (told["met"], told["recorded"]["met"], told["files"], told["identity"]) == (False, True, ["DG15"], None)
