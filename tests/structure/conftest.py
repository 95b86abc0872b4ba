"""The source as data: files that are under version control, and their syntax trees."""

import ast
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tracked(root: Path) -> tuple[Path, ...]:
    """Every file that is, or is about to be, under version control; relative to the checkout."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    return tuple(Path(name) for name in sorted(listing.split("\0")) if name and (root / name).is_file())


@pytest.fixture(scope="session")
def modules(root: Path, tracked: tuple[Path, ...]) -> Mapping[str, ast.Module]:
    """The syntax tree of every module of both packages, by dotted name; a package by the name of its folder."""
    found = {}
    for path in tracked:
        if path.suffix == ".py" and path.parts[0] in ("idcard", "kiosk"):
            parts = path.with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found[name] = ast.parse((root / path).read_text(encoding="utf-8"), filename=str(path))
    return found


@pytest.fixture(scope="session")
def imports_of(modules: Mapping[str, ast.Module]) -> Callable[[str], tuple[str, ...]]:
    """What a module imports, as dotted names; a module and its names are told apart where the module is ours."""

    def each(name: str) -> Iterator[str]:
        for node in ast.walk(modules[name]):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{name}: imports are absolute"
                for alias in node.names:
                    full = f"{node.module}.{alias.name}"
                    yield full if full in modules else str(node.module)

    return lambda name: tuple(sorted(set(each(name))))
