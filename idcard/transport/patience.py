"""A limit to how long a driver may take: one that hangs must not hang whoever waits for it.

Theory of operation. PC/SC cannot be told to give up a call. So calls run in a thread of their own, one after another,
and whoever asks waits for the answer so long and no longer. A call that does not return keeps its thread; until it
does, further calls are refused at once, so that a driver that hangs costs one thread and not one for each attempt. When
it returns after all, what it brought is let go of, and the thread goes on. A slow chip is given the time: chips that
compute on large keys take seconds.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, Generic, Self, TypeVar

from idcard.errors import CardSilent, TransportError
from idcard.transport.base import Connection, Resettable
from idcard.transport.wrapped import WrappedConnection

T = TypeVar("T")
_Answer = tuple[T, None] | tuple[None, Exception]

DEFAULT_SECONDS = 20.0


def _let_go(late: object) -> None:
    """Nothing is to be let go of."""


class _Call(Generic[T]):
    """One call, whose answer somebody awaits, or nobody any more."""

    def __init__(self, call: Callable[[], T], late: Callable[[T], None]) -> None:
        self._call, self._late = call, late
        self._answers: SimpleQueue[_Answer[T]] = SimpleQueue()
        self._lock = threading.Lock()
        self._given_up = False
        self.returned = False

    def run(self) -> None:
        """Make the call; an answer that nobody awaits is let go of."""
        try:
            answer: _Answer[T] = self._call(), None
        except Exception as error:
            answer = None, error
        try:
            with self._lock:
                self._answers.put(answer)
                given_up = self._given_up
            if given_up:
                self._let_go_of(answer)
        finally:
            self.returned = True

    def answer(self, seconds: float) -> T:
        """What the call returned, or raised.

        :raises Empty: if it has not returned in time; it is given up then.
        """
        try:
            value, error = self._answers.get(timeout=seconds)
        except Empty:
            value, error = self._give_up()
        except BaseException:
            with suppress(Empty):
                self._let_go_of(self._give_up())
            raise
        if error is not None:
            raise error
        return value  # type: ignore[return-value]

    def _give_up(self) -> "_Answer[T]":
        """The answer that came between the end of the waiting and now, which is somebody's: this caller's.

        :raises Empty: if none did; whoever makes the call lets go of it then.
        """
        with self._lock:
            self._given_up = self._answers.empty()
            return self._answers.get_nowait()

    def _let_go_of(self, answer: "_Answer[T]") -> None:
        value, error = answer
        if error is None:
            with suppress(Exception):  # nobody is left to be told, and further calls need the thread
                self._late(value)  # type: ignore[arg-type]


class Patience:
    """Calls of a driver, each awaited so long and no longer. One thread at a time uses it.

    :param seconds: for each call.
    :param silence: the error that says that a call did not return.
    """

    def __init__(self, seconds: float = DEFAULT_SECONDS, silence: type[TransportError] = CardSilent) -> None:
        self.seconds = seconds
        self._silence = silence
        self._calls: SimpleQueue[_Call[Any] | None] | None = None
        self._overdue: _Call[Any] | None = None

    @property
    def stuck(self) -> bool:
        """Whether a call was given up that has not returned yet."""
        return self._overdue is not None and not self._overdue.returned

    def ask(self, call: Callable[[], T], *, seconds: float | None = None, late: Callable[[T], None] = _let_go) -> T:
        """What ``call`` returns, or raises.

        :param seconds: for this call, where it may take another time.
        :param late: lets go of what it brings when nobody awaits that any more.
        :raises TransportError: of the kind that was chosen, if it does not return in time, or an earlier one has not.
        """
        if self.stuck:
            raise self._silence("the driver has not answered an earlier call")
        patience = self.seconds if seconds is None else seconds
        asked = _Call(call, late)
        self._queue().put(asked)
        try:
            return asked.answer(patience)
        except Empty:
            self._overdue = asked
            raise self._silence("the driver does not answer", seconds=round(patience)) from None
        except KeyboardInterrupt:
            self._overdue = asked
            raise

    def end(self, last: Callable[[], None] | None = None) -> None:
        """Make the ``last`` call and end the thread; behind a call that hangs, whenever that returns."""
        try:
            if last is not None and not self.stuck:
                self.ask(last)
            elif last is not None and self._calls is not None:
                self._calls.put(_Call(last, _let_go))
        finally:
            calls, self._calls = self._calls, None
            if calls is not None:
                calls.put(None)

    def _queue(self) -> "SimpleQueue[_Call[Any] | None]":
        if self._calls is None:
            self._calls = SimpleQueue()
            threading.Thread(target=_serve, args=(self._calls,), name="idcard-driver", daemon=True).start()
        return self._calls


def _serve(calls: "SimpleQueue[_Call[Any] | None]") -> None:
    while (call := calls.get()) is not None:
        call.run()


class PatientConnection(WrappedConnection):
    """A connection that waits for its driver so long and no longer, whatever it is asked.

    :param seconds: for each call.
    :param patience: whose thread made ``inner``; its own otherwise.
    """

    def __init__(
        self, inner: Connection, seconds: float = DEFAULT_SECONDS, *, patience: Patience | None = None
    ) -> None:
        super().__init__(inner)
        self._patience = patience or Patience(seconds)
        self._lost = False
        if isinstance(inner, Resettable):
            self.reset = self._reset

    @classmethod
    def made_by(cls, make: Callable[[], Connection], seconds: float = DEFAULT_SECONDS) -> Self:
        """The connection that ``make`` gives, which is awaited as long as any other call.

        :raises CardSilent: if it gives none in time; one that comes later is closed.
        """
        patience = Patience(seconds)
        try:
            return cls(patience.ask(make, late=lambda made: made.close()), patience=patience)
        except TransportError:
            patience.end()
            raise

    @property
    def stuck(self) -> bool:
        """Whether the driver hangs in a call that was given up."""
        return self._patience.stuck

    @property
    def answer_limit(self) -> int | None:
        """The most bytes in one answer, as the inner connection says."""
        return self._patience.ask(lambda: super(PatientConnection, self).answer_limit)

    def transmit(self, command: bytes) -> bytes:
        """The card's answer.

        :raises CardSilent: if there is none in time; no further command is sent before the card was reset.
        """
        if self._lost:
            raise CardSilent("an earlier command was not answered in time")
        self._lost = True
        answer = self._patience.ask(lambda: self._answer(command))
        self._lost = False
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _answer(self, command: bytes) -> bytes | Exception:
        """The answer, or what was raised: a driver that says something is not one that hangs."""
        try:
            return self._inner.transmit(command)
        except Exception as error:
            return error

    def _reset(self) -> None:
        if isinstance(self._inner, Resettable):
            self._patience.ask(self._inner.reset)
            self._lost = False

    def close(self) -> None:
        """Close the inner connection; behind a call that hangs, whenever that returns."""
        self._patience.end(self._inner.close)
