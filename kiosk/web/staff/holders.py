"""The chip's portrait before a clerk, once and from memory; and what the clerk saw. Also the fields side by side."""

from http import HTTPStatus

from flask import Blueprint, Flask, Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kiosk.domain.holder import HolderSeen
from kiosk.ports import StoreUnavailable
from kiosk.services.comparison import compared
from kiosk.services.desk import VisitRow
from kiosk.services.holder_checks import NotLooked
from kiosk.services.portraits import LARGEST
from kiosk.services.visit import wipe
from kiosk.web.common.preferences import current_preferences
from kiosk.web.staff.board import Board
from kiosk.web.staff.internal import check_caller, expected_of
from kiosk.web.staff.oversight import Oversight

SHOWN_S = 30
"""How long a portrait stands on the clerk's screen, in seconds."""
PORTRAITS = "/internal/portraits/<visit_id>"


def add_holders(app: Flask, board: Board, oversight: Oversight) -> None:
    """Give the app the pages on which a clerk compares."""
    box = oversight.box

    @app.context_processor
    def shared() -> dict[str, object]:
        return {"has_compare": True}

    @app.get("/visits/<visit_id>/compare")
    def compare(visit_id: str) -> Response:
        row = _row(board, visit_id)
        sides = () if row.person is None else compared(row.person, oversight.roster)
        facts = {"waits": box.has(visit_id), "looked": oversight.holders.can_record(visit_id)}
        return make_response(render_template("staff/compare.html", row=row, sides=sides, shown_s=SHOWN_S, **facts))

    @app.get("/visits/<visit_id>/portrait.jpg")
    def portrait(visit_id: str) -> Response:
        image = box.take(_row(board, visit_id).visit_id)
        if image is None:
            abort(HTTPStatus.GONE)
        try:
            # Written down first: nobody looks at a face without being known to have looked.
            oversight.holders.shown(visit_id, by=board.clerk)
            return Response(bytes(image), mimetype="image/jpeg")
        except StoreUnavailable:
            abort(HTTPStatus.SERVICE_UNAVAILABLE)
        finally:
            wipe(image)

    @app.post("/visits/<visit_id>/holder")
    def holder_seen(visit_id: str) -> AnyResponse:
        row = _row(board, visit_id)
        try:
            seen = HolderSeen(request.form.get("seen", ""))
            oversight.holders.record(row.visit_id, seen, by=board.clerk)
        except StoreUnavailable:
            flash(str(gettext("staff.problem.store_unavailable")), "problem")
        except NotLooked:
            flash(str(gettext("staff.problem.not_looked")), "problem")
        except ValueError:
            flash(str(gettext("staff.problem.gone")), "problem")
        else:
            box.drop(row.visit_id)
            flash(str(gettext(f"staff.done.holder_{seen.value}", number=row.number)), "done")
        query = current_preferences().query
        back = url_for("compare", visit_id=visit_id, **query) if row.state == "desk" else url_for("show", **query)
        return redirect(back, HTTPStatus.SEE_OTHER)


def add_portraits(app: Flask, oversight: Oversight, token: bytes) -> None:
    """Give the app the one address to which the patient's process brings portraits."""
    portraits = Blueprint("portraits", __name__)
    expected = expected_of(token)

    @portraits.post(PORTRAITS)
    def put(visit_id: str) -> Response:
        check_caller(expected, mimetype="image/jpeg", largest=LARGEST)
        try:
            oversight.box.put(visit_id, bytearray(request.get_data(cache=False)))
        except ValueError:
            abort(HTTPStatus.BAD_REQUEST)
        return Response(status=HTTPStatus.NO_CONTENT)

    # Its caller has no form: the bearer token is what no other program knows.
    app.extensions["csrf"].exempt(portraits)
    app.register_blueprint(portraits)


def _row(board: Board, visit_id: str) -> VisitRow:
    row = board.desk.visit(visit_id)
    if row is None:
        abort(HTTPStatus.NOT_FOUND)
    return row
