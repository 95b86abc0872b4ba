"""What an officer looked at is closed; what is closed stays where it is."""

from datetime import datetime

from sqlalchemy import Connection, update

from kiosk.hub.store.tables import alarm, second_visit


def close_alarm(connection: Connection, key: tuple[str, str, str, str], *, by: str, now: datetime) -> bool:
    """Whether an alarm was open (clinic, device, kind, mark); it is closed now."""
    clinic, device, kind, mark = key
    own = (alarm.c.clinic == clinic, alarm.c.device == device, alarm.c.kind == kind, alarm.c.mark == mark)
    closed = update(alarm).where(*own, alarm.c.closed_at.is_(None)).values(closed_at=now, closed_by=by)
    return connection.execute(closed).rowcount == 1


def close_second(connection: Connection, clinic: str, visit: bytes, *, by: str, now: datetime) -> bool:
    """Whether a second admission was open; it is closed now."""
    own = (second_visit.c.clinic == clinic, second_visit.c.visit == visit, second_visit.c.state == "open")
    closed = update(second_visit).where(*own).values(state="closed", closed_at=now, closed_by=by)
    return connection.execute(closed).rowcount == 1
