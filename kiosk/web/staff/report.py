"""The report of a day at the staff screen, as a file of paper (PDF) and as one for a spreadsheet (CSV)."""

from datetime import date
from http import HTTPStatus

from flask import Flask, Response, abort, make_response, render_template, request
from flask_babel import gettext

from kiosk.domain.tickets import clinic_day
from kiosk.services.report import Reporter
from kiosk.services.report_sheet import Sheet, csv_of, sheet_of
from kiosk.web.common.factory import WEB
from kiosk.web.common.preferences import current_preferences
from kiosk.web.staff.board import Board

FONTS = WEB / "static" / "fonts"


def add_report(app: Flask, board: Board, reporter: Reporter) -> None:
    """Give the app the report and its two files."""

    def day() -> date:
        return _day(request.args.get("day"), today=clinic_day(board.clock.now()))

    def sheet() -> Sheet:
        return sheet_of(reporter.report(day()), board.clinic, _say, current_preferences().language)

    @app.get("/report", endpoint="report")
    def show_report() -> Response:
        shown = {"sheet": sheet(), "day": day(), "today": clinic_day(board.clock.now())}
        return make_response(render_template("staff/report.html", **shown))

    @app.get("/report.pdf")
    def report_pdf() -> Response:
        # Only here: what makes files is slow to load, and nobody needs it at every start.
        from kiosk.services.report_pdf import pdf_of

        content = pdf_of(sheet(), FONTS, current_preferences().language)
        return _file(content, "application/pdf", f"report-{board.clinic.code}-{day():%Y%m%d}.pdf")

    @app.get("/report.csv")
    def report_csv() -> Response:
        # The mark at the beginning is how spreadsheets know the encoding.
        content = csv_of(sheet()).encode("utf-8-sig")
        return _file(content, "text/csv", f"report-{board.clinic.code}-{day():%Y%m%d}.csv")


def _say(message: str, /, **values: object) -> str:
    return str(gettext(message, **values))


def _day(text: str | None, *, today: date) -> date:
    """The day that is asked for; today's where none is."""
    if not text:
        return today
    try:
        day = date.fromisoformat(text)
    except ValueError:
        abort(HTTPStatus.BAD_REQUEST)
    if day > today:
        abort(HTTPStatus.NOT_FOUND)
    return day


def _file(content: bytes, kind: str, name: str) -> Response:
    response = make_response(content)
    response.mimetype = kind
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
