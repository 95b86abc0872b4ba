"""The picture's process put together: store, accounts, app, server. It opens no event and holds no key of the hub."""

import structlog
from argon2 import PasswordHasher

from idcard import ConfigurationError
from kiosk.hub.config import HubConfig
from kiosk.hub.picture.accounts import Officers
from kiosk.hub.picture.config import PictureConfig
from kiosk.hub.picture.sessions import Logins
from kiosk.hub.picture.web.app import create_picture_app
from kiosk.hub.process import check_tables, open_store, run_until_told, utc_now
from kiosk.hub.serving import HubServer

THREADS = 8
_log = structlog.get_logger(__name__)


def picture_of(config: HubConfig) -> PictureConfig:
    """The picture's own settings.

    :raises ConfigurationError: where the hub's file has none.
    """
    if config.picture is None:
        raise ConfigurationError(
            "The hub's configuration has no picture.", reason="missing", remedy="Add: [picture] with port = 8017."
        )
    return config.picture


def run_picture(config: HubConfig, *, hasher: PasswordHasher | None = None) -> None:
    """Serve until the process is told to stop.

    :raises ConfigurationError: if the place to listen cannot be used, or the tables were never made.
    :raises HubStoreUnavailable: if the store does not answer.
    """
    picture = picture_of(config)
    database = open_store(config)
    try:
        check_tables(database)
        officers = Officers(database, utc_now, tries=picture.tries, hasher=hasher)
        logins = Logins(officers, idle_s=picture.idle_minutes * 60)
        app = create_picture_app(database, config, picture, logins, utc_now)
        server = HubServer(app, _place(config, picture))
        _log.info("picture_serves", port=server.port, socket=str(picture.socket or ""))
        run_until_told(server)
    finally:
        database.close()
    _log.info("picture_stopped")


def _place(config: HubConfig, picture: PictureConfig) -> HubConfig:
    """Where it listens, in the words of the hub's own server."""
    return config.model_copy(update={"socket": picture.socket, "port": picture.port, "requests": THREADS})
