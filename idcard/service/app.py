"""The service as a web application: thin views over a watcher and a trust store.

Theory of operation. Whoever can reach the port is a program of this machine, or a web page in a browser on it. A
program shows the token of this start. A page cannot know it, and is kept out twice more: requests with an ``Origin``
are refused, and so is a ``Host`` that is not this loopback address (a foreign name that was made to point here).

Keys and evidence travel in bodies, never in addresses. Nothing of a person is logged: the only log line says what was
asked for, by its rule, and how it was answered.
"""

import hmac
import logging
import traceback
from base64 import b64encode
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

import idcard
from idcard.report import Report, judge, to_json
from idcard.service import asked
from idcard.service.asked import BadRequest
from idcard.service.desk import TooManyWaiting, Watcher
from idcard.service.openapi import DESCRIPTION

MAX_BODY_BYTES: Final = 16 << 20
MAX_WAIT_S: Final = 30
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Of every answer: it may name a person, and it is no page, wherever a browser may come upon it."""
_READ: Final = {"can", "mrz", "card_qr", "challenge", "portrait", "evidence"}
_VERIFY: Final = {"evidence", "portrait", "challenge", "ephemeral_key", "devices"}
_EVENTS: Final = {"after", "wait"}
_NOTHING_EXPECTED: Final = idcard.Expectation()

log = logging.getLogger("idcard.service")


class Refused(idcard.IdCardError):
    """The request is not from a program that holds the token of this start."""

    code = "refused"


_TOO_MANY: Final = 429
_STATUS: Final[tuple[tuple[type[idcard.IdCardError], int], ...]] = (
    (Refused, 401),
    (BadRequest, 400),
    (TooManyWaiting, _TOO_MANY),
    (idcard.CardRemoved, 409),
    (idcard.ReaderBusy, 409),
    (idcard.ReaderMissing, 503),
    (idcard.AccessDenied, 403),
    (idcard.MissingExtra, 503),
)
_CARD_TROUBLE: Final = 502
_FAULT: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """What the service judges with.

    ``vouchers`` and ``online`` are asked about signers that no anchor knows; ``sign_with`` is this device's key, with
    which evidence files are signed that it gives out, and ``seal_to`` the key of whom they are for; ``open_with`` opens
    those that others sealed for this service; ``profiles`` is what readings taught of types of cards; ``now`` is the
    clock, in the zone whose calendar decides whether a document has expired: by default this machine's.
    """

    trust: idcard.TrustStore
    policy: idcard.Policy
    vouchers: idcard.Vouchers = field(default_factory=idcard.Vouchers)
    online: idcard.OnlineVerifier | None = None
    sign_with: Ed25519PrivateKey | None = None
    seal_to: X25519PublicKey | None = None
    open_with: X25519PrivateKey | None = None
    profiles: idcard.Profiles = field(default_factory=idcard.Profiles)
    now: Callable[[], datetime] = lambda: datetime.now().astimezone()

    @property
    def device(self) -> str | None:
        """The fingerprint of this device's key."""
        return None if self.sign_with is None else idcard.device_fingerprint(self.sign_with.public_key())

    def judge(self, evidence: idcard.Evidence, expectation: idcard.Expectation = _NOTHING_EXPECTED) -> Report:
        """The report on this evidence, now."""
        return judge(
            evidence, self.trust, self.policy, self.now(), expectation, vouchers=self.vouchers, online=self.online
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Whom the service answers: who shows the token, under one of these values of ``Host``, and is no web page."""

    token: str
    hosts: frozenset[str]

    def opens(self, *, authorization: str, host: str, origin: bool) -> bool:
        """Whether such a request may be answered."""
        scheme, _, given = authorization.partition(" ")
        # The scheme's name is written in either case (RFC 9110, section 11.1).
        held = hmac.compare_digest(given.encode(), self.token.encode()) and scheme.casefold() == "bearer"
        return held and host in self.hosts and not origin


def create_app(judging: Judging, door: Door, watcher: Watcher) -> Flask:
    """The application."""
    app = Flask("idcard.service", static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=MAX_BODY_BYTES, PROVIDE_AUTOMATIC_OPTIONS=False)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.before_request(lambda: _let_in(door))
    app.before_request(_look_at_address)
    app.after_request(_leave)
    app.register_error_handler(idcard.IdCardError, _told)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _fault)
    app.add_url_rule("/v1/openapi.json", "openapi", lambda: jsonify(DESCRIPTION))
    app.add_url_rule("/v1/readers", "readers", lambda: jsonify(readers=list(watcher.readers())))
    app.add_url_rule("/v1/state", "state", lambda: jsonify(asdict(watcher.state())))
    app.add_url_rule("/v1/events", "events", lambda: _events(watcher))
    app.add_url_rule("/v1/read", "read", lambda: _read(judging, watcher), methods=["POST"])
    app.add_url_rule("/v1/verify", "verify", lambda: _verify(judging), methods=["POST"])
    return app


def _let_in(door: Door) -> None:
    """Nothing, where the request may be answered.

    :raises Refused: where not; why is not said.
    """
    headers = request.headers
    shown = headers.get("Authorization", "")
    if not door.opens(authorization=shown, host=request.host, origin="Origin" in headers):
        raise Refused


def _look_at_address() -> None:
    """Nothing, where the address says no more than is known; what there is not is told as such."""
    if request.endpoint is not None:
        asked.nothing_else(_EVENTS if request.endpoint == "events" else set())


def _leave(response: Response) -> Response:
    response.headers.update(HEADERS)
    if response.status_code == _TOO_MANY:
        response.headers["Retry-After"] = "1"
    rule = request.url_rule.rule if request.url_rule else "(unknown)"
    log.info("%s %s %d", request.method, rule, response.status_code)
    return response


def _told(error: idcard.IdCardError) -> tuple[Response, int]:
    body = {"code": error.code, "message": str(error), "facts": dict(error.facts)}
    return jsonify(error=body), next((status for kind, status in _STATUS if isinstance(error, kind)), _CARD_TROUBLE)


def _http_error(error: HTTPException) -> tuple[Response, int]:
    """What the framework itself refuses: another address, method, or a body that is too large."""
    return jsonify(error={"code": BadRequest.code, "message": error.name, "facts": {}}), error.code or 400


def _fault(error: Exception) -> tuple[Response, int]:
    """A fault of this program. Where it is goes to the log; what the exception says does not: it may be personal."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    log.error("%s in %s, line %s", type(error).__name__, Path(frame.filename).name, frame.lineno)
    return jsonify(error={"code": "internal", "message": "Internal Server Error", "facts": {}}), _FAULT


def _events(watcher: Watcher) -> Response:
    after, wait_s = asked.number("after", 0, 1 << 53), asked.number("wait", 25, MAX_WAIT_S)
    return jsonify(asdict(watcher.wait(after, wait_s)))


def _read(judging: Judging, watcher: Watcher) -> Response:
    body = asked.body(_READ)
    keys, challenge = asked.access_key(body), asked.challenge(body)
    with watcher.card() as connection:
        evidence = idcard.read(keys, connection, challenge=challenge, profiles=judging.profiles)
    report = judging.judge(evidence)
    idcard.remember_proved(judging.profiles, report.evidence, report.verdict)
    told = _to_json(report, body) | {"device": judging.device}
    if body.get("evidence") is True:
        told |= _evidence_file(judging, report.evidence)
    return jsonify(told)


def _evidence_file(judging: Judging, evidence: idcard.Evidence) -> dict[str, Any]:
    """The evidence as a file, and whether the caller can read it."""
    file = idcard.EvidenceFile(evidence=evidence).to_bytes(sign_with=judging.sign_with, seal_to=judging.seal_to)
    return {"evidence": b64encode(file).decode(), "sealed": judging.seal_to is not None}


def _verify(judging: Judging) -> Response:
    body = asked.body(_VERIFY)
    data, devices = asked.data(body, "evidence"), asked.devices(body)
    expectation = idcard.Expectation(
        challenge=asked.challenge(body), ephemeral_key=asked.ephemeral_key(body), witnesses=devices or frozenset()
    )
    if data is None:
        raise BadRequest("evidence is the bytes of an evidence file in Base64", field="evidence")
    try:
        evidence = idcard.EvidenceFile.from_bytes(data, open_with=judging.open_with).evidence
    except idcard.IdCardError as error:
        raise BadRequest(str(error), problem=error.code) from error
    report = judging.judge(evidence, expectation)
    known = devices is None or evidence.witness in devices
    if not known:
        report = replace(report, verified=None)
    return jsonify(_to_json(report, body) | {"met": report.met and known, "device": evidence.witness})


def _to_json(report: Report, body: dict[str, Any]) -> dict[str, Any]:
    """The report; with the portrait, where that was asked for and is proved."""
    told = to_json(report)
    if body.get("portrait") is True and report.verified and report.verified.portrait:
        told["identity"]["portrait"]["image"] = b64encode(report.verified.portrait.image).decode()
    return told
