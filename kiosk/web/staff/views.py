"""What staff look at: the board, its live part, and the form for a ticket of somebody who is not known."""

from http import HTTPStatus

from flask import Flask, Response, abort, make_response, render_template

from kiosk.web.common.preferences import current_preferences
from kiosk.web.staff.board import Board


def add_views(app: Flask, board: Board) -> None:
    """Give the app its pages."""

    @app.context_processor
    def shared() -> dict[str, object]:
        return {"clinic": board.clinic, "query": current_preferences().query}

    @app.get("/")
    def show() -> Response:
        return make_response(render_template("staff/page.html", **board.context()))

    @app.get("/live")
    def live() -> Response:
        return make_response(render_template("staff/live.html", **board.context()))

    @app.get("/tickets/<visit_id>")
    def ticket(visit_id: str) -> Response:
        row = board.desk.visit(visit_id)
        if row is None or row.state != "desk":
            abort(HTTPStatus.NOT_FOUND)
        return make_response(render_template("staff/typing.html", row=row, problem="", typed={}))

    @app.get("/health")
    def health() -> Response:
        return Response(status=HTTPStatus.NO_CONTENT)
