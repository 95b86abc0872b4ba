"""The hub's process put together: store, keys, app, server, and the months that are made ahead."""

import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from threading import Event, Thread
from types import FrameType

import structlog

from idcard import ConfigurationError
from kiosk.hub.app import create_hub_app
from kiosk.hub.authority import is_list_due, load_authority, renew_server, write_list
from kiosk.hub.config import HubConfig
from kiosk.hub.enrolment import Enrolment, Terms
from kiosk.hub.errors import HubStoreUnavailable
from kiosk.hub.examine import KeyRing
from kiosk.hub.ingest import Ingest
from kiosk.hub.serving import HubServer
from kiosk.hub.store.certificates import revoked
from kiosk.hub.store.database import HubDatabase
from kiosk.hub.store.partitions import make_months
from kiosk.hub.store.retention import drop_old
from kiosk.hub.store.signals import find_signals
from kiosk.hub.together import Together
from kiosk.keys import load_clinic_private_key

PRESENT_KEY, FORMER_KEYS = "hub.key", "former-*.key"
WORKERS = 2
_LOOK_S, _LOOKS_AN_HOUR, _END_WITHIN_S = 300.0, 12, 10.0
_log = structlog.get_logger(__name__)


def utc_now() -> datetime:
    """The hub's wall clock."""
    return datetime.now(UTC)


def open_store(config: HubConfig) -> HubDatabase:
    """The store that a configuration names."""
    return HubDatabase.open(config.address, connections=config.connections + 2, pooled_outside=config.pooled_outside)


def load_ring(folder: Path) -> KeyRing:
    """The keys in a folder: ``hub.key``, and former ones as ``former-….key``.

    :raises ConfigurationError: where one is missing or damaged.
    """
    former = [load_clinic_private_key(path) for path in sorted(folder.glob(FORMER_KEYS))]
    return KeyRing(load_clinic_private_key(folder / PRESENT_KEY), *former)


def open_enrolment(config: HubConfig, database: HubDatabase) -> Enrolment:
    """Who lets devices in.

    :raises ConfigurationError: where the hub has no authority, or it cannot be used.
    """
    if config.authority is None:
        raise ConfigurationError(
            "This hub has no authority.",
            reason="never_set_up",
            remedy='Run kiosk hub init in its folder again, and add to hub.toml: authority = "authority".',
        )
    terms = Terms(
        code=timedelta(hours=config.code_hours),
        certificate=timedelta(days=config.certificate_days),
        grace=timedelta(days=config.grace_days),
        hub_key=load_clinic_private_key(config.keys / PRESENT_KEY).public_key().public_bytes_raw(),
        root=config.root,
    )
    return Enrolment(database, load_authority(config.authority), terms, utc_now)


def publish_revoked(config: HubConfig, database: HubDatabase) -> bool:
    """Whether the list of the revoked that the proxy reads was made anew: it was a day old, or others are revoked.

    :raises ConfigurationError: where the authority cannot be used. OSError where the file cannot be written.
    """
    if config.authority is None or config.tls is None:
        return False
    now = utc_now()
    with database.read() as connection:
        numbers = revoked(connection, now)
    if not is_list_due(config.tls, numbers, now):
        return False
    config.tls.mkdir(exist_ok=True)
    write_list(load_authority(config.authority), config.tls, numbers, now)
    return True


def renew_own(config: HubConfig) -> bool:
    """Whether the certificate of the hub's own name was made anew.

    :raises ConfigurationError: where the authority cannot be used. OSError where the file cannot be written.
    """
    if config.authority is None or config.tls is None or config.server_name is None:
        return False
    config.tls.mkdir(exist_ok=True)
    return renew_server(load_authority(config.authority), config.tls, config.server_name, utc_now())


def run_hub(config: HubConfig) -> None:
    """Serve until the process is told to stop.

    :raises ConfigurationError: if a key or the place to listen cannot be used, or the tables were never made.
    :raises HubStoreUnavailable: if the store does not answer.
    """
    database = open_store(config)
    try:
        check_tables(database)
        enrolment = None if config.authority is None else open_enrolment(config, database)
        together = Together(Ingest(database, load_ring(config.keys), utc_now), workers=WORKERS)
        server = HubServer(create_hub_app(together, config, probe=database.probe, enrolment=enrolment), config)
        upkeep = Upkeep(database, config)
        upkeep.start()
        _log.info(
            "hub_serves", port=server.port, socket=str(config.socket or ""), store=config.address.get_backend_name()
        )
        run_until_told(server)
        together.close()
        upkeep.stop()
    finally:
        database.close()
    _log.info("hub_stopped")


class Upkeep:
    """Looks after the store, at once and every few minutes: months made ahead, old ones dropped, signs of fraud found,
    and what the proxy reads made anew.

    That something failed is logged, and tried again.
    """

    def __init__(self, database: HubDatabase, config: HubConfig) -> None:
        self._database = database
        self._config = config
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="upkeep", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, once what is under way is done."""
        self._stopped.set()
        self._thread.join(_END_WITHIN_S)

    def _run(self) -> None:
        for turn in count():
            if turn % _LOOKS_AN_HOUR == 0:
                self._do("hub_months_made", lambda now: make_months(self._database, now))
                self._do("hub_months_dropped", self._drop)
            self._do("hub_list_made", lambda _: publish_revoked(self._config, self._database))
            self._do("hub_certificate_made", lambda _: renew_own(self._config))
            self._do("hub_signals_found", lambda now: find_signals(self._database, now))
            if self._stopped.wait(_LOOK_S):
                return

    def _drop(self, now: datetime) -> tuple[str, ...]:
        months = self._config.keep_months
        return () if months is None else drop_old(self._database, now, months)

    def _do(self, what: str, work: Callable[[datetime], object]) -> None:
        try:
            if found := work(utc_now()):
                _log.info(what, found=found)
        except HubStoreUnavailable as error:
            _log.error("hub_upkeep_failed", what=what, reason=str(error.facts.get("reason")))
        except (OSError, ConfigurationError) as error:
            _log.error("hub_upkeep_failed", what=what, reason=type(error).__name__)


def check_tables(database: HubDatabase) -> None:
    """Nothing, where the tables are of this program's version; ConfigurationError where not."""
    if not database.is_migrated():
        raise ConfigurationError(
            "The hub's tables are missing or of another version.",
            reason="never_set_up",
            remedy="Run: kiosk hub migrate.",
        )


def run_until_told(server: HubServer) -> None:
    """Serve until SIGTERM or SIGINT."""

    def stop(number: int, frame: FrameType | None) -> None:
        server.close()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    server.run()
