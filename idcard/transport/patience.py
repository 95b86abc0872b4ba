"""A limit to how long an answer may take: a driver that hangs must not hang whoever waits for it.

Theory of operation. PC/SC cannot be told to give up a command. So the command runs in a thread of its own; when the
time is over, the thread is left to its fate and the connection is lost. A slow chip is given the time: chips that
compute on large keys take seconds.
"""

import threading
from queue import Empty, SimpleQueue

from idcard.errors import CardSilent, IdCardError
from idcard.transport.base import Connection
from idcard.transport.wrapped import WrappedConnection

DEFAULT_SECONDS = 20.0


class PatientConnection(WrappedConnection):
    """A connection that waits for an answer so long and no longer.

    :param seconds: for each command.
    """

    def __init__(self, inner: Connection, seconds: float = DEFAULT_SECONDS) -> None:
        super().__init__(inner)
        self._seconds = seconds
        self._lost = False

    def transmit(self, command: bytes) -> bytes:
        """The card's answer.

        :raises CardSilent: if there is none in time; no further command is sent then.
        """
        if self._lost:
            raise CardSilent("an earlier command was never answered")
        answers: SimpleQueue[bytes | Exception] = SimpleQueue()
        threading.Thread(target=self._ask, args=(command, answers), name="idcard-apdu", daemon=True).start()
        try:
            answer = answers.get(timeout=self._seconds)
        except Empty:
            self._lost = True
            raise CardSilent("no answer in time", seconds=round(self._seconds)) from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _ask(self, command: bytes, answers: "SimpleQueue[bytes | Exception]") -> None:
        try:
            answers.put(self._inner.transmit(command))
        except (IdCardError, OSError) as error:
            answers.put(error)

    def close(self) -> None:
        """Close the inner connection, unless it hangs: closing would hang as well."""
        if not self._lost:
            super().close()
