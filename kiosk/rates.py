"""How often somebody may ask: so many times a second in the long run, and so many at once."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Final

_MAX_BUCKETS: Final = 10_000


class TooMuch(Exception):
    """More than is taken now; ``retry_s``: when to come again."""

    def __init__(self, retry_s: int) -> None:
        super().__init__()
        self.retry_s = retry_s


class Buckets:
    """Requests of each device: so many per second in the long run, and so many at once.

    :param now: seconds of a clock that never goes back.
    """

    def __init__(self, per_second: float, burst: int, now: Callable[[], float]) -> None:
        self._per_second, self._burst, self._now = per_second, float(burst), now
        self._buckets: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def take(self, whose: tuple[str, str]) -> None:
        """Take one request of this device's, or raise :class:`TooMuch`."""
        with self._lock:
            now = self._now()
            left, since = self._buckets.pop(whose, (self._burst, now))
            left = min(self._burst, left + (now - since) * self._per_second)
            self._buckets[whose] = (left - 1 if left >= 1 else left, now)
            if len(self._buckets) > _MAX_BUCKETS:
                self._buckets.popitem(last=False)
        if left < 1:
            raise TooMuch(max(1, round((1 - left) / self._per_second)))
