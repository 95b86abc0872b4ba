"""What loads the hub: devices that signed their events beforehand, connections that send them, and ten million rows."""

import http.client
import os
import random
import socket
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from threading import local
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from sqlalchemy import Connection, text

from kiosk.hub.event import clinic_day, milliseconds
from kiosk.wire.batch import MEDIA_TYPE, BatchRequest, make_request, read_answer
from kiosk.wire.bodies import Admission
from kiosk.wire.clock import reading
from kiosk.wire.envelope import Header, key_id, make_event

CLINICS = 288
GENERATIONS = ("cccd_2021", "cc_2024")


def clinic_name(number: int) -> str:
    """The code of a clinic."""
    return f"36{number % CLINICS:03}"


def uuid7(at: datetime) -> bytes:
    """The 16 bytes of a UUID of version 7."""
    drawn = bytearray(os.urandom(16))
    drawn[:6] = milliseconds(at).to_bytes(6, "big")
    drawn[6], drawn[8] = 0x70 | drawn[6] & 0x0F, 0x80 | drawn[8] & 0x3F
    return bytes(drawn)


@dataclass
class Device:
    """A device that makes admissions, and batches of them."""

    clinic: str
    name: str
    hub: X25519PublicKey
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    seqs: Iterator[int] = field(default_factory=lambda: count(1))
    made: int = 0

    def events(self, many: int, draw: random.Random) -> list[bytes]:
        """So many admissions, sealed and signed."""
        return [self._event(draw) for _ in range(many)]

    def _event(self, draw: random.Random) -> bytes:
        now = datetime.now(UTC)
        self.made += 1
        header = Header(
            id=uuid7(now),
            clinic=self.clinic,
            device=self.name,
            seq=next(self.seqs),
            kind="admission",
            at=milliseconds(now),
            hlc=reading(milliseconds(now)),
            audit_seq=self.made,
            audit_hash=os.urandom(32),
            key=key_id(self.hub),
        )
        return make_event(header, _admission(now, draw), to=self.hub, signer=self.key)

    def batch(self, events: Sequence[bytes]) -> bytes:
        """A request of these events."""
        now = milliseconds(datetime.now(UTC))
        request = BatchRequest(clinic=self.clinic, sender=self.name, sent_at=now, events=tuple(events))
        return make_request(request, self.key)


def _admission(now: datetime, draw: random.Random) -> Admission:
    return Admission(
        visit=uuid7(now),
        day=clinic_day(now).isoformat(),
        lane=draw.choice(("chip", "chip", "chip", "code", "papers")),
        by="machine",
        assurance="chip_anchored",
        person=os.urandom(16),
        person_key=1,
        card=draw.choice(GENERATIONS),
        tries=draw.choice((1, 1, 1, 1, 2)),
        benefit=4,
        cover="roster",
        linked=True,
        home=draw.random() < 0.7,
        room_type=draw.choice(("internal", "surgery", "children", "dental")),
        wait_s=draw.randrange(120),
        taken_s=draw.randrange(8, 30),
        trust="v12",
        roster="2026-11-23.1",
    )


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("hub", timeout=60)
        self._path = path

    def connect(self) -> None:
        """Connect to the hub's socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(str(self._path))


class Line:
    """Sends requests, over a connection of each thread to one of the hub's processes; refused ones again."""

    def __init__(self, sockets: Sequence[Path]) -> None:
        self._sockets = list(sockets)
        self._own = local()
        self._next = count()
        self.again = 0

    def send(self, body: bytes) -> None:
        """Send until it was taken."""
        while (status := self._sent(body)) in (429, 503):
            self.again += 1
            time.sleep(random.uniform(0.2, 1.0))
        if status != 200:
            raise RuntimeError(f"the hub answers {status}")

    def _sent(self, body: bytes) -> int:
        connection = getattr(self._own, "connection", None)
        if connection is None:
            path = self._sockets[next(self._next) % len(self._sockets)]
            connection = self._own.connection = _UnixConnection(path)
        connection.request("POST", "/v1/events", body, {"Content-Type": MEDIA_TYPE})
        response = connection.getresponse()
        data = response.read()
        if response.status == 200 and read_answer(data).quarantined:
            raise RuntimeError("the hub put an event aside")
        return int(response.status)


def send_all(line: Line, bodies: Sequence[bytes], connections: int) -> float:
    """Seconds until all of these requests are taken."""
    began = time.perf_counter()
    with ThreadPoolExecutor(connections) as pool:
        for _ in pool.map(line.send, bodies):
            pass
    return time.perf_counter() - began


def send_steadily(
    line: Line, bodies: Sequence[bytes], per_second: float, connections: int
) -> tuple[float, list[float]]:
    """Requests at a fixed rate: the rate that was reached, and each one's seconds from when it was due to its end."""
    begin = time.perf_counter() + 0.2

    def send(each: tuple[int, bytes]) -> float:
        due = begin + each[0] / per_second
        time.sleep(max(0.0, due - time.perf_counter()))
        line.send(each[1])
        return time.perf_counter() - due

    with ThreadPoolExecutor(connections) as pool:
        took = list(pool.map(send, enumerate(bodies)))
    return len(bodies) / (time.perf_counter() - begin), took


_EVENTS = """
INSERT INTO event (clinic, device, seq, received_at, id, kind, at, hlc, visit, body, envelope)
SELECT '36' || lpad((n % :clinics)::text, 3, '0'), 'load', n / :clinics + 1, made, decode(md5(n::text), 'hex'),
       'admission', made, 0, decode(md5('v' || n), 'hex'),
       jsonb_build_object('lane', 'chip', 'by', 'machine', 'assurance', 'chip_anchored', 'card', 'cc_2024', 'tries', 1,
                          'linked', true, 'wait_s', n % 90, 'taken_s', 12, 'day', (made + interval '7 hours')::date),
       ''::bytea
FROM (SELECT n, CAST(:last AS timestamptz) - (n::float8 / :rows) * interval '330 days' AS made
      FROM generate_series(CAST(:first AS bigint), CAST(:end AS bigint)) AS n) AS drawn
"""
_COUNTS = """
INSERT INTO hour_count (clinic, hour, admissions, by_machine, reads, first_reads, linked, link_known, waits, wait_s,
                        takes, taken_s)
SELECT clinic, date_trunc('hour', at), count(*), count(*), count(*), count(*), count(*), count(*), count(*),
       sum((body->>'wait_s')::int), count(*), sum((body->>'taken_s')::int)
FROM event WHERE device = 'load' GROUP BY 1, 2
ON CONFLICT (clinic, hour) DO UPDATE SET admissions = hour_count.admissions + excluded.admissions
"""
COUNT_FROM_EVENTS = """
SELECT clinic, date_trunc('hour', at), count(*) FROM event
WHERE kind = 'admission' AND at >= :begin AND at < :end GROUP BY 1, 2
"""
_STEP = 500_000


def load_rows(connection: Connection, rows: int, last: datetime) -> None:
    """So many admissions over the 330 days before ``last``, without envelopes, and the counts that they come to."""
    # What is only put there to be read need not survive a power cut.
    for setting in ("fsync", "full_page_writes"):
        connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
    connection.execute(text("SELECT pg_reload_conf()"))
    for first in range(0, rows, _STEP):
        bounds: dict[str, Any] = {"first": first, "end": min(first + _STEP, rows) - 1}
        connection.execute(text(_EVENTS), bounds | {"clinics": CLINICS, "rows": rows, "last": last})
    connection.execute(text(_COUNTS))
    connection.execute(text("ANALYZE"))
