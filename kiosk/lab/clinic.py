"""One simulated clinic: it admits people into a file, and sends what it has to the hub until that says it has it.

Theory of operation. Somebody's admission, the link in the device's audit chain, the event sealed for the hub, and the
mark of how far the day has come are one transaction of SQLite, as at a real clinic. So a process that is killed goes on
where it was: nobody is admitted twice or forgotten, and an event has the same bytes each time it is sent.

:class:`Clinic` is what the laboratory needs of a clinic. :class:`StoredClinic` speaks the protocol by itself.
"""

import hashlib
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from kiosk.lab.province import Arrival, ClinicPlan, arrivals, source
from kiosk.wire.batch import BatchAnswer, BatchRequest, make_request
from kiosk.wire.bodies import Admission, Body, Correction, DeskTicket, Heartbeat, kind_of
from kiosk.wire.clock import reading
from kiosk.wire.envelope import GENESIS, Header, key_id, make_event

AT_ONCE: Final = 200
"""How many events a request bears at most."""
_TO_DESK, _TAKEN_BACK = 0.12, 0.01
_HERE = timezone(timedelta(hours=7))
_TABLES = """
CREATE TABLE IF NOT EXISTS device (name TEXT PRIMARY KEY, seq INTEGER, audit_seq INTEGER, audit_hash BLOB, hlc INTEGER);
CREATE TABLE IF NOT EXISTS done (only INTEGER PRIMARY KEY CHECK (only = 1), arrivals INTEGER, sent INTEGER);
CREATE TABLE IF NOT EXISTS made (device TEXT, seq INTEGER, kind TEXT, visit BLOB, PRIMARY KEY (device, seq));
CREATE TABLE IF NOT EXISTS outbox (number INTEGER PRIMARY KEY, device TEXT, seq INTEGER, raw BLOB);
CREATE UNIQUE INDEX IF NOT EXISTS of_device ON outbox (device, seq);
"""


class Clinic(Protocol):
    """What the laboratory needs of a clinic, however it sends."""

    def admit_until(self, at_s: float) -> int:
        """How many people came by this second of the day, and are recorded now."""

    def request(self, *, leave_out: bool) -> bytes | None:
        """The next request; None where nothing waits."""

    def heard(self, answer: BatchAnswer) -> None:
        """Take note of what the hub says that it has."""

    def waiting(self) -> int:
        """How many events wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What all clinics of a run share: seed, the hub's key, midnight of the simulated day, which part of it is run."""

    seed: int
    hub: X25519PublicKey
    midnight: datetime
    begin_s: float
    end_s: float


def device_key(seed: int, clinic: str, device: str) -> Ed25519PrivateKey:
    """A device's key; nobody's secret."""
    return Ed25519PrivateKey.from_private_bytes(source(seed, "key", clinic, device).randbytes(32))


