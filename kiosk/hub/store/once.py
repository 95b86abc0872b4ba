"""What happens to a visit once is counted once, however often it is told.

A clinic's store that was put back to a copy forgets what it did since: a clerk confirms the same ticket again, and the
province hears of it under another number and another id. Both events are true words of that clinic and both stay; the
visit is one. So of a visit only the first admission that was received counts, the first ticket, the first taking back.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, select, union_all

from kiosk.hub.event import TakenEvent
from kiosk.hub.store.counts import TAKEN_BACK
from kiosk.hub.store.tables import event
from kiosk.wire.bodies import Kind

BACK: Final = timedelta(days=35)
"""How old a copy may be that is put back: of events that were received earlier nobody asks, and their months rest."""

_KINDS: Final = (Kind.ADMISSION.value, Kind.DESK_TICKET.value, Kind.CORRECTION.value)
_COLUMNS: Final = (event.c.clinic, event.c.visit, event.c.kind, event.c.body, event.c.received_at)
_PLACE: Final = (event.c.device, event.c.seq)

Fact = tuple[str, bytes, str]
"""A clinic, a visit, and what happened to it: ``admission``, ``desk_ticket``, ``withdrawal``."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Told:
    """When the hub received an event, and which of those that came together it was."""

    received_at: datetime
    device: str
    seq: int


def first_told(connection: Connection, new: Sequence[TakenEvent], now: datetime) -> list[TakenEvent]:
    """Those of new events, in their order, that tell something of a visit which nobody told before.

    They must not be in the store yet. What is told of no visit is always kept.
    """
    facts = [fact_of(each.header.clinic, each.visit, each.kind.value, _change(each)) for each in new]
    known = {fact for fact, _ in _told_of(connection, (fact for fact in facts if fact), since=now - BACK)}
    kept = []
    for each, fact in zip(new, facts, strict=True):
        if fact is None or fact not in known:
            kept.append(each)
        if fact is not None:
            known.add(fact)
    return kept


def first_of(connection: Connection, clinic: str, rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    """The same of events that are in the store: ``rows`` has what ``event`` has."""
    facts = [fact_of(clinic, row.visit, row.kind, row.body.get("change")) for row in rows]
    told: dict[Fact, list[Told]] = defaultdict(list)
    if rows:
        since = min(row.received_at for row in rows) - BACK
        for fact, when in _told_of(connection, (fact for fact in facts if fact), since=since):
            told[fact].append(when)
    return [
        row for row, fact in zip(rows, facts, strict=True) if fact is None or not _was_told(told[fact], told_at(row))
    ]


def fact_of(clinic: str, visit: bytes | None, kind: str, change: str | None) -> Fact | None:
    """What an event tells of a visit that can happen to it once only; None where there is nothing of that sort."""
    if visit is None or kind not in _KINDS:
        return None
    if kind != Kind.CORRECTION.value:
        return clinic, visit, kind
    return (clinic, visit, "withdrawal") if change in TAKEN_BACK else None


def told_at(row: Row[Any]) -> Told:
    """When this row of ``event`` was told."""
    return Told(received_at=row.received_at, device=row.device, seq=row.seq)


def _was_told(others: Iterable[Told], own: Told) -> bool:
    return any(own.received_at - BACK <= other.received_at and other < own for other in others)


def _change(each: TakenEvent) -> str | None:
    found: str | None = getattr(each.body, "change", None)
    return found


def _told_of(connection: Connection, facts: Iterable[Fact], *, since: datetime) -> Iterator[tuple[Fact, Told]]:
    """What the store tells of the visits of these facts."""
    visits: dict[str, set[bytes]] = defaultdict(set)
    for clinic, visit, _ in facts:
        visits[clinic].add(visit)
    if not visits:
        return
    # A question for each clinic, put together: so each walks its own part of the index, and it is one way to the store.
    asked = [
        select(*_COLUMNS, *_PLACE).where(
            event.c.clinic == clinic, event.c.visit.in_(sorted(own)), event.c.received_at >= since
        )
        for clinic, own in sorted(visits.items())
    ]
    for row in connection.execute(union_all(*asked)):
        fact = fact_of(row.clinic, row.visit, row.kind, row.body.get("change"))
        if fact is not None:
            yield fact, told_at(row)
