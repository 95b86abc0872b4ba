"""What the call screen's process asks of the staff's: the calls that hold, as room and number, and nothing else.

As the other addresses for programs (:mod:`kiosk.web.staff.internal`) it is no page: its caller shows the token of a key
file that both processes have.
"""

from flask import Blueprint, Flask, Response, jsonify

from kiosk.services.calls import PATH
from kiosk.services.queue import Call, Queue
from kiosk.web.staff.internal import check_caller

_SENT = 12


def add_calls(app: Flask, queue: Queue, token: bytes) -> None:
    """Give the app the address that the call screen's process calls.

    :param token: the 32 bytes of the key file.
    """
    calls = Blueprint("calls", __name__)
    expected = f"Bearer {token.hex()}".encode()

    @calls.post(PATH)
    def heard() -> Response:
        check_caller(expected)
        return jsonify(calls=[_told(call) for call in queue.calls(_SENT)])

    # Its caller has no form: the bearer token is what no other program knows.
    app.extensions["csrf"].exempt(calls)
    app.register_blueprint(calls)


def _told(call: Call) -> dict[str, object]:
    return {"seq": call.seq, "number": call.number, "room": call.room_id, "time": call.time}
