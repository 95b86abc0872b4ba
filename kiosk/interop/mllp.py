"""MLLP: HL7 messages over a stream, one at a time, each answered before the next.

Theory of operation. A message stands between 0x0B and 0x1C 0x0D. The connection stays open between messages; a receiver
may close it meanwhile, which shows only when the next message is sent, so such a message is sent once more on a new
connection (its control id tells the receiver that it is the same). After a time-out or nonsense the connection is given
up, for what came late would be taken for the next answer. TLS, unless the receiver is on this machine.

Source: HL7 version 2, "Transport Specification: MLLP, Release 2" (its block format).
"""

import contextlib
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from kiosk.config import LOOPBACK
from kiosk.interop.hl7v2 import Acknowledgement, Addresses, MalformedAnswer, adt_message, control_id, parse_answer
from kiosk.interop.sink import NOT_SENT, Delivered, Down, Failed, GivenUp, Outcome, VisitEvent
from kiosk.interop.visit import Happening, OpenedVisit
from kiosk.tls import LeastTls, client_context

START, END = b"\x0b", b"\x1c\x0d"
LARGEST_ANSWER = 64 * 1024


class MllpError(Exception):
    """No answer came; ``reason`` is a stable word, ``unreachable`` where nothing was sent.

    :param reason: why.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Closed(Exception):
    """The receiver had closed the connection before this message."""


class MllpClient:
    """A connection to one receiver, made when it is needed; for one thread.

    :param authority: the certificate authorities to trust, or None for the usual ones; unused without ``tls``.
    :param seconds: how long connecting, and an answer, may take. :param least_tls: the oldest version of TLS.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        tls: bool = True,
        authority: Path | None = None,
        seconds: float = 10.0,
        least_tls: LeastTls = "1.2",
    ) -> None:
        if not tls and host not in LOOPBACK:
            raise ValueError("without TLS a receiver is on this machine")
        self._address = (host, port)
        self._context = client_context(authority, least=least_tls) if tls else None
        self._seconds = seconds
        self._socket: socket.socket | None = None

    def exchange(self, message: bytes) -> bytes:
        """The answer to a message, without its frame.

        :raises MllpError: where none came.
        """
        if self._socket is not None:
            try:
                return self._once(self._socket, message)
            except _Closed:
                self.close()
        try:
            return self._once(self._connected(), message)
        except _Closed:
            self.close()
            raise MllpError("dropped") from None

    def close(self) -> None:
        """Let go of the connection."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.close()
        self._socket = None

    def _connected(self) -> socket.socket:
        try:
            plain = socket.create_connection(self._address, timeout=self._seconds)
        except OSError:
            raise MllpError("unreachable") from None
        try:
            self._socket = (
                plain if self._context is None else self._context.wrap_socket(plain, server_hostname=self._address[0])
            )
        except OSError:
            plain.close()
            raise MllpError("unreachable") from None
        return self._socket

    def _once(self, connection: socket.socket, message: bytes) -> bytes:
        until = time.monotonic() + self._seconds
        try:
            connection.settimeout(self._seconds)
            connection.sendall(START + message + END)
            return self._frame(connection, until)
        except TimeoutError:
            self.close()
            raise MllpError("too_slow") from None
        except OSError:
            raise _Closed from None

    def _frame(self, connection: socket.socket, until: float) -> bytes:
        content = bytearray()
        while END not in content:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            connection.settimeout(left)
            chunk = connection.recv(4096)
            if not chunk and not content:
                raise _Closed
            content += chunk
            if not chunk or len(content) > LARGEST_ANSWER or not content.startswith(START):
                self.close()
                raise MllpError("malformed_answer")
        return bytes(content[len(START) : content.index(END)])


class Hl7Sink:
    """Sends every event as an ADT message.

    :param now: gives the present instant. :param by_person: whether the internal identifier is the person's, and not
        the visit's.
    """

    def __init__(
        self,
        name: str,
        client: MllpClient,
        addresses: Addresses,
        *,
        now: Callable[[], datetime],
        by_person: bool = True,
    ) -> None:
        self.name = name
        self._by_person = by_person
        self._client = client
        self._addresses = addresses
        self._now = now

    def wants(self, happening: Happening) -> bool:
        """All but erasures: a hospital keeps or erases its own record by its own duties."""
        return happening is not Happening.ERASED

    def deliver(self, event: VisitEvent, visit: OpenedVisit) -> Outcome:
        """What came of sending it."""
        if visit.person is None and event.happening is not Happening.CANCELLED:
            return NOT_SENT if visit.erased else GivenUp(reason="record_gone")
        if not self._by_person:
            visit = replace(visit, patient_key=None)
        message = adt_message(event, visit, self._addresses, now=self._now())
        try:
            answer = parse_answer(self._client.exchange(message))
        except MllpError as error:
            return Down(reason="unreachable") if error.reason == "unreachable" else Failed(reason=error.reason)
        except MalformedAnswer:
            self._client.close()
            return Failed(reason="malformed_answer")
        if answer.control_id != control_id(event.id):
            # An answer to something else: nothing that comes on this connection can be trusted any more.
            self._client.close()
            return Failed(reason="other_answer")
        match answer.said:
            case Acknowledgement.ACCEPTED:
                return Delivered(receipt=answer.control_id)
            case Acknowledgement.ERROR:
                return Failed(reason="hl7_error")
            case _:
                return GivenUp(reason="hl7_rejected")

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()
