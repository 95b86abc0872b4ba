"""Events are stored: each once, with the counts that follow from it, in one transaction with the device's stream."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, tuple_

from kiosk.hub.event import TakenEvent
from kiosk.hub.store import checkins, erasing, streams
from kiosk.hub.store.alarms import raise_alarm
from kiosk.hub.store.counts import counts_of
from kiosk.hub.store.database import insert
from kiosk.hub.store.latest import say_latest
from kiosk.hub.store.streams import MAX_GAPS, AuditEnd, DeviceStream, Received
from kiosk.hub.store.tables import event, ledger
from kiosk.wire.bodies import Kind
from kiosk.wire.checks import to_stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """What became of events that came together.

    :ivar new: those that were stored. :ivar forks: those whose number or id another event has.
    :ivar scattered: those whose numbers would leave more holes than are kept; nothing was stored of them.
    :ivar streams: what the hub has of each device now.
    """

    new: tuple[TakenEvent, ...]
    forks: tuple[TakenEvent, ...]
    scattered: tuple[TakenEvent, ...]
    streams: Mapping[str, DeviceStream]


def take(
    connection: Connection,
    clinic: str,
    events: Sequence[TakenEvent],
    now: datetime,
    *,
    settled: Iterable[tuple[str, int]] = (),
    ask: Iterable[str] = (),
) -> Taking:
    """Store the events of one clinic, whose turn must be taken; those that are here already change nothing.

    :param events: verified and opened, all of this clinic.
    :param settled: devices and numbers of which no event could be made, and that count as received all the same.
    :param ask: devices whose streams are wanted besides.
    """
    beats = [each for each in events if each.kind is Kind.HEARTBEAT]
    numbered = [each for each in events if each.kind is not Kind.HEARTBEAT]
    settled = tuple(settled)
    former = streams.load(connection, clinic, {*(key[0] for key in settled), *map(_device, numbered), *ask})
    received = {device: each.received for device, each in former.items()}
    scattered = _receive(received, numbered, settled)
    kept = [each for each in numbered if each not in scattered] if scattered else numbered
    fresh = _enter(connection, _once(kept))
    new = tuple(each for each in _once(kept) if _key(each) in fresh)
    if new:
        _store(connection, clinic, new, now)
    after = _followed(connection, former, received, new, now)
    streams.save(connection, clinic, {name: each for name, each in after.items() if each != former[name]}, now)
    say_latest(connection, [*beats, *new], now)
    forks = _forks(connection, kept, fresh)
    return Taking(new=new, forks=tuple(forks), scattered=tuple(scattered), streams=after)


def _receive(
    received: dict[str, Received], numbered: Iterable[TakenEvent], settled: Iterable[tuple[str, int]]
) -> list[TakenEvent]:
    """Note the numbers as received; those events whose numbers would leave too many holes are given back."""
    scattered = []
    for each in sorted(numbered, key=_key):
        device, seq = _key(each)
        after = received[device].plus(seq)
        if len(after.gaps) > MAX_GAPS and len(after.gaps) > len(received[device].gaps):
            scattered.append(each)
        else:
            received[device] = after
    for device, seq in settled:
        received[device] = received[device].plus(seq)
    return scattered


def _device(each: TakenEvent) -> str:
    return each.header.device


def _key(each: TakenEvent) -> tuple[str, int]:
    return each.header.device, each.header.seq


def _once(events: Iterable[TakenEvent]) -> list[TakenEvent]:
    """The first of each number, in order of device and number: everybody writes in one order."""
    first: dict[tuple[str, int], TakenEvent] = {}
    for each in events:
        first.setdefault(_key(each), each)
    return [first[key] for key in sorted(first)]


def _enter(connection: Connection, events: Sequence[TakenEvent]) -> set[tuple[str, int]]:
    """The numbers that were new to the ledger."""
    if not events:
        return set()
    rows = [
        {
            "clinic": each.header.clinic,
            "device": each.header.device,
            "seq": each.header.seq,
            "id": each.header.id,
            "digest": each.digest,
        }
        for each in events
    ]
    statement = insert(connection, ledger).on_conflict_do_nothing().returning(ledger.c.device, ledger.c.seq)
    return {(row.device, row.seq) for row in connection.execute(statement, rows)}


def _forks(connection: Connection, events: Sequence[TakenEvent], fresh: set[tuple[str, int]]) -> list[TakenEvent]:
    """Those that are not the event which the ledger has under their number."""
    stored = {_key(each): each.digest for each in reversed(events) if _key(each) in fresh}
    asked = sorted({_key(each) for each in events} - fresh)
    if asked:
        own = (ledger.c.clinic == events[0].header.clinic, tuple_(ledger.c.device, ledger.c.seq).in_(asked))
        query = select(ledger.c.device, ledger.c.seq, ledger.c.digest).where(*own)
        stored |= {(row.device, row.seq): row.digest for row in connection.execute(query)}
    return [each for each in events if stored.get(_key(each)) != each.digest]


def _store(connection: Connection, clinic: str, new: Sequence[TakenEvent], now: datetime) -> None:
    connection.execute(event.insert(), [_row(each, now) for each in new])
    counts_of(new, now).write(connection)
    checkins.note(connection, new, now)
    visits = {(clinic, each.visit) for each in new if each.visit is not None}
    if visits and (erased := erasing.erased_among(connection, visits)):
        erasing.forget(connection, erased)


def _row(each: TakenEvent, now: datetime) -> dict[str, Any]:
    header = each.header
    return {
        "clinic": header.clinic,
        "device": header.device,
        "seq": header.seq,
        "received_at": now,
        "id": header.id,
        "kind": each.kind.value,
        "at": each.at,
        "hlc": header.hlc,
        "visit": each.visit,
        "body": to_stored(each.body),
        "envelope": each.raw,
    }


def _followed(
    connection: Connection,
    former: Mapping[str, DeviceStream],
    received: Mapping[str, Received],
    new: Iterable[TakenEvent],
    now: datetime,
) -> dict[str, DeviceStream]:
    """The streams afterwards: with the numbers that were received, and the audit chains as the new events say."""
    ends = {device: each.audit for device, each in former.items()}
    for each in new:
        ends[_device(each)] = _audit_end(connection, ends[_device(each)], each, now)
    return {device: DeviceStream(received=received[device], audit=ends[device]) for device in former}


def _audit_end(connection: Connection, end: AuditEnd, each: TakenEvent, now: datetime) -> AuditEnd:
    """Where the device's chain ends now; an alarm where it went back, or parted from what was known."""
    header = each.header
    if header.seq < end.at:
        return end
    back = header.audit_seq < end.seq
    parted = header.audit_seq == end.seq and header.audit_hash != end.hash
    if not back and not parted:
        return AuditEnd(at=header.seq, seq=header.audit_seq, hash=header.audit_hash)
    facts = {"event": header.seq, "audit_seq": header.audit_seq, "known": end.seq}
    kind, mark = "audit_back" if back else "audit_fork", str(header.audit_seq)
    raise_alarm(connection, header.clinic, header.device, kind, mark=mark, at=now, facts=facts)
    return end
