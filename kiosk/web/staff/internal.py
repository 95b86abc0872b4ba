"""What the patient's process asks of the staff's: cover, and nothing else.

It is no page: no session, no token of a form. Instead the caller needs the bearer token of the key file that both
processes have, names this server (Host) and its origin, as the door before every page demands, and sends JSON. Numbers
stand in the body only; an address with a query is refused.
"""

import hmac
from http import HTTPStatus
from ipaddress import ip_address

from flask import Blueprint, Flask, Response, abort, request

from kiosk.domain.cover_basis import Asked, Online
from kiosk.insurance.cover_message import LARGEST, PATH, MalformedMessage, answer_bytes, nothing_bytes, question_of
from kiosk.insurance.sources import NoOnlineAnswer, OnlineCover
from kiosk.ports import StoreUnavailable


def add_internal(app: Flask, cover: OnlineCover | None, token: bytes) -> None:
    """Give the app the one address that the patient's process calls.

    :param cover: who asks the payer, or None where this clinic does not. :param token: the 32 bytes of the key file.
    """
    internal = Blueprint("internal", __name__)
    expected = expected_of(token)

    @internal.post(PATH)
    def ask() -> Response:
        check_caller(expected)
        try:
            asked = question_of(request.get_data(cache=False))
        except MalformedMessage:
            abort(HTTPStatus.BAD_REQUEST)
        return Response(_answer(cover, asked), mimetype="application/json")

    # Its caller has no form: the bearer token is what no other program knows.
    app.extensions["csrf"].exempt(internal)
    app.register_blueprint(internal)


def expected_of(token: bytes) -> bytes:
    """What a program says that has this token."""
    return f"Bearer {token.hex()}".encode()


def check_caller(expected: bytes, *, mimetype: str = "application/json", largest: int = LARGEST) -> None:
    """Nothing, where a program on this machine shows this token and sends so much of what is wanted; else it ends here.

    :param mimetype: what is wanted. :param largest: the greatest body, in bytes.
    """
    if request.query_string:
        abort(HTTPStatus.BAD_REQUEST)
    if not request.remote_addr or not ip_address(request.remote_addr).is_loopback:
        abort(HTTPStatus.FORBIDDEN)
    given = request.headers.get("Authorization", "").encode("utf-8", "replace")
    if not hmac.compare_digest(given, expected):
        abort(HTTPStatus.UNAUTHORIZED)
    if request.mimetype != mimetype:
        abort(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    if (request.content_length or 0) > largest:
        abort(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def _answer(cover: OnlineCover | None, asked: Asked) -> bytes:
    if cover is None:
        return nothing_bytes(Online.OFF)
    try:
        return answer_bytes(cover.ask(asked))
    except NoOnlineAnswer as problem:
        return nothing_bytes(problem.why)
    except StoreUnavailable:
        return nothing_bytes(Online.UNREACHABLE)
