"""Who may open which address of the staff's app: one table, and the door that holds it.

An address that is not in the table is refused to everybody, so that a page that is forgotten here is closed, not open.
"""

from enum import Enum
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Flask, abort, g, redirect, request, session, url_for
from werkzeug.wrappers import Response

from kiosk.domain.staff import Role
from kiosk.ports import StoreUnavailable
from kiosk.services.staff_accounts import Account
from kiosk.services.staff_sessions import Held, Login, StaffSessions
from kiosk.web.common.preferences import current_preferences

TOKEN = "login"
"""The field of the session's cookie that names the login."""
PASSWORD_FIELDS = frozenset({"password", "second_password"})


class Open(Enum):
    """Why an address needs no login."""

    ANYBODY = "anybody"
    """It tells nothing, or is the way in."""
    PROGRAM = "program"
    """Its caller is a program of this machine, which shows a token of its own (see :mod:`kiosk.web.staff.internal`)."""


NEEDS: dict[str, Role | Open] = {
    "static": Open.ANYBODY,
    "health": Open.ANYBODY,
    "login": Open.ANYBODY,
    "log_in": Open.ANYBODY,
    "state": Open.ANYBODY,
    "internal.ask": Open.PROGRAM,
    "orders.order": Open.PROGRAM,
    "portraits.put": Open.PROGRAM,
    "ask_login": Open.ANYBODY,
    "login_with_key": Open.ANYBODY,
    "locked": Role.RECEPTION,
    "unlock": Role.RECEPTION,
    "ask_unlock": Role.RECEPTION,
    "unlock_with_key": Role.RECEPTION,
    "lock": Role.RECEPTION,
    "log_out": Role.RECEPTION,
    "awake": Role.RECEPTION,
    "keys": Role.RECEPTION,
    "ask_key": Role.RECEPTION,
    "add_key": Role.RECEPTION,
    "revoke_own_key": Role.RECEPTION,
    "show": Role.RECEPTION,
    "live": Role.RECEPTION,
    "whole_list": Role.RECEPTION,
    "ticket": Role.RECEPTION,
    "confirm": Role.RECEPTION,
    "typed": Role.RECEPTION,
    "called": Role.RECEPTION,
    "settle": Role.RECEPTION,
    "notice": Role.RECEPTION,
    "take": Role.RECEPTION,
    "hand_back": Role.RECEPTION,
    "compare": Role.RECEPTION,
    "portrait": Role.RECEPTION,
    "holder_seen": Role.RECEPTION,
    "find": Role.RECEPTION,
    "copy": Role.RECEPTION,
    "copy_page": Role.RECEPTION,
    "copy_image": Role.RECEPTION,
    "arrival": Role.RECEPTION,
    "arrive": Role.RECEPTION,
    "ticket_ways": Role.RECEPTION,
    "ticket_way": Role.RECEPTION,
    "ticket_by_way": Role.RECEPTION,
    "calls.heard": Open.PROGRAM,
    "queue": Role.RECEPTION,
    "queue_live": Role.RECEPTION,
    "call_next": Role.RECEPTION,
    "queue_act": Role.RECEPTION,
    "undo_act": Role.RECEPTION,
    "begin_assist": Role.RECEPTION,
    "end_assist": Role.RECEPTION,
    "report": Role.LEAD,
    "report_pdf": Role.LEAD,
    "report_csv": Role.LEAD,
    "shift": Role.RECEPTION,
    "open_shift": Role.RECEPTION,
    "close_shift": Role.RECEPTION,
    "record": Role.RECEPTION,
    "confirm_route": Role.RECEPTION,
    "correct_room": Role.RECEPTION,
    "work": Role.RECEPTION,
    "close_work": Role.RECEPTION,
    "payer_told": Role.RECEPTION,
    "failures": Role.RECEPTION,
    "failure": Role.RECEPTION,
    "cancel": Role.LEAD,
    "instead": Role.LEAD,
    "person": Role.LEAD,
    "replace_person": Role.LEAD,
    "export_work": Role.LEAD,
    "send_again": Role.LEAD,
    "devices": Role.RECEPTION,
    "order_self_test": Role.RECEPTION,
    "lost": Role.LEAD,
    "add_lost": Role.LEAD,
    "remove_lost": Role.LEAD,
    "accounts": Role.ADMINISTRATOR,
    "lock_account": Role.ADMINISTRATOR,
    "unlock_account": Role.ADMINISTRATOR,
    "revoke_key": Role.ADMINISTRATOR,
    "province_again": Role.ADMINISTRATOR,
}
"""Every address of the staff's app by its endpoint, and whom it is for."""

