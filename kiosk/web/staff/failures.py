"""One page a code, to print: why, what the patient sees, what to say, what to do, what to press. It knows no visit."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from flask import Flask, Response, abort, make_response, render_template


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A code as its page shows it: words of the catalogue, by their ids.

    ``seen`` is what the patient sees; ``press`` what is pressed at the desk.
    """

    code: str
    seen: str
    press: str


def _rows() -> tuple[Failure, ...]:
    rows = (
        ("E01", "one.title", "resume"),
        ("E02", "back.title", "resume"),
        ("E03", "digits.wrong", "admit"),
        ("E04", "desk.why.unknown_card", "admit"),
        ("E05", "desk.why.unknown_card", "second"),
        ("E06", "desk.why.card_expired", "decide"),
        ("E07", "desk.why.no_cover", "decide"),
        ("E08", "desk.why.cover_ended", "decide"),
        ("E09", "desk.why.compare", "compare"),
        ("E10", "desk.why.cover_unknown", "admit"),
        ("E11", "desk.why.qr_only", "admit"),
        ("E12", "ticket.again_title", "nothing"),
        ("E13", "ticket.no_paper", "device"),
        ("E14", "attract.reader_lost", "device"),
        ("E15", "desk.why.clock", "admit"),
        ("E16", "closed.not_yet", "device"),
        ("E17", "child.title", "admit"),
        ("E18", "desk.why.no_card", "admit"),
        ("help", "called.help.title", "done"),
        ("emergency", "called.emergency.title", "done"),
        ("card_left", "take.title", "nothing"),
    )
    return tuple(Failure(code=code, seen=seen, press=press) for code, seen, press in rows)


FAILURES: Mapping[str, Failure] = {row.code: row for row in _rows()}
"""Every code that staff see, in its order."""


def add_failure_pages(app: Flask) -> None:
    """Give the app a page for every code, and one with all of them."""

    @app.get("/failures")
    def failures() -> Response:
        return make_response(render_template("staff/failures.html", failures=FAILURES.values(), alone=False))

    @app.get("/failures/<code>")
    def failure(code: str) -> Response:
        if code not in FAILURES:
            abort(HTTPStatus.NOT_FOUND)
        return make_response(render_template("staff/failures.html", failures=[FAILURES[code]], alone=True))
