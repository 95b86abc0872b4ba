"""What a person sees when a request fails: a kind page that leads on, and never what went wrong inside."""

import logging
import traceback
from http import HTTPStatus

from flask import Flask, Response, make_response, render_template, request
from werkzeug.exceptions import HTTPException

_log = logging.getLogger(__name__)


def add_failures(app: Flask) -> None:
    """Answer every failure of an app with the same page in the page's language."""
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(Exception, _answer_crash)


def _answer_http(problem: Exception) -> Response:
    code = problem.code if isinstance(problem, HTTPException) and problem.code else HTTPStatus.INTERNAL_SERVER_ERROR
    response = make_response(render_template("common/failure.html"), int(code))
    if isinstance(problem, HTTPException):
        # "Allow" and "Retry-After" say something to programs; the description would say something to snoopers.
        for name, value in problem.get_headers():
            if name in {"Allow", "Retry-After"}:
                response.headers[name] = value
    return response


def _answer_crash(problem: Exception) -> Response:
    """Log where it broke, not what it said: a message may quote what was typed or read."""
    where = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(problem.__traceback__)]
    _log.error("%s at %s: %s", type(problem).__name__, request.endpoint, " < ".join(reversed(where)))
    return make_response(render_template("common/failure.html"), HTTPStatus.INTERNAL_SERVER_ERROR)
