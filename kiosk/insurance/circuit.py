"""A circuit breaker: a gateway that fails again and again is left in peace, and asked now and then whether it is back.

Theory of operation. *Closed*: everybody may ask; so many failures in a row open it. *Open*: nobody may ask for a while,
which doubles each time up to a bound. *Half-open*: one caller may ask; success closes it, failure opens it again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from threading import Lock

from kiosk.insurance.gateway_errors import DownReason, GatewayDown, GatewayRefused

Monotonic = Callable[[], float]


class CircuitState(StrEnum):
    """Who may ask."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Circuit:
    """A breaker before one gateway; safe to use from several threads.

    :param failures: how many in a row open it.
    :param open_s: how long it stays open the first time, in seconds. :param longest_s: and at most.
    """

    def __init__(
        self, monotonic: Monotonic, *, failures: int = 3, open_s: float = 30.0, longest_s: float = 300.0
    ) -> None:
        self._monotonic = monotonic
        self._allowed = failures
        self._first_s, self._longest_s = open_s, longest_s
        self._failed = 0
        self._open_s = open_s
        self._opens_again_at: float | None = None
        self._probing = False
        self._lock = Lock()

    @property
    def state(self) -> CircuitState:
        """Who may ask now."""
        with self._lock:
            if self._opens_again_at is None:
                return CircuitState.CLOSED
            over = self._monotonic() >= self._opens_again_at
            return CircuitState.HALF_OPEN if over else CircuitState.OPEN

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Ask within this block: how it ends is remembered.

        A refused account opens the circuit at once: an account that is tried again and again gets locked.

        :raises GatewayDown: ``circuit_open``, where nobody may ask now.
        """
        self._enter()
        try:
            yield
        except GatewayDown:
            self._failure(1)
            raise
        except GatewayRefused:
            self._failure(self._allowed)
            raise
        except BaseException:
            self._leave()
            raise
        else:
            self._success()

    def _enter(self) -> None:
        with self._lock:
            if self._opens_again_at is None:
                return
            if self._probing or self._monotonic() < self._opens_again_at:
                raise GatewayDown(DownReason.CIRCUIT_OPEN)
            self._probing = True

    def _leave(self) -> None:
        """Our own fault says nothing about the gateway; the next caller may probe."""
        with self._lock:
            self._probing = False

    def _success(self) -> None:
        with self._lock:
            self._failed, self._probing = 0, False
            self._opens_again_at, self._open_s = None, self._first_s

    def _failure(self, weight: int) -> None:
        with self._lock:
            self._failed += weight
            self._probing = False
            if self._failed >= self._allowed:
                if self._opens_again_at is not None:
                    self._open_s = min(self._longest_s, 2 * self._open_s)
                self._opens_again_at = self._monotonic() + self._open_s
