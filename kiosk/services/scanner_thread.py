"""The thread that owns a scanner of the kiosk's own: its bytes become codes, and codes are shown to the visit."""

from contextlib import suppress
from threading import Event, Thread

import structlog

from kiosk.domain.scans import Framing
from kiosk.ports import Clock, Scanner
from kiosk.services.parts import ScannerHealth
from kiosk.services.patient_desk import PatientDesk
from kiosk.services.view import OtherVisit

_LOOK_S = 0.03
"""Shorter than the shortest quiet time that ends a code."""
_REST_AFTER_FAULT_S = 1.0
_log = structlog.get_logger(__name__)


class ScannerThread:
    """Shows the visit what a scanner reads, until it is stopped."""

    def __init__(self, *, scanner: Scanner, patient: PatientDesk, health: ScannerHealth, clock: Clock) -> None:
        self._scanner = scanner
        self._health = health
        self._patient = patient
        self._clock = clock
        self._framing = Framing()
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="scanner", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and let go of the scanner."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)
        self._scanner.close()

    def turn(self) -> None:
        """Take what came, and show what is whole; tell staff whether the scanner is there."""
        self._framing.feed(self._scanner.read(_LOOK_S), self._clock.monotonic())
        if self._scanner.connected:
            self._health.works()
        else:
            self._health.missing()
        text = self._framing.due(self._clock.monotonic())
        if text is not None:
            with suppress(OtherVisit):  # the person who scanned has gone
                self._patient.show_code(text)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.turn()
            except Exception as error:
                _log.error("scanner_thread_fault", kind=type(error).__name__)
                self._stopping.wait(_REST_AFTER_FAULT_S)
