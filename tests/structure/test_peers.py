"""The comparison with other readers: every yes of ours names a test that exists."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

NAMED = re.compile(r"`((?:[\w.]+/)+test_\w+\.py)(?:::(test_\w+))?`")


def rows(root: Path) -> list[list[str]]:
    """The rows of all tables, without their heads."""
    text = (root / "docs" / "peers.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("|") and not line.startswith("| --- ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def matrix(root: Path) -> list[list[str]]:
    """The rows that compare features."""
    return [row for row in rows(root) if len(row) == 20 and row[0] != "Feature"]


def named(root: Path) -> Iterator[tuple[str, str]]:
    yield from NAMED.findall((root / "docs" / "peers.md").read_text(encoding="utf-8"))


def test_every_named_test_exists(root: Path) -> None:
    missing = []
    for path, name in named(root):
        file = root / "tests" / path
        functions = (
            {node.name for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)}
            if file.exists()
            else set()
        )
        if not file.exists() or (name and name not in functions):
            missing.append(f"{path}::{name}")
    assert not missing


def test_every_feature_of_any_peer_is_ours(root: Path) -> None:
    assert len(matrix(root)) > 60
    for feature, ours, shown, *theirs in matrix(root):
        if ours == "–":
            assert feature == "phone NFC", "the one thing that is out of scope"
            assert shown.startswith("out of scope")
            continue
        assert ours == "y", feature
        assert NAMED.search(shown), f"{feature} is shown by no test"
        assert len(theirs) == 17


@pytest.mark.parametrize("heading", ["## What nobody else had", "## Codes", "## Manners of cards and readers"])
def test_every_other_row_names_a_test(root: Path, heading: str) -> None:
    text = (root / "docs" / "peers.md").read_text(encoding="utf-8")
    section = text.partition(heading)[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ") and "---" not in line][1:]
    assert lines
    assert all(NAMED.search(line) for line in lines)
