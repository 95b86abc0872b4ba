"""The thread that owns a scanner of the kiosk's own: its bytes become codes, and codes are shown to the visit."""

from contextlib import suppress

from kiosk.domain.scans import Framing
from kiosk.ports import Clock, Scanner
from kiosk.services.parts import ScannerHealth
from kiosk.services.patient_desk import PatientDesk
from kiosk.services.view import OtherVisit
from kiosk.services.worker import Worker

_LOOK_S = 0.03
"""Shorter than the shortest quiet time that ends a code."""


class ScannerThread(Worker):
    """Shows the visit what a scanner reads, until it is stopped."""

    def __init__(self, *, scanner: Scanner, patient: PatientDesk, health: ScannerHealth, clock: Clock) -> None:
        super().__init__("scanner", scanner)
        self._scanner = scanner
        self._health = health
        self._patient = patient
        self._clock = clock
        self._framing = Framing()

    @property
    def connected(self) -> bool:
        """Whether the scanner was there when it was last read."""
        return self._scanner.connected

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
