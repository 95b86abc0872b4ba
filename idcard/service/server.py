"""Starts the service: its token, its port on loopback, and the thread that waits for cards."""

import os
import secrets
import socket
import threading
from contextlib import suppress
from pathlib import Path

from waitress import wasyncore
from waitress.server import create_server

import idcard
from idcard.service.app import Settings, create_app
from idcard.service.desk import CardDesk, PcscDesk, Watcher

ADDRESS = "127.0.0.1"
_TOKEN_BYTES = 32
_LOOK_S = 0.2
_THREADS = 16
"""Each client that waits for an event holds one."""


class Server:
    """The service, listening.

    ``token`` is what its clients show; it is made anew at each start.
    """

    def __init__(self, trust: idcard.TrustStore, policy: idcard.Policy, desk: CardDesk, port: int) -> None:
        self.token = secrets.token_urlsafe(_TOKEN_BYTES)
        self._watcher = Watcher(desk)
        self._stop = threading.Event()
        listening = socket.create_server((ADDRESS, port))
        self.port = int(listening.getsockname()[1])
        hosts = frozenset({f"{ADDRESS}:{self.port}", f"localhost:{self.port}"})
        settings = Settings(trust=trust, policy=policy, token=self.token, hosts=hosts)
        app = create_app(settings, self._watcher)
        self._wsgi = create_server(app, sockets=[listening], threads=_THREADS, ident=None)

    @property
    def address(self) -> str:
        """Where it listens, as a URL."""
        return f"http://{ADDRESS}:{self.port}"

    def write_token(self, path: Path) -> None:
        """Write the token into a file that only its owner can read."""
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(self.token)

    def run(self) -> None:
        """Serve until :meth:`stop`, or until the user stops it.

        Everything is closed by this very thread: who writes to waitress's pipe after it was closed by another one may
        write into a file that got its number.
        """
        self._watcher.start()
        try:
            with suppress(KeyboardInterrupt):
                while not self._stop.is_set():
                    wasyncore.loop(timeout=_LOOK_S, count=1, map=self._wsgi._map)
        finally:
            self._watcher.stop()
            self._wsgi.task_dispatcher.shutdown()
            wasyncore.close_all(self._wsgi._map)

    def stop(self) -> None:
        """End :meth:`run` soon; from any thread."""
        self._stop.set()


def start(
    trust: idcard.TrustStore,
    policy: idcard.Policy,
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
    return Server(trust, policy, desk or PcscDesk(reader), port)
