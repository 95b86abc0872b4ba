"""What ``mutate.py`` changes: each operator, constant and condition of a module, one at a time."""

import ast
import copy
import importlib.abc
import importlib.util
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import FunctionType, ModuleType

_PLAIN = {"property", "classmethod", "staticmethod"}
_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_OUTCOMES = {"PASSED": "INCONCLUSIVE", "FAILED": "PASSED", "INCONCLUSIVE": "PASSED", "NOT_PERFORMED": "PASSED"}


@dataclass(frozen=True)
class Change:
    """One change of a module: the line, what it does, and the function that it is in."""

    line: int
    what: str
    function: str | None
    node: int
    way: int

    def of(self, tree: ast.Module) -> ast.Module:
        """The changed module."""
        changed = copy.deepcopy(tree)
        twin = next(each for at, each in enumerate(ast.walk(changed)) if at == self.node)
        _apply(changed, twin, self.way)
        return ast.fix_missing_locations(changed)


def changes(tree: ast.Module) -> Iterator[Change]:
    """Every change of a module, one at a time."""
    # Decorators say how a value is made, which its tests and the house's rules look at.
    decorators = {id(each) for node in ast.walk(tree) for one in _decorators(node) for each in ast.walk(one)}
    for number, node in enumerate(ast.walk(tree)):
        if id(node) in decorators:
            continue
        for way, what in enumerate(_ways(node)):
            line = getattr(node, "lineno", 0)
            yield Change(line=line, what=what, function=_function_at(tree, line), node=number, way=way)


def _function_at(tree: ast.Module, line: int) -> str | None:
    """The outermost function whose body that line belongs to, or None."""
    found = (one.name for one in functions(tree) if one.node.body[0].lineno <= line <= (one.node.end_lineno or 0))
    return next(found, None)


@dataclass(frozen=True)
class Function:
    """A function of a module, or a method of one of its classes; ``plain`` where every call enters it."""

    owner: str | None
    node: ast.FunctionDef

    @property
    def name(self) -> str:
        return f"{self.owner or ''}.{self.node.name}"

    @property
    def plain(self) -> bool:
        return all(isinstance(one, ast.Name) and one.id in _PLAIN for one in self.node.decorator_list)

    def within(self, module: ModuleType) -> FunctionType:
        """What runs when it is called, without its decorators."""
        found = vars(getattr(module, self.owner) if self.owner else module)[self.node.name]
        for inside in ("fget", "__func__", "func"):
            found = getattr(found, inside, found)
        function = inspect.unwrap(found)
        assert isinstance(function, FunctionType)
        return function


def functions(tree: ast.Module) -> list[Function]:
    """The functions of a module and the methods of its classes."""
    owners: list[tuple[str | None, list[ast.stmt]]] = [(None, tree.body)]
    owners += [(node.name, node.body) for node in tree.body if isinstance(node, ast.ClassDef)]
    return [Function(owner, node) for owner, body in owners for node in body if isinstance(node, ast.FunctionDef)]


def watched(tree: ast.Module) -> ast.Module:
    """The module with a call of ``__entered__`` at the beginning of each function."""
    copied = copy.deepcopy(tree)
    for one in functions(copied):
        call = ast.parse(f"__entered__({one.name!r})").body
        one.node.body[:0] = [ast.copy_location(each, one.node.body[0]) for each in call]
    return ast.fix_missing_locations(copied)


def put_in(module: ModuleType, path: Path, tree: ast.Module) -> set[str]:
    """Give the functions of an imported module the code that they have in ``tree``.

    :returns: where the tree is watched, the functions that are entered while the module is imported.
    """
    entered: set[str] = set()
    fresh = ModuleType(module.__name__)
    fresh.__dict__["__entered__"] = entered.add
    exec(compile(tree, path, "exec"), fresh.__dict__)
    for one in functions(tree):
        one.within(module).__code__ = one.within(fresh).__code__
    return entered


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
