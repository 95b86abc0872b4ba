"""What a wire to a card must be able to do."""

from typing import Protocol, runtime_checkable


class Connection(Protocol):
    """A powered card on a reader.

    ``atr`` is the card's answer to reset. Every method raises a :class:`~idcard.errors.TransportError` where the
    reader or the card is gone; nothing else.
    """

    @property
    def atr(self) -> bytes:
        """The answer to reset, up to 33 bytes."""
        ...

    def transmit(self, command: bytes) -> bytes:
        """The card's answer to ``command``: data and status word."""
        ...

    def close(self) -> None:
        """Let go of the card; its session ends."""
        ...


@runtime_checkable
class Resettable(Protocol):
    """A connection that can power its card off and on: a reading that broke goes on over it."""

    def reset(self) -> None:
        """Power the card off and on; its session ends.

        :raises CardRemoved: if no card lies there.
        """
        ...


@runtime_checkable
class HasLimits(Protocol):
    """A connection that knows what its reader can carry."""

    @property
    def answer_limit(self) -> int | None:
        """The most bytes of data in one answer: 256 where only short lengths work; None where that is not known."""
        ...
