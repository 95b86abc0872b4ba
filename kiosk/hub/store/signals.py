"""Signs of fraud, looked for every few minutes and raised as alarms, each once.

They are signs and no proof: a person with two referrals, or a clerk who types a card in twice, looks the same. Facts of
an alarm name clinics, counts and a visit, never the person's tag; its mark is a hash, so that no log tells a visit.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, and_, func, select

from kiosk.hub.event import clinic_day
from kiosk.hub.store.alarms import raise_alarm
from kiosk.hub.store.database import HubDatabase
from kiosk.hub.store.tables import check_in, second_visit, shown_code, withdrawn

TWO_CLINICS, MANY_VISITS, ONE_CODE = "fraud.two_clinics", "fraud.many_visits", "fraud.one_code"
KINDS: Final = (TWO_CLINICS, MANY_VISITS, ONE_CODE)
_BACK, _NAMED = timedelta(days=2), 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What is still ordinary.

    :ivar within: two clinics in less than this are a sign. :ivar visits: so many in ``days`` are still none.
    :ivar kiosks: a code may be shown at so many kiosks on a day.
    """

    within: timedelta = timedelta(hours=1)
    visits: int = 3
    days: int = 7
    kiosks: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """One sign: where it was seen last, and what tells it apart."""

    kind: str
    clinic: str
    device: str
    told: str
    facts: dict[str, Any]


def find_signals(database: HubDatabase, now: datetime, bounds: Bounds | None = None) -> int:
    """Raise an alarm for every sign that is new; how many there were.

    :raises HubStoreUnavailable: if the store refuses; then none was raised.
    """
    bounds = bounds or Bounds()
    with database.read() as connection:
        found = [
            *_two_clinics(connection, now, bounds),
            *_many_visits(connection, clinic_day(now), bounds),
            *_one_code(connection, clinic_day(now), bounds),
        ]
    if not found:
        return 0
    with database.write() as connection:
        return sum(_raised(connection, each, now) for each in found)


def _raised(connection: Connection, sign: Sign, now: datetime) -> bool:
    mark = hashlib.sha256(f"{sign.kind} {sign.told}".encode()).hexdigest()[:32]
    return raise_alarm(connection, sign.clinic, sign.device, sign.kind, mark=mark, at=now, facts=sign.facts)


def _two_clinics(connection: Connection, now: datetime, bounds: Bounds) -> Iterator[Sign]:
    """Second admissions of a day at another clinic than the first, within an hour of it."""
    first = check_in.alias("first")
    query = (
        select(check_in.c.clinic, check_in.c.device, check_in.c.visit, check_in.c.at, first.c.clinic, first.c.at)
        .select_from(second_visit)
        .join(check_in, and_(check_in.c.clinic == second_visit.c.clinic, check_in.c.visit == second_visit.c.visit))
        .join(first, and_(first.c.clinic == second_visit.c.first_clinic, first.c.visit == second_visit.c.first_visit))
        .where(second_visit.c.state == "open", second_visit.c.found_at >= now - _BACK)
        .where(second_visit.c.clinic != second_visit.c.first_clinic)
    )
    for clinic, device, visit, at, other, then in connection.execute(query):
        apart = abs(at - then)
        if apart <= bounds.within:
            facts = {"other": other, "minutes": int(apart.total_seconds() // 60), "visit": visit.hex()}
            yield Sign(kind=TWO_CLINICS, clinic=clinic, device=device, told=f"{clinic} {visit.hex()}", facts=facts)


def _many_visits(connection: Connection, today: date, bounds: Bounds) -> Iterator[Sign]:
    """People who were admitted more often than is ordinary in the last days; told once a week of each."""
    since = today - timedelta(days=bounds.days - 1)
    whose = (check_in.c.person, check_in.c.person_key)
    gone = and_(withdrawn.c.clinic == check_in.c.clinic, withdrawn.c.visit == check_in.c.visit)
    within = (check_in.c.day >= since, check_in.c.day <= today, ~select(withdrawn.c.visit).where(gone).exists())
    often = select(*whose).where(*within).group_by(*whose).having(func.count() > bounds.visits)
    for person, number in connection.execute(often).all():
        own = select(check_in).where(*within, check_in.c.person == person, check_in.c.person_key == number)
        rows = connection.execute(own.order_by(check_in.c.hlc)).all()
        last, year_week = rows[-1], today.isocalendar()[:2]
        clinics = sorted({row.clinic for row in rows})[:_NAMED]
        facts = {"visits": len(rows), "days": bounds.days, "clinics": clinics, "visit": last.visit.hex()}
        told = f"{person.hex()} {number} {year_week}"
        yield Sign(kind=MANY_VISITS, clinic=last.clinic, device=last.device, told=told, facts=facts)


def _one_code(connection: Connection, today: date, bounds: Bounds) -> Iterator[Sign]:
    """Codes that were shown at more kiosks on one day than is ordinary."""
    place = shown_code.c.clinic + "/" + shown_code.c.device
    counted = func.count(place.distinct())
    since = today - timedelta(days=1)
    query = select(shown_code.c.day, shown_code.c.code).where(shown_code.c.day >= since)
    query = query.group_by(shown_code.c.day, shown_code.c.code).having(counted > bounds.kiosks)
    for day, code in connection.execute(query).all():
        own = select(shown_code).where(shown_code.c.day == day, shown_code.c.code == code).order_by(shown_code.c.at)
        rows = connection.execute(own).all()
        kiosks, last = sorted({f"{row.clinic}/{row.device}" for row in rows}), rows[-1]
        facts = {"kiosks": len(kiosks), "clinics": kiosks[:_NAMED], "visit": last.visit.hex()}
        yield Sign(
            kind=ONE_CODE, clinic=last.clinic, device=last.device, told=f"{code.hex()} {day.isoformat()}", facts=facts
        )
