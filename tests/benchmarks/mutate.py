"""Changes the code of ``idcard/verification`` in one place at a time and looks whether a test notices.

    python tests/benchmarks/mutate.py                  every module
    python tests/benchmarks/mutate.py policy verdict   only these
    python tests/benchmarks/mutate.py --list policy    what would be changed

Theory of operation. A change swaps a comparison, ``and`` with ``or``, an outcome or a truth value, takes a ``not``
away, moves a number by one, lets a condition be always or never true, or drops a ``raise``. Each runs in a child of its
own, forked after everything heavy was imported, with the changed module in place of the one on disk; nothing is
written. A change that no test notices is printed: the code or the tests can do without something. A child that takes
too long counts as noticed. First the unchanged module must pass, or nothing would be shown.
"""

import argparse
import ast
import copy
import importlib.abc
import importlib.util
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]
PACKAGE = "idcard.verification"
SOURCE = ROOT / "idcard" / "verification"
TESTS = ROOT / "tests" / "idcard" / "verification"
TIMEOUT_S = 120
# Texts and drawing are read by people; the rest of the package is judged.
LEFT_OUT = {"__init__", "words", "html_texts"}
# Slow, and never the only ones to notice.
SLOW = ("test_card_properties.py", "test_passive_authentication_vectors.py")

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_OUTCOMES = {"PASSED": "INCONCLUSIVE", "FAILED": "PASSED", "INCONCLUSIVE": "PASSED", "NOT_PERFORMED": "PASSED"}


@dataclass(frozen=True)
class Change:
    """One change: the line, what it does, and the changed module."""

    line: int
    what: str
    tree: ast.Module


def changes(tree: ast.Module) -> Iterator[Change]:
    """Every change of a module, one at a time."""
    # Decorators say how a value is made, which its tests and the house's rules look at.
    decorators = {id(each) for node in ast.walk(tree) for one in _decorators(node) for each in ast.walk(one)}
    for number, node in enumerate(ast.walk(tree)):
        if id(node) in decorators:
            continue
        for index, what in enumerate(_ways(node)):
            changed = copy.deepcopy(tree)
            twin = next(each for at, each in enumerate(ast.walk(changed)) if at == number)
            _apply(changed, twin, index)
            yield Change(line=getattr(node, "lineno", 0), what=what, tree=ast.fix_missing_locations(changed))


def _decorators(node: ast.AST) -> list[ast.expr]:
    return node.decorator_list if isinstance(node, ast.ClassDef | ast.FunctionDef) else []


def _ways(node: ast.AST) -> list[str]:
    """In how many ways a node can be changed, in words."""
    match node:
        case ast.Compare(ops=ops):
            return [f"{type(op).__name__} -> {_COMPARISONS[type(op)].__name__}" for op in ops]
        case ast.BoolOp(op=op):
            return [f"{type(op).__name__} swapped"]
        case ast.UnaryOp(op=ast.Not()):
            return ["not taken away"]
        case ast.Constant(value=bool(value)):
            return [f"{value} -> {not value}"]
        case ast.Constant(value=int(value)):
            return [f"{value} -> {value + 1}"]
        case ast.BinOp(op=ast.Add() | ast.Sub() | ast.BitAnd() | ast.BitOr()):
            return [f"{type(node.op).__name__} swapped"]
        case ast.Attribute(value=ast.Name(id="Outcome"), attr=attr) if attr in _OUTCOMES:
            return [f"{attr} -> {_OUTCOMES[attr]}"]
        case ast.If() | ast.IfExp():
            return ["condition always true", "condition never true"]
        case ast.Raise():
            return ["raise dropped"]
    return []


def _apply(tree: ast.Module, node: ast.AST, index: int) -> None:
    match node:
        case ast.Compare(ops=ops):
            ops[index] = _COMPARISONS[type(ops[index])]()
        case ast.BoolOp(op=op):
            node.op = ast.And() if isinstance(op, ast.Or) else ast.Or()
        case ast.UnaryOp():
            node.op, node.operand = ast.Not(), ast.UnaryOp(op=ast.Not(), operand=node.operand)
        case ast.Constant(value=bool(value)):
            node.value = not value
        case ast.Constant(value=int(value)):
            node.value = value + 1
        case ast.BinOp(op=op):
            swapped = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd}
            node.op = swapped[type(op)]()
        case ast.Attribute(attr=attr):
            node.attr = _OUTCOMES[attr]
        case ast.If() | ast.IfExp():
            node.test = ast.Constant(value=index == 0)
        case ast.Raise():
            _replace(tree, node, ast.Pass())


def _replace(tree: ast.Module, old: ast.stmt, new: ast.stmt) -> None:
    for parent in ast.walk(tree):
        for _, value in ast.iter_fields(parent):
            if isinstance(value, list) and old in value:
                value[value.index(old)] = new


class Instead(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives the changed module where it is asked for."""

    def __init__(self, name: str, path: Path, tree: ast.Module) -> None:
        self.name, self.path, self.tree = name, path, tree

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.tree, self.path, "exec"), module.__dict__)


def noticed(name: str, path: Path, tree: ast.Module) -> bool:
    """Whether a test fails, or nothing ends, with this module in place of its own."""
    child = os.fork()
    if child == 0:
        os.setsid()
        _run(Instead(name, path, tree), path.stem)
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status) != 0
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def _run(instead: Instead, stem: str) -> None:
    """Run the tests in this child, those of the module itself first, and end with their exit code."""
    import pytest

    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    sys.meta_path.insert(0, instead)
    code: int = 70
    try:
        own = TESTS / f"test_{stem}.py"
        rest = [path for path in sorted(TESTS.glob("test_*.py")) if path.name not in SLOW and path != own]
        files = [str(path) for path in ([own] if own.exists() else []) + rest]
        options = ["-x", "-q", "--assert=plain"]
        code = int(pytest.main([*options, *files]))
    finally:
        os._exit(code)


def survivors(stem: str) -> tuple[int, list[str]]:
    """How many changes a module allows, and those that no test noticed."""
    path = SOURCE / f"{stem}.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    lines = path.read_text(encoding="utf-8").splitlines()
    if noticed(f"{PACKAGE}.{stem}", path, tree):
        raise SystemExit(f"{stem}: its tests fail without any change")
    every = list(changes(tree))
    alive = [
        f"{stem}.py:{change.line}: {change.what}: {lines[change.line - 1].strip()}"
        for change in every
        if not noticed(f"{PACKAGE}.{stem}", path, change.tree)
    ]
    return len(every), alive


def main(arguments: Sequence[str]) -> int:
    """Print the survivors of each module; the exit code says whether there are any."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", help="modules of idcard/verification, without .py")
    parser.add_argument("--list", action="store_true", help="print the changes and run nothing")
    options = parser.parse_args(arguments)
    modules = options.modules or sorted(path.stem for path in SOURCE.glob("*.py") if path.stem not in LEFT_OUT)
    if options.list:
        for stem in modules:
            for change in changes(ast.parse((SOURCE / f"{stem}.py").read_text(encoding="utf-8"))):
                print(f"{stem}.py:{change.line}: {change.what}")
        return 0
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    for heavy in ("asn1crypto.x509", "cryptography.x509", "hypothesis", "jsonschema", "PIL.Image", "pytest", "segno"):
        importlib.import_module(heavy)
    total = left = 0
    for stem in modules:
        count, alive = survivors(stem)
        total, left = total + count, left + len(alive)
        print(f"{stem}: {count} changes, {len(alive)} survive", *alive, sep="\n  ", flush=True)
    print(f"{total} changes, {left} survive")
    return min(left, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
