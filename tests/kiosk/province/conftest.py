"""A clinic with a real store, a real hub on this machine, and a wire between them that tests can cut."""

import http.client
import shutil
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from nginx_province import province as province
from sqlalchemy import Table, select, text

from idcard import BirthDate, ClaimedIdentity, ClaimSource, Sex
from kiosk.domain.codes import Code
from kiosk.domain.tickets import clinic_day
from kiosk.hub.app import create_hub_app
from kiosk.hub.config import HubConfig
from kiosk.hub.examine import KeyRing
from kiosk.hub.ingest import Ingest
from kiosk.hub.serving import HubServer
from kiosk.hub.store.database import HubDatabase
from kiosk.hub.store.devices import add_clinics, add_device
from kiosk.hub.together import Together
from kiosk.province.identity import DEVICE_KEY, HUB_KEY, Identity
from kiosk.province.link import HubLink
from kiosk.province.parts import device_of, sender_of
from kiosk.province.sending import Sender, Step
from kiosk.province.settings import ProvinceSettings
from kiosk.store.database import Database
from kiosk.store.ids import uuid7
from kiosk.store.province_tables import ProvinceEvent
from kiosk.wire.batch import BatchRequest, make_request
from kiosk.wire.bodies import Admission, kind_of
from kiosk.wire.clock import reading
from kiosk.wire.envelope import GENESIS, Header, key_id, make_event
from kiosk.wire.person import PersonKey

PERSONS = bytes(range(32))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Wire(BaseHTTPRequestHandler):
    """Passes requests on to the hub, as long as it is told to."""

    server: "WireServer"

    def do_POST(self) -> None:
        wire = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        wire.requests += 1
        fault = wire.faults.pop(0) if wire.faults else wire.always
        if isinstance(fault, int):
            self._answer(fault, b"", {"Retry-After": str(wire.retry_after)})
            return
        if fault == "cut":
            self._hang_up()
            return
        status, answer = self._passed_on(body)
        if fault == "double":
            status, answer = self._passed_on(body)
        if fault == "lose":
            self._hang_up()
            return
        self._answer(status, answer, {})

    def _passed_on(self, body: bytes) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.hub, timeout=10)
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            connection.request("POST", self.path, body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        with suppress(OSError):
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    def _hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: object) -> None:
        """Nothing."""


class WireServer(ThreadingHTTPServer):
    """``faults`` come once each, in their order; ``always`` afterwards: a status, ``cut``, ``lose`` or ``double``."""

    daemon_threads = True

    def __init__(self, hub: int) -> None:
        super().__init__(("127.0.0.1", 0), Wire)
        self.hub = hub
        self.faults: list[str | int] = []
        self.always: str | int | None = None
        self.retry_after = 0
        self.requests = 0


@dataclass
class Hub:
    """A hub on a port of this machine, over SQLite, whose clock is the clinic's."""

    folder: Path
    now: Callable[[], datetime]
    key: X25519PrivateKey = field(default_factory=X25519PrivateKey.generate)
    port: int = field(default_factory=free_port)

    def start(self) -> None:
        self.database = HubDatabase.open(f"sqlite:///{self.folder / 'hub.db'}")
        self.database.migrate()
        self.ingest = Ingest(self.database, KeyRing(self.key), self.now)
        config = HubConfig(
            mode="demo",
            keys=self.folder,
            store=self.folder / "hub.db",
            port=self.port,
            per_second=1000,
            burst=10_000,
            requests=4,
        )
        self.together = Together(self.ingest)
        self.server = HubServer(create_hub_app(self.together, config, probe=self.database.probe), config)
        self.thread = Thread(target=self.server.run)
        self.thread.start()

    def stop(self) -> None:
        self.server.close()
        self.thread.join(20)
        self.together.close()
        self.database.close()

    def write_public_key(self, path: Path) -> None:
        public = self.key.public_key()
        path.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

    def enrol(self, clinic: str, device: str, public: bytes) -> None:
        with self.database.write() as connection:
            add_clinics(connection, [(clinic, f"Clinic {clinic}")], self.now())
            assert add_device(connection, clinic, device, public, self.now())

    def rows(self, table: Table) -> list[Any]:
        with self.database.read() as connection:
            return list(connection.execute(select(table).order_by(*table.primary_key)).all())

    def run(self, statement: str) -> None:
        with self.database.write() as connection:
            connection.execute(text(statement))

    def copy(self) -> Path:
        """A backup."""
        return _copied(self.folder / "hub.db", self.folder / "hub.copy")

    def put_back(self, copy: Path) -> None:
        self.stop()
        _put_back(copy, self.folder / "hub.db")
        self.port = free_port()
        self.start()


def _copied(source: Path, target: Path) -> Path:
    with sqlite3.connect(source) as old, sqlite3.connect(target) as new:
        old.backup(new)
    old.close()
    new.close()
    return target


def _put_back(copy: Path, target: Path) -> None:
    for rest in target.parent.glob(f"{target.name}-*"):
        rest.unlink()
    shutil.copy(copy, target)


