"""The picture's app: the province for its health office. It reads the hub's store, and writes what officers do."""

import secrets
from collections.abc import Callable
from datetime import datetime

from flask import Flask, Response, g, request, session

from kiosk.hub.config import HubConfig
from kiosk.hub.picture.config import PictureConfig
from kiosk.hub.picture.sessions import Logins
from kiosk.hub.picture.web.access import add_access
from kiosk.hub.picture.web.deeds import add_deeds
from kiosk.hub.picture.web.failures import add_failure_pages
from kiosk.hub.picture.web.login import add_login
from kiosk.hub.picture.web.report import add_report
from kiosk.hub.picture.web.showing import add_showing
from kiosk.hub.picture.web.views import add_views
from kiosk.hub.store.database import HubDatabase
from kiosk.web.common.factory import base_app
from kiosk.web.common.preferences import LANGUAGES, Preferences, use_preferences

LANGUAGE = "lang"


def create_picture_app(
    database: HubDatabase, config: HubConfig, picture: PictureConfig, logins: Logins, now: Callable[[], datetime]
) -> Flask:
    """The app.

    :param now: the wall clock.
    """
    app = base_app(
        "picture",
        host=config.host,
        port=picture.port or 0,
        # Logins live in this process's memory: a cookie that outlived it would open nothing.
        session_key=secrets.token_bytes(32),
        camera=False,
        public=picture.public,
    )
    add_failure_pages(app)
    app.before_request(_language)
    add_access(app, logins)
    add_showing(app, now)
    add_login(app, logins)
    add_views(app, database, picture, now)
    add_deeds(app, database, logins.officers, picture, now)
    add_report(app, database, picture, now)

    @app.get("/health")
    def health() -> Response:
        database.probe()
        return Response("ok\n", mimetype="text/plain")

    return app


def _language() -> None:
    """The language of a link's query, kept in the session: so that 288 links need not say it."""
    asked = request.args.get(LANGUAGE)
    if asked in LANGUAGES and session.get(LANGUAGE) != asked:
        session[LANGUAGE] = asked
    use_preferences(Preferences(language=str(session.get(LANGUAGE, LANGUAGES[0]))))
    g.language = session.get(LANGUAGE, LANGUAGES[0])
