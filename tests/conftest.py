"""What all tests share: how hypothesis searches, the marks that folders give, a foreign wallet, a payer's stand-in."""

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import settings
from hypothesis.database import DirectoryBasedExampleDatabase

ROOT = Path(__file__).parents[1]

FUZZ = int(os.environ.get("FUZZ") or 1)
"""How many times as many inputs as usual the tests try that make their own; see CONTRIBUTING."""
TIMEOUT_S = 180

# No deadline: a machine shared by others is slow at times. On the build server the same examples each time.
settings.register_profile(
    "house",
    deadline=None,
    max_examples=100 * FUZZ,
    derandomize=bool(os.environ.get("CI")),
    database=None if os.environ.get("CI") else DirectoryBasedExampleDatabase(ROOT / "build" / "hypothesis"),
)
settings.load_profile("house")

MARKS = {ROOT / "tests" / "e2e": pytest.mark.e2e, ROOT / "tests" / "kiosk" / "browser": pytest.mark.browser}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if FUZZ > 1 and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TIMEOUT_S * FUZZ))
        for folder, mark in MARKS.items():
            if folder in item.path.parents:
                item.add_marker(mark)


@pytest.fixture(scope="session", autouse=True)
def state_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the command remembers trust stores: not in the home of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("state")
        patch.setenv("XDG_STATE_HOME", str(home))
        yield home


def rounds_of(usual: int) -> range:
    """The numbers of so many inputs, ``FUZZ`` times as many where that is asked for; more begin with the usual ones."""
    return range(usual * FUZZ)


@pytest.fixture(scope="session")
def rounds() -> Callable[[int], range]:
    """How often a test tries that draws its inputs itself."""
    return rounds_of


@pytest.fixture(scope="session")
def wallet() -> Any:
    """The wallet of ``wallet_peer.py``, for those who need its answers without its process."""
    spec = importlib.util.spec_from_file_location("wallet_peer", ROOT / "tests" / "wallet_peer.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def new_store(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """Puts an empty store with its tables at a path: a copy, ten times as quick as to migrate one."""
    from kiosk.store.database import Database

    empty = tmp_path_factory.mktemp("store") / "empty.db"
    Database.open(empty).close()
    return lambda path: shutil.copyfile(empty, path)


class SparePorts:
    """Ports on loopback for programs that are started later: none that the system gives to whoever asks for any.

    Of those another test's program may get one between the choice and the start.
    """

    def __init__(self) -> None:
        # Two runs on one machine begin far apart.
        self._next = 20_000 + os.getpid() * 97 % 10_000

    def __call__(self, count: int = 1) -> int:
        """The first of so many free ports in a row, which nobody else here was given."""
        while not all(map(self._is_free, range(self._next, self._next + count))):
            self._next += 1
        first, self._next = self._next, self._next + count
        assert first + count < 32_768, "no ports are left below those of the system"
        return first

    @staticmethod
    def _is_free(port: int) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.fixture(scope="session")
def spare_ports() -> SparePorts:
    """Gives ports to programs that are started later."""
    return SparePorts()


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(autouse=True)
def logs_stay_ours() -> Iterator[None]:
    """A command that ran within this process sent all logs to a stream that is closed by now."""
    yield
    structlog.reset_defaults()


# Only in the fixtures: whoever tests the library alone has no kiosk to import.
@dataclass
class Process:
    """A stand-in for the payer's gateway that runs in a process of its own."""

    script: Path
    port: int = 0
    process: subprocess.Popen[str] | None = None
    said: list[str] = field(default_factory=list)

    def start(self) -> None:
        command = [sys.executable, "-m", "kiosk", "gateway", "stand-in", "--port", str(self.port)]
        self.process = subprocess.Popen(
            [*command, "--script", str(self.script), "--end-with-stdin"],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line)
            if "gateway_stand_in_serves" in line:
                self.port = int(line.rpartition("port=")[2])
                return
        raise AssertionError("".join(self.said))

    def stop(self, *, kill: bool = False) -> None:
        assert self.process is not None
        assert self.process.stdin is not None
        assert self.process.stderr is not None
        if self.process.stderr.closed:
            return
        if kill:
            self.process.kill()
        self.process.stdin.close()
        self.said += self.process.stderr.readlines()
        self.process.stderr.close()
        self.process.wait(60)

    def behave(self, mood: Any, **particulars: Any) -> None:
        from kiosk.insurance.stand_in import direct
        from kiosk.insurance.stand_in.moods import Behaviour

        direct.behave(self.port, Behaviour(mood=mood, **particulars))

    def counted(self) -> dict[str, Any]:
        from kiosk.insurance.stand_in import direct

        counted: dict[str, Any] = direct.state(self.port)
        return counted

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def sample() -> Path:
    """The script of the stand-in that most tests have."""
    from kiosk.insurance.stand_in.script import SAMPLE

    return Path(SAMPLE)


@pytest.fixture(scope="session")
def shared_stand_in() -> Iterator[Process]:
    process = Process(sample())
    process.start()
    yield process
    process.stop()


@pytest.fixture
def stand_in(shared_stand_in: Process) -> Iterator[Process]:
    """A stand-in that behaves as it should when the test begins."""
    from kiosk.insurance.stand_in import direct
    from kiosk.insurance.stand_in.moods import Mood

    shared_stand_in.behave(Mood.OK)
    direct.forget_tokens(shared_stand_in.port)
    yield shared_stand_in
    shared_stand_in.behave(Mood.OK)


@pytest.fixture(scope="session")
def start_stand_in() -> Callable[[Path], Process]:
    """Starts a stand-in with a script; whoever starts one stops it."""

    def start(script: Path) -> Process:
        process = Process(script)
        process.start()
        return process

    return start


@pytest.fixture
def own_stand_in() -> Iterator[Process]:
    """A stand-in that the test may kill and start again."""
    process = Process(sample())
    process.start()
    yield process
    process.stop()
