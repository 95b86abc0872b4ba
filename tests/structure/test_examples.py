"""Every example runs as its own documentation says."""

import subprocess
import sys
from pathlib import Path

import pytest

RUNS = {
    "read_and_judge.py": "Verified. Born in 1990",
    "card_qr_to_keys.py": "keys: Can, MrzKey",
    "hand_off_code.py": "shown first: good; shown again: not good",
    "backend_challenge.py": "Accepted. Born in 1990\nThe same evidence again: chip_replayed\n",
    "webhook_receiver.py": "good: 204, again: 204, altered: 400, old: 400",
    "hl7_receiver.py": "answered: AA",
    "what_leaves.py": "adt_a04.hl7: ",
}


def run(root: Path, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-W", "error", str(root / "examples" / name), *arguments]
    return subprocess.run(program, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("name", RUNS)
def test_the_example_runs_with_a_simulated_card(root: Path, name: str) -> None:
    result = run(root, name, "--simulated")
    assert result.returncode == 0, result.stderr
    assert RUNS[name] in result.stdout
    assert result.stderr == ""


@pytest.mark.parametrize("name", RUNS)
def test_the_example_shows_nothing_of_the_person(root: Path, name: str) -> None:
    output = run(root, name, "--simulated").stdout
    assert not [secret for secret in ("Nguyễn", "NGUYEN", "Trần", "TRAN", "99999", "0361") if secret in output]


def test_the_example_says_in_one_line_that_the_trust_store_is_missing(root: Path, tmp_path: Path) -> None:
    result = run(root, "read_and_judge.py", "--trust", str(tmp_path / "nowhere"))
    assert result.returncode == 1
    assert result.stderr.startswith("configuration: ")
    assert result.stderr.count("\n") == 1


def test_there_is_no_example_that_is_not_run(root: Path) -> None:
    assert {path.name for path in (root / "examples").glob("*.py")} == set(RUNS)
