"""``kiosk audit verify`` over a long chain: how long it walks, and how much memory it takes.

The chain is built link by link as a clinic builds it, in a store of this program's version, by two devices; then a
process of its own opens the store and walks it, as the command does. ``IDCARD_BENCH_ROWS`` sets the number of links.
What ten million would take is worked out from those that were walked, and called so: the walk's time is links times a
constant, as long as the store is read from memory or a fast disk. The peer parses the words of every link.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kiosk.keys import canonical_json
from kiosk.store.database import Database
from kiosk.store.repositories import GENESIS

ROWS = int(os.environ.get("IDCARD_BENCH_ROWS", "300000"))
TEN_MILLION, DEVICES = 10_000_000, ("desk-1", "kiosk-1")
_WALK = """
import json, resource, sys, time
from pathlib import Path
from kiosk.services.audit import examine, read_heads
from kiosk.store.database import Database

database = Database.open(Path(sys.argv[1]))
began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with database.read() as session:
    chains = examine(session, read_heads(Path(sys.argv[2])))
took = time.perf_counter() - began
assert not any(chain.findings for chain in chains) and all(chain.anchored == chain.links for chain in chains)
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(json.dumps([took, sum(chain.links for chain in chains), grown / 1024]))
"""

Figures = dict[str, float]


def measure() -> tuple[Figures, dict[str, Figures]]:
    """Our figures and the peer's."""
    folder = Path(tempfile.mkdtemp(prefix="kiosk-bench-"))
    try:
        store, heads = folder / "store.db", folder / "heads"
        build(store, heads)
        took, links, grown = walked(store, heads)
        plain = parsed(store) / links * TEN_MILLION
    finally:
        shutil.rmtree(folder)
    figures = {
        "audit_links": float(links),
        "audit_verify_s": took,
        "audit_verify_us_per_link": 1e6 * took / links,
        "audit_verify_10m_worked_out_s": took / links * TEN_MILLION,
        "audit_verify_grown_mb": max(grown, 0.1),
    }
    return figures, {"parsing every link": {"audit_verify_10m_worked_out_s": plain}}


def build(store: Path, heads: Path) -> None:
    """A store with so many links, and the file of its ends."""
    Database.open(store).close()
    connection = sqlite3.connect(store)
    for pragma in ("synchronous=OFF", "cache_size=-200000"):
        connection.execute(f"PRAGMA {pragma}")
    with heads.open("w", encoding="utf-8") as file, connection:
        for device in DEVICES:
            connection.executemany("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)", links_of(device))
            query = "SELECT seq, hash FROM audit WHERE device = ? ORDER BY seq DESC LIMIT 1"
            link = connection.execute(query, (device,)).fetchone()
            file.write(json.dumps({"device": device, "seq": link[0], "hash": link[1].hex(), "at": ""}) + "\n")
    connection.close()


def links_of(device: str) -> Iterator[tuple[str, int, str, str, str, bytes, bytes]]:
    """A device's links, of the length that an admission's has."""
    at, previous = datetime(2026, 1, 5, 0, 0, 0, 123456, tzinfo=UTC), GENESIS
    for seq in range(1, ROWS // len(DEVICES) + 1):
        at += timedelta(seconds=7)
        mark = hashlib.sha256(b"%d" % seq).hexdigest()
        facts = {"visit": mark[:32], "commitment": mark, "record": mark[::-1], "way": "chip", "ticket": seq % 400}
        said = {"device": device, "seq": seq, "at": at.isoformat(), "kind": "admitted", "facts": facts}
        body = canonical_json(said)
        digest = hashlib.sha256(previous + body).digest()
        yield device, seq, at.strftime("%Y-%m-%d %H:%M:%S.%f"), "admitted", body.decode(), previous, digest
        previous = digest


def walked(store: Path, heads: Path) -> tuple[float, int, float]:
    """Seconds, links, and how many MiB the process grew by."""
    command = [sys.executable, "-c", _WALK, str(store), str(heads)]
    took, links, grown = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return float(took), int(links), float(grown)


def parsed(store: Path) -> float:
    """Seconds in which each link is taken from the store, parsed, spelt anew and hashed."""
    connection, previous = sqlite3.connect(store), b""
    began = time.perf_counter()
    for body, before in connection.execute("SELECT body, previous FROM audit ORDER BY device, seq"):
        previous = hashlib.sha256(before + canonical_json(json.loads(body))).digest()
    took = time.perf_counter() - began
    connection.close()
    if len(previous) != len(GENESIS):
        raise RuntimeError("there was no link")
    return took
