"""What officers do: close what they looked at, open one person's events for a reason, look after accounts."""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus

from flask import Flask, Response, abort, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from kiosk.hub.picture.accounts import BadOfficer, Officers
from kiosk.hub.picture.acts import Act, newest_acts, write_act
from kiosk.hub.picture.config import PictureConfig
from kiosk.hub.picture.looking import SHORTEST_WORDS, LookReason, look_at_person
from kiosk.hub.picture.web.access import current_officer
from kiosk.hub.picture.web.showing import say_here
from kiosk.hub.store import closing
from kiosk.hub.store.database import HubDatabase

_ACTS = 500


def add_deeds(
    app: Flask, database: HubDatabase, officers: Officers, config: PictureConfig, now: Callable[[], datetime]
) -> None:
    """Give the app its acts."""
    _add_closing(app, database, now)
    _add_looking(app, database, now)

    @app.get("/acts")
    def acts() -> Response:
        only = "looked" if request.args.get("only") == "looked" else None
        with database.read() as connection:
            found = newest_acts(connection, _ACTS, only=only)
        return make_response(render_template("picture/acts.html", acts=found, only=only))

    @app.get("/accounts")
    def accounts() -> Response:
        return make_response(render_template("picture/accounts.html", accounts=officers.all()))

    @app.post("/accounts/<sign>/lock")
    def lock_account(sign: str) -> AnyResponse:
        if sign == current_officer().sign:
            return _back("accounts", "problem.self", kind="problem")
        return _changed(lambda: officers.lock(sign, by=current_officer().sign))

    @app.post("/accounts/<sign>/unlock")
    def unlock_account(sign: str) -> AnyResponse:
        return _changed(lambda: officers.unlock(sign, by=current_officer().sign))


def _add_closing(app: Flask, database: HubDatabase, now: Callable[[], datetime]) -> None:
    @app.post("/alarms/close")
    def close_alarm() -> AnyResponse:
        key = _field("clinic"), _field("device"), _field("kind"), _field("mark", empty=True)
        sign, at = current_officer().sign, now()
        with database.write() as connection:
            if not closing.close_alarm(connection, key, by=sign, now=at):
                return _back("alarms", "problem.gone", kind="problem")
            subject = f"{key[2]} {key[3]}"[:128]
            write_act(connection, Act(sign=sign, act="alarm_closed", clinic=key[0], subject=subject), at)
        return _back("alarms", "done.closed")

    @app.post("/worklists/close")
    def close_second() -> AnyResponse:
        clinic, visit = _field("clinic"), _visit()
        sign, at = current_officer().sign, now()
        with database.write() as connection:
            if not closing.close_second(connection, clinic, visit, by=sign, now=at):
                return _back("worklists", "problem.gone", kind="problem")
            write_act(connection, Act(sign=sign, act="second_closed", clinic=clinic, subject=visit.hex()), at)
        return _back("worklists", "done.closed")


def _add_looking(app: Flask, database: HubDatabase, now: Callable[[], datetime]) -> None:
    @app.post("/look")
    def look() -> Response:
        return _ask(_field("clinic"), _visit())

    @app.post("/looked")
    def looked() -> Response:
        clinic, visit, words = _field("clinic"), _visit(), request.form.get("words", "")
        try:
            reason = LookReason(request.form.get("reason", ""))
            told = look_at_person(
                database, (clinic, visit), now(), by=current_officer().sign, reason=reason, words=words
            )
        except ValueError:
            return _ask(clinic, visit, problem="problem.words", words=words)
        return make_response(render_template("picture/looked.html", told=told, clinic=clinic))


def _ask(clinic: str, visit: bytes, *, problem: str = "", words: str = "") -> Response:
    page = render_template(
        "picture/look.html",
        clinic=clinic,
        visit=visit.hex(),
        reasons=tuple(LookReason),
        problem=problem,
        words=words,
        shortest=SHORTEST_WORDS,
    )
    return make_response(page, HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK)


def _field(name: str, *, empty: bool = False) -> str:
    value = request.form.get(name, "")
    if (not value and not empty) or len(value) > 64:
        abort(HTTPStatus.BAD_REQUEST)
    return value


def _visit() -> bytes:
    try:
        visit = bytes.fromhex(_field("visit"))
    except ValueError:
        visit = b""
    if len(visit) != 16:
        abort(HTTPStatus.BAD_REQUEST)
    return visit


def _changed(change: Callable[[], None]) -> AnyResponse:
    try:
        change()
    except BadOfficer:
        return _back("accounts", "problem.gone", kind="problem")
    return _back("accounts", "done.account")


def _back(endpoint: str, word: str, *, kind: str = "done") -> AnyResponse:
    flash(say_here(word), kind)
    return redirect(url_for(endpoint), HTTPStatus.SEE_OTHER)
