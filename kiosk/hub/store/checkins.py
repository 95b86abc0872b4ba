"""One admission of a person on a day in the province: the first stays, every later one is an exception.

Theory of operation. Two clinics write at the same time and do not see each other. So first both commit what they
have (:func:`note`); then, before either answers, each looks at everybody it noted (:func:`judge`): whoever commits
last sees both. A hub that dies in between has not answered; the batch comes again, and is judged again. All rows of one
person on one day are locked while they are judged, so that an older look never writes over a newer one.

First is who has the smallest ``hlc``; equal ones go by clinic and visit. What a correction took back does not count.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, case, func, select, tuple_, update

from kiosk.hub.event import TakenEvent, clinic_day
from kiosk.hub.store.counts import TAKEN_BACK
from kiosk.hub.store.database import insert
from kiosk.hub.store.erasing import ERASED
from kiosk.hub.store.tables import check_in, second_visit, shown_code, withdrawn
from kiosk.wire.bodies import Admission, Correction, DeskTicket


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class PersonDay:
    """Somebody on a day, as a pseudonym."""

    person: bytes
    person_key: int
    day: date


def note(connection: Connection, events: Iterable[TakenEvent], now: datetime) -> None:
    """Write down who was admitted, which codes were shown, and which visits were taken back."""
    events = tuple(events)
    _add(connection, check_in, [_check_in(event, now) for event in events if _person_day(event) is not None])
    _add(connection, shown_code, [_shown(event, now) for event in events if _code(event) is not None])
    _add_withdrawn(connection, [_withdrawn(event, now) for event in events if _takes_back(event)])


def concerns(event: TakenEvent) -> bool:
    """Whether who was admitted twice may change with this event."""
    return _takes_back(event) or _person_day(event) is not None


def people_of(connection: Connection, events: Iterable[TakenEvent]) -> set[PersonDay]:
    """Everybody whom these events concern; those of corrections are looked up."""
    events = tuple(events)
    found = {day for event in events if (day := _person_day(event)) is not None}
    taken_back = [(each.header.clinic, each.visit) for each in events if _takes_back(each) and each.visit is not None]
    return found | people_in(connection, taken_back)


def people_in(connection: Connection, visits: Iterable[tuple[str, bytes]]) -> set[PersonDay]:
    """Whose admissions these visits (clinic, visit) are."""
    visits = list(visits)
    if not visits:
        return set()
    columns = (check_in.c.person, check_in.c.person_key, check_in.c.day)
    query = select(*columns).where(tuple_(check_in.c.clinic, check_in.c.visit).in_(visits))
    return {PersonDay(person=row.person, person_key=row.person_key, day=row.day) for row in connection.execute(query)}


def twice(connection: Connection, people: Iterable[PersonDay]) -> list[PersonDay]:
    """Those who have more than one row on their day, in a fixed order."""
    wanted = [(each.person, each.person_key, each.day) for each in people]
    if not wanted:
        return []
    columns = (check_in.c.person, check_in.c.person_key, check_in.c.day)
    query = select(*columns).where(tuple_(*columns).in_(wanted)).group_by(*columns).having(func.count() > 1)
    return sorted(
        PersonDay(person=row.person, person_key=row.person_key, day=row.day) for row in connection.execute(query)
    )


def judge(connection: Connection, whom: PersonDay, now: datetime) -> None:
    """Say of everybody's admissions on a day which are second ones."""
    rows = connection.execute(
        select(check_in)
        .where(check_in.c.person == whom.person, check_in.c.person_key == whom.person_key, check_in.c.day == whom.day)
        .order_by(check_in.c.hlc, check_in.c.clinic, check_in.c.visit)
        .with_for_update()
    ).all()
    gone = _taken_back(connection, rows)
    standing = [row for row in rows if (row.clinic, row.visit) not in gone]
    seconds = [_second(row, standing[0], now) for row in standing[1:]]
    _lapse(connection, rows, {(each["clinic"], each["visit"]) for each in seconds}, now)
    if seconds:
        statement = insert(connection, second_visit)
        again = {name: statement.excluded[name] for name in ("first_clinic", "first_visit")}
        # One that lapsed is open again; one that staff closed stays closed.
        again["state"] = _reopened(statement)
        statement = statement.on_conflict_do_update(index_elements=["clinic", "visit"], set_=again)
        connection.execute(statement, seconds)


