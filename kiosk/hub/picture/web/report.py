"""The weekly report: on the screen, as PDF and as CSV; in each the same figures, in which nobody is told."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, abort, make_response, render_template, request

from kiosk.hub.event import clinic_day
from kiosk.hub.picture.config import PictureConfig
from kiosk.hub.picture.paper import pdf_of
from kiosk.hub.picture.sheet import Sheet, csv_of, sheet_of
from kiosk.hub.picture.weekly import WeekNotOver, monday_of, week_report
from kiosk.hub.store.database import HubDatabase
from kiosk.web.common.factory import WEB
from kiosk.web.common.preferences import current_preferences

_FIRST = date(2020, 1, 6)
"""No province had a hub before."""


def add_report(app: Flask, database: HubDatabase, config: PictureConfig, now: Callable[[], datetime]) -> None:
    """Give the app its weekly report."""

    def last_monday() -> date:
        return monday_of(clinic_day(now())) - timedelta(days=7)

    def sheet() -> Sheet:
        try:
            monday = date.fromisoformat(request.args.get("week", last_monday().isoformat()))
            if monday < _FIRST:
                abort(HTTPStatus.NOT_FOUND)
            report = week_report(database, monday, now(), k=config.k, target=config.linked_target)
        except (WeekNotOver, ValueError, OverflowError):
            # The last days of the calendar have no week around them.
            abort(HTTPStatus.NOT_FOUND)
        return sheet_of(report, current_preferences().language)

    @app.get("/report")
    def report() -> Response:
        weeks = [last_monday() - timedelta(days=7 * back) for back in range(8)]
        return make_response(render_template("picture/report.html", sheet=sheet(), weeks=weeks))

    @app.get("/report.pdf")
    def report_pdf() -> Response:
        found = sheet()
        content = pdf_of(found, WEB / "static" / "fonts", current_preferences().language)
        return _file(content, "application/pdf", f"{found.name}.pdf")

    @app.get("/report.csv")
    def report_csv() -> Response:
        found = sheet()
        # With the mark that spreadsheets know UTF-8 by.
        return _file(csv_of(found).encode("utf-8-sig"), "text/csv; charset=utf-8", f"{found.name}.csv")


def _file(content: bytes, kind: str, name: str) -> Response:
    headers: dict[str, Any] = {"Content-Type": kind, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, headers=headers)
