"""The record of a visit at the staff screen: what it says, its route, and how it is corrected."""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus

from flask import Flask, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from kiosk.domain.corrections import CancelReason
from kiosk.domain.tickets import VIETNAM_TIME, clinic_day
from kiosk.domain.ways import Way
from kiosk.ports import StoreUnavailable
from kiosk.services.corrections import Corrections, EventRow, NotCorrectable
from kiosk.services.desk import VisitRow
from kiosk.services.route import LeftOpen, RouteProposer, routes_on
from kiosk.services.staff_accounts import StaffAccounts
from kiosk.web.common.preferences import current_preferences
from kiosk.web.common.words import local
from kiosk.web.staff.board import Board
from kiosk.web.staff.deeds import two_compared
from kiosk.web.staff.looks import saw
from kiosk.web.staff.second import agreed
from kiosk.web.staff.typed import BadField, typed_claim

_ABOUT_THE_PERSON = frozenset({"already_admitted", "anothers_number", "needs_second", "override_limit"})
"""What is wrong with who was typed: the form is shown again, with what stands in it."""


def add_record(app: Flask, board: Board, corrections: Corrections, accounts: StaffAccounts) -> None:
    """Give the app the page of a record, and what staff can do to it."""

    @app.context_processor
    def shown() -> dict[str, object]:
        own = {"cancelled_today": corrections.cancelled_today, "place_of": _place(board), "clock_time": _clock_time}
        return {"has_records": True, **own}

    proposer = RouteProposer(board.clinic)

    @app.template_global()
    def route_left_open(row: VisitRow) -> LeftOpen | None:
        return proposer.left_open(
            home_clinic=None if row.person is None else row.person.home_clinic,
            on=clinic_day(board.clock.now()),
            emergency=row.way == Way.EMERGENCY,
            newborn=row.way == Way.NEWBORN,
        )

    @app.get("/visits/<visit_id>")
    def record(visit_id: str) -> Response:
        return _page(board, corrections, visit_id, "staff/record.html")

    @app.post("/visits/<visit_id>/route")
    def confirm_route(visit_id: str) -> Response:
        def confirm() -> str:
            code = request.form.get("route", "")
            corrections.confirm_route(visit_id, code, by=board.clerk)
            return str(gettext("staff.done.route", code=code))

        return _done(confirm, visit_id)

    @app.post("/visits/<visit_id>/room")
    def correct_room(visit_id: str) -> Response:
        def correct() -> str:
            room = board.clinic.room(request.form.get("room", ""))
            ticket = corrections.correct_room(visit_id, room.id, by=board.clerk)
            return str(gettext("staff.done.room", number=ticket.number, room=local(room, "name")))

        return _done(correct, visit_id)

    @app.post("/visits/<visit_id>/cancel")
    def cancel(visit_id: str) -> Response:
        def take_back() -> str:
            corrections.cancel(visit_id, reason=CancelReason(request.form.get("reason", "")), by=board.clerk)
            return str(gettext("staff.done.cancelled"))

        return _done(take_back, visit_id)

    @app.post("/tickets/<visit_id>/instead/<wrong_id>")
    def instead(visit_id: str, wrong_id: str) -> Response:
        def again(problem: str, said: str) -> Response | None:
            row, other = board.desk.visit(visit_id), board.desk.visit(wrong_id)
            if row is None or other is None:
                return None
            saw((row.visit_id, other.visit_id))
            return two_compared(row, other, problem=problem, said=f"staff.problem.{said}")

        try:
            override = agreed(accounts, request.form, board.desk.visit(visit_id))
        except BadField as problem:
            return again(str(problem), "needs_second") or abort(HTTPStatus.NOT_FOUND)

        def admit() -> str:
            room = board.clinic.room(request.form.get("room", ""))
            reason = CancelReason(request.form.get("reason", ""))
            ticket = corrections.admit_instead(
                visit_id, wrong_id, room.id, reason=reason, by=board.clerk, override=override
            )
            return str(gettext("staff.done.replaced", number=ticket.number, room=local(room, "name")))

        def refused(problem: NotCorrectable) -> Response | None:
            return again("", problem.reason) if problem.reason in ("needs_second", "override_limit") else None

        return _done(admit, wrong_id, refused)

    @app.get("/visits/<visit_id>/person")
    def person(visit_id: str) -> Response:
        return _page(board, corrections, visit_id, "staff/person.html", typed={}, problem="", refused="")

    @app.post("/visits/<visit_id>/person")
    def replace_person(visit_id: str) -> Response:
        def again(*, problem: str = "", refused: str = "") -> Response:
            words = {"typed": request.form, "problem": problem, "refused": refused}
            return _page(board, corrections, visit_id, "staff/person.html", wrong=True, **words)

        try:
            claim = typed_claim(request.form)
            override = agreed(accounts, request.form, None)
        except BadField as problem:
            return again(problem=str(problem))

        def replace() -> str:
            room = board.clinic.room(request.form.get("room", ""))
            ticket = corrections.replace_person(visit_id, claim, room.id, by=board.clerk, override=override)
            return str(gettext("staff.done.replaced", number=ticket.number, room=local(room, "name")))

        def refused(problem: NotCorrectable) -> Response | None:
            return again(refused=problem.reason) if problem.reason in _ABOUT_THE_PERSON else None

        return _done(replace, visit_id, refused)


def _page(
    board: Board, corrections: Corrections, visit_id: str, template: str, *, wrong: bool = False, **words: object
) -> Response:
    row, record = board.desk.visit(visit_id), corrections.record(visit_id)
    if row is None or record is None:
        abort(HTTPStatus.NOT_FOUND)
    routes = routes_on(clinic_day(board.clock.now()))
    page = render_template(template, row=row, record=record, routes=routes, reasons=tuple(CancelReason), **words)
    return make_response(page, HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK)


def _clock_time(at: datetime) -> str:
    """An instant as the clinic's clocks show it."""
    return at.astimezone(VIETNAM_TIME).strftime("%H:%M %d/%m/%Y")


def _place(board: Board) -> Callable[[EventRow], str]:
    """What an event changed, in words: rooms by name, routes by their code; and when."""

    def named(event: EventRow) -> str:
        at = event.at.astimezone(VIETNAM_TIME).strftime("%H:%M %d/%m")
        if event.kind == "corrected":
            rooms = [board.clinic.room_or_bare(room) for room in (event.before, event.after) if room]
            return f"{at} · {' → '.join(local(room, 'name') for room in rooms)}"
        if event.kind == "route_confirmed":
            # What was proposed and is confirmed is said once.
            return f"{at} · {' → '.join(dict.fromkeys(code for code in (event.before, event.after) if code))}"
        return at

    return named


def _done(
    deed: Callable[[], str],
    visit_id: str,
    refused: Callable[[NotCorrectable], Response | None] = lambda problem: None,
) -> Response:
    """Do it, and go back to the record, which says what came of it; to the board where there is no record.

    :param refused: the page that says more of a refusal, where there is one.
    """
    try:
        flash(deed(), "done")
    except NotCorrectable as problem:
        page = refused(problem)
        if page is not None:
            return page
        flash(_problem(problem.reason), "problem")
        if problem.reason == "gone":
            return redirect(url_for("show", **current_preferences().query), HTTPStatus.SEE_OTHER)
    except StoreUnavailable:
        flash(_problem("store_unavailable"), "problem")
    except ValueError:
        flash(_problem("gone"), "problem")
    return redirect(url_for("record", visit_id=visit_id, **current_preferences().query), HTTPStatus.SEE_OTHER)


def _problem(reason: str) -> str:
    return str(gettext(f"staff.problem.{reason}"))
