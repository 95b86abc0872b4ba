"""Changes the code of ``idcard/verification`` in one place at a time and looks whether a test notices.

    python tests/benchmarks/mutate.py                  every module
    python tests/benchmarks/mutate.py policy verdict   only these
    python tests/benchmarks/mutate.py --list policy    what would be changed

Theory of operation. A change swaps a comparison, ``and`` with ``or``, an outcome or a truth value, takes a ``not``
away, moves a number by one, lets a condition be always or never true, or drops a ``raise``. A change that no test
notices is printed: the code or the tests can do without something. Nothing is written.

The tests are collected once. Each change then has a child of its own, forked where the tests would run. In it the
functions get the changed code, and the tests run until one fails; a child that takes too long counts as noticed. What
stands outside of functions was run when the module was imported, so such a change has the module and all that uses it
imported anew, in a child of a process that has imported nothing of ours.

First the unchanged module must pass, or nothing would be shown. That run tells, too, which tests enter which function,
so that a change is shown to those alone that can notice it; where a function is entered while something is prepared for
several tests, to all. First come the tests that noticed something lately, then the module's own, last those that take
long. Tests that make their own inputs make fewer than usual.

Too long is 180 s of wall clock. Where a machine has other work, all tests alone may take that long, and what nobody
notices would count as noticed: set MUTATE_TIMEOUT_S to more there.
"""

import argparse
import ast
import gc
import importlib
import json
import os
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, NoReturn

import pytest
from _changes import Change, Instead, changes, functions, put_in, watched
from hypothesis import settings

ROOT = Path(__file__).parents[2]
PACKAGE = "idcard.verification"
SOURCE = ROOT / "idcard" / "verification"
TESTS = ROOT / "tests" / "idcard" / "verification"
TIMEOUT_S = float(os.environ.get("MUTATE_TIMEOUT_S", "180"))
LONG_S = 0.1
LATELY = 16
FIRST_FILES = 3
EXAMPLES = 25
ANY = "any"
# Texts and drawing are read by people; the rest of the package is judged.
LEFT_OUT = {"__init__", "words", "html_texts", "reason_texts", "qr_reason_texts"}
# Slow, and never the only ones to notice.
SLOW = {"test_card_properties.py", "test_passive_authentication_vectors.py"}
SLOW_WHERE_DRAWN = {"test_resigned_properties.py"}
FAILED, BROKEN = 1, 70


@dataclass
class Seen:
    """What a child saw: the tests that failed, those that took long, and those that entered a function."""

    failed: list[str] = field(default_factory=list)
    long: list[str] = field(default_factory=list)
    entered: dict[str, list[str]] = field(default_factory=dict)


