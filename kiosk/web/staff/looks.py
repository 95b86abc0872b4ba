"""Writes down who opens a page that shows a person, and shows that to a lead: who looked at this record, and at what.

A page that is new is either among those below or among those that name nobody, which a test asks.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from http import HTTPStatus
from typing import Final

from flask import Flask, abort, g, make_response, render_template, request
from werkzeug.exceptions import ServiceUnavailable
from werkzeug.wrappers import Response as AnyResponse

from kiosk.domain.tickets import VIETNAM_TIME, clinic_day
from kiosk.ports import StoreUnavailable
from kiosk.services.looks import BURST_S, SEARCH, LookRow, Looks
from kiosk.web.staff.access import current_account
from kiosk.web.staff.board import Board

OF_ONE: Final = frozenset({"record", "ticket_ways", "ticket_way", "compare", "portrait", "copy_page", "copy_image"})
"""The pages that show the person of one visit, which stands in their address."""
OF_MANY: Final = frozenset({"whole_list", "work", "export_work", SEARCH})
"""The pages that show several people; a search says which."""

SAME: Final = {
    **{"copy_image": "copy_page", "ticket_way": "ticket_ways"},
    **dict.fromkeys(("typed", "confirm", "arrive", "ticket_by_way"), "other"),
}
"""Addresses that are one page to whoever reads of it; what forms answer shows whose number was typed."""
_DAYS = 60
"""How many days are offered; an earlier one can be asked for by its address."""
_SHOWN = (HTTPStatus.OK, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)


def saw(visits: Iterable[str]) -> None:
    """The page that is being made shows these visits, whatever its address says."""
    g.saw = tuple(visits)


def add_looks(app: Flask, board: Board, looks: Looks) -> None:
    """Have the app write down who looks, and give it the pages that say so."""

    @app.context_processor
    def shared() -> dict[str, object]:
        return {"bursts": looks.bursts, "burst_min": BURST_S // 60, "look_at": _at, "look_page": _page_word}

    @app.after_request
    def note(response: AnyResponse) -> AnyResponse:
        page = request.endpoint or ""
        if response.status_code not in _SHOWN or not ("saw" in g or page in OF_ONE | OF_MANY):
            return response
        visits = g.get("saw", ((request.view_args or {}).get("visit_id"),))
        try:
            if visits:
                looks.note(page, visits, by=current_account().sign)
        except StoreUnavailable:
            # Nobody sees a record without being known to have seen it.
            return app.make_response(app.handle_http_exception(ServiceUnavailable()))
        return response

    @app.get("/looks", endpoint="looks")
    def of_day() -> AnyResponse:
        today = clinic_day(board.clock.now())
        try:
            day = date.fromisoformat(request.args.get("day", "") or today.isoformat())
        except ValueError:
            abort(HTTPStatus.NOT_FOUND)
        by, days = request.args.get("by", "")[:64], {today - timedelta(days=ago) for ago in range(_DAYS)}
        shown = {"day": day, "days": sorted(days | {day}, reverse=True), "by": by}
        shown |= {"lookers": looks.lookers(day), "rows": looks.of_day(day, by)}
        return make_response(render_template("staff/looks.html", row=None, **shown))

    @app.get("/visits/<visit_id>/looks")
    def visit_looks(visit_id: str) -> AnyResponse:
        row = board.desk.visit(visit_id)
        if row is None:
            abort(HTTPStatus.NOT_FOUND)
        return make_response(render_template("staff/looks.html", row=row, rows=looks.of_visit(visit_id)))


def _at(row: LookRow) -> str:
    return row.at.astimezone(VIETNAM_TIME).strftime("%H:%M:%S %d/%m/%Y")


def _page_word(row: LookRow) -> str:
    """The id of the page's words."""
    return f"staff.looks.page.{SAME.get(row.page, row.page)}"
