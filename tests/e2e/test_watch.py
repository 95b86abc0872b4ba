"""Watching a reader: cards come and go, and the daemon too."""

import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def watching(station: Any) -> Iterator[subprocess.Popen[str]]:
    """A program that prints what it sees of the reader."""
    program = [sys.executable, str(Path(__file__).parent / "watch.py")]
    with subprocess.Popen(program, env=station.environment, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def next_of(process: subprocess.Popen[str]) -> str:
    """The next line, within ten seconds."""
    assert process.stdout
    if not select.select([process.stdout], [], [], 10)[0]:
        pytest.fail("nothing changed")
    return process.stdout.readline().strip()


def test_a_card_comes_and_goes(station: Any, watching: subprocess.Popen[str]) -> None:
    assert next_of(watching) == "absent"
    for _ in range(2):
        station.put("honest")
        assert next_of(watching) == "present"
        station.clear()
        assert next_of(watching) == "absent"


def test_the_daemon_goes_and_comes_back(station: Any, watching: subprocess.Popen[str]) -> None:
    assert next_of(watching) == "absent"
    station.stop_daemon()
    assert next_of(watching) == "missing"
    station.start_daemon()
    assert next_of(watching) == "absent"
    station.put("honest")
    assert next_of(watching) == "present"


def test_a_card_that_is_there_already_is_seen_at_once(station: Any) -> None:
    station.put("honest")
    program = "import idcard, sys; sys.exit(not idcard.ReaderWatch().wait(0))"
    assert station.run(sys.executable, "-c", program).returncode == 0


def test_a_card_in_anothers_place_is_told_by_the_kiosks_reader_as_gone_first(station: Any) -> None:
    program = [sys.executable, str(Path(__file__).parent / "asked.py")]
    with subprocess.Popen(
        program, env=station.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:

        def asked(what: str = "look") -> str:
            assert process.stdin
            process.stdin.write(f"{what}\n")
            return next_of(process)

        station.put("honest")
        assert [asked(), asked(), asked("read"), asked(), asked()] == [
            "present",
            "present",
            "read",
            "present",
            "present",
        ]
        station.clear()
        station.put("honest")
        assert [asked(), asked(), asked()] == ["absent", "present", "present"]
        process.kill()


def test_a_driver_that_hangs_is_a_missing_reader_until_it_answers(station: Any) -> None:
    station.put("hangs_once")
    result = station.run(sys.executable, str(Path(__file__).parent / "hangs.py"))
    assert result.stdout.splitlines() == ["present card_silent reader_missing", "answered present"], result.stderr
