"""How much the hub takes at once: so much from one device, so many requests together, and no bomb of zeros."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from kiosk.rates import Buckets as Buckets
from kiosk.rates import TooMuch as TooMuch

_EITHER = zlib.MAX_WBITS | 32
"""zlib's or gzip's format, whichever the bytes are in."""


class TooLarge(Exception):
    """More than is taken ever."""


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
