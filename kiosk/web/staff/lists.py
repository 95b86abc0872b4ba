"""The whole of each list of which the board shows the first rows: page after page, by plain links."""

from http import HTTPStatus

from flask import Flask, Response, abort, make_response, render_template, request

from kiosk.web.staff.board import PAGE, Board, pages_of
from kiosk.web.staff.oversight import MINE

_PAGES = 1000
_TEMPLATES = {"exceptions": "exceptions", "tickets": "tickets", "earlier": "tickets", "admissions": "admissions"}
_TITLES = _TEMPLATES | {"earlier": "tickets.earlier"}


def add_lists(app: Flask, board: Board) -> None:
    """Give the app the pages of whole lists."""

    @app.get("/lists/<what>")
    def whole_list(what: str) -> Response:
        page = request.args.get("page", default=1, type=int)
        if what not in _TEMPLATES or not 1 <= page <= _PAGES:
            abort(HTTPStatus.NOT_FOUND)
        first, last = (page - 1) * PAGE, page * PAGE
        rows = board.rows(what, last + 1, by=board.clerk if request.args.get("show") == MINE else None)
        context = {
            "what": what,
            "title": f"staff.{_TITLES[what]}",
            "rows_template": f"staff/{_TEMPLATES[what]}.html",
            "page": page,
            "more": len(rows) > last,
            "shown": PAGE,
            "rows": rows[first:last],
            "ticket_pages": pages_of(board.tickets()) if what == "exceptions" else {},
        }
        return make_response(render_template("staff/list.html", **context))
