"""The stand-in's process: serves until it is told to stop. It logs no address, for addresses hold password hashes."""

import os
import signal
import sys
from pathlib import Path
from threading import Event, Thread
from types import FrameType
from typing import Any

import structlog
from werkzeug.serving import BaseWSGIServer, ThreadedWSGIServer, WSGIRequestHandler

from kiosk.insurance.stand_in.app import create_stand_in
from kiosk.insurance.stand_in.desk import GatewayDesk
from kiosk.insurance.stand_in.script import SAMPLE, load_script
from kiosk.process import port_busy

HOST = "127.0.0.1"
_log = structlog.get_logger(__name__)


class _Quiet(WSGIRequestHandler):
    """Keeps connections open as real gateways do, and says nothing of what is asked."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing: a message may hold an address."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: the request line holds a password hash."""


class _Server(ThreadedWSGIServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: who hung up, or was hung up on, was meant to."""


class StandIn:
    """A stand-in that listens from the start on.

    :param port: 0 picks a free one.
    :raises ConfigurationError: where the script or the port cannot be used.
    """

    def __init__(self, *, port: int, script: Path | None = None) -> None:
        loaded = load_script(script or SAMPLE)
        self._stopped = Event()
        self.desk = GatewayDesk(loaded)
        app = create_stand_in(self.desk, loaded.bodies, self._stopped)
        try:
            self._server: BaseWSGIServer = _Server(HOST, port, app, handler=_Quiet)
        except (OSError, SystemExit) as error:
            raise port_busy(HOST, port) from error
        self.port: int = self._server.port

    def run(self) -> None:
        """Serve until :meth:`close`; for the main thread, which hears signals."""
        serving = Thread(target=self._server.serve_forever, name="stand-in", daemon=True)
        serving.start()
        self._stopped.wait()
        self._server.shutdown()
        self._server.server_close()

    def close(self) -> None:
        """Stop serving; may be called from a signal's handler."""
        self._stopped.set()


def run_stand_in(port: int, script: Path | None, *, end_with_stdin: bool = False) -> None:
    """Serve until the process is told to stop (SIGTERM, Ctrl-C)."""
    stand_in = StandIn(port=port, script=script)

    def stop(number: int, frame: FrameType | None) -> None:
        stand_in.close()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    if end_with_stdin:
        Thread(target=_close_at_end_of_stdin, args=(stand_in,), name="stdin", daemon=True).start()
    _log.info("gateway_stand_in_serves", port=stand_in.port)
    stand_in.run()


def _close_at_end_of_stdin(stand_in: StandIn) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        continue
    stand_in.close()
