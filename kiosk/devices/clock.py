"""The machine's clock, and one that is set by hand."""

import time
from datetime import UTC, datetime, timedelta
from threading import Lock


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present instant, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()


class ManualClock:
    """A clock that moves only when told to: for simulations and tests."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._elapsed = 0.0
        self._lock = Lock()

    def now(self) -> datetime:
        """The start and what was advanced since."""
        with self._lock:
            return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        """The seconds advanced so far."""
        with self._lock:
            return self._elapsed

    def set(self, now: datetime) -> None:
        """Turn the hands to an instant, as somebody or a time server may; seconds that passed stay."""
        with self._lock:
            self._start = now - timedelta(seconds=self._elapsed)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        if seconds < 0:
            raise ValueError("time does not go back")
        with self._lock:
            self._elapsed += seconds
