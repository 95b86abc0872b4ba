"""The ticket printer over a real socket, against its twin: every dot of the paper, and every way in which it fails."""

import io
import os
import pty
import socket
import threading
import time
import tty
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageOps

from kiosk.devices.escpos import BAND_DOTS, Raster, condition_of
from kiosk.devices.printer import EscPosPrinter
from kiosk.devices.printer_twin import PrinterFault, PrinterHead, PrinterTwin
from kiosk.devices.wires import FileWire, NetworkWire
from kiosk.domain.printing import Condition, Printed, PrintResult
from kiosk.domain.route import Clinic, Room
from kiosk.domain.tickets import Ticket
from kiosk.services.ticket_image import WIDTH, TicketImages

LETTERS = "ăâđêôơư áàảãạ ắằẳẵặ ấầẩẫậ éèẻẽẹ ếềểễệ íìỉĩị óòỏõọ ốồổỗộ ớờởỡợ úùủũụ ứừửữự ýỳỷỹỵ"
ROOM = Room(id="noi", name_vi=LETTERS, name_en="General medicine", place_vi=LETTERS.upper(), place_en="Room 12")
CLINIC = Clinic(code="36001", name_vi=f"Trạm y tế {LETTERS}", name_en="Model", desk=1, rooms=(ROOM,))


def ticket(number: int = 27) -> bytes:
    issued = datetime(2026, 11, 23, 0, 42, tzinfo=UTC)
    given = Ticket(visit_id="v", number=number, room_id="noi", issued_at=issued, check_code="K7P2")
    return TicketImages(clinic=CLINIC).png(given, ROOM, "NGUYỄN THỊ ƯỚC MẪ**")


@pytest.fixture
def twin() -> Iterator[PrinterTwin]:
    twin = PrinterTwin(slow_s=0.15)
    yield twin
    twin.close()


@pytest.fixture
def printer(twin: PrinterTwin) -> EscPosPrinter:
    return EscPosPrinter(partial(NetworkWire, "127.0.0.1", twin.port), answer_s=0.3, ticket_s=2.0)


def same(one: bytes, other: bytes) -> bool:
    a, b = (Image.open(io.BytesIO(png)) for png in (one, other))
    return a.size == b.size and ImageChops.difference(a.convert("L"), b.convert("L")).getbbox() is None


def test_every_dot_of_a_ticket_with_all_vietnamese_letters_is_on_the_paper(
    printer: EscPosPrinter, twin: PrinterTwin
) -> None:
    image = ticket()
    assert printer.print(image) == PrintResult(Printed.PRINTED, Condition.READY)
    (paper,) = twin.papers
    assert Image.open(io.BytesIO(paper)).width == WIDTH
    assert same(paper, image)
    assert not same(paper, ticket(28))


def test_the_bytes_are_those_of_another_program() -> None:
    """These are what python-escpos 3.1 makes of this picture (``bitImageRaster``, ``fragment_height=128``)."""
    picture = Image.new("1", (16, 130), 1)
    picture.putpixel((0, 0), 0)
    picture.putpixel((15, 129), 0)
    out = io.BytesIO()
    picture.save(out, "PNG")
    first = b"\x1dv0\x00\x02\x00\x80\x00" + b"\x80\x00" + bytes(2 * 127)
    second = b"\x1dv0\x00\x02\x00\x02\x00" + bytes(2) + b"\x00\x01"
    assert b"".join(Raster.of(out.getvalue()).bands()) == first + second


def test_a_width_that_is_no_multiple_of_eight_is_filled_with_white() -> None:
    out = io.BytesIO()
    Image.new("1", (9, 1), 0).save(out, "PNG")
    assert Raster.of(out.getvalue()) == Raster(2, b"\xff\x80")


def test_a_picture_in_grey_is_no_ticket() -> None:
    out = io.BytesIO()
    Image.new("L", (8, 8)).save(out, "PNG")
    with pytest.raises(ValueError, match="black and white"):
        Raster.of(out.getvalue())


@pytest.mark.parametrize(
    ("fault", "condition"),
    [
        (PrinterFault.PAPER_OUT, Condition.PAPER_OUT),
        (PrinterFault.COVER_OPEN, Condition.COVER_OPEN),
        (PrinterFault.JAM, Condition.JAM),
        (PrinterFault.OFFLINE, Condition.OFFLINE),
    ],
)
def test_a_printer_that_cannot_print_gets_nothing(
    printer: EscPosPrinter, twin: PrinterTwin, fault: PrinterFault, condition: Condition
) -> None:
    twin.behave(fault)
    assert printer.condition() is condition
    assert printer.print(ticket()) == PrintResult(Printed.REFUSED, condition)
    twin.behave(PrinterFault.NONE)
    assert printer.condition() is Condition.READY
    assert (twin.papers, twin.torn) == ((), ())
    assert printer.print(ticket()).on_paper


def test_little_paper_prints_and_is_told(printer: EscPosPrinter, twin: PrinterTwin) -> None:
    twin.behave(PrinterFault.PAPER_LOW)
    assert printer.condition() is Condition.PAPER_LOW
    assert printer.print(ticket()) == PrintResult(Printed.PRINTED, Condition.PAPER_LOW)


