"""Costly work one at a time, with few who wait for it: whoever comes then is told to come again."""

import threading
from types import TracebackType

WAITING = 2
"""How many may wait for their turn. Each who waits holds a thread of the server."""
RETRY_AFTER_S = 3
"""When whoever found no place is to try again, in seconds: the work of all who wait takes about so long."""


class TooManyAtOnce(Exception):
    """So many wait already that one more would only hold a thread: try again in :data:`RETRY_AFTER_S`. Nothing was
    tried, and nothing counted.
    """


class Turns:
    """A turn at a lock, which several such queues may share; entered with ``with``.

    :param turn: whoever holds it works. :param waiting: how many of this queue may wait beside the one who works.
    """

    def __init__(self, turn: threading.Lock, *, waiting: int = WAITING) -> None:
        self._turn = turn
        self._places = threading.BoundedSemaphore(1 + waiting)

    def __enter__(self) -> None:
        """Wait for the turn. TooManyAtOnce where there is no place to wait."""
        if not self._places.acquire(blocking=False):
            raise TooManyAtOnce
        self._turn.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._turn.release()
        self._places.release()
