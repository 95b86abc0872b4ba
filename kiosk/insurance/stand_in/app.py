"""The stand-in's pages: the published ones, and a few by which a rehearsal is directed.

The latter want a header that no web page of another origin can send, so that no page on this machine directs it.
"""

import gzip
import json
from collections.abc import Callable, Mapping
from threading import Event
from typing import Any

from flask import Flask, Response, abort, jsonify, request

from kiosk.insurance.stand_in.desk import GatewayDesk
from kiosk.insurance.stand_in.moods import JSON, LIES, Behaviour, Lie, Mood, cut_short, drip, hang_up

DIRECTOR = "X-Stand-In"
"""The header that directs; its value says nothing."""

_LARGEST = 2 * 1024 * 1024
_Answer = Callable[[], Response]


def create_stand_in(desk: GatewayDesk, bodies: tuple[str, ...], stopped: Event) -> Flask:
    """The stand-in's app.

    :param bodies: the kinds of body that look-ups may have: ``form``, ``json``.
    :param stopped: set once the stand-in stops, so that no slow answer keeps it.
    """
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = _LARGEST
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    _add_gateway(app, desk, bodies, stopped)
    _add_director(app, desk)
    return app


def _add_gateway(app: Flask, desk: GatewayDesk, bodies: tuple[str, ...], stopped: Event) -> None:
    @app.post("/api/token/take")
    def take_token() -> Response:
        def answer() -> Response:
            return jsonify(desk.take_token(_body(("form", "json")), request.remote_addr or ""))

        return _treated(desk.behaviour("token"), answer, stopped)

    @app.post("/api/egw/KQNhanLichSuKCB2024")
    def look_up() -> Response:
        return _treated(desk.behaviour("look_up"), lambda: _let_in(desk, bodies, desk.look_up), stopped)

    @app.post("/api/egw/Lskcb2025")
    def history() -> Response:
        return _treated(desk.behaviour("look_up"), lambda: _let_in(desk, bodies, desk.history), stopped)

    @app.post("/api/qd130/checkInKcbQd4750")
    def check_in() -> Response:
        def answer() -> Response:
            token = {name: request.headers.get(name, "") for name in ("accessToken", "tokenId", "passwordHash")}
            return jsonify(desk.check_in(_body(("form",)), token, request.remote_addr or ""))

        return _treated(desk.behaviour("check_in"), answer, stopped)


def _add_director(app: Flask, desk: GatewayDesk) -> None:
    @app.post("/stand-in/mood")
    def mood() -> Response:
        desk.behave(_behaviour(_directed()))
        return jsonify(desk.state())

    @app.post("/stand-in/forget-tokens")
    def forget_tokens() -> Response:
        _directed()
        desk.forget_tokens()
        return jsonify(desk.state())

    @app.post("/stand-in/change")
    def change() -> Response:
        asked = _directed()
        try:
            desk.change(str(asked["number"]), str(asked["code"]))
        except KeyError:
            abort(404)
        return jsonify(desk.state())

    @app.get("/stand-in/check-ins")
    def check_ins() -> Response:
        if DIRECTOR not in request.headers:
            abort(403)
        return jsonify(desk.checked_in())

    @app.get("/stand-in/state")
    def state() -> Response:
        return jsonify(desk.state())


def _let_in(
    desk: GatewayDesk, bodies: tuple[str, ...], answer: Callable[[Mapping[str, str]], dict[str, Any]]
) -> Response:
    if not desk.lets_in(request.args, request.remote_addr or ""):
        return jsonify({"maKetQua": "401", "ghiChu": "Lỗi xác thực"})
    return jsonify(answer(_body(bodies)))


def _body(kinds: tuple[str, ...]) -> dict[str, str]:
    """The fields of the request's body; none where it is of a kind that is not taken."""
    if request.is_json:
        fields = request.get_json(silent=True) if "json" in kinds else None
        return {key: value for key, value in (fields or {}).items() if isinstance(value, str)}
    return dict(request.form) if "form" in kinds else {}


def _directed() -> dict[str, Any]:
    if DIRECTOR not in request.headers or not request.is_json:
        abort(403)
    asked = request.get_json(silent=True)
    return asked if isinstance(asked, dict) else {}


def _behaviour(asked: Mapping[str, Any]) -> Behaviour:
    try:
        times = asked.get("times")
        return Behaviour(
            mood=Mood(asked.get("mood", Mood.OK)),
            seconds=float(asked.get("seconds", 30.0)),
            lie=Lie(asked.get("lie", Lie.HTML)),
            only=str(asked.get("only", "")),
            times=None if times is None else int(times),
        )
    except (ValueError, TypeError):
        abort(400)


def _treated(how: Behaviour, answer: _Answer, stopped: Event) -> Response:
    match how.mood:
        case Mood.SLOW:
            stopped.wait(how.seconds)
            return answer()
        case Mood.LYING:
            return _lie(how.lie, answer)
        case Mood.FAILING:
            return Response("Server Error", status=500, mimetype="text/plain")
        case Mood.DRIPPING:
            drip(request.environ["werkzeug.socket"], stopped)
        case Mood.CUT:
            hang_up(request.environ["werkzeug.socket"])
        case Mood.CUT_AFTER:
            answer()
            hang_up(request.environ["werkzeug.socket"])
        case Mood.OK:
            return answer()
    # Nobody listens any more; the server notices when it writes.
    return Response(status=503)


def _lie(lie: Lie, answer: _Answer) -> Response:
    match lie:
        case Lie.CUT_SHORT:
            cut_short(request.environ["werkzeug.socket"], _json_of(answer()))
            return Response(status=503)
        case Lie.COMPRESSED:
            return Response(gzip.compress(_json_of(answer())), content_type=JSON, headers={"Content-Encoding": "gzip"})
        case Lie.ELSEWHERE:
            return Response(status=307, headers={"Location": request.url.replace("/api/", "/api/elsewhere/")})
        case _:
            kind, content = LIES[lie]
            return Response(content, content_type=kind)


def _json_of(response: Response) -> bytes:
    return json.dumps(response.get_json()).encode()
