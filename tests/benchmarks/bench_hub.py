"""The hub under load: real processes on Unix sockets over a real PostgreSQL that writes to the disk.

600 devices of 288 clinics sign their events beforehand; then only sending is timed. The hub verifies every signature,
opens every body, and answers once all is committed. In the end every event is counted in the database: one that is lost
or doubled breaks the run off.

The peer is the plain way through the same stack: one event a request, so one transaction with single-row inserts. For
the page it is the same question, asked of the events. ``IDCARD_BENCH_ROWS`` sets another number of rows for the page,
and shrinks the rest with it.
"""

import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from _hub_load import CLINICS, COUNT_FROM_EVENTS, Device, Line, clinic_name, load_rows, send_all, send_steadily
from sqlalchemy import text

from kiosk.hub.cluster import Cluster
from kiosk.hub.config import HubConfig
from kiosk.hub.event import CLINIC_TIME, clinic_day
from kiosk.hub.picture.accounts import Officers
from kiosk.hub.picture.config import PictureConfig
from kiosk.hub.picture.roles import OfficerRole
from kiosk.hub.picture.sessions import Logins
from kiosk.hub.picture.web.app import create_picture_app
from kiosk.hub.setup import create_hub
from kiosk.hub.store.database import HubDatabase
from kiosk.hub.store.devices import add_clinics, add_device
from kiosk.hub.store.partitions import make_months
from kiosk.hub.store.province import province_day
from kiosk.keys import load_clinic_public_key

ROWS = int(os.environ.get("IDCARD_BENCH_ROWS", "10000000"))
SHARE = min(1.0, ROWS / 1_000_000)
DEVICES, PROCESSES, CONNECTIONS = 600, 2, 16
BURST, BATCH = max(600, int(20_000 * SHARE)), 20
SUSTAINED_PER_S, SUSTAINED = 210, max(200, int(6_000 * SHARE))
BACKLOG, PLAIN, PAGES = max(600, int(25_000 * SHARE)), max(100, int(2_000 * SHARE)), 15
SECRET = "only-for-measuring"
SETTINGS = ("shared_buffers=512MB", "max_wal_size=4GB", "checkpoint_timeout=15min", "work_mem=32MB")

Figures = dict[str, float]


def measure() -> tuple[Figures, dict[str, Figures]]:
    """Our figures and the peer's."""
    folder = Path(tempfile.mkdtemp(prefix="kiosk-bench-"))
    cluster = Cluster(folder / "postgres", settings=SETTINGS)
    folder.chmod(0o755)
    try:
        cluster.start()
        return measure_on(cluster.create("hub"), folder)
    finally:
        cluster.stop()
        shutil.rmtree(folder)


def measure_on(url: str, folder: Path) -> tuple[Figures, dict[str, Figures]]:
    """As :func:`measure`, on an empty database."""
    database = HubDatabase.open(url, connections=2)
    database.migrate()
    make_months(database, datetime.now(UTC) - timedelta(days=360), ahead=15)
    keys = create_hub(folder, postgres=url, socket=folder / "unused", port=None, mode="demo").parent / "keys"
    devices = enrolled(database, Device("", "", load_clinic_public_key(keys / "hub.pub")))
    with processes(folder, url, keys) as sockets:
        line = Line(sockets)
        figures, plain = timed_phases(line, devices)
    check_whole(database, devices)
    figures |= {"events_stored": float(sum(device.made for device in devices))}
    page, plain_page = pages(database)
    database.close()
    return figures | page, {"one event a request; counting events": plain | plain_page}


def enrolled(database: HubDatabase, model: Device) -> list[Device]:
    """Devices of all clinics, let in."""
    now = datetime.now(UTC)
    devices = [Device(clinic_name(number), f"kiosk-{number // CLINICS + 1}", model.hub) for number in range(DEVICES)]
    with database.write() as connection:
        add_clinics(connection, [(clinic_name(number), f"Trạm y tế {number + 1}") for number in range(CLINICS)], now)
        for device in devices:
            add_device(connection, device.clinic, device.name, device.key.public_key().public_bytes_raw(), now)
    return devices


@contextmanager
def processes(folder: Path, url: str, keys: Path) -> Iterator[list[Path]]:
    """The hub's processes, each on a socket of its own, as a proxy spreads requests over them."""
    sockets = [folder / f"hub-{number}.sock" for number in range(PROCESSES)]
    started = [start(folder, path, url, keys) for path in sockets]
    try:
        for path in sockets:
            wait_for(path)
        yield sockets
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(30)


def start(folder: Path, path: Path, url: str, keys: Path) -> "subprocess.Popen[bytes]":
    """One process of the hub."""
    config = folder / f"{path.stem}.toml"
    config.write_text(
        f'mode = "demo"\nkeys = "{keys}"\npostgres = "{url}"\nsocket = "{path}"\nconnections = 4\n'
        "per_second = 1000\nburst = 10000\n",
        "utf-8",
    )
    with (folder / f"{path.stem}.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "kiosk", "hub", "serve", "--config", str(config)], stderr=log, stdout=log
        )


def wait_for(path: Path) -> None:
    """Until the hub listens."""
    deadline = time.monotonic() + 120
    while not path.exists():
        if time.monotonic() > deadline:
            raise RuntimeError(f"the hub does not come up: {path.with_suffix('.log').read_text()}")
        time.sleep(0.05)


