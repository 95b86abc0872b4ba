"""How soon a distrusted signer counts for nothing: over a thousand kiosks by simulation, and once over a real hub.

The simulation steps the real installer of each clinic, with real files; only the clock and the wire are invented,
from a fixed seed. A heartbeat goes every 60 s and learns of the emergency; some fail, some fetches do, and some
kiosks are in the middle of a visit. Beside it stand the same clinics without that word: they look every 15 minutes.
The measurement goes from the officer's publication to the moment at which a patient's process has taken the list,
over HTTP on this machine.
"""

import os
import random
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.province.identity import Identity
from kiosk.province.installing import Installer, Looked, Place
from kiosk.province.link import HubLink
from kiosk.province.settings import ProvinceSettings
from kiosk.releases.errors import NoRelease, ReleaseUnavailable
from kiosk.releases.fetching import Releases
from kiosk.releases.installed import Folder, Keeper
from kiosk.releases.names import EMERGENCY, Distrusted
from kiosk.releases.repository import Repository, Signers, Thresholds

KIOSKS = int(os.environ.get("IDCARD_BENCH_KIOSKS", "1000"))
HEARTBEAT_S, TURN_S, ASK_S = 60.0, 5.0, 900.0
LOST, BUSY, VISIT_S, LIMIT_S = 0.05, 0.4, 120.0, 3600
START = datetime(2026, 11, 23, 1, tzinfo=UTC)
LIST = Distrusted(number=1, certificates=("ab" * 32,)).to_bytes()


class Shown:
    """The lists as a clinic would see them at a moment; some looks are lost on the way."""

    def __init__(self, draw: random.Random) -> None:
        self.draw, self.published = draw, False

    def look(self) -> Looked:
        if self.draw.random() < LOST:
            raise ReleaseUnavailable(NoRelease.UNREACHABLE)
        return self

    def hash_of(self, path: str) -> str | None:
        return sha256(LIST).hexdigest() if self.published and path == EMERGENCY else None

    def file(self, path: str) -> bytes | None:
        return LIST if self.published and path == EMERGENCY else None


def seconds_of(kiosk: int, folder: Path, *, told: bool = True) -> float:
    """From the publication to the moment from which this kiosk refuses, in seconds."""
    draw = random.Random(kiosk)
    shown, known = Shown(draw), [0]
    installer = Installer(
        looks=shown,
        keeper=Keeper(Folder(folder)),
        place=Place(clinic="36001", trust_state=folder / "trust.state"),
        tell=lambda state: None,
        emergency=lambda: known[0],
        every_s=ASK_S,
        jitter=draw.random,
    )
    installer.step(START)
    shown.published = True
    # Clinics began at any time: the next look, the next heartbeat and the thread's next turn are anywhere.
    at, heartbeat = draw.uniform(0, TURN_S), draw.uniform(0, HEARTBEAT_S)
    asked = draw.uniform(0, ASK_S)
    while at < LIMIT_S:
        while heartbeat <= at:
            known[0] = known[0] if draw.random() < LOST or not told else 1
            heartbeat += HEARTBEAT_S * draw.uniform(0.9, 1.1)
        installer.step(START + timedelta(seconds=asked + at))
        if Folder(folder).distrusted() is not None:
            return at + (draw.uniform(0, VISIT_S) if draw.random() < BUSY else 0)
        at += TURN_S
    return float(LIMIT_S)


class Files(SimpleHTTPRequestHandler):
    """Plain files, as the hub's web server shows them."""

    def translate_path(self, path: str) -> str:
        return super().translate_path(path.removeprefix("/v1/releases"))

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The address under which the folder is shown."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=folder)) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def publish_to_refusal_s(folder: Path) -> float:
    """From the officer's publication to the moment at which a patient's process reads the list, over HTTP."""
    new = Ed25519PrivateKey.generate
    keys = Signers(root=(new(), new()), targets=(new(),), emergency=(new(),), online=(new(),))
    released, identity = folder / "released", folder / "identity"
    now = datetime.now(UTC)
    root = Repository.create(released, keys, now=now, thresholds=Thresholds()).root()
    with serving(released) as address:
        settings = ProvinceSettings(hub=address, identity=identity, person_key=folder / "person.key")
        link = HubLink(settings, Identity(identity))
        known = [0]
        installer = Installer(
            looks=Releases(folder / "fetched", root, link, now=lambda: datetime.now(UTC)),
            keeper=Keeper(Folder(folder / "installed")),
            place=Place(clinic="36001", trust_state=folder / "trust.state"),
            tell=lambda state: None,
            emergency=lambda: known[0],
        )
        installer.step(datetime.now(UTC))
        began = time.perf_counter()
        Repository(released, now=datetime.now(UTC)).publish({EMERGENCY: LIST}, keys)
        known[0] = 1
        installer.step(datetime.now(UTC))
        found = Folder(folder / "installed").distrusted()
        seconds = time.perf_counter() - began
        link.close()
    assert found is not None, "the list came down"
    return seconds


def measure() -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """The figures, and those of clinics that wait for their next look."""
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        told = [seconds_of(number, folder / str(number)) for number in range(KIOSKS)]
        waiting = [seconds_of(number, folder / f"{number}-waits", told=False) for number in range(KIOSKS)]
        once = publish_to_refusal_s(folder)
    figures = {"emergency_kiosks": len(told), **spread(told), "publish_to_refusal_s": round(once, 3)}
    return figures, {"looking every 15 minutes": spread(waiting)}


def spread(seconds: list[float]) -> dict[str, float]:
    """Half of them, nearly all, and the last."""
    share = statistics.quantiles(seconds, n=100)
    named = {"emergency_p50_s": share[49], "emergency_p95_s": share[94], "emergency_max_s": max(seconds)}
    return {name: round(value, 1) for name, value in named.items()}
