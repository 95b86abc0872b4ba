"""The hub's server: on a Unix socket behind a proxy, or on a port of this machine."""

import logging
import socket
from pathlib import Path
from threading import Event
from typing import Any

from flask import Flask
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import create_server
from waitress.task import ErrorTask

from idcard import ConfigurationError
from kiosk.hub.config import HubConfig
from kiosk.web.common.door import PROGRAM_HEADERS
from kiosk.wire.batch import BATCH_LIMIT

_NOTICE_S = 0.25
_OPEN = 1024
"""How many connections may be open: the proxy's, of which it keeps few."""


class _Refusal(ErrorTask):  # type: ignore[misc]  # waitress has no types
    """The server's own answer to what never reached the app, in the words of the app."""

    def execute(self) -> None:
        """Write the answer and hang up."""
        problem = self.request.error
        body = b'{"error": "refused"}\n'
        self.status = f"{problem.code} {problem.reason}"
        self.response_headers.extend([("Content-Type", "application/json"), *PROGRAM_HEADERS.items()])
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    error_task_class = _Refusal


class HubServer:
    """A waitress server that does not say what it is.

    :raises ConfigurationError: where another program listens there, or the place cannot be used.
    """

    def __init__(self, app: Flask, config: HubConfig) -> None:
        self._map: dict[int, Any] = {}
        self._stopped = Event()
        # That requests wait for a moment under load is no news.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        self._socket = config.socket
        try:
            self._server = create_server(app, map=self._map, **_place(config), **_bounds(config))
        except OSError as error:
            raise _busy(config) from error
        self._server.channel_class = _Channel
        self.port = 0 if config.socket is not None else int(self._server.effective_port)

    def run(self) -> None:
        """Serve until :meth:`close`."""
        try:
            while not self._stopped.is_set():
                wasyncore.loop(timeout=_NOTICE_S, use_poll=True, map=self._map, count=1)
        finally:
            self._server.task_dispatcher.shutdown()
            wasyncore.close_all(self._map)
            if self._socket is not None:
                self._socket.unlink(missing_ok=True)

    def close(self) -> None:
        """Stop serving; :meth:`run` returns soon after. May be called from any thread."""
        self._stopped.set()


def _place(config: HubConfig) -> dict[str, Any]:
    if config.socket is None:
        return {"host": config.host, "port": config.port}
    if _answers(config.socket):
        raise _busy(config)
    # The proxy's group may talk to it, and nobody else.
    return {"unix_socket": str(config.socket), "unix_socket_perms": "660"}


def _bounds(config: HubConfig) -> dict[str, Any]:
    return {
        # A few more than may work: whoever waits for a place needs one to wait in.
        "threads": config.requests + 8,
        "ident": "",
        "channel_timeout": 60,
        "connection_limit": _OPEN,
        # The app says what is too large; beyond this the connection is hung up on.
        "max_request_body_size": 2 * BATCH_LIMIT,
        "max_request_header_size": 16 * 1024,
        "clear_untrusted_proxy_headers": True,
    }


def _answers(path: Path) -> bool:
    """Whether a program listens there; a socket that a hub left behind when it was killed does not count."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def _busy(config: HubConfig) -> ConfigurationError:
    where = config.socket or f"port {config.port} on {config.host}"
    return ConfigurationError(
        f"The hub cannot listen on {where}.",
        reason="port_busy",
        remedy="Stop the program that listens there, or choose another place.",
    )
