"""A whole kiosk without pages: real cards of the simulator behind a real socket, a real store, a clock set by hand."""

import contextlib
import io
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import segno
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from idcard import VIETNAM_STRICT, CardSilent, TrustStore
from idcard.testing import Holder, Issuer, SimulatedCard
from kiosk.day_key import DayTags
from kiosk.devices.clock import ManualClock
from kiosk.devices.simulated import SimulatedCamera, SimulatedDesk
from kiosk.domain.flow import Screen
from kiosk.domain.route import Clinic, Room
from kiosk.insurance.roster import Roster, RosterEntry, build_roster
from kiosk.keys import PersonTags, VisitOpener, VisitSealer, create_secret
from kiosk.services.card_reader import CardReader
from kiosk.services.checkin import CheckIn
from kiosk.services.desk import StaffDesk
from kiosk.services.patient_desk import PatientDesk
from kiosk.services.reader_thread import CameraThread, ReaderThread
from kiosk.services.ticket_image import TicketImages
from kiosk.services.view import ScreenView
from kiosk.store.database import Database

NOW = datetime(2026, 11, 23, 0, 42, tzinfo=UTC)
ISSUED = date(2022, 5, 1)


def holder(number: str, name: str, birth: date, expiry: date | None = date(2040, 1, 1)) -> Holder:
    return Holder(personal_number=number, name=name, birth=birth, sex="F", issued=ISSUED, expiry=expiry)


HOLDERS = {
    "insured": holder("036199900001", "Trần Thị Mẫu", date(1999, 3, 4), date(2039, 3, 4)),
    "old": holder("036150900002", "Nguyễn Thị Già", date(1950, 1, 2), None),
    "not_insured": holder("036199900003", "Lê Thị Không", date(1999, 3, 4), date(2039, 3, 4)),
    "ended": holder("036199900004", "Phạm Thị Hết", date(1999, 3, 4), date(2039, 3, 4)),
    "expired": holder("036199900005", "Vũ Thị Hạn", date(1999, 3, 4), date(2024, 3, 4)),
}


@pytest.fixture(scope="session")
def holders() -> dict[str, Holder]:
    return HOLDERS


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    return Issuer.create(at=datetime(2021, 1, 1, tzinfo=UTC))


