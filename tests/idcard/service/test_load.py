"""The service under load from its own machine: silent and slow connections, large bodies, waiting clients."""

import json
import select
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from idcard.service import connections
from idcard.service.app import MAX_BODY_BYTES
from idcard.service.desk import MOST_WAITING

LARGE = MAX_BODY_BYTES + 1


@pytest.fixture
def wire(client: Any) -> Iterator[socket.socket]:
    """A bare connection."""
    with socket.create_connection(("127.0.0.1", client.server.port), timeout=60) as connection:
        yield connection


def ended(wire: socket.socket) -> bool:
    """Whether the other side has closed; waits for that."""
    try:
        return wire.recv(1) == b""
    except ConnectionResetError:
        return True


def answer_to(wire: socket.socket, *lines: str, body: bytes = b"") -> tuple[int, Any]:
    """The status and the JSON with which a request is answered, of which the connection then ends."""
    wire.sendall("\r\n".join([*lines, "", ""]).encode() + body)
    data = b""
    while chunk := wire.recv(4096):
        data += chunk
    head, _, content = data.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(content)


def head(client: Any, *lines: str, token: bool = True) -> list[str]:
    shown = [f"Authorization: Bearer {client.server.token}"] if token else []
    return ["POST /v1/verify HTTP/1.1", f"Host: 127.0.0.1:{client.server.port}", *shown, *lines]


def test_a_silent_connection_is_closed(client: Any, wire: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "IDLE_S", 0.2)
    assert ended(wire)
    assert client.get("/v1/state")[0] == 200


def test_sending_slowly_keeps_no_connection_open(
    client: Any, wire: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "IDLE_S", 0.2)
    wire.sendall(b"GET /v1/state HTTP/1.1\r\nX: ")
    while not select.select([wire], [], [], 0.02)[0]:
        try:
            wire.sendall(b"x")
        except OSError:
            break
    assert ended(wire)


def test_whoever_waits_for_an_answer_is_not_idle(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "IDLE_S", 0.2)
    _, known = client.get("/v1/events?wait=5")
    assert client.get(f"/v1/events?after={known['number']}&wait=1") == (200, known)


def test_silent_connections_lock_nobody_out(client: Any) -> None:
    with ExitStack() as stack:
        address = "127.0.0.1", client.server.port
        silent = [
            stack.enter_context(socket.create_connection(address, timeout=60))
            for _ in range(3 * connections.MOST_CONNECTIONS)
        ]
        assert client.get("/v1/state")[0] == 200
        # The oldest made room for the newest.
        assert ended(silent[0])
        assert not select.select([silent[-1]], [], [], 0)[0]


@pytest.mark.parametrize("length", [LARGE, 1 << 40])
def test_a_body_that_is_too_large_is_refused_before_it_comes(client: Any, wire: socket.socket, length: int) -> None:
    status, answer = answer_to(wire, *head(client, f"Content-Length: {length}"))
    assert (status, answer["error"]["code"]) == (413, "bad_request")


@pytest.mark.parametrize("announced", ["Content-Length: 1000000", "Transfer-Encoding: chunked"])
@pytest.mark.parametrize("expect", [(), ("Expect: 100-continue",)])
def test_no_body_is_taken_of_who_shows_no_token(
    client: Any, wire: socket.socket, announced: str, expect: tuple[str, ...]
) -> None:
    status, answer = answer_to(wire, *head(client, announced, *expect, token=False))
    assert (status, answer["error"]["code"]) == (401, "refused")


@pytest.mark.parametrize("more", ["Origin: null", "Host: evil.example"])
def test_nor_of_a_web_page(client: Any, wire: socket.socket, more: str) -> None:
    status, _ = answer_to(wire, *head(client, "Content-Length: 1000000", more))
    assert status == 401


def test_chunks_without_end_are_refused(client: Any, wire: socket.socket) -> None:
    chunks = (b"100000\r\n" + bytes(1 << 20) + b"\r\n") * 256
    wire.sendall("\r\n".join([*head(client, "Transfer-Encoding: chunked"), "", ""]).encode())
    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        wire.sendall(chunks)


def test_a_small_body_without_a_token_is_answered(client: Any) -> None:
    status, answer = client.ask("POST", "/v1/read", {"can": "999991"}, headers={})
    assert (status, answer["error"]["code"]) == (401, "refused")


@pytest.mark.parametrize("request_line", ["nonsense", "GET /v1/state HTTP/1.1\r\nno header"])
def test_what_is_no_request_is_told_like_all_else(client: Any, wire: socket.socket, request_line: str) -> None:
    status, answer = answer_to(wire, request_line)
    assert (status, answer["error"]["code"]) == (400, "bad_request")


def test_a_body_never_touches_the_disk(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_file(*_: object, **__: object) -> None:
        raise AssertionError("a body was written to the disk")

    monkeypatch.setattr(tempfile, "TemporaryFile", no_file)
    status, answer = client.post("/v1/verify", {"evidence": "A" * (4 << 20)})
    assert (status, answer["error"]["code"]) == (400, "bad_request")


@pytest.mark.parametrize("body", [b"[" * 1_000_000, b'{"a":' * 100_000, b'{"can": ' + b"1" * 100_000 + b"}", b"\xff"])
def test_json_without_bottom_is_a_bad_request(client: Any, body: bytes) -> None:
    for path in ("/v1/read", "/v1/verify"):
        status, answer = client.post(path, body)
        assert (status, answer["error"]["code"]) == (400, "bad_request")


def test_those_who_wait_leave_room_for_those_who_read(client: Any, hand: Any) -> None:
    _, known = client.get("/v1/events?wait=5")
    path = f"/v1/events?after={known['number']}"
    seen: list[Any] = []

    def wait() -> None:
        # Refused only while the question below holds the last place.
        while (answer := client.get(f"{path}&wait=30"))[0] != 200:
            assert answer[0] == 429
        seen.append(answer[1])

    waiting = [threading.Thread(target=wait) for _ in range(MOST_WAITING)]
    for thread in waiting:
        thread.start()
    while (refused := client.get(f"{path}&wait=1"))[0] == 200:
        pass
    assert (refused[0], refused[1]["error"]["code"]) == (429, "too_many_waiting")
    # Whoever does not wait is answered, and so is whoever asks for something else.
    assert client.get(f"{path}&wait=0") == (200, known)
    assert client.get("/v1/readers")[0] == 200
    hand.plug(False)
    for thread in waiting:
        thread.join(60)
    assert [state["reader"] for state in seen] == [False] * MOST_WAITING


def test_a_token_file_is_whole_at_any_moment(client: Any, tmp_path: Path) -> None:
    path, together = tmp_path / "token", threading.Barrier(8)
    failures: list[Exception] = []

    def write() -> None:
        together.wait(30)
        try:
            client.server.write_token(path)
        except OSError as error:
            failures.append(error)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (failures, path.read_text(), len(list(tmp_path.iterdir()))) == ([], client.server.token, 1)
