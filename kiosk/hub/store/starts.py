"""Which start of its program a device's heartbeats come from: two that alternate are two machines with one identity.

A restart draws another number, and the former comes no more, but for one heartbeat that was under way. So a number that
comes back counts, a new one begins the count again, and the third return is the alarm.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select, tuple_

from kiosk.hub.event import TakenEvent
from kiosk.hub.store.alarms import raise_alarm
from kiosk.hub.store.database import insert
from kiosk.hub.store.tables import start
from kiosk.wire.bodies import Heartbeat

KEPT: Final = 4
RETURNS: Final = 3

Whose = tuple[str, str]
Starts = tuple[tuple[str, ...], int]
"""The last starts' numbers, the present one last, and how often a former one came back."""


def after(known: Starts, drawn: str) -> Starts:
    """What is known once a heartbeat with this number came."""
    numbers, returns = known
    if numbers and numbers[-1] == drawn:
        return known
    if drawn in numbers:
        return (*(each for each in numbers if each != drawn), drawn), returns + 1
    return (*numbers, drawn)[-KEPT:], 0


def note_starts(connection: Connection, beats: Iterable[TakenEvent], now: datetime) -> None:
    """Note the numbers of these heartbeats, in the order in which they came; an alarm for two machines."""
    said: dict[Whose, list[str]] = {}
    for each in beats:
        if isinstance(each.body, Heartbeat):
            said.setdefault((each.header.clinic, each.header.device), []).append(each.body.boot.hex())
    if not said:
        return
    known = _load(connection, said)
    for whose, drawn in sorted(said.items()):
        former = found = known.get(whose, ((), 0))
        for number in drawn:
            found = after(found, number)
        if found != former:
            _save(connection, whose, found, now)
        if found[1] >= RETURNS > former[1]:
            _alarm(connection, whose, found, now)


def _load(connection: Connection, whose: Iterable[Whose]) -> dict[Whose, Starts]:
    query = select(start).where(tuple_(start.c.clinic, start.c.device).in_(sorted(whose)))
    return {(row.clinic, row.device): (tuple(row.drawn), row.returns) for row in connection.execute(query)}


def _save(connection: Connection, whose: Whose, found: Starts, now: datetime) -> None:
    row = {"clinic": whose[0], "device": whose[1], "drawn": list(found[0]), "returns": found[1], "heard_at": now}
    statement = insert(connection, start).values(row)
    changed = {name: statement.excluded[name] for name in ("drawn", "returns", "heard_at")}
    connection.execute(statement.on_conflict_do_update(index_elements=["clinic", "device"], set_=changed))


def _alarm(connection: Connection, whose: Whose, found: Starts, now: datetime) -> None:
    # Of one pair of starts one alarm is enough, whichever of them spoke last.
    mark = "-".join(sorted(each[:16] for each in found[0][-2:]))
    raise_alarm(connection, *whose, "two_starts", mark=mark, at=now, facts={"returns": found[1]})
