"""Assisted mode at the desk: a clerk opens the patient's screen at the desk, and stands beside somebody."""

from collections.abc import Callable
from http import HTTPStatus

from flask import Flask, flash, redirect, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from kiosk.ports import StoreUnavailable
from kiosk.services.assistance import AssistedMode
from kiosk.web.common.preferences import current_preferences
from kiosk.web.staff.board import Board


def add_assist(app: Flask, board: Board, mode: AssistedMode, address: str) -> None:
    """Give the app its two taps.

    :param address: where the machine's pages are, on this machine.
    """
    app.extensions.setdefault("at_leaving", []).append(mode.end_of)

    @app.context_processor
    def shown() -> dict[str, object]:
        return {"has_assist": True, "helping": mode.now, "assist_address": address}

    @app.post("/assist")
    def begin_assist() -> Response:
        return _done(lambda: mode.begin(by=board.clerk), "assist.begun")

    @app.post("/assist/end")
    def end_assist() -> Response:
        return _done(lambda: mode.end(by=board.clerk), "assist.ended")


def _done(deed: Callable[[], object], word: str) -> Response:
    try:
        deed()
        flash(str(gettext(word)), "done")
    except StoreUnavailable:
        flash(str(gettext("staff.problem.store_unavailable")), "problem")
    return redirect(url_for("show", **current_preferences().query), HTTPStatus.SEE_OTHER)
