"""The table of :mod:`kiosk.domain.flow`, executed on one visit: what screen it is, and what stands on it.

The machine knows no store, no card and no lock: who calls it holds the lock and has committed what must be committed.
"""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from kiosk.domain import flow
from kiosk.domain.flow import Card, Effect, Event, Screen
from kiosk.ports import Clock
from kiosk.services.card_reader import Key
from kiosk.services.limits import Deadline, Timing
from kiosk.services.view import DeskView, Hint, PaperMode, ScreenView
from kiosk.services.visit import Visit

_NOT_THIS_VISITS = (
    Screen.READING,
    Screen.CONFIRM,
    Screen.TICKET,
    Screen.DESK,
    Screen.CALLED,
    Screen.CLOSED,
    Screen.STILL_THERE,
)
"""A card that is put down on these screens belongs to whoever comes next."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ReadOrder:
    """What the reader thread is to read: valid as long as its serial number is the present one."""

    serial: int
    key: Key

    def __repr__(self) -> str:
        return f"ReadOrder({self.serial})"


class VisitMachine:
    """One visit after another.

    :param on_change: called after every change that a screen may show.
    :param consent: whether a person must agree before anything is read.
    :param paper: where tickets are printed.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        timing: Timing,
        camera: str,
        on_change: Callable[[], None],
        consent: bool = False,
        paper: PaperMode = "browser",
    ) -> None:
        self._paper: PaperMode = paper
        self._consent = consent
        self._clock = clock
        self._timing = timing
        self._camera = camera
        self._on_change = on_change
        self._deadline = Deadline(clock, timing)
        self._order: ReadOrder | None = None
        self._serial = 0
        self._hint: Hint = ""
        self._hint_until = 0.0
        self.version = 1
        self.screen = Screen.ATTRACT
        self.visit = Visit()
        self.card = Card.NONE
        self.reader_ok = True
        self.printer_ok = True

    def accepts(self, event: Event) -> bool:
        """Whether the table has a rule for this event on the present screen."""
        return flow.accepts(self.screen, event)

    def dispatch(self, event: Event, *, key: Key | None = None) -> bool:
        """Whether the table had a step for this event; it was taken.

        :param key: what was typed or shown, for :attr:`Event.KEY_GIVEN`.
        """
        must_ask = self._consent and not self.visit.agreed
        step = flow.step(self.screen, event, card=self.card, back=self.visit.back, must_ask=must_ask)
        if step is None:
            return False
        left, self.screen = self.screen, step.screen
        if Effect.CLEAR in step.effects:
            self.visit.wipe()
            self.visit = Visit()
        if key is not None:
            self.visit.take_key(key)
        for effect in step.effects:
            self._perform(effect, left)
        self._enter(left, keeps_limit=Effect.SHORTEN in step.effects)
        if Effect.REPEAT in step.effects:
            self.dispatch(event, key=key)
        return True

    def put_card(self) -> None:
        """A card was put down."""
        if self.card is Card.NONE:
            self.card = Card.NEW if self.screen in _NOT_THIS_VISITS else Card.OLD
            self.changed()
            self.dispatch(Event.CARD_DOWN)

    def take_card(self) -> None:
        """The card was taken away."""
        if self.card is not Card.NONE:
            self.card = Card.NONE
            self.changed()
            self.dispatch(Event.CARD_GONE)

    def start_anew(self, *, desk: DeskView) -> None:
        """Forget the person but for the way to the desk, and whatever is being read."""
        self.visit.wipe()
        self.visit = Visit(patience=self.visit.patience, desk=desk)
        self._drop_order()

    def take_order(self) -> ReadOrder | None:
        """What is to be read now; each order is given out once."""
        order, self._order = self._order, None
        if order is not None:
            self.visit.readings += 1
        return order

    def waits_for(self, order: ReadOrder) -> bool:
        """Whether the visit that gave this order still waits for it."""
        return order.serial == self._serial and self.screen is Screen.READING

    def step_done(self, order: ReadOrder, steps: int) -> None:
        """The read of this order has come so far."""
        if self.waits_for(order) and steps != self.visit.steps_done:
            self.visit.steps_done = steps
            self.changed()

    @property
    def took_ms(self) -> int | None:
        """How long the visit goes on, in milliseconds; None where nobody has come."""
        began = self.visit.began
        return None if began is None else round(1000 * (self._clock.monotonic() - began))

    def changed(self) -> None:
        """Something that a screen may show has changed."""
        self.version += 1
        self._on_change()

    def hint(self, hint: Hint) -> None:
        """Show a small notice for a while."""
        self._hint_until = self._clock.monotonic() + self._timing.hint_s
        if self._hint != hint:
            self._hint = hint
            self.changed()

    def let_hint_pass(self) -> None:
        """Take the notice away once it was long enough there."""
        if self._hint and self._clock.monotonic() >= self._hint_until:
            self._hint = ""
            self.changed()

    def restart_limit(self) -> None:
        """The present screen's time begins anew; a person whose card is gone does not stay longer on the screen."""
        if not self.names_a_card_that_is_gone:
            self._deadline.start(self.screen, self.visit.patience)

    def printer_is(self, ok: bool) -> None:
        """The printer works, or does not."""
        self.printer_ok = ok
        self._stay_for_the_number()
        self.changed()

    def no_paper_came(self) -> None:
        """The ticket on the screen is on no paper."""
        self.visit.no_paper = True
        self._stay_for_the_number()
        self.changed()

    @property
    def must_be_remembered(self) -> bool:
        """Whether a number stands on the screen that is on no paper."""
        on_paper = self._paper != "none" and self.printer_ok and not self.visit.no_paper
        return self.screen is Screen.TICKET and not on_paper

    def _stay_for_the_number(self) -> None:
        if self.must_be_remembered:
            self._deadline.lengthen(self._timing.no_paper_s)

    @property
    def names_a_card_that_is_gone(self) -> bool:
        """Whether the name on the screen is of somebody who may have left with the card."""
        return self.screen is Screen.CONFIRM and self.card is Card.NONE

    @property
    def time_is_up(self) -> bool:
        """Whether the present screen's time has passed."""
        return self._deadline.passed

    @property
    def tries_left(self) -> int | None:
        """How often digits may still be typed, on the screen that asks for them."""
        return flow.TRIES - self.visit.wrong_keys if self.screen is Screen.DIGITS else None

    def snapshot(self) -> ScreenView:
        """What stands on the screen; personal fields only where the screen is theirs."""
        visit, screen = self.visit, self.screen
        on_confirm = screen is Screen.CONFIRM
        return ScreenView(
            version=self.version,
            screen=screen,
            visit=visit.token,
            card_present=self.card is not Card.NONE,
            steps_done=visit.steps_done if screen is Screen.READING else 0,
            tries_left=self.tries_left,
            digits_wrong=visit.digits_wrong and screen is Screen.DIGITS,
            masked_name=visit.masked_name if on_confirm else "",
            birth_year=visit.birth_year if on_confirm else "",
            number_tail=visit.number_tail if on_confirm else "",
            covered=on_confirm,
            rooms=visit.rooms if on_confirm else (),
            ticket=visit.ticket if screen is Screen.TICKET else None,
            desk=visit.desk if screen in (Screen.DESK, Screen.CALLED, Screen.CLOSED) else None,
            hint=self._hint,
            reader_ok=self.reader_ok,
            printer_ok=self.printer_ok and not visit.no_paper,
            paper=self._paper,
            may_print=visit.may_print and screen is Screen.TICKET and self.printer_ok,
            camera=self._camera,
            seconds_left=None if screen is Screen.CLOSED else self._deadline.seconds_left,
        )

    def _perform(self, effect: Effect, left: Screen) -> None:
        match effect:
            case Effect.START_READ:
                self._drop_order()
                self.visit.steps_done, self.visit.digits_wrong = 0, False
                if self.visit.key is not None:
                    self._order = ReadOrder(serial=self._serial, key=self.visit.key)
            case Effect.CANCEL_READ | Effect.CLEAR:
                self._drop_order()
            case Effect.REMEMBER:
                self.visit.back = left
            case Effect.EXTEND:
                self.visit.patience = 2
            case Effect.REPEAT | Effect.SHORTEN:
                # Not a matter of the visit's data: dispatch and _enter see to them.
                pass

    def _enter(self, left: Screen, *, keeps_limit: bool) -> None:
        if self.screen in (Screen.DIGITS, Screen.READING) and self.card is Card.NEW:
            self.card = Card.OLD
        if not keeps_limit:
            self._deadline.start(self.screen, self.visit.patience)
        if keeps_limit or self.names_a_card_that_is_gone:
            self._deadline.shorten(self._timing.after_card_s(self.screen))
        self._stay_for_the_number()
        self._hint = ""
        if self.visit.began is None and self.screen is not Screen.ATTRACT:
            self.visit.began = self._clock.monotonic()
        self.changed()
        if left is not self.screen:
            _log.info("screen", screen=self.screen)

    def _drop_order(self) -> None:
        self._order = None
        self._serial += 1