class StoredClinic:
    """A clinic with a small store of its own; for one thread."""

    def __init__(self, plan: ClinicPlan, setting: Setting, folder: Path) -> None:
        self._plan, self._setting = plan, setting
        self._keys = {name: device_key(setting.seed, plan.code, name) for name in plan.devices}
        self._boot = hashlib.sha256(f"{plan.code} {datetime.now(UTC)}".encode()).digest()[:16]
        self._store = sqlite3.connect(folder / f"{plan.code}.db", isolation_level=None, check_same_thread=False)
        # What is committed outlives this process, which may be killed; a power cut is not simulated.
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL"):
            self._store.execute(f"PRAGMA {pragma}").close()
        self._store.executescript(_TABLES)
        self._store.execute("INSERT OR IGNORE INTO done VALUES (1, 0, 0)")
        self._all = arrivals(plan, setting.seed)
        self._now_s = setting.begin_s

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()

    def admit_until(self, at_s: float) -> int:
        """How many people came by this second of the day, and are recorded now."""
        self._now_s = at_s
        (done,) = self._row("SELECT arrivals FROM done")
        due = [each for each in self._all[done:] if each.at_s < min(at_s, self._setting.end_s)]
        for each in due:
            self._record(each)
        return sum(each.at_s >= self._setting.begin_s for each in due)

    def waiting(self) -> int:
        """How many events wait."""
        (many,) = self._row("SELECT count(*) FROM outbox")
        return int(many)

    def request(self, *, leave_out: bool) -> bytes | None:
        """The oldest events that wait, with a heartbeat; with ``leave_out`` half of them, upside down."""
        query = "SELECT raw FROM outbox ORDER BY number LIMIT ?"
        events = [raw for (raw,) in self._store.execute(query, (AT_ONCE,))]
        if not events:
            return None
        kept = events[::-2] if leave_out else events
        return self._signed([*kept, self._heartbeat()])

    def heard(self, answer: BatchAnswer) -> None:
        """Let go of what the hub has."""
        with self._writing():
            for device, stream in answer.streams.items():
                gone = "DELETE FROM outbox WHERE device = ? AND seq <= ?"
                many = self._store.execute(gone, (device, stream.acked_through)).rowcount
                self._store.execute("UPDATE done SET sent = sent + ?", (many,))

    def _record(self, arrival: Arrival) -> None:
        """One arrival in one transaction; those before the simulated part of the day came to nobody."""
        with self._writing():
            self._store.execute("UPDATE done SET arrivals = ?", (arrival.number + 1,))
            if arrival.at_s < self._setting.begin_s:
                return
            draw = source(self._setting.seed, "visit", self._plan.code, arrival.number)
            at = self._setting.midnight + timedelta(seconds=arrival.at_s)
            device = draw.choice(self._plan.devices[:-1])
            visit = _uuid7(at, draw.randbytes(10))
            for index, body in enumerate(_bodies(visit, at, draw)):
                self._write(device if not index else self._plan.sender, body, visit, at)

    def _write(self, device: str, body: Body, visit: bytes, at: datetime) -> None:
        row = self._row("SELECT seq, audit_seq, audit_hash, hlc FROM device WHERE name = ?", device)
        seq, audit_seq, audit_hash, hlc = row or (0, 0, GENESIS, 0)
        seq, audit_seq = seq + 1, audit_seq + 1
        audit_hash = hashlib.sha256(audit_hash + visit + kind_of(body).encode()).digest()
        hlc = max(reading(_ms(at)), hlc + 1)
        header = self._header(device, body, at, hlc, seq=seq, audit_seq=audit_seq, audit_hash=audit_hash)
        raw = make_event(header, body, to=self._setting.hub, signer=self._keys[device])
        self._store.execute(
            "INSERT OR REPLACE INTO device VALUES (?, ?, ?, ?, ?)", (device, seq, audit_seq, audit_hash, hlc)
        )
        self._store.execute("INSERT INTO made VALUES (?, ?, ?, ?)", (device, seq, kind_of(body).value, visit))
        self._store.execute("INSERT INTO outbox (device, seq, raw) VALUES (?, ?, ?)", (device, seq, raw))

    def _heartbeat(self) -> bytes:
        at, sender = self._setting.midnight + timedelta(seconds=self._now_s), self._plan.sender
        body = Heartbeat(boot=self._boot, program="lab", lane="open", backlog=self.waiting(), last_seq=0, up_s=1)
        header = self._header(sender, body, at, reading(_ms(at)), seq=0, audit_seq=0, audit_hash=GENESIS)
        return make_event(header, body, to=self._setting.hub, signer=self._keys[sender])

    def _header(self, device: str, body: Body, at: datetime, hlc: int, **ends: Any) -> Header:
        mark = hashlib.sha256(f"{self._plan.code} {device} {hlc} {ends['seq']}".encode()).digest()
        return Header(
            id=_uuid7(at, mark),
            clinic=self._plan.code,
            device=device,
            kind=kind_of(body).value,
            at=_ms(at),
            hlc=hlc,
            key=key_id(self._setting.hub),
            **ends,
        )

    def _signed(self, events: Sequence[bytes]) -> bytes:
        request = BatchRequest(
            clinic=self._plan.code, sender=self._plan.sender, sent_at=_ms(datetime.now(UTC)), events=tuple(events)
        )
        return make_request(request, self._keys[self._plan.sender])

    def _row(self, query: str, *values: object) -> Any:
        with closing(self._store.execute(query, values)) as cursor:
            return cursor.fetchone()

    def _writing(self) -> "_Transaction":
        return _Transaction(self._store)


class _Transaction:
    """All or nothing."""

    def __init__(self, store: sqlite3.Connection) -> None:
        self._store = store

    def __enter__(self) -> None:
        self._store.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        self._store.execute("COMMIT" if kind is None else "ROLLBACK")


def _bodies(visit: bytes, at: datetime, draw: Any) -> list[Body]:
    """What comes of an arrival: an admission or a desk ticket, and now and then an admission is taken back."""
    day, person = at.astimezone(_HERE).date().isoformat(), draw.randbytes(16)
    card, tries = draw.choice(("cccd_2021", "cc_2024")), draw.choice((1, 1, 1, 1, 2))
    if draw.random() < _TO_DESK:
        return [DeskTicket(visit=visit, day=day, lane="chip", code="E07", assurance="claimed", card=card, tries=tries)]
    admission = Admission(
        visit=visit,
        day=day,
        lane=draw.choice(("chip", "chip", "chip", "code")),
        by="machine",
        assurance="chip_anchored",
        person=person,
        person_key=1,
        card=card,
        tries=tries,
        benefit=4,
        cover="roster",
        linked=draw.random() < 0.9,
        home=draw.random() < 0.7,
        room_type=draw.choice(("internal", "surgery", "children", "dental")),
        wait_s=draw.randrange(120),
        taken_s=draw.randrange(8, 30),
        trust="v12",
        roster="2026-11-23.1",
    )
    if draw.random() < _TAKEN_BACK:
        return [admission, Correction(visit=visit, change="cancelled", reason="by_mistake")]
    return [admission]


def _uuid7(at: datetime, drawn: bytes) -> bytes:
    made = bytearray(_ms(at).to_bytes(6, "big") + drawn[:10])
    made[6], made[8] = 0x70 | made[6] & 0x0F, 0x80 | made[8] & 0x3F
    return bytes(made)


def _ms(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
