"""``kiosk report``: the report of a day, on the screen and into files.

Exit codes: 0 done; 1 the store cannot be used; 2 wrong usage or configuration.
"""

import gettext
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import idcard
from kiosk.record_cli import AsJson, In, StaffFile, errors_told, opened
from kiosk.roster_words import Language

if TYPE_CHECKING:
    from kiosk.services.report import DayReport
    from kiosk.services.report_sheet import Say, Sheet

_LOCALES = Path(__file__).parent / "locales"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter("a day is written 2026-11-23") from error


def report(
    config: StaffFile,
    day: Annotated[
        date | None, typer.Option(parser=_day, metavar="DAY", help="The day, as 2026-11-23; else today.")
    ] = None,
    pdf: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it for paper.")] = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it for a spreadsheet.")] = None,
    as_json: AsJson = False,
    language: In = Language.EN,
) -> None:
    """Tell what happened on a day, in figures that name nobody, and where the audit chains end."""
    with errors_told(language):
        made, sheet = _made(config, day, language)
        if pdf is not None:
            from kiosk.services.report_pdf import pdf_of
            from kiosk.web.common.factory import WEB

            _write(pdf, pdf_of(sheet, WEB / "static" / "fonts", language.value))
        if csv is not None:
            from kiosk.services.report_sheet import csv_of

            _write(csv, csv_of(sheet).encode("utf-8-sig"))
    if as_json:
        from kiosk.services.report_sheet import plain

        typer.echo(json.dumps(plain(made), ensure_ascii=False, indent=1))
    elif pdf is None and csv is None:
        typer.echo("\n".join(_lines(sheet)))


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise idcard.ConfigurationError(
            f"The file {path.name} cannot be written: {error.strerror}.", reason="folder", remedy="Name another file."
        ) from error


def _made(config: Path, day: date | None, language: Language) -> "tuple[DayReport, Sheet]":
    from kiosk.config import StaffConfig, load
    from kiosk.devices.clock import SystemClock
    from kiosk.domain.tickets import clinic_day
    from kiosk.services.report import Reporter
    from kiosk.services.report_sheet import sheet_of

    settings = load(StaffConfig, config)
    with opened(settings) as database:
        reporter = Reporter(database=database, clinic=settings.clinic, clock=SystemClock())
        made = reporter.report(day or clinic_day(datetime.now(UTC)))
    return made, sheet_of(made, settings.clinic, _say(language), language.value)


def _say(language: Language) -> "Say":
    with (_LOCALES / language.value / "LC_MESSAGES" / "messages.mo").open("rb") as file:
        catalogue = gettext.GNUTranslations(file)

    def say(message: str, /, **values: object) -> str:
        said = catalogue.gettext(message)
        return said % values if values else said

    return say


def _lines(sheet: "Sheet") -> list[str]:
    """The sheet for a terminal."""
    lines = [f"{sheet.title} {sheet.day} · {sheet.clinic}", ""]
    lines += [f"{label}: {value}" for label, value in sheet.facts]
    for table in sheet.tables:
        lines += ["", f"{table.title} ({', '.join(table.heads)})"]
        lines += [f"  {row.label}: {', '.join(row.values)}" for row in table.rows]
    return [*lines, "", sheet.words["heads"], *(f"  {head}" for head in sheet.heads)]
