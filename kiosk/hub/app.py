"""The hub's app: what clinics call. See ``docs/hub.md``.

It is no page for browsers: no cookie, no session, no word of what it is. A request is bounded before it is read, and
answered with a status that says whether to stop, to wait, or to go on.
"""

import time
import traceback
from collections.abc import Callable
from http import HTTPStatus

import structlog
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.http import parse_options_header

from idcard import IdCardError
from kiosk.hub.config import HubConfig
from kiosk.hub.enrolment import Enrolment
from kiosk.hub.errors import (
    CodeRefused,
    HubStoreUnavailable,
    IdentityCloned,
    NameTaken,
    RenewalRefused,
    SenderRevoked,
    UnknownSender,
)
from kiosk.hub.ingest import Sender, Sent
from kiosk.hub.joining_views import CLIENT, joining_views
from kiosk.hub.limits import Buckets, Gate, TooLarge, TooMuch, inflated
from kiosk.hub.releases import releases_blueprint
from kiosk.hub.together import Together
from kiosk.web.common.door import PROGRAM_HEADERS
from kiosk.wire.batch import ANSWER_VERSION, BATCH_LIMIT, MEDIA_TYPE, make_answer, read_request
from kiosk.wire.checks import name
from kiosk.wire.envelope import VERSION
from kiosk.wire.errors import MalformedMessage, WrongSignature

STORE_RETRY_S = 10

_STATUS: dict[type[Exception], HTTPStatus] = {
    MalformedMessage: HTTPStatus.BAD_REQUEST,
    UnknownSender: HTTPStatus.UNAUTHORIZED,
    WrongSignature: HTTPStatus.UNAUTHORIZED,
    SenderRevoked: HTTPStatus.FORBIDDEN,
    CodeRefused: HTTPStatus.FORBIDDEN,
    NameTaken: HTTPStatus.FORBIDDEN,
    RenewalRefused: HTTPStatus.FORBIDDEN,
    IdentityCloned: HTTPStatus.FORBIDDEN,
    HubStoreUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
_log = structlog.get_logger(__name__)


def create_hub_app(
    together: Together, config: HubConfig, *, probe: Callable[[], None], enrolment: Enrolment | None = None
) -> Flask:
    """The app.

    :param probe: raises HubStoreUnavailable where the store cannot be used.
    :param enrolment: lets devices in; None where devices are let in by hand alone.
    """
    app = Flask("kiosk.hub", static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=BATCH_LIMIT, PROVIDE_AUTOMATIC_OPTIONS=False)
    buckets = Buckets(config.per_second, config.burst, time.monotonic)
    gate = Gate(config.requests)
    behind_proxy = config.identity == "proxy"

    @app.post("/v1/events")
    def events() -> Response:
        signed = read_request(_body())
        seen = _seen() if behind_proxy else None
        buckets.take((signed.request.clinic, signed.request.sender) if seen is None else (seen.clinic, seen.device))
        with gate.entered():
            answer = together.receive(Sent(signed=signed, seen=seen, asks_seconds=_reads_newest()))
        version = ANSWER_VERSION if _reads_newest() else VERSION
        return Response(make_answer(answer, version=version), mimetype=MEDIA_TYPE)

    @app.get("/v1/health")
    def health() -> Response:
        probe()
        return Response('{"status": "ok"}\n', mimetype="application/json")

    if enrolment is not None:
        app.register_blueprint(joining_views(enrolment, behind_proxy=behind_proxy))
    if config.releases is not None:
        app.register_blueprint(releases_blueprint(config.releases, behind_proxy=behind_proxy))
    app.register_error_handler(Exception, _answer)
    app.after_request(_stamped)
    return app


def _reads_newest() -> bool:
    """Whether the sender said that it reads the newest form of an answer."""
    kind, options = parse_options_header(request.headers.get("Accept", ""))
    return kind == MEDIA_TYPE and options.get("v") == str(ANSWER_VERSION)


def _body() -> bytes:
    """The request's content, unpacked."""
    if request.mimetype != MEDIA_TYPE:
        raise _Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    data = request.get_data(cache=False)
    match request.headers.get("Content-Encoding", "identity").lower():
        case "identity":
            return data
        case "gzip" | "deflate":
            return _unpacked(data)
        case _:
            raise _Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)


def _unpacked(data: bytes) -> bytes:
    try:
        return inflated(data, BATCH_LIMIT)
    except TooLarge as error:
        raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE) from error
    except ValueError as error:
        raise _Refused(HTTPStatus.BAD_REQUEST) from error


def _seen() -> Sender:
    """Whom the proxy saw; a proxy that says nothing saw nobody."""
    clinic, slash, device = request.headers.get(CLIENT, "").partition("/")
    if not slash:
        raise UnknownSender("the proxy names no device")
    try:
        return Sender(clinic=name(clinic, CLIENT), device=name(device, CLIENT))
    except MalformedMessage as error:
        raise UnknownSender("the proxy names no device") from error


class _Refused(Exception):
    """An answer without a code of its own."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__()
        self.status = status


def _answer(problem: Exception) -> Response:
    match problem:
        case TooMuch():
            return _say(HTTPStatus.TOO_MANY_REQUESTS, "too_much", problem.retry_s)
        case _Refused():
            return _say(problem.status, problem.status.name.lower())
        case HTTPException():
            return _say(HTTPStatus(problem.code or 500), "refused")
        case IdCardError():
            return _typed(problem)
        case _:
            return _crashed(problem)


def _typed(problem: IdCardError) -> Response:
    found = (status for kind, status in _STATUS.items() if isinstance(problem, kind))
    status = next(found, HTTPStatus.INTERNAL_SERVER_ERROR)
    retry = STORE_RETRY_S if status is HTTPStatus.SERVICE_UNAVAILABLE else None
    return _say(status, problem.code, retry)


def _crashed(problem: Exception) -> Response:
    """Log where it broke, not what it said: a message may quote what was sent."""
    where = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(problem.__traceback__)]
    _log.error("hub_crash", kind=type(problem).__name__, where=" < ".join(reversed(where)))
    return _say(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_fault")


def _say(status: HTTPStatus, code: str, retry_s: int | None = None) -> Response:
    response = Response(f'{{"error": "{code}"}}\n', status=status, mimetype="application/json")
    if retry_s is not None:
        response.headers["Retry-After"] = str(retry_s)
    return response


def _stamped(response: Response) -> Response:
    for name_of, value in PROGRAM_HEADERS.items():
        # A released file says itself for how long it is good.
        response.headers.setdefault(name_of, value)
    return response
