"""What happens to a visit once is counted once, however often it is told.

A clinic's store that was put back to a copy forgets what it did since: a clerk confirms the same ticket again, and the
province hears of it under another number and another id. Both events are true words of that clinic and both stay; the
visit is one. So of a visit only the first admission that was received counts, the first ticket, the first taking back.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Column, Connection, Row, select

from kiosk.hub.event import TakenEvent
from kiosk.hub.store.counts import TAKEN_BACK
from kiosk.hub.store.tables import event
from kiosk.wire.bodies import Kind

BACK: Final = timedelta(days=35)
"""How old a copy may be that is put back: of events that were received earlier nobody asks, and their months rest."""

_KINDS: Final = (Kind.ADMISSION.value, Kind.DESK_TICKET.value, Kind.CORRECTION.value)

COLUMNS: Final[tuple[Column[Any], ...]] = (
    event.c.clinic,
    event.c.visit,
    event.c.kind,
    event.c.body,
    event.c.received_at,
    event.c.device,
    event.c.seq,
)
"""What tells of a row whether it was told before."""

_Fact = tuple[str, bytes, str]
"""A clinic, a visit, and what happened to it: ``admission``, ``desk_ticket``, ``correction`` for a taking back."""
_Told = tuple[datetime, str, int]
"""When an event was received, and its device and number, by which those that came together are in order."""


def first_told(connection: Connection, new: Sequence[TakenEvent], now: datetime) -> list[TakenEvent]:
    """Those of new events, in their order, that tell something of a visit which nobody told before.

    They must not be in the store yet. What is told of no visit is always kept.
    """
    facts = [_fact(each.header.clinic, each.visit, each.kind, getattr(each.body, "change", None)) for each in new]
    known = {fact for fact, _ in _told_of(connection, facts, since=now - BACK)}
    kept = []
    for each, fact in zip(new, facts, strict=True):
        if fact is None or fact not in known:
            kept.append(each)
        if fact is not None:
            known.add(fact)
    return kept


def first_of(connection: Connection, rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    """The same of rows of ``event`` with these ``COLUMNS``, which are in the store."""
    if not rows:
        return []
    facts = [_fact_of(row) for row in rows]
    told: dict[_Fact, list[_Told]] = defaultdict(list)
    for fact, when in _told_of(connection, facts, since=min(row.received_at for row in rows) - BACK):
        told[fact].append(when)
    return [row for row, fact in zip(rows, facts, strict=True) if fact is None or not _was_told(told[fact], _told(row))]


def _fact(clinic: str, visit: bytes | None, kind: str, change: str | None) -> _Fact | None:
    """What an event tells of a visit that can happen to it once only; None where there is nothing of that sort."""
    if visit is None or kind not in _KINDS:
        return None
    if kind == Kind.CORRECTION and change not in TAKEN_BACK:
        return None
    return clinic, visit, str(kind)


def _fact_of(row: Row[Any]) -> _Fact | None:
    return _fact(row.clinic, row.visit, row.kind, row.body.get("change"))


def _told(row: Row[Any]) -> _Told:
    return row.received_at, row.device, row.seq


def _was_told(others: Iterable[_Told], own: _Told) -> bool:
    return any(own[0] - BACK <= other[0] and other < own for other in others)


def _told_of(
    connection: Connection, facts: Iterable[_Fact | None], *, since: datetime
) -> Iterator[tuple[_Fact, _Told]]:
    """What the store tells of the visits of these facts."""
    visits: dict[str, set[bytes]] = defaultdict(set)
    for fact in facts:
        if fact is not None:
            visits[fact[0]].add(fact[1])
    # A question for each clinic: so each walks its own part of the index alone.
    for clinic, own in sorted(visits.items()):
        of_them = (event.c.clinic == clinic, event.c.visit.in_(sorted(own)), event.c.kind.in_(_KINDS))
        for row in connection.execute(select(*COLUMNS).where(*of_them, event.c.received_at >= since)):
            found = _fact_of(row)
            if found is not None:
                yield found, _told(row)
