"""The page on which somebody changes their own password: the one they have, and the new one twice."""

from http import HTTPStatus

from flask import Flask, flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kiosk.ports import StoreUnavailable
from kiosk.services.staff_accounts import BadAccount, StaffAccounts
from kiosk.turns import TooManyAtOnce
from kiosk.web.common.preferences import current_preferences
from kiosk.web.staff.access import current_account
from kiosk.web.staff.login import come_again


def add_password(app: Flask, accounts: StaffAccounts) -> None:
    """Give the app the page of one's own password."""

    @app.get("/password", endpoint="password")
    def show_password() -> AnyResponse:
        return _page()

    @app.post("/password")
    def change_password() -> AnyResponse:
        new = request.form.get("new_password", "")
        if new != request.form.get("again_password", ""):
            return _page("password_differs")
        try:
            changed = accounts.change_password(current_account().sign, request.form.get("password", ""), new)
        except BadAccount:
            return _page("password_bad")
        except TooManyAtOnce:
            return come_again(_page("busy"))
        except StoreUnavailable:
            return _page("store_unavailable")
        if not changed:
            return _page("login")
        # Every login of the account ended with the change, this one too: what comes now is logged in anew.
        session.clear()
        flash(str(gettext("staff.done.password")), "done")
        return redirect(url_for("login", **current_preferences().query), HTTPStatus.SEE_OTHER)


def _page(problem: str = "") -> AnyResponse:
    page = render_template("staff/password.html", problem=problem)
    return make_response(page, HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK)