def open_seconds(
    connection: Connection, clinics: Iterable[str], *, since: datetime, limit: int
) -> dict[str, tuple[bytes, ...]]:
    """Of each of these clinics its second visits that nobody closed and that were found since, the newest first."""
    query = (
        select(second_visit.c.clinic, second_visit.c.visit)
        .where(second_visit.c.clinic.in_(sorted(set(clinics))), second_visit.c.state == "open")
        .where(second_visit.c.found_at >= since)
        .order_by(second_visit.c.found_at.desc(), second_visit.c.visit)
    )
    found: dict[str, list[bytes]] = {}
    for row in connection.execute(query):
        found.setdefault(row.clinic, []).append(row.visit)
    return {clinic: tuple(visits[:limit]) for clinic, visits in found.items()}


def _reopened(statement: Any) -> Any:
    return case((second_visit.c.state == "lapsed", "open"), else_=second_visit.c.state)


def _second(row: Row[Any], first: Row[Any], now: datetime) -> dict[str, Any]:
    return {
        "clinic": row.clinic,
        "visit": row.visit,
        "day": row.day,
        "first_clinic": first.clinic,
        "first_visit": first.visit,
        "state": "open",
        "found_at": now,
    }


def _lapse(connection: Connection, rows: Sequence[Row[Any]], still: set[tuple[str, bytes]], now: datetime) -> None:
    over = [(row.clinic, row.visit) for row in rows if (row.clinic, row.visit) not in still]
    if over:
        own = tuple_(second_visit.c.clinic, second_visit.c.visit).in_(over)
        connection.execute(
            update(second_visit).where(own, second_visit.c.state == "open").values(state="lapsed", closed_at=now)
        )


def _taken_back(connection: Connection, rows: Sequence[Row[Any]]) -> set[tuple[str, bytes]]:
    visits = [(row.clinic, row.visit) for row in rows]
    query = select(withdrawn.c.clinic, withdrawn.c.visit).where(
        tuple_(withdrawn.c.clinic, withdrawn.c.visit).in_(visits)
    )
    return {(row.clinic, row.visit) for row in connection.execute(query)}


def _add(connection: Connection, table: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(connection, table).on_conflict_do_nothing(), rows)


def _person_day(event: TakenEvent) -> PersonDay | None:
    body = event.body
    if not isinstance(body, Admission) or body.person is None or body.person_key is None:
        return None
    return PersonDay(person=body.person, person_key=body.person_key, day=date.fromisoformat(body.day))


def _check_in(event: TakenEvent, now: datetime) -> dict[str, Any]:
    whom = _person_day(event)
    if whom is None:
        raise TypeError("an admission of somebody")
    return {
        "clinic": event.header.clinic,
        "visit": event.visit,
        "day": whom.day,
        "person_key": whom.person_key,
        "person": whom.person,
        "device": event.header.device,
        "hlc": event.header.hlc,
        "at": event.happened(now),
    }


def _code(event: TakenEvent) -> bytes | None:
    return event.body.code_tag if isinstance(event.body, Admission | DeskTicket) else None


def _machine(event: TakenEvent) -> str:
    """At which machine it was: mostly another device sends for it."""
    at = event.body.kiosk if isinstance(event.body, Admission | DeskTicket) else None
    return at or event.header.device


def _shown(event: TakenEvent, now: datetime) -> dict[str, Any]:
    return {
        "clinic": event.header.clinic,
        "visit": event.visit,
        "code": _code(event),
        "day": clinic_day(event.happened(now)),
        "device": _machine(event),
        "at": event.happened(now),
    }


def _takes_back(event: TakenEvent) -> bool:
    return isinstance(event.body, Correction) and event.body.change in TAKEN_BACK


def _withdrawn(event: TakenEvent, now: datetime) -> dict[str, Any]:
    change = event.body.change if isinstance(event.body, Correction) else ""
    # By the hub's clock: what a slow one said would be dropped while the visit itself is kept.
    return {"clinic": event.header.clinic, "visit": event.visit, "change": change, "at": now}


def _add_withdrawn(connection: Connection, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    statement = insert(connection, withdrawn)
    # Who was erased stays erased, whatever else is said of the visit.
    erased = statement.on_conflict_do_update(
        index_elements=["clinic", "visit"],
        set_={"change": statement.excluded.change},
        where=statement.excluded.change == ERASED,
    )
    connection.execute(erased, rows)