_WHILE_LOCKED = frozenset({"locked", "unlock", "ask_unlock", "unlock_with_key", "lock", "awake", "log_out"})
_WHILE_ENROLLING = _WHILE_LOCKED | {"keys", "ask_key", "add_key"}
_LIVE = frozenset({"live", "queue_live"})
"""What a page asks for again and again."""
_NOBODYS_ACT = _LIVE | frozenset({"locked", "unlock", "ask_unlock", "unlock_with_key", "lock"})
"""What the page asks by itself, or what is no sign that the clerk is there."""


def add_access(app: Flask, sessions: StaffSessions) -> None:
    """Let nobody past who is not logged in, whose screen is locked, or whose role is not enough."""

    @app.before_request
    def admit() -> Response | None:
        endpoint = request.endpoint
        if endpoint is None:
            return None  # there is no such address, which everybody may know
        needed = NEEDS.get(endpoint)
        if needed is None:
            abort(HTTPStatus.FORBIDDEN)
        if isinstance(needed, Open):
            return None
        login = _login(sessions)
        if login is None:
            return _to("login")
        if login.locked and endpoint not in _WHILE_LOCKED:
            return _held(login)
        if login.enrolling and endpoint not in _WHILE_ENROLLING:
            return _to("keys")
        if endpoint not in _NOBODYS_ACT:
            sessions.touch(login)
        if not login.account.role.may(needed):
            abort(HTTPStatus.FORBIDDEN)
        g.login = login
        return None

    @app.context_processor
    def known() -> dict[str, object]:
        login: Login | None = g.get("login")
        locked = login is not None and login.locked
        return {"account": None if login is None else login.account, "locked": locked, "may": _may}


def current_account() -> Account:
    """Who acts in this request. Only behind the door: elsewhere there is nobody."""
    login: Login = g.login
    return login.account


def _may(endpoint: str) -> bool:
    """Whether whoever is logged in may open an address."""
    login: Login | None = g.get("login")
    needed = NEEDS[endpoint]
    return login is not None and isinstance(needed, Role) and login.account.role.may(needed)


def _login(sessions: StaffSessions) -> Login | None:
    try:
        return sessions.find(str(session.get(TOKEN, "")))
    except StoreUnavailable:
        abort(HTTPStatus.SERVICE_UNAVAILABLE)


def _held(login: Login) -> Response:
    """To the password; what was on its way is kept, so that nobody types it twice."""
    if request.endpoint in _LIVE:
        abort(HTTPStatus.UNAUTHORIZED)
    address = _here()
    if request.method == "POST":
        fields = [(name, value) for name, value in request.form.items(multi=True) if name not in PASSWORD_FIELDS]
        kept = tuple((name, value) for name, value in fields if name != "csrf_token")
        login.held = Held(address=address, fields=kept, is_form=True)
    elif login.held is None:
        login.held = Held(address=address)
    return _to("locked")


def _here() -> str:
    """This address without its host: nothing leads elsewhere."""
    parts = urlsplit(request.full_path)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _to(endpoint: str) -> Response:
    if request.endpoint in _LIVE:
        abort(HTTPStatus.UNAUTHORIZED)
    return redirect(url_for(endpoint, **current_preferences().query), HTTPStatus.SEE_OTHER)
