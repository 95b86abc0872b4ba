"""The matrix of OWASP ASVS 5.0.0: every requirement of our levels stands in it once, and what it names is there."""

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

FILE = "docs/security/asvs.toml"
LEVELS = {
    **{"1.1": "22", "1.2": "1111122223", "1.3": "112222222223", "1.4": "222", "1.5": "123"},
    **{"2.1": "122", "2.2": "112", "2.3": "12223", "2.4": "23"},
    **{"3.1": "3", "3.2": "113", "3.3": "12223", "3.4": "11222233", "3.5": "11122333", "3.6": "3", "3.7": "22333"},
    **{"4.1": "12233", "4.2": "23333", "4.3": "22", "4.4": "1222"},
    **{"5.1": "2", "5.2": "112333", "5.3": "113", "5.4": "222"},
    **{"6.1": "122", "6.2": "111111112222", "6.3": "11223333", "6.4": "112233", "6.5": "22222333"},
    **{"6.6": "2223", "6.7": "33", "6.8": "2222"},
    **{"7.1": "222", "7.2": "1111", "7.3": "22", "7.4": "11222", "7.5": "223", "7.6": "22"},
    **{"8.1": "1233", "8.2": "1123", "8.3": "133", "8.4": "23"},
    **{"9.1": "111", "9.2": "1222"},
    **{"10.1": "22", "10.2": "223", "10.3": "22223", "10.4": "1111122222233333", "10.5": "22222"},
    **{"10.6": "22", "10.7": "222"},
    **{"11.1": "2233", "11.2": "22233"},
    **{"11.3": "11233", "11.4": "1222", "11.5": "23", "11.6": "23", "11.7": "33"},
    **{"12.1": "12233", "12.2": "11", "12.3": "22223"},
    **{"13.1": "2333", "13.2": "222223", "13.3": "2233", "13.4": "1222233"},
    **{"14.1": "22", "14.2": "12223333", "14.3": "122"},
    **{"15.1": "12233", "15.2": "12233", "15.3": "1222222", "15.4": "3333"},
    **{"16.1": "2", "16.2": "22222", "16.3": "2222", "16.4": "222", "16.5": "2223"},
    **{"17.1": "23", "17.2": "22223333", "17.3": "22"},
}
"""The level of each requirement of each section, one after the other. Source: OWASP ASVS 5.0.0."""
TO_THE_THIRD = frozenset({6, 7, 9, 11, 12, 16})
"""Chapters of which level 3 is asked too: authentication and sessions, tokens, cryptography, communication, logs."""
HOW_BAD = ("low", "medium", "high")
KINDS = {
    frozenset({"met", "tests"}),
    frozenset({"met", "pages"}),
    frozenset({"no"}),
    frozenset({"gap", "bad"}),
    frozenset({"gap", "bad", "tests"}),
}

Row = Mapping[str, Any]


@pytest.fixture(scope="module")
def rows(root: Path) -> Mapping[str, Row]:
    return tomllib.loads((root / FILE).read_text("utf-8"))


def _levels() -> dict[str, int]:
    return {f"{part}.{n}": int(level) for part, levels in LEVELS.items() for n, level in enumerate(levels, 1)}


def test_the_standard_has_345_requirements() -> None:
    assert Counter(_levels().values()) == {1: 70, 2: 183, 3: 92}


def test_every_requirement_of_our_levels_is_there_and_no_other(rows: Mapping[str, Row]) -> None:
    asked = {id: level for id, level in _levels().items() if level < 3 or int(id.split(".")[0]) in TO_THE_THIRD}
    assert {id: row["level"] for id, row in rows.items()} == asked
    ours = [[int(part) for part in id.split(".")] for id in rows]
    assert ours == sorted(ours), "in the standard's order"


def test_each_row_says_what_does_it_or_why_it_does_not_apply_or_what_is_missing(rows: Mapping[str, Row]) -> None:
    assert not [id for id, row in rows.items() if frozenset(row) - {"level", "asks"} not in KINDS]
    assert not [id for id, row in rows.items() for value in row.values() if value in ("", [])]
    assert not [id for id, row in rows.items() if row.get("bad", "low") not in HOW_BAD]


def test_every_named_test_and_page_exists(root: Path, rows: Mapping[str, Row]) -> None:
    named = {test for row in rows.values() for test in row.get("tests", ())}
    assert not [test for test in sorted(named) if not _exists(root, test)]
    pages = {page for row in rows.values() for page in row.get("pages", ())}
    assert not [page for page in sorted(pages) if not (root / "docs" / page).is_file()]


def test_nothing_bad_is_left_open(rows: Mapping[str, Row]) -> None:
    """A gap that lets a stranger in, or out with what is known of people, is mended and not listed."""
    assert not [id for id, row in rows.items() if row.get("bad") == "high"]


def test_the_page_says_how_many(root: Path, rows: Mapping[str, Row]) -> None:
    said = (root / "docs" / "security.md").read_text("utf-8")
    counts = Counter(next(kind for kind in ("met", "gap", "no") if kind in row) for row in rows.values())
    bad = Counter(row["bad"] for row in rows.values() if "bad" in row)
    for words, many in (("Met", counts["met"]), ("Does not apply", counts["no"]), ("Gaps, low", bad["low"])):
        assert f"| {words} | {many} |" in said
    assert f"| Gaps, medium | {bad['medium']} |" in said


def test_our_words_are_short(rows: Mapping[str, Row]) -> None:
    """The standard's sentences are its own; what is asked is named here, not copied."""
    assert not [id for id, row in rows.items() if len(row["asks"].split()) > 12 or row["asks"].startswith("Verify")]


def _exists(root: Path, test: str) -> bool:
    path, _, name = test.partition("::")
    return name in _names(root / "tests" / path)


@cache
def _names(file: Path) -> frozenset[str]:
    if not file.is_file() or not re.fullmatch(r"test_\w+\.py", file.name):
        return frozenset()
    tree = ast.parse(file.read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
