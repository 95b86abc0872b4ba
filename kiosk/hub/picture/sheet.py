"""The weekly report as it is read: titles, labels and values in one language, for screen, paper and CSV."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from babel.numbers import format_decimal

from kiosk.hub.event import CLINIC_TIME
from kiosk.hub.picture.weekly import Table, WeekReport
from kiosk.hub.picture.words import say, say_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a table: its label and values, and how long its bar is, from 0 to 1; None for no bar."""

    label: str
    values: tuple[str, ...]
    bar: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A table of the sheet; ``total`` is its last line."""

    key: str
    title: str
    heads: tuple[str, ...]
    lines: tuple[Line, ...]
    total: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The whole report in one language. ``name`` is that of its files."""

    name: str
    week: str
    title: str
    span: str
    made: str
    note: str
    facts: tuple[tuple[str, str], ...]
    parts: tuple[Part, ...]


def sheet_of(report: WeekReport, language: str) -> Sheet:
    """The report in words."""
    writer = _Writer(report, language)
    monday, sunday = report.monday.strftime("%d/%m/%Y"), report.sunday.strftime("%d/%m/%Y")
    made = report.made_at.astimezone(CLINIC_TIME).strftime("%H:%M %d/%m/%Y")
    return Sheet(
        name=f"week-{report.monday.isoformat()}-{language}",
        week=report.monday.isoformat(),
        title=say(language, "report.title"),
        span=say(language, "report.span", first=monday, last=sunday),
        made=say(language, "report.made", at=made),
        note=say(language, "report.note", k=report.k),
        facts=tuple(writer.facts()),
        parts=tuple(writer.part(table) for table in report.tables if table.content.rows),
    )


def csv_of(sheet: Sheet) -> str:
    """The sheet as CSV (RFC 4180): table, label, title of the value, value; one value a line."""
    out = io.StringIO()
    writer = csv.writer(out)
    for label, value in ((sheet.title, sheet.span), (sheet.note, ""), *sheet.facts):
        writer.writerow((label, "", "", value))
    for part in sheet.parts:
        for line in (*part.lines, part.total):
            for head, value in zip(part.heads, line.values, strict=True):
                writer.writerow((part.title, line.label, head, value))
    return out.getvalue()


class _Writer:
    def __init__(self, report: WeekReport, language: str) -> None:
        self._report, self._language = report, language
        self._tables = {table.key: table.content for table in report.tables}

    def facts(self) -> Iterator[tuple[str, str]]:
        """The few figures that stand on top; each is a published total, or a share of published counts."""
        yield self._word("report.fact.admissions"), self._count(self._tables["day"].totals[0])
        yield self._word("report.fact.linked"), self._linked()
        yield self._word("report.fact.target"), f"{self._number(self._report.target)} %"
        first, later = self._tables["card"].totals or (0, 0)
        yield self._word("report.fact.first"), self._share(first, later)

    def part(self, table: Table) -> Part:
        """A published table in words."""
        greatest = max((max(row) for row in table.content.rows.values() if row), default=0) or 1
        return Part(
            key=table.key,
            title=self._word(f"report.table.{table.key}"),
            heads=tuple(self._word(f"report.head.{head}") for head in table.heads),
            lines=tuple(
                Line(
                    label=self._label(table.key, name),
                    values=tuple(self._count(n) for n in row or (None,) * len(table.heads)),
                    bar=None if row is None else row[0] / greatest,
                )
                for name, row in table.content.rows.items()
            ),
            total=Line(label=self._word("report.total"), values=tuple(map(self._count, table.content.totals))),
        )

    def _linked(self) -> str:
        rows = self._tables["linked"].rows
        linked, other = rows["linked"], rows["not_linked"]
        return self._word("report.hidden") if linked is None or other is None else self._share(linked[0], other[0])

    def _share(self, part: int | None, rest: int | None) -> str:
        if part is None or rest is None:
            return self._word("report.hidden")
        return f"{self._number(100 * part / (part + rest))} %" if part + rest else "—"

    def _label(self, key: str, name: str) -> str:
        match key:
            case "day":
                year, month, day = name.split("-")
                return f"{day}/{month}/{year}"
            case "clinic":
                return f"{name} · {self._report.names.get(name, '')}"
            case _:
                return say_code(self._language, key, name)

    def _count(self, n: int | None) -> str:
        return self._word("report.hidden") if n is None else self._number(n)

    def _number(self, value: float) -> str:
        return str(format_decimal(round(value, 1), "#,##0.#", locale=self._language))

    def _word(self, word: str) -> str:
        return say(self._language, word)
