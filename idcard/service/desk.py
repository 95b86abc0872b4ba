"""The readers of this machine as the service sees them, and whether a card lies there.

Theory of operation. One thread waits for cards; whoever asks for changes waits for that thread. Every change has a
number that only grows, so that nothing is missed between two questions. At most one card is read at a time.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import idcard

_LOOK_S = 1.0
_WITHOUT_READER_S = 2.0
MOST_WAITING = 8
"""How many may wait for changes at once: each holds a thread, and the others must be left for those who read."""


class TooManyWaiting(idcard.IdCardError):
    """As many programs wait for events as may; ask again a little later, or look at the state."""

    code = "too_many_waiting"


class CardDesk(Protocol):
    """Readers, and cards on them."""

    def readers(self) -> tuple[str, ...]:
        """The names of the readers."""
        ...

    def wait(self, timeout_s: float) -> bool:
        """Whether a card lies there; returns at once when that changes, else after ``timeout_s`` seconds.

        :raises idcard.ReaderMissing: if there is no reader.
        """
        ...

    def connect(self) -> idcard.Connection:
        """The card that lies there.

        :raises idcard.TransportError: if there is none, or another program holds it.
        """
        ...

    def close(self) -> None:
        """Let go of the readers."""
        ...


class PcscDesk:
    """The PC/SC readers of this machine.

    :param reader: the one to use; None for any.
    """

    def __init__(self, reader: str | None) -> None:
        self._reader = reader
        self._watch = idcard.ReaderWatch(reader)

    def readers(self) -> tuple[str, ...]:
        """The names of the readers."""
        return idcard.readers()

    def wait(self, timeout_s: float) -> bool:
        """Whether a card lies there; see :class:`CardDesk`."""
        return self._watch.wait(timeout_s)

    def connect(self) -> idcard.Connection:
        """The card that lies there. Not through the watch, which another thread uses."""
        return idcard.connect(self._reader)

    def close(self) -> None:
        """Let go of the readers."""
        self._watch.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What is known of the reader: the number of the last change, whether a reader and whether a card is there."""

    number: int = 0
    reader: bool = False
    card: bool = False


class Watcher:
    """Knows at any time whether a card lies on the reader."""

    def __init__(self, desk: CardDesk) -> None:
        self._desk = desk
        self._state = State()
        self._waiting = 0
        self._changed = threading.Condition()
        self._reading = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="card watch", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Stop looking, and let go of the readers."""
        self._stop.set()
        with self._changed:
            self._changed.notify_all()
        self._thread.join()
        self._desk.close()

    def state(self) -> State:
        """What is known now."""
        with self._changed:
            return self._state

    def wait(self, after: int, timeout_s: float) -> State:
        """What is known as soon as there is a change beyond number ``after``, else after ``timeout_s`` seconds.

        A number from before the service's last start is answered at once.

        :raises TooManyWaiting: if that takes waiting, and too many wait already.
        """
        with self._changed:
            if self._state.number == after and timeout_s > 0:
                self._wait(after, timeout_s)
            return self._state

    def _wait(self, after: int, timeout_s: float) -> None:
        if self._waiting >= MOST_WAITING:
            raise TooManyWaiting
        self._waiting += 1
        try:
            self._changed.wait_for(lambda: self._stop.is_set() or self._state.number != after, timeout_s)
        finally:
            self._waiting -= 1

    def readers(self) -> tuple[str, ...]:
        """The names of the readers."""
        return self._desk.readers()

    @contextmanager
    def card(self) -> Iterator[idcard.Connection]:
        """The card on the reader, for one at a time.

        :raises idcard.ReaderBusy: if it is being read already.
        """
        if not self._reading.acquire(blocking=False):
            raise idcard.ReaderBusy("the card is being read already")
        try:
            connection = self._desk.connect()
            try:
                yield connection
            finally:
                connection.close()
        finally:
            self._reading.release()

    def _run(self) -> None:
        timeout_s = 0.0
        while not self._stop.is_set():
            try:
                self._know(reader=True, card=self._desk.wait(timeout_s))
            except idcard.IdCardError:
                self._know(reader=False, card=False)
                self._stop.wait(_WITHOUT_READER_S)
            timeout_s = _LOOK_S

    def _know(self, *, reader: bool, card: bool) -> None:
        with self._changed:
            if self._state.number and (self._state.reader, self._state.card) == (reader, card):
                return
            self._state = State(number=self._state.number + 1, reader=reader, card=card)
            self._changed.notify_all()