def test_a_printer_that_dies_in_a_ticket_leaves_it_unsure_and_gets_no_second(
    printer: EscPosPrinter, twin: PrinterTwin
) -> None:
    twin.behave(PrinterFault.DIES)
    assert printer.print(ticket()) == PrintResult(Printed.UNSURE, Condition.OFFLINE)
    assert printer.condition() is Condition.OFFLINE
    twin.behave(PrinterFault.NONE)
    assert printer.condition() is Condition.READY
    assert twin.papers == ()


def test_a_roll_that_ends_in_a_ticket_leaves_it_unsure(printer: EscPosPrinter, twin: PrinterTwin) -> None:
    twin.behave(PrinterFault.ENDS)
    assert printer.print(ticket()) == PrintResult(Printed.UNSURE, Condition.PAPER_OUT)
    assert twin.papers == ()
    # With a new roll a real printer goes on with what it has: that is why nobody sends it again.
    twin.behave(PrinterFault.NONE)
    assert len(twin.papers) == 1
    assert same(twin.papers[0], ticket())


def test_a_slow_printer_is_waited_for_and_then_no_longer(twin: PrinterTwin) -> None:
    twin.behave(PrinterFault.SLOW)
    patient = EscPosPrinter(partial(NetworkWire, "127.0.0.1", twin.port), answer_s=0.2, ticket_s=0.4)
    started = time.monotonic()
    assert patient.print(ticket()).printed is Printed.UNSURE
    assert time.monotonic() - started < 10


def test_a_printer_that_never_answers_is_sent_the_ticket(printer: EscPosPrinter, twin: PrinterTwin) -> None:
    twin.behave(PrinterFault.SILENT)
    assert printer.condition() is Condition.UNTOLD
    assert printer.print(ticket()) == PrintResult(Printed.SENT, Condition.UNTOLD)
    deadline = time.monotonic() + 5
    while not twin.papers and time.monotonic() < deadline:
        time.sleep(0.01)
    assert same(twin.papers[0], ticket())


def test_questions_inside_a_picture_are_no_answers(printer: EscPosPrinter, twin: PrinterTwin) -> None:
    """A picture may hold the bytes of a question; the printer then answers once more than it was asked."""
    asking = b"\x10\x04\x04" * 24
    out = io.BytesIO()
    Image.frombytes("1", (WIDTH, BAND_DOTS * 2), asking * BAND_DOTS * 2).save(out, "PNG")
    black = io.BytesIO()
    ImageOps.invert(Image.open(out).convert("L")).convert("1").save(black, "PNG")
    assert asking in Raster.of(black.getvalue()).data
    assert printer.print(black.getvalue()).printed is Printed.PRINTED
    assert same(twin.papers[-1], black.getvalue())


def test_where_nobody_listens_the_printer_is_offline_and_refuses() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    printer = EscPosPrinter(partial(NetworkWire, "127.0.0.1", port))
    assert printer.condition() is Condition.OFFLINE
    assert printer.print(ticket()) == PrintResult(Printed.REFUSED, Condition.OFFLINE)


@pytest.mark.parametrize(
    ("answers", "condition"),
    [
        ({1: 0x12, 2: 0x12, 3: 0x12, 4: 0x12}, Condition.READY),
        ({1: 0x12}, Condition.READY),
        ({4: 0x1E}, Condition.PAPER_LOW),
        ({1: 0x1A, 2: 0x32, 4: 0x7E}, Condition.PAPER_OUT),
        ({1: 0x1A, 2: 0x16}, Condition.COVER_OPEN),
        ({1: 0x1A, 2: 0x36, 4: 0x7E}, Condition.PAPER_OUT),
        ({1: 0x1A, 2: 0x52, 3: 0x1A}, Condition.JAM),
        ({1: 0x1A, 3: 0x32}, Condition.JAM),
        ({3: 0x52}, Condition.OFFLINE),
        ({1: 0x1A}, Condition.OFFLINE),
    ],
)
def test_what_status_bytes_say(answers: dict[int, int], condition: Condition) -> None:
    assert condition_of(answers) is condition


def test_a_device_file_is_written_and_read(tmp_path: Path, twin: PrinterTwin) -> None:
    """A pseudo-terminal stands for ``/dev/usb/lp0``, with the twin's own head at its other end."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    (tmp_path / "lp0").symlink_to(os.ttyname(theirs))
    head = PrinterHead()

    def print_on() -> None:
        try:
            while data := os.read(ours, 65536):
                os.write(ours, head.feed(data))
        except OSError:
            return

    thread = threading.Thread(target=print_on, daemon=True)
    thread.start()
    printer = EscPosPrinter(partial(FileWire, tmp_path / "lp0"), answer_s=0.5, ticket_s=5)
    assert printer.condition() is Condition.READY
    assert printer.print(ticket()).printed is Printed.PRINTED
    assert same(head.papers[0], ticket())
    os.close(theirs)
    os.close(ours)
    thread.join(5)


def test_a_device_file_that_is_not_there_is_offline(tmp_path: Path) -> None:
    assert EscPosPrinter(partial(FileWire, tmp_path / "none")).condition() is Condition.OFFLINE


def test_a_printer_that_answered_once_and_is_silent_now_promises_nothing(
    printer: EscPosPrinter, twin: PrinterTwin
) -> None:
    assert printer.condition() is Condition.READY
    twin.behave(PrinterFault.SILENT)
    assert printer.condition() is Condition.OFFLINE
    assert printer.print(ticket()) == PrintResult(Printed.REFUSED, Condition.OFFLINE)
    assert twin.papers == ()
