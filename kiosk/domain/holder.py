"""Whether the person with the card is the one on its chip: how often a clinic asks, and what a clerk says of it."""

from dataclasses import dataclass
from enum import StrEnum

DUE = "due"
"""What a visit says whose check nobody has made yet."""
NOT_MADE = "not_made"
"""What it says once its day is over: nobody looked."""

_SCALE = 1 << 32
_BYTES = 4


class HolderSeen(StrEnum):
    """What a clerk saw who held the portrait of the chip against the person."""

    SAME = "same"
    NOT_SAME = "not_same"
    NOT_SEEN = "not_seen"
    """The person was not to be seen, or the picture did not come in time."""


class HolderMode(StrEnum):
    """Which visits are checked."""

    NONE = "none"
    SAMPLE = "sample"
    EVERY = "every"


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderPolicy:
    """How a clinic checks holders: ``rate`` is the share of a sample, from 0 to 1.

    With ``waits`` nobody gets a ticket before the clerk has looked; it goes with every visit only.
    """

    mode: HolderMode = HolderMode.NONE
    rate: float = 0.05
    waits: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.rate <= 1:
            raise ValueError("a share is between 0 and 1")
        if self.waits and self.mode is not HolderMode.EVERY:
            raise ValueError("only a check of every visit can be waited for")

    def draws(self, entropy: bytes) -> bool:
        """Whether this visit is checked.

        :param entropy: at least four random bytes: nobody can tell beforehand whom the lot falls on.
        """
        match self.mode:
            case HolderMode.NONE:
                return False
            case HolderMode.EVERY:
                return True
            case HolderMode.SAMPLE:
                return int.from_bytes(entropy[:_BYTES], "big") < self.rate * _SCALE
