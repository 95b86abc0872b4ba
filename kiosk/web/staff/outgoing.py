"""What is on its way to payer and hospital, on the staff's page, and a button to send again."""

from http import HTTPStatus

from flask import Flask, flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from kiosk.ports import StoreUnavailable
from kiosk.services.outgoing import FAULTS, REASONS, Outgoing
from kiosk.web.common.preferences import current_preferences
from kiosk.web.staff.board import Board


def add_outgoing(app: Flask, board: Board, outgoing: Outgoing) -> None:
    """Give the app its part about what leaves."""

    @app.context_processor
    def shown() -> dict[str, object]:
        return {"receivers_of": outgoing.receivers, "outgoing_reason": _words, "by_hand": outgoing.by_hand}

    @app.post("/outgoing/again")
    def send_again() -> Response:
        try:
            many = outgoing.send_again(request.form.get("sink", ""), by=board.clerk)
        except StoreUnavailable:
            flash(str(gettext("staff.problem.store_unavailable")), "problem")
        else:
            flash(str(gettext("staff.done.sent_again", n=many)), "done")
        return redirect(url_for("show", **current_preferences().query), HTTPStatus.SEE_OTHER)

    @app.post("/outgoing/<visit_id>/told")
    def payer_told(visit_id: str) -> Response:
        try:
            told = outgoing.told(visit_id, by=board.clerk)
        except StoreUnavailable:
            flash(str(gettext("staff.problem.store_unavailable")), "problem")
        else:
            word, kind = ("staff.done.payer_told", "done") if told else ("staff.problem.gone", "problem")
            flash(str(gettext(word)), kind)
        return redirect(url_for("show", **current_preferences().query), HTTPStatus.SEE_OTHER)


def _words(reason: str) -> str:
    """A reason in words; one that has none is shown as it is, so that it can be looked up."""
    if reason in REASONS:
        return str(gettext(f"outgoing.reason.{reason}"))
    field, _, fault = reason.rpartition(".")
    return f"{field}: {gettext(f'outgoing.fault.{fault}')}" if fault in FAULTS else reason
