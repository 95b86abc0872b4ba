"""``kiosk hub officer``, ``invent``, ``report``, ``drop-old`` and ``picture``, over a hub of their own."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from kiosk.cli import app

RUN = CliRunner()
PASSWORD = "chiều qua bến cũ\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A new hub."""
    assert RUN.invoke(app, ["hub", "init", str(tmp_path)]).exit_code == 0
    assert RUN.invoke(app, ["hub", "migrate", "--config", str(tmp_path / "hub.toml")]).exit_code == 0
    return tmp_path / "hub.toml"


def run(config: Path, *words: str, said: str | None = None) -> Any:
    return RUN.invoke(app, ["hub", *words, "--config", str(config)], input=said)


def test_officers_are_made_listed_and_locked(config: Path) -> None:
    made = run(config, "officer", "add", "ha.tran", "--role", "auditor", "--stdin", said=PASSWORD)
    assert made.exit_code == 0, made.output
    assert run(config, "officer", "add", "ha.tran", "--stdin", said=PASSWORD).exit_code == 3
    assert run(config, "officer", "add", "lan", "--stdin", said="ngắn\n").exit_code == 3
    assert run(config, "officer", "lock", "ha.tran").exit_code == 0
    assert run(config, "officer", "list").stdout == "ha.tran\tauditor\tlocked\t0\n"
    assert run(config, "officer", "unlock", "ai.do").exit_code == 3
    assert run(config, "officer", "password", "ha.tran", "--stdin", said=PASSWORD).exit_code == 0


def test_an_invented_province_is_reported_and_dropped(config: Path, tmp_path: Path) -> None:
    invented = run(config, "invent", "--clinics", "5")
    assert invented.exit_code == 0, invented.output
    assert run(config, "invent", "--clinics", "5").exit_code == 3
    for name, mark in (("week.pdf", b"%PDF-"), ("week.csv", b"\xef\xbb\xbf")):
        assert run(config, "report", str(tmp_path / name)).exit_code == 0
        assert (tmp_path / name).read_bytes().startswith(mark)
    assert run(config, "report", str(tmp_path / "a.pdf"), "--week", "2999-01-07").exit_code == 3
    assert run(config, "report", str(tmp_path / "a.doc")).exit_code == 2
    assert run(config, "drop-old", "--months", "12").stdout == "Dropped: nothing.\n"


def test_a_hub_in_earnest_takes_no_invented_province(config: Path) -> None:
    config.write_text(config.read_text("utf-8").replace('"demo"', '"production"'), "utf-8")
    assert run(config, "invent", "--clinics", "2").exit_code == 3


def test_a_hub_without_a_picture_says_what_to_add(config: Path) -> None:
    answer = run(config, "picture")
    assert answer.exit_code == 2
    assert "[picture]" in answer.output


@pytest.mark.parametrize(
    "settings",
    ["", 'socket = "/run/p.sock"', 'socket = "p.sock"\npublic = "x"', "port = 1\nk = 2", 'port = 1\nsocket = "/x"'],
)
def test_a_picture_without_a_place_is_refused(config: Path, settings: str) -> None:
    config.write_text(f"{config.read_text('utf-8')}\n[picture]\n{settings}\n", "utf-8")
    assert run(config, "picture").exit_code == 2


def test_the_picture_is_served_by_a_process_of_its_own(config: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config.write_text(f"{config.read_text('utf-8')}\n[picture]\nport = {port}\n", "utf-8")
    command = [sys.executable, "-m", "kiosk", "hub", "picture", "--config", str(config)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=os.environ)
    try:
        assert b"kiosk hub officer add" in answer(f"http://127.0.0.1:{port}/login", process)
        assert answer(f"http://127.0.0.1:{port}/health", process) == b"ok\n"
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def answer(address: str, process: "subprocess.Popen[bytes]") -> bytes:
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5) as response:
                return bytes(response.read())
        except OSError:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
