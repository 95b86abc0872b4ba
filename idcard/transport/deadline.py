"""One deadline for a whole exchange: finding the address, connecting, TLS, and every byte that comes.

Theory of operation. A socket's own timeout is for one call: who sends a byte a second is never too late. So before each
call the socket is given what is left of the time, and nothing where nothing is left. The system's resolver knows no
timeout at all; it works in a thread of its own, which is left alone when the time is up.
"""

import io
import socket
import ssl
import threading
import time
from typing import Any


class Deadline:
    """A moment on the monotonic clock, so many seconds from now."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """The seconds that are left.

        :raises TimeoutError: if none are.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time is up")
        return left


class Wire(io.RawIOBase):
    """A connected socket under a deadline, as far as :mod:`http.client` needs one.

    That lets go of a connection as soon as it has read the headers where no other request follows, and reads on from
    what ``makefile`` gave: so closing the wire takes :meth:`hang_up`.
    """

    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        super().__init__()
        self._socket, self._deadline = connected, deadline

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """The number of bytes that came.

        :raises TimeoutError: if none came in time.
        """
        self._socket.settimeout(self._deadline.left())
        return self._socket.recv_into(buffer)

    def sendall(self, data: bytes) -> None:
        """Send them all.

        :raises TimeoutError: if they did not leave in time.
        """
        self._socket.settimeout(self._deadline.left())
        self._socket.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What comes, buffered."""
        return io.BufferedReader(self)

    def close(self) -> None:
        """Nothing yet, see above."""

    def hang_up(self) -> None:
        """Close it."""
        self._socket.close()
        super().close()


def connect(host: str, port: int, tls: ssl.SSLContext | None, deadline: Deadline) -> Wire:
    """A connection to the first address of ``host`` that answers.

    :raises OSError: if none does in time, or TLS fails.
    """
    failure: OSError = TimeoutError("no address was found in time")
    for family, kind, protocol, _, address in _addresses(host, port, deadline):
        plain = socket.socket(family, kind, protocol)
        try:
            plain.settimeout(deadline.left())
            plain.connect(address)
            plain.settimeout(deadline.left())
            return Wire(plain if tls is None else tls.wrap_socket(plain, server_hostname=host), deadline)
        except OSError as error:
            plain.close()
            failure = error
    raise failure


def _addresses(host: str, port: int, deadline: Deadline) -> list[Any]:
    found: list[Any] = []

    def look_up() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError):
            return

    thread = threading.Thread(target=look_up, name="resolver", daemon=True)
    thread.start()
    thread.join(deadline.left())
    return list(found)
