"""What the person does: taps, digits, a room, a frame of the camera. Each is passed on; none decides anything."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus

from flask import Flask, Response, abort, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from kiosk.services.view import OtherVisit, PatientScreens
from kiosk.web.common.preferences import current_preferences
from kiosk.web.patient.page import Page

SCAN_LIMIT = 64 * 1024
"""The greatest text of a scanner as JSON, in bytes."""

FRAME_LIMIT = 2 * 1024 * 1024
"""The greatest camera frame, in bytes."""

_IMAGE_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")


TAPS: dict[str, Callable[[PatientScreens], None]] = {
    "for-child": lambda desk: desk.for_child(),
    "agree": lambda desk: desk.agree(),
    "disagree": lambda desk: desk.disagree(),
    "no-qr": lambda desk: desk.no_qr(),
    "no-card": lambda desk: desk.no_card(),
    "not-me": lambda desk: desk.not_me(),
    "stop": lambda desk: desk.stop(),
    "print": lambda desk: desk.print_ticket(),
    "acknowledge": lambda desk: desk.acknowledge(),
    "more-time": lambda desk: desk.more_time(),
    "touch": lambda desk: desk.touch(),
    "help": lambda desk: desk.call_staff("help"),
    "child": lambda desk: desk.call_staff("child"),
    "emergency": lambda desk: desk.call_staff("emergency"),
}
"""What says nothing but itself, by the last part of its address: the buttons, and that somebody touches the screen."""


def add_taps(app: Flask, page: Page) -> None:
    """Give the app what its page can send."""

    @app.post("/tap/<name>")
    def tap(name: str) -> BaseResponse:
        if name not in TAPS:
            abort(HTTPStatus.NOT_FOUND)
        with _visit_on_the_page(page):
            TAPS[name](page.desk)
        return _answer(page)

    @app.post("/digits")
    def digits() -> BaseResponse:
        tries = request.form.get("tries", default=None, type=int)
        return _pass_on(page, lambda typed: page.desk.type_digits(typed, tries), request.form.get("digits", ""))

    @app.post("/room")
    def room() -> BaseResponse:
        return _pass_on(page, page.desk.choose_room, request.form.get("room", ""))

    @app.post("/camera")
    def camera() -> Response:
        frame = request.get_data(cache=False)
        if not frame.startswith(_IMAGE_STARTS):
            abort(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        try:
            page.desk.show_image(frame, _claimed_visit())
        except OtherVisit:
            abort(HTTPStatus.CONFLICT)
        return Response(status=HTTPStatus.NO_CONTENT)

    @app.post("/scan")
    def scan() -> Response:
        scanned = request.get_json(silent=True)
        text = scanned.get("text") if isinstance(scanned, dict) else None
        if isinstance(scanned, dict) and scanned.get("composed") is True:
            if page.scanner is not None:
                page.scanner.spoilt()
        elif isinstance(text, str) and text:
            if page.scanner is not None:
                page.scanner.works()
            try:
                page.desk.show_code(text, _claimed_visit())
            except OtherVisit:
                abort(HTTPStatus.CONFLICT)
        else:
            abort(HTTPStatus.BAD_REQUEST)
        return Response(status=HTTPStatus.NO_CONTENT)


def _pass_on(page: Page, take: Callable[[str], None], word: str) -> BaseResponse:
    with _visit_on_the_page(page):
        try:
            take(word)
        except ValueError:
            abort(HTTPStatus.BAD_REQUEST)
    return _answer(page)


def _claimed_visit() -> str:
    """Whose screen was acted on: a form says it itself, what has no form says it in a header."""
    return request.form.get("visit") or request.headers.get("X-Visit", "")


@contextmanager
def _visit_on_the_page(page: Page) -> Iterator[None]:
    """Nobody acts in another person's visit: 409 where the screen that was touched is of one that is over."""
    try:
        with page.desk.in_visit(_claimed_visit()):
            yield
    except OtherVisit:
        abort(HTTPStatus.CONFLICT)


def _answer(page: Page) -> BaseResponse:
    """The screen that follows: as a part for the page's own script, else by a redirect, so that "back" is harmless."""
    if request.headers.get("X-Requested-With") == "fetch":
        return page.part(page.desk.view())
    return redirect(url_for("show", **current_preferences().query), HTTPStatus.SEE_OTHER)
