"""The PC/SC reader on the kiosk's desk, which survives restarts of the daemon and being plugged in again.

A driver that hangs is a missing reader: the thread that asks is let go, staff are told, and the lane closes until the
driver answers.
"""

import time

from idcard import Connection, ReaderMissing, ReaderWatch


class PcscDesk:
    """A :class:`~kiosk.ports.CardDesk` over PC/SC.

    :param reader: the reader's name, or None for whatever readers there are.
    :param first_pause_s: how long to wait before asking again for a reader that is missing; doubled each time, up to
        ``longest_pause_s``, so that a missing reader costs nothing.
    :param patience_s: how long a call of the driver may take.
    """

    def __init__(
        self,
        reader: str | None = None,
        *,
        first_pause_s: float = 0.25,
        longest_pause_s: float = 4.0,
        patience_s: float = 20.0,
    ) -> None:
        self._watch = ReaderWatch(reader, patience_s=patience_s)
        self._first_pause_s = first_pause_s
        self._longest_pause_s = longest_pause_s
        self._pause_s = first_pause_s
        self._not_before = 0.0
        self._present = self._exchanged = False
        self._turns = 0

    def wait(self, timeout_s: float) -> bool:
        """Whether a card lies there; returns when that changes, or after the time-out.

        One that took another's place is told as gone first.

        :raises ReaderMissing: where there is no reader; the next call waits for its turn and asks again.
        """
        rest_s = self._not_before - time.monotonic()
        if rest_s > 0:
            time.sleep(min(rest_s, timeout_s))
            if rest_s > timeout_s:
                raise ReaderMissing("the reader is still missing")
        try:
            present = self._watch.wait(0 if self._exchanged else timeout_s)
        except ReaderMissing:
            self._present = self._exchanged = False
            self._not_before = time.monotonic() + self._pause_s
            self._pause_s = min(2 * self._pause_s, self._longest_pause_s)
            raise
        self._pause_s = self._first_pause_s
        return self._told(present)

    def _told(self, present: bool) -> bool:
        """What is told of this look: between two cards there is always a moment with none."""
        turns, before = self._watch.turns, self._turns
        self._exchanged = present and self._present and turns != before
        self._present, self._turns = present and not self._exchanged, turns
        return self._present

    def connect(self) -> Connection:
        """A fresh connection to the card, reset."""
        return self._watch.connect()

    def close(self) -> None:
        """Let go of the reader."""
        self._watch.close()
