"""Sides of the visit: taps that commit nothing, the reader thread's questions, and how often somebody may try."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from threading import Condition

from kiosk.domain import flow
from kiosk.domain.codes import Code, VisitReason
from kiosk.domain.flow import Card, Event, Limit, Screen
from kiosk.services.card_reader import CardOutcome
from kiosk.services.machine import ReadOrder, VisitMachine
from kiosk.services.view import OtherVisit


class PlainTaps(ABC):
    """What a person does that commits nothing."""

    _changed: Condition
    _machine: VisitMachine
    _clock_is_right: Callable[[], bool]

    @abstractmethod
    def _expire(self) -> None:
        """Let the limit of the present screen pass where it has."""

    @abstractmethod
    def _act(self, event: Event) -> None:
        """Give an event to the table; a limit that has passed comes first."""

    def admit_while(self, clock_is_right: Callable[[], bool]) -> None:
        """Admit nobody whenever this says no; until it is told, the clock is taken for right."""
        self._clock_is_right = clock_is_right

    def _check(self, visit: str) -> None:
        if visit != self._machine.visit.token:
            raise OtherVisit

    def for_child(self) -> None:
        """Somebody comes with a child."""
        self._act(Event.FOR_CHILD)

    def not_me(self) -> None:
        """The person on the screen is somebody else."""
        self._act(Event.NOT_ME)

    def stop(self) -> None:
        """End the visit and forget it."""
        self._act(Event.STOPPED)

    def acknowledge(self) -> None:
        """The ticket, or the way to the desk, was seen."""
        self._act(Event.ACKNOWLEDGED)

    def more_time(self) -> None:
        """Go on, with doubled limits for this visit."""
        self._act(Event.MORE_TIME)

    def touch(self) -> None:
        """Somebody touches the screen: the idle time starts anew."""
        with self._changed:
            self._expire()
            if flow.LIMITS.get(self._machine.screen) is Limit.IDLE:
                self._machine.restart_limit()

    def is_idle(self) -> bool:
        """Whether no visit is under way."""
        with self._changed:
            return self._machine.screen in (Screen.ATTRACT, Screen.CLOSED)

    def wants_image(self) -> str:
        """The visit for which a camera frame would be looked at now, or nothing."""
        with self._changed:
            return self._machine.visit.token if self._machine.accepts(Event.KEY_GIVEN) else ""


class ReaderSide(ABC):
    """What the reader thread asks and tells."""

    _changed: Condition
    _machine: VisitMachine

    @abstractmethod
    def _expire(self) -> None:
        """Let the limit of the present screen pass where it has."""

    @abstractmethod
    def _conclude(self, outcome: CardOutcome) -> None:
        """Go on with what a read came to."""

    def next_read(self) -> ReadOrder | None:
        """What is to be read now; each order is given out once."""
        with self._changed:
            return self._machine.take_order()

    def is_current(self, order: ReadOrder) -> bool:
        """Whether the visit that gave this order still waits for it."""
        with self._changed:
            self._expire()
            return self._machine.waits_for(order)

    def step_done(self, order: ReadOrder, steps: int) -> None:
        """A read has come so far."""
        with self._changed:
            if self._machine.waits_for(order) and steps != self._machine.visit.steps_done:
                self._machine.visit.steps_done = steps
                self._machine.changed()

    def finished(self, order: ReadOrder, outcome: CardOutcome) -> None:
        """A read has ended."""
        with self._changed:
            if self.is_current(order):
                self._machine.visit.take_outcome(outcome)
                self._conclude(outcome)

    def expects_key(self) -> bool:
        """Whether a card lies there whose key may come any moment: then the thread must look often."""
        with self._changed:
            return self._machine.card is not Card.NONE and self._machine.screen in (Screen.DIGITS, Screen.SHOW_QR)


class Tries(ABC):
    """How often digits may be wrong, a card torn away, or cards lie there together, before a person helps."""

    _machine: VisitMachine

    @abstractmethod
    def _go_to_desk(self, event: Event, code: Code, *reasons: VisitReason) -> None:
        """Send the person to the desk."""

    def _wrong_key(self) -> None:
        self._machine.visit.wrong_keys += 1
        if self._machine.visit.wrong_keys >= flow.TRIES:
            self._go_to_desk(Event.SENT_TO_DESK, Code.WRONG_DIGITS, VisitReason.WRONG_ACCESS_KEY)
        else:
            self._machine.visit.key, self._machine.visit.digits_wrong = None, True
            self._machine.dispatch(Event.WRONG_KEY)

    def _torn(self) -> None:
        self._machine.card = Card.NONE
        self._machine.visit.torn += 1
        if self._machine.visit.torn >= flow.TRIES:
            self._go_to_desk(Event.SENT_TO_DESK, Code.CARD_MOVED, VisitReason.CARD_REMOVED)
        else:
            self._machine.dispatch(Event.CARD_TORN)

    def _crowded(self) -> None:
        self._machine.visit.crowded += 1
        if self._machine.visit.crowded >= flow.CROWDED_TRIES:
            self._go_to_desk(Event.SENT_TO_DESK, Code.CROWDED, VisitReason.NOT_ALONE)
        else:
            self._machine.dispatch(Event.CROWDED)
