"""Takes portraits from the patient's to the staff's process of this machine: loopback, a bearer token, no file.

One thread sends one after the other, so that nobody waits for it; each is overwritten when it is sent, or cannot be.
"""

import http.client
from queue import Full, Queue
from threading import Thread

import structlog

from kiosk.loopback import post
from kiosk.services.visit import wipe

_AT_ONCE = 4
_log = structlog.get_logger(__name__)


class StaffPortraits:
    """The staff process of this machine, as whom to bring portraits.

    :param token: 32 bytes that both processes have. :param timeout_s: how long to wait for an answer, in seconds.
    """

    def __init__(self, host: str, port: int, *, token: bytes, timeout_s: float = 5.0) -> None:
        self._host, self._port, self._timeout_s = host, port, timeout_s
        self._token = token
        self._waiting: Queue[tuple[str, bytearray]] = Queue(_AT_ONCE)
        self._thread: Thread | None = None

    def __repr__(self) -> str:
        return f"StaffPortraits(port={self._port})"

    def hand_over(self, visit_id: str, image: bytearray) -> None:
        """Send the JPEG of this visit soon; it is overwritten afterwards, and at once where too many wait."""
        if self._thread is None:
            self._thread = Thread(target=self._run, name="portraits", daemon=True)
            self._thread.start()
        try:
            self._waiting.put_nowait((visit_id, image))
        except Full:
            wipe(image)
            _log.warning("portrait_dropped")

    def _run(self) -> None:
        while True:
            visit_id, image = self._waiting.get()
            try:
                self._send(visit_id, image)
            except (OSError, http.client.HTTPException) as error:
                _log.warning("portrait_not_sent", kind=type(error).__name__)
            finally:
                wipe(image)

    def _send(self, visit_id: str, image: bytearray) -> None:
        status, _ = post(
            self._host,
            self._port,
            f"/internal/portraits/{visit_id}",
            image,
            kind="image/jpeg",
            token=self._token,
            timeout_s=self._timeout_s,
            most=0,
        )
        if status != http.client.NO_CONTENT:
            _log.warning("portrait_not_taken", status=status)
