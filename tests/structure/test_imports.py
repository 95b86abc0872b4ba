"""The borders that import-linter cannot draw, and proof that those it draws are closed."""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

import idcard

CORE = ("encoding", "crypto", "iso7816", "lds", "chip", "vietnam", "verification")
MAY_TEST_CARD_IMPORT = {
    "idcard.encoding",
    "idcard.errors",
    "idcard.iso7816.apdu",
    "idcard.iso7816.status",
    "idcard.lds.layout",
    "idcard.testing",
}

Modules = Mapping[str, ast.Module]
ImportsOf = Callable[[str], tuple[str, ...]]


def within(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


def test_idcard_testing_shares_no_protocol_code_with_the_reader(modules: Modules, imports_of: ImportsOf) -> None:
    strangers = {
        (name, target)
        for name in modules
        if within(name, "idcard.testing")
        for target in imports_of(name)
        if within(target, "idcard") and not within(target, *MAY_TEST_CARD_IMPORT)
    }
    assert not strangers


def test_the_domain_knows_only_the_standard_library_and_the_face(modules: Modules, imports_of: ImportsOf) -> None:
    allowed = sys.stdlib_module_names | {"idcard"}
    strangers = {
        (name, target)
        for name in modules
        if within(name, "kiosk.domain")
        for target in imports_of(name)
        if target.split(".")[0] not in allowed and not within(target, "kiosk.domain")
    }
    assert not strangers


def used_names(tree: ast.Module) -> Iterator[str]:
    """Names of the face that a module uses: ``from idcard import X`` and ``idcard.X``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "idcard":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "idcard":
            yield node.attr


def test_kiosk_uses_only_names_that_the_face_promises(modules: Modules) -> None:
    beyond = {
        (name, used)
        for name, tree in modules.items()
        if within(name, "kiosk")
        for used in used_names(tree)
        if used not in idcard.__all__ and not (used == "testing" and within(name, "kiosk.demo"))
    }
    assert not beyond


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


IMPURE = re.compile(
    r"^(open|input|print|__import__)$"
    r"|(^|\.)(now|utcnow|today|generate_private_key|urandom|token_bytes|import_module|read_text|read_bytes|write_bytes)$"
    r"|PrivateKey\.generate$"
)


def test_the_core_reads_no_clock_no_file_and_draws_no_randomness(modules: Modules) -> None:
    calls = {
        (name, dotted(node.func), node.lineno)
        for name, tree in modules.items()
        if within(name, *(f"idcard.{part}" for part in CORE))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and IMPURE.search(dotted(node.func))
    }
    assert not calls


def test_nothing_is_imported_by_a_computed_name(modules: Modules) -> None:
    dynamic = {
        name
        for name, tree in modules.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and dotted(node.func).split(".")[-1] in ("import_module", "__import__")
    }
    assert dynamic <= {"idcard"}, "the face alone imports what needs an extra on first use"


def test_no_card_bytes_are_checked_by_assert(modules: Modules) -> None:
    asserts = {
        (name, node.lineno) for name, tree in modules.items() for node in ast.walk(tree) if isinstance(node, ast.Assert)
    }
    assert not asserts, "assert disappears with python -O"


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("idcard/reading/plan.py", "import idcard.verification.verdict", "Reading never reaches verification or trust"),
        ("idcard/verification/card.py", "import idcard.transport", "Verification never reaches chip or transport"),
        ("idcard/errors.py", "import idcard.encoding.tlv", "The layers of idcard"),
        ("idcard/new_module.py", "", "The layers of idcard"),
        ("idcard/trust/store.py", "import idcard", "Nothing in idcard but cli and service imports the face"),
        ("idcard/chip/pace.py", "import secrets", "No wire, clock, thread, file or randomness in the core"),
        ("idcard/reading/plan.py", "import time", "Only transport, service, cli and stand-ins have wires"),
        ("kiosk/ports.py", "import smartcard", "Only transport imports smartcard"),
        ("kiosk/ports.py", "import idcard.identity", "kiosk imports the face of idcard only"),
        ("kiosk/ports.py", "import idcard.testing", "kiosk imports the face of idcard only"),
        ("kiosk/cli.py", "import kiosk.demo", "Nothing imports kiosk.demo but kiosk.demo"),
        ("kiosk/services/checkin.py", "import kiosk.provision.plan", "Nothing imports kiosk.provision but the command"),
        ("kiosk/services/report.py", "import kiosk.lab.run", "Nothing imports kiosk.lab but the command"),
        ("kiosk/lab/line.py", "import kiosk.hub.ingest", "The laboratory speaks to the hub as clinics do"),
        ("kiosk/ports.py", "import flask", "Services, the store and the devices know nothing of Flask"),
        ("kiosk/services/checkin.py", "import kiosk.interop.visit", "The patient's process never reaches what leaves"),
        ("kiosk/wire/batch.py", "import kiosk.store", "What clinics and hub say to each other knows neither of them"),
        ("kiosk/hub/examine.py", "import kiosk.services", "The hub knows nothing of a clinic's processes"),
        ("kiosk/staff_process.py", "import kiosk.hub.ingest", "Only the command starts the hub"),
        ("kiosk/web/patient/__init__.py", "import kiosk.web.staff", "The patient's and the staff's apps are apart"),
    ],
)
def test_each_import_contract_bites(root: Path, tmp_path: Path, module: str, line: str, contract: str) -> None:
    for package in ("idcard", "kiosk"):
        shutil.copytree(root / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / ".importlinter", tmp_path)
    with (tmp_path / module).open("a") as source:
        source.write(f"\n{line}\n")
    program = "from importlinter.cli import lint_imports_command as run; run()"
    result = subprocess.run(
        [sys.executable, "-c", program, "--no-cache", "--no-logo"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 1
    assert re.search(rf"{re.escape(contract)}.* BROKEN", result.stdout), result.stdout
