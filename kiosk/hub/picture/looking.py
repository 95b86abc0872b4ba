"""What the picture shows, read from the store: the province, one clinic, and one person for a reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, and_, select

from kiosk.hub.event import clinic_day
from kiosk.hub.picture.acts import Act, write_act
from kiosk.hub.picture.config import PictureConfig
from kiosk.hub.picture.judge import Judged, judge
from kiosk.hub.store import states
from kiosk.hub.store.database import HubDatabase
from kiosk.hub.store.province import ClinicDay, province_day
from kiosk.hub.store.tables import HOUR_NUMBERS, check_in, event, shown_code

MISMATCH_CODES = ("E09", "E10", "E08", "E07")
"""Desk codes that say that card and insurance do not fit together."""
SHORTEST_WORDS = 10
_PERSON_DAYS = 31
_MARKS = frozenset({"person", "person_key", "code_tag", "visit", "exception", "replaced_by"})


class LookReason(StrEnum):
    """Why an officer opens what happened to one person."""

    FRAUD = "fraud"
    COMPLAINT = "complaint"
    CORRECTION = "correction"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Province:
    """The province now.

    :ivar shares: how today's visits share out, by measure and word.
    """

    at: datetime
    day: date
    clinics: tuple[Judged, ...]
    shares: Mapping[str, Mapping[str, int]]
    totals: Mapping[str, int]
    alarms: Sequence[Row[Any]]
    seconds: int
    mismatches: Sequence[tuple[str, str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicLook:
    """One clinic, closer."""

    judged: Judged
    week: tuple[ClinicDay, ...]
    shares: Mapping[str, Mapping[str, int]]
    alarms: Sequence[Row[Any]]
    seconds: Sequence[Row[Any]]
    mismatches: Sequence[tuple[str, str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An event of a person's visit, without any pseudonym: ``visit`` counts the visits of this look from 1."""

    visit: int
    clinic: str
    device: str
    kind: str
    at: datetime
    facts: Mapping[str, Any]


def province(database: HubDatabase, now: datetime, config: PictureConfig) -> Province:
    """The province as it is now.

    :raises HubStoreUnavailable: if the store refuses.
    """
    day = clinic_day(now)
    with database.read() as connection:
        clinics = _judged(connection, now, config)
        totals = dict.fromkeys(HOUR_NUMBERS, 0)
        for each in clinics:
            for name, number in each.day.totals.items():
                totals[name] += number
        return Province(
            at=now,
            day=day,
            clinics=clinics,
            shares=states.shares_of(connection, day, day),
            totals=totals,
            alarms=states.open_alarms(connection),
            seconds=len(states.open_seconds(connection)),
            mismatches=states.mismatches(connection, day, MISMATCH_CODES),
        )


def _judged(
    connection: Connection, now: datetime, config: PictureConfig, only: str | None = None
) -> tuple[Judged, ...]:
    day = clinic_day(now)
    usual = {each.clinic: each.hours for each in province_day(connection, day - timedelta(days=7), only)}
    devices = states.device_states(connection, only)
    exceptions, aside = states.open_exceptions(connection, day), states.open_quarantine(connection)
    return tuple(
        judge(
            each,
            devices.get(each.clinic, ()),
            now,
            config,
            usual=usual.get(each.clinic, ()),
            exceptions=exceptions.get(each.clinic, 0),
            aside=aside.get(each.clinic, 0),
        )
        for each in province_day(connection, day, only)
    )


def clinic_look(database: HubDatabase, code: str, now: datetime, config: PictureConfig) -> ClinicLook | None:
    """One clinic; None where there is none of this code."""
    day = clinic_day(now)
    with database.read() as connection:
        judged = next(iter(_judged(connection, now, config, code)), None)
        if judged is None:
            return None
        days = (province_day(connection, day - timedelta(days=back), code) for back in range(6, -1, -1))
        return ClinicLook(
            judged=judged,
            week=tuple(each for of in days for each in of),
            shares=states.shares_of(connection, day - timedelta(days=6), day, code),
            alarms=states.open_alarms(connection, code),
            seconds=states.open_seconds(connection, code),
            mismatches=[row for row in states.mismatches(connection, day, MISMATCH_CODES) if row[0] == code],
        )


def look_at_person(
    database: HubDatabase, visit: tuple[str, bytes], now: datetime, *, by: str, reason: LookReason, words: str
) -> tuple[Told, ...]:
    """What happened to the person of this visit within a month, once it is written down who looks, and why.

    :param visit: clinic and visit. :param words: why, in the officer's own words.
    :raises ValueError: where there are too few words.
    :raises HubStoreUnavailable: if it could not be written down; then nothing is shown.
    """
    words = " ".join(words.split())
    if not SHORTEST_WORDS <= len(words) <= 255:
        raise ValueError("words")
    clinic, which = visit
    act = Act(sign=by, act="looked", clinic=clinic, subject=which.hex(), reason=reason.value, words=words)
    # Committed before anything is read: who looked is known even where the page never arrived.
    with database.write() as connection:
        write_act(connection, act, now)
    with database.read() as connection:
        return _told(connection, _visits(connection, visit, clinic_day(now)))


def _visits(connection: Connection, visit: tuple[str, bytes], today: date) -> list[tuple[str, bytes]]:
    """All visits of the visit's person, and those of its day at which the same code was shown."""
    code = shown_code.alias("code")
    same = select(shown_code.c.clinic, shown_code.c.visit).join(
        code, and_(code.c.code == shown_code.c.code, code.c.day == shown_code.c.day)
    )
    same = same.where(code.c.clinic == visit[0], code.c.visit == visit[1]).order_by(shown_code.c.at)
    found = [*_own_visits(connection, visit, today), *((row[0], row[1]) for row in connection.execute(same))]
    return list(dict.fromkeys(found))


def _own_visits(connection: Connection, visit: tuple[str, bytes], today: date) -> list[tuple[str, bytes]]:
    """All visits of the visit's person; the visit itself where nobody knows whose it is."""
    own = select(check_in).where(check_in.c.clinic == visit[0], check_in.c.visit == visit[1])
    whose = connection.execute(own).first()
    if whose is None:
        return [visit]
    query = select(check_in.c.clinic, check_in.c.visit).where(
        check_in.c.person == whose.person,
        check_in.c.person_key == whose.person_key,
        check_in.c.day > today - timedelta(days=_PERSON_DAYS),
    )
    found = [(row.clinic, row.visit) for row in connection.execute(query.order_by(check_in.c.hlc))]
    return found or [visit]


def _told(connection: Connection, visits: Sequence[tuple[str, bytes]]) -> tuple[Told, ...]:
    columns = (event.c.clinic, event.c.device, event.c.kind, event.c.at, event.c.body)
    found: list[Told] = []
    for number, (clinic, visit) in enumerate(visits, 1):
        own = select(*columns).where(event.c.clinic == clinic, event.c.visit == visit).order_by(event.c.hlc)
        found.extend(
            Told(visit=number, clinic=row.clinic, device=row.device, kind=row.kind, at=row.at, facts=_facts(row.body))
            for row in connection.execute(own)
        )
    return tuple(found)


def _facts(body: Mapping[str, Any]) -> dict[str, Any]:
    """What an event says but the marks by which somebody would be found again."""
    return {name: value for name, value in body.items() if name not in _MARKS}
