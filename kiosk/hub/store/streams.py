"""What the hub has of a device: interval arithmetic, and the row that holds it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select, tuple_

from kiosk.hub.store.database import insert
from kiosk.hub.store.tables import stream
from kiosk.wire.envelope import GENESIS

MAX_GAPS: Final = 1000
"""How many holes are kept of a device; a number that would make more is put aside."""

Gap = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """The numbers that were received: all to ``seen`` but for the ``gaps``, which are in order and apart."""

    seen: int = 0
    gaps: tuple[Gap, ...] = ()

    @property
    def acked_through(self) -> int:
        """The number up to which nothing is missing."""
        return self.gaps[0][0] - 1 if self.gaps else self.seen

    def has(self, seq: int) -> bool:
        """Whether a number was received."""
        return 0 < seq <= self.seen and not any(first <= seq <= last for first, last in self.gaps)

    def plus(self, seq: int) -> "Received":
        """The same with one number more."""
        if seq > self.seen:
            hole: tuple[Gap, ...] = ((self.seen + 1, seq - 1),) if seq > self.seen + 1 else ()
            return replace(self, seen=seq, gaps=self.gaps + hole)
        return replace(self, gaps=tuple(part for gap in self.gaps for part in _without(gap, seq)))


def _without(gap: Gap, seq: int) -> Iterable[Gap]:
    """What is left of a gap when one number comes."""
    first, last = gap
    if not first <= seq <= last:
        return (gap,)
    return tuple(part for part in ((first, seq - 1), (seq + 1, last)) if part[0] <= part[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEnd:
    """Where a device's audit chain ended when it made its event ``at``."""

    at: int = 0
    seq: int = 0
    hash: bytes = GENESIS


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceStream:
    """All that is kept of a device's stream."""

    received: Received = Received()
    audit: AuditEnd = AuditEnd()


Whose = tuple[str, str]
"""A clinic and a device."""


def load(connection: Connection, whose: Iterable[Whose]) -> dict[Whose, DeviceStream]:
    """The streams of these devices; an empty one for whoever never sent."""
    wanted = sorted(set(whose))
    if not wanted:
        return {}
    rows = connection.execute(select(stream).where(tuple_(stream.c.clinic, stream.c.device).in_(wanted)))
    found = {
        (row.clinic, row.device): DeviceStream(
            received=Received(seen=row.seen, gaps=tuple((first, last) for first, last in row.gaps)),
            audit=AuditEnd(at=row.audit_at, seq=row.audit_seq, hash=row.audit_hash),
        )
        for row in rows
    }
    return {each: found.get(each, DeviceStream()) for each in wanted}


def save(connection: Connection, streams: Mapping[Whose, DeviceStream], now: datetime) -> None:
    """Write down what changed; the turns of their clinics must be taken."""
    rows = [_row(whose, each, now) for whose, each in sorted(streams.items(), key=lambda item: item[0])]
    if not rows:
        return
    statement = insert(connection, stream)
    changed = {name: statement.excluded[name] for name in rows[0] if name not in ("clinic", "device")}
    connection.execute(statement.on_conflict_do_update(index_elements=["clinic", "device"], set_=changed), rows)


def _row(whose: Whose, each: DeviceStream, now: datetime) -> dict[str, Any]:
    return {
        "clinic": whose[0],
        "device": whose[1],
        "seen": each.received.seen,
        "gaps": [list(gap) for gap in each.received.gaps],
        "audit_at": each.audit.at,
        "audit_seq": each.audit.seq,
        "audit_hash": each.audit.hash,
        "heard_at": now,
    }
