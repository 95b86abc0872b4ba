"""What is asked about somebody's cover, and what a decision rests on."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from idcard import BirthDate, Sex
from kiosk.domain.eligibility import CoverSource, Eligibility
from kiosk.domain.worklist import Source


class Online(StrEnum):
    """What came of asking the payer, in one word; the ones but the first say why no answer came."""

    ANSWERED = "answered"
    OFF = "off"
    """This clinic does not ask the payer."""
    NO_SHIFT = "no_shift"
    """No officer is on duty, in whose name one could ask."""
    NO_NUMBER = "no_number"
    """The number by which this clinic asks is not known."""
    TOO_LATE = "too_late"
    """The cut-off had passed."""
    BUSY = "busy"
    DOWN = "down"
    """The gateway gave no usable answer."""
    MALFORMED = "malformed"
    """The gateway's answer about this person made no sense."""
    NONSENSE = "nonsense"
    """The gateway answered nobody with sense any more, and is left in peace for a while."""
    REFUSED = "refused"
    """The gateway refuses the clinic's account."""
    ANOTHER_PERSON = "another_person"
    """The answer was about somebody else."""
    UNREACHABLE = "unreachable"
    """The staff process did not answer."""
    UNASKABLE = "unaskable"
    """What is known of the person makes no question: no name, or one that no document holds."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Asked:
    """About whom the payer is asked; a number that is not known is None.

    ``latin``: the name comes from a source that never writes accents, as the chip's zone. ``source`` is who says all
    this, and ``spellings`` are how others write the same name. ``on`` is the day of the visit, or None for today.
    """

    name: str
    birth: BirthDate
    personal_number: str | None = None
    insurance_number: str | None = None
    sex: Sex | None = None
    latin: bool = False
    source: Source = Source.CHIP
    spellings: tuple[str, ...] = ()
    on: date | None = None

    def __repr__(self) -> str:
        return "Asked(…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineAnswer:
    """What the payer's answer amounts to: when it was given (UTC), and in whose shift it was asked."""

    eligibility: Eligibility
    as_of: datetime
    shift_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverBasis:
    """What a decision rests on: who said it, when that was true, and what came of asking the payer.

    ``as_of`` is None where nobody could say anything.
    """

    source: CoverSource
    as_of: datetime | None
    roster_version: str
    online: Online
    shift_id: str | None = None