@pytest.fixture(scope="session")
def trust(issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> TrustStore:
    folder = tmp_path_factory.mktemp("trust")
    (folder / "csca").mkdir()
    (folder / "trust.toml").write_text("format = 1\n")
    (folder / "csca" / "anchor.cer").write_bytes(issuer.csca_certificate)
    return TrustStore.from_directory(folder, accept_demonstration=True)


class Bench:
    """The bench's side of the socket: holds one card and one picture, and can tear the card away."""

    def __init__(self) -> None:
        self.card: SimulatedCard | None = None
        self.picture = b""
        self.tear_after: int | None = None
        self.commands = 0
        self.placed = 0
        self.crowded = False
        self._open: list[socket.socket] = []
        self._listen(0)

    def _listen(self, port: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept, args=(self._listener,), daemon=True)
        self._accepting.start()

    def put(self, card: SimulatedCard, *, tear_after: int | None = None) -> None:
        card.power_off()
        self.placed += 1
        self.card, self.tear_after = card, tear_after

    def take(self) -> None:
        self.card = None

    def vanish(self) -> None:
        """The bench's process dies."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        self._open = []

    def come_back(self) -> None:
        self._listen(self.port)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rb") as stream:
                while head := stream.read(2):
                    answer = self._answer(stream.read(int.from_bytes(head, "big")))
                    connection.sendall(len(answer).to_bytes(2, "big") + answer)
        except (OSError, ValueError):
            return

    def _answer(self, body: bytes) -> bytes:
        card = self.card
        control: dict[bytes, Callable[[], Any]] = {
            b"\x05": lambda: b"\x00" if card is None else b"\x01" + bytes([self.placed]),
            b"\x06": lambda: self.picture,
            b"\x04": lambda: b"" if card is None or self.crowded else card.atr,
            b"\x00": lambda: card and card.power_off(),
            b"\x01": lambda: card and card.power_on(),
            b"\x02": lambda: card and card.reset(),
        }
        if body in control:
            answer = control[body]()
            return answer if isinstance(answer, bytes) else b""
        return self._command(body)

    def _command(self, body: bytes) -> bytes:
        if self.tear_after is not None and self.tear_after <= 0:
            self.card = None
        if self.card is None:
            return b""
        self.commands += 1
        self.tear_after = None if self.tear_after is None else self.tear_after - 1
        try:
            return self.card.transmit(body)
        except CardSilent:
            return b""


def drawn(text: str) -> bytes:
    out = io.BytesIO()
    segno.make(text, error="m").save(out, kind="png", scale=4)
    return out.getvalue()


@pytest.fixture
def qr_png() -> Callable[[str], bytes]:
    return drawn


CLINIC = Clinic(
    code="36001",
    name_vi="Trạm y tế Mẫu",
    name_en="Model health station",
    hotline="1900 0000",
    rooms=(
        Room(id="noi", name_vi="Nội tổng quát", name_en="General medicine", place_vi="Phòng 12", place_en="Room 12"),
        Room(id="mat", name_vi="Mắt", name_en="Eyes", place_vi="Phòng 7", place_en="Room 7"),
    ),
)
ENTRIES = [
    RosterEntry(
        personal_number=HOLDERS[who].personal_number,
        insurance_number="36" + HOLDERS[who].personal_number[-8:],
        valid_from=date(2026, 1, 1),
        valid_to=end,
        benefit="4",
        home_clinic="36001",
    )
    for who, end in [("insured", None), ("old", None), ("expired", None), ("ended", date(2026, 6, 30))]
]


@dataclass
class Kiosk:
    """Everything that a patient process and a staff process hold, in one."""

    bench: Bench
    clock: ManualClock
    path: Path
    database: Database
    checkin: CheckIn
    patient: PatientDesk
    reader: ReaderThread
    camera: CameraThread
    staff: StaffDesk
    private_key: X25519PrivateKey
    issuer: Issuer
    holders: dict[str, Holder]
    seen: list[ScreenView] = field(default_factory=list)

    @property
    def screen(self) -> Screen:
        return self.view.screen

    @property
    def view(self) -> ScreenView:
        view = self.patient.view()
        self.seen.append(view)
        return view

    def turn(self, times: int = 1) -> ScreenView:
        for _ in range(times):
            self.reader.turn()
        return self.view

    def put(self, card: SimulatedCard | str, *, tear_after: int | None = None) -> ScreenView:
        self.bench.put(self.card(card) if isinstance(card, str) else card, tear_after=tear_after)
        return self.turn()

    def take(self) -> ScreenView:
        self.bench.take()
        return self.turn()

    def card(self, who: str, **manner: Any) -> SimulatedCard:
        return self.issuer.issue(self.holders[who], **manner)

    def digits(self, who: str) -> ScreenView:
        """Type the digits of this person's card, and let the card be read."""
        self.patient.type_digits(self.holders[who].can)
        return self.turn(2)

    def show_qr(self, who: str) -> ScreenView:
        self.bench.picture = self.qr(self.holders[who])
        self.camera.turn()
        self.bench.picture = b""
        return self.view

    @staticmethod
    def qr(of: Holder) -> bytes:
        return drawn(of.card_qr_text())

    def admit(self, who: str, room: str = "noi") -> ScreenView:
        """The whole way to the ticket."""
        self.put(who)
        self.digits(who)
        self.patient.choose_room(room)
        return self.view

    def after(self, seconds: float) -> ScreenView:
        self.clock.advance(seconds)
        return self.turn()

    def clear(self) -> None:
        """Let everything end: no card, and the attract screen."""
        self.bench.take()
        self.turn(2)
        self.patient.stop()
        assert self.screen is Screen.ATTRACT

    def fill_disk(self) -> None:
        with self.database.read() as session:
            session.connection().exec_driver_sql("PRAGMA max_page_count = 1")

    def free_disk(self) -> None:
        with self.database.read() as session:
            session.connection().exec_driver_sql("PRAGMA max_page_count = 1073741823")

    def rest(self) -> bytes:
        """Every byte of the store, write-ahead log included."""
        return b"".join(file.read_bytes() for file in self.path.parent.glob(self.path.name + "*"))


@pytest.fixture
def kiosk(tmp_path: Path, issuer: Issuer, trust: TrustStore, new_store: Callable[[Path], Path]) -> Iterator[Kiosk]:
    clock, bench = ManualClock(NOW), Bench()
    database = Database.open(new_store(tmp_path / "store.db"), busy_timeout_s=0.5)
    private_key = X25519PrivateKey.generate()
    roster_tags = PersonTags(bytes([2] * 32))
    create_secret(tmp_path / "person_day.key")
    roster_path = tmp_path / "roster.db"
    build_roster(roster_path, ENTRIES, tags=roster_tags, version="2026-11-23", as_of=NOW - timedelta(hours=1))
    checkin = CheckIn(
        database=database,
        clinic=CLINIC,
        device="kiosk-1",
        sealer=VisitSealer(private_key.public_key()),
        tags=DayTags(tmp_path / "person_day.key"),
        clock=clock,
    )
    patient = PatientDesk(
        checkin=checkin,
        clinic=CLINIC,
        clock=clock,
        ticket_images=TicketImages(clinic=CLINIC),
        camera="simulated",
    )
    card_reader = CardReader(
        trust=trust, policy=VIETNAM_STRICT, source=Roster(roster_path, tags=roster_tags), clinic="36001", clock=clock
    )
    desk = SimulatedDesk("127.0.0.1", bench.port, poll_s=0.002)
    reader = ReaderThread(desk=desk, card_reader=card_reader, patient=patient, look_s=0.004)
    camera = CameraThread(camera=SimulatedCamera("127.0.0.1", bench.port), patient=patient, every_s=0.01)
    staff = StaffDesk(
        database=database,
        clinic=CLINIC,
        device="desk-1",
        opener=VisitOpener(private_key),
        tags=DayTags(tmp_path / "person_day.key"),
        clock=clock,
    )
    yield Kiosk(
        bench=bench,
        clock=clock,
        path=tmp_path / "store.db",
        database=database,
        checkin=checkin,
        patient=patient,
        reader=reader,
        camera=camera,
        staff=staff,
        private_key=private_key,
        issuer=issuer,
        holders=HOLDERS,
    )
    reader.stop()
    camera.stop()
    database.close()
    bench.vanish()


@pytest.fixture
def rig(kiosk: Kiosk, tmp_path: Path) -> Iterator[Any]:
    """The kiosk with printer, scanner, camera and a province that is away: each can fail."""
    from tests.kiosk.services.fault_rig import rig_of

    with rig_of(kiosk, tmp_path) as rig:
        yield rig
