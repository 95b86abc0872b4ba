"""Finding a ticket by its number, and giving it out again on paper."""

from dataclasses import replace
from http import HTTPStatus

from flask import Flask, Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kiosk.domain.route import Room
from kiosk.ports import StoreUnavailable
from kiosk.services.ticket_search import CopyReason, Found, TicketSearch, is_printable
from kiosk.web.common.preferences import current_preferences
from kiosk.web.staff.board import Board
from kiosk.web.staff.looks import saw
from kiosk.web.staff.oversight import Oversight

_LONGEST = 6
_BROWSER = "browser"
"""Where there is no printer of a kiosk: the clerk's own."""


def add_search(app: Flask, board: Board, oversight: Oversight) -> None:
    """Give the app its search, and the copies of tickets."""
    search = oversight.search

    @app.context_processor
    def shared() -> dict[str, object]:
        return {"has_search": True, "copy_reasons": tuple(CopyReason), "printers": lambda: _printers(oversight)}

    @app.get("/find")
    def find() -> Response:
        text = request.args.get("number", "").strip()
        number = int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST else None
        found = () if number is None else search.numbered(number)
        saw(each.visit_id for each in found if each.name)
        return make_response(
            render_template(
                "staff/find.html",
                number=text[:_LONGEST],
                wrong=bool(text) and number is None,
                found=found,
                today=search.today,
                printable=lambda each: is_printable(each.state, each.day, search.today),
                copies=lambda each: each.copies,
            )
        )

    @app.post("/visits/<visit_id>/copy")
    def copy(visit_id: str) -> AnyResponse:
        found = _found(search, visit_id)
        try:
            reason = CopyReason(request.form.get("reason", ""))
            printer = request.form.get("printer", _BROWSER)
            if oversight.papers is not None and printer != _BROWSER:
                oversight.papers.print(visit_id, printer=printer, by=board.clerk, reason=reason)
                flash(str(gettext("staff.done.copy", number=found.number)), "done")
                return _to("find", number=found.number)
            search.write_copy(visit_id, reason, by=board.clerk)
        except StoreUnavailable:
            flash(str(gettext("staff.problem.store_unavailable")), "problem")
        except ValueError:
            flash(str(gettext("staff.problem.gone")), "problem")
        else:
            return _to("copy_page", visit_id=visit_id)
        return _to("find", number=found.number)

    @app.get("/visits/<visit_id>/copy")
    def copy_page(visit_id: str) -> Response:
        found = _found(search, visit_id)
        if not found.copies:
            abort(HTTPStatus.NOT_FOUND)
        return make_response(render_template("staff/copy.html", found=found, copy=found.copies))

    @app.get("/visits/<visit_id>/copy.png")
    def copy_image(visit_id: str) -> Response:
        found, kept = _found(search, visit_id), search.ticket(visit_id)
        if kept is None or not found.copies:
            abort(HTTPStatus.NOT_FOUND)
        ticket, room = kept
        place = room or Room(id="", name_vi=str(gettext("staff.tickets")), name_en="", place_vi="", place_en="")
        image = oversight.images.png(replace(ticket, again=True, copy=found.copies), place, "")
        return Response(image, mimetype="image/png")


def _found(search: TicketSearch, visit_id: str) -> Found:
    found = search.find(visit_id)
    if found is None:
        abort(HTTPStatus.NOT_FOUND)
    return found


def _printers(oversight: Oversight) -> tuple[str, ...]:
    """Where copies can be printed: kiosks with a printer, and the clerk's own."""
    rows = () if oversight.papers is None else oversight.papers.printers()
    return (*(row.device for row in rows), _BROWSER)


def _to(endpoint: str, **values: object) -> AnyResponse:
    return redirect(url_for(endpoint, **{**current_preferences().query, **values}), HTTPStatus.SEE_OTHER)
