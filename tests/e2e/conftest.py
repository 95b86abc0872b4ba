"""The PC/SC daemon with a virtual reader, for each run one of its own. Where it cannot start, the tests fail."""

import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
NEEDED = ("unshare", "mount", "ip", "pcscd", "opensc-tool")


class Station:
    """The reader and the cards for it."""

    def __init__(self, root: Path, alone: tuple[str, ...]) -> None:
        # Not pytest's own temporary path: a socket's path has at most 107 bytes.
        self.directory = Path(tempfile.mkdtemp(prefix="station"))
        self.trust = self.directory / "trust"
        self._left_by_itself = False
        self.environment = {**os.environ, "PCSCLITE_CSOCK_NAME": str(self.directory / "pcscd.comm"), "COLUMNS": "200"}
        self._log = (self.directory / "station.log").open("w+")
        self._process = subprocess.Popen(
            [*alone, sys.executable, str(HERE / "station.py"), str(self.directory)],
            env={**os.environ, "PYTHONPATH": str(root)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self._expect("ready")

    def put(self, card: str, *, leave_after: int | None = None) -> None:
        """Put a card on the reader, and wait until the daemon has felt it."""
        self._order({"card": card, "leave_after": leave_after})
        self._left_by_itself = leave_after is not None
        self._wait(present=True)

    def clear(self) -> None:
        """Take the card away, and wait until the daemon has felt it."""
        self._order({"card": None})
        self._wait(present=False)
        if self._left_by_itself:
            # pcscd 1.9.9 says "absent" as soon as a command fails, but its own look at the reader, every 400 ms, comes
            # later: a card that is put down in between is the old one to it, and is never felt. No hand is so quick.
            time.sleep(0.6)
            self._left_by_itself = False

    def stop_daemon(self) -> None:
        """End the PC/SC daemon; what lay on the reader is away."""
        self._order({"daemon": "stop"})

    def start_daemon(self) -> None:
        """Start it again."""
        self._order({"daemon": "start"})

    def printed(self, what: str) -> str:
        """What stands on the card: ``can``, ``mrz`` or ``card_qr``."""
        return (self.directory / what).read_text(encoding="utf-8")

    def run(self, *command: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """A PC/SC program's outcome."""
        return subprocess.run(
            command, env=self.environment, input=given, capture_output=True, text=True, timeout=60, encoding="utf-8"
        )

    def end(self) -> None:
        """End every process of this station and forget what it left."""
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        self._log.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _order(self, order: dict[str, Any]) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        self._expect("ok")

    def _expect(self, word: str) -> None:
        stdout = self._process.stdout
        assert stdout
        answered = select.select([stdout], [], [], 30)[0]
        if not answered or stdout.readline().strip() != word:
            self._log.seek(0)
            pcscd = self.directory / "pcscd.log"
            pytest.fail(
                "The card service with the virtual reader does not run. script/test installs what it needs;"
                " it also needs leave to make namespaces (unshare).\n"
                + self._log.read()
                + (pcscd.read_text() if pcscd.exists() else "")
            )

    def _wait(self, *, present: bool) -> None:
        deadline = time.monotonic() + 10
        while (self.run(sys.executable, str(HERE / "presence.py")).returncode == 0) != present:
            if time.monotonic() > deadline:
                pytest.fail("the daemon does not feel the card:\n" + (self.directory / "pcscd.log").read_text())
            time.sleep(0.05)


@pytest.fixture(scope="session")
def alone() -> tuple[str, ...]:
    """What runs a program as process 1 of namespaces of its own, as root or not."""
    as_root = () if os.geteuid() == 0 else ("--user", "--map-root-user")
    return ("unshare", *as_root, "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc")


@pytest.fixture(scope="session")
def station_of_this_run(root: Path, alone: tuple[str, ...]) -> Iterator[Station]:
    missing = [program for program in NEEDED if shutil.which(program) is None]
    if missing:
        pytest.fail(f"not installed: {', '.join(missing)}. script/test installs what the tests need.")
    station = Station(root, alone)
    yield station
    station.end()


@pytest.fixture
def station(station_of_this_run: Station) -> Iterator[Station]:
    """The reader, with nothing on it."""
    station_of_this_run.clear()
    yield station_of_this_run
    station_of_this_run.clear()
