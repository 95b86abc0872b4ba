"""The server itself: what it answers to requests that never reach the app."""

import contextlib
import socket
from collections.abc import Iterator
from threading import Thread

import pytest
from flask import Flask

from kiosk.web.common.door import HEADERS
from kiosk.web.common.serving import Server, make_server


@pytest.fixture
def server() -> Iterator[Server]:
    server = make_server(Flask(__name__), host="127.0.0.1", port=0)
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
