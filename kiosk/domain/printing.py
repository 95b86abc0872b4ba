"""How a printer is, and what became of one ticket's paper."""

from dataclasses import dataclass
from enum import StrEnum


class Condition(StrEnum):
    """How a printer is, by its own word."""

    READY = "ready"
    PAPER_LOW = "paper_low"
    """It prints, and somebody should bring a roll."""
    PAPER_OUT = "paper_out"
    COVER_OPEN = "cover_open"
    JAM = "jam"
    """The cutter is stuck, or an error that does not go by itself."""
    OFFLINE = "offline"
    """It cannot be reached, or rests by itself, as one that is too hot does."""
    UNTOLD = "untold"
    """It takes bytes and tells nothing, as cheap ones do."""

    @property
    def prints(self) -> bool:
        """Whether a ticket may be sent to it."""
        return self in (Condition.READY, Condition.PAPER_LOW, Condition.UNTOLD)


class Printed(StrEnum):
    """What became of one ticket's paper. Only :attr:`REFUSED` is certain to have left no paper behind."""

    PRINTED = "printed"
    """The printer says so."""
    SENT = "sent"
    """It took everything, and never says more."""
    REFUSED = "refused"
    """Nothing was sent."""
    UNSURE = "unsure"
    """A part or all of it may be on paper: nobody prints it again unasked."""


@dataclass(frozen=True, slots=True)
class PrintResult:
    """What became of one ticket's paper, and how the printer was at the end."""

    printed: Printed
    condition: Condition

    @property
    def on_paper(self) -> bool:
        """Whether the person can be told to take it."""
        return self.printed in (Printed.PRINTED, Printed.SENT)
