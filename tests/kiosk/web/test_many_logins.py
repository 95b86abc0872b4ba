"""Many who want in at once: the desk goes on, and whoever finds no place to wait is told so, kindly."""

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

import pytest
from argon2 import PasswordHasher

from idcard import BirthDate
from kiosk.domain.cover_basis import Asked, Online
from kiosk.insurance.cover_message import PATH, answer_of, question_bytes
from kiosk.insurance.sources import NoOnlineAnswer
from kiosk.services.staff_sessions import StaffSessions
from kiosk.turns import RETRY_AFTER_S, TooManyAtOnce, Turns
from kiosk.web.common.serving import Server, make_server
from kiosk.web.staff.internal import add_internal

CROWD = 30
TOKEN = bytes(range(32))


class SlowHasher(PasswordHasher):
    """Argon2 that goes on once the test says so: how long a hash takes is no matter of this machine's speed."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.go_on, self.hashing = threading.Event(), threading.Event()
        self.at_once, self.most, self._count = 0, 0, threading.Lock()

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]  # its own has literals
        with self._count:
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        self.hashing.set()
        self.go_on.wait(30)
        try:
            return super().verify(hash, password)
        finally:
            with self._count:
                self.at_once -= 1


@dataclass
class Door:
    """The staff's process at its door, over sockets."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, Any, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        own = {"Origin": f"http://127.0.0.1:{self.port}", "Cookie": cookies}
        connection.request(method, path, body, own | headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        for said in answer.headers.get_all("Set-Cookie") or []:
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(said).items()}
        connection.close()
        return answer.status, answer.headers, text

    def log_in(self, sign: str, password: str) -> tuple[int, Any, str]:
        form = self.ask("GET", "/login?lang=en")[2]
        token = form.split('name="csrf_token" value="')[1].split('"')[0]
        body = urlencode({"csrf_token": token, "sign": sign, "password": password}).encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.ask("POST", "/login?lang=en", body, **kind)


@pytest.fixture
def hasher(desk: Any) -> SlowHasher:
    slow = SlowHasher()
    desk.accounts._passwords._hasher = slow
    return slow


@pytest.fixture
def server(desk: Any, hasher: SlowHasher, spare_ports: Callable[[], int]) -> Iterator[Server]:
    port = spare_ports()
    app = desk.app(port=port, sessions=StaffSessions(desk.accounts, idle_s=900))
    add_internal(app, None, TOKEN)
    server = make_server(app, host="127.0.0.1", port=port)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield server
    hasher.go_on.set()
    server.close()
    thread.join()


def test_many_who_want_in_stop_nobody_at_the_desk(server: Server, hasher: SlowHasher, desk: Any) -> None:
    hasher.go_on.set()
    clerk = Door(server.port)
    assert clerk.log_in("truc", desk.passwords["truc"])[0] == 303
    hasher.go_on.clear()
    with ThreadPoolExecutor(CROWD) as crowd:
        tries = [crowd.submit(Door(server.port).log_in, "lan", "một mật khẩu sai") for _ in range(CROWD)]
        # All but the one whose password is being checked, and the two who wait, hear at once that it is too much.
        wait_until(lambda: sum(each.done() for each in tries) == CROWD - 3)
        refused = [each.result() for each in tries if each.done()]
        assert {status for status, _, _ in refused} == {503}
        assert {headers["Retry-After"] for _, headers, _ in refused} == {str(RETRY_AFTER_S)}
        assert all("Please try again in a few seconds." in text for _, _, text in refused)
        stranger = Door(server.port)
        assert stranger.ask("GET", "/health")[0] == 204
        assert clerk.ask("GET", "/live")[0] == 200, "the desk goes on"
        assert asks_the_payer(stranger) is Online.OFF
        hasher.go_on.set()
    assert sorted(each.result()[0] for each in tries) == [403] * 3 + [503] * (CROWD - 3)
    assert hasher.most == 1, "one hash at a time, each takes its memory"
    assert Door(server.port).log_in("lan", desk.passwords["lan"])[0] == 303, "three wrong tries, not thirty"


def test_who_is_in_already_has_places_of_their_own(desk: Any, hasher: SlowHasher) -> None:
    with ThreadPoolExecutor(8) as people:
        crowd = [people.submit(desk.accounts.check, "lan", "sai", act="login") for _ in range(4)]
        wait_until(lambda: hasher.hashing.is_set() and any(each.done() for each in crowd))
        assert [isinstance(each.exception(), TooManyAtOnce) for each in crowd if each.done()] == [True]
        unlocking = people.submit(desk.accounts.check, "truc", desk.passwords["truc"], act="unlocked")
        time.sleep(0.05)
        assert not unlocking.done()
        hasher.go_on.set()
        assert unlocking.result().sign == "truc"
        assert [each.result() for each in crowd if each.exception() is None] == [None] * 3


def test_a_turn_that_fails_is_given_back() -> None:
    turns = Turns(threading.Lock(), waiting=0)
    for _ in range(3):
        with pytest.raises(ValueError, match="broken"), turns:
            raise ValueError("broken")
    with turns, pytest.raises(TooManyAtOnce), turns:
        pass


def asks_the_payer(door: Door) -> Online:
    """What the patient's process hears that asks about cover."""
    body = question_bytes(Asked(name="Nguyễn Thị Mẫu", birth=BirthDate(year=1990), personal_number="036190999000"))
    bearer = {"Authorization": f"Bearer {TOKEN.hex()}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=20)
    connection.request("POST", PATH, body, {"Origin": f"http://127.0.0.1:{door.port}"} | bearer)
    answer = connection.getresponse()
    assert answer.status == 200
    try:
        answer_of(answer.read())
    except NoOnlineAnswer as problem:
        return problem.why
    finally:
        connection.close()
    raise AssertionError


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)
