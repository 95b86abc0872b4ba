"""The clerk's page: it asks for a credential, shows the code, and what came of it."""

import io
from http import HTTPStatus

import segno
from flask import Flask, Response, abort, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from kiosk.services.wallet_desk import WalletDesk
from kiosk.wallet_config import WalletConfig
from kiosk.web.common.factory import base_app, read_session_key
from kiosk.web.common.preferences import current_preferences

_SCALE = 4


def create_wallet_app(desk: WalletDesk, config: WalletConfig) -> Flask:
    """The app of the page; it listens on this machine alone.

    :raises ConfigurationError: when the session key cannot be used.
    """
    key = read_session_key(config.session_key)
    app = base_app("wallet", host=config.host, port=config.port, session_key=key, camera=False)

    def shown(template: str) -> Response:
        query = current_preferences().query
        return make_response(render_template(template, view=desk.view(), query=query))

    @app.get("/")
    def show() -> Response:
        return shown("wallet/page.html")

    @app.get("/live")
    def live() -> Response:
        return shown("wallet/live.html")

    @app.post("/ask")
    def ask() -> BaseResponse:
        desk.ask()
        return redirect(url_for("show", **current_preferences().query), HTTPStatus.SEE_OTHER)

    @app.get("/code.png")
    def code() -> Response:
        link = desk.view().link
        if link is None:
            abort(HTTPStatus.NOT_FOUND)
        out = io.BytesIO()
        segno.make_qr(link, error="l").save(out, kind="png", scale=_SCALE, border=4)
        return Response(out.getvalue(), mimetype="image/png")

    @app.get("/health")
    def health() -> Response:
        return Response(status=HTTPStatus.NO_CONTENT)

    return app