def timed_phases(line: Line, devices: Sequence[Device]) -> tuple[Figures, Figures]:
    """Burst, steady load, the backlog of an outage, and the plain way."""
    draw = random.Random(8)
    send_all(line, [device.batch(device.events(1, draw)) for device in devices], CONNECTIONS)
    burst = batches(devices, BURST, BATCH, draw)
    burst_s = send_all(line, burst, CONNECTIONS)
    steady = batches(devices, SUSTAINED, 1, draw)
    per_s, took = send_steadily(line, steady, SUSTAINED_PER_S, CONNECTIONS * 4)
    backlog = batches(devices, BACKLOG, -(-BACKLOG // DEVICES), draw)
    drain_s = send_all(line, backlog, 64)
    plain_s = send_all(line, batches(devices, PLAIN, 1, draw), CONNECTIONS)
    figures = {
        "ingest_burst_per_s": BURST / burst_s,
        "ingest_sustained_per_s": per_s,
        "ingest_p50_ms": 1e3 * statistics.median(took),
        "ingest_p99_ms": 1e3 * statistics.quantiles(took, n=100)[98],
        "drain_25000_s": drain_s,
        "drain_events": float(BACKLOG),
    }
    return figures, {"ingest_burst_per_s": PLAIN / plain_s}


def batches(devices: Sequence[Device], events: int, each: int, draw: random.Random) -> list[bytes]:
    """Requests that hold so many events together, ``each`` in one, from device after device."""
    made: list[bytes] = []
    for number in range(-(-events // each)):
        device = devices[number % len(devices)]
        made.append(device.batch(device.events(min(each, events - number * each), draw)))
    return made


def check_whole(database: HubDatabase, devices: Sequence[Device]) -> None:
    """Every event is stored once and counted once, or the run breaks off."""
    wanted = {(device.clinic, device.name): device.made for device in devices}
    with database.read() as connection:
        rows = connection.execute(
            text("SELECT clinic, device, count(*), count(DISTINCT seq), max(seq) FROM event GROUP BY 1, 2")
        )
        stored = {(row[0], row[1]): tuple(row[2:]) for row in rows}
        counted = connection.execute(text("SELECT sum(admissions) FROM hour_count")).scalar_one()
    if stored != {name: (made, made, made) for name, made in wanted.items()}:
        raise RuntimeError("an event was lost or doubled")
    if counted != sum(wanted.values()):
        raise RuntimeError("the counts are not those of the events")


def pages(database: HubDatabase) -> tuple[Figures, Figures]:
    """The page of all clinics for a day, after ten million admissions; and the same from the events."""
    last = datetime.now(UTC)
    # Reading commits each statement by itself: settings of the server cannot be changed otherwise.
    with database.read() as connection:
        load_rows(connection, ROWS, last)
    day = clinic_day(last - timedelta(days=10))
    begin = datetime(day.year, day.month, day.day, tzinfo=CLINIC_TIME)
    with database.read() as connection:
        found = province_day(connection, day)
        if len(found) != CLINICS or not sum(sum(clinic.hours) for clinic in found):
            raise RuntimeError("the page is empty")
        query = [timed(lambda: province_day(connection, day)) for _ in range(PAGES)]
        bounds = {"begin": begin, "end": begin + timedelta(days=1)}
        plain = [timed(lambda: connection.execute(text(COUNT_FROM_EVENTS), bounds).all()) for _ in range(3)]
    page, size = rendered(database, begin + timedelta(hours=16))
    figures = {"page_288_ms": statistics.median(page), "page_worst_ms": max(page), "page_rows": float(ROWS)}
    figures |= {"page_kb": size / 1000, "page_query_ms": statistics.median(query)}
    return figures, {"page_288_ms": statistics.median(plain)}


def rendered(database: HubDatabase, at: datetime) -> tuple[list[float], int]:
    """Milliseconds of the real page at this time, as an officer's browser gets it, and its bytes."""
    officers = Officers(database, lambda: at)
    officers.add("bench", OfficerRole.OFFICER, SECRET, by="bench")
    config = PictureConfig(port=8008)
    hub = HubConfig(mode="demo", keys=Path("keys"), store=Path("hub.db"), port=8007, picture=config)
    app = create_picture_app(database, hub, config, Logins(officers, idle_s=3600), lambda: at)
    client, own = app.test_client(), {"Host": "127.0.0.1:8008", "Origin": "http://127.0.0.1:8008"}
    token = client.get("/login", headers=own).text.partition('name="csrf_token" value="')[2].partition('"')[0]
    client.post("/login", headers=own, data={"sign": "bench", "password": SECRET, "csrf_token": token})
    page = client.get("/", headers=own)
    if page.status_code != 200 or page.text.count("/clinic/") < CLINICS:
        raise RuntimeError("the page does not come")
    return [timed(lambda: client.get("/", headers=own)) for _ in range(PAGES)], len(page.data)


def timed(work: Callable[[], object]) -> float:
    """Milliseconds that some work takes."""
    began = time.perf_counter()
    work()
    return 1e3 * (time.perf_counter() - began)
