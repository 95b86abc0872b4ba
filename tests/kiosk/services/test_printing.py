"""Paper: printed after the commit and never twice, promised only where it comes, and copies that a clerk orders."""

import io
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from PIL import Image, ImageChops

from kiosk.devices.printer import EscPosPrinter
from kiosk.devices.printer_twin import PrinterFault, PrinterTwin
from kiosk.devices.wires import NetworkWire
from kiosk.domain.flow import Screen
from kiosk.domain.printing import Condition, Printed, PrintResult
from kiosk.domain.tickets import clinic_day
from kiosk.services.printer_thread import FRESH_S, PrinterThread
from kiosk.services.printing import CannotPrint, PrintQueue
from kiosk.services.report import Reporter
from kiosk.services.ticket_image import TicketImages
from kiosk.services.ticket_search import CopyReason, TicketSearch
from kiosk.store.device_tables import PrintOrder
from kiosk.store.tables import Audit, Visit

# The fixture's class lives in conftest.py, from which nothing can be imported.
Kiosk = Any


@pytest.fixture
def twin() -> Iterator[PrinterTwin]:
    twin = PrinterTwin(slow_s=0.1)
    yield twin
    twin.close()


def thread_of(kiosk: Kiosk, printer: Any) -> PrinterThread:
    clinic = kiosk.patient._clinic
    return PrinterThread(
        printer=printer,
        database=kiosk.database,
        clinic=clinic,
        device="kiosk-1",
        clock=kiosk.clock,
        images=TicketImages(clinic=clinic),
        paper=kiosk.patient,
        look_s=0.001,
        check_s=0.0,
    )


@pytest.fixture
def queue(kiosk: Kiosk) -> PrintQueue:
    return PrintQueue(kiosk.database, clinic=kiosk.patient._clinic, device="desk-1", clock=kiosk.clock)


@pytest.fixture
def thread(kiosk: Kiosk, twin: PrinterTwin) -> PrinterThread:
    printer = EscPosPrinter(partial(NetworkWire, "127.0.0.1", twin.port), answer_s=0.3, ticket_s=1.0)
    thread = thread_of(kiosk, printer)
    copies = PrintQueue(kiosk.database, clinic=kiosk.patient._clinic, device="kiosk-1", clock=kiosk.clock)
    kiosk.patient._machine._paper = "own"
    kiosk.patient.use_printer(thread.submit, partial(copies.print_once, printer="kiosk-1"))
    thread.turn()
    return thread


def told(kiosk: Kiosk) -> list[tuple[str, tuple[str, ...]]]:
    return [(notice.code.value, tuple(notice.reasons)) for notice in kiosk.staff.exceptions() if not notice.back_at]


def part(kiosk: Kiosk) -> dict[str, Any]:
    return next(state.state for state in kiosk.staff.devices() if state.part == "printer")


def orders(kiosk: Kiosk) -> list[tuple[int, str, str | None]]:
    with kiosk.database.read() as session:
        rows = session.query(PrintOrder).order_by(PrintOrder.created_at, PrintOrder.id)
        return [(row.copy, row.state, row.condition) for row in rows]


def same(one: bytes, other: bytes) -> bool:
    a, b = (Image.open(io.BytesIO(png)).convert("L") for png in (one, other))
    return a.size == b.size and ImageChops.difference(a, b).getbbox() is None


def test_the_paper_is_the_ticket_on_the_screen(kiosk: Kiosk, thread: PrinterThread, twin: PrinterTwin) -> None:
    view = kiosk.admit("insured")
    assert (view.screen, view.printer_ok, view.paper, view.may_print) == (Screen.TICKET, True, "own", False)
    image = kiosk.patient.ticket_image()
    assert twin.papers == ()
    thread.turn()
    assert len(twin.papers) == 1
    assert same(twin.papers[0], image)
    thread.turn()
    assert len(twin.papers) == 1
    assert orders(kiosk) == []
    assert part(kiosk) == {"ok": True, "condition": "ready"}


