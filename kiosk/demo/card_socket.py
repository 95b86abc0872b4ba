"""The bench's card socket on loopback: frames of two bytes of length and a body, each answered by one frame."""

import contextlib
import socket
from collections.abc import Callable
from threading import Lock, Thread
from typing import BinaryIO

from kiosk.process import port_busy

_LENGTH_BYTES = 2
_BACKLOG = 8

Answer = Callable[[bytes], bytes]


class CardSocket:
    """Listens from the start on; each connection is served by a thread of its own, until :meth:`close`.

    :param port: 0 picks a free one.
    :param answer: the answer to a frame's body; called from several threads.
    :raises ConfigurationError: where the port cannot be had.
    """

    def __init__(self, host: str, port: int, answer: Answer) -> None:
        self._answer = answer
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        self._closed = False
        try:
            self._listener = socket.create_server((host, port), backlog=_BACKLOG)
        except OSError as error:
            raise port_busy(host, port) from error
        self.port: int = self._listener.getsockname()[1]
        self._thread = Thread(target=self._accept, name="card-socket", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Hang up on everybody, and let go of the port."""
        with self._lock:
            self._closed = True
            for connection in (self._listener, *self._open):
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=5)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                if self._closed:
                    connection.close()
                    return
                self._open.add(connection)
            Thread(target=self._serve, args=(connection,), name="card-connection", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with connection, connection.makefile("rb") as stream:
                while body := _frame(stream):
                    answer = self._answer(body)
                    connection.sendall(len(answer).to_bytes(_LENGTH_BYTES, "big") + answer)
        except OSError:
            return
        finally:
            with self._lock:
                self._open.discard(connection)


def _frame(stream: BinaryIO) -> bytes:
    """The body of the next frame; nothing where the other side hung up or sent less than it announced."""
    length = int.from_bytes(stream.read(_LENGTH_BYTES), "big")
    body = stream.read(length)
    return body if len(body) == length else b""
