"""How clinics and their devices are now, as they last said: heartbeats, parts that ail, self-tests, open exceptions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, select

from kiosk.hub.event import CLINIC_TIME
from kiosk.hub.store.tables import alarm, day_share, device, hour_count, latest, quarantine, second_visit

WELL = frozenset({"ok", "up", "ready", "absent"})
"""The states of a part that need nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceState:
    """A device as it last said.

    :ivar beat: the body of its newest heartbeat, and :ivar beat_at: when that came; None where none ever did.
    :ivar parts: its parts that ail, by their state. :ivar passed_at: when a self-test last passed.
    """

    clinic: str
    name: str
    beat: dict[str, Any] = field(default_factory=dict)
    beat_at: datetime | None = None
    parts: dict[str, str] = field(default_factory=dict)
    passed_at: datetime | None = None
    admitted_at: datetime | None = None

    def age_s(self, what: str, now: datetime) -> int | None:
        """How old its ``trust`` or ``roster`` is now; None where it has none."""
        then = self.beat.get(f"{what}_age_s")
        if then is None or self.beat_at is None:
            return None
        return int(then + (now - self.beat_at).total_seconds())


def device_states(connection: Connection, clinic: str | None = None) -> dict[str, tuple[DeviceState, ...]]:
    """Every active device, by its clinic.

    :param clinic: of this one alone.
    """
    known = select(device.c.clinic, device.c.name).where(device.c.state == "active")
    said = select(latest.c.clinic, latest.c.device, latest.c.what, latest.c.at, latest.c.received_at, latest.c.body)
    if clinic is not None:
        known, said = known.where(device.c.clinic == clinic), said.where(latest.c.clinic == clinic)
    facts: dict[tuple[str, str], dict[str, Any]] = {
        (row.clinic, row.name): {"parts": {}} for row in connection.execute(known)
    }
    for row in connection.execute(said):
        _note(facts.get((row.clinic, row.device)), row)
    found: dict[str, tuple[DeviceState, ...]] = {}
    for (of, name), each in sorted(facts.items()):
        found[of] = (*found.get(of, ()), DeviceState(clinic=of, name=name, **each))
    return found


def _note(facts: dict[str, Any] | None, row: Any) -> None:
    if facts is None:
        return
    match row.what:
        case "heartbeat":
            facts["beat"], facts["beat_at"] = row.body, row.received_at
        case "admission":
            facts["admitted_at"] = row.at
        case "self_test_passed":
            facts["passed_at"] = row.at
        case what if what.startswith("health.") and row.body.get("state") not in WELL:
            facts["parts"][row.body.get("part", "")] = str(row.body.get("state"))


def open_exceptions(connection: Connection, day: date, days: int = 14) -> dict[str, int]:
    """How many exceptions of the last days are still open, by clinic."""
    begin = datetime(day.year, day.month, day.day, tzinfo=CLINIC_TIME) - timedelta(days=days - 1)
    left = func.sum(hour_count.c.exceptions_opened - hour_count.c.exceptions_closed)
    query = select(hour_count.c.clinic, left).where(hour_count.c.hour >= begin).group_by(hour_count.c.clinic)
    return {row[0]: max(0, int(row[1])) for row in connection.execute(query)}


def mismatches(connection: Connection, day: date, codes: Sequence[str], days: int = 7) -> list[tuple[str, str, int]]:
    """How often these desk codes opened an exception in the last days: clinic, code, count, the greatest first."""
    n = func.sum(day_share.c.n)
    query = select(day_share.c.clinic, day_share.c.word, n).where(
        day_share.c.day > day - timedelta(days=days), day_share.c.day <= day, day_share.c.measure == "exception"
    )
    query = query.where(day_share.c.word.in_(codes)).group_by(day_share.c.clinic, day_share.c.word)
    return sorted(((row[0], row[1], int(row[2])) for row in connection.execute(query)), key=lambda row: -row[2])


def open_alarms(connection: Connection, clinic: str | None = None) -> Sequence[Row[Any]]:
    """Alarms that nobody closed, the newest first."""
    query = select(alarm).where(alarm.c.closed_at.is_(None)).order_by(alarm.c.raised_at.desc())
    return connection.execute(query if clinic is None else query.where(alarm.c.clinic == clinic)).all()


def open_seconds(connection: Connection, clinic: str | None = None) -> Sequence[Row[Any]]:
    """Second admissions of somebody on a day that nobody closed, the newest first."""
    query = select(second_visit).where(second_visit.c.state == "open").order_by(second_visit.c.found_at.desc())
    return connection.execute(query if clinic is None else query.where(second_visit.c.clinic == clinic)).all()


def open_quarantine(connection: Connection) -> dict[str, int]:
    """How many events lie aside and wait for somebody, by clinic."""
    query = select(quarantine.c.clinic, func.count()).where(quarantine.c.state == "open").group_by(quarantine.c.clinic)
    return {row[0]: int(row[1]) for row in connection.execute(query)}


def shares_of(connection: Connection, first: date, last: date, clinic: str | None = None) -> dict[str, dict[str, int]]:
    """How the visits of these days share out: by measure and word."""
    query = select(day_share.c.measure, day_share.c.word, func.sum(day_share.c.n))
    query = query.where(day_share.c.day >= first, day_share.c.day <= last)
    if clinic is not None:
        query = query.where(day_share.c.clinic == clinic)
    found: dict[str, dict[str, int]] = {}
    for measure, word, n in connection.execute(query.group_by(day_share.c.measure, day_share.c.word)):
        found.setdefault(measure, {})[word] = int(n)
    return found
