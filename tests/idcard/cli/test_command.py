"""The command as a program: usage, languages, exit codes, and no traceback. Cards behind pcscd are in tests/e2e."""

import json
import os
import pty
import select
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import idcard
from idcard.cli import app, with_dashes

COMMAND = (sys.executable, "-c", "from idcard.cli import main; main()")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Where no card service answers, whatever this machine has."""
    return os.environ | {"PCSCLITE_CSOCK_NAME": str(tmp_path / "none"), "COLUMNS": "200", "PYTHONUTF8": "1"}


def run(environment: dict[str, str], *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """What came of the command; standard input is no terminal."""
    return subprocess.run(
        [*COMMAND, *arguments], env=environment, input=given, capture_output=True, text=True, timeout=60
    )


def within(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What came of the command within this process, which is quick; for what never asks a card service."""
    done = CliRunner().invoke(app, with_dashes(arguments), env={"COLUMNS": "200"}, catch_exceptions=False)
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


def read_until(terminal: int, what: bytes) -> bytes:
    """What the command writes on its terminal, up to ``what``."""
    shown = b""
    while what not in shown:
        assert select.select([terminal], [], [], 30)[0], "the command waits for something else"
        shown += os.read(terminal, 1024)
    return shown


@pytest.mark.parametrize(("given", "meant"), [
    (["read", "--can"], ["read", "--can", "-"]), (["read", "--can", "--json"], ["read", "--can", "-", "--json"]),
    (["read", "--can", "999991"], ["read", "--can", "999991"]), (["read", "--can", "-"], ["read", "--can", "-"]),
    (["read", "--card-qr", "--trust", "t"], ["read", "--card-qr", "-", "--trust", "t"]), ([], []),
    (["read", "--can=999991"], ["read", "--can=999991"]), (["read", "--mrz"], ["read", "--mrz", "-"]),
])  # fmt: skip
def test_a_secret_without_a_value_is_asked_for(given: list[str], meant: list[str]) -> None:
    assert with_dashes(given) == meant


def test_version(environment: dict[str, str]) -> None:
    result = run(environment, "--version")
    assert (result.returncode, result.stdout, result.stderr) == (0, f"idcard {idcard.__version__}\n", "")


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("read",),
        ("read", "--can", "12"),
        ("read", "--can", "999991", "--mrz", "x"),
        ("read", "--can", "999991", "--policy", "lax"),
        ("read", "--can", "999991", "--at", "yesterday"),
        ("read", "--can", "999991", "--lang", "fr"),
        ("read", "--mrz", "IDVNM"),
        ("read", "--card-qr", "036090999991|x"),
        ("read", "--can", "999991", "--trust"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...]) -> None:
    result = within(*arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert "036090999991" not in result.stderr


def test_no_card_service_is_one_line_with_what_to_do(environment: dict[str, str]) -> None:
    for arguments in (["readers"], ["read", "--can", "999991"]):
        result = run(environment, *arguments)
        assert result.returncode == 3
        assert result.stdout == ""
        assert result.stderr.count("\n") == 1
        assert "[reader_missing] Plug the reader in" in result.stderr


def test_in_vietnamese(environment: dict[str, str]) -> None:
    result = run(environment, "readers", "--lang", "vi")
    assert result.stderr.startswith("Lỗi [reader_missing]: Cắm đầu đọc")


def test_an_error_for_programs(environment: dict[str, str]) -> None:
    result = run(environment, "read", "--can", "--json", given="999991\n")
    assert result.returncode == 3
    assert json.loads(result.stdout)["error"]["code"] == "reader_missing"
    assert result.stderr == ""
    assert "999991" not in result.stdout


@pytest.mark.parametrize("content", [None, "format = 2\n", "format = 1\n"])
def test_a_bad_trust_store_is_wrong_configuration(tmp_path: Path, content: str | None) -> None:
    if content:
        (tmp_path / "trust.toml").write_text(content)
    result = within("read", "--can", "999991", "--trust", str(tmp_path))
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "[configuration]" in result.stderr


def test_a_terminal_that_knows_no_vietnamese_is_no_failure(environment: dict[str, str]) -> None:
    ascii_only = {**environment, "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    result = run(ascii_only, "readers", "--lang", "vi")
    assert result.returncode == 3
    assert "Traceback" not in result.stderr


def test_digits_that_are_typed_are_not_shown(environment: dict[str, str]) -> None:
    main_end, terminal = pty.openpty()
    command = [*COMMAND, "read", "--can"]
    with subprocess.Popen(
        command, env=environment, stdin=terminal, stdout=subprocess.PIPE, stderr=terminal, start_new_session=True
    ) as process:
        os.close(terminal)
        # What is typed before the prompt is complete is flushed away, echo and all.
        prompt = read_until(main_end, b": ")
        os.write(main_end, b"999991\n")
        after = read_until(main_end, b"[reader_missing]")
        stdout, _ = process.communicate(timeout=60)
    os.close(main_end)
    assert process.returncode == 3
    assert stdout == b""
    assert b"Card access number" in prompt
    assert b"999991" not in prompt + after
