"""The outside world as the kiosk sees it: protocols that real devices and their simulated twins fulfil."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from idcard import Connection, IdCardError
from kiosk.domain.codes import Code
from kiosk.domain.eligibility import Coverage
from kiosk.domain.printing import Condition, PrintResult


class StoreUnavailable(IdCardError):
    """The store cannot take anything now (disk full, file damaged or locked): nothing was half done."""

    code = "store_unavailable"
    desk_code = Code.STORE_FAULT


class Clock(Protocol):
    """Time, as an argument."""

    def now(self) -> datetime:
        """The present instant, in UTC."""

    def monotonic(self) -> float:
        """Seconds that never go back."""


class CardDesk(Protocol):
    """The reader that lies on the kiosk's desk."""

    def wait(self, timeout_s: float) -> bool:
        """Whether a card lies there; returns when that changes, or after the time-out.

        A card that took the place of another between two calls is told as gone first, and as there by the next call.

        :raises idcard.ReaderMissing: where the reader cannot be reached; asking again tries again.
        """

    def connect(self) -> Connection:
        """A fresh connection to the card, reset, so that nobody's session is inherited."""

    def close(self) -> None:
        """Let go of the reader."""


@dataclass(frozen=True, slots=True)
class SeenCard:
    """A closed reader has a card, and reads it by itself."""


@dataclass(frozen=True, slots=True, repr=False)
class CardFiles:
    """The files of a card, byte for byte, by the names that :func:`idcard.evidence_of_files` takes."""

    files: Mapping[str, bytes]

    def __repr__(self) -> str:
        return "CardFiles(…)"


@dataclass(frozen=True, slots=True)
class ReaderTrouble:
    """A closed reader could not read a card, or said something that cannot be understood."""


ReaderWord = SeenCard | CardFiles | ReaderTrouble


class ClosedReader(Protocol):
    """A reader that opens and reads cards by itself, and hands over files and no proof."""

    @property
    def name(self) -> str:
        """What it is called in a record."""

    @property
    def connected(self) -> bool:
        """Whether it answers."""

    def wait(self, timeout_s: float) -> ReaderWord | None:
        """What it told within the time-out; nothing where it told nothing, or is missing."""

    def close(self) -> None:
        """Let go of it."""


class Camera(Protocol):
    """A camera that the kiosk's process reads itself, beside the one in the browser."""

    def frame(self) -> bytes:
        """The present picture as PNG or JPEG, or nothing where nobody holds anything before it."""

    def close(self) -> None:
        """Let go of the camera."""


class Scanner(Protocol):
    """A scanner of codes that the kiosk's process reads itself, beside one that types into the browser."""

    @property
    def connected(self) -> bool:
        """Whether it was there when it was last read."""

    def read(self, timeout_s: float) -> bytes:
        """What came within the time-out: nothing where nothing did, or where the scanner is missing."""

    def close(self) -> None:
        """Let go of the scanner."""


class Printer(Protocol):
    """A printer of tickets. It raises nothing: a printer is a thing that fails."""

    def condition(self) -> Condition:
        """How it is now."""

    def print(self, image: bytes) -> PrintResult:
        """Print a one-bit PNG, at most 576 dots wide; what became of it. It is never sent twice."""

    def close(self) -> None:
        """Let go of it."""


class Light(Protocol):
    """A lamp that calls staff."""

    @property
    def connected(self) -> bool:
        """Whether it took what it was last told."""

    def show(self, lit: bool) -> None:
        """Light it, or put it out; one that is missing is tried again the next time."""

    def close(self) -> None:
        """Let go of it."""


class EligibilitySource(Protocol):
    """Somebody who knows who is covered."""

    @property
    def version(self) -> str:
        """What is recorded with an admission, to tell later what was known."""

    @property
    def as_of(self) -> datetime:
        """When what it says was true, in UTC.

        :raises ConfigurationError: where it cannot be used any more.
        """

    def find(self, personal_number: str) -> Coverage | None:
        """The coverage of this person, or None where nobody is known by that number."""

    def find_insurance(self, number: str) -> Coverage | None:
        """The coverage of whoever has this insurance number, or None where nobody is known by it."""
