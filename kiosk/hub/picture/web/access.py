"""Who may open which address of the picture: one table, and the door that holds it.

An address that is not in the table is refused to everybody, so that a page that is forgotten here is closed, not open.
"""

from http import HTTPStatus

from flask import Flask, abort, g, redirect, request, session, url_for
from werkzeug.wrappers import Response

from kiosk.hub.errors import HubStoreUnavailable
from kiosk.hub.picture.accounts import Officer
from kiosk.hub.picture.roles import OfficerRole
from kiosk.hub.picture.sessions import Logins

TOKEN = "login"
"""The field of the session's cookie that names the login."""

_ALL = frozenset(OfficerRole)
_ACT = frozenset({OfficerRole.OFFICER, OfficerRole.ADMINISTRATOR})
_OVERSEE = frozenset({OfficerRole.AUDITOR, OfficerRole.ADMINISTRATOR})
_ADMINISTRATOR = frozenset({OfficerRole.ADMINISTRATOR})
_ANYBODY: frozenset[OfficerRole] = frozenset()

NEEDS: dict[str, frozenset[OfficerRole]] = {
    "static": _ANYBODY,
    "health": _ANYBODY,
    "login": _ANYBODY,
    "log_in": _ANYBODY,
    "log_out": _ALL,
    "show": _ALL,
    "live": _ALL,
    "clinic": _ALL,
    "alarms": _ALL,
    "worklists": _ALL,
    "close_alarm": _ACT,
    "close_second": _ACT,
    "look": _ACT,
    "looked": _ACT,
    "acts": _OVERSEE,
    "report": _ALL,
    "report_pdf": _ALL,
    "report_csv": _ALL,
    "accounts": _ADMINISTRATOR,
    "lock_account": _ADMINISTRATOR,
    "unlock_account": _ADMINISTRATOR,
}
"""Every address of the picture by its endpoint, and the roles it is for; nobody's means everybody's."""

_NOBODYS_ACT = frozenset({"live"})
"""What the page asks by itself."""


def add_access(app: Flask, logins: Logins) -> None:
    """Let nobody past who is not logged in, or whose role is not among those it is for."""

    @app.before_request
    def admit() -> Response | None:
        endpoint = request.endpoint
        if endpoint is None:
            return None  # there is no such address, which everybody may know
        needed = NEEDS.get(endpoint)
        if needed is None:
            abort(HTTPStatus.FORBIDDEN)
        if needed is _ANYBODY:
            return None
        officer = _officer(logins, acts=endpoint not in _NOBODYS_ACT)
        if officer is None:
            if endpoint in _NOBODYS_ACT:
                abort(HTTPStatus.UNAUTHORIZED)
            return redirect(url_for("login"), HTTPStatus.SEE_OTHER)
        if officer.role not in needed:
            abort(HTTPStatus.FORBIDDEN)
        g.officer = officer
        return None

    @app.context_processor
    def known() -> dict[str, object]:
        return {"officer": g.get("officer"), "may": _may}


def current_officer() -> Officer:
    """Who acts in this request. Only behind the door: elsewhere there is nobody."""
    officer: Officer = g.officer
    return officer


def _may(endpoint: str) -> bool:
    officer: Officer | None = g.get("officer")
    return officer is not None and officer.role in NEEDS[endpoint]


def _officer(logins: Logins, *, acts: bool) -> Officer | None:
    try:
        return logins.find(str(session.get(TOKEN, "")), acts=acts)
    except HubStoreUnavailable:
        abort(HTTPStatus.SERVICE_UNAVAILABLE)
