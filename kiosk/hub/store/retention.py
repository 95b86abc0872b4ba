"""What is older than the hub keeps is dropped, month by month; the counts of it stay.

Theory of operation. A month (UTC, by when it was received) goes whole: on PostgreSQL its partition is dropped, on
SQLite its rows are deleted. With the events go the pseudonyms: who was admitted, and which codes were shown. The
ledger stays, so that an event that comes again after years still counts once; so do the counts by hour and day, alarms
and second admissions that are open, and what officers did. Since when there are events is written down: a day before
that is not counted anew, for nothing would be left to count.
"""

from datetime import datetime

from sqlalchemy import Connection, delete, select, text

from kiosk.hub.store.database import HubDatabase, insert
from kiosk.hub.store.partitions import DEFAULT, Month, months
from kiosk.hub.store.tables import alarm, check_in, event, horizon, quarantine, second_visit, shown_code, withdrawn

_EVENTS = "events"


def first_kept(now: datetime, keep_months: int) -> Month:
    """The oldest month that is kept: this one, and so many whole ones before it."""
    present = Month.of(now)
    place = present.year * 12 + present.month - 1 - keep_months
    return Month(year=place // 12, month=place % 12 + 1)


def drop_old(database: HubDatabase, now: datetime, keep_months: int) -> tuple[str, ...]:
    """Drop what is older than so many months; the partitions that went, or ``event`` where rows did.

    :raises HubStoreUnavailable: if it cannot be; then everything is as before.
    """
    begin = first_kept(now, keep_months).begin
    with database.write() as connection:
        known = _since(connection)
        gone = _drop_partitions(connection, begin) if database.is_postgresql else ()
        if connection.execute(delete(event).where(event.c.received_at < begin)).rowcount:
            gone = (*gone, "event")
        _drop_pseudonyms(connection, begin)
        # It only goes on: a greater number of months brings nothing back.
        if gone and (known is None or known < begin):
            _say(connection, begin)
    return gone


def kept_since(connection: Connection) -> datetime | None:
    """Since when there are events; None where none was ever dropped."""
    return _since(connection)


def _since(connection: Connection) -> datetime | None:
    found: datetime | None = connection.execute(
        select(horizon.c.since).where(horizon.c.what == _EVENTS)
    ).scalar_one_or_none()
    return found


def _say(connection: Connection, begin: datetime) -> None:
    statement = insert(connection, horizon).values(what=_EVENTS, since=begin)
    connection.execute(statement.on_conflict_do_update(index_elements=["what"], set_={"since": begin}))


def _drop_partitions(connection: Connection, begin: datetime) -> tuple[str, ...]:
    """Partitions of months before this instant, dropped."""
    first = Month.of(begin).table
    # Their names are in order of their months: four digits of the year, two of the month.
    old = tuple(name for name in months(connection) if name != DEFAULT and name < first)
    for name in old:
        connection.execute(text(f"DROP TABLE {name}"))
    return old


def _drop_pseudonyms(connection: Connection, begin: datetime) -> None:
    day = begin.date()
    connection.execute(delete(check_in).where(check_in.c.day < day))
    connection.execute(delete(shown_code).where(shown_code.c.day < day))
    connection.execute(delete(withdrawn).where(withdrawn.c.at < begin))
    connection.execute(delete(second_visit).where(second_visit.c.day < day, second_visit.c.state != "open"))
    connection.execute(delete(alarm).where(alarm.c.closed_at < begin))
    connection.execute(delete(quarantine).where(quarantine.c.received_at < begin, quarantine.c.state != "open"))
