"""A hybrid logical clock: instants that never go back, and that order what one side saw of the other.

Theory of operation. A reading is 64 bits: 48 of milliseconds since 1970 and 16 of a counter. A clock's next reading is
the wall clock where that is ahead of all it has given or seen, else the last one plus one. So an event that was made
after another was seen reads later, also where a wall clock is slow; and where all are right it reads as the wall clock.

Source: Kulkarni, Demirbas et al., "Logical Physical Clocks and Consistent Snapshots in Globally Distributed Databases",
2014, algorithm 3, with the counter in the low 16 bits.
"""

from threading import Lock

COUNTER_BITS = 16
MOST = (1 << 63) - 1
"""The greatest reading: a signed 64-bit integer of a database holds it."""


def reading(ms: int, counter: int = 0) -> int:
    """The reading of an instant in milliseconds since 1970."""
    return ms << COUNTER_BITS | counter


def ms_of(hlc: int) -> int:
    """The milliseconds in a reading."""
    return hlc >> COUNTER_BITS


class HybridClock:
    """Gives readings; safe to use from several threads.

    :param last: the greatest reading that was given or seen before, kept by the caller across starts.
    :param ahead_ms: how far another's reading may be ahead of our wall clock and still be followed.
    """

    def __init__(self, last: int = 0, *, ahead_ms: int = 60_000) -> None:
        self._last = last
        self._ahead_ms = ahead_ms
        self._lock = Lock()

    def tick(self, now_ms: int) -> int:
        """The reading of something that happens now."""
        with self._lock:
            self._last = max(reading(now_ms), self._last + 1)
            return self._last

    def see(self, other: int, now_ms: int) -> None:
        """Follow a reading of somebody else's, unless it is too far ahead of our wall clock to be right."""
        with self._lock:
            if ms_of(other) <= now_ms + self._ahead_ms:
                self._last = max(self._last, other)
