"""The forms for whoever comes otherwise: one a way, on a desk ticket or for somebody who comes straight to the desk."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus

from flask import Flask, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from kiosk.domain.ways import Paper, Way, WayRule
from kiosk.ports import StoreUnavailable
from kiosk.services.desk import NotConfirmable, VisitRow
from kiosk.services.other_ways import OtherWays
from kiosk.services.staff_accounts import StaffAccounts
from kiosk.services.ways import WayOutcome
from kiosk.web.common.preferences import current_preferences
from kiosk.web.common.words import local
from kiosk.web.staff.board import Board
from kiosk.web.staff.looks import saw
from kiosk.web.staff.presented import filled, presented_of
from kiosk.web.staff.second import agreed
from kiosk.web.staff.typed import BadField

STRAIGHT = (Way.EMERGENCY, Way.CHILD, Way.NEWBORN, Way.GUARDIAN, Way.FOREIGNER, Way.PAPERS)
"""The ways of those who come straight to the desk, the most urgent first."""
ON_TICKET = (Way.CHIP_AND_NUMBER, Way.CHILD, Way.NEWBORN, Way.GUARDIAN, Way.FOREIGNER, Way.PAPERS)
"""The ways by which a desk ticket can be settled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """A form: its way, its ticket where there is one, and what was typed into it."""

    way: Way
    row: VisitRow | None
    typed: Mapping[str, str]

    @property
    def visit_id(self) -> str | None:
        return None if self.row is None else self.row.visit_id


def add_arrivals(app: Flask, board: Board, ways: OtherWays, accounts: StaffAccounts) -> None:
    """Give the app its forms for other ways."""

    @app.context_processor
    def shared() -> dict[str, object]:
        return {"straight_ways": STRAIGHT, "roster_cover": ways.cover_of}

    @app.get("/arrivals/<way>")
    def arrival(way: str) -> Response:
        return _form(ways, _Page(way=_way(way, STRAIGHT), row=None, typed={}))

    @app.post("/arrivals/<way>")
    def arrive(way: str) -> Response:
        return _taken(board, ways, accounts, _Page(way=_way(way, STRAIGHT), row=None, typed=request.form))

    @app.get("/tickets/<visit_id>/ways")
    def ticket_ways(visit_id: str) -> Response:
        row = _ticket(board, visit_id)
        return make_response(render_template("staff/ways.html", row=row, ways=_ways_of(row)))

    @app.get("/tickets/<visit_id>/ways/<way>")
    def ticket_way(visit_id: str, way: str) -> Response:
        page = _Page(way=_way(way, ON_TICKET), row=_ticket(board, visit_id), typed={})
        return _form(ways, page)

    @app.post("/tickets/<visit_id>/ways/<way>")
    def ticket_by_way(visit_id: str, way: str) -> Response:
        page = _Page(way=_way(way, ON_TICKET), row=_ticket(board, visit_id), typed=request.form)
        return _taken(board, ways, accounts, page)


def _way(word: str, among: tuple[Way, ...]) -> Way:
    if word not in among:
        abort(HTTPStatus.NOT_FOUND)
    return Way(word)


def _ticket(board: Board, visit_id: str) -> VisitRow:
    row = board.desk.visit(visit_id)
    if row is None or row.state != "desk":
        abort(HTTPStatus.NOT_FOUND)
    return row


def _ways_of(row: VisitRow) -> tuple[Way, ...]:
    """The ways by which this ticket can be settled: a number beside a chip only where a chip was proved."""
    proved = row.read_assurance.value in ("chip_anchored", "chip_pinned", "chip_confirmed") and not row.needs_typing
    return tuple(way for way in ON_TICKET if proved or way is not Way.CHIP_AND_NUMBER)


def _taken(board: Board, ways: OtherWays, accounts: StaffAccounts, page: _Page) -> Response:
    if page.typed.get("do") == "fill":
        return _filled(ways, page)
    try:
        presented = presented_of(page.way, page.typed, page.row, ways)
        room = board.clinic.room(page.typed.get("room", ""))
        presented = replace(presented, override=agreed(accounts, page.typed, page.row))
        outcome = ways.admit(page.visit_id, presented, room.id, by=board.clerk)
    except BadField as problem:
        return _form(ways, page, problem=str(problem))
    except NotConfirmable as problem:
        other = board.desk.visit(problem.other or "")
        return _form(ways, page, said=f"staff.problem.{problem.reason}", other=other)
    except StoreUnavailable:
        return _form(ways, page, said="staff.problem.store_unavailable")
    except ValueError:
        return _form(ways, page, said="staff.problem.gone")
    if outcome.ticket is None:
        return _form(ways, page, outcome=outcome)
    flash(str(gettext("staff.done.way", number=outcome.ticket.number, room=local(room, "name"))), "done")
    if outcome.decision.due is not None:
        flash(str(gettext("staff.done.papers_due")), "done")
    return redirect(url_for("show", **current_preferences().query), HTTPStatus.SEE_OTHER)


def _filled(ways: OtherWays, page: _Page) -> Response:
    """The form with what a code says, for the clerk to look at."""
    try:
        typed = filled(page.typed)
    except BadField as problem:
        return _form(ways, page, problem=str(problem))
    return _form(ways, _Page(way=page.way, row=page.row, typed=typed))


def _form(
    ways: OtherWays,
    page: _Page,
    *,
    problem: str = "",
    said: str = "",
    outcome: WayOutcome | None = None,
    other: VisitRow | None = None,
) -> Response:
    if other is not None:
        saw((other.visit_id,))
    rule = ways.policy.rule(page.way)
    shown = render_template(
        "staff/way.html",
        way=page.way,
        row=page.row,
        typed=page.typed,
        ticked=_ticked(page.typed),
        papers=_papers(rule),
        rule=rule,
        problem=problem,
        said=said,
        outcome=outcome,
        other=other,
    )
    wrong = problem or said or outcome is not None
    return make_response(shown, HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK)


def _ticked(typed: Mapping[str, str]) -> list[str]:
    return typed.getlist("paper") if isinstance(typed, MultiDict) else []


def _papers(rule: WayRule) -> list[Paper]:
    """The papers that count for a way, in the order of the list."""
    counted = {paper for papers in rule.enough for paper in papers}
    return [paper for paper in Paper if paper in counted]
