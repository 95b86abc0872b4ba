"""``script/run``: one command, five screens, nothing left behind."""

import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

SCREENS = {0: 200, 1: 200, 2: 200, 6: 200, 8: 503}
"""Where they are after the first port, and what they answer: the one at the desk waits for a clerk who helps."""


def answers(port: int, status: int) -> bool:
    """Whether a page is served there."""
    try:
        with closing(urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10)) as page:
            return bool(page.status == status)
    except urllib.error.HTTPError as error:
        return error.code == status
    except urllib.error.URLError:
        return False


@pytest.fixture
def running(
    root: Path, tmp_path: Path, spare_ports: Callable[[int], int]
) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """``script/run`` from another folder, and the first of its ports."""
    base = spare_ports(11)
    command = [str(root / "script" / "run"), "--port-base", str(base), "--dir", str(tmp_path / "demo")]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        yield base, process
        process.kill()


def until_served(base: int, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not all(answers(base + at, status) for at, status in SCREENS.items()):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            pytest.fail("it does not serve:\n" + "\n".join(process.communicate()))
        time.sleep(0.2)


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_its_screens_until_it_is_told_to_stop(
    running: tuple[int, subprocess.Popen[str]], told: signal.Signals
) -> None:
    base, process = running
    until_served(base, process)
    process.send_signal(told)
    said, complained = process.communicate(timeout=30)
    assert [at for at in SCREENS if f"http://127.0.0.1:{base + at}/" not in said] == []
    assert "Traceback" not in said + complained
    assert not any(answers(base + at, status) for at, status in SCREENS.items()), "its processes ended with it"


def test_a_port_that_is_taken_is_one_line_and_a_remedy(
    spare_ports: Callable[[int], int], root: Path, tmp_path: Path
) -> None:
    base = spare_ports(11)
    with closing(socket.create_server(("127.0.0.1", base + 1))):
        result = subprocess.run(
            [str(root / "script" / "run"), "--port-base", str(base), "--dir", str(tmp_path / "demo")],
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        f"error: Port {base + 1} on this machine is in use.",
        "       Stop the program that listens there, or choose other ports: script/run --port-base 9000",
    ]
