"""What the tests of releases share: a province that publishes, a web server that shows it, a clinic that fetches."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.releases.fetching import Looked, Releases
from kiosk.releases.repository import Repository, Signers, Thresholds

START = datetime(2026, 11, 23, 6, tzinfo=UTC)
PREFIX = "/v1/releases"


class Shown(SimpleHTTPRequestHandler):
    """Plain files, as the hub's web server shows them."""

    def translate_path(self, path: str) -> str:
        return super().translate_path(path.removeprefix(PREFIX))

    def log_message(self, *_: object) -> None:
        """Nothing."""


@dataclass
class OverHttp:
    """The clinic's connection."""

    address: str

    def get(self, path: str) -> tuple[int, Iterator[bytes]]:
        try:
            answer = httpx.get(self.address + path)
        except httpx.HTTPError as error:
            raise OSError from error
        return answer.status_code, iter([answer.content])


@dataclass
class Province:
    """Publishes, and moves its clock and the clinic's."""

    folder: Path
    address: str
    now: datetime = START
    keys: Signers = field(default_factory=lambda: keys())

    def __post_init__(self) -> None:
        self.root = Repository.create(self.released, self.keys, now=self.now, thresholds=Thresholds()).root()

    @property
    def released(self) -> Path:
        return self.folder / "released"

    @property
    def repository(self) -> Repository:
        return Repository(self.released, now=self.now)

    def pass_time(self, passed: timedelta) -> None:
        self.now += passed

    def clinic(self, name: str = "clinic") -> Releases:
        return Releases(self.folder / name, self.root, OverHttp(self.address), now=lambda: self.now)

    def look(self) -> Looked:
        return self.clinic().look()


def keys() -> Signers:
    """Two of the root, one of each other role."""
    new = Ed25519PrivateKey.generate
    return Signers(root=(new(), new()), targets=(new(),), emergency=(new(),), online=(new(),))


@pytest.fixture
def province(tmp_path: Path) -> Iterator[Province]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Shown, directory=tmp_path / "released"))
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield Province(tmp_path, f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    thread.join()
    server.server_close()
