"""The service on a real port, with a simulated card that a hand puts down and takes away."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import Any

import pytest

import idcard
from idcard.service.server import Judging, Server, start
from idcard.testing import Holder, Issuer, SimulatedCard


class Hand:
    """A reader with a hand above it: what the service sees of readers and cards."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.card: SimulatedCard | None = None
        self.plugged = True
        self.atr = b""
        self.before_command: Callable[[], None] = lambda: None

    def put(self, card: SimulatedCard | None) -> None:
        with self._changed:
            self.card = card
            self._changed.notify_all()

    def plug(self, plugged: bool) -> None:
        with self._changed:
            self.plugged = plugged
            self._changed.notify_all()

    def readers(self) -> tuple[str, ...]:
        if not self.plugged:
            raise idcard.ReaderMissing("no reader is connected")
        return ("Reader 00 00",)

    def wait(self, timeout_s: float) -> bool:
        with self._changed:
            before = self.card, self.plugged
            self._changed.wait_for(lambda: (self.card, self.plugged) != before, min(timeout_s, 0.05))
            self.readers()
            return self.card is not None

    def connect(self) -> "Hand":
        if self.card is None:
            raise idcard.CardRemoved("no card lies on the reader")
        self.card.power_on()
        self.atr = self.card.atr
        return self

    def transmit(self, command: bytes) -> bytes:
        self.before_command()
        if self.card is None:
            raise idcard.CardRemoved("the card is gone")
        return self.card.transmit(command)

    def close(self) -> None:
        if self.card is not None:
            self.card.power_off()


class Client:
    """A program on the same machine."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.headers = {"Authorization": f"Bearer {server.token}"}

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        sent = self.headers if headers is None else headers
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        if data is not None:
            sent = {"Content-Type": "application/json", **sent}
        try:
            connection.request(method, path, data, sent)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        assert answer.headers["Cache-Control"] == "no-store"
        return answer.status, json.loads(content)

    def get(self, path: str) -> tuple[int, Any]:
        return self.ask("GET", path)

    def post(self, path: str, body: Any) -> tuple[int, Any]:
        return self.ask("POST", path, body)


@pytest.fixture(scope="session")
def holder() -> Holder:
    birth = datetime(datetime.now(UTC).year - 30, 5, 15)
    return Holder(
        personal_number=f"036{'0' if birth.year < 2000 else '2'}{birth.year % 100:02}999991",
        name="Nguyễn Văn Mẫu",
        birth=birth.date(),
        sex="M",
        issued=datetime(datetime.now(UTC).year - 1, 1, 1).date(),
        expiry=datetime(birth.year + 40, 5, 15).date(),
    )


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    return Issuer.create(at=datetime(2021, 1, 1, tzinfo=UTC), demonstration=False)


@pytest.fixture(scope="session")
def trust(issuer: Issuer) -> idcard.TrustStore:
    return idcard.TrustStore.of([issuer.csca_certificate])


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def running(hand: Hand) -> Iterator[Callable[[Judging], Server]]:
    """Starts a service under the hand; it is stopped afterwards."""
    started: list[tuple[Server, threading.Thread]] = []

    def make(judging: Judging) -> Server:
        server = start(judging, desk=hand)
        thread = threading.Thread(target=server.run)
        thread.start()
        started.append((server, thread))
        return server

    yield make
    for server, thread in started:
        server.stop()
        thread.join(30)
        assert not thread.is_alive()


@pytest.fixture
def server(running: Callable[[Judging], Server], trust: idcard.TrustStore) -> Server:
    return running(Judging(trust=trust, policy=idcard.VIETNAM_STRICT))


@pytest.fixture
def client(server: Server) -> Client:
    return Client(server)


@pytest.fixture
def ask() -> Callable[[Server], Client]:
    """A program that talks to that service."""
    return Client
