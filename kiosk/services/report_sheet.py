"""The report of a day as it is read: titles, labels and values in one language, for screen, paper and CSV."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Protocol

from babel.numbers import format_decimal

from kiosk.domain.figures import Spread
from kiosk.domain.route import Clinic
from kiosk.domain.tickets import VIETNAM_TIME
from kiosk.services.report import DESK, DayReport

FIRST_HOUR, LAST_HOUR = 6, 18
"""The hours that are shown in any case, so that days can be laid beside each other."""


class Say(Protocol):
    """A word of the catalogue in the sheet's language; the id itself where the catalogue has none."""

    def __call__(self, message: str, /, **values: object) -> str:
        """The word with its values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a table: its label, its values, and how long its bar is, from 0 to 1; None for no bar."""

    label: str
    values: tuple[str, ...]
    bar: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of the sheet; ``heads`` are the titles of its values. ``key`` is its stable name."""

    key: str
    title: str
    heads: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The whole report in one language."""

    title: str
    clinic: str
    day: str
    made: str
    facts: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...]
    heads: tuple[str, ...]
    words: Mapping[str, str]


def sheet_of(report: DayReport, clinic: Clinic, say: Say, language: str) -> Sheet:
    """The report in words.

    :param say: the catalogue of ``language`` (``vi`` or ``en``).
    """
    writer = _Writer(report, clinic, say, language)
    return Sheet(
        title=say("report.title"),
        clinic=clinic.name_vi if language == "vi" else clinic.name_en,
        day=_day(report.day),
        made=say("report.made", at=report.made_at.astimezone(VIETNAM_TIME).strftime("%H:%M %d/%m/%Y")),
        facts=tuple(writer.facts()),
        tables=tuple(table for table in writer.tables() if table.rows),
        heads=tuple(f"{head.device} · {head.seq} · {head.hash}" for head in report.heads),
        words={name: say(f"report.{name}") for name in ("heads", "heads.why", "nothing", "clinic", "day")},
    )


def csv_of(sheet: Sheet) -> str:
    """The sheet as CSV (RFC 4180): table, label, title of the value, value; one value a line."""
    out = io.StringIO()
    writer = csv.writer(out)
    for label, value in ((sheet.words["clinic"], sheet.clinic), (sheet.words["day"], sheet.day), *sheet.facts):
        writer.writerow((sheet.title, label, "", value))
    for table in sheet.tables:
        for row in table.rows:
            for head, value in zip(table.heads, row.values, strict=True):
                writer.writerow((table.title, row.label, head, value))
    for head in sheet.heads:
        writer.writerow((sheet.words["heads"], "", "", head))
    return out.getvalue()


def plain(report: DayReport) -> dict[str, Any]:
    """The report for programs: stable words, counts, seconds."""
    made = asdict(report)
    return made | {"day": report.day.isoformat(), "made_at": report.made_at.isoformat()}


class _Writer:
    def __init__(self, report: DayReport, clinic: Clinic, say: Say, language: str) -> None:
        self._report, self._clinic, self._say, self._language = report, clinic, say, language

    def facts(self) -> Iterator[tuple[str, str]]:
        report, say = self._report, self._say
        for name in ("admissions", "automatic", "desk_tickets", "cancelled", "assisted", "copies", "undone"):
            yield say(f"report.{name}"), str(getattr(report, name))
        share = 100 * report.priority / report.admissions if report.admissions else 0
        yield say("report.priority"), f"{report.priority} ({self._number(share)} %)"
        yield say("report.machine"), self._spread(report.machine, minutes=False)
        exceptions = report.exceptions
        yield say("report.exceptions"), str(exceptions.came)
        yield say("report.exceptions.open"), str(exceptions.open)
        oldest = exceptions.oldest_open_s
        yield say("report.exceptions.oldest"), "—" if oldest is None else self._minutes(oldest)
        yield say("report.exceptions.settling"), self._spread(exceptions.settling)

    def tables(self) -> Iterator[Table]:
        report, say = self._report, self._say
        hours = range(min([FIRST_HOUR, *report.by_hour]), max([LAST_HOUR, *report.by_hour]) + 1)
        yield self._counts("by_hour", {f"{hour:02}:00": report.by_hour.get(hour, 0) for hour in hours}, str)
        yield self._counts("by_room", report.by_room, self._place)
        yield self._waits(report.waits)
        yield self._counts("by_way", report.by_way, lambda key: say(f"way.{key}") if key else "—")
        yield self._counts("by_assurance", report.by_assurance, lambda key: say(f"assurance.{key}"))
        yield self._counts("by_code", report.exceptions.by_code, self._code)
        yield self._counts("overrides", report.overrides, lambda key: say(f"override.{key}"))
        yield self._counts("holder_checks", report.holder_checks, lambda key: say(f"report.holder.{key}"))
        rows = [Row(label=key, values=(self._minutes(seconds),)) for key, seconds in report.down.items()]
        yield Table(key="down", title=say("report.down"), heads=(say("report.minutes"),), rows=tuple(rows))

    def _counts(self, key: str, counts: Mapping[str, int], label: Callable[[str], str]) -> Table:
        most = max(counts.values(), default=0) or 1
        ordered = counts.items() if key == "by_hour" else sorted(counts.items(), key=lambda each: (-each[1], each[0]))
        rows = tuple(Row(label=label(name), values=(str(count),), bar=count / most) for name, count in ordered)
        return Table(key=key, title=self._say(f"report.{key}"), heads=(self._say("report.count"),), rows=rows)

    def _waits(self, waits: Mapping[str, Spread]) -> Table:
        say = self._say
        longest = max((each.p95_s or 0 for each in waits.values()), default=0) or 1
        rows = tuple(
            Row(
                label=self._place(place),
                values=(str(each.count), self._minutes(each.median_s), self._minutes(each.p95_s)),
                bar=(each.p95_s or 0) / longest,
            )
            for place, each in waits.items()
        )
        heads = (say("report.count"), say("report.median"), say("report.p95"))
        return Table(key="waits", title=say("report.waits"), heads=heads, rows=rows)

    def _place(self, room_id: str) -> str:
        if room_id == DESK:
            return self._say("queue.desk", desk=self._clinic.desk)
        room = self._clinic.room_or_bare(room_id)
        return room.name_vi if self._language == "vi" else room.name_en

    def _code(self, code: str) -> str:
        title = self._say(f"notice.{code}.title")
        return f"{code} · {title}" if code.startswith("E") else title

    def _spread(self, times: Spread, *, minutes: bool = True) -> str:
        if times.median_s is None or times.p95_s is None:
            return "—"
        shown = self._minutes if minutes else self._seconds
        return self._say("report.spread", median=shown(times.median_s), p95=shown(times.p95_s))

    def _minutes(self, seconds: float | None) -> str:
        return "—" if seconds is None else self._say("report.value.minutes", n=self._number(seconds / 60))

    def _seconds(self, seconds: float) -> str:
        return self._say("report.value.seconds", n=self._number(seconds))

    def _number(self, value: float) -> str:
        return str(format_decimal(round(value, 1), "#,##0.#", locale=self._language))


def _day(day: date) -> str:
    return day.strftime("%d/%m/%Y")
