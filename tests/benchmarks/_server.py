"""The server's time in one visit, from card down to the ticket's picture, without people, card and browser.

The services run as they do in the patient's process, with a store on disk (every commit is synced), a roster of a
thousand people, and the reader thread's turns made one after the other. The time that the card takes is measured and
taken off: it depends on the card, and a real one takes longer than a simulated one.
"""

import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from _cards import PipedCards, trust_in

import idcard
from idcard.testing import Holder, Issuer
from kiosk.day_key import DayTags
from kiosk.devices.clock import ManualClock
from kiosk.domain.flow import Screen
from kiosk.domain.route import Clinic, Room
from kiosk.insurance.roster import Roster, RosterEntry, build_roster
from kiosk.keys import PersonTags, VisitSealer, create_clinic_keys, create_secret, load_clinic_public_key
from kiosk.services.card_reader import CardReader
from kiosk.services.checkin import CheckIn
from kiosk.services.patient_desk import PatientDesk
from kiosk.services.reader_thread import ReaderThread
from kiosk.services.ticket_image import TicketImages
from kiosk.store.database import Database

WARM_UP, VISITS, ROSTER = 3, 20, 1000
NOW = datetime(2026, 6, 1, 1, tzinfo=UTC)
ROOM = Room(id="noi", name_vi="Nội tổng quát", name_en="General medicine", place_vi="Phòng 12", place_en="Room 12")
CLINIC = Clinic(code="79999", name_vi="Trạm y tế Phường Mẫu", name_en="Mau Ward Health Station", rooms=(ROOM,))


def holder(number: int) -> Holder:
    """An invented citizen for each number."""
    return Holder(
        personal_number=f"036090999{number:03}",
        name="Nguyễn Văn Mẫu",
        birth=date(1990, 5, 15),
        sex="M",
        issued=date(2022, 6, 1),
        expiry=date(2030, 5, 15),
    )


class BenchDesk:
    """A reader on which the benchmark lays cards."""

    def __init__(self, cards: PipedCards) -> None:
        self._cards = cards
        self.present = False

    def wait(self, timeout_s: float) -> bool:
        """Whether a card lies there; said at once."""
        return self.present

    def connect(self) -> idcard.Connection:
        """The card that was laid down."""
        return self._cards

    def close(self) -> None:
        """Nothing to let go of."""


class Kiosk:
    """The services of the patient's process, in ``directory``."""

    def __init__(self, directory: Path, issuer: Issuer, cards: PipedCards) -> None:
        self.cards, self.desk, self.clock = cards, BenchDesk(cards), ManualClock(NOW)
        tags = PersonTags(bytes(32))
        entries = (
            RosterEntry(
                personal_number=holder(number).personal_number,
                valid_from=date(2020, 1, 1),
                valid_to=None,
                benefit="4",
                home_clinic=CLINIC.code,
            )
            for number in range(ROSTER)
        )
        build_roster(directory / "roster.db", entries, tags=tags, version="1", as_of=NOW)
        create_secret(directory / "person_day.key")
        create_clinic_keys(directory / "clinic.key", directory / "clinic.pub")
        checkin = CheckIn(
            database=Database.open(directory / "store.db"),
            clinic=CLINIC,
            device="bench",
            sealer=VisitSealer(load_clinic_public_key(directory / "clinic.pub")),
            tags=DayTags(directory / "person_day.key"),
            clock=self.clock,
        )
        self.patient = PatientDesk(
            checkin=checkin, clinic=CLINIC, clock=self.clock, ticket_images=TicketImages(clinic=CLINIC)
        )
        reader = CardReader(
            trust=trust_in(directory / "trust", issuer),
            policy=idcard.VIETNAM_STRICT,
            source=Roster(directory / "roster.db", tags=tags),
            clinic=CLINIC.code,
            clock=self.clock,
        )
        self.thread = ReaderThread(desk=self.desk, card_reader=reader, patient=self.patient)

    def visit(self, number: int) -> tuple[float, float, float]:
        """Milliseconds of the server for one person: card felt, card read and judged, ticket committed and drawn."""
        self.cards.take(number)
        self.cards.waited_s = 0.0
        self.desk.present = True
        felt = self._timed(self.thread.turn, Screen.DIGITS)
        self.patient.type_digits(holder(number).can)
        read = self._timed(self.thread.turn, Screen.CONFIRM)
        ticket = self._timed(lambda: self.patient.choose_room(ROOM.id), Screen.TICKET)
        if not self.patient.ticket_image():
            raise RuntimeError("no ticket was drawn")
        self.desk.present = False
        self.thread.turn()
        self.clock.advance(60)
        self.thread.turn()
        return felt, read - 1000 * self.cards.waited_s, ticket

    def _timed(self, act: Callable[[], None], screen: Screen) -> float:
        start = time.perf_counter()
        act()
        reached = self.patient.view().screen
        took = 1000 * (time.perf_counter() - start)
        if reached is not screen:
            raise RuntimeError(f"{reached} instead of {screen}")
        return took


def server_times() -> dict[str, float]:
    """The figures of the server alone."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    issuer = Issuer.create(at=datetime(2022, 1, 1, tzinfo=UTC))
    cards = [issuer.issue(holder(number)) for number in range(WARM_UP + VISITS)]
    with TemporaryDirectory() as directory, PipedCards(cards) as piped:
        kiosk = Kiosk(Path(directory), issuer, piped)
        visits = [kiosk.visit(number) for number in range(len(cards))][WARM_UP:]
    felt, read, ticket = (statistics.median(each) for each in zip(*visits, strict=True))
    return {
        "card_to_ticket_server_ms": round(statistics.median(sum(visit) for visit in visits), 1),
        "card_felt_ms": round(felt, 2),
        "card_read_and_judged_ms": round(read, 1),
        "ticket_committed_and_drawn_ms": round(ticket, 1),
        "apdus": float(len(piped.lengths)),
    }
