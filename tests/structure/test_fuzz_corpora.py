"""What fuzzing starts from and what it kept goes through every parser, each input as documented."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

PROGRAM = """
import sys
sys.path.insert(0, "tests/fuzz")
from seeds import every_seed, kept
from targets import TARGETS, call
tried, begun = 0, set()
for name, seed in every_seed():
    call(TARGETS[name], seed)
    begun.add(name)
    tried += 1
for name, target in TARGETS.items():
    for found in kept(name):
        call(target, found)
        tried += 1
print(tried, *sorted(TARGETS), "without", *sorted(TARGETS.keys() ^ begun))
"""


def output(root: Path, *arguments: str) -> str:
    run = subprocess.run(
        [sys.executable, "-W", "error", *arguments], cwd=root, capture_output=True, text=True, timeout=170, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.fixture(scope="module")
def tried_and_targets(root: Path) -> Sequence[str]:
    return output(root, "-c", PROGRAM).split()


def test_every_kept_input_ends_as_documented(tried_and_targets: Sequence[str]) -> None:
    assert int(tried_and_targets[0]) > 200


def test_every_corpus_has_its_parser(root: Path, tried_and_targets: Sequence[str]) -> None:
    kept = {path.stem for path in (root / "tests" / "fuzz" / "corpus").iterdir()}
    assert kept
    assert kept <= set(tried_and_targets[1 : tried_and_targets.index("without")])


def test_every_parser_has_something_to_start_from(tried_and_targets: Sequence[str]) -> None:
    assert tried_and_targets[-1] == "without"
