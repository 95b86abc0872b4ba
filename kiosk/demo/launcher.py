"""Starts the processes of a demonstration, waits until they answer, and ends them together."""

import http.client
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from idcard import ConfigurationError
from kiosk.config import StaffConfig, load
from kiosk.demo.accounts import make_accounts
from kiosk.demo.provision import ASSISTED, BENCH, CALLS, GATEWAY, HOST, PATIENT, STAFF, Options, Place
from kiosk.ports import StoreUnavailable
from kiosk.process import port_busy

ANSWER_WITHIN_S = 90.0
"""How long a process may take until it answers; a slow machine at its first start compiles everything."""

_LOOK_EVERY_S = 0.1
_END_WITHIN_S = 15.0

_MODULES = {
    BENCH: ("kiosk.demo.bench_process", "--config"),
    PATIENT: ("kiosk", "run", "--config"),
    STAFF: ("kiosk", "staff", "--config"),
    CALLS: ("kiosk", "calls", "--config"),
    ASSISTED: ("kiosk", "run", "--config"),
}

Child = subprocess.Popen[bytes]


class ChildDied(Exception):
    """A process of the demonstration ended by itself.

    :param process: which one. :param how: its exit code or signal. :param last: the last line of its log, where it
        has any. :param log: where the whole log is.
    """

    def __init__(self, process: str, how: str, last: str, log: Path) -> None:
        super().__init__(f"the {process} process ended with {how}{': ' if last else ''}{last} (its log is {log})")


def check_ports(options: Options) -> None:
    """Nothing, where all ports are free.

    :raises ConfigurationError: naming the first one that is not.
    """
    for port in options.ports.values():
        with socket.socket() as probe:
            # As the servers do: connections of an earlier run that are still winding down do no harm.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError as error:
                raise port_busy(HOST, port) from error


def log_of(place: Place, process: str) -> Path:
    """Where a process writes what happens to it."""
    return place.root / "log" / f"{process}.log"


@contextmanager
def running(place: Place, options: Options) -> Iterator[dict[str, Child]]:
    """The processes of a provisioned demonstration by their names, all answering; ended when the block ends.

    :raises ChildDied: if one ends before all answer.
    """
    children: dict[str, Child] = {}
    log_of(place, BENCH).parent.mkdir(exist_ok=True)
    # Where the store cannot be used, the processes say so themselves, in their own words.
    with suppress(StoreUnavailable):
        make_accounts(load(StaffConfig, place.config(STAFF)))
    try:
        # The bench first: without it the kiosk would miss its reader, and tell staff. The patient's process makes the
        # store; the call screen and the machine at which clerks help have the staff's to ask then.
        for together in ((BENCH,), (PATIENT, STAFF), (CALLS, ASSISTED)):
            for process in together:
                children[process] = _started(place, process)
            _wait_for_answers(place, [options.ports[process] for process in together], children)
        # Last, and nobody waits for it: until it answers the kiosk goes by its roster, as without a network.
        children[GATEWAY] = _started_command(place, GATEWAY, _gateway_command(place, options))
        yield children
    finally:
        _end(children)


def watch(place: Place, children: dict[str, Child], told_to_stop: Callable[[], bool]) -> None:
    """Return once told to stop.

    :raises ChildDied: if a process ends by itself.
    """
    while not told_to_stop():
        _check(place, children)
        time.sleep(_LOOK_EVERY_S)


def _started(place: Place, process: str) -> Child:
    return _started_command(place, process, [*_MODULES[process], str(place.config(process))])


def _gateway_command(place: Place, options: Options) -> list[str]:
    port = str(options.ports[GATEWAY])
    return ["kiosk", "gateway", "stand-in", "--port", port, "--script", str(place.gateway_script)]


def _started_command(place: Place, process: str, arguments: list[str]) -> Child:
    command = [sys.executable, "-m", *arguments, "--end-with-stdin"]
    with log_of(place, process).open("wb") as log:
        # Standard input is its lifeline: it ends when this process does, even if this one is killed.
        # Ctrl-C is for this process alone: the others end in its order.
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )


def _wait_for_answers(place: Place, ports: list[int], children: dict[str, Child]) -> None:
    deadline = time.monotonic() + ANSWER_WITHIN_S
    for port in ports:
        while not _answers(port):
            _check(place, children)
            if time.monotonic() > deadline:
                raise ConfigurationError(
                    f"Nothing answers on port {port}.",
                    reason="no_answer",
                    remedy=f"Look into {log_of(place, PATIENT).parent}.",
                )
            time.sleep(_LOOK_EVERY_S)


def _answers(port: int) -> bool:
    """Whether there is any answer to a request, be it that the kiosk is closed."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def _check(place: Place, children: dict[str, Child]) -> None:
    for process, child in children.items():
        if child.poll() is not None:
            log = log_of(place, process)
            lines = log.read_text("utf-8", "replace").strip().splitlines()
            raise ChildDied(process, _ending(child.returncode), lines[-1] if lines else "", log)


def _ending(code: int) -> str:
    """An exit code in words; a negative one is a signal, which leaves no last words in a log."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {-code} ({signal.Signals(-code).name})"
    except ValueError:
        return f"signal {-code}"


def _end(children: dict[str, Child]) -> None:
    """End the processes, the bench last: without it the kiosk would miss its reader once more, and tell staff."""
    deadline = time.monotonic() + _END_WITHIN_S
    for together in ((PATIENT, ASSISTED, CALLS, STAFF), (BENCH, GATEWAY)):
        ending = [children[process] for process in together if process in children]
        for child in ending:
            child.terminate()
        for child in ending:
            _wait_or_kill(child, max(0.1, deadline - time.monotonic()))


def _wait_or_kill(child: Child, seconds: float) -> None:
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    if child.stdin is not None:
        child.stdin.close()
