"""What the tests of the kiosk's pages share: a clinic, a configuration, one snapshot of every screen."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from flask import Flask
from flask.testing import FlaskClient

from idcard import ConfigurationError
from kiosk.cleaning_parts import CleaningParts, cleaning_parts, others_of
from kiosk.config import PatientConfig, StaffConfig
from kiosk.day_key import DayTags
from kiosk.devices.clock import ManualClock
from kiosk.domain.codes import DeskMessage
from kiosk.domain.flow import Screen
from kiosk.domain.route import Clinic, Room
from kiosk.domain.staff import Role
from kiosk.domain.staff_keys import KeyPolicy
from kiosk.insurance.sources import OnlineCover
from kiosk.keys import VisitOpener, VisitSealer, create_secret
from kiosk.oversight_parts import oversight_of
from kiosk.payer import Shared
from kiosk.services.assistance import AssistedMode
from kiosk.services.checkin import CheckIn
from kiosk.services.corrections import Corrections
from kiosk.services.desk import StaffDesk
from kiosk.services.queue import Queue
from kiosk.services.report import Reporter
from kiosk.services.self_test import SelfTests
from kiosk.services.shift import ShiftBook
from kiosk.services.staff_accounts import StaffAccounts
from kiosk.services.staff_keys import StaffKeys
from kiosk.services.staff_sessions import StaffSessions
from kiosk.services.view import DeskView, RoomChoice, ScreenView, TicketView
from kiosk.store.database import Database
from kiosk.web.staff import create_staff_app
from kiosk.web.staff.app import Others
from kiosk.web.staff.hall import Hall
from kiosk.web.staff.oversight import Oversight
from kiosk.web.staff.shift import Payer

STAFF = "http://127.0.0.1:8001"
CLERK = "truc"
CLERKS = {
    CLERK: (Role.LEAD, "Phạm Thị Trực", "036185999901"),
    "lan": (Role.RECEPTION, "Ngô Thị Lan Mẫu", None),
    "mai": (Role.ADMINISTRATOR, "Vũ Thị Mai Mẫu", "036182999903"),
}
PASSWORDS = {sign: f"mưa rơi trước sân {number}" for number, sign in enumerate(CLERKS)}
VISIT = "5ca1ab1e"

ROOMS = (
    ("noi", "Nội tổng quát", "General medicine", "12"),
    ("rhm", "Răng hàm mặt", "Dentistry", "5"),
    ("mat", "Mắt", "Eyes", "7"),
    ("tmh", "Tai mũi họng", "Ear, nose and throat", "9"),
    ("san", "Sản phụ khoa", "Women's health", "3"),
    ("yhct", "Y học cổ truyền", "Traditional medicine", "21"),
)


def room_choice(row: tuple[str, str, str, str], waiting: int = 0) -> RoomChoice:
    room_id, name_vi, name_en, place = row
    return RoomChoice(
        id=room_id,
        name_vi=name_vi,
        name_en=name_en,
        place_vi=f"Phòng {place}",
        place_en=f"Room {place}",
        waiting=waiting,
    )


@pytest.fixture(scope="session")
def clinic() -> Clinic:
    return Clinic(
        code="79999",
        name_vi="Trạm y tế Phường Mẫu",
        name_en="Mau Ward Health Station",
        desk=1,
        hotline="1900 0000",
        rooms=tuple(
            Room(id=row[0], name_vi=row[1], name_en=row[2], place_vi=f"Phòng {row[3]}", place_en=f"Room {row[3]}")
            for row in ROOMS
        ),
    )


@pytest.fixture(scope="session")
def page_config(clinic: Clinic, tmp_path_factory: pytest.TempPathFactory) -> PatientConfig:
    """A configuration whose pages can be served; the store behind it does not exist."""
    folder = tmp_path_factory.mktemp("kiosk")
    (folder / "session.key").write_bytes(bytes(range(32)))
    return PatientConfig(
        mode="demo",
        host="127.0.0.1",
        port=8000,
        clinic=clinic,
        store=folder / "store.db",
        trust=folder / "trust",
        roster=folder / "roster.db",
        roster_key=folder / "roster.key",
        person_day_key=folder / "person_day.key",
        session_key=folder / "session.key",
        clinic_public_key=folder / "clinic.pub",
        reader="pcsc",
        camera="browser",
        reader_position="below",
    )


@pytest.fixture(scope="session")
def samples() -> Mapping[str, ScreenView]:
    """One snapshot of every screen and of its kinds, by a name."""
    six = tuple(room_choice(row, waiting) for row, waiting in zip(ROOMS, (3, 1, 0, 2, 12, 0), strict=True))
    ticket = TicketView(
        number=27,
        room=six[0],
        issued_at="07:42",
        waiting_before=3,
        check_code="K7P2",
        masked_name="TRẦN THỊ M**",
    )
    person = {"masked_name": "TRẦN THỊ M**", "birth_year": "1958", "number_tail": "992", "covered": True}
    views = {
        "attract": view(Screen.ATTRACT),
        "attract_hint": view(Screen.ATTRACT, hint="qr_unknown"),
        "attract_no_reader": view(Screen.ATTRACT, reader_ok=False),
        "attract_no_camera": view(Screen.ATTRACT, camera="none"),
        "child": view(Screen.CHILD),
        "consent": view(Screen.CONSENT),
        "one_card": view(Screen.ONE_CARD, card_present=True),
        "ticket_no_paper": view(Screen.TICKET, card_present=True, ticket=ticket, printer_ok=False),
        "digits": view(Screen.DIGITS, card_present=True, tries_left=3),
        "digits_wrong": view(Screen.DIGITS, card_present=True, tries_left=1, digits_wrong=True),
        "place_card": view(Screen.PLACE_CARD),
        "show_qr": view(Screen.SHOW_QR, card_present=True),
        "put_back": view(Screen.PUT_BACK),
        "reading_1": view(Screen.READING, card_present=True),
        "reading_3": view(Screen.READING, card_present=True, steps_done=2),
        "reading_done": view(Screen.READING, card_present=True, steps_done=4),
        "confirm_six": view(Screen.CONFIRM, card_present=True, rooms=six, **person),
        "confirm_four": view(Screen.CONFIRM, card_present=True, rooms=six[:4], **person),
        "confirm_one": view(Screen.CONFIRM, card_present=True, rooms=six[:1], **person),
        "ticket": view(Screen.TICKET, card_present=True, ticket=ticket),
        "ticket_again": view(
            Screen.TICKET,
            ticket=TicketView(
                number=128,
                room=six[3],
                issued_at="07:42",
                waiting_before=0,
                check_code="K7P2",
                masked_name="TRẦN THỊ M**",
                again=True,
                priority=True,
            ),
        ),
        "take_card": view(Screen.TAKE_CARD, card_present=True),
        "still_there": view(Screen.STILL_THERE, seconds_left=24.6),
        "closed": view(Screen.CLOSED, desk=way(DeskMessage.CLOSED, "E16")),
    }
    called = (DeskMessage.HELP, DeskMessage.CHILD, DeskMessage.EMERGENCY)
    for message in DeskMessage:
        if message not in (DeskMessage.CLOSED, DeskMessage.PAPER, DeskMessage.TAKE_CARD, *called):
            views[f"desk_{message}"] = view(Screen.DESK, desk=way(message, "E04", 28))
    for message in called:
        number = 29 if message is DeskMessage.CHILD else None
        views[f"called_{message}"] = view(Screen.CALLED, desk=way(message, "E17" if number else "", number))
    return views


def view(screen: Screen, **values: object) -> ScreenView:
    return ScreenView(**{"version": 1, "visit": VISIT, "camera": "browser", "screen": screen} | values)  # type: ignore[arg-type]


def way(message: DeskMessage, code: str, number: int | None = None) -> DeskView:
    return DeskView(desk=1, public_code=code, message=message, ticket_number=number)


Parts = tuple[CleaningParts, Others]


@dataclass(kw_only=True)
class Desk:
    """The staff's app over a real store, and the patient's side of that store to fill it."""

    checkin: CheckIn
    staff: StaffDesk
    clock: ManualClock
    accounts: StaffAccounts
    app: Callable[..., Flask]
    client: FlaskClient = field(init=False)
    others: Callable[..., Parts] | None = None
    private: X25519PrivateKey | None = None
    with_form: str = "/"
    corrections: Corrections | None = None
    hall: Hall | None = None
    oversight: Oversight | None = None
    passwords = PASSWORDS

    @property
    def sessions(self) -> StaffSessions:
        """Logins of a process that was just started."""
        return StaffSessions(self.accounts, idle_s=900, keys=self.keys())

    def keys(self, policy: KeyPolicy = KeyPolicy.OPTIONAL) -> StaffKeys:
        """The accounts' security keys."""
        assert self.private is not None
        return StaffKeys(
            database=self.staff._database,
            clinic=self.staff._clinic,
            opener=VisitOpener(self.private),
            clock=self.clock,
            accounts=self.accounts,
            policy=policy,
        )

    def open(self, problem: ConfigurationError) -> FlaskClient:
        return self.log_in(self.app(problem))

    def log_in(self, app: Flask, sign: str = CLERK) -> FlaskClient:
        """A browser at which somebody is logged in, through the page."""
        client = app.test_client()
        token = client.get("/login", base_url=STAFF).text.split('name="csrf_token" value="')[1].split('"')[0]
        form = {"csrf_token": token, "sign": sign, "password": PASSWORDS[sign]}
        assert client.post("/login", base_url=STAFF, headers={"Origin": STAFF}, data=form).status_code == 303
        return client

    def get(self, address: str = "/", status: int = 200) -> str:
        response = self.client.get(address, base_url=STAFF)
        assert response.status_code == status
        return response.text

    def post(self, address: str, **form: str) -> str:
        """What the board says after a deed."""
        token = self.get(self.with_form).split('name="csrf_token" value="')[1].split('"')[0]
        headers = {"Origin": STAFF}
        response = self.client.post(address, base_url=STAFF, headers=headers, data={"csrf_token": token, **form})
        if response.status_code == 303:
            return self.get(response.headers["Location"])
        return str(response.text)


