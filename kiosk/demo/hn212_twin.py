"""The simulated twin of an HN-212: a Socket.IO server that tells of invented people's cards, with faults on demand.

It serves with the threaded development server of Werkzeug: one reader talks to one kiosk.
"""

import base64
from collections.abc import Mapping
from threading import Event, Thread
from typing import Any

import socketio
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

NAMESPACE = "/event"
_TOLD = ("dg2", "dg13", "dg14", "dg15", "sod")
"""The files that the real one is said to hand over."""


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing: what a kiosk hangs up on is no error of the twin."""


class Hn212Twin:
    """Listens from the start on, until :meth:`close`.

    :param port: 0 picks a free one.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._server = socketio.Server(async_mode="threading", cors_allowed_origins=[])
        self._callers: set[str] = set()
        self._called = Event()
        self._server.on("connect", self._came, NAMESPACE)
        self._server.on("disconnect", self._went, NAMESPACE)
        app = Flask(__name__)
        app.wsgi_app = socketio.WSGIApp(self._server, app.wsgi_app)  # type: ignore[method-assign]
        self._http = make_server(host, port, app, threaded=True, request_handler=_Quiet)
        # Whoever still listens when it is switched off is hung up on, and not waited for.
        self._http.daemon_threads, self._http.block_on_close = True, False  # type: ignore[attr-defined]
        self.port: int = self._http.server_port
        self._thread = Thread(target=self._http.serve_forever, name="hn212-twin", daemon=True)
        self._thread.start()

    def wait_for_call(self, timeout_s: float = 10.0) -> bool:
        """Whether a kiosk listens, once it does or the time is up."""
        return self._called.wait(timeout_s)

    def see_card(self) -> None:
        """A card is put on it."""
        self.tell({"id": 1, "data": None})

    def tell_text(self, fields: Mapping[str, str]) -> None:
        """What the real one tells first, in plain text."""
        self.tell({"id": 2, "data": dict(fields)})

    def fail(self) -> None:
        """It could not read the card."""
        self.tell({"id": 3, "data": {"message": "read error"}})

    def hand_over(self, files: Mapping[str, bytes], *, leave_out: tuple[str, ...] = ()) -> None:
        """Hand over a card's files, as many as the real one does; ``leave_out`` makes it half an event."""
        spelt = {name: base64.b64encode(files[name]).decode() for name in _TOLD if name in files}
        self.tell({"id": 4, "data": {name: text for name, text in spelt.items() if name not in leave_out}})

    def tell(self, event: Any) -> None:
        """Tell anything at all."""
        self._server.emit("event", event, namespace=NAMESPACE)

    def cut(self) -> None:
        """Hang up on everybody who listens."""
        self._called.clear()
        for caller in tuple(self._callers):
            self._server.disconnect(caller, namespace=NAMESPACE)

    def close(self) -> None:
        """Switch it off."""
        self.cut()
        self._server.shutdown()
        self._http.shutdown()
        self._thread.join(timeout=5)
        self._http.server_close()

    def _came(self, caller: str, environment: dict[str, Any]) -> None:
        self._callers.add(caller)
        self._called.set()

    def _went(self, caller: str, *why: object) -> None:
        self._callers.discard(caller)
