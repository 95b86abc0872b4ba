"""The way in and out of the staff's app: log in, lock, give the password again, log out."""

from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus

from flask import (
    Flask,
    Response,
    flash,
    g,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kiosk.domain.route import Clinic
from kiosk.ports import StoreUnavailable
from kiosk.services.staff_accounts import BadAccount
from kiosk.services.staff_sessions import Login, StaffSessions
from kiosk.turns import RETRY_AFTER_S, TooManyAtOnce
from kiosk.web.common.preferences import current_preferences
from kiosk.web.staff.access import TOKEN, current_account


def add_login(app: Flask, sessions: StaffSessions, clinic: Clinic) -> None:
    """Give the app its way in, its lock, and the administrator's list of accounts."""
    accounts = sessions.accounts

    @app.get("/login")
    def login() -> Response:
        return _form(clinic, nobody=not accounts.all())

    @app.post("/login")
    def log_in() -> AnyResponse:
        try:
            token = sessions.begin(request.form.get("sign", "").strip().lower(), request.form.get("password", ""))
        except StoreUnavailable:
            return _form(clinic, problem="store_unavailable")
        except TooManyAtOnce:
            return come_again(_form(clinic, problem="busy"))
        if token is None:
            return _form(clinic, problem="login")
        # Another cookie than before: whoever knew that one knows nothing of this one.
        sessions.end(str(session.get(TOKEN, "")))
        session.clear()
        session[TOKEN] = token
        return _to("show")

    @app.get("/state")
    def state() -> Response:
        return _state(sessions)

    @app.post("/awake")
    def awake() -> Response:
        return _state(sessions)

    @app.post("/lock")
    def lock() -> AnyResponse:
        own: Login = g.login
        own.locked, own.held = True, own.held if own.locked else None
        _leave(app)
        return _to("locked")

    @app.get("/locked")
    def locked() -> AnyResponse:
        own: Login = g.login
        return _locked() if own.locked else _go_on(own)

    @app.post("/locked")
    def unlock() -> AnyResponse:
        own: Login = g.login
        by_script = request.headers.get("X-Requested-With") == "fetch"
        try:
            right = not own.locked or sessions.unlock(own, request.form.get("password", ""))
        except StoreUnavailable:
            right = False
        except TooManyAtOnce:
            return come_again(_state(sessions) if by_script else _locked(problem="busy"))
        if by_script:
            return _state(sessions)
        return _go_on(own) if right else _locked(problem="login")

    @app.post("/logout")
    def log_out() -> AnyResponse:
        sessions.end(str(session.get(TOKEN, "")))
        _leave(app)
        accounts.audit("logout", {"account": current_account().sign})
        session.clear()
        return _to("login")

    @app.get("/accounts", endpoint="accounts")
    def list_accounts() -> Response:
        return make_response(
            render_template(
                "staff/accounts.html", accounts=accounts.all(), keys=sessions.keys.all() if sessions.keys else ()
            )
        )

    @app.post("/accounts/<sign>/lock")
    def lock_account(sign: str) -> AnyResponse:
        return _changed(lambda: accounts.lock(sign, by=current_account().sign))

    @app.post("/accounts/<sign>/unlock")
    def unlock_account(sign: str) -> AnyResponse:
        return _changed(lambda: accounts.unlock(sign, by=current_account().sign))


def _leave(app: Flask) -> None:
    """What ends when a clerk goes, or locks the screen; where the store cannot be used, it ends by itself soon."""
    for ending in app.extensions.get("at_leaving", ()):
        with suppress(StoreUnavailable):
            ending(current_account().sign)


def _changed(change: Callable[[], None]) -> AnyResponse:
    try:
        change()
    except BadAccount as problem:
        flash(str(gettext(f"staff.problem.account_{problem}")), "problem")
    except StoreUnavailable:
        flash(str(gettext("staff.problem.store_unavailable")), "problem")
    else:
        flash(str(gettext("staff.done.account")), "done")
    return _to("accounts")


def _form(clinic: Clinic, *, problem: str = "", nobody: bool = False) -> Response:
    page = render_template("staff/login.html", clinic=clinic, problem=problem, nobody=nobody)
    return make_response(page, HTTPStatus.FORBIDDEN if problem else HTTPStatus.OK)


def _locked(problem: str = "") -> Response:
    page = render_template("staff/locked.html", problem=problem)
    return make_response(page, HTTPStatus.FORBIDDEN if problem else HTTPStatus.OK)


def _go_on(own: Login) -> AnyResponse:
    """Back to what was at hand: a page is opened again, and what was sent is shown to be sent with one tap."""
    held, own.held = own.held, None
    if held is None:
        return _to("show")
    if not held.is_form:
        return redirect(held.address, HTTPStatus.SEE_OTHER)
    return make_response(render_template("staff/go_on.html", held=held))


def come_again(answer: AnyResponse) -> AnyResponse:
    """The same answer, which says to programs as well that it is only too much just now."""
    answer.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    answer.headers["Retry-After"] = str(RETRY_AFTER_S)
    return answer


def _state(sessions: StaffSessions) -> Response:
    """For the page's script: whether the screen is ``open``, ``locked``, or nobody is logged in any more."""
    try:
        found = sessions.find(str(session.get(TOKEN, "")))
    except StoreUnavailable:
        return jsonify(state="open")  # the board says by itself that nothing comes
    return jsonify(state="gone" if found is None else "locked" if found.locked else "open")


def _to(endpoint: str) -> AnyResponse:
    return redirect(url_for(endpoint, **current_preferences().query), HTTPStatus.SEE_OTHER)
