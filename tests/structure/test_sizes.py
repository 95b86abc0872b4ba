"""Lengths: one bound, and figures that are printed and bind nobody."""

import ast
import statistics
from collections.abc import Mapping
from pathlib import Path

import pytest

FILE_LINES = 400


def test_no_file_is_too_long(root: Path, tracked: tuple[Path, ...]) -> None:
    lengths = {
        str(path): len((root / path).read_text(encoding="utf-8").splitlines())
        for path in tracked
        if path.suffix in (".py", ".sh", ".js", ".css", ".html") or path.parts[0] == "script"
    }
    assert not {path: lines for path, lines in lengths.items() if lines >= FILE_LINES}


def test_function_lengths_are_reported(modules: Mapping[str, ast.Module], capsys: pytest.CaptureFixture[str]) -> None:
    functions = [
        node
        for tree in modules.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    lengths = sorted(1 + (node.end_lineno or node.lineno) - node.lineno for node in functions)
    documented = sum(ast.get_docstring(node) is not None for node in functions) / len(functions)
    with capsys.disabled():
        print(
            f"\n  {len(functions)} functions: median {statistics.median(lengths):.0f} lines, "
            f"nine of ten up to {lengths[len(lengths) * 9 // 10]}, longest {lengths[-1]}; {documented:.0%} documented"
        )
    assert len(modules) > 50, "the figures are of the whole source"