@pytest.fixture
def desk(clinic: Clinic, tmp_path: Path, new_store: Callable[[Path], Path]) -> Iterator[Desk]:
    (tmp_path / "session.key").write_bytes(bytes(range(32)))
    config = StaffConfig(
        mode="demo",
        clinic=clinic,
        store=tmp_path / "store.db",
        trust=tmp_path / "trust",
        clinic_private_key=tmp_path / "clinic.key",
        person_day_key=tmp_path / "person_day.key",
        session_key=tmp_path / "session.key",
    )
    create_secret(tmp_path / "person_day.key")
    private = X25519PrivateKey.generate()
    clock = ManualClock(datetime(2026, 11, 23, 0, 42, tzinfo=UTC))
    database = Database.open(new_store(config.store))
    checkin = CheckIn(
        database=database,
        clinic=clinic,
        device="kiosk-1",
        sealer=VisitSealer(private.public_key()),
        tags=DayTags(tmp_path / "person_day.key"),
        clock=clock,
    )
    staff = StaffDesk(
        database=database,
        clinic=clinic,
        device="desk-1",
        opener=VisitOpener(private),
        tags=DayTags(tmp_path / "person_day.key"),
        clock=clock,
    )

    corrections = Corrections(database=database, clinic=clinic, device="desk-1", clock=clock, admission=staff.admission)
    accounts = StaffAccounts(
        database=database,
        clinic=clinic,
        device="desk-1",
        opener=VisitOpener(private),
        clock=clock,
        hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1),
    )
    for sign, (role, name, number) in CLERKS.items():
        accounts.add(sign, role, name=name, number=number, password=PASSWORDS[sign], by="test")
    shifts = ShiftBook(database=database, clinic=clinic, device="desk-1", opener=VisitOpener(private), clock=clock)
    payer = Payer(shifts=shifts, cover=None, token=None, opened=lambda: None)

    def others_with(roster: Path | None = None, key: Path | None = None, online: OnlineCover | None = None) -> Parts:
        changed = config.model_copy(update={"roster": roster, "roster_key": key})
        parts = cleaning_parts(changed, shared, private)
        return parts, others_of(parts, shared, staff, online)

    create_secret(tmp_path / "lost.key")
    shared = Shared(database=database, clinic=clinic, device="desk-1", opener=VisitOpener(private), clock=clock)
    with_lost = config.model_copy(update={"roster_key": tmp_path / "lost.key"})
    oversight = oversight_of(with_lost, shared, staff, None, bytes(range(32)))

    def app(
        problem: ConfigurationError | None = None,
        port: int = config.port,
        *,
        shifts: bool = False,
        others: Others | None = None,
        records: bool = False,
        **more: Any,
    ) -> Flask:
        changed = config.model_copy(update={"port": port, "public_name": more.pop("public", None)})
        corrected = corrections if records else None
        tests = SelfTests(database, clinic=clinic.code, device="desk-1", clock=clock)
        more = {"sessions": made.sessions, "hall": hall, "oversight": oversight, "tests": tests} | more
        return create_staff_app(staff, changed, clock, problem, payer if shifts else None, others, corrected, **more)

    hall = Hall(
        queue=Queue(database=database, clinic=clinic, device="desk-1", clock=clock, plain_after=3),
        reporter=Reporter(database=database, clinic=clinic, clock=clock),
        calls_token=bytes(range(32)),
        assist=AssistedMode(database=database, clinic=clinic, device="assist-1", own="desk-1", clock=clock),
        assist_address="http://127.0.0.1:8010/",
    )
    made = Desk(
        checkin=checkin,
        staff=staff,
        clock=clock,
        accounts=accounts,
        app=app,
        others=others_with,
        private=private,
        corrections=corrections,
        hall=hall,
        oversight=oversight,
    )
    made.client = made.log_in(app())
    yield made
    database.close()
