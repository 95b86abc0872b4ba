"""Connections around connections: each adds one manner and leaves the rest as it is."""

from idcard.transport.base import Connection, HasLimits, Resettable


class WrappedConnection:
    """Another connection, with all that it can do: reset and limits are there where the inner one has them.

    :param inner: stays open when this one is dropped; :meth:`close` closes it.
    """

    def __init__(self, inner: Connection) -> None:
        self._inner = inner
        self.reader: str = getattr(inner, "reader", "")
        if isinstance(inner, Resettable):
            self.reset = inner.reset
        if isinstance(inner, HasLimits):
            self.answer_limit = inner.answer_limit

    @property
    def atr(self) -> bytes:
        """The answer to reset."""
        return self._inner.atr

    def transmit(self, command: bytes) -> bytes:
        """The card's answer."""
        return self._inner.transmit(command)

    def close(self) -> None:
        """Close the inner connection."""
        self._inner.close()
