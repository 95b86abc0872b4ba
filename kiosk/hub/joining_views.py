"""What devices call to be let in, and to stay so: thin views over :class:`kiosk.hub.enrolment.Enrolment`."""

from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response, abort, request

from kiosk.hub.enrolment import Enrolment, Shown
from kiosk.hub.errors import SenderRevoked, UnknownSender
from kiosk.hub.limits import Gate
from kiosk.wire.checks import name
from kiosk.wire.errors import MalformedMessage
from kiosk.wire.joining import (
    AUTHORITY_PATH,
    JOIN_PATH,
    JOINING_LIMIT,
    JOINING_TYPE,
    LATE_PATH,
    RENEW_PATH,
    Grant,
    make_grant,
)

CLIENT: Final = "Kiosk-Client"
"""The header in which the proxy names the device, ``CLINIC/DEVICE``; it must set it itself in every request."""
SERIAL: Final = "Kiosk-Serial"
"""The header in which it names the certificate's number, in hexadecimal."""
_JUDGED_ELSEWHERE = ("/v1/events", "/v1/health", RENEW_PATH)
_AT_ONCE: Final = 4
"""How many who have no certificate are served at the same time. How often each may come is the proxy's to bound, by
their address: one bound for all of them would let a few keep everybody else from joining."""


def joining_views(enrolment: Enrolment, *, behind_proxy: bool) -> Blueprint:
    """The views; behind a proxy they also keep out certificates that were revoked, on every path of the app."""
    views = Blueprint("joining", __name__)
    strangers = Gate(_AT_ONCE)

    @views.get(AUTHORITY_PATH)
    def authority() -> Response:
        return Response(enrolment.authority, mimetype="application/pkix-cert")

    @views.post(JOIN_PATH)
    def join() -> Response:
        body = _body()
        with strangers.entered():
            return _said(enrolment.ask(body))

    @views.post(LATE_PATH)
    def late() -> Response:
        body = _body()
        with strangers.entered():
            return _said(enrolment.renew(body, None, late=True))

    @views.post(RENEW_PATH)
    def renew() -> Response:
        return _said(enrolment.renew(_body(), shown_certificate() if behind_proxy else None))

    def look() -> None:
        path = request.path
        if path in _JUDGED_ELSEWHERE or path == JOIN_PATH or path.startswith(f"{JOIN_PATH}/"):
            return
        found = enrolment.is_let_in(shown_certificate())
        if found is None:
            raise UnknownSender("no certificate of ours")
        if not found:
            raise SenderRevoked

    if behind_proxy:
        views.before_app_request(look)
    return views


def shown_certificate() -> Shown:
    """Whose certificate the proxy saw.

    :raises UnknownSender: where it says nothing.
    """
    clinic, _, device = request.headers.get(CLIENT, "").partition("/")
    try:
        serial = bytes.fromhex(request.headers.get(SERIAL, "") or "none")
        return Shown(clinic=name(clinic, CLIENT), device=name(device, CLIENT), serial=serial)
    except (MalformedMessage, ValueError) as error:
        raise UnknownSender("the proxy names no certificate") from error


def _body() -> bytes:
    if request.mimetype != JOINING_TYPE:
        abort(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    if (request.content_length or 0) > JOINING_LIMIT:
        abort(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return request.get_data(cache=False)


def _said(grant: Grant) -> Response:
    return Response(make_grant(grant), mimetype=JOINING_TYPE)