def test_the_screen_waits_for_no_paper(kiosk: Kiosk, thread: PrinterThread, twin: PrinterTwin) -> None:
    """The printer's thread does not turn at all, and the visit comes to its end."""
    assert kiosk.admit("insured").screen is Screen.TICKET
    kiosk.patient.acknowledge()
    kiosk.take()
    assert kiosk.screen is Screen.ATTRACT
    assert twin.papers == ()


@pytest.mark.parametrize(
    "fault", [PrinterFault.PAPER_OUT, PrinterFault.COVER_OPEN, PrinterFault.JAM, PrinterFault.OFFLINE]
)
def test_without_paper_somebody_is_admitted_and_told_to_remember(
    kiosk: Kiosk, thread: PrinterThread, twin: PrinterTwin, fault: PrinterFault
) -> None:
    twin.behave(fault)
    thread.turn()
    view = kiosk.admit("insured")
    assert (view.screen, view.printer_ok, view.ticket.number) == (Screen.TICKET, False, 1)
    assert view.seconds_left == 20
    assert told(kiosk) == [("E13", (fault.value,))]
    assert part(kiosk) == {"ok": False, "condition": fault.value, "reason": fault.value}
    thread.turn()
    twin.behave(PrinterFault.NONE)
    thread.turn()
    assert twin.papers == ()
    assert told(kiosk) == []


def test_paper_that_fails_in_the_ticket_is_told_on_the_screen_and_never_tried_again(
    kiosk: Kiosk, thread: PrinterThread, twin: PrinterTwin, queue: PrintQueue
) -> None:
    twin.behave(PrinterFault.DIES)
    assert kiosk.admit("insured").printer_ok
    kiosk.clock.advance(10)
    thread.turn()
    view = kiosk.view
    assert (view.screen, view.printer_ok, view.seconds_left) == (Screen.TICKET, False, 20)
    assert orders(kiosk) == [(0, "unsure", "offline")]
    twin.behave(PrinterFault.NONE)
    for _ in range(3):
        thread.turn()
    assert twin.papers == ()
    assert not kiosk.view.printer_ok, "this ticket is on no paper, whatever the printer says now"
    (row,) = kiosk.staff.admissions(10)
    assert queue.not_printed([row.visit_id, "other"]) == {row.visit_id}


def test_a_card_that_is_taken_leaves_time_for_a_number_without_paper(
    kiosk: Kiosk, thread: PrinterThread, twin: PrinterTwin
) -> None:
    kiosk.admit("insured")
    assert kiosk.take().seconds_left == 5
    kiosk.clear()
    twin.behave(PrinterFault.PAPER_OUT)
    thread.turn()
    thread.turn()
    kiosk.admit("old")
    assert kiosk.take().seconds_left == 20


def test_a_ticket_that_waited_too_long_is_not_printed(
    kiosk: Kiosk, thread: PrinterThread, twin: PrinterTwin, monkeypatch: pytest.MonkeyPatch
) -> None:
    kiosk.admit("insured")
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + FRESH_S + 1)
    thread.turn()
    assert twin.papers == ()
    assert orders(kiosk) == [(0, "refused", "ready")]
    assert kiosk.staff.exceptions() == (), "the printer is well: nobody is sent to look at it"
    assert kiosk.patient._machine.printer_ok
    assert not kiosk.view.printer_ok, "the screen promises nothing to this person"


def test_a_ticket_that_waited_for_a_printer_without_paper_says_so(
    kiosk: Kiosk, thread: PrinterThread, twin: PrinterTwin, monkeypatch: pytest.MonkeyPatch
) -> None:
    kiosk.admit("insured")
    twin.behave(PrinterFault.PAPER_OUT)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + FRESH_S + 1)
    thread.turn()
    assert orders(kiosk) == [(0, "refused", "paper_out")]
    assert [row.code for row in kiosk.staff.exceptions()] == ["E13"]


