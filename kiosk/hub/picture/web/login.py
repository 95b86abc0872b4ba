"""The way in and out of the picture."""

from http import HTTPStatus

from flask import Flask, Response, make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from kiosk.hub.errors import HubStoreUnavailable
from kiosk.hub.picture.sessions import Logins
from kiosk.hub.picture.web.access import TOKEN


def add_login(app: Flask, logins: Logins) -> None:
    """Give the app its way in and out."""

    @app.get("/login")
    def login() -> Response:
        return make_response(render_template("picture/login.html", problem="", nobody=not logins.officers.all()))

    @app.post("/login")
    def log_in() -> AnyResponse:
        sign, password = request.form.get("sign", "").strip().lower(), request.form.get("password", "")
        try:
            token = logins.begin(sign, password)
        except HubStoreUnavailable:
            return _refused("store")
        if token is None:
            return _refused("login")
        # Another cookie than before: whoever knew that one knows nothing of this one.
        logins.end(str(session.get(TOKEN, "")))
        language = session.get("lang")
        session.clear()
        session[TOKEN] = token
        if language is not None:
            session["lang"] = language
        return redirect(url_for("show"), HTTPStatus.SEE_OTHER)

    @app.post("/logout")
    def log_out() -> AnyResponse:
        logins.end(str(session.get(TOKEN, "")))
        session.pop(TOKEN, None)
        return redirect(url_for("login"), HTTPStatus.SEE_OTHER)


def _refused(problem: str) -> Response:
    return make_response(render_template("picture/login.html", problem=problem, nobody=False), HTTPStatus.FORBIDDEN)
