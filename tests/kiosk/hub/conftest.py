"""A clinic's devices that make real events, and hubs over SQLite and a real PostgreSQL."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import Table, select, text

from kiosk.hub.app import create_hub_app
from kiosk.hub.authority import create_authority, load_authority
from kiosk.hub.cluster import Cluster
from kiosk.hub.config import HubConfig
from kiosk.hub.enrolment import Enrolment, Terms
from kiosk.hub.event import clinic_day, milliseconds
from kiosk.hub.examine import KeyRing
from kiosk.hub.ingest import Ingest, Sent
from kiosk.hub.store.database import HubDatabase
from kiosk.hub.store.devices import add_clinics, add_device, revoke_device
from kiosk.hub.store.partitions import make_months
from kiosk.hub.store.tables import metadata
from kiosk.hub.together import Together
from kiosk.wire.batch import BatchAnswer, BatchRequest, make_request, read_request
from kiosk.wire.bodies import Admission, Body, Correction, Heartbeat, kind_of
from kiosk.wire.clock import reading
from kiosk.wire.envelope import GENESIS, Header, key_id, make_event

NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
HUB = X25519PrivateKey.from_private_bytes(bytes(range(32)))


def uuid7(at: datetime = NOW) -> bytes:
    """The 16 bytes of a UUID of version 7."""
    drawn = bytearray(os.urandom(16))
    drawn[:6] = milliseconds(at).to_bytes(6, "big")
    drawn[6], drawn[8] = 0x70 | drawn[6] & 0x0F, 0x80 | drawn[8] & 0x3F
    return bytes(drawn)


@dataclass(kw_only=True)
class Device:
    """A device at a clinic: it numbers, seals and signs."""

    clinic: str = "36001"
    name: str = "kiosk-1"
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    seqs: Iterator[int] = field(default_factory=lambda: count(1))

    def event(self, body: Body, *, at: datetime = NOW, to: X25519PrivateKey = HUB, **header: Any) -> bytes:
        seq = 0 if isinstance(body, Heartbeat) else header.pop("seq", None) or next(self.seqs)
        stated: dict[str, Any] = {
            "id": uuid7(at),
            "clinic": self.clinic,
            "device": self.name,
            "seq": seq,
            "kind": kind_of(body).value,
            "at": milliseconds(at),
            "hlc": reading(milliseconds(at)),
            "audit_seq": 0,
            "audit_hash": GENESIS,
            "key": key_id(to.public_key()),
        }
        return make_event(Header(**stated | header), body, to=to.public_key(), signer=self.key)

    def batch(self, *events: bytes, ask: tuple[str, ...] = (), clinic: str | None = None) -> bytes:
        request = BatchRequest(
            clinic=clinic or self.clinic, sender=self.name, sent_at=milliseconds(NOW), events=events, ask=ask
        )
        return make_request(request, self.key)


def admission(person: int | None = 1, *, day: date | None = None, **fields: Any) -> Admission:
    """An admission of the person of this number."""
    tag = None if person is None else person.to_bytes(16, "big")
    stated: dict[str, Any] = {
        "visit": uuid7(),
        "day": (day or clinic_day(NOW)).isoformat(),
        "lane": "chip",
        "by": "machine",
        "assurance": "chip_anchored",
        "person": tag,
        "person_key": None if tag is None else 1,
        "card": "cc_2024",
        "tries": 1,
        "benefit": 4,
        "linked": True,
        "room_type": "internal",
        "wait_s": 40,
        "taken_s": 12,
    }
    return Admission(**stated | fields)


def cancelled(visit: bytes, change: str = "cancelled") -> Correction:
    return Correction(visit=visit, change=change, reason="by_mistake")


def heartbeat(**fields: Any) -> Heartbeat:
    stated = {"boot": bytes(16), "program": "0.1.0", "lane": "open", "backlog": 0, "last_seq": 0, "up_s": 60}
    return Heartbeat(**stated | fields)


@dataclass(kw_only=True)
class Hub:
    """A hub over a real database, whose clock the test sets."""

    database: HubDatabase
    now: datetime = NOW
    ingest: Ingest = field(init=False)

    def __post_init__(self) -> None:
        self.ingest = Ingest(self.database, KeyRing(HUB), lambda: self.now)

    def enrolled(self, clinic: str = "36001", name: str = "kiosk-1") -> Device:
        device = Device(clinic=clinic, name=name)
        with self.database.write() as connection:
            add_clinics(connection, [(clinic, f"Clinic {clinic}")], NOW)
            assert add_device(connection, clinic, name, device.key.public_key().public_bytes_raw(), NOW)
        return device

    def receive(self, sender: Device, *events: bytes, ask: tuple[str, ...] = ()) -> BatchAnswer:
        return self.ingest.receive(Sent(signed=read_request(sender.batch(*events, ask=ask))))

    def revoke(self, device: Device) -> None:
        with self.database.write() as connection:
            assert revoke_device(connection, device.clinic, device.name, self.now)

    def rename(self, table: str, name: str) -> None:
        with self.database.write() as connection:
            connection.execute(text(f"ALTER TABLE {table} RENAME TO {name}"))

    def later(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now

    def rows(self, table: Table, **where: Any) -> list[Any]:
        query = select(table).where(*(table.c[name] == value for name, value in where.items()))
        with self.database.read() as connection:
            return list(connection.execute(query.order_by(*table.primary_key)).all())


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server for this session."""
    folder = Path(tempfile.mkdtemp(prefix="kiosk-pg-data-"))
    server = Cluster(folder, durable=False)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def shared_database(cluster: Cluster) -> str:
    """A hub's database on PostgreSQL, for one test after the other."""
    url = cluster.create("shared")
    database = HubDatabase.open(url)
    database.migrate()
    make_months(database, NOW)
    database.close()
    return url


