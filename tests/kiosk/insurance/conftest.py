"""What the tests of the gateway share: the stand-in in a process of its own, and clients of it."""

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kiosk.devices.clock import ManualClock
from kiosk.insurance.account import GatewayAccount
from kiosk.insurance.bhxh import Gateway
from kiosk.insurance.circuit import Circuit
from kiosk.insurance.stand_in import direct
from kiosk.insurance.stand_in.moods import Behaviour, Mood
from kiosk.insurance.stand_in.script import SAMPLE

PASSWORD = "rehearsal"


@dataclass(frozen=True)
class Duty:
    name: str = "Phạm Thị Trực"
    personal_number: str = "036185999901"


@dataclass
class Process:
    """A stand-in that runs in a process of its own."""

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
        if kill:
            self.process.kill()
        self.process.stdin.close()
        self.said += self.process.stderr.readlines()
        self.process.stderr.close()
        self.process.wait(60)

    def behave(self, mood: Mood, **particulars: Any) -> None:
        direct.behave(self.port, Behaviour(mood=mood, **particulars))

    def counted(self) -> dict[str, Any]:
        return direct.state(self.port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture(scope="session")
def shared_stand_in() -> Iterator[Process]:
    process = Process(SAMPLE)
    process.start()
    yield process
    process.stop()


@pytest.fixture
def stand_in(shared_stand_in: Process) -> Iterator[Process]:
    """A stand-in that behaves as it should when the test begins."""
    shared_stand_in.behave(Mood.OK)
    direct.forget_tokens(shared_stand_in.port)
    yield shared_stand_in
    shared_stand_in.behave(Mood.OK)


@pytest.fixture
def own_stand_in() -> Iterator[Process]:
    """A stand-in that the test may kill and start again."""
    process = Process(SAMPLE)
    process.start()
    yield process
    with contextlib.suppress(ValueError):
        process.stop()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 23, 0, 42, tzinfo=UTC))


@pytest.fixture
def duty() -> Duty:
    return Duty()


MakeGateway = Callable[..., Gateway]


@pytest.fixture
def gateway(clock: ManualClock) -> Iterator[MakeGateway]:
    """Makes clients of a stand-in; waiting between two tries takes no time and is counted in ``pauses``."""
    made: list[Gateway] = []

    def make(
        stand_in: Process, *, circuit: Circuit | None = None, pauses: list[float] | None = None, **own: Any
    ) -> Gateway:
        settings = {"url": stand_in.url, "username": "36999_BV", "password": PASSWORD, "deadline_s": 30.0} | own
        sleep = ([] if pauses is None else pauses).append
        client = Gateway(
            GatewayAccount.model_validate(settings), clock=clock, circuit=circuit, sleep=sleep, chance=lambda: 1.0
        )
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()
