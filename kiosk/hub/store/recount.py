"""The counts of a day, made anew from its events: after a repair, or where somebody doubts them."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select

from kiosk.hub.errors import EventsDropped
from kiosk.hub.event import AHEAD, CLINIC_TIME
from kiosk.hub.store.counts import Counts, forget_day
from kiosk.hub.store.database import HubDatabase, take_turns
from kiosk.hub.store.once import COLUMNS, first_of
from kiosk.hub.store.retention import kept_since
from kiosk.hub.store.tables import event
from kiosk.wire.bodies import CLASSES, Body, Kind
from kiosk.wire.checks import from_stored


def recount(database: HubDatabase, clinic: str, day: date) -> None:
    """Count a clinic's day again.

    :raises HubStoreUnavailable: if it cannot be; then the counts are as before.
    :raises EventsDropped: where the day's events are no longer all there; then too.
    """
    with database.write() as connection:
        _check_kept(connection, day)
        take_turns(connection, [clinic])
        forget_day(connection, clinic, day)
        counts = Counts()
        for row in first_of(connection, _rows(connection, clinic, day)):
            if _believed(row).astimezone(CLINIC_TIME).date() == day:
                counts.add(clinic, _believed(row), _body(row))
        counts.write(connection)


def _check_kept(connection: Connection, day: date) -> None:
    since = kept_since(connection)
    # What happened on a day was received then or later, or a little earlier by a clock that is ahead.
    if since is not None and datetime(day.year, day.month, day.day, tzinfo=CLINIC_TIME) - AHEAD < since:
        raise EventsDropped(f"the events of {day.isoformat()} were dropped; its counts stay as they are")


def _rows(connection: Connection, clinic: str, day: date) -> list[Row[Any]]:
    """Events that may have happened on the day: by the device's clock, or received on it from one that is ahead."""
    begin = datetime(day.year, day.month, day.day, tzinfo=CLINIC_TIME)
    end = begin + timedelta(days=1)
    own = select(*COLUMNS, event.c.at).where(event.c.clinic == clinic)
    on_time = own.where(event.c.at >= begin, event.c.at < end)
    ahead = own.where(event.c.at >= end, event.c.received_at >= begin, event.c.received_at < end)
    return [*connection.execute(on_time), *connection.execute(ahead)]


def _believed(row: Row[Any]) -> datetime:
    at: datetime = row.received_at if row.at > row.received_at + AHEAD else row.at
    return at


def _body(row: Row[Any]) -> Body:
    body: Body = from_stored(CLASSES[Kind(row.kind)], row.body)
    return body
