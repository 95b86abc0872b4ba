"""The commands for newcomers: sound shell, help everywhere, one clear line where something is missing."""

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

COMMANDS = (
    *("script/run", "script/test", "script/bench", "script/docs", "script/fuzz", "script/contact-sheet"),
    "script/visit-strip",
    ".ci/run",
)
WITH_HELP = COMMANDS[:7]


def bash(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", *arguments], cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize("command", [*COMMANDS, "script/lib.sh"])
def test_bash_accepts_it(root: Path, command: str) -> None:
    assert bash("-n", command, cwd=root).returncode == 0


@pytest.mark.parametrize("command", COMMANDS)
def test_it_can_be_started(root: Path, command: str) -> None:
    assert os.access(root / command, os.X_OK)


@pytest.fixture
def checkout_with_spaces(root: Path, tmp_path: Path) -> Path:
    """The scripts alone, at a path with spaces and accents."""
    copy = tmp_path / "một bản sao"
    shutil.copytree(root / "script", copy / "script")
    shutil.copytree(root / "requirements", copy / "requirements")
    shutil.copy(root / "pyproject.toml", copy)
    return copy


@pytest.mark.parametrize("command", WITH_HELP)
def test_help_works_from_anywhere(checkout_with_spaces: Path, tmp_path: Path, command: str) -> None:
    result = bash(str(checkout_with_spaces / command), "--help", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert command in result.stdout
    assert "set -e" not in result.stdout
    assert not (checkout_with_spaces / "build").exists(), "help installs nothing"


def test_a_bad_port_is_one_line_and_a_remedy(root: Path) -> None:
    result = bash("script/run", "--port-base", "http", cwd=root)
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        "error: --port-base must be a number from 1024 to 65525.",
        "       For example: script/run --port-base 9000",
    ]


def test_a_port_that_begins_with_a_zero_is_no_octal_number(checkout_with_spaces: Path) -> None:
    with (checkout_with_spaces / "script" / "lib.sh").open("a") as library:
        library.write('setup_run() { :; }\nneed_free_ports() { echo "ports $*"; }\n')
    (checkout_with_spaces / ".venv" / "bin").mkdir(parents=True)
    fake(checkout_with_spaces / ".venv" / "bin", "kiosk", 'echo "kiosk $*"')
    result = bash("script/run", "--port-base", "08765", cwd=checkout_with_spaces)
    assert result.stdout.splitlines() == [
        "ports 8765 8766 8767 8768 8769 8770 8771 8773 8774 8775",
        "kiosk demo --port-base 8765",
    ], result.stderr


def test_a_busy_port_is_one_line_and_a_remedy(root: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        result = bash("-c", f". script/lib.sh; need_free_ports {port}", cwd=root)
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 2
    assert f"Port {port} on this machine is in use." in result.stderr


def fake(directory: Path, name: str, body: str) -> None:
    path = directory / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def test_no_network_for_debian_packages_is_one_line_and_a_remedy(checkout_with_spaces: Path, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    fake(tools, "apt-get", "echo 'Could not resolve host' >&2; exit 100")
    fake(tools, "sudo", 'exec "$@"')
    fake(tools, "dpkg-query", "exit 1")
    result = bash(str(checkout_with_spaces / "script" / "run"), cwd=tmp_path, PATH=f"{tools}:{os.environ['PATH']}")
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 2
    assert "Debian packages could not be installed" in result.stderr
    assert "Is there a network?" in result.stderr
    assert "Could not resolve host" in (checkout_with_spaces / "build" / "log" / "apt.log").read_text()


def test_no_network_for_python_packages_is_one_line_and_a_remedy(checkout_with_spaces: Path, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    fake(tools, "dpkg-query", "echo installed")
    result = bash(
        str(checkout_with_spaces / "script" / "run"), cwd=tmp_path,
        PATH=f"{tools}:{os.environ['PATH']}", PIP_CONFIG_FILE=os.devnull, PIP_INDEX_URL="http://127.0.0.1:9/",
        PIP_EXTRA_INDEX_URL="", PIP_FIND_LINKS="", PIP_RETRIES="0",
    )  # fmt: skip
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 2
    assert "Python packages could not be installed." in result.stderr
    assert (checkout_with_spaces / "build" / "log" / "pip.log").stat().st_size > 0


def test_run_never_installs_the_virtual_reader(root: Path) -> None:
    run = (root / "script" / "run").read_text()
    assert "vsmartcard" not in run
    assert "setup_test" not in run
    assert "DEBIAN_TEST" not in run
