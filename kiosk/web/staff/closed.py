"""The desk's page while its keys are closed: who opens them, and nothing else."""

from http import HTTPStatus
from typing import Protocol

from flask import Flask, Response, abort, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from kiosk.config import StaffConfig
from kiosk.key_safe.safe import Kind, PlaceTrouble
from kiosk.key_safe.state import PROBLEMS
from kiosk.turns import RETRY_AFTER_S, TooManyAtOnce
from kiosk.web.common.factory import base_app, read_session_key
from kiosk.web.common.preferences import current_preferences
from kiosk.web.staff.words import add_staff_words


class Closed(Protocol):
    """A desk whose keys are closed, as :class:`kiosk.closed_desk.ClosedDesk` is one."""

    @property
    def why(self) -> PlaceTrouble:
        """Why they did not open by themselves."""

    @property
    def kinds(self) -> frozenset[Kind]:
        """By what a person may open them, beside the recovery's code."""

    @property
    def kiosk_serves(self) -> bool:
        """Whether the patient's process does not wait for the same keys."""

    def open(self, name: str, typed: str) -> str | None:
        """None where the desk is open now, else why not. TooManyAtOnce where others are trying."""


def create_closed_app(config: StaffConfig, desk: Closed) -> Flask:
    """The app of a desk whose keys are closed.

    :raises ConfigurationError: when the session key cannot be used.
    """
    app = base_app(
        "staff",
        host=config.host,
        port=config.port,
        session_key=read_session_key(config.session_key),
        camera=False,
        public=config.public_name,
    )
    # The frame of every page of the desk asks for them.
    add_staff_words(app)

    @app.get("/health")
    def health() -> Response:
        return Response(status=HTTPStatus.NO_CONTENT)

    # Where the login is once it is open: whoever keeps the address lands there.
    @app.get("/login")
    def login() -> Response:
        return _form(config, desk)

    @app.post("/open")
    def open_keys() -> AnyResponse:
        name = request.form.get("name", "").strip().lower()
        try:
            problem = desk.open(name, request.form.get("typed", ""))
        except TooManyAtOnce:
            answer = _form(config, desk, "busy")
            answer.status_code = HTTPStatus.SERVICE_UNAVAILABLE
            answer.headers["Retry-After"] = str(RETRY_AFTER_S)
            return answer
        if problem is None:
            return redirect(url_for("login", **current_preferences().query), HTTPStatus.SEE_OTHER)
        return _form(config, desk, problem)

    @app.errorhandler(NotFound)
    def elsewhere(missing: NotFound) -> AnyResponse:
        if request.method != "GET" or request.path.startswith("/internal/"):
            # Programs of this machine take it as an absence, and ask again.
            return Response(status=HTTPStatus.SERVICE_UNAVAILABLE)
        return redirect(url_for("login", **current_preferences().query), HTTPStatus.SEE_OTHER)

    @app.before_request
    def only_forms() -> None:
        if request.method not in ("GET", "HEAD", "POST"):
            abort(HTTPStatus.METHOD_NOT_ALLOWED)

    return app


def _form(config: StaffConfig, desk: Closed, problem: str = "") -> Response:
    kinds = desk.kinds
    page = render_template(
        "staff/closed.html",
        clinic=config.clinic,
        query=current_preferences().query,
        problem=problem if not problem or problem in PROBLEMS else "desk",
        why=desk.why.reason,
        kiosk_serves=desk.kiosk_serves,
        by_passphrase=Kind.PASSPHRASE in kinds,
        by_pin=Kind.PKCS11 in kinds,
    )
    return make_response(page, HTTPStatus.FORBIDDEN if problem else HTTPStatus.OK)
