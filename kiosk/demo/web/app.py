"""The bench's app: pick a citizen, lay the card down or take it away, show its code, scan it, trouble the gateway."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from kiosk.demo.clerks import CLERKS
from kiosk.demo.closed_place import CLOSED_STATES
from kiosk.demo.config import BenchConfig
from kiosk.demo.failures import FAILURES, NONE, bring_about
from kiosk.demo.faults import Faults
from kiosk.demo.people import ENDED, Citizen
from kiosk.demo.web.drawing import DrawnCard, portrait_jpeg
from kiosk.demo.web.words import word
from kiosk.demo.workbench import Bench
from kiosk.devices.printer_twin import PrinterFault
from kiosk.insurance.stand_in.direct import NoStandIn, behave, change
from kiosk.insurance.stand_in.moods import Behaviour, Mood
from kiosk.web.common.factory import base_app, read_session_key
from kiosk.web.common.preferences import current_preferences

MOODS = {
    "ok": Behaviour(),
    "slow": Behaviour(mood=Mood.SLOW, seconds=6.0),
    "lying": Behaviour(mood=Mood.LYING),
    "cut": Behaviour(mood=Mood.CUT),
}
"""How the payer's gateway can be made to behave from the bench."""


READER_STATES = ("ok", "crowded", "loose", "unplugged")
"""How the reader can be made to behave from the bench: E01, E02 and E14."""


def create_bench_app(
    bench: Bench, config: BenchConfig, faults: Faults | None = None, at_desk: Bench | None = None
) -> Flask:
    """The bench's app.

    :param faults: what can be made to fail beside what lies on the desk.
    :param at_desk: the place for cards of the machine at which clerks help; None where there is none.
    :raises ConfigurationError: when the session key cannot be used.
    """
    key, faults = read_session_key(config.session_key), faults or Faults()
    app = base_app("bench", host=config.host, port=config.port, session_key=key, camera=False)
    pages = Blueprint(
        "bench", __name__, template_folder="templates", static_folder="static", static_url_path="/bench-static"
    )
    pages.context_processor(lambda: {"word": word})
    pages.context_processor(lambda: {"at_desk": None if at_desk is None else at_desk.laid})
    _add_views(pages, bench, config, faults)
    _add_reader(pages, bench, config, faults)
    _add_deeds(pages, bench, config)
    if at_desk is not None:
        _add_desk(pages, bench, at_desk)
    _add_faults(pages, bench, config, faults)
    _add_failures(pages, bench, config, faults)
    _add_gateway(pages, bench, config)
    app.register_blueprint(pages)
    return app


def _add_views(pages: Blueprint, bench: Bench, config: BenchConfig, faults: Faults) -> None:
    @pages.get("/")
    def show() -> str:
        return render_template("bench/page.html", **_context(bench, config, faults))

    @pages.get("/paper.png")
    def paper() -> Response:
        if not faults.papers:
            abort(HTTPStatus.NOT_FOUND)
        return Response(faults.papers[-1], mimetype="image/png")

    @pages.get("/citizens/<name>/portrait.jpg")
    def portrait(name: str) -> Response:
        return Response(portrait_jpeg(_known(bench, name).holder), mimetype="image/jpeg")

    @pages.get("/health")
    def health() -> Response:
        return Response(status=HTTPStatus.NO_CONTENT)


def _add_reader(pages: Blueprint, bench: Bench, config: BenchConfig, faults: Faults) -> None:
    def put(name: str) -> None:
        bench.place(name)
        if faults.closed is not None:
            faults.closed.put(bench.files_of(name))

    @pages.post("/citizens/<name>/place")
    def place(name: str) -> BaseResponse:
        return _do(config.takes_cards, lambda: put(_known(bench, name).id), name)

    @pages.post("/take-away")
    def take_away() -> BaseResponse:
        return _do(config.takes_cards, bench.take_away, _chosen(bench))

    @pages.post("/reader/<state>")
    def reader(state: str) -> BaseResponse:
        if state not in READER_STATES:
            abort(HTTPStatus.NOT_FOUND)
        return _do(config.has_cards, lambda: bench.trouble_reader(state), _chosen(bench))

    @pages.post("/closed-reader/<state>")
    def closed_reader(state: str) -> BaseResponse:
        if state not in CLOSED_STATES:
            abort(HTTPStatus.NOT_FOUND)
        closed = faults.closed or abort(HTTPStatus.CONFLICT)
        return _do(True, lambda: closed.behave(state), _chosen(bench))


def _add_desk(pages: Blueprint, bench: Bench, at_desk: Bench) -> None:
    @pages.post("/citizens/<name>/place-at-desk")
    def place_at_desk(name: str) -> BaseResponse:
        return _do(True, lambda: at_desk.place(_known(bench, name).id), name)

    @pages.post("/take-from-desk")
    def take_from_desk() -> BaseResponse:
        return _do(True, at_desk.take_away, _chosen(bench))


def _add_deeds(pages: Blueprint, bench: Bench, config: BenchConfig) -> None:
    @pages.post("/citizens/<name>/show-qr")
    def show_qr(name: str) -> BaseResponse:
        return _do(config.has_camera, lambda: bench.show_qr(_known(bench, name).id), name)

    @pages.post("/citizens/<name>/scan")
    def scan(name: str) -> BaseResponse:
        return _do(config.has_scanner, lambda: bench.scan(_known(bench, name).id), name)

    @pages.post("/citizens/<name>/show-signed")
    def show_signed(name: str) -> BaseResponse:
        possible = config.has_camera and bench.has_signed_codes
        return _do(possible, lambda: bench.show_signed(_known(bench, name).id), name)

    @pages.post("/citizens/<name>/scan-signed")
    def scan_signed(name: str) -> BaseResponse:
        possible = config.has_scanner and bench.has_signed_codes
        return _do(possible, lambda: bench.scan_signed(_known(bench, name).id), name)

    @pages.post("/scanner/<state>")
    def scanner(state: str) -> BaseResponse:
        if state not in _PLUG:
            abort(HTTPStatus.NOT_FOUND)
        return _do(config.has_scanner, lambda: bench.plug_scanner(_PLUG[state]), _chosen(bench))

    @pages.post("/hide-qr")
    def hide_qr() -> BaseResponse:
        return _do(config.has_camera, bench.hide_qr, _chosen(bench))


