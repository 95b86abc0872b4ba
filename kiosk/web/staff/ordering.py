"""Where the hospital's program, on this machine, says a visit's first cost and its route: one address, no page.

It is no page: no session, no token of a form. The caller needs the bearer token of a key file of its own (the patient's
process has another), names this server and its origin, and sends JSON. No answer says anything of a person.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, Response, abort, request

from kiosk.ports import StoreUnavailable
from kiosk.web.staff.internal import check_caller

Take = Callable[[str, Mapping[str, str | None]], bool]
PATH = "/internal/orders"
_NEEDED, _MORE = {"visit", "code", "name"}, {"kind": "service", "route": None, "visit_kind": "01"}
_LONGEST = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordering:
    """What takes the hospital's word; ``token`` are the 32 bytes of its key file.

    :param take: writes an order down for a visit, and says whether there is such an admission; a ValueError names the
        field that makes no sense.
    """

    take: Take
    token: bytes


def add_ordering(app: Flask, ordering: Ordering) -> None:
    """Give the app the address that the hospital's program calls.

    204 where it was written down, 400 for what is no order, with the name of the field, 404 for an unknown visit, one
    that was cancelled, or whose person was erased, 503 where the store takes nothing.
    """
    orders = Blueprint("orders", __name__)
    expected = f"Bearer {ordering.token.hex()}".encode()

    @orders.post(PATH)
    def order() -> Response:
        check_caller(expected)
        try:
            said = _said(request.get_json(silent=True))
            found = ordering.take(said.pop("visit") or "", said)
        except ValueError as problem:
            return Response(f"{problem}\n", HTTPStatus.BAD_REQUEST, mimetype="text/plain")
        except StoreUnavailable:
            abort(HTTPStatus.SERVICE_UNAVAILABLE)
        return Response(status=HTTPStatus.NO_CONTENT if found else HTTPStatus.NOT_FOUND)

    # Its caller has no form: the bearer token is what no other program knows.
    app.extensions["csrf"].exempt(orders)
    app.register_blueprint(orders)


def _said(body: Any) -> dict[str, str | None]:
    if not isinstance(body, dict) or not _NEEDED <= body.keys() <= _NEEDED | _MORE.keys():
        raise ValueError("an order has visit, code and name, and may have kind, route and visit_kind")
    for name, value in body.items():
        if not (isinstance(value, str) and len(value) <= _LONGEST) and not (name == "route" and value is None):
            raise ValueError(f"{name}: a text")
    if not (body["visit"].isascii() and body["visit"].isprintable()):
        raise ValueError("visit: the id of a visit")
    return {**_MORE, **body}
