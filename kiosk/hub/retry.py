"""Events that were put aside are looked at once more: a key was found again, or a device was enrolled since."""

from datetime import datetime

from sqlalchemy import Connection

from kiosk.hub.event import TakenEvent
from kiosk.hub.examine import KeyRing, examine
from kiosk.hub.store import checkins
from kiosk.hub.store.aside import close, open_ones
from kiosk.hub.store.database import HubDatabase, take_turns
from kiosk.hub.store.devices import devices_of
from kiosk.hub.store.taking import take


def retry_all(database: HubDatabase, ring: KeyRing, now: datetime) -> int:
    """How many of those that are open could be taken now.

    :raises HubStoreUnavailable: if the store refuses; those before were taken.
    """
    with database.read() as connection:
        rows = [(row.clinic, row.digest, row.envelope) for row in open_ones(connection)]
    taken = 0
    for clinic, digest, raw in rows:
        with database.write() as connection:
            event = _retry(connection, clinic, raw, ring, now)
            if event is not None:
                taken += close(connection, clinic, digest, "taken")
        if event is not None:
            _judge(database, event, now)
    return taken


def _retry(connection: Connection, clinic: str, raw: bytes, ring: KeyRing, now: datetime) -> TakenEvent | None:
    """The event, where it is stored now."""
    take_turns(connection, [clinic])
    (event,) = examine([raw], devices_of(connection, [clinic])[clinic], ring, clinic)
    if not isinstance(event, TakenEvent):
        return None
    taking = take(connection, [event], now)
    return event if not taking.forks and not taking.scattered else None


def _judge(database: HubDatabase, event: TakenEvent, now: datetime) -> None:
    if not checkins.concerns(event):
        return
    with database.write() as connection:
        for whom in checkins.twice(connection, checkins.people_of(connection, [event])):
            checkins.judge(connection, whom, now)
