"""Events that were put aside: kept as they came, for a person to look at."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select, update

from kiosk.hub.store.alarms import raise_alarm
from kiosk.hub.store.database import insert
from kiosk.hub.store.tables import quarantine
from kiosk.wire.batch import Trouble

KEPT_OF_A_CLINIC: Final = 2000
"""How many unsettled ones are kept open of a clinic: whoever sends nonsense all day fills no disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """An event that cannot be taken: its place in the batch, and why.

    :ivar device, seq: whose it is, where that is known: the device signed it.
    """

    index: int
    reason: Trouble
    raw: bytes = field(repr=False)
    device: str | None = None
    seq: int | None = None

    @property
    def is_settled(self) -> bool:
        """Whether its number counts as received."""
        return self.reason.is_settled and self.seq is not None


def put_aside(connection: Connection, clinic: str, sender: str, asides: Sequence[Aside], now: datetime) -> None:
    """Keep them, and raise an alarm for each device and reason; what lies there already changes nothing."""
    room = KEPT_OF_A_CLINIC - _unsettled(connection, clinic) if asides else 0
    for each in asides:
        if not each.is_settled:
            room -= 1
            if room < 0:
                continue
        row = _row(clinic, sender, each, now)
        statement = insert(connection, quarantine).values(row).on_conflict_do_nothing().returning(quarantine.c.digest)
        if connection.execute(statement).first() is not None:
            _alarm(connection, clinic, sender, each, now)


def _alarm(connection: Connection, clinic: str, sender: str, each: Aside, now: datetime) -> None:
    mark = "" if each.seq is None else str(each.seq)
    kind = "fork" if each.reason is Trouble.FORK else f"quarantined.{each.reason}"
    # Of what nobody signed one alarm a day is enough.
    mark = mark or now.date().isoformat()
    facts = {"sender": sender, "seq": each.seq}
    raise_alarm(connection, clinic, each.device or sender, kind, mark=mark, at=now, facts=facts)


def _row(clinic: str, sender: str, each: Aside, now: datetime) -> dict[str, Any]:
    return {
        "clinic": clinic,
        "digest": hashlib.sha256(each.raw).digest(),
        "sender": sender,
        "device": each.device,
        "seq": each.seq,
        "reason": each.reason.value,
        "settled": each.is_settled,
        "state": "open",
        "received_at": now,
        "envelope": each.raw,
    }


def _unsettled(connection: Connection, clinic: str) -> int:
    own = (quarantine.c.clinic == clinic, quarantine.c.state == "open", quarantine.c.settled.is_(False))
    return int(connection.execute(select(func.count()).select_from(quarantine).where(*own)).scalar_one())


def close(connection: Connection, clinic: str, digest: bytes, state: str) -> bool:
    """Whether one was open; it is ``taken`` or ``dropped`` now."""
    own = (quarantine.c.clinic == clinic, quarantine.c.digest == digest, quarantine.c.state == "open")
    return connection.execute(update(quarantine).where(*own).values(state=state)).rowcount == 1


def open_ones(connection: Connection) -> Sequence[Row[Any]]:
    """What is still open, the oldest first."""
    query = select(quarantine).where(quarantine.c.state == "open")
    return connection.execute(query.order_by(quarantine.c.received_at, quarantine.c.digest)).all()