def _add_faults(pages: Blueprint, bench: Bench, config: BenchConfig, faults: Faults) -> None:
    @pages.post("/printer/<state>")
    def printer(state: str) -> BaseResponse:
        if state not in list(PrinterFault):
            abort(HTTPStatus.NOT_FOUND)
        return _do(config.has_printer, lambda: faults.trouble_printer(PrinterFault(state)), _chosen(bench))

    @pages.post("/light/<state>")
    def light(state: str) -> BaseResponse:
        if state not in _PLUG:
            abort(HTTPStatus.NOT_FOUND)
        return _do(config.has_light, lambda: bench.plug_light(_PLUG[state]), _chosen(bench))

    @pages.post("/clock/<state>")
    def clock(state: str) -> BaseResponse:
        if state not in _CLOCK:
            abort(HTTPStatus.NOT_FOUND)
        return _do(config.has_clock, lambda: bench.turn_clock_back(_CLOCK[state]), _chosen(bench))

    @pages.post("/store/<state>")
    def store(state: str) -> BaseResponse:
        if state not in _STORE:
            abort(HTTPStatus.NOT_FOUND)
        return _do(faults.has_store, lambda: faults.hold_store(_STORE[state]), _chosen(bench))


def _add_failures(pages: Blueprint, bench: Bench, config: BenchConfig, faults: Faults) -> None:
    @pages.post("/failures/<code>")
    def failure(code: str) -> BaseResponse:
        if code not in (*FAILURES, NONE):
            abort(HTTPStatus.NOT_FOUND)
        if not _can_fail(config):
            abort(HTTPStatus.CONFLICT)
        who = bring_about(code, bench, faults)
        return _do(True, lambda: None, who or _chosen(bench))


def _can_fail(config: BenchConfig) -> bool:
    """Whether every device is this bench's; else a button would bring about something else than it says."""
    return config.has_cards and config.has_camera and config.has_printer and config.has_clock


def _add_gateway(pages: Blueprint, bench: Bench, config: BenchConfig) -> None:
    @pages.post("/gateway/<mood>")
    def gateway(mood: str) -> BaseResponse:
        if mood not in MOODS:
            abort(HTTPStatus.NOT_FOUND)
        try:
            behave(config.gateway_port, MOODS[mood])
        except NoStandIn:
            abort(HTTPStatus.SERVICE_UNAVAILABLE)
        return _do(True, lambda: bench.set_gateway(mood), _chosen(bench))

    @pages.post("/citizens/<name>/cover/<state>")
    def cover(name: str, state: str) -> BaseResponse:
        if state not in _COVER:
            abort(HTTPStatus.NOT_FOUND)
        citizen, ended = _known(bench, name), _COVER[state]
        if citizen.cover is None:
            abort(HTTPStatus.CONFLICT)
        try:
            change(config.gateway_port, citizen.insurance_number, ENDED if ended else citizen.payer_result)
        except NoStandIn:
            abort(HTTPStatus.SERVICE_UNAVAILABLE)
        return _do(True, lambda: bench.set_ended(name, ended), name)


_COVER = {"end": True, "restore": False}
_PLUG = {"plug": True, "unplug": False}
_CLOCK = {"back": True, "right": False}
_STORE = {"hold": True, "let-go": False}


def _do(possible: bool, deed: Callable[[], None], citizen: str) -> BaseResponse:
    """Do it and show the page again; 409 where the kiosk uses a real device instead of this bench's."""
    if not possible:
        abort(HTTPStatus.CONFLICT)
    deed()
    return redirect(url_for("bench.show", lang=current_preferences().language, citizen=citizen), HTTPStatus.SEE_OTHER)


def _known(bench: Bench, name: str) -> Citizen:
    if name not in bench.people:
        abort(HTTPStatus.NOT_FOUND)
    return bench.people[name]


def _chosen(bench: Bench) -> str:
    """Whose card is drawn: who was asked for, else whose card is in use, else the first."""
    laid = bench.laid
    names = (request.args.get("citizen"), laid.on_reader, laid.before_camera, laid.scanned)
    return next((name for name in names if name is not None and name in bench.people), next(iter(bench.people)))


def _context(bench: Bench, config: BenchConfig, faults: Faults) -> dict[str, Any]:
    chosen = _chosen(bench)
    return {
        "faults": faults,
        "printer_states": [fault.value for fault in PrinterFault],
        "people": bench.people,
        "laid": bench.laid,
        "signed_codes": bench.has_signed_codes,
        "chosen": bench.people[chosen],
        "card": DrawnCard.of(bench.people[chosen]),
        "config": config,
        "failures": (*FAILURES, NONE) if _can_fail(config) else (),
        "moods": MOODS,
        "reader_states": READER_STATES,
        "closed_states": CLOSED_STATES,
        "patient_url": f"http://{config.host}:{config.patient_port}/",
        "clerks": CLERKS,
        "staff_url": f"http://{config.host}:{config.staff_port}/",
        "call_url": f"http://{config.host}:{config.call_port}/",
        "assist_url": f"http://{config.host}:{config.assist_port}/",
    }
