"""A province on this machine: a real hub on a Unix socket, and a real nginx before it that ends TLS."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from kiosk.config import load
from kiosk.hub.app import create_hub_app
from kiosk.hub.authority import load_authority, write_list
from kiosk.hub.config import HubConfig
from kiosk.hub.enrolment import Enrolment, Terms
from kiosk.hub.ingest import Ingest
from kiosk.hub.kit import write_kit
from kiosk.hub.process import load_ring, open_store
from kiosk.hub.serving import HubServer
from kiosk.hub.setup import create_hub, migrate
from kiosk.hub.store.certificates import revoked
from kiosk.hub.store.database import HubDatabase
from kiosk.hub.store.devices import add_clinics
from kiosk.hub.together import Together
from kiosk.keys import load_clinic_private_key
from kiosk.province.identity import Identity
from kiosk.province.joining import Joining

START_S = 20


@dataclass(kw_only=True)
class Province:
    """The province: its hub, whose clock a test may set, and the proxy's address."""

    folder: Path
    config: HubConfig
    database: HubDatabase
    url: str
    nginx: "subprocess.Popen[bytes]"
    enrolment: Enrolment
    at: datetime | None = None

    @property
    def now(self) -> datetime:
        return self.at or datetime.now(UTC)

    def code(self, device: str) -> str:
        return self.enrolment.make_code("36001", device, by="ha")[0]

    def joined(self, device: str, folder: Path) -> Identity:
        """The identity of a device that was let in."""
        joining = Joining(self.url, self.code(device), folder)
        self.let_in(device, joining.begin(), joining)
        joining.close()
        return Identity(folder)

    def let_in(self, device: str, digits: str, joining: Joining) -> None:
        asked = joining.look()
        assert asked is not None
        assert asked.state == "waiting"
        self.enrolment.approve("36001", device, digits, by="ha")
        given = joining.look()
        assert given is not None
        assert given.state == "approved"

    def publish(self) -> None:
        """Write the list of the revoked, and have nginx read it."""
        assert self.config.authority is not None
        assert self.config.tls is not None
        with self.database.read() as connection:
            numbers = revoked(connection, self.now)
        write_list(load_authority(self.config.authority), self.config.tls, numbers, datetime.now(UTC))
        before = workers(self.nginx)
        self.nginx.send_signal(1)
        wait_until(lambda: workers(self.nginx).isdisjoint(before) and bool(workers(self.nginx)))


def workers(nginx: "subprocess.Popen[bytes]") -> set[str]:
    return set(Path(f"/proc/{nginx.pid}/task/{nginx.pid}/children").read_text().split())


def wait_until(is_so: Any) -> None:
    deadline = time.monotonic() + START_S
    while not is_so():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.02)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def province(spare_ports: Any) -> Iterator[Province]:
    # A socket's path is short.
    folder = Path(tempfile.mkdtemp(prefix="kiosk-hub-"))
    port = spare_ports()
    path = create_hub(
        folder, postgres=None, socket=folder / "hub.sock", port=None, mode="demo", server_name="127.0.0.1"
    )
    config = load(HubConfig, path)
    migrate(config)
    kit = Path(write_kit(path, listen=f"127.0.0.1:{port}", run=folder / "run", strangers_per_s=200))
    (folder / "run").mkdir()
    # Started by root, nginx would give its workers to another user, who may not talk to the hub's socket.
    own = "daemon off; user root;" if os.geteuid() == 0 else "daemon off;"
    command = ["nginx", "-e", "stderr", "-c", str(kit / "nginx.conf"), "-g", own]
    log = (folder / "nginx.log").open("wb")
    nginx = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    database = open_store(config)
    with database.write() as connection:
        add_clinics(connection, [("36001", "Trạm y tế xã Mỹ Xá")], datetime.now(UTC))
    made = _province(folder, config, database, nginx, f"https://127.0.0.1:{port}")
    together = Together(Ingest(database, load_ring(config.keys), lambda: made.now))
    server = HubServer(create_hub_app(together, config, probe=database.probe, enrolment=made.enrolment), config)
    thread = Thread(target=server.run)
    thread.start()
    try:
        wait_until(lambda: answers(port))
        yield made
    finally:
        nginx.terminate()
        nginx.wait(START_S)
        log.close()
        server.close()
        thread.join(START_S)
        together.close()
        database.close()
        shutil.rmtree(folder)


def _province(
    folder: Path, config: HubConfig, database: HubDatabase, nginx: "subprocess.Popen[bytes]", url: str
) -> Province:
    assert config.authority is not None
    key = load_clinic_private_key(config.keys / "hub.key").public_key().public_bytes_raw()
    (folder / "root.json").write_bytes(b'{"signed": {}}')
    terms = Terms(
        code=timedelta(hours=24),
        certificate=timedelta(days=14),
        grace=timedelta(days=60),
        hub_key=key,
        root=folder / "root.json",
    )
    clock: list[Province] = []
    enrolment = Enrolment(database, load_authority(config.authority), terms, lambda: clock[0].now)
    made = Province(folder=folder, config=config, database=database, url=url, nginx=nginx, enrolment=enrolment)
    clock.append(made)
    return made