def test_a_failing_store_keeps_no_paper_back(kiosk: Kiosk, thread: PrinterThread, twin: PrinterTwin) -> None:
    kiosk.admit("insured")
    kiosk.fill_disk()
    thread.turn()
    kiosk.free_disk()
    assert len(twin.papers) == 1


def test_who_comes_back_gets_one_copy_and_it_is_written_down(
    kiosk: Kiosk, thread: PrinterThread, twin: PrinterTwin, queue: PrintQueue
) -> None:
    kiosk.admit("insured")
    thread.turn()
    kiosk.patient.acknowledge()
    kiosk.take()
    for copies in (1, 1):
        kiosk.put("insured")
        view = kiosk.digits("insured")
        assert (view.screen, view.ticket.again, view.may_print) == (Screen.TICKET, True, True)
        thread.turn()
        kiosk.patient.print_ticket()
        assert not kiosk.view.may_print
        kiosk.patient.print_ticket()
        thread.turn()
        assert len(twin.papers) == 1 + copies
        assert orders(kiosk) == [(1, "printed", "ready")]
        kiosk.clear()
    with kiosk.database.read() as session:
        bodies = [link.body for link in session.query(Audit).filter_by(kind="copy_ordered")]
    assert len(bodies) == 1
    assert '"by":"kiosk-1"' in bodies[0]


def test_a_copy_counts_and_bears_no_name(
    kiosk: Kiosk, thread: PrinterThread, twin: PrinterTwin, queue: PrintQueue
) -> None:
    kiosk.admit("insured")
    thread.turn()
    (row,) = kiosk.staff.admissions(10)
    (printer,) = queue.printers()
    assert (printer.device, printer.condition) == ("kiosk-1", Condition.READY)
    for count in (1, 2):
        order = queue.print(row.visit_id, printer="kiosk-1", by="lan", reason="lost")
        assert (queue.state(order).state, queue.state(order).copy) == ("waiting", count)
        thread.turn()
        assert queue.state(order).state == "printed"
    assert queue.copies(row.visit_id) == 2
    assert queue.not_printed([row.visit_id]) == frozenset()
    first, one, two = twin.papers
    assert not same(one, two)
    assert Image.open(io.BytesIO(first)).height != Image.open(io.BytesIO(one)).height


def test_what_cannot_be_printed_is_refused(kiosk: Kiosk, thread: PrinterThread, queue: PrintQueue) -> None:
    kiosk.admit("insured")
    (row,) = kiosk.staff.admissions(10)
    for visit, printer in ((row.visit_id, "kiosk-9"), ("nobody", "kiosk-1")):
        with pytest.raises(CannotPrint):
            queue.print(visit, printer=printer, by="lan")
    with kiosk.database.write() as session:
        session.get(Visit, row.visit_id).state = "cancelled"
    with pytest.raises(CannotPrint):
        queue.print(row.visit_id, printer="kiosk-1", by="lan")
    assert queue.copies(row.visit_id) == 0
    assert queue.state("nothing") is None


def test_a_copy_that_was_being_printed_when_the_kiosk_died_is_not_printed_again(
    kiosk: Kiosk, thread: PrinterThread, twin: PrinterTwin, queue: PrintQueue
) -> None:
    kiosk.admit("insured")
    thread.turn()
    (row,) = kiosk.staff.admissions(10)

    class Killed:
        """Power is cut when the first byte would go out."""

        def condition(self) -> Condition:
            return Condition.READY

        def print(self, image: bytes) -> PrintResult:
            raise SystemExit

        def close(self) -> None:
            """Nothing."""

    order = queue.print(row.visit_id, printer="kiosk-1", by="lan")
    with pytest.raises(SystemExit):
        thread_of(kiosk, Killed()).turn()
    assert queue.state(order).state == "printing"
    again = thread_of(kiosk, EscPosPrinter(partial(NetworkWire, "127.0.0.1", twin.port)))
    again.turn()
    assert queue.state(order).state == Printed.UNSURE
    assert len(twin.papers) == 1


