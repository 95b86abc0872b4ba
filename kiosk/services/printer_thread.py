"""The thread that owns a ticket printer.

Theory of operation. A ticket is printed after it was committed, and nobody waits for the paper. What becomes of it is
told to the screen, which then shows the number for remembering. A ticket that may be on paper in part is never printed
again unasked; a clerk may order a copy. An order is first marked as being printed, then printed: a kiosk that dies in
between leaves an order that is *unsure* and not one that is printed twice.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from queue import Empty, Queue
from threading import Lock
from typing import Protocol

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk.domain.printing import Condition, Printed, PrintResult
from kiosk.domain.route import Clinic
from kiosk.ports import Clock, Printer, StoreUnavailable
from kiosk.services.printing import new_order, settle_order
from kiosk.services.record import ticket_of
from kiosk.services.ticket_image import TicketImages
from kiosk.services.worker import Worker
from kiosk.store.database import Database
from kiosk.store.device_tables import PrintOrder
from kiosk.store.tables import Visit

FRESH_S = 20.0
"""A ticket that could not be begun for so long is not printed: whoever it is of has gone with the number."""

ORDER_LASTS = timedelta(minutes=2)
"""A copy that was ordered while its kiosk was off does not come out in an empty corridor the next morning."""

_LOOK_S, _CHECK_S = 0.25, 5.0
_log = structlog.get_logger(__name__)


class Paper(Protocol):
    """Who is told of the printer: the visit at the screen."""

    def printer(self, condition: Condition) -> None:
        """The printer is like this now."""

    def paper(self, visit: str, result: PrintResult) -> None:
        """The ticket of this visit came out, or did not."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Job:
    visit: str
    visit_id: str
    image: bytes
    until: float

    def __repr__(self) -> str:
        return "_Job(…)"


