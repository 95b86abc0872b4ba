"""What the threads survive: devices that misbehave, cards that talk nonsense, stores that break while they are read."""

import time
from pathlib import Path
from typing import Any

import pytest

from idcard import Connection
from kiosk.domain.flow import Screen
from kiosk.services.patient_desk import PatientDesk
from kiosk.services.reader_thread import CameraThread, ReaderThread
from kiosk.services.ticket_image import TicketImages

Kiosk = Any


class RudeDesk:
    """A reader whose driver is full of bugs, once or always."""

    def __init__(self, connection: Connection | None = None, *, faults: int = 0) -> None:
        self.faults = faults
        self.looks = 0
        self.closed = False
        self._connection = connection

    def wait(self, timeout_s: float) -> bool:
        self.looks += 1
        if self.looks <= self.faults:
            raise KeyError("a driver's bug")
        time.sleep(0.001)
        return True

    def connect(self) -> Connection:
        if self._connection is None:
            raise RuntimeError("a driver's bug")
        return self._connection

    def close(self) -> None:
        self.closed = True


class RudeCard:
    """A card that answers everything with the same bytes, or with an error that no card can cause."""

    atr = b"\x3b\x00"

    def __init__(self, answer: bytes | None) -> None:
        self._answer = answer

    def transmit(self, command: bytes) -> bytes:
        if self._answer is None:
            raise ZeroDivisionError
        return self._answer

    def close(self) -> None:
        """Nothing to let go of."""


def reader(kiosk: Kiosk, desk: RudeDesk) -> ReaderThread:
    return ReaderThread(desk=desk, card_reader=kiosk.reader._card_reader, patient=kiosk.patient, look_s=0.001)


@pytest.mark.parametrize(
    ("connection", "code", "reason"),
    [
        (None, "E04", "internal_fault"),
        (RudeCard(None), "E04", "internal_fault"),
        (RudeCard(b""), "E04", "malformed_data"),
        (RudeCard(b"\x90"), "E04", "malformed_data"),
    ],
)
def test_whatever_a_card_or_driver_does_the_person_goes_to_the_desk(
    kiosk: Kiosk, connection: RudeCard | None, code: str, reason: str
) -> None:
    thread = reader(kiosk, RudeDesk(connection))
    thread.turn()
    kiosk.patient.type_digits("123456")
    thread.turn()
    view = kiosk.view
    assert (view.screen, view.desk.public_code) == (Screen.DESK, code)
    assert kiosk.staff.exceptions()[0].reasons == (reason,)


@pytest.mark.parametrize("answer", [b"\x6d\x00", b"\x69\x82", b"\x90\x00", b"\x61\x10", bytes(300) + b"\x90\x00"])
def test_a_card_that_is_no_identity_card_goes_to_the_desk(kiosk: Kiosk, answer: bytes) -> None:
    thread = reader(kiosk, RudeDesk(RudeCard(answer)))
    thread.turn()
    kiosk.patient.type_digits("123456")
    thread.turn()
    assert kiosk.view.screen in (Screen.DESK, Screen.SHOW_QR)
    assert kiosk.staff.admissions() == ()


def test_the_thread_goes_on_after_a_fault_and_closes_its_reader(kiosk: Kiosk) -> None:
    desk = RudeDesk(faults=1)
    thread = reader(kiosk, desk)
    thread.start()
    view = kiosk.patient.view()
    deadline = time.monotonic() + 20
    while view.screen is not Screen.DIGITS and time.monotonic() < deadline:
        view = kiosk.patient.wait(view.version, 0.5)
    thread.stop()
    assert (view.screen, desk.closed) == (Screen.DIGITS, True)
    assert desk.looks > desk.faults


def test_a_camera_that_fails_does_not_end_its_thread(kiosk: Kiosk) -> None:
    class RudeCamera:
        looks = 0

        def frame(self) -> bytes:
            self.looks += 1
            raise RuntimeError("a driver's bug")

        def close(self) -> None:
            """Nothing to let go of."""

    camera = RudeCamera()
    thread = CameraThread(camera=camera, patient=kiosk.patient, every_s=0.001)
    thread.start()
    deadline = time.monotonic() + 20
    while camera.looks < 3 and time.monotonic() < deadline:
        time.sleep(0.005)
    thread.stop()
    assert camera.looks >= 3


def test_a_camera_is_not_asked_while_no_code_is_wanted(kiosk: Kiosk, qr_png: Any) -> None:
    kiosk.admit("insured")
    kiosk.bench.picture = qr_png(kiosk.holders["old"].card_qr_text())
    assert not kiosk.patient.wants_image()
    kiosk.camera.turn()
    kiosk.patient.show_image(kiosk.bench.picture)
    assert kiosk.screen is Screen.TICKET


def test_a_store_that_breaks_while_a_card_is_read_closes_the_kiosk(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    with kiosk.database.write() as session:
        session.connection().exec_driver_sql("ALTER TABLE visit RENAME TO lost")
    view = kiosk.digits("insured")
    assert (view.screen, view.desk.public_code, view.masked_name) == (Screen.CLOSED, "E16", "")


def test_a_ticket_that_cannot_be_drawn_still_stands_on_the_screen(kiosk: Kiosk, tmp_path: Path) -> None:
    font = tmp_path / "font.ttf"
    font.write_bytes(b"a font that is gone when it is needed")
    images = TicketImages(clinic=kiosk.patient._clinic, font=font)
    font.unlink()
    patient = PatientDesk(checkin=kiosk.checkin, clinic=kiosk.patient._clinic, clock=kiosk.clock, ticket_images=images)
    thread = ReaderThread(desk=kiosk.reader._desk, card_reader=kiosk.reader._card_reader, patient=patient, look_s=0.004)
    kiosk.bench.put(kiosk.card("insured"))
    thread.turn()
    patient.type_digits(kiosk.holders["insured"].can)
    thread.turn()
    patient.choose_room("noi")
    view = patient.view()
    assert (view.screen, patient.ticket_image()) == (Screen.TICKET, None)
    assert view.ticket is not None
    assert view.ticket.number == 1
