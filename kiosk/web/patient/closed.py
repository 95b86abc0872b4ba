"""The patient's app without a usable trust store, or without keys: every page is a 503 that leads to the desk."""

from http import HTTPStatus

from flask import Flask, Response, request

from idcard import ConfigurationError
from kiosk.domain.flow import Screen
from kiosk.key_safe.safe import PlaceTrouble
from kiosk.services.view import DeskMessage, DeskView, ScreenView
from kiosk.web.patient.page import Page

_FILES = ("static", "measures", "clip")
"""What the page is drawn and spoken with."""

CODE = "E04"
"""The public code of a trust store that cannot be used."""
KEYS_CODE = "E16"
"""The public code of keys that do not open."""


def add_closed_page(app: Flask, page: Page, problem: ConfigurationError) -> None:
    """Close the app: nothing is served but the way to the desk and the files that draw it."""
    code = KEYS_CODE if isinstance(problem, PlaceTrouble) else CODE
    desk = DeskView(desk=page.config.clinic.desk, public_code=code, message=DeskMessage.CLOSED)
    view = ScreenView(version=0, screen=Screen.CLOSED, desk=desk)

    @app.before_request
    def closed() -> Response | None:
        return None if request.endpoint in _FILES else page.whole(view)

    @app.get("/health")
    def health() -> Response:
        return Response(status=HTTPStatus.SERVICE_UNAVAILABLE)
