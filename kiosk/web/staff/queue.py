"""The page of the lines: who waits before a room, who is next, and every act on a ticket. It names nobody."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kiosk.domain.queue import Act, NotDone, State
from kiosk.domain.route import Clinic
from kiosk.domain.tickets import VIETNAM_TIME
from kiosk.ports import StoreUnavailable
from kiosk.services.queue import SHOWN_NEXT, Queue
from kiosk.web.common.preferences import current_preferences
from kiosk.web.common.words import local
from kiosk.web.staff.board import SHOWN, Board

DESK = "desk"
"""What the desk's own line is called in addresses, where rooms have their ids."""
_PAGES = 1000
_BY_HAND = {act.value: act for act in Act if act is not Act.UNDO}


def add_queue(app: Flask, board: Board, queue: Queue) -> None:
    """Give the app the page of the lines."""

    def context() -> dict[str, Any]:
        room_id = _room(board.clinic, request.args.get("room"))
        page = _page()
        line = queue.line(room_id, most=page * SHOWN_NEXT)
        return {
            "place": room_id or DESK,
            "room_name": _name(board.clinic, room_id),
            "line": line,
            "page": page,
            "waiting": line.waiting[(page - 1) * SHOWN_NEXT :],
            "here": line.here[(page - 1) * SHOWN : page * SHOWN],
            "absent": line.absent[(page - 1) * SHOWN : page * SHOWN],
            "more": line.count > page * SHOWN_NEXT or max(len(line.here), len(line.absent)) > page * SHOWN,
            "lines": [(key, _name(board.clinic, key), *count) for key, count in queue.counts().items()],
            "acts": queue.acts(),
            "undoable": queue.undoable(by=board.clerk),
            "now": board.clock.now().astimezone(VIETNAM_TIME).strftime("%H:%M:%S"),
            "name_of": lambda place: _name(board.clinic, place),
            "State": State,
            "DESK": DESK,
            "listed": page * SHOWN,
        }

    @app.get("/queue", endpoint="queue")
    def show_queue() -> Response:
        return make_response(render_template("staff/queue.html", **context()))

    @app.get("/queue/live")
    def queue_live() -> Response:
        return make_response(render_template("staff/queue_live.html", **context()))

    @app.post("/queue/next")
    def call_next() -> AnyResponse:
        room_id = _room(board.clinic, request.form.get("room"))
        expects = request.form.get("expects") or None
        return _done(lambda: _said("call", queue.call_next(room_id, by=board.clerk, expects=expects)))

    @app.post("/queue/tickets/<visit_id>/<act>")
    def queue_act(visit_id: str, act: str) -> AnyResponse:
        deed = _BY_HAND.get(act)
        if deed is None:
            abort(HTTPStatus.NOT_FOUND)
        to = request.form.get("to")
        return _done(lambda: _said(deed.value, queue.act(visit_id, deed, by=board.clerk, room_id=to)))

    @app.post("/queue/undo")
    def undo_act() -> AnyResponse:
        return _done(lambda: _said("undo", queue.undo(by=board.clerk)))


def _page() -> int:
    """Which part of the lists is asked for, counted from 1."""
    page = request.args.get("page", default=1, type=int)
    if not 1 <= page <= _PAGES:
        abort(HTTPStatus.NOT_FOUND)
    return page


def _room(clinic: Clinic, place: str | None) -> str | None:
    """The room whose line is meant; None for the desk's. Without a word it is the first room's."""
    if place == DESK:
        return None
    known = [room.id for room in clinic.rooms]
    if place is not None and place not in known:
        abort(HTTPStatus.NOT_FOUND)
    return place or known[0]


def _name(clinic: Clinic, room_id: str | None) -> str:
    if room_id is None:
        return str(gettext("queue.desk", desk=clinic.desk))
    return local(clinic.room_or_bare(room_id), "name")


def _said(act: str, number: int) -> str:
    return str(gettext(f"queue.done.{act}", number=number))


def _done(deed: Callable[[], str]) -> AnyResponse:
    """Do it, and go back to the line, which says what came of it."""
    try:
        flash(deed(), "done")
    except NotDone as problem:
        flash(str(gettext(f"staff.problem.{problem.why.value}")), "problem")
    except StoreUnavailable:
        flash(str(gettext("staff.problem.store_unavailable")), "problem")
    except ValueError:
        flash(str(gettext("staff.problem.gone")), "problem")
    query = current_preferences().query | {"room": request.form.get("room", DESK)}
    return redirect(url_for("queue", **query), HTTPStatus.SEE_OTHER)
