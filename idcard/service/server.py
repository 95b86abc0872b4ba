"""Starts the service: its token, its port on loopback, and the thread that waits for cards."""

import secrets
import select
import socket
import threading
from contextlib import suppress
from pathlib import Path

from waitress import wasyncore
from waitress.server import create_server

from idcard.evidence_file.private import write_private
from idcard.service.app import Door, Judging, create_app
from idcard.service.connections import LIMITS, channel_for, tidy
from idcard.service.desk import MOST_WAITING, CardDesk, PcscDesk, Watcher

__all__ = ["Judging", "Server", "start"]

ADDRESS = "127.0.0.1"
_TOKEN_BYTES = 32
_LOOK_S = 0.2
_POLL = hasattr(select, "poll")
"""Where there is one: ``select`` takes no descriptor above its bound, however few are open."""
_THREADS = 2 * MOST_WAITING
"""Each client that waits for an event holds one; the others are for those who read and verify."""


class Server:
    """The service, listening.

    ``token`` is what its clients show; it is made anew at each start.
    """

    def __init__(self, judging: Judging, desk: CardDesk, port: int) -> None:
        self.token = secrets.token_urlsafe(_TOKEN_BYTES)
        self._watcher = Watcher(desk)
        self._stop = threading.Event()
        listening = socket.create_server((ADDRESS, port))
        self.port = int(listening.getsockname()[1])
        hosts = frozenset({f"{ADDRESS}:{self.port}", f"localhost:{self.port}"})
        door = Door(token=self.token, hosts=hosts)
        app = create_app(judging, door, self._watcher)
        self._wsgi = create_server(app, sockets=[listening], threads=_THREADS, ident=None, **LIMITS)
        self._wsgi.channel_class = channel_for(door)

    @property
    def address(self) -> str:
        """Where it listens, as a URL."""
        return f"http://{ADDRESS}:{self.port}"

    def write_token(self, path: Path) -> None:
        """Write the token into a file that only its owner can read."""
        write_private(path, self.token.encode())

    def run(self) -> None:
        """Serve until :meth:`stop`, or until the user stops it.

        Everything is closed by this very thread: who writes to waitress's pipe after it was closed by another one may
        write into a file that got its number.
        """
        self._watcher.start()
        try:
            with suppress(KeyboardInterrupt):
                while not self._stop.is_set():
                    wasyncore.loop(timeout=_LOOK_S, count=1, map=self._wsgi._map, use_poll=_POLL)
                    tidy(self._wsgi.active_channels)
        finally:
            self._watcher.stop()
            self._wsgi.task_dispatcher.shutdown()
            wasyncore.close_all(self._wsgi._map)

    def stop(self) -> None:
        """End :meth:`run` soon; from any thread."""
        self._stop.set()


def start(
    judging: Judging,
    *,
    reader: str | None = None,
    port: int = 0,
    desk: CardDesk | None = None,
) -> Server:
    """The service, listening on loopback; :meth:`Server.run` answers.

    :param reader: the PC/SC reader to use; None for any.
    :param port: the port; 0 takes a free one.
    :param desk: what stands for the readers, where they are not PC/SC's.
    :raises OSError: if the port is taken.
    """
    return Server(judging, desk or PcscDesk(reader), port)
