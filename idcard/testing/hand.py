"""A hand that lays a card on a reader, tears it away, and puts it back or another one in its place."""

from idcard.errors import CardRemoved
from idcard.testing.card import SimulatedCard


class Hand:
    """A connection to a card on a reader, which counts what is sent.

    The card is torn away before the command number ``torn_before``, ``times`` times; :meth:`reset` puts it back.

    :param instead: the card that is put back in its place.
    """

    reader = "hand"

    def __init__(
        self,
        card: SimulatedCard,
        *,
        torn_before: int | None = None,
        times: int = 1,
        instead: SimulatedCard | None = None,
    ) -> None:
        self.card, self.torn_before, self.times = card, torn_before, times
        self.sent = self.resets = 0
        self.away = False
        self._instead = instead
        card.reset()

    @property
    def atr(self) -> bytes:
        """The answer to reset of the card that lies there."""
        return self.card.atr

    def transmit(self, command: bytes) -> bytes:
        """The card's answer.

        :raises CardRemoved: if the card was torn away.
        """
        if self.times and self.sent == self.torn_before:
            self.times -= 1
            self.card.power_off()
            self.away = True
        if self.away:
            raise CardRemoved
        self.sent += 1
        return self.card.transmit(command)

    def reset(self) -> None:
        """Power the card off and on, one that was torn away included."""
        self.resets += 1
        if self.away and self._instead is not None:
            self.card = self._instead
        self.away = False
        self.card.reset()

    def close(self) -> None:
        """Power the card off."""
        self.card.power_off()


class FixedHand(Hand):
    """The same over a reader that cannot reset."""

    reset = None  # type: ignore[assignment]
