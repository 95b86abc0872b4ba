"""Connections of the service: who may send how much, for how long, and who goes first where there are too many.

Theory of operation. Every program of this machine can connect, with the token or without. So a request is looked at
as soon as its headers are there: who shows no token, or announces too large a body, is answered before a byte of the
body is kept. (A small body is let in, and refused by the application: a client that still writes would otherwise see a
broken connection and no answer.) A connection without a complete request is closed after a while, however busily it
sends; and where there are too many, the one that has been idle for longest is closed first, so that whoever comes with
a request is always heard. Bodies stay in memory: they hold personal data.
"""

import json
import time
from typing import Any, ClassVar, Final

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.task import ErrorTask
from waitress.utilities import Error, RequestEntityTooLarge

from idcard.service.app import HEADERS, MAX_BODY_BYTES, Door, Refused
from idcard.service.asked import BadRequest

IDLE_S = 30.0
"""For how long a connection may be without a complete request."""
MOST_CONNECTIONS = 100
_SMALL_BODY_BYTES: Final = 64 << 10

LIMITS: Final[dict[str, Any]] = {
    "max_request_body_size": MAX_BODY_BYTES + 1,
    "max_request_header_size": 32 << 10,
    "inbuf_overflow": 2 * MAX_BODY_BYTES,
    "outbuf_overflow": 2 * MAX_BODY_BYTES,
    "connection_limit": 4 * MOST_CONNECTIONS,
}
"""What waitress is told: bodies within bounds, in memory; more connections than there ever are after tidying."""


class _Unauthorized(Error):  # type: ignore[misc]
    code = 401
    reason = "Unauthorized"


class _Task(ErrorTask):  # type: ignore[misc]
    """Tells an error of the connection as the service tells all others."""

    def execute(self) -> None:
        """Answer, and close."""
        error = self.request.error
        code = Refused.code if isinstance(error, _Unauthorized) else BadRequest.code
        body = json.dumps({"error": {"code": code, "message": error.reason, "facts": {}}}).encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers += [("Content-Type", "application/json"), *HEADERS.items()]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _Parser(HTTPRequestParser):  # type: ignore[misc]
    """Looks at a request as soon as its headers are there."""

    door: ClassVar[Door]

    def received(self, data: bytes) -> int:
        """How many of the bytes belong to this request."""
        before = self.headers_finished
        consumed: int = super().received(data)
        if self.headers_finished and not before and self.error is None and self._has_large_body():
            self._look()
        return consumed

    def _has_large_body(self) -> bool:
        return bool(self.chunked or self.content_length > _SMALL_BODY_BYTES)

    def _look(self) -> None:
        headers = self.headers
        shown, host = headers.get("AUTHORIZATION", ""), headers.get("HOST", "")
        if not self.door.opens(authorization=shown, host=host, origin="ORIGIN" in headers):
            self._refuse(_Unauthorized(""))
        elif self.content_length > MAX_BODY_BYTES:
            self._refuse(RequestEntityTooLarge(""))

    def _refuse(self, error: Error) -> None:
        self.error, self.completed, self.expect_continue = error, True, False


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection that knows since when it has been idle."""

    error_task_class = _Task

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self.idle_since = time.monotonic()
        super().__init__(*arguments, **named)

    def service(self) -> None:
        """Answer one request."""
        super().service()
        self.idle_since = time.monotonic()


def channel_for(door: Door) -> type[Channel]:
    """The class of connections behind this door."""
    parser = type("Parser", (_Parser,), {"door": door})
    return type("Channel", (Channel,), {"parser_class": parser})


def tidy(channels: dict[int, Channel]) -> None:
    """Close connections that have been idle for too long and, where there are too many, those idle for longest.

    To be called by the thread that owns them.
    """
    idle = sorted((one for one in channels.values() if not one.requests), key=lambda one: one.idle_since)
    surplus = max(0, len(channels) - MOST_CONNECTIONS)
    latest = time.monotonic() - IDLE_S
    for number, channel in enumerate(idle):
        if number < surplus or channel.idle_since < latest:
            channel.handle_close()
