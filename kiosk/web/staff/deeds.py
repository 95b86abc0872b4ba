"""What staff do: confirm a desk ticket, type who it is, settle an exception, say that somebody was called."""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus

from flask import Flask, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from idcard import ClaimedIdentity
from kiosk.domain.codes import Resolution
from kiosk.domain.corrections import CancelReason
from kiosk.domain.staff import Override
from kiosk.ports import StoreUnavailable
from kiosk.services.desk import NotConfirmable, VisitRow
from kiosk.services.staff_accounts import StaffAccounts
from kiosk.web.common.preferences import current_preferences
from kiosk.web.common.words import local
from kiosk.web.staff.board import Board
from kiosk.web.staff.looks import saw
from kiosk.web.staff.second import agreed
from kiosk.web.staff.typed import BadField, typed_claim


def add_deeds(app: Flask, board: Board, accounts: StaffAccounts) -> None:
    """Give the app what staff can do. Every deed ends on the board, with a word of what came of it."""

    @app.post("/tickets/<visit_id>/confirm")
    def confirm(visit_id: str) -> Response:
        row = board.desk.visit(visit_id)
        override = None
        if row is not None and not row.needs_typing and "override" in request.form:
            try:
                override = agreed(accounts, request.form, row)
            except BadField as problem:
                flash(str(gettext(f"staff.problem.bad_{problem}")), "problem")
                return redirect(
                    url_for("compare", visit_id=visit_id, **current_preferences().query), HTTPStatus.SEE_OTHER
                )
        return _confirmed(board, visit_id, None, override)

    @app.post("/tickets/<visit_id>/type")
    def typed(visit_id: str) -> Response:
        try:
            claim = typed_claim(request.form)
            # Where the try cannot be counted, the store is gone: the whole request fails.
            override = agreed(accounts, request.form, board.desk.visit(visit_id))
        except BadField as problem:
            return _again(board, visit_id, str(problem))
        return _confirmed(board, visit_id, claim, override)

    @app.post("/tickets/<visit_id>/called")
    def called(visit_id: str) -> Response:
        def call() -> str:
            board.desk.mark_called(visit_id, by=board.clerk)
            return str(gettext("staff.done.called"))

        return _done(call)

    @app.post("/exceptions/<notice_id>/settle")
    def settle(notice_id: str) -> Response:
        def resolve() -> str:
            board.desk.resolve(notice_id, by=board.clerk, resolution=Resolution(request.form.get("resolution", "")))
            return str(gettext("staff.done.settled"))

        return _done(resolve)


def _confirmed(
    board: Board, visit_id: str, claim: ClaimedIdentity | None, override: Override | None = None
) -> Response:
    """Confirm, and go back to the board; to the form, with both sides, where a number is another's."""
    deed = partial(_confirm, board, visit_id, claim, override)
    return _done(deed, refused=lambda problem: _refused(board, visit_id, problem, typed=claim is not None))


def _refused(board: Board, visit_id: str, problem: NotConfirmable, *, typed: bool) -> Response | None:
    """The page on which a clerk compares, where there is something to compare, or asks the second person."""
    if problem.compared is not None or (typed and problem.reason == "needs_second"):
        return _again(board, visit_id, "", problem)
    row, other = board.desk.visit(visit_id), board.desk.visit(problem.other or "")
    if row is None or other is None:
        return None
    saw((row.visit_id, other.visit_id))
    return two_compared(row, other)


def two_compared(
    row: VisitRow, other: VisitRow, *, problem: str = "", said: str = "staff.problem.already_admitted"
) -> Response:
    """A desk ticket and the admission under the same number, side by side, and how one may take the other's place.

    :param problem: the field that is missing or wrong. :param said: what went wrong, a word of the catalogue.
    """
    words = {"reasons": tuple(CancelReason), "typed": request.form, "problem": problem, "said": said}
    return make_response(render_template("staff/second.html", row=row, other=other, **words), HTTPStatus.CONFLICT)


def _confirm(board: Board, visit_id: str, claim: ClaimedIdentity | None, override: Override | None = None) -> str:
    room = board.clinic.room(request.form.get("room", ""))
    ticket = board.desk.confirm(visit_id, room.id, by=board.clerk, claim=claim, override=override)
    row = board.desk.visit(visit_id)
    moved = row is not None and row.first_number is not None
    said = "staff.done.confirmed_anew" if moved else "staff.done.confirmed"
    return str(gettext(said, number=ticket.number, room=local(room, "name")))


def _done(
    deed: Callable[[], str], refused: Callable[[NotConfirmable], Response | None] = lambda problem: None
) -> Response:
    """Do it, and go back to the board, which says what came of it."""
    try:
        flash(deed(), "done")
    except NotConfirmable as problem:
        page = refused(problem)
        if page is not None:
            return page
        flash(_problem(problem.reason), "problem")
    except StoreUnavailable:
        flash(_problem("store_unavailable"), "problem")
    except ValueError:
        flash(_problem("gone"), "problem")
    return redirect(url_for("show", **current_preferences().query), HTTPStatus.SEE_OTHER)


def _again(board: Board, visit_id: str, problem: str, refused: NotConfirmable | None = None) -> Response:
    """The form once more, with what was typed and what is missing."""
    row = board.desk.visit(visit_id)
    if row is None:
        abort(HTTPStatus.NOT_FOUND)
    words = {"row": row, "problem": problem, "typed": request.form, "refused": refused}
    page = render_template("staff/typing.html", **words)
    return make_response(page, HTTPStatus.UNPROCESSABLE_ENTITY)


def _problem(reason: str) -> str:
    return str(gettext(f"staff.problem.{reason}"))
