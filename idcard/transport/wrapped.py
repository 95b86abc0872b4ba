"""Connections around connections: each adds one manner and leaves the rest as it is."""

from idcard.transport.base import Connection, Resettable


class WrappedConnection:
    """Another connection, with all that it can do: reset is there where the inner one has it.

    :param inner: stays open when this one is dropped; :meth:`close` closes it.
    """

    def __init__(self, inner: Connection) -> None:
        self._inner = inner
        self.reader: str = getattr(inner, "reader", "")
        if isinstance(inner, Resettable):
            self.reset = inner.reset

    @property
    def atr(self) -> bytes:
        """The answer to reset."""
        return self._inner.atr

    @property
    def answer_limit(self) -> int | None:
        """The most bytes in one answer, as the inner connection says; None where it does not."""
        limit: int | None = getattr(self._inner, "answer_limit", None)
        return limit

    def transmit(self, command: bytes) -> bytes:
        """The card's answer."""
        return self._inner.transmit(command)

    def close(self) -> None:
        """Close the inner connection."""
        self._inner.close()
