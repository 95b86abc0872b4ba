"""Which codes were shown before: what a verdict is told about replays.

Theory of operation. A code is remembered by what it says, never by its signature: from one ECDSA signature anybody can
make a second one that also verifies. What is kept is a digest, with the moment of the first showing and until when it
matters. The store here lives in memory, for one process; :class:`SeenStore` is what a lasting one must offer.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the store said of a code: when it was first shown before, or None where it was not."""

    first_at: datetime | None


class SeenStore(Protocol):
    """A store of codes that were shown."""

    def see(self, key: str, *, at: datetime, until: datetime) -> Seen:
        """Whether ``key`` was seen before ``at``; in the same stroke it is remembered, at least ``until`` then.

        Two who ask at once never both hear that it is new.
        """


class SeenCodes:
    """A store in memory of at most ``limit`` codes.

    When it is full, what matters no longer goes first; where nothing such is left, asking is refused: a store that
    forgets would call an old code new.
    """

    def __init__(self, limit: int = 100_000) -> None:
        self._limit = limit
        self._seen: OrderedDict[str, tuple[datetime, datetime]] = OrderedDict()

    def see(self, key: str, *, at: datetime, until: datetime) -> Seen:
        """Whether ``key`` was seen before, and remember it.

        :raises OverflowError: if the store is full of codes that still matter.
        """
        if key not in self._seen and len(self._seen) >= self._limit:
            self._forget(at)
        # One operation, so that of two threads only one is first.
        mine = (at, until)
        found = self._seen.setdefault(key, mine)
        return Seen(first_at=None if found is mine else found[0])

    def _forget(self, at: datetime) -> None:
        for key in [key for key, (_, until) in self._seen.items() if until < at]:
            del self._seen[key]
        if len(self._seen) >= self._limit:
            raise OverflowError("the store of seen codes is full")
