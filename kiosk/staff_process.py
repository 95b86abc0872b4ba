"""The staff's process put together: the clinic's private key, the store, and the pages of the reception desk."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from idcard import ConfigurationError
from kiosk.config import StaffConfig
from kiosk.day_key import DayTags
from kiosk.devices.clock import SystemClock
from kiosk.keys import VisitOpener, load_clinic_private_key
from kiosk.process import listen, run_until_told
from kiosk.services.desk import StaffDesk
from kiosk.store.database import Database
from kiosk.trust import open_store
from kiosk.web.staff import create_staff_app

_log = structlog.get_logger(__name__)


def run_staff(config: StaffConfig, *, end_with_stdin: bool = False) -> None:
    """Serve the staff's screen until the process is told to stop.

    :raises ConfigurationError: if a key or the port cannot be used.
    :raises StoreUnavailable: if the store cannot.
    """
    with open_desk(config) as desk:
        app = create_staff_app(desk, config, SystemClock(), trust_problem(config))
        server = listen(app, host=config.host, port=config.port)
        _log.info("staff_serves", port=server.port, mode=config.mode)
        run_until_told(server, end_with_stdin=end_with_stdin)
    _log.info("staff_stopped")


@contextmanager
def open_desk(config: StaffConfig) -> Iterator[StaffDesk]:
    """The desk over the open store, which is closed in the end."""
    opener = VisitOpener(load_clinic_private_key(config.clinic_private_key))
    tags = DayTags(config.person_day_key)
    database = Database.open(config.store)
    try:
        yield StaffDesk(
            database=database,
            clinic=config.clinic,
            device=device_of(config),
            opener=opener,
            tags=tags,
            clock=SystemClock(),
        )
    finally:
        database.close()


def device_of(config: StaffConfig) -> str:
    """The desk's name in the store."""
    return f"desk-{config.clinic.desk}"


def trust_problem(config: StaffConfig, *, remember: bool = True) -> ConfigurationError | None:
    """Why the patient's screen is closed, or None: staff see the reason.

    :param remember: whether the store that is opened now is the newest from now on; False only looks.
    """
    try:
        open_store(config, device_of(config), remember=remember)
    except ConfigurationError as problem:
        return problem
    return None
