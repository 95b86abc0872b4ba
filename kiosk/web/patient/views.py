"""What the page asks for: itself, news, the ticket's picture."""

from collections.abc import Callable
from http import HTTPStatus
from time import monotonic

from flask import Flask, Response, abort, request

from kiosk.services.view import ScreenView
from kiosk.web.patient.page import Page

POLL_S = 10.0
"""How long a page may wait for news before it is told that there is none."""

_SLICE_S = 1.0


def add_views(app: Flask, page: Page) -> None:
    """Give the app its page, its news and the ticket."""

    @app.get("/")
    def show() -> Response:
        return page.whole(page.desk.view())

    @app.get("/screen")
    def screen() -> Response:
        return _news(page)

    @app.get("/ticket.png")
    def ticket() -> Response:
        image = page.desk.ticket_image()
        if image is None:
            abort(HTTPStatus.NOT_FOUND)
        return Response(image, mimetype="image/png")

    @app.get("/health")
    def health() -> Response:
        return Response(status=HTTPStatus.NO_CONTENT)


def _news(page: Page) -> Response:
    """The next screen after the version ``after``, as soon as there is one; without ``after`` the present one."""
    after = request.args.get("after", default=None, type=int)
    if after is None:
        return page.part(page.desk.view())
    if not page.waiting.acquire(blocking=False):
        return Response(status=HTTPStatus.TOO_MANY_REQUESTS, headers={"Retry-After": "2"})
    try:
        view = _wait(page, after)
    finally:
        page.waiting.release()
    if view.version == after:
        return Response(status=HTTPStatus.NO_CONTENT)
    return page.part(view)


def _wait(page: Page, after: int) -> ScreenView:
    """Wait in slices, so that a page that went away does not keep a thread until the end."""
    gone: Callable[[], bool] = request.environ.get("waitress.client_disconnected", lambda: False)
    deadline = monotonic() + POLL_S
    view = page.desk.wait(after, _SLICE_S)
    while view.version == after and monotonic() < deadline and not gone():
        view = page.desk.wait(after, _SLICE_S)
    return view
