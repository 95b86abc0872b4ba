"""The door for phones: where a signed request is fetched, and where answers come in. It has no page and no session.

Whoever knows the state in an address got it from the code on the screen. An answer is taken once, and what is none is
refused; what is wrong with one is told to nobody here.
"""

from http import HTTPStatus

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import TooManyRequests

from kiosk.services.wallet_desk import WalletDesk
from kiosk.web.common.door import PROGRAM_HEADERS, bound_rate

ANSWER_LIMIT = 256 * 1024
"""The greatest answer, in bytes."""
_MAX_FIELDS = 8
_PER_SECOND, _BURST = 20.0, 100


def create_answers_app(desk: WalletDesk) -> Flask:
    """The app that phones reach."""
    app = Flask("kiosk.web.wallet", static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=ANSWER_LIMIT, MAX_FORM_MEMORY_SIZE=ANSWER_LIMIT, MAX_FORM_PARTS=_MAX_FIELDS)

    # Phones come through the clinic's proxy, and are one address then.
    bound_rate(app, per_second=_PER_SECOND, burst=_BURST)

    @app.get("/request/<state>")
    def fetch(state: str) -> Response:
        signed = desk.signed_request(state)
        if signed is None:
            return _refused(HTTPStatus.NOT_FOUND)
        return Response(signed, mimetype="application/oauth-authz-req+jwt")

    @app.post("/answer/<state>")
    def answer(state: str) -> Response:
        form = dict(request.form.items()) if _is_form() else {}
        if not form:
            return _refused(HTTPStatus.BAD_REQUEST)
        return jsonify({}) if desk.answer(state, form) else _refused(HTTPStatus.NOT_FOUND)

    @app.errorhandler(Exception)
    def failed(problem: Exception) -> Response:
        code = getattr(problem, "code", None)
        response = _refused(HTTPStatus(code) if isinstance(code, int) else HTTPStatus.INTERNAL_SERVER_ERROR)
        if isinstance(problem, TooManyRequests):
            response.headers["Retry-After"] = str(problem.retry_after)
        return response

    @app.after_request
    def stamped(response: Response) -> Response:
        response.headers.update(PROGRAM_HEADERS)
        return response

    return app


def _is_form() -> bool:
    return request.mimetype == "application/x-www-form-urlencoded"


def _refused(status: HTTPStatus) -> Response:
    response = jsonify({"error": "invalid_request"})
    response.status_code = status
    return response