@dataclass
class Clinic:
    """A clinic that sends. ``people`` are the personal numbers of whom it admitted."""

    desk: Any
    hub: Hub
    wire: WireServer
    folder: Path
    settings: ProvinceSettings
    sender: Sender = field(init=False)
    link: HubLink | None = None
    visits: list[str] = field(default_factory=list)

    @property
    def database(self) -> Database:
        found: Database = self.desk.staff._database
        return found

    @property
    def code(self) -> str:
        return str(self.desk.staff._clinic.code)

    def start(self, database: Database | None = None) -> Sender:
        """A new start of what sends."""
        if self.link is not None:
            self.link.close()
        device = device_of(self.settings, clinic=self.code, desk="desk-1")
        self.link = HubLink(self.settings, Identity(self.settings.identity))
        self.sender = sender_of(
            self.settings,
            device,
            database=database or self.database,
            store=self.folder / "store.db",
            opener=self.desk.staff._admission._opener,
            link=self.link,
            chance=lambda: 1.0,
        )
        return self.sender

    def step(self, **later: float) -> Step:
        """A step, some time later."""
        self.desk.clock.advance(timedelta(**later or {"seconds": 5}).total_seconds())
        return self.sender.step(self.desk.clock.now())

    def settle(self, most: int = 60) -> None:
        """Steps until nothing waits."""
        for _ in range(most):
            if self.step(seconds=301).backlog == 0:
                return
        raise AssertionError("something still waits")

    def person(self, number: int | None = None) -> str:
        return f"0360800{len(self.visits) if number is None else number:05}"

    def ticket(self, number: int | None = None) -> str:
        """The visit of somebody who got a ticket for the desk."""
        claim = ClaimedIdentity(
            source=ClaimSource.TYPED,
            name="Trần Văn Mẫu",
            birth=BirthDate(year=1980, month=5, day=1),
            sex=Sex.MALE,
            personal_number=self.person(number),
        )
        return str(self.desk.checkin.desk_ticket(claim, code=Code.COVER_UNKNOWN).visit_id)

    def admit(self, number: int | None = None, room: str = "noi") -> str:
        """The visit of somebody whom a clerk admits."""
        visit = self.ticket(number)
        self.desk.staff.confirm(visit, room, by="desk-1")
        self.visits.append(visit)
        return visit

    def events(self) -> list[ProvinceEvent]:
        with self.database.read() as session:
            rows = list(session.scalars(select(ProvinceEvent).order_by(ProvinceEvent.seq)))
            session.expunge_all()
            return rows

    def copy(self) -> Path:
        """A backup of the store."""
        return _copied(self.folder / "store.db", self.folder / "store.copy")

    def put_back(self, copy: Path) -> None:
        """The store as it was when it was copied; what sends starts anew."""
        _copied(copy, self.folder / "store.db")
        self.start()

    def exactly_once(self) -> bool:
        """Whether the hub counts each admission once: in its events, who was admitted, and its counts."""
        from kiosk.hub.store.tables import check_in, event, hour_count

        wanted = sorted(UUID(visit).bytes for visit in self.visits)
        told = sorted(row.visit for row in self.hub.rows(event) if row.kind == "admission")
        noted = sorted(row.visit for row in self.hub.rows(check_in) if row.clinic == self.code)
        counted = sum(row.admissions for row in self.hub.rows(hour_count))
        return told == wanted and noted == wanted and counted == len(wanted)


@pytest.fixture
def hub(desk: Any, tmp_path: Path) -> Iterator[Hub]:
    folder = tmp_path / "hub"
    folder.mkdir()
    made = Hub(folder, desk.clock.now)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def wire(hub: Hub) -> Iterator[WireServer]:
    with WireServer(hub.port) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def clinic_sends(desk: Any, hub: Hub, wire: WireServer, tmp_path: Path) -> Iterator[Clinic]:
    """A clinic that is enrolled at the hub, and speaks to it over the wire."""
    identity = tmp_path / "identity"
    identity.mkdir()
    key = Ed25519PrivateKey.generate()
    (identity / DEVICE_KEY).write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    hub.write_public_key(identity / HUB_KEY)
    (tmp_path / "person.key").write_text(PERSONS.hex() + "\n")
    settings = ProvinceSettings(
        hub=f"http://127.0.0.1:{wire.server_port}", identity=identity, person_key=tmp_path / "person.key", seconds=5
    )
    made = Clinic(desk, hub, wire, tmp_path, settings)
    hub.enrol(made.code, "desk-1", key.public_key().public_bytes_raw())
    made.start()
    yield made
    if made.link is not None:
        made.link.close()


def elsewhere(hub: Hub, number: str, at: datetime, clinic: str = "36777") -> bytes:
    """The request of another clinic that admitted somebody at an instant."""
    key = Ed25519PrivateKey.generate()
    hub.enrol(clinic, "desk-1", key.public_key().public_bytes_raw())
    ms = int(at.timestamp() * 1000)
    body = Admission(
        visit=UUID(uuid7(at)).bytes,
        day=clinic_day(at).isoformat(),
        lane="chip",
        by="machine",
        assurance="chip_anchored",
        person=PersonKey(PERSONS, 1).tag(number),
        person_key=1,
    )
    header = Header(
        id=UUID(uuid7(at)).bytes,
        clinic=clinic,
        device="desk-1",
        seq=1,
        kind=kind_of(body).value,
        at=ms,
        hlc=reading(ms),
        audit_seq=0,
        audit_hash=GENESIS,
        key=key_id(hub.key.public_key()),
    )
    event = make_event(header, body, to=hub.key.public_key(), signer=key)
    return make_request(BatchRequest(clinic=clinic, sender="desk-1", sent_at=ms, events=(event,)), key)


@pytest.fixture
def admit_elsewhere(hub: Hub) -> Callable[..., None]:
    """Lets another clinic of the province admit somebody."""

    def admit(number: str, at: datetime, clinic: str = "36777") -> None:
        from kiosk.hub.ingest import Sent
        from kiosk.wire.batch import read_request

        hub.ingest.receive(Sent(signed=read_request(elsewhere(hub, number, at, clinic))))

    return admit
