"""How much the hub takes at once: so much from one device, so many requests together, and no bomb of zeros."""

import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock
from typing import Final

_MAX_BUCKETS: Final = 10_000
_EITHER = zlib.MAX_WBITS | 32
"""zlib's or gzip's format, whichever the bytes are in."""


class TooMuch(Exception):
    """More than is taken now; ``retry_s``: when to come again."""

    def __init__(self, retry_s: int) -> None:
        super().__init__()
        self.retry_s = retry_s


class TooLarge(Exception):
    """More than is taken ever."""


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


class Gate:
    """Lets so many requests work at the same time; a further one waits a little, and is then sent away.

    :param retry_s: when whoever was sent away comes again.
    """

    def __init__(self, places: int, *, patience_s: float = 5.0, retry_s: int = 5) -> None:
        self._places = BoundedSemaphore(places)
        self._patience_s, self._retry_s = patience_s, retry_s

    @contextmanager
    def entered(self) -> Iterator[None]:
        """A place to work in; :class:`TooMuch` where there is none in time."""
        if not self._places.acquire(timeout=self._patience_s):
            raise TooMuch(self._retry_s)
        try:
            yield
        finally:
            self._places.release()


def inflated(data: bytes, limit: int) -> bytes:
    """What zlib or gzip packed; no more than ``limit`` bytes of it are ever made.

    :raises TooLarge: for more. :raises ValueError: for anything else.
    """
    packed = zlib.decompressobj(_EITHER)
    try:
        plain = packed.decompress(data, limit + 1)
    except zlib.error as error:
        raise ValueError("not packed by zlib or gzip") from error
    if len(plain) > limit:
        raise TooLarge
    if not packed.eof or packed.unused_data:
        raise ValueError("cut short, or something behind its end")
    return plain