def test_where_there_is_no_printer_nothing_is_promised(kiosk: Kiosk) -> None:
    kiosk.patient._machine._paper = "none"
    view = kiosk.admit("insured")
    assert (view.paper, view.printer_ok, view.may_print, view.seconds_left) == ("none", True, False, 20)
    assert told(kiosk) == []


class Broken:
    """A driver with a fault in it."""

    def condition(self) -> Condition:
        return Condition.READY

    def print(self, image: bytes) -> PrintResult:
        raise RuntimeError

    def close(self) -> None:
        """Nothing."""


def test_a_fault_in_the_driver_takes_the_promise_off_the_screen(kiosk: Kiosk, thread: PrinterThread) -> None:
    view = kiosk.admit("insured")
    assert view.printer_ok
    thread._printer = Broken()
    with pytest.raises(RuntimeError):
        thread.turn()
    assert not kiosk.view.printer_ok
    assert ("E13", ("offline",)) in told(kiosk)
    assert orders(kiosk) == [(0, "unsure", "offline")]


def test_a_fault_in_the_driver_leaves_a_copy_unsure(kiosk: Kiosk, thread: PrinterThread, queue: PrintQueue) -> None:
    kiosk.admit("insured")
    thread.turn()
    (row,) = kiosk.staff.admissions(10)
    order = queue.print(row.visit_id, printer="kiosk-1", by="lan")
    thread._printer = Broken()
    with pytest.raises(RuntimeError):
        thread.turn()
    assert queue.state(order).state == Printed.UNSURE


@pytest.mark.parametrize(("waited_s", "printed"), [(110, 1), (130, 0)])
def test_an_order_that_waited_for_the_kiosk_is_not_printed_any_more(
    kiosk: Kiosk, thread: PrinterThread, twin: PrinterTwin, queue: PrintQueue, waited_s: int, printed: int
) -> None:
    kiosk.admit("insured")
    thread.turn()
    before = len(twin.papers)
    (row,) = kiosk.staff.admissions(10)
    order = queue.print(row.visit_id, printer="kiosk-1", by="lan")
    kiosk.clock.advance(waited_s)
    thread.turn()
    assert len(twin.papers) - before == printed
    assert queue.state(order).state == (Printed.PRINTED if printed else Printed.REFUSED)


def test_a_ticket_of_an_earlier_day_is_not_printed_again(
    kiosk: Kiosk, thread: PrinterThread, queue: PrintQueue
) -> None:
    kiosk.admit("insured")
    (row,) = kiosk.staff.admissions(10)
    kiosk.clock.advance(24 * 3600)
    with pytest.raises(CannotPrint):
        queue.print(row.visit_id, printer="kiosk-1", by="lan")


def test_no_two_papers_bear_one_number_wherever_they_come_from(
    kiosk: Kiosk, thread: PrinterThread, queue: PrintQueue
) -> None:
    kiosk.admit("insured")
    (row,) = kiosk.staff.admissions(10)
    search = TicketSearch(
        database=kiosk.database,
        clinic=kiosk.patient._clinic,
        device="desk-1",
        clock=kiosk.clock,
        admission=kiosk.staff.admission,
    )
    assert search.write_copy(row.visit_id, CopyReason.LOST, by="lan") == 1
    assert queue.state(queue.print(row.visit_id, printer="kiosk-1", by="lan")).copy == 2
    assert search.write_copy(row.visit_id, CopyReason.LOST, by="lan") == 3
    assert (search.find(row.visit_id).copies, queue.copies(row.visit_id)) == (3, 3)
    assert not queue.print_once(row.visit_id, printer="kiosk-1")
    made = Reporter(database=kiosk.database, clinic=kiosk.patient._clinic, clock=kiosk.clock)
    assert made.report(clinic_day(kiosk.clock.now())).copies == 3
