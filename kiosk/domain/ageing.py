"""How long something may wait at the desk before its age is said in a word and a colour of its own."""

from dataclasses import dataclass
from enum import StrEnum


class Age(StrEnum):
    """How old something is that waits."""

    FRESH = "fresh"
    LONG = "long"
    TOO_LONG = "too_long"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """From how many minutes on a wait is long, and too long.

    Exceptions are alarming from five minutes on, people before a room from half an hour on (facts of the field:
    OpenMRS colours by minutes; the numbers are a clinic's own).
    """

    long_min: float
    too_long_min: float

    def __post_init__(self) -> None:
        if not 0 < self.long_min <= self.too_long_min:
            raise ValueError("the thresholds must rise")

    def age(self, seconds: float) -> Age:
        """The age of something that waits for so many seconds."""
        minutes = seconds / 60
        if minutes >= self.too_long_min:
            return Age.TOO_LONG
        return Age.LONG if minutes >= self.long_min else Age.FRESH


NOTICES = Thresholds(long_min=5, too_long_min=15)
ROOMS = Thresholds(long_min=20, too_long_min=45)
