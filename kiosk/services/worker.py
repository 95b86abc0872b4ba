"""The loop that every thread is: it begins, turns, survives whatever a turn does, and ends when told."""

import time
from abc import ABC, abstractmethod
from threading import Event, Thread
from typing import Protocol

import structlog

from kiosk.ports import StoreUnavailable

_END_WITHIN_S = 10.0
_log = structlog.get_logger(__name__)


class Device(Protocol):
    """What a worker owns."""

    def close(self) -> None:
        """Let go of it."""


class Worker(ABC):
    """A thread that turns until it is stopped.

    :param name: the thread's name, as the log says it.
    :param device: what it owns, closed once the thread has ended; None where it owns nothing.
    :param pause_s: seconds before each turn; 0 where a turn waits by itself.
    :param rest_s: seconds after a turn that failed, so that a broken driver does not take the whole processor.
    """

    def __init__(self, name: str, device: Device | None = None, *, pause_s: float = 0.0, rest_s: float = 1.0) -> None:
        self._name = name
        self._device = device
        self._pause_s = pause_s
        self._rest_s = rest_s
        self.turned_at = time.monotonic()
        """When it last began to turn, on this machine's clock that never goes back."""
        self._stopping, self._awake = Event(), Event()
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def nudge(self) -> None:
        """End the present rest, or the next one before it begins."""
        self._awake.set()

    def rest(self, seconds: float) -> None:
        """Do nothing for so long, or until somebody nudges or stops this."""
        self._awake.wait(seconds)
        self._awake.clear()

    def stop(self) -> None:
        """End, and let go of the device; what runs in a turn may be given up."""
        self._stopping.set()
        self._awake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=_END_WITHIN_S)
        if self._device is not None:
            self._device.close()

    @abstractmethod
    def turn(self) -> None:
        """One turn."""

    def _run(self) -> None:
        while not self._stopping.wait(self._pause_s):
            self.turned_at = time.monotonic()
            try:
                self.turn()
            except Exception as error:
                # A bug must not take the device away from everybody; the words of an error may hold personal data.
                _log.error("thread_fault", thread=self._name, kind=type(error).__name__)
                self.rest(self._rest_s)


class Rounds(Worker):
    """A worker of rounds over the store: now and then, and at once when it is nudged.

    :param every_s: seconds between two rounds.
    """

    def __init__(self, name: str, *, every_s: float) -> None:
        super().__init__(name, rest_s=every_s)

    @abstractmethod
    def round(self) -> None:
        """One round; a store that cannot be used is waited for."""

    def turn(self) -> None:
        """A round, and the rest after it."""
        try:
            self.round()
        except StoreUnavailable:
            _log.warning(f"{self._name}_waits_for_the_store")
        self.rest(self._rest_s)
