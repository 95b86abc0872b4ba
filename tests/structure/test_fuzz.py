"""The switch for more made-up inputs reaches both kinds of tests that make them up."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


def output(root: Path, *arguments: str, fuzz: str) -> str:
    environment = {**os.environ, "FUZZ": fuzz}
    environment.pop("PYTEST_ADDOPTS", None)
    run = subprocess.run(
        [sys.executable, *arguments], cwd=root, env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    return run.stdout


@pytest.mark.parametrize(("fuzz", "examples"), [("", 100), ("3", 300)])
def test_hypothesis_tries_so_many(root: Path, fuzz: str, examples: int) -> None:
    test = "tests/kiosk/domain/test_scans.py::test_any_utf_8_is_a_text"
    command = ("-m", "pytest", "-q", "--hypothesis-show-statistics", test)
    assert f"settings.max_examples={examples}\n" in output(root, *command, fuzz=fuzz)


@pytest.mark.parametrize(("fuzz", "inputs"), [("", 10_000), ("7", 70_000)])
def test_drawn_inputs_are_so_many(root: Path, fuzz: str, inputs: int) -> None:
    program = "import runpy; print(len(runpy.run_path('tests/conftest.py')['rounds_of'](10_000)))"
    assert int(output(root, "-c", program, fuzz=fuzz)) == inputs
