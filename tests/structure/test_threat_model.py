"""The threat model: every threat and every hazard has a test that exists, or says what is missing."""

import ast
import re
from pathlib import Path

import pytest

NAMED = re.compile(r"`((?:[\w.]+/)+test_\w+\.py)::(test_\w+)`")
MOST = 8
"""How bad times how likely a hazard may be."""


@pytest.fixture(scope="module")
def text(root: Path) -> str:
    return (root / "docs" / "threat-model.md").read_text("utf-8")


def _rows(text: str, letter: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if re.match(rf"\| {letter}\d\d \|", line)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_named_test_exists(root: Path, text: str) -> None:
    missing = []
    for path, name in NAMED.findall(text):
        file = root / "tests" / path
        tree = ast.parse(file.read_text("utf-8")) if file.exists() else ast.Module([], [])
        if name not in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}:
            missing.append(f"{path}::{name}")
    assert not missing


@pytest.mark.parametrize(("letter", "least"), [("T", 40), ("H", 12)])
def test_every_row_is_shown_or_says_what_is_missing(text: str, letter: str, least: int) -> None:
    rows = _rows(text, letter)
    assert len(rows) >= least
    assert [row[0] for row in rows] == [f"{letter}{number:02}" for number in range(1, len(rows) + 1)]
    assert not [row[0] for row in rows if not NAMED.search(row[-1]) and not row[-1].startswith("missing: ")]


def test_no_hazard_is_above_what_may_go_live(text: str) -> None:
    assert not [row[0] for row in _rows(text, "H") if int(row[3]) * int(row[4]) > MOST]