@pytest.fixture
def emptied(shared_database: str) -> str:
    """The same with nothing in it."""
    database = HubDatabase.open(shared_database)
    with database.write() as connection:
        connection.execute(text(f"TRUNCATE {', '.join(metadata.tables)}"))
    database.close()
    return shared_database


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty database with all tables is, of each kind."""
    if request.param == "postgresql":
        emptied: str = request.getfixturevalue("emptied")
        return emptied
    return on_sqlite(tmp_path)


def on_sqlite(folder: Path) -> str:
    """Where an empty database with all tables is, in a file."""
    url = f"sqlite:///{folder / 'hub.db'}"
    database = HubDatabase.open(url)
    database.migrate()
    database.close()
    return url


@pytest.fixture
def migrated() -> Callable[[Path], str]:
    """Makes a database in a folder."""
    return on_sqlite


@pytest.fixture
def make_hub() -> Callable[[HubDatabase], Hub]:
    """A hub over a database."""
    return lambda database: Hub(database=database)


@pytest.fixture
def hub(address: str) -> Iterator[Hub]:
    database = HubDatabase.open(address, connections=6)
    yield Hub(database=database)
    database.close()


def sent(device: Device, *events: bytes) -> Sent:
    """A batch as it comes to the hub."""
    return Sent(signed=read_request(device.batch(*events)))


@pytest.fixture
def make() -> SimpleNamespace:
    """What tests make things of."""
    return SimpleNamespace(
        Device=Device,
        NOW=NOW,
        HUB=HUB,
        uuid7=uuid7,
        admission=admission,
        cancelled=cancelled,
        heartbeat=heartbeat,
        sent=sent,
    )


@pytest.fixture
def hub_app(hub: Any, tmp_path: Path) -> Iterator[Any]:
    """The hub's app with all that it can have: enrolment, and releases."""
    lists = tmp_path / "released" / "metadata"
    lists.mkdir(parents=True)
    for name in ("timestamp.json", "1.root.json"):
        (lists / name).write_text("{}")
    create_authority(tmp_path / "authority", NOW)
    hours, days = timedelta(hours=24), timedelta(days=14)
    terms = Terms(code=hours, certificate=days, grace=days, hub_key=HUB.public_key().public_bytes_raw())
    enrolment = Enrolment(hub.database, load_authority(tmp_path / "authority"), terms, lambda: hub.now)
    said: dict[str, Any] = {"mode": "demo", "keys": tmp_path, "store": tmp_path / "unused", "port": 1}
    config = HubConfig(**said, releases=lists.parent, per_second=5, burst=100)
    together = Together(hub.ingest)
    yield create_hub_app(together, config, probe=hub.database.probe, enrolment=enrolment)
    together.close()
