"""The page of cards that were reported lost: numbers go in and come out, and none is ever shown."""

from collections.abc import Callable
from http import HTTPStatus

from flask import Flask, Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kiosk.domain.tickets import VIETNAM_TIME
from kiosk.ports import StoreUnavailable
from kiosk.services.lost_cards import BadNumber, LostCards
from kiosk.web.common.preferences import current_preferences
from kiosk.web.staff.board import Board


def add_lost(app: Flask, board: Board, lost: LostCards, device: str) -> None:
    """Give the app the page of lost cards."""

    @app.context_processor
    def shared() -> dict[str, object]:
        return {"has_lost": True}

    @app.get("/lost", endpoint="lost")
    def show_lost() -> Response:
        return _page()

    @app.post("/lost/add")
    def add_lost() -> AnyResponse:
        def add() -> None:
            many = lost.add([request.form.get("number", "")], by=board.clerk, device=device, clock=board.clock)
            flash(str(gettext("staff.done.lost_added" if many else "staff.done.lost_there")), "done")

        return _done(add)

    @app.post("/lost/remove")
    def remove_lost() -> AnyResponse:
        def remove() -> None:
            many = lost.remove([request.form.get("number", "")], by=board.clerk, device=device, clock=board.clock)
            flash(str(gettext("staff.done.lost_removed" if many else "staff.done.lost_not_there")), "done")

        return _done(remove)

    def _page(problem: str = "") -> Response:
        page = render_template(
            "staff/lost.html",
            rows=lost.rows(),
            count=lost.count(),
            problem=problem,
            when=lambda row: row.added_at.astimezone(VIETNAM_TIME).strftime("%H:%M %d/%m/%Y"),
        )
        return make_response(page, HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK)

    def _done(deed: Callable[[], None]) -> AnyResponse:
        try:
            deed()
        except BadNumber:
            return _page("number")
        except StoreUnavailable:
            flash(str(gettext("staff.problem.store_unavailable")), "problem")
        return redirect(url_for("lost", **current_preferences().query), HTTPStatus.SEE_OTHER)
