"""The service as a web application: thin views over a watcher and a trust store.

Theory of operation. Whoever can reach the port is a program of this machine, or a web page in a browser on it. A
program shows the token of this start. A page cannot know it, and is kept out twice more: requests with an ``Origin``
are refused, and so is a ``Host`` that is not this loopback address (a foreign name that was made to point here).

Keys and evidence travel in bodies, never in addresses. Nothing of a person is logged: the only log line says what was
asked for, by its rule, and how it was answered.
"""

import hmac
import logging
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

import idcard
from idcard.encoding.mrz import Mrz
from idcard.report import judge, to_json
from idcard.service.desk import Watcher
from idcard.service.openapi import DESCRIPTION

MAX_BODY_BYTES: Final = 16 << 20
MAX_WAIT_S: Final = 30
_CHALLENGE_BYTES: Final = 8
_CAN_DIGITS: Final = 6

log = logging.getLogger("idcard.service")

_STATUS: Final[tuple[tuple[type[idcard.IdCardError], int], ...]] = (
    (idcard.CardRemoved, 409),
    (idcard.ReaderBusy, 409),
    (idcard.ReaderMissing, 503),
    (idcard.AccessDenied, 403),
    (idcard.MissingExtra, 503),
)
_CARD_TROUBLE: Final = 502


class BadRequest(idcard.IdCardError):
    """The request is not one that this service understands."""

    code = "bad_request"


class Refused(idcard.IdCardError):
    """The request is not from a program that holds the token of this start."""

    code = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the service judges with, and whom it answers.

    ``hosts`` are the values of ``Host`` that it takes; ``now`` is the clock, in the zone whose calendar
    decides whether a document has expired: by default this machine's.
    """

    trust: idcard.TrustStore
    policy: idcard.Policy
    token: str
    hosts: frozenset[str]
    now: Callable[[], datetime] = lambda: datetime.now().astimezone()


def create_app(settings: Settings, watcher: Watcher) -> Flask:
    """The application."""
    app = Flask("idcard.service", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.before_request(lambda: _let_in(settings))
    app.after_request(_leave)
    app.register_error_handler(idcard.IdCardError, _told)
    app.register_error_handler(HTTPException, _http_error)
    app.add_url_rule("/v1/openapi.json", "openapi", lambda: jsonify(DESCRIPTION))
    app.add_url_rule("/v1/readers", "readers", lambda: jsonify(readers=list(watcher.readers())))
    app.add_url_rule("/v1/state", "state", lambda: jsonify(asdict(watcher.state())))
    app.add_url_rule("/v1/events", "events", lambda: _events(watcher))
    app.add_url_rule("/v1/read", "read", lambda: _read(settings, watcher), methods=["POST"])
    app.add_url_rule("/v1/verify", "verify", lambda: _verify(settings), methods=["POST"])
    return app


def _let_in(settings: Settings) -> None:
    """Nothing, where the request may be answered.

    :raises Refused: where not; why is not said.
    """
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
    held = hmac.compare_digest(given, settings.token.encode())
    if not held or request.host not in settings.hosts or "Origin" in request.headers:
        raise Refused


def _leave(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    rule = request.url_rule.rule if request.url_rule else "(unknown)"
    log.info("%s %s %d", request.method, rule, response.status_code)
    return response


def _told(error: idcard.IdCardError) -> tuple[Response, int]:
    body = {"code": error.code, "message": str(error), "facts": dict(error.facts)}
    return jsonify(error=body), _status_of(error)


def _status_of(error: idcard.IdCardError) -> int:
    if isinstance(error, Refused):
        return 401
    if isinstance(error, BadRequest):
        return 400
    return next((status for kind, status in _STATUS if isinstance(error, kind)), _CARD_TROUBLE)


def _http_error(error: HTTPException) -> tuple[Response, int]:
    """What the framework itself refuses: another address, method, or a body that is too large."""
    body = {"code": BadRequest.code, "message": error.name, "facts": {}}
    return jsonify(error=body), error.code or 500


def _events(watcher: Watcher) -> Response:
    after, wait_s = _number("after", 0, 1 << 53), _number("wait", 25, MAX_WAIT_S)
    return jsonify(asdict(watcher.wait(after, wait_s)))


def _number(name: str, default: int, most: int) -> int:
    text = request.args.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 17 and int(text) <= most):
        raise BadRequest(f"{name} is a whole number of at most {most}")
    return int(text)


def _body(known: set[str]) -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict) or not body.keys() <= known:
        raise BadRequest(f"the body is a JSON object with no other fields than {', '.join(sorted(known))}")
    return body


def _read(settings: Settings, watcher: Watcher) -> Response:
    body = _body({"can", "mrz", "card_qr", "challenge", "portrait", "evidence"})
    keys = _keys(body)
    challenge = _bytes(body, "challenge")
    if challenge is not None and len(challenge) != _CHALLENGE_BYTES:
        raise BadRequest("a challenge has eight bytes")
    with watcher.card() as connection:
        evidence = idcard.read(keys, connection, challenge=challenge)
    return _judged(settings, evidence, body)


def _verify(settings: Settings) -> Response:
    body = _body({"evidence", "portrait"})
    data = _bytes(body, "evidence")
    if data is None:
        raise BadRequest("evidence is the bytes of an evidence file in Base64")
    try:
        evidence = idcard.EvidenceFile.from_bytes(data).evidence
    except idcard.IdCardError as error:
        raise BadRequest(str(error), problem=error.code) from error
    return _judged(settings, evidence, {"portrait": body.get("portrait")})


def _judged(settings: Settings, evidence: idcard.Evidence, wanted: dict[str, Any]) -> Response:
    report = judge(evidence, settings.trust, settings.policy, settings.now())
    told = to_json(report) | {"device": evidence.witness}
    if wanted.get("portrait") is True and report.verified and report.verified.portrait:
        told["identity"]["portrait"]["image"] = b64encode(report.verified.portrait.image).decode()
    if wanted.get("evidence") is True:
        told["evidence"] = b64encode(idcard.EvidenceFile(evidence=evidence).to_bytes()).decode()
    return jsonify(told)


def _keys(body: dict[str, Any]) -> idcard.AccessKey | idcard.CardQr:
    """The access key from exactly one of ``can``, ``mrz`` and ``card_qr``; errors never repeat it."""
    given = [(name, body[name]) for name in ("can", "mrz", "card_qr") if name in body]
    if len(given) != 1 or not isinstance(given[0][1], str):
        raise BadRequest("give exactly one of can, mrz and card_qr, as a text")
    name, text = given[0]
    try:
        return _MAKERS[name](text)
    except (idcard.ProtocolViolation, ValueError):
        raise BadRequest(f"{name} is not well formed", field=name) from None


def _can(text: str) -> idcard.Can:
    if not (text.isascii() and text.isdigit() and len(text) == _CAN_DIGITS):
        raise ValueError("six digits")
    return idcard.Can(text)


_MAKERS: Final[dict[str, Callable[[str], idcard.AccessKey | idcard.CardQr]]] = {
    "can": _can,
    "mrz": lambda text: idcard.MrzKey(Mrz.parse(text).information),
    "card_qr": idcard.CardQr.parse,
}


def _bytes(body: dict[str, Any], name: str) -> bytes | None:
    text = body.get(name)
    if text is None:
        return None
    try:
        return b64decode(text, validate=True)
    except (ValueError, TypeError):
        raise BadRequest(f"{name} is bytes in Base64", field=name) from None
