"""Security keys at the staff's screen: logging in and unlocking with one, registering and revoking them.

A browser speaks to a key only where the address has a name that it trusts: ``localhost`` on this machine, or the name
by which other PCs call this one over TLS. An address of digits has no name, so its pages offer none of this.
"""

import json
from collections.abc import Callable
from http import HTTPStatus

from flask import (
    Flask,
    Response,
    abort,
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

from kiosk.domain.tickets import VIETNAM_TIME
from kiosk.ports import StoreUnavailable
from kiosk.services.ceremonies import Site
from kiosk.services.staff_accounts import BadAccount
from kiosk.services.staff_keys import Asked, BadKey, StaffKeys
from kiosk.services.staff_sessions import Login, StaffSessions
from kiosk.turns import TooManyAtOnce
from kiosk.web.common.preferences import current_preferences
from kiosk.web.staff.access import TOKEN, current_account

LOCALHOST = "localhost"


def site_here(port: int, public: str | None) -> Site | None:
    """Where a key would be good in this request; None where the address has no name that browsers trust."""
    if request.host == f"{LOCALHOST}:{port}":
        return Site(name=LOCALHOST, origin=f"http://{request.host}")
    if public is not None and request.host == public:
        return Site(name=public.partition(":")[0], origin=f"https://{public}")
    return None


def add_keys(app: Flask, sessions: StaffSessions, *, port: int, public: str | None) -> None:
    """Give the app its ways for security keys, where this clinic has any.

    :param public: the name, with its port, by which other PCs call this screen over TLS, if they do.
    """
    keys = sessions.keys
    app.jinja_env.filters.update(moment=lambda at: at.astimezone(VIETNAM_TIME).strftime("%d/%m/%Y %H:%M"))
    if keys is None:
        app.context_processor(lambda: {"keys_here": False, "keys_elsewhere": None, "key_policy": "off"})
        return

    def here() -> Site:
        return site_here(port, public) or abort(HTTPStatus.CONFLICT)

    @app.context_processor
    def known() -> dict[str, object]:
        elsewhere = f"http://{LOCALHOST}:{port}{url_for('login')}"
        return {
            "keys_here": site_here(port, public) is not None,
            "keys_elsewhere": None if site_here(port, public) else elsewhere,
            "key_policy": keys.policy.value,
        }

    _add_tries(app, sessions, keys, here)
    _add_own(app, keys, here)

    @app.post("/accounts/keys/<key>/revoke")
    def revoke_key(key: str) -> AnyResponse:
        return _done(lambda: keys.revoke(key, by=current_account().sign), "staff.done.key_revoked", "accounts")


def _add_tries(app: Flask, sessions: StaffSessions, keys: StaffKeys, here: Callable[[], Site]) -> None:
    """Logging in and unlocking: the browser is asked, and answers."""

    @app.post("/login/key/ask")
    def ask_login() -> AnyResponse:
        return _asked(keys.ask("login", here()))

    @app.post("/login/key")
    def login_with_key() -> AnyResponse:
        try:
            token = sessions.begin_with_key(*_answer(), here())
        except StoreUnavailable:
            token = None
        except TooManyAtOnce as problem:
            return _problem(problem)
        if token is None:
            return jsonify(state="refused")
        sessions.end(str(session.get(TOKEN, "")))
        session.clear()
        session[TOKEN] = token
        return jsonify(state="open", next=url_for("show", **current_preferences().query))

    @app.post("/locked/key/ask")
    def ask_unlock() -> AnyResponse:
        return _asked(keys.ask("unlocked", here(), current_account().sign))

    @app.post("/locked/key")
    def unlock_with_key() -> AnyResponse:
        own: Login = g.login
        try:
            right = not own.locked or sessions.unlock_with_key(own, *_answer(), here())
        except StoreUnavailable:
            right = False
        except TooManyAtOnce as problem:
            return _problem(problem)
        state = "open" if right else "refused"
        return jsonify(state=state, next=url_for("locked", **current_preferences().query))


def _add_own(app: Flask, keys: StaffKeys, here: Callable[[], Site]) -> None:
    """The page of one's own keys."""

    @app.get("/keys", endpoint="keys")
    def list_keys() -> Response:
        own: Login = g.login
        mine = keys.of(current_account().sign)
        return make_response(render_template("staff/keys.html", mine=mine, enrolling=own.enrolling))

    @app.post("/keys/ask")
    def ask_key() -> AnyResponse:
        try:
            return _asked(keys.ask_to_register(current_account(), request.form.get("password", ""), here()))
        except (BadKey, StoreUnavailable, TooManyAtOnce) as problem:
            return _problem(problem)

    @app.post("/keys")
    def add_key() -> AnyResponse:
        own: Login = g.login
        try:
            keys.register(own.account, *_answer(), here())
        except (BadKey, StoreUnavailable) as problem:
            return _problem(problem)
        own.enrolling = False
        flash(str(gettext("staff.done.key_added")), "done")
        return jsonify(state="open", next=url_for("keys", **current_preferences().query))

    @app.post("/keys/<key>/revoke")
    def revoke_own_key(key: str) -> AnyResponse:
        sign = current_account().sign
        return _done(lambda: keys.revoke(key, by=sign, of=sign), "staff.done.key_revoked", "keys")


def _asked(asked: Asked) -> AnyResponse:
    return jsonify(word=asked.word, options=json.loads(asked.options))


def _answer() -> tuple[str, str]:
    return request.form.get("word", ""), request.form.get("answer", "")


def _problem(problem: BadKey | StoreUnavailable | TooManyAtOnce) -> AnyResponse:
    other = "busy" if isinstance(problem, TooManyAtOnce) else "store_unavailable"
    word = f"key_{problem}" if isinstance(problem, BadKey) else other
    return jsonify(state="refused", problem=str(gettext(f"staff.problem.{word}")))


def _done(change: Callable[[], None], word: str, back: str) -> AnyResponse:
    try:
        change()
    except BadKey as problem:
        flash(str(gettext(f"staff.problem.key_{problem}")), "problem")
    except (BadAccount, StoreUnavailable):
        flash(str(gettext("staff.problem.store_unavailable")), "problem")
    else:
        flash(str(gettext(word)), "done")
    return redirect(url_for(back, **current_preferences().query), HTTPStatus.SEE_OTHER)