def child(work: Callable[[IO[str]], int]) -> tuple[int | None, Seen]:
    """The exit code of a child that does this work, None where it took too long, and what it saw."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as told:
        process = os.fork()
        if process == 0:
            _work(work, told)
        deadline = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline:
            ended, status = os.waitpid(process, os.WNOHANG)
            if ended:
                told.seek(0)
                return os.waitstatus_to_exitcode(status), Seen(**json.loads(told.read() or "{}"))
            time.sleep(0.01)
        os.killpg(process, signal.SIGKILL)
        os.waitpid(process, 0)
        return None, Seen()


def _work(work: Callable[[IO[str]], int], told: IO[str]) -> NoReturn:
    code = BROKEN
    try:
        os.setsid()
        gc.disable()
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        code = work(told)
        told.flush()
    finally:
        os._exit(code)


class Module:
    """A module of the package, and its changes."""

    def __init__(self, stem: str) -> None:
        self.stem, self.name, self.path = stem, f"{PACKAGE}.{stem}", SOURCE / f"{stem}.py"
        text = self.path.read_text(encoding="utf-8")
        self.tree, self.lines = ast.parse(text), text.splitlines()
        self.changes = list(changes(self.tree))
        self.plain = {one.name for one in functions(self.tree) if one.plain}
        self.alive: list[str] = []
        self.at_import = set(child(self._entered_at_import)[1].failed)

    def _entered_at_import(self, told: IO[str]) -> int:
        entered = put_in(importlib.import_module(self.name), self.path, watched(self.tree))
        json.dump({"failed": sorted(entered)}, told)
        return 0

    def outside(self) -> Iterator[tuple[int, Change]]:
        """The changes of what runs when the module is imported."""
        return ((number, one) for number, one in enumerate(self.changes) if self._runs_at_import(one))

    def within(self) -> Iterator[tuple[int, Change]]:
        """The changes of functions that are entered later only."""
        return ((number, one) for number, one in enumerate(self.changes) if not self._runs_at_import(one))

    def _runs_at_import(self, change: Change) -> bool:
        return change.function is None or change.function in self.at_import

    def tell(self, number: int, change: Change, code: int | None) -> None:
        """Print the change where no test noticed it.

        :raises SystemExit: where this program could not try it.
        """
        print(f"{self.stem} {number}/{len(self.changes)}", end="\r", file=sys.stderr)
        what = f"{self.stem}.py:{change.line}: {change.what}: {self.lines[change.line - 1].strip()}"
        if code == BROKEN:
            raise SystemExit(f"cannot be tried: {what}")
        if code == 0:
            self.alive.append(what)
            print(f"  {what}", flush=True)


class Quick:
    """A pytest plugin that leaves out tests that draw their inputs, where that takes long."""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [
            item
            for item in items
            if item.path.name not in SLOW_WHERE_DRAWN or not item.get_closest_marker("hypothesis")
        ]


class InPlace(Quick):
    """A pytest plugin that, instead of running the tests once, runs them for each change within a function."""

    def __init__(self, modules: Sequence[Module]) -> None:
        self.modules = modules
        self.lately: list[str] = []
        self.noticed: Counter[str] = Counter()
        self.usual = Seen()
        self.now = ANY
        self.entered: dict[str, set[str]] = defaultdict(set)
        self.since = 0.0
        self.seen = Seen()
        self.ended = False

    def pytest_collection(self) -> None:
        # After the house's profile was loaded, and before any test is.
        settings.register_profile("mutation", settings(), max_examples=EXAMPLES)
        settings.load_profile("mutation")

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.now = nodeid
        self.since = time.process_time()

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[object]) -> Iterator[None]:
        before, self.now = self.now, self.now if fixturedef.scope == "function" else ANY
        try:
            return (yield)
        finally:
            self.now = before

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.seen.failed.append(report.nodeid)
        if report.when == "call" and time.process_time() - self.since > LONG_S:
            self.seen.long.append(report.nodeid)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        for module in self.modules:
            importlib.import_module(module.name)
        self._prepare(session.items)
        gc.freeze()
        code, self.usual = child(lambda told: self._watch(session.items, told))
        if code != 0:
            raise SystemExit(f"the tests fail without any change: {', '.join(self.usual.failed)}")
        for module in self.modules:
            for number, change in module.within():
                module.tell(number, change, self._try(session.items, module, change))
        self.ended = True
        return True

    def _prepare(self, items: Sequence[pytest.Item]) -> None:
        """Make once for all children what knows nothing of the package that is changed: an issuer and its card."""
        first = next(item for item in items if {"honest", "trust"} <= set(getattr(item, "fixturenames", ())))
        first.config.hook.pytest_runtest_setup(item=first)
        other = next(item for item in items if item.path != first.path)
        first.config.hook.pytest_runtest_teardown(item=first, nextitem=other)

    def _watch(self, items: Sequence[pytest.Item], told: IO[str]) -> int:
        """In a child: run all tests, and tell which enter which function."""
        for module in self.modules:
            vars(sys.modules[module.name])["__entered__"] = partial(self._enter, module.stem)
            put_in(sys.modules[module.name], module.path, watched(module.tree))
        code = self._run(items)
        self.seen.entered = {function: sorted(tests) for function, tests in self.entered.items()}
        json.dump(vars(self.seen), told)
        return code

    def _enter(self, stem: str, function: str) -> None:
        self.entered[f"{stem}:{function}"].add(self.now)

    def _try(self, items: Sequence[pytest.Item], module: Module, change: Change) -> int | None:
        entered = self.usual.entered.get(f"{module.stem}:{change.function}", [])
        able = [item for item in items if item.nodeid in entered] or list(items)
        if ANY in entered or change.function not in module.plain:
            able = list(items)
        able.sort(key=lambda item: self._place(item.nodeid, module))

        def work(told: IO[str]) -> int:
            put_in(sys.modules[module.name], module.path, change.of(module.tree))
            code = self._run(able)
            json.dump(vars(self.seen), told)
            return code

        code, seen = child(work)
        self.lately = [*seen.failed, *(test for test in self.lately if test not in seen.failed)][:LATELY]
        self.noticed.update(test.partition("::")[0] for test in seen.failed)
        return code

    def _place(self, test: str, module: Module) -> tuple[int, int]:
        """Where a test stands among the others."""
        file = test.partition("::")[0]
        if test in self.lately:
            # Those of one file together: what they prepare is made once.
            return 0, next(at for at, one in enumerate(self.lately) if one.startswith(file))
        if test in self.usual.long:
            return 3, 0
        return (1 if file.endswith(f"/test_{module.stem}.py") else 2), -self.noticed[file]

    def _run(self, items: Sequence[pytest.Item]) -> int:
        """Run these tests until one fails."""
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.seen.failed:
                return FAILED
        return 0


class Failures(Quick):
    """A pytest plugin that remembers in which files tests failed."""

    def __init__(self) -> None:
        self.seen = Seen()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.seen.failed.append(report.nodeid.partition("::")[0])


def try_outside(module: Module, files: Sequence[str]) -> None:
    """Try the changes outside of functions, each with everything imported anew; who noticed lately comes first."""
    own = f"/test_{module.stem}.py"
    order = sorted(files, key=lambda file: not file.endswith(own))
    for number, change in module.outside():
        code, seen = child(lambda told, change=change: _outside(module, change, order[:FIRST_FILES], told))  # type: ignore[misc]
        if code == 0:
            code, seen = child(lambda told, change=change: _outside(module, change, order[FIRST_FILES:], told))  # type: ignore[misc]
        order.sort(key=lambda file: file not in seen.failed)
        module.tell(number, change, code)


def _outside(module: Module, change: Change, files: Sequence[str], told: IO[str]) -> int:
    """In a child: whether a test in these files notices the change."""
    sys.meta_path.insert(0, Instead(module.name, module.path, change.of(module.tree)))
    failures = Failures()
    code = pytest.main(["-x", "-q", "--assert=plain", *files], plugins=[failures])
    json.dump(vars(failures.seen), told)
    return 0 if code == 0 else FAILED


def main(arguments: Sequence[str]) -> int:
    """Print the survivors of each module; the exit code says whether there are any."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", help="modules of idcard/verification, without .py")
    parser.add_argument("--list", action="store_true", help="print the changes and run nothing")
    options = parser.parse_args(arguments)
    stems = options.modules or sorted(path.stem for path in SOURCE.glob("*.py") if path.stem not in LEFT_OUT)
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    modules = [Module(stem) for stem in stems]
    if options.list:
        print(*(f"{one.stem}.py:{change.line}: {change.what}" for one in modules for change in one.changes), sep="\n")
        return 0
    for heavy in ("asn1crypto.x509", "cryptography.x509", "jsonschema", "PIL.Image", "segno"):
        importlib.import_module(heavy)
    files = [path.relative_to(ROOT).as_posix() for path in sorted(TESTS.glob("test_*.py")) if path.name not in SLOW]
    for module in modules:
        try_outside(module, files)
    in_place = InPlace(modules)
    pytest.main(["-q", "-s", "--assert=plain", *files], plugins=[in_place])
    if not in_place.ended:
        raise SystemExit("not every change was tried")
    for module in modules:
        print(f"{module.stem}: {len(module.changes)} changes, {len(module.alive)} survive")
    return 1 if any(module.alive for module in modules) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
