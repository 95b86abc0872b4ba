"""How long a screen may stay."""

from dataclasses import dataclass

from kiosk.domain.flow import LIMITS, Limit, Screen
from kiosk.ports import Clock

_THE_MACHINES = (Limit.READING, Limit.CROWDED, Limit.LEFT)
"""Limits that wait for no person: patience does not lengthen them."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Limits in seconds. "More time" doubles those that wait for a person."""

    idle_s: float = 30.0
    warn_s: float = 25.0
    ticket_s: float = 15.0
    no_paper_s: float = 20.0
    """How long a number stays that is on no paper, whether the card is taken or not."""
    ticket_after_card_s: float = 5.0
    """How long a ticket stays when the card is taken at once: there must be time to read the number."""
    confirm_after_card_s: float = 15.0
    """How long a name stays when the card is taken after it was read: long enough to choose a room."""
    put_back_s: float = 10.0
    reading_s: float = 30.0
    crowded_s: float = 3.0
    """How often the kiosk looks again whether one card lies on the reader alone."""
    left_s: float = 10.0
    """How long a card may be left behind before staff are told."""
    desk_s: float = 30.0
    hint_s: float = 5.0
    reopen_s: float = 5.0
    """How often a closed kiosk asks whether the store takes visits again."""
    same_code_s: float = 3.0
    """A code counts once: it must have left the camera's picture for so long before it counts again."""

    def seconds_of(self, limit: Limit, patience: int) -> float:
        """A limit's seconds; the machine's own limit knows no patience."""
        seconds = {
            Limit.IDLE: self.idle_s,
            Limit.WARN: self.warn_s,
            Limit.TICKET: self.ticket_s,
            Limit.PUT_BACK: self.put_back_s,
            Limit.READING: self.reading_s,
            Limit.DESK: self.desk_s,
            Limit.CROWDED: self.crowded_s,
            Limit.LEFT: self.left_s,
        }[limit]
        return seconds if limit in _THE_MACHINES else seconds * patience

    def after_card_s(self, screen: Screen) -> float:
        """How long a screen that is somebody's may stay once the card has gone; nothing prolongs it."""
        return self.confirm_after_card_s if screen is Screen.CONFIRM else self.ticket_after_card_s


class Deadline:
    """The end of the present screen's time, where it has one."""

    def __init__(self, clock: Clock, timing: Timing) -> None:
        self._clock = clock
        self._timing = timing
        self._at: float | None = None

    def start(self, screen: Screen, patience: int) -> None:
        """A screen's time begins. A closed kiosk's is the time until it tries to open."""
        limit = LIMITS.get(screen)
        if screen is Screen.CLOSED:
            self._at = self._clock.monotonic() + self._timing.reopen_s
        elif limit is None:
            self._at = None
        else:
            self._at = self._clock.monotonic() + self._timing.seconds_of(limit, patience)

    def shorten(self, seconds: float) -> None:
        """The screen stays no longer than this from now on."""
        soon = self._clock.monotonic() + seconds
        self._at = soon if self._at is None else min(self._at, soon)

    def lengthen(self, seconds: float) -> None:
        """The screen stays at least this long from now on."""
        late = self._clock.monotonic() + seconds
        self._at = None if self._at is None else max(self._at, late)

    @property
    def passed(self) -> bool:
        """Whether the time is up."""
        return self._at is not None and self._clock.monotonic() >= self._at

    @property
    def seconds_left(self) -> float | None:
        """What is left of it, or None where the screen may stay for ever."""
        return None if self._at is None else max(0.0, self._at - self._clock.monotonic())
