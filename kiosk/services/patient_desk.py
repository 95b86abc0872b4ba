"""The one visit at this kiosk, as pages, reader and camera see it.

Theory of operation. Pages, the reader thread and the camera thread all come in here, and one lock puts their events in
a row. Each event goes to the table (:mod:`kiosk.services.machine`). What must be committed, an admission or a desk
ticket, is committed *before* its event is given to the table, so a screen never promises what the store does not hold.
A read of the chip runs outside the lock, under an order with a serial number: what comes back from a visit that has
ended is dropped. Clearing replaces the visit by an empty one, so that nothing of the last patient can be reached.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition
from typing import TypeVar

from idcard import Recognised
from kiosk.domain.codes import Code, VisitReason
from kiosk.domain.flow import Card, Event, Screen
from kiosk.domain.route import Clinic
from kiosk.domain.scans import SAME_SCAN_S
from kiosk.domain.tickets import Ticket, clinic_day
from kiosk.ports import Clock, StoreUnavailable
from kiosk.services.card_reader import (
    CardOutcome,
    Crowded,
    Key,
    Proved,
    ReaderGone,
    Stopped,
    Tested,
    ToDesk,
    Torn,
    WantsQr,
    WrongKey,
)
from kiosk.services.checkin import AdmittedUnproved, CheckIn
from kiosk.services.closed_side import ClosedSide
from kiosk.services.codes import CodeMemory, Shown, code_digest, shown_by, shown_in
from kiosk.services.desk_way import (
    DeskWay,
    ReportedLost,
    admit_known,
    before_admission,
    called_for,
    insured_to_desk,
    to_compare,
)
from kiosk.services.limits import Timing
from kiosk.services.machine import VisitMachine
from kiosk.services.paper_side import PaperSide
from kiosk.services.parts import LeftCard, PartReport
from kiosk.services.patient_portrait import PortraitSide
from kiosk.services.patient_sides import PlainTaps, ReaderSide, Tries
from kiosk.services.portraits import Portraits
from kiosk.services.signed_codes import CodeOutcome, Confirmed, SignedCodes
from kiosk.services.ticket_image import TicketImages
from kiosk.services.view import Call, PaperMode, ScreenView
from kiosk.services.visit import room_choices, typed_key

T = TypeVar("T")
_WAIT_SLICE_S = 0.5
_NEED_READER = (Screen.ONE_CARD, Screen.DIGITS, Screen.PLACE_CARD, Screen.SHOW_QR, Screen.PUT_BACK, Screen.READING)


class PatientDesk(PlainTaps, ReaderSide, Tries, PortraitSide, PaperSide, ClosedSide):
    """The visit at this kiosk; every method is safe from any thread. See :class:`~kiosk.services.view.PatientScreens`.

    :param camera: what the pages are told of the camera: ``browser``, ``simulated`` or ``none``.
    :param consent: whether a person must agree before anything is read.
    :param signed: judges the signed codes that the clinic listed, or None where it listed none.
    :param portraits: when a chip's portrait goes to the desk, or None where none is ever read.
    :param paper: where tickets are printed; ``own`` once :meth:`use_printer` was called.
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
        consent: bool = False,
        signed: SignedCodes | None = None,
        portraits: Portraits | None = None,
        paper: PaperMode = "browser",
    ) -> None:
        self._checkin, self._portraits = checkin, portraits
        self._clinic, self._clock = clinic, clock
        self._ticket_images = ticket_images
        self._way = DeskWay(checkin=checkin, clinic=clinic)
        self._signed = signed
        timing = timing or Timing()
        self._codes = CodeMemory(clock, timing.same_code_s)
        self._changed = Condition()
        self._reader_report = PartReport(checkin, "reader", lost=Code.READER_LOST)
        self._printer_report = PartReport(checkin, "printer", lost=Code.PRINTER_LOST)
        self._left_card = LeftCard(checkin)
        self._closed_since = clock.now()
        self._clock_is_right: Callable[[], bool] = lambda: True
        self._machine = VisitMachine(
            clock=clock, timing=timing, camera=camera, on_change=self._changed.notify_all, consent=consent, paper=paper
        )

    def view(self) -> ScreenView:
        """The present snapshot."""
        with self._changed:
            self._expire()
            return self._machine.snapshot()

    def wait(self, after: int, timeout_s: float) -> ScreenView:
        """The first snapshot whose version is greater than ``after``, or the present one after ``timeout_s``."""
        with self._changed:
            self._expire()
            rest_s = timeout_s
            while self._machine.version <= after and rest_s > 0:
                self._changed.wait(min(rest_s, _WAIT_SLICE_S))
                self._expire()
                rest_s -= _WAIT_SLICE_S
            return self._machine.snapshot()

    @contextmanager
    def in_visit(self, visit: str) -> Iterator[None]:
        """Act in this visit and no other; OtherVisit where it is over."""
        with self._changed:
            self._expire()
            self._check(visit)
            yield

    def type_digits(self, digits: str, tries_left: int | None = None) -> None:
        """Take the last six digits of the card number, once in each try; anything else is a ValueError."""
        key = typed_key(digits)
        with self._changed:
            if self._machine.screen is Screen.DIGITS and tries_left in (None, self._machine.tries_left):
                self._give_key(key)

    def show_image(self, image: bytes, visit: str | None = None) -> None:
        """Take a camera frame (JPEG or PNG) of this visit and look for a card's QR; OtherVisit where it is over."""
        self._show(lambda: shown_in(image, self._signed), visit)

    def show_code(self, scanned: str, visit: str | None = None) -> None:
        """Take the text that a scanner read: the QR of a card counts like one that the camera saw."""
        self._show(lambda: shown_by(scanned, self._signed), visit, SAME_SCAN_S)

    def choose_room(self, room_id: str) -> None:
        """Admit the person to a room; an unknown room is a ValueError."""
        room = self._clinic.room(room_id)
        with self._changed:
            self._expire()
            proved = self._machine.visit.proved
            if not self._machine.accepts(Event.ADMITTED) or proved is None:
                return
            if not self._clock_is_right():
                # It was set back since the card was read: the admission would be of another day.
                self._look_at(VisitReason.CLOCK_BEHIND, Code.CLOCK_WRONG)
                return
            shown, beside = self._machine.visit.claim, self._beside()
            ticket = self._committed(lambda: admit_known(self._checkin, proved, room, shown, beside))
            if ticket is not None:
                self._recorded(ticket.visit_id)
                self._show_ticket(ticket, Event.SEEN_TODAY if ticket.again else Event.ADMITTED)

    def agree(self) -> None:
        """The person agrees to the reading: what was given before now counts."""
        with self._changed:
            self._expire()
            if self._machine.accepts(Event.AGREED):
                self._machine.visit.agreed_at = self._clock.now()
                self._machine.dispatch(Event.AGREED)

    def disagree(self) -> None:
        """The person does not: the key is forgotten, and the desk ticket says nothing of them."""
        with self._changed:
            if self._machine.accepts(Event.DISAGREED):
                self._machine.visit.key = None
                self._go_to_desk(Event.DISAGREED, Code.NO_DOCUMENT, VisitReason.NO_CONSENT)

    def no_qr(self) -> None:
        """The person has no QR to show."""
        self._go_to_desk(Event.NO_QR, Code.UNKNOWN_CARD, VisitReason.PACE_REFUSED, VisitReason.NO_QR)

    def no_card(self) -> None:
        """The person has no card to put down: the code that was shown fills in a desk ticket, and no more."""
        with self._changed:
            code = Code.QR_ONLY if self._machine.visit.claim is not None else Code.NO_DOCUMENT
            self._go_to_desk(Event.NO_CARD, code, VisitReason.NO_CARD)

    def call_staff(self, what: Call) -> None:
        """Call staff; with a child one gets a desk ticket at once."""
        code = called_for(what)
        with self._changed:
            if not self._machine.accepts(Event.STAFF_CALLED) or self._machine.visit.called == what:
                return
            way = self._committed(lambda: self._way.call(code))
            if way is not None:
                self._machine.dispatch(Event.STAFF_CALLED)
                self._machine.visit.called, self._machine.visit.desk = what, way

    def presence(self, present: bool) -> None:
        """A card lies on the reader, or none does; the reader works."""
        with self._changed:
            self._expire()
            self._reader_changed(True)
            if present:
                self._machine.put_card()
            else:
                self._machine.take_card()
                self._committed(self._left_card.taken)

    def reader_lost(self) -> None:
        """The reader does not answer: the lane closes, and whoever was in it goes to the desk."""
        with self._changed:
            if not self._reader_changed(False):
                return
            if self._machine.screen in _NEED_READER:
                self._machine.card = Card.NONE
                self._go_to_desk(Event.SENT_TO_DESK, Code.READER_LOST, VisitReason.READER_MISSING)
            else:
                self._committed(lambda: self._way.tell(Code.READER_LOST, VisitReason.READER_MISSING))
                self._machine.take_card()

    def tick(self) -> None:
        """Let limits and days pass, and a closed kiosk look whether it can open."""
        with self._changed:
            self._expire()
            if self._machine.screen is not Screen.CLOSED:
                self._committed(self._checkin.turn_day)
            may_open = self._machine.screen is Screen.CLOSED and self._machine.time_is_up
        if may_open:
            self._try_to_open()

    def _act(self, event: Event) -> None:
        """Something that a person does and that commits nothing; a limit that has passed comes first."""
        with self._changed:
            self._expire()
            self._machine.dispatch(event)

    def _expire(self) -> None:
        """Let the limit of the present screen pass where it has."""
        self._machine.let_hint_pass()
        if self._machine.screen is Screen.CLOSED or not self._machine.time_is_up:
            return
        match self._machine.screen:
            case Screen.READING:
                self._go_to_desk(Event.TIME_UP, Code.CARD_MOVED, VisitReason.READING_TOO_LONG)
            case Screen.ONE_CARD if self._machine.card is not Card.NONE:
                self._machine.dispatch(Event.LOOK_AGAIN)
            case Screen.TAKE_CARD:
                self._committed(self._left_card.tell)
                self._machine.dispatch(Event.TIME_UP)
            case _:
                self._machine.dispatch(Event.TIME_UP)

    def _try_to_open(self) -> None:
        """Ask the store, outside the lock: it may take its time."""
        try:
            self._checkin.probe()
            # Only now it can be written down that, and for how long, nobody could be admitted here.
            self._checkin.notify(Code.STORE_FAULT, since=self._closed_since)
            self._checkin.came_back(Code.STORE_FAULT)
        except StoreUnavailable:
            with self._changed:
                self._machine.restart_limit()
        else:
            self._act(Event.STORE_BACK)

    def _show(self, look: Callable[[], Shown], visit: str | None, same_s: float = 0.0) -> None:
        """Look outside the lock, which takes its time, and take what is seen only where the visit still goes on."""
        with self._changed:
            self._expire()
            visit = visit or self._machine.visit.token
            self._check(visit)
            if not self._machine.accepts(Event.KEY_GIVEN):
                return
        shown = look()
        with self.in_visit(visit):
            to_ask = self._taken(shown, same_s)
        if to_ask is not None and self._signed is not None:
            outcome = self._signed.outcome(to_ask)
            with self.in_visit(visit):
                if self._machine.screen is Screen.ATTRACT:
                    self._conclude(outcome)

    def _taken(self, shown: Shown, same_s: float) -> Recognised | None:
        """Take what was shown; a signed code that comes anew is returned. Beside a chip, a card's code counts alone."""
        screens = (Screen.ATTRACT, Screen.CHILD) if shown.insurance is not None else (Screen.ATTRACT,)
        if shown.card is not None or (shown.names_somebody and self._machine.screen in screens):
            return self._taken_anew(shown) if self._codes.is_new(shown.payload, same_s) else None
        if shown.hint and self.wants_image() and (shown.certain or self._machine.screen is Screen.SHOW_QR):
            self._machine.hint(shown.hint)
        return None

    def _taken_anew(self, shown: Shown) -> Recognised | None:
        self._machine.visit.code = code_digest(shown.payload)
        if shown.card is not None:
            self._give_key(shown.card)
        elif shown.signed is not None:
            self._machine.hint("qr_asking")
        elif shown.insurance is not None:
            self._send_to_desk(Event.SENT_TO_DESK, insured_to_desk(shown.insurance, clinic_day(self._clock.now())))
        return shown.signed

    def _give_key(self, key: Key) -> None:
        self._expire()
        if self._machine.reader_ok:
            self._machine.dispatch(Event.KEY_GIVEN, key=key)
        elif self._machine.accepts(Event.SENT_TO_DESK):
            self._machine.visit.take_key(key)
            self._go_to_desk(Event.SENT_TO_DESK, Code.READER_LOST, VisitReason.READER_MISSING)

    def _conclude(self, outcome: CardOutcome | CodeOutcome) -> None:
        match outcome:
            case Proved():
                self._known(outcome, Event.PROVED)
            case Confirmed():
                self._known(outcome, Event.CODE_CONFIRMED)
            case Tested():
                self._machine.dispatch(Event.STOPPED)
            case ToDesk():
                self._send_to_desk(Event.SENT_TO_DESK, outcome)
            case WrongKey():
                self._wrong_key()
            case WantsQr():
                self._machine.dispatch(Event.PACE_REFUSED)
            case Torn():
                self._torn()
            case Crowded():
                self._crowded()
            case ReaderGone():
                self.reader_lost()
            case Stopped():
                self._send_to_desk(Event.SENT_TO_DESK, ToDesk(code=Code.CARD_MOVED, reasons=(VisitReason.STOPPED,)))

    def _known(self, proved: Proved | Confirmed, event: Event) -> None:
        self._machine.visit.proved = proved
        known = self._committed(lambda: before_admission(self._checkin, proved))
        if known is None:
            return
        ticket, waiting = known
        if ticket is None:
            self._draw_holder(proved)
            if isinstance(proved, Proved) and self._portraits is not None and self._portraits.policy.waits:
                self._send_to_desk(Event.SENT_TO_DESK, to_compare(proved, VisitReason.HOLDER_CHECK))
                return
            self._machine.visit.rooms = room_choices(self._clinic, waiting)
            self._machine.dispatch(event)
        elif isinstance(proved, Confirmed):
            self._send_to_desk(Event.SENT_TO_DESK, proved.to_desk())
        else:
            self._show_ticket(ticket, Event.SEEN_TODAY)

    def _committed(self, commit: Callable[[], T]) -> T | None:
        """What was committed, or None where the store failed and the kiosk has closed, or a clerk compares first."""
        try:
            return commit()
        except StoreUnavailable:
            self._close()
        except AdmittedUnproved:
            self._look_at(VisitReason.ADMITTED_UNPROVED, Code.IDENTITY_DIFFERS)
        except ReportedLost:
            self._look_at(VisitReason.REPORTED_LOST, Code.UNKNOWN_CARD)
        return None

    def _look_at(self, reason: VisitReason, code: Code) -> None:
        """Send whom chip or code names to the desk: a clerk looks at them."""
        if (known := self._machine.visit.proved) is not None:
            to_desk = known.to_desk() if isinstance(known, Confirmed) else to_compare(known, reason, code)
            self._send_to_desk(Event.SENT_TO_DESK, to_desk)

    def _show_ticket(self, ticket: Ticket, event: Event) -> None:
        self._machine.visit.end_with(ticket, self._clinic.room_or_bare(ticket.room_id or ""), self._ticket_images)
        self._machine.dispatch(event)
        self._hand_to_printer()

    def _go_to_desk(self, event: Event, code: Code, *reasons: VisitReason) -> None:
        with self._changed:
            self._send_to_desk(event, ToDesk(code=code, reasons=reasons))

    def _send_to_desk(self, event: Event, to_desk: ToDesk) -> None:
        if self._machine.accepts(event):
            known = to_desk.or_claimed(self._machine.visit.claim)
            sent = self._committed(lambda: self._way.send(known, self._beside()))
            if sent is not None:
                self._recorded(sent[1])
                self._machine.start_anew(desk=sent[0])
                self._machine.dispatch(event)

    def _close(self) -> None:
        if self._machine.dispatch(Event.STORE_FAILED):
            self._closed_since = self._clock.now()
            self._machine.visit.desk = self._way.shown(Code.STORE_FAULT)

    def _reader_changed(self, ok: bool) -> bool:
        """Whether the reader was not like this before; then staff see it."""
        if said := self._reader_report.say({"ok": ok}):
            self._machine.reader_ok = ok
            self._machine.changed()
        return said
