"""The real hub under the laboratory: set up and served by its own commands, over SQLite or a PostgreSQL of its own.

Only what was started here is ever killed, by its process id.
"""

import csv
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from sqlalchemy import URL, Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from idcard import ConfigurationError
from kiosk.hub.cluster import Cluster
from kiosk.lab.clinic import device_key
from kiosk.lab.province import ClinicPlan

STORES: Final = ("sqlite", "postgres")
_UP_WITHIN_S, _LOOK_S = 60.0, 0.05
_LET_IN = "per_second = 1000\nburst = 10000\n"
"""A device's day passes faster here than the hub lets real devices send."""


_RUN: Final = """
import json, sys
from kiosk.cli import app
for words in json.loads(sys.argv[1]):
    if code := app(words, standalone_mode=False):
        sys.exit(code)
"""


class LabHub:
    """A hub in a folder.

    :param store: one of :data:`STORES`.
    """

    def __init__(self, folder: Path, store: str) -> None:
        self._folder = folder
        self._cluster = Cluster(folder / "postgres") if store == "postgres" else None
        self._process: subprocess.Popen[bytes] | None = None
        self._address: str | URL = URL.create("sqlite", database=str(folder / "hub.db"))
        self.port = _free_port()

    def create(self, plans: tuple[ClinicPlan, ...], seed: int) -> X25519PublicKey:
        """Set it up with these clinics and their devices; the key that they seal to."""
        words = ["init", str(self._folder), "--port", str(self.port)]
        if self._cluster is not None:
            self._cluster.start()
            self._address = make_url(self._cluster.create("hub"))
            words += ["--postgres", str(self._address)]
        self._commands(words)
        config = self._folder / "hub.toml"
        config.write_text(config.read_text("utf-8") + _LET_IN, "utf-8")
        names = [(plan.code, f"Trạm y tế {plan.code}") for plan in plans]
        keys = [
            (plan.code, name, device_key(seed, plan.code, name).public_key().public_bytes_raw().hex())
            for plan in plans
            for name in plan.devices
        ]
        self._commands(
            ["migrate"],
            ["clinic", "import", self._table("clinics", ("code", "name"), names)],
            ["device", "import", self._table("devices", ("clinic", "device", "key"), keys)],
            config=config,
        )
        found = load_pem_public_key((self._folder / "keys" / "hub.pub").read_bytes())
        if not isinstance(found, X25519PublicKey):
            raise ConfigurationError(
                "The hub's key is of another kind.", reason="damaged", remedy="Use another folder."
            )
        return found

    def serve(self) -> None:
        """Start it, and wait until it answers; again where it ends because its database is not there yet."""
        deadline = monotonic() + _UP_WITHIN_S
        self._process = self._started()
        while not self._listens():
            if monotonic() > deadline:
                raise ConfigurationError(
                    "The hub does not come up.", reason="no_answer", remedy=f"Look into {self._folder / 'hub.log'}."
                )
            if self._process.poll() is not None:
                self._process = self._started()
            sleep(_LOOK_S)

    def _started(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "kiosk", "hub", "serve", "--config", str(self._folder / "hub.toml")]
        with (self._folder / "hub.log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def kill_hub(self, down_s: float) -> None:
        """Kill its process (SIGKILL), and start it again after a while."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            sleep(down_s)
            self.serve()

    def kill_database(self, down_s: float) -> None:
        """Kill PostgreSQL's first process, and start it again after a while."""
        if self._cluster is not None:
            self._cluster.kill()
            sleep(down_s)
            self._raise_again(self._cluster)

    def kill_backend(self) -> None:
        """Kill one process of PostgreSQL that serves the hub: PostgreSQL then breaks all connections off."""
        query = "SELECT pid FROM pg_stat_activity WHERE application_name = 'kiosk hub' ORDER BY pid LIMIT 1"
        with self.database() as connection:
            pid = connection.execute(text(query)).scalar()
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)

    @contextmanager
    def database(self) -> Iterator[Connection]:
        """Its database, to look at, once it is up again after whatever was killed."""
        engine = create_engine(self._address)
        try:
            with _patiently(engine) as connection:
                yield connection
        finally:
            engine.dispose()

    def stored_bytes(self) -> int:
        """What its database takes on the disk."""
        query = "SELECT pg_database_size(current_database())"
        if self._cluster is None:
            query = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        with self.database() as connection:
            return int(connection.execute(text(query)).scalar_one())

    def stop(self) -> None:
        """Stop all of it, once and for all."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
        if self._cluster is not None:
            self._cluster.stop()

    def _raise_again(self, cluster: Cluster) -> None:
        """Start it once its orphaned processes are gone: while they live it refuses."""
        deadline = monotonic() + _UP_WITHIN_S
        while True:
            try:
                cluster.start()
            except ConfigurationError:
                if monotonic() > deadline:
                    raise
                sleep(_LOOK_S)
            else:
                return

    def _listens(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/v1/health")
            connection.getresponse().read()
        except OSError:
            return False
        finally:
            connection.close()
        return True

    def _table(self, name: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
        path = self._folder / f"{name}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([columns, *rows])
        return str(path)

    def _commands(self, *many: list[str], config: Path | None = None) -> None:
        """Commands of ``kiosk hub``, one after another in one process: starting each takes longer than its work."""
        known = [] if config is None else ["--config", str(config)]
        words = json.dumps([["hub", *each, *known] for each in many])
        done = subprocess.run([sys.executable, "-c", _RUN, words], capture_output=True, text=True, check=False)
        if done.returncode:
            raise ConfigurationError(
                f"The hub cannot be set up: {' '.join(done.stderr.split())[-300:]}",
                reason="folder",
                remedy="Name another folder for the run.",
            )


def _patiently(engine: Engine) -> Connection:
    """A connection, once there is one to be had."""
    deadline = monotonic() + _UP_WITHIN_S
    while True:
        try:
            return engine.connect()
        except OperationalError:
            # A database that was killed brings itself home first, and lets nobody in meanwhile.
            if monotonic() > deadline:
                raise
            sleep(_LOOK_S)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
