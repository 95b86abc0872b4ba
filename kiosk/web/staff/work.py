"""The worklist at the staff screen: what is to be put right, side by side, with its counts, and the insurer's file."""

from dataclasses import dataclass
from http import HTTPStatus

from flask import Flask, abort, flash, make_response, redirect, render_template, url_for
from flask_babel import format_percent, gettext
from werkzeug.wrappers import Response

from kiosk.domain.match import NameMatch, match_names
from kiosk.domain.tickets import clinic_day
from kiosk.domain.worklist import ClosedHow, Field
from kiosk.insurance.staff_roster import StaffRoster
from kiosk.ports import StoreUnavailable
from kiosk.services.worklist import Counts, Worklist, WorkRow
from kiosk.services.worklist_export import csv_file, for_insurer
from kiosk.web.common.preferences import current_preferences
from kiosk.web.staff.board import Board

SHOWN = 200
"""How many entries stand on the page; the file has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedShare:
    """Which part of the personal numbers is linked, in percent, with the numbers behind it, against the target."""

    percent: float
    target: float
    linked: int
    personal: int

    @property
    def reached(self) -> bool:
        """Whether the target is reached, as exactly as it is shown."""
        return round(self.percent, 1) >= round(self.target, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleanliness:
    """What the pages of the worklist need; ``target`` is the province's linked share, from 0 to 1."""

    worklist: Worklist
    roster: StaffRoster | None
    target: float

    def linked(self) -> LinkedShare | None:
        """The linked share of the roster that lies there; None where it has no personal numbers, or is none."""
        info = None if self.roster is None else self.roster.info
        if info is None or not info.personal:
            return None
        return LinkedShare(
            percent=100 * info.linked_share, target=100 * self.target, linked=info.linked, personal=info.personal
        )


def add_work(app: Flask, board: Board, clean: Cleanliness) -> None:
    """Give the app the pages of the worklist."""
    worklist = clean.worklist

    @app.context_processor
    def shared() -> dict[str, object]:
        return {
            "has_work": True,
            "work_counts": worklist.counts,
            "papers_due": worklist.due,
            "linked_share": clean.linked,
            "side_by_side": _side_by_side,
            "visit_of": lambda visit_id: board.desk.visit(visit_id) if visit_id else None,
        }

    app.jinja_env.filters.update(percent=_percent, work_value=_value, work_grade=_grade)

    @app.get("/worklist")
    def work() -> Response:
        rows = worklist.rows(limit=SHOWN)
        counts: Counts = worklist.counts()
        return make_response(render_template("staff/work.html", rows=rows, counts=counts))

    @app.post("/worklist/<work_id>/close")
    def close_work(work_id: str) -> Response:
        row = worklist.row(work_id)
        if row is None:
            abort(HTTPStatus.NOT_FOUND)
        papers = row.field is Field.PAPERS
        try:
            worklist.close(work_id, by=board.clerk, how=ClosedHow.PAPERS if papers else ClosedHow.STAFF)
        except StoreUnavailable:
            flash(str(gettext("staff.problem.store_unavailable")), "problem")
        else:
            flash(str(gettext("staff.done.papers" if papers else "staff.done.work_closed")), "done")
        return redirect(url_for("show" if papers else "work", **current_preferences().query), HTTPStatus.SEE_OTHER)

    @app.post("/worklist/export")
    def export_work() -> Response:
        rows = for_insurer(worklist.rows())
        # Marked first: a file that cannot be noted as sent does not leave.
        try:
            worklist.mark_sent([row.work_id for row in rows], by=board.clerk)
        except StoreUnavailable:
            flash(str(gettext("staff.problem.store_unavailable")), "problem")
            return redirect(url_for("work", **current_preferences().query), HTTPStatus.SEE_OTHER)
        name = f"worklist-{board.clinic.code}-{clinic_day(board.clock.now()):%Y%m%d}.csv"
        response = make_response(csv_file(rows, clinic=board.clinic.code))
        response.mimetype = "text/csv"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response


def _side_by_side(row: WorkRow) -> NameMatch | None:
    """The words of two names against each other; None for anything but two names."""
    if row.field is not Field.NAME or not row.left or not row.right:
        return None
    return match_names(row.left, row.right)


def _percent(share: float) -> str:
    """A share in percent with one digit behind the point, as the language of the page writes it."""
    return str(format_percent(share / 100, "0.0%"))


def _value(row: WorkRow, side: str) -> str:
    """A value as people read it: dates the Vietnamese way, a sex as a word."""
    text: str = getattr(row, side)
    match row.field:
        case Field.BIRTH:
            return "/".join(reversed(text.split("-"))) if "-" in text else text
        case Field.SEX if text in ("F", "M"):
            return str(gettext(f"staff.type.sex.{text}"))
        case _:
            return text


def _grade(row: WorkRow) -> str:
    """The grade in words: that of two births for a birth, of two names otherwise."""
    kind = "birth" if row.field is Field.BIRTH else "grade"
    return str(gettext(f"match.{kind}.{row.grade}"))
