"""The one visit at this kiosk: the table of :mod:`kiosk.domain.flow`, executed.

Theory of operation. Pages, the reader thread and the camera thread all come in here, and one lock puts their events in
a row. Each event is looked up in the table; what must be committed (an admission, a desk ticket) is committed *before*
its event is given to the table, so a screen never promises what the store does not hold. A read of the chip runs
outside the lock, under an order with a serial number: what comes back from a visit that has ended is dropped.
Clearing replaces the visit by an empty one, so that nothing of the last patient can be reached any more.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Condition

import structlog

from idcard import Can
from kiosk.domain import flow
from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code
from kiosk.domain.flow import Card, Effect, Event, Limit, Screen
from kiosk.domain.route import Clinic
from kiosk.domain.tickets import Ticket
from kiosk.ports import Clock, StoreUnavailable
from kiosk.services.card_reader import (
    CardOutcome,
    Key,
    Proved,
    ReaderGone,
    Stopped,
    ToDesk,
    Torn,
    WantsQr,
    WrongKey,
)
from kiosk.services.checkin import CheckIn
from kiosk.services.codes import CodeMemory, card_qr_in
from kiosk.services.limits import Deadline, Timing
from kiosk.services.ticket_image import TicketImages
from kiosk.services.view import Call, DeskView, Hint, ScreenView
from kiosk.services.visit import Visit, room_choice, ticket_view

_WAIT_SLICE_S = 0.5
_DIGITS = 6
_CALLS: dict[Call, Code] = {"help": Code.HELP, "child": Code.CHILD, "emergency": Code.EMERGENCY}
_NOT_THIS_VISITS = (Screen.TICKET, Screen.DESK, Screen.CALLED, Screen.CLOSED, Screen.STILL_THERE)
"""A card that is put down on these screens belongs to whoever comes next."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ReadOrder:
    """What the reader thread is to read: valid as long as its serial number is the present one."""

    serial: int
    key: Key

    def __repr__(self) -> str:
        return f"ReadOrder({self.serial})"


