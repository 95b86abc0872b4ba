"""The shift at the staff screen: who is on duty, a form to open one in one's own name, and a button to end it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from flask import Flask, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from kiosk.domain.names import masked, number_tail
from kiosk.domain.tickets import VIETNAM_TIME
from kiosk.insurance.sources import OnlineCover
from kiosk.ports import StoreUnavailable
from kiosk.services.shift import BadShift, OpenShift, ShiftBook
from kiosk.web.common.preferences import current_preferences
from kiosk.web.staff.access import current_account
from kiosk.web.staff.board import Board

_USUAL_END = "17:00"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Payer:
    """What the staff's app needs to ask the payer.

    :param cover: who asks, or None where this clinic does not. :param token: what the patient's process shows, or None
        where it may not ask. :param opened: called when a shift was opened.
    """

    shifts: ShiftBook
    cover: OnlineCover | None
    token: bytes | None
    opened: Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftRow:
    """The shift on the screen: a masked name, the last digits of the number, local times ``HH:MM``."""

    officer: str
    number_tail: str
    starts: str
    ends: str

    @classmethod
    def of(cls, shift: OpenShift) -> "ShiftRow":
        """What may stand on the screen of this shift."""
        return cls(
            officer=shift.masked_name,
            number_tail=shift.number_tail,
            starts=_local(shift.starts_at),
            ends=_local(shift.ends_at),
        )


def add_shift(app: Flask, board: Board, payer: Payer) -> None:
    """Give the app its pages of the shift."""

    @app.context_processor
    def shown() -> dict[str, object]:
        return {"has_shifts": True, "shift_of": lambda: _present(payer.shifts)}

    @app.get("/shift")
    def shift() -> Response:
        return _form(board, {"starts": _local(board.clock.now()), "ends": _USUAL_END}, "")

    @app.post("/shift")
    def open_shift() -> Response:
        try:
            _open(board, payer.shifts, request.form)
        except BadShift as problem:
            return _form(board, request.form, str(problem))
        except StoreUnavailable:
            flash(str(gettext("staff.problem.store_unavailable")), "problem")
        else:
            payer.opened()
            flash(str(gettext("staff.done.shift_opened")), "done")
        return _back()

    @app.post("/shift/close")
    def close_shift() -> Response:
        try:
            payer.shifts.close(by=board.clerk)
        except StoreUnavailable:
            flash(str(gettext("staff.problem.store_unavailable")), "problem")
        else:
            flash(str(gettext("staff.done.shift_closed")), "done")
        return _back()


def _present(shifts: ShiftBook) -> ShiftRow | None:
    shift = shifts.current()
    return None if shift is None else ShiftRow.of(shift)


def _open(board: Board, shifts: ShiftBook, form: Mapping[str, str]) -> None:
    now = board.clock.now().astimezone(VIETNAM_TIME)
    starts, ends = _at(now, form.get("starts", "")), _at(now, form.get("ends", ""))
    if ends <= starts:
        ends += timedelta(days=1)
    officer = current_account()
    shifts.open(officer.name, officer.number or "", starts_at=starts, ends_at=ends, by=officer.sign)


def _at(now: datetime, text: str) -> datetime:
    """This time of the present day."""
    try:
        time = datetime.strptime(text.strip(), "%H:%M")
    except ValueError:
        raise BadShift("times") from None
    return now.replace(hour=time.hour, minute=time.minute, second=0, microsecond=0)


def _local(instant: datetime) -> str:
    return instant.astimezone(VIETNAM_TIME).strftime("%H:%M")


def _form(board: Board, typed: Mapping[str, str], problem: str) -> Response:
    officer = current_account()
    shown = {"officer": masked(officer.name), "number_tail": number_tail(officer.number)}
    page = render_template("staff/shift.html", typed=typed, problem=problem, **shown)
    return make_response(page, HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK)


def _back() -> Response:
    return redirect(url_for("show", **current_preferences().query), HTTPStatus.SEE_OTHER)
