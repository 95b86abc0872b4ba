"""The pages that only show: the province, one clinic, alarms, worklists."""

from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus

from flask import Flask, Response, abort, make_response, render_template

from kiosk.hub.event import clinic_day
from kiosk.hub.picture import looking
from kiosk.hub.picture.config import PictureConfig
from kiosk.hub.picture.page import page_of
from kiosk.hub.store import states
from kiosk.hub.store.aside import open_ones
from kiosk.hub.store.database import HubDatabase


def add_views(app: Flask, database: HubDatabase, config: PictureConfig, now: Callable[[], datetime]) -> None:
    """Give the app its pages."""

    def province_page() -> str:
        sight = looking.province(database, now(), config)
        return render_template("picture/live.html", page=page_of(sight, config))

    @app.get("/")
    def show() -> Response:
        return make_response(render_template("picture/province.html", live=province_page()))

    @app.get("/live")
    def live() -> Response:
        return make_response(province_page())

    @app.get("/clinic/<code>")
    def clinic(code: str) -> Response:
        at = now()
        found = looking.clinic_look(database, code, at, config)
        if found is None:
            abort(HTTPStatus.NOT_FOUND)
        days = [clinic_day(at) - timedelta(days=back) for back in range(6, -1, -1)]
        return make_response(render_template("picture/clinic.html", look=found, at=at, days=days))

    @app.get("/alarms")
    def alarms() -> Response:
        with database.read() as connection:
            found, aside = states.open_alarms(connection), open_ones(connection)
        return make_response(render_template("picture/alarms.html", alarms=found, aside=aside))

    @app.get("/worklists")
    def worklists() -> Response:
        at = now()
        sight = looking.province(database, at, config)
        with database.read() as connection:
            seconds = states.open_seconds(connection)
        return make_response(render_template("picture/worklists.html", sight=sight, seconds=seconds))
