"""The patient's app without a usable trust store: every page sends people to the desk, with status 503."""

from http import HTTPStatus

from flask import Flask, Response, request

from kiosk.domain.flow import Screen
from kiosk.services.view import DeskMessage, DeskView, ScreenView
from kiosk.web.patient.page import Page

_FILES = ("static", "measures", "clip")
"""What the page is drawn and spoken with."""

CODE = "E04"
"""The public code of a trust store that cannot be used."""


def add_closed_page(app: Flask, page: Page) -> None:
    """Close the app: nothing is served but the way to the desk and the files that draw it."""
    desk = DeskView(desk=page.config.clinic.desk, public_code=CODE, message=DeskMessage.CLOSED)
    view = ScreenView(version=0, screen=Screen.CLOSED, desk=desk)

    @app.before_request
    def closed() -> Response | None:
        return None if request.endpoint in _FILES else page.whole(view)

    @app.get("/health")
    def health() -> Response:
        return Response(status=HTTPStatus.SERVICE_UNAVAILABLE)
