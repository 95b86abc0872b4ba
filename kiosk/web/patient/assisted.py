"""A machine at which clerks help: its pages are there while one of them does, and otherwise say who opens them."""

from collections.abc import Callable
from http import HTTPStatus

from flask import Flask, Response, make_response, render_template, request

from kiosk.ports import StoreUnavailable

_FILES = ("static", "measures", "clip", "health")
"""What pages are drawn and spoken with, and what says that the process runs."""


def add_assisted(app: Flask, is_open: Callable[[], bool]) -> None:
    """Close the app while nobody helps.

    :param is_open: whether a clerk helps here now.
    """

    @app.before_request
    def waits() -> Response | None:
        if request.endpoint in _FILES or _is_open(is_open):
            return None
        if "waits" in request.args:
            return Response(status=HTTPStatus.NO_CONTENT)  # the page that waits looks again
        # The patient's page takes a 503 for what it is, and loads itself again.
        return make_response(render_template("patient/waits.html"), HTTPStatus.SERVICE_UNAVAILABLE)


def _is_open(is_open: Callable[[], bool]) -> bool:
    try:
        return is_open()
    except StoreUnavailable:
        return False  # whose name would stand with an admission could not be said
