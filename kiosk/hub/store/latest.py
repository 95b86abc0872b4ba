"""The newest a device said of one thing: how it is, when it last admitted somebody, how its last self-test went."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from kiosk.hub.event import AHEAD, TakenEvent, milliseconds
from kiosk.hub.store.database import insert
from kiosk.hub.store.tables import latest
from kiosk.wire.bodies import Admission, DeviceHealth, Heartbeat, SelfTest
from kiosk.wire.checks import to_stored
from kiosk.wire.clock import reading


def say_latest(connection: Connection, events: Iterable[TakenEvent], now: datetime) -> None:
    """Write down what is newer than what is there."""
    newest: dict[tuple[str, str, str], dict[str, Any]] = {}
    for each in events:
        for what in _subjects(each):
            row = _row(each, what, now)
            key = each.header.clinic, each.header.device, what
            if key not in newest or newest[key]["hlc"] < row["hlc"]:
                newest[key] = row
    if not newest:
        return
    statement = insert(connection, latest)
    changed = {name: statement.excluded[name] for name in ("hlc", "at", "received_at", "body")}
    statement = statement.on_conflict_do_update(
        index_elements=["clinic", "device", "what"], set_=changed, where=latest.c.hlc < statement.excluded.hlc
    )
    connection.execute(statement, [newest[key] for key in sorted(newest)])


def _subjects(each: TakenEvent) -> Iterator[str]:
    match each.body:
        case Heartbeat():
            yield "heartbeat"
        case Admission():
            yield "admission"
        case SelfTest():
            yield "self_test"
            if each.body.passed:
                yield "self_test_passed"
        case DeviceHealth():
            yield f"health.{each.body.part}"[:64]


def _row(each: TakenEvent, what: str, now: datetime) -> dict[str, Any]:
    # A clock that is far ahead would make its word the newest for ever.
    bounded = min(each.header.hlc, reading(milliseconds(now + AHEAD)))
    # Of an admission only that there was one.
    body = {} if what == "admission" else to_stored(each.body)
    return {
        "clinic": each.header.clinic,
        "device": each.header.device,
        "what": what,
        "hlc": bounded,
        "at": each.happened(now),
        "received_at": now,
        "body": body,
    }
