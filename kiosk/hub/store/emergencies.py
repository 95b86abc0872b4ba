"""Emergencies: the number that every answer bears, so that clinics fetch releases at once."""

from datetime import datetime

from sqlalchemy import Connection, func, select

from kiosk.hub.store.tables import emergency


def newest_emergency(connection: Connection) -> int:
    """The number of the newest one; 0 for none."""
    return int(connection.execute(select(func.coalesce(func.max(emergency.c.number), 0))).scalar_one())


def raise_emergency(connection: Connection, reason: str, *, by: str, now: datetime) -> int:
    """A new emergency's number.

    :param reason: a stable word. :param by: who raised it, as a sign and not a name.
    """
    number = newest_emergency(connection) + 1
    connection.execute(emergency.insert().values(number=number, reason=reason, raised_at=now, raised_by=by))
    return number
