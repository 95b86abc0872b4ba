"""What an officer sees when a request fails: in their words, and never what went wrong inside."""

import traceback
from http import HTTPStatus

import structlog
from flask import Flask, Response, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from kiosk.hub.errors import HubStoreUnavailable
from kiosk.turns import RETRY_AFTER_S, TooManyAtOnce

_log = structlog.get_logger(__name__)


def add_failure_pages(app: Flask) -> None:
    """Answer every failure with a page that says what to do."""
    app.register_error_handler(HTTPException, lambda problem: _page(problem.code or 500))
    app.register_error_handler(HubStoreUnavailable, lambda problem: _page(HTTPStatus.SERVICE_UNAVAILABLE))
    app.register_error_handler(TooManyAtOnce, lambda problem: _come_again())
    app.register_error_handler(Exception, _crashed)


def _page(code: int) -> Response:
    return make_response(render_template("picture/failure.html", code=code), code)


def _come_again() -> Response:
    page = _page(HTTPStatus.SERVICE_UNAVAILABLE)
    page.headers["Retry-After"] = str(RETRY_AFTER_S)
    return page


def _crashed(problem: Exception) -> Response:
    """Log where it broke, not what it said: a message may quote what was typed or read."""
    where = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(problem.__traceback__)]
    _log.error("picture_crash", kind=type(problem).__name__, at=request.endpoint, where=" < ".join(reversed(where)))
    return _page(HTTPStatus.INTERNAL_SERVER_ERROR)
