"""The page of devices: what each part last said, what to do about it, and the morning's self-test of each kiosk."""

from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus

from flask import Flask, Response, abort, flash, make_response, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kiosk.domain.self_test import SelfTestRow
from kiosk.domain.tickets import VIETNAM_TIME
from kiosk.key_safe.state import KeyState
from kiosk.ports import StoreUnavailable
from kiosk.services.province_state import Province
from kiosk.services.self_test import NoSuchKiosk, SelfTests
from kiosk.web.common.preferences import current_preferences
from kiosk.web.staff.board import Board


def add_devices(
    app: Flask,
    board: Board,
    tests: SelfTests,
    province: Province | None = None,
    keys: Callable[[], Sequence[KeyState]] = tuple,
) -> None:
    """Give the app the page of devices, with a line on the province where the clinic belongs to one.

    :param keys: says how the key files are kept.
    """

    @app.context_processor
    def shared() -> dict[str, object]:
        return {"has_devices": True, "ready": tests.ready}

    @app.get("/devices", endpoint="devices")
    def show_devices() -> Response:
        last = {row.device: row for row in tests.last()}
        return make_response(
            render_template(
                "staff/devices.html",
                devices=board.devices(),
                kiosks=tests.kiosks(),
                last=last,
                running=any(row.settled_at is None for row in last.values()),
                when=_when,
                keys=keys(),
                belongs=province is not None,
                province=None if province is None else province.state(),
                certificate=None if province is None else province.certificate(),
                day=_day,
            )
        )

    if province is not None:
        _add_again(app, board, province)

    @app.post("/devices/<kiosk>/self-test")
    def order_self_test(kiosk: str) -> AnyResponse:
        try:
            tests.order(kiosk, by=board.clerk)
        except NoSuchKiosk:
            abort(HTTPStatus.NOT_FOUND)
        except StoreUnavailable:
            abort(HTTPStatus.SERVICE_UNAVAILABLE)
        return redirect(url_for("devices", **current_preferences().query), HTTPStatus.SEE_OTHER)


def _add_again(app: Flask, board: Board, province: Province) -> None:
    @app.post("/province/again")
    def province_again() -> AnyResponse:
        try:
            many = province.again(by=board.clerk)
        except StoreUnavailable:
            flash(str(gettext("staff.problem.store_unavailable")), "problem")
        else:
            flash(str(gettext("staff.done.province_again", n=many or 0)), "done")
        return redirect(url_for("devices", **current_preferences().query), HTTPStatus.SEE_OTHER)


def _day(at: datetime) -> str:
    return at.astimezone(VIETNAM_TIME).strftime("%d/%m/%Y")


def _when(row: SelfTestRow) -> str:
    return (row.settled_at or row.created_at).astimezone(VIETNAM_TIME).strftime("%H:%M %d/%m/%Y")
