"""The province on one day: every clinic with its hours, read from counts and never from events."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from kiosk.hub.event import CLINIC_TIME
from kiosk.hub.store.tables import HOUR_NUMBERS, alarm, clinic, day_share, hour_count, latest, second_visit, stream


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicDay:
    """A clinic on a day.

    :ivar hours: admissions in each of the 24 hours, by the clinic's time.
    :ivar totals: the day's counts, by the names of :data:`kiosk.hub.store.tables.HOUR_NUMBERS`.
    :ivar heard_at: when anything of it last came, a heartbeat among it; None for never.
    :ivar alarms: open alarms. :ivar seconds: open second admissions of the day.
    """

    clinic: str
    name: str
    hours: tuple[int, ...]
    totals: Mapping[str, int]
    heard_at: datetime | None
    alarms: int
    seconds: int


def province_day(connection: Connection, day: date, only: str | None = None) -> tuple[ClinicDay, ...]:
    """Every clinic on this day, in order of its code.

    :param only: this one alone.
    """
    hours, totals = _hours(connection, day, only)
    heard = _heard(connection)
    open_alarms = select(alarm.c.clinic, func.count()).where(alarm.c.closed_at.is_(None)).group_by(alarm.c.clinic)
    alarms = _by_clinic(connection, open_alarms)
    twice = select(second_visit.c.clinic, func.count()).group_by(second_visit.c.clinic)
    seconds = _by_clinic(connection, twice.where(second_visit.c.state == "open", second_visit.c.day == day))
    return tuple(
        ClinicDay(
            clinic=row.id,
            name=row.name,
            hours=tuple(hours.get(row.id, _NO_HOURS)),
            totals=totals.get(row.id, _NO_NUMBERS),
            heard_at=heard.get(row.id),
            alarms=alarms.get(row.id, 0),
            seconds=seconds.get(row.id, 0),
        )
        for row in connection.execute(_clinics(only))
    )


def province_shares(connection: Connection, day: date) -> dict[str, dict[str, int]]:
    """How the province's day shares out: by measure and word."""
    query = select(day_share.c.measure, day_share.c.word, func.sum(day_share.c.n)).where(day_share.c.day == day)
    found: dict[str, dict[str, int]] = {}
    for measure, word, n in connection.execute(query.group_by(day_share.c.measure, day_share.c.word)):
        found.setdefault(measure, {})[word] = int(n)
    return found


_NO_HOURS = (0,) * 24
_NO_NUMBERS: Mapping[str, int] = dict.fromkeys(HOUR_NUMBERS, 0)


def _clinics(only: str | None) -> Select[tuple[str, str]]:
    query = select(clinic.c.id, clinic.c.name).order_by(clinic.c.id)
    return query if only is None else query.where(clinic.c.id == only)


def _hours(
    connection: Connection, day: date, only: str | None
) -> tuple[dict[str, list[int]], dict[str, dict[str, int]]]:
    """Admissions by the hour and all counts of the day, by clinic."""
    begin = datetime(day.year, day.month, day.day, tzinfo=CLINIC_TIME)
    query = select(hour_count).where(hour_count.c.hour >= begin, hour_count.c.hour < begin + timedelta(days=1))
    if only is not None:
        query = query.where(hour_count.c.clinic == only)
    hours: dict[str, list[int]] = {}
    totals: dict[str, dict[str, int]] = {}
    for row in connection.execute(query):
        hours.setdefault(row.clinic, [0] * 24)[row.hour.astimezone(CLINIC_TIME).hour] = row.admissions
        _add(totals.setdefault(row.clinic, dict(_NO_NUMBERS)), row)
    return hours, totals


def _add(total: dict[str, int], row: Row[Any]) -> None:
    numbers = row._mapping
    for name in HOUR_NUMBERS:
        total[name] += numbers[name]


def _heard(connection: Connection) -> dict[str, datetime]:
    """When a clinic was last heard of: by an event with a number, or by a heartbeat."""
    numbered = select(stream.c.clinic, func.max(stream.c.heard_at)).group_by(stream.c.clinic)
    beats = select(latest.c.clinic, func.max(latest.c.received_at)).group_by(latest.c.clinic)
    found: dict[str, datetime] = _by_clinic(connection, numbered)
    for of, at in _by_clinic(connection, beats).items():
        found[of] = max(at, found.get(of, at))
    return found


def _by_clinic(connection: Connection, query: Any) -> dict[str, Any]:
    return {row[0]: row[1] for row in connection.execute(query)}
