"""What a wire to a card must be able to do."""

from typing import Protocol


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
