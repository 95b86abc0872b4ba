"""Stopping and starting the processes of a machine: by systemd, or, where it is not at work, by oneself."""

import http.client
import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from kiosk.config import PatientConfig, StaffConfig

START_S = 60
SCREEN_UNIT = "idcard-screen.service"
_PAUSE_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A process as a release is tried with: its command, its configuration, and where it answers."""

    command: str
    file: Path
    config: PatientConfig | StaffConfig

    @property
    def unit(self) -> str:
        """Its unit."""
        return "idcard-patient.service" if self.command == "run" else "idcard-staff.service"

    def health(self) -> int | None:
        """The status with which it answers at its own door; None where nobody answers."""
        connection = http.client.HTTPConnection(self.config.host, self.config.port, timeout=5)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()


class Services(Protocol):
    """Whoever stops and starts the processes."""

    def stop(self) -> None:
        """Stop them all."""

    def start(self, release: Path) -> bool:
        """Start them all from this release; False where one does not come up in time."""

    def done(self) -> None:
        """What is to be done once everything else is."""


class SystemdServices:
    """The units of the kit. They start what the link ``current`` leads to.

    The patient's screen is dark until everything is done: nobody is admitted by a release that is only tried.
    """

    def __init__(self, served: Sequence[Served]) -> None:
        self._units = [each.unit for each in served]
        self._screen = [SCREEN_UNIT] if any(each.command == "run" for each in served) else []

    def stop(self) -> None:
        """Stop them all."""
        _systemctl("stop", *self._screen, *self._units)

    def start(self, release: Path) -> bool:
        """Start them all; a unit counts as started once its process says that it serves."""
        _systemctl("reset-failed", *self._units)
        return _systemctl("start", *self._units)

    def done(self) -> None:
        """Light the screen."""
        if self._screen:
            _systemctl("start", *self._screen)


class NotYet:
    """The services of a machine that is only starting: nothing runs yet, and systemd starts it afterwards."""

    def stop(self) -> None:
        """Nothing runs."""

    def start(self, release: Path) -> bool:
        """Left to systemd, which waits for this command to end."""
        return True

    def done(self) -> None:
        """Left to systemd."""


def _systemctl(verb: str, *units: str) -> bool:
    return subprocess.run(["systemctl", verb, *units], check=False, capture_output=True).returncode == 0


@dataclass(slots=True)
class OwnProcesses:
    """The processes as children of this one, for as long as they are tried: for machines without systemd."""

    served: Sequence[Served]
    start_s: float = START_S
    _running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def stop(self) -> None:
        """End those that run."""
        for process in self._running:
            process.terminate()
        for process in self._running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
            process.wait()
        self._running.clear()

    def start(self, release: Path) -> bool:
        """Start them all from this release, and wait until each one answers."""
        return all(self._started(release, each) for each in self.served)

    def done(self) -> None:
        """End them: nobody would look after them."""
        self.stop()

    def _started(self, release: Path, served: Served) -> bool:
        command = [str(release / "bin" / "kiosk"), served.command, "--config", str(served.file)]
        environment = {name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"}
        with tempfile.TemporaryFile() as log:
            process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._running.append(process)
        deadline = time.monotonic() + self.start_s
        while time.monotonic() < deadline and process.poll() is None:
            if served.health() is not None:
                return True
            time.sleep(_PAUSE_S)
        return False
