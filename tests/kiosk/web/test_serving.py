"""The server itself: what it answers to requests that never reach the app."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from threading import Event, Thread

import pytest
from flask import Flask

from kiosk.web.common.door import HEADERS
from kiosk.web.common.serving import IDLE_CONNECTIONS, THREADS, Server, make_server

PATIENCE_S = 30.0
"""Less than the minute after which waitress itself closes a silent connection."""
GO_ON = Event()


@pytest.fixture
def server() -> Iterator[Server]:
    app = Flask(__name__)
    GO_ON.clear()

    @app.get("/page")
    def page() -> str:
        return "the page"

    @app.get("/news")
    def news() -> str:
        GO_ON.wait(PATIENCE_S)
        return "the news"

    @app.get("/health")
    @app.get("/internal/ask")
    def needed() -> str:
        return "here"

    server = make_server(app, host="127.0.0.1", port=0)
    thread = Thread(target=server.run)
    thread.start()
    yield server
    server.close()
    thread.join()


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"FOO\r\n\r\n", b"400 "),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", b"400 "),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n", b"413 "),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 262_200 + b"\r\n\r\n", b"431 "),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: odd\r\n\r\n", b"501 "),
    ],
)
def test_a_refusal_bears_our_headers_and_does_not_say_what_it_is(
    server: Server, request_bytes: bytes, status: bytes
) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(request_bytes)
        answer = b""
        with contextlib.suppress(ConnectionResetError):  # it need not read all of what it refuses
            while part := connection.recv(65536):
                answer += part
    assert answer.partition(b" ")[2].startswith(status)
    for name, value in HEADERS.items():
        assert f"\r\n{name}: {value}\r\n".encode() in answer
    for word in (b"generated", b"waitress", b"Server:", b"Bad first"):
        assert word not in answer


def connect(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S)


def ask(connection: socket.socket, path: str) -> None:
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())


def answer_on(connection: socket.socket) -> bytes:
    answer = b""
    while part := connection.recv(65536):
        answer += part
    return answer


@pytest.mark.parametrize("said", [b"", b"GET /page HTTP/1.1\r\nHost:"])
def test_connections_that_ask_nothing_keep_nobody_from_the_page(server: Server, said: bytes) -> None:
    with contextlib.ExitStack() as stack:
        waiting = stack.enter_context(connect(server))
        ask(waiting, "/news")
        silent = [stack.enter_context(connect(server)) for _ in range(150)]
        for connection in silent:
            # The oldest may be gone already.
            with contextlib.suppress(OSError):
                connection.sendall(said)
        asking = stack.enter_context(connect(server))
        ask(asking, "/page")
        assert answer_on(asking).endswith(b"the page")
        wait_until(lambda: sum(map(is_closed, silent)) >= len(silent) - IDLE_CONNECTIONS)
        # Who asked something first of all still gets the answer.
        GO_ON.set()
        assert answer_on(waiting).endswith(b"the news")


def is_closed(connection: socket.socket) -> bool:
    """Whether the server has hung up."""
    connection.setblocking(False)
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("path", ["/health", "/internal/ask"])
def test_what_others_live_by_is_answered_while_every_page_waits(server: Server, path: str) -> None:
    with contextlib.ExitStack() as stack:
        waiting = [stack.enter_context(connect(server)) for _ in range(THREADS + 4)]
        for connection in waiting:
            ask(connection, "/news")
        page = stack.enter_context(connect(server))
        ask(page, "/page")
        for _ in range(3):
            needed = stack.enter_context(connect(server))
            ask(needed, path)
            assert answer_on(needed).endswith(b"here")
        page.settimeout(0.2)
        with pytest.raises(TimeoutError):
            page.recv(1)
        GO_ON.set()
        page.settimeout(PATIENCE_S)
        assert answer_on(page).endswith(b"the page")
        assert [answer_on(connection).endswith(b"the news") for connection in waiting] == [True] * len(waiting)
