"""A real process before a real notification socket: it says that it serves, that it answers, that it stops.

With the bound of the kit that is most often in a Python program's way: no memory that is written and then run.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from kiosk.config import PatientConfig, load
from kiosk.demo.provision import Options, Place, provision
from kiosk.service_manager import ServiceManager, answers

PR_SET_MDWE, REFUSE_EXEC_GAIN, PR_SET_NO_NEW_PRIVS = 65, 1, 38
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="systemd is Linux's")


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """Where a service manager would listen."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(120)
        yield listening


def bounded() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_MDWE, REFUSE_EXEC_GAIN, 0, 0, 0) or libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        os._exit(99)


@pytest.mark.serial
@pytest.mark.parametrize(("command", "config"), [("run", "patient"), ("staff", "staff")])
def test_a_process_of_the_kit_says_how_it_is(
    manager: socket.socket, tmp_path: Path, spare_ports: Callable[[int], int], command: str, config: str
) -> None:
    place = provision(tmp_path / "demo", Options(port_base=spare_ports(11)))
    environment = os.environ | {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "900000"}
    environment |= {"CREDENTIALS_DIRECTORY": str(handed_over(place, tmp_path))}
    process = subprocess.Popen(
        [sys.executable, "-m", "kiosk", command, "--config", place.config(config)],
        env=environment,
        preexec_fn=bounded,
        stderr=subprocess.PIPE,
    )
    try:
        assert manager.recv(64) == b"READY=1"
        assert [manager.recv(64) for _ in range(3)] == [b"WATCHDOG=1"] * 3
        process.send_signal(signal.SIGTERM)
        said = b"WATCHDOG=1"
        while said == b"WATCHDOG=1":
            said = manager.recv(64)
        assert said == b"STOPPING=1"
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.communicate()


def handed_over(place: Place, tmp_path: Path) -> Path:
    """The session keys moved to where systemd would put them: the process has to find them there."""
    folder = tmp_path / "credentials"
    folder.mkdir()
    for process in ("patient", "staff"):
        place.key(f"{process}_session.key").rename(folder / "session_key")
    return folder


@pytest.mark.serial
def test_a_process_that_hangs_falls_silent(
    manager: socket.socket, tmp_path: Path, spare_ports: Callable[[int], int]
) -> None:
    place = provision(tmp_path / "demo", Options(port_base=spare_ports(11)))
    environment = os.environ | {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "900000"}
    process = subprocess.Popen(
        [sys.executable, "-m", "kiosk", "run", "--config", place.config("patient")], env=environment
    )
    try:
        assert manager.recv(64) == b"READY=1"
        assert manager.recv(64) == b"WATCHDOG=1"
        process.send_signal(signal.SIGSTOP)
        time.sleep(0.4)
        manager.settimeout(1)
        with suppress(BlockingIOError, TimeoutError):
            while manager.recv(64, socket.MSG_DONTWAIT):
                continue
        with pytest.raises(TimeoutError):
            manager.recv(64)
    finally:
        process.kill()
        process.wait()


def test_a_server_that_takes_the_question_and_never_answers_is_not_alive(
    manager: socket.socket, tmp_path: Path
) -> None:
    """Its main loop may turn: what counts is an answer."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
        assert not answers("127.0.0.1", port, timeout_s=0.2)
        notifier = ServiceManager(str(tmp_path / "notify"), watchdog_s=0.3)
        notifier.ready("127.0.0.1", port)
        assert manager.recv(64) == b"READY=1"
        manager.settimeout(0.6)
        with pytest.raises(TimeoutError):
            manager.recv(64)
        notifier.stopping()
        assert manager.recv(64) == b"STOPPING=1"


def test_a_server_that_wants_tls_and_hangs_up_is_alive() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            connection, _ = server.accept()
            connection.recv(1024)
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        assert answers("127.0.0.1", server.getsockname()[1], timeout_s=5)
        thread.join()
    assert not answers("127.0.0.1", server_port_that_is_closed(), timeout_s=0.5)


def server_port_that_is_closed() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_without_a_manager_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"):
        monkeypatch.delenv(name, raising=False)
    before = threading.active_count()
    silent = ServiceManager.from_environment()
    silent.ready("127.0.0.1", 1)
    silent.stopping()
    assert threading.active_count() == before


def test_what_was_handed_over_is_used_only_for_settings_that_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = provision(tmp_path / "demo", Options())
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "session_key").write_text("x", "utf-8")
    (folder / "pins").write_text("x", "utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    config = load(PatientConfig, place.config("patient"))
    assert config.session_key == folder / "session_key"
    assert config.roster_key == place.key("roster.key")
    assert config.pins is None