class PrinterThread(Worker):
    """Owns the printer: prints tickets as they come, copies as they are ordered, and looks how it is meanwhile.

    :param device: this process's name in the store. :param paper: the visit, which is told what became of its ticket.
    :param check_s: how often the printer is asked how it is.
    """

    def __init__(
        self,
        *,
        printer: Printer,
        database: Database,
        clinic: Clinic,
        device: str,
        clock: Clock,
        images: TicketImages,
        paper: Paper,
        look_s: float = _LOOK_S,
        check_s: float = _CHECK_S,
    ) -> None:
        super().__init__("printer", printer)
        self._printer, self._database, self._clinic = printer, database, clinic
        self._here, self._clock, self._images, self._paper = device, clock, images, paper
        self._look_s, self._check_s = look_s, check_s
        self._jobs: Queue[_Job] = Queue()
        self._next_check = 0.0
        self._using = Lock()
        """A printer has one conversation at a time."""
        self._cleaned = False

    def submit(self, visit: str, visit_id: str, image: bytes) -> None:
        """Print this ticket as soon as may be; nobody waits for it.

        :param visit: the screen's visit, which is told what became of it. :param visit_id: the committed one.
        """
        self._jobs.put(_Job(visit=visit, visit_id=visit_id, image=image, until=time.monotonic() + FRESH_S))

    def test(self, image: bytes) -> PrintResult:
        """Print this now, in the caller's thread, and say what became of it."""
        with self._using:
            return self._printer.print(image)

    def turn(self) -> None:
        """Print what waits, a ticket before a copy; where nothing does, look how the printer is."""
        try:
            job = self._jobs.get(timeout=self._look_s)
        except Empty:
            if not self._took_order():
                self._check()
            return
        self._print_ticket(job)

    def _print_ticket(self, job: _Job) -> None:
        if time.monotonic() > job.until:
            # Too late for this person, which is no fault of the printer's: how that is, it says itself.
            with self._using:
                condition = self._printer.condition()
            self._came_out(job, PrintResult(Printed.REFUSED, condition))
            return
        try:
            result = self.test(job.image)
        except Exception:
            # Nobody knows what a fault in a driver left behind: the screen promises nothing, and staff are told.
            self._came_out(job, PrintResult(Printed.UNSURE, Condition.OFFLINE))
            raise
        self._came_out(job, result)

    def _came_out(self, job: _Job, result: PrintResult) -> None:
        self._told(result)
        self._paper.paper(job.visit, result)
        if not result.on_paper:
            self._remember(job.visit_id, result)

    def _told(self, result: PrintResult) -> None:
        _log.info("printed", printed=result.printed, condition=result.condition)
        self._paper.printer(result.condition)
        self._next_check = time.monotonic() + self._check_s

    def _check(self) -> None:
        if time.monotonic() >= self._next_check:
            with self._using:
                condition = self._printer.condition()
            self._paper.printer(condition)
            self._next_check = time.monotonic() + self._check_s

    def _remember(self, visit_id: str, result: PrintResult) -> None:
        """Staff see whose paper did not come out."""
        at = self._clock.now()
        try:
            with self._database.write() as session:
                visit = session.get(Visit, visit_id)
                if visit is not None:
                    order = new_order(session, visit, device=self._here, copy=0, by=self._here, at=at)
                    settle_order(order, result, at)
        except StoreUnavailable:
            _log.warning("paper_not_remembered")

    def _took_order(self) -> bool:
        """Whether a copy was printed, or tried to be."""
        try:
            taken = self._taken()
            if taken is None:
                return False
            result = PrintResult(Printed.REFUSED, Condition.OFFLINE)
            order_id, image = taken
            if image is not None:
                try:
                    result = self.test(image)
                except Exception:
                    self._settled(order_id, PrintResult(Printed.UNSURE, Condition.OFFLINE))
                    raise
                self._told(result)
            self._settled(order_id, result)
        except StoreUnavailable:
            _log.warning("orders_of_copies_wait_for_the_store")
            return False
        return True

    def _taken(self) -> tuple[str, bytes | None] | None:
        """The oldest order of a copy, marked as being printed, and its picture."""
        with self._database.read() as session:
            if self._cleaned and self._oldest(session) is None:
                return None
        with self._database.write() as session:
            self._clean(session)
            self._lapse(session)
            order = self._oldest(session)
            if order is None:
                return None
            order.state = "printing"
            visit = session.get(Visit, order.visit_id)
            return order.id, None if visit is None else self._drawn(session, visit, order.copy)

    def _clean(self, session: Session) -> None:
        """What was being printed when this process died may be on paper."""
        if not self._cleaned:
            for order in self._orders(session, "printing"):
                settle_order(order, PrintResult(Printed.UNSURE, Condition.OFFLINE), self._clock.now())
            self._cleaned = True

    def _lapse(self, session: Session) -> None:
        """An order that waited long is nobody's any more: its clerk sees that it was refused."""
        now = self._clock.now()
        for order in self._orders(session, "waiting"):
            if now - order.created_at > ORDER_LASTS:
                settle_order(order, PrintResult(Printed.REFUSED, Condition.OFFLINE), now)

    def _oldest(self, session: Session) -> PrintOrder | None:
        return next(iter(self._orders(session, "waiting")), None)

    def _orders(self, session: Session, state: str) -> Sequence[PrintOrder]:
        return session.scalars(
            select(PrintOrder)
            .where(PrintOrder.device == self._here, PrintOrder.state == state)
            .order_by(PrintOrder.created_at)
        ).all()

    def _drawn(self, session: Session, visit: Visit, copy: int) -> bytes | None:
        ticket = replace(ticket_of(session, visit, again=True), copy=copy)
        return self._images.png_or_none(ticket, self._clinic.room_or_bare(ticket.room_id or ""), "")

    def _settled(self, order_id: str, result: PrintResult) -> None:
        with self._database.write() as session:
            order = session.get(PrintOrder, order_id)
            if order is not None:
                settle_order(order, result, self._clock.now())
