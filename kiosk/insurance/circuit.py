"""A circuit breaker: a gateway that fails again and again is left in peace, and asked now and then whether it is back.

Theory of operation. *Closed*: everybody may ask; so many failures in a row open it. *Open*: nobody may ask for a while,
which doubles each time up to a bound. *Half-open*: one caller may ask; success closes it, failure opens it again.

An answer that makes no sense is neither. The gateway is there, and one person's bad data, asked about again and again,
must not keep it from everybody else: such an answer opens nothing. But where the answers about so many *different*
people made no sense, and none between them did, the gateway talks nonsense to everybody, and is as good as down.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from threading import Lock

from kiosk.insurance.gateway_errors import ODD, DownReason, GatewayDown, GatewayRefused

Monotonic = Callable[[], float]


class CircuitState(StrEnum):
    """Who may ask."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Circuit:
    """A breaker before one gateway; safe to use from several threads.

    :param failures: how many in a row open it. :param odd: about how many people answers without sense open it.
    :param open_s: how long it stays open the first time, in seconds. :param longest_s: and at most.
    """

    def __init__(
        self, monotonic: Monotonic, *, failures: int = 3, odd: int = 5, open_s: float = 30.0, longest_s: float = 300.0
    ) -> None:
        self._monotonic = monotonic
        self._allowed = failures
        self._first_s, self._longest_s = open_s, longest_s
        self._failed = 0
        self._allowed_odd = odd
        self._odd: set[int] = set()
        self._why = DownReason.CIRCUIT_OPEN
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
    def asking(self, about: str = "") -> Iterator[None]:
        """Ask within this block: how it ends is remembered.

        A refused account opens the circuit at once: an account that is tried again and again gets locked.

        :param about: whom one asks about; nothing but a hash of this process is kept of it.
        :raises GatewayDown: ``circuit_open`` or ``nonsense``, where nobody may ask now.
        """
        self._enter()
        try:
            yield
        except GatewayDown as problem:
            if problem.reason in ODD:
                self._made_no_sense(hash(about))
            else:
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
                raise GatewayDown(self._why)
            self._probing = True

    def _leave(self) -> None:
        """Our own fault says nothing about the gateway; the next caller may probe."""
        with self._lock:
            self._probing = False

    def _success(self) -> None:
        with self._lock:
            self._failed, self._probing = 0, False
            self._odd.clear()
            self._opens_again_at, self._open_s = None, self._first_s

    def _made_no_sense(self, about: int) -> None:
        with self._lock:
            self._probing = False
            self._odd.add(about)
            if len(self._odd) >= self._allowed_odd:
                self._open(DownReason.NONSENSE)

    def _failure(self, weight: int) -> None:
        with self._lock:
            self._failed += weight
            self._probing = False
            if self._failed >= self._allowed:
                self._open(DownReason.CIRCUIT_OPEN)

    def _open(self, why: DownReason) -> None:
        if self._opens_again_at is not None:
            self._open_s = min(self._longest_s, 2 * self._open_s)
        self._opens_again_at = self._monotonic() + self._open_s
        self._why = why