class PatientDesk:
    """The visit at this kiosk; every method is safe from any thread. See :class:`~kiosk.services.view.PatientScreens`.

    :param camera: what the pages are told of the camera: ``browser``, ``simulated`` or ``none``.
    """

    def __init__(
        self,
        *,
        checkin: CheckIn,
        clinic: Clinic,
        clock: Clock,
        ticket_images: TicketImages,
        timing: Timing | None = None,
        camera: str = "none",
    ) -> None:
        self._checkin = checkin
        self._clinic = clinic
        self._clock = clock
        self._ticket_images = ticket_images
        self._timing = timing or Timing()
        self._camera = camera
        self._changed = Condition()
        self._version = 1
        self._screen = Screen.ATTRACT
        self._visit = Visit()
        self._card = Card.NONE
        self._reader_ok: bool | None = None
        self._order: ReadOrder | None = None
        self._serial = 0
        self._deadline = Deadline(clock, self._timing)
        self._hint: Hint = ""
        self._hint_until = 0.0
        self._codes = CodeMemory(clock, self._timing.same_code_s)

    # --- what pages ask -----------------------------------------------------------------------------------------

    def view(self) -> ScreenView:
        """The present snapshot."""
        with self._changed:
            self._expire()
            return self._snapshot()

    def wait(self, after: int, timeout_s: float) -> ScreenView:
        """The first snapshot whose version is greater than ``after``, or the present one after ``timeout_s``."""
        with self._changed:
            self._expire()
            rest_s = timeout_s
            while self._version <= after and rest_s > 0:
                self._changed.wait(min(rest_s, _WAIT_SLICE_S))
                self._expire()
                rest_s -= _WAIT_SLICE_S
            return self._snapshot()

    def ticket_image(self) -> bytes | None:
        """The ticket on the screen as a PNG for the printer (576 px wide, 1 bit), or None."""
        with self._changed:
            return self._visit.ticket_image if self._screen is Screen.TICKET else None

    # --- what people do -----------------------------------------------------------------------------------------

    def type_digits(self, digits: str) -> None:
        """Take the last six digits of the card number; anything else is a ValueError."""
        if not (len(digits) == _DIGITS and digits.isascii() and digits.isdigit()):
            raise ValueError("six digits are needed")
        with self._changed:
            if self._screen is Screen.DIGITS:
                self._give_key(Can(digits))

    def show_image(self, image: bytes) -> None:
        """Take a camera frame (JPEG or PNG) and look for the QR of a card."""
        with self._changed:
            if not flow.accepts(self._screen, Event.KEY_GIVEN):
                return
        found, any_code = card_qr_in(image)
        with self._changed:
            if found is None and any_code:
                self._hint_at_unknown()
            elif found is not None and self._codes.is_new(found.text.encode()):
                self._give_key(found)

    def choose_room(self, room_id: str) -> None:
        """Admit the person to a room; an unknown room is a ValueError."""
        room = self._clinic.room(room_id)
        with self._changed:
            proved = self._visit.proved
            if not flow.accepts(self._screen, Event.ADMITTED) or proved is None:
                return

            def admit() -> Ticket:
                return self._checkin.admit(
                    proved.identity,
                    room=room,
                    eligibility=proved.eligibility,
                    verdict=proved.verdict,
                    roster_version=proved.source_version,
                )

            ticket = self._committed(admit)
            if ticket is not None:
                self._show_ticket(ticket, Event.SEEN_TODAY if ticket.again else Event.ADMITTED)

    def no_qr(self) -> None:
        """The person has no QR to show."""
        self._go_to_desk(Event.NO_QR, Code.UNKNOWN_CARD, "pace_refused", "no_qr")

    def no_card(self) -> None:
        """The person has no card to put down: the code that was shown fills in a desk ticket, and no more."""
        with self._changed:
            code = Code.QR_ONLY if self._visit.claim is not None else Code.NO_DOCUMENT
            self._go_to_desk(Event.NO_CARD, code, "no_card")

    def not_me(self) -> None:
        """The person on the screen is somebody else."""
        self._dispatch(Event.NOT_ME)

    def stop(self) -> None:
        """End the visit and forget it."""
        self._dispatch(Event.STOPPED)

    def acknowledge(self) -> None:
        """The ticket, or the way to the desk, was seen."""
        self._dispatch(Event.ACKNOWLEDGED)

    def more_time(self) -> None:
        """Go on, with doubled limits for this visit."""
        self._dispatch(Event.MORE_TIME)

    def touch(self) -> None:
        """Somebody touches the screen: the idle time starts anew."""
        with self._changed:
            self._expire()
            if flow.LIMITS.get(self._screen) is Limit.IDLE:
                self._deadline.start(self._screen, self._visit.patience)

    def call_staff(self, what: Call) -> None:
        """Call staff; with a child one gets a desk ticket at once."""
        if what not in _CALLS:
            raise ValueError("nobody can be called for that")
        code = _CALLS[what]
        with self._changed:
            if not flow.accepts(self._screen, Event.STAFF_CALLED) or self._visit.called == what:
                return
            told, number = self._tell_staff(code)
            if told:
                self._dispatch(Event.STAFF_CALLED)
                self._visit.called = what
                self._visit.desk = self._desk_view(code, number)

    # --- what the reader thread says ----------------------------------------------------------------------------

    def presence(self, present: bool) -> None:
        """A card lies on the reader, or none does; the reader works."""
        with self._changed:
            if self._reader_ok is not True:
                self._reader_ok = True
                self._report_reader()
                self._touch_version()
            if present and self._card is Card.NONE:
                self._card = Card.NEW if self._screen in _NOT_THIS_VISITS else Card.OLD
                self._touch_version()
                self._dispatch(Event.CARD_DOWN)
            elif not present and self._card is not Card.NONE:
                self._card = Card.NONE
                self._touch_version()
                self._dispatch(Event.CARD_GONE)

    def reader_lost(self) -> None:
        """The reader does not answer: the lane closes, and whoever was in it goes to the desk."""
        with self._changed:
            if self._reader_ok is False:
                return
            self._reader_ok, self._card = False, Card.NONE
            self._touch_version()
            if self._screen in (Screen.DIGITS, Screen.PLACE_CARD, Screen.SHOW_QR, Screen.PUT_BACK, Screen.READING):
                self._go_to_desk(Event.SENT_TO_DESK, Code.READER_LOST, "reader_missing")
            else:
                self._tell_staff(Code.READER_LOST)
                self._dispatch(Event.CARD_GONE)
            self._report_reader()

    def next_read(self) -> ReadOrder | None:
        """What is to be read now; each order is given out once."""
        with self._changed:
            order, self._order = self._order, None
            return order

    def is_current(self, order: ReadOrder) -> bool:
        """Whether the visit that gave this order still waits for it."""
        with self._changed:
            self._expire()
            return order.serial == self._serial and self._screen is Screen.READING

    def step_done(self, order: ReadOrder, steps: int) -> None:
        """A read has come so far."""
        with self._changed:
            if order.serial == self._serial and steps != self._visit.steps_done:
                self._visit.steps_done = steps
                self._touch_version()

    def finished(self, order: ReadOrder, outcome: CardOutcome) -> None:
        """A read has ended."""
        with self._changed:
            if self.is_current(order):
                self._conclude(outcome)

    def expects_key(self) -> bool:
        """Whether a card lies there whose key may come any moment: then the thread must look often."""
        with self._changed:
            return self._card is not Card.NONE and self._screen in (Screen.DIGITS, Screen.SHOW_QR)

    def wants_image(self) -> bool:
        """Whether a camera frame would be looked at."""
        with self._changed:
            return flow.accepts(self._screen, Event.KEY_GIVEN)

    def tick(self) -> None:
        """Let limits pass, and a closed kiosk look whether it can open."""
        with self._changed:
            self._expire()
            closed = self._screen is Screen.CLOSED and self._deadline.passed
        if closed:
            self._try_to_open()

    # --- the table, executed ------------------------------------------------------------------------------------

    def _dispatch(self, event: Event, *, key: Key | None = None) -> bool:
        """Whether the table had a step for this event; it was taken."""
        with self._changed:
            step = flow.step(self._screen, event, card=self._card, back=self._visit.back)
            if step is None:
                return False
            left, self._screen = self._screen, step.screen
            if Effect.CLEAR in step.effects:
                self._forget()
            if key is not None:
                self._visit.key = key
            for effect in step.effects:
                self._perform(effect, left)
            self._enter(left, step.effects)
            if Effect.REPEAT in step.effects:
                self._dispatch(event, key=key)
            return True

    def _perform(self, effect: Effect, left: Screen) -> None:
        match effect:
            case Effect.START_READ if self._visit.key is not None:
                self._serial += 1
                self._visit.steps_done, self._visit.digits_wrong = 0, False
                self._order = ReadOrder(serial=self._serial, key=self._visit.key)
            case Effect.CANCEL_READ:
                self._serial += 1
                self._order = None
            case Effect.REMEMBER:
                self._visit.back = left
            case Effect.EXTEND:
                self._visit.patience = 2
            case _:
                # CLEAR and REPEAT frame the others in _dispatch; SHORTEN belongs to the limits.
                pass

    def _enter(self, left: Screen, effects: Sequence[Effect]) -> None:
        if self._screen in (Screen.DIGITS, Screen.READING) and self._card is Card.NEW:
            self._card = Card.OLD
        if Effect.SHORTEN in effects:
            self._deadline.shorten(self._timing.ticket_after_card_s)
        else:
            self._deadline.start(self._screen, self._visit.patience)
        self._hint = ""
        self._touch_version()
        if left is not self._screen:
            _log.info("screen", screen=self._screen)

    def _forget(self) -> None:
        self._visit = Visit()
        self._order = None
        self._serial += 1

    def _touch_version(self) -> None:
        self._version += 1
        self._changed.notify_all()

    def _expire(self) -> None:
        """Let the limit of the present screen pass where it has."""
        if self._hint and self._clock.monotonic() >= self._hint_until:
            self._hint = ""
            self._touch_version()
        if self._screen is Screen.CLOSED or not self._deadline.passed:
            return
        if self._screen is Screen.READING:
            self._go_to_desk(Event.TIME_UP, Code.CARD_MOVED, "reading_took_too_long")
        else:
            self._dispatch(Event.TIME_UP)

    def _try_to_open(self) -> None:
        """Ask the store, outside the lock: it may take its time."""
        try:
            self._checkin.probe()
        except StoreUnavailable:
            with self._changed:
                self._deadline.start(self._screen, self._visit.patience)
        else:
            self._dispatch(Event.STORE_BACK)

    # --- keys and reads -----------------------------------------------------------------------------------------

    def _give_key(self, key: Key) -> None:
        self._expire()
        if self._reader_ok is not False:
            self._dispatch(Event.KEY_GIVEN, key=key)
        elif flow.accepts(self._screen, Event.SENT_TO_DESK):
            self._visit.key = key
            self._go_to_desk(Event.SENT_TO_DESK, Code.READER_LOST, "reader_missing")

    def _conclude(self, outcome: CardOutcome) -> None:
        match outcome:
            case Proved():
                self._prove(outcome)
            case ToDesk():
                self._send_to_desk(Event.SENT_TO_DESK, self._with_shown_claim(outcome))
            case WrongKey():
                self._wrong_key()
            case WantsQr():
                self._dispatch(Event.PACE_REFUSED)
            case Torn():
                self._torn()
            case ReaderGone():
                self.reader_lost()
            case Stopped():
                self._send_to_desk(Event.SENT_TO_DESK, ToDesk(code=Code.CARD_MOVED, reasons=("stopped",)))

    def _prove(self, proved: Proved) -> None:
        self._visit.proved = proved
        try:
            ticket = self._checkin.ticket_of_today(proved.identity)
            waiting = self._checkin.waiting()
        except StoreUnavailable:
            self._close()
            return
        if ticket is not None:
            self._show_ticket(ticket, Event.SEEN_TODAY)
            return
        self._visit.rooms = tuple(room_choice(room, waiting.get(room.id, 0)) for room in self._clinic.rooms)
        self._dispatch(Event.PROVED)

    def _wrong_key(self) -> None:
        self._visit.wrong_keys += 1
        if self._visit.wrong_keys >= flow.TRIES:
            self._go_to_desk(Event.SENT_TO_DESK, Code.WRONG_DIGITS, "wrong_access_key")
            return
        self._visit.key, self._visit.digits_wrong = None, True
        self._dispatch(Event.WRONG_KEY)

    def _torn(self) -> None:
        self._card = Card.NONE
        self._visit.torn += 1
        if self._visit.torn >= flow.TRIES:
            self._go_to_desk(Event.SENT_TO_DESK, Code.CARD_MOVED, "card_removed")
        else:
            self._dispatch(Event.CARD_TORN)

    # --- what is committed before it is shown -------------------------------------------------------------------

    def _committed(self, commit: Callable[[], Ticket]) -> Ticket | None:
        """The committed ticket, or None where the store failed and the kiosk has closed."""
        try:
            return commit()
        except StoreUnavailable:
            self._close()
            return None

    def _show_ticket(self, ticket: Ticket, event: Event) -> None:
        name = self._visit.masked_name
        room = self._clinic.room_or_bare(ticket.room_id or "")
        self._visit.ticket = ticket_view(ticket, room, name)
        self._visit.ticket_image = self._ticket_images.png(ticket, room, name)
        # The ticket says all that is still needed.
        self._visit.proved = self._visit.key = None
        self._dispatch(event)

    def _go_to_desk(self, event: Event, code: Code, *reasons: str) -> None:
        with self._changed:
            self._send_to_desk(event, self._with_shown_claim(ToDesk(code=code, reasons=reasons)))

    def _with_shown_claim(self, to_desk: ToDesk) -> ToDesk:
        """Where the chip said nothing, the code that was shown still spares the clerk the typing."""
        claim = self._visit.claim
        if to_desk.claim is not None or claim is None:
            return to_desk
        return ToDesk(code=to_desk.code, reasons=to_desk.reasons, claim=claim, assurance=Assurance.QR_UNSIGNED)

    def _send_to_desk(self, event: Event, to_desk: ToDesk) -> None:
        if not flow.accepts(self._screen, event):
            return

        def commit() -> Ticket:
            return self._checkin.desk_ticket(
                to_desk.claim,
                code=to_desk.code,
                reasons=to_desk.reasons,
                assurance=to_desk.assurance,
                verdict=to_desk.verdict,
                coverage=to_desk.coverage,
                roster_version=to_desk.source_version,
            )

        ticket = self._committed(commit)
        if ticket is not None:
            self._visit = Visit(patience=self._visit.patience, desk=self._desk_view(to_desk.code, ticket.number))
            self._serial += 1
            self._dispatch(event)

    def _tell_staff(self, code: Code) -> tuple[bool, int | None]:
        """Whether staff were told, and the number of the desk ticket where there is one."""
        try:
            if code is Code.CHILD:
                return True, self._checkin.desk_ticket(None, code=code, reasons=("child",)).number
            self._checkin.notify(code, (code.message,))
        except StoreUnavailable:
            self._close()
            return False, None
        return True, None

    def _desk_view(self, code: Code, ticket_number: int | None = None) -> DeskView:
        return DeskView(
            desk=self._clinic.desk, public_code=code.public, message=code.message, ticket_number=ticket_number
        )

    def _close(self) -> None:
        if self._dispatch(Event.STORE_FAILED):
            self._visit.desk = self._desk_view(Code.STORE_FAULT)

    def _report_reader(self) -> None:
        try:
            self._checkin.report("reader", {"ok": self._reader_ok is not False})
        except StoreUnavailable:
            _log.warning("reader_not_reported")

    # --- what stands on the screen ------------------------------------------------------------------------------

    def _hint_at_unknown(self) -> None:
        if flow.accepts(self._screen, Event.KEY_GIVEN):
            self._hint_until = self._clock.monotonic() + self._timing.hint_s
            if not self._hint:
                self._hint = "qr_unknown"
                self._touch_version()

    def _snapshot(self) -> ScreenView:
        visit, on_confirm = self._visit, self._screen is Screen.CONFIRM
        return ScreenView(
            version=self._version,
            screen=self._screen,
            card_present=self._card is not Card.NONE,
            steps_done=visit.steps_done if self._screen is Screen.READING else 0,
            tries_left=flow.TRIES - visit.wrong_keys if self._screen is Screen.DIGITS else None,
            digits_wrong=visit.digits_wrong and self._screen is Screen.DIGITS,
            masked_name=visit.masked_name if on_confirm else "",
            birth_year=visit.birth_year if on_confirm else "",
            number_tail=visit.number_tail if on_confirm else "",
            covered=on_confirm,
            rooms=visit.rooms if on_confirm else (),
            ticket=visit.ticket if self._screen is Screen.TICKET else None,
            desk=visit.desk if self._screen in (Screen.DESK, Screen.CALLED, Screen.CLOSED) else None,
            hint=self._hint,
            reader_ok=self._reader_ok is not False,
            camera=self._camera,
            seconds_left=None if self._screen is Screen.CLOSED else self._deadline.seconds_left,
        )
