"""Events are stored: each once, with the counts that follow from it, in one transaction with the device's stream."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, tuple_

from kiosk.hub.event import TakenEvent
from kiosk.hub.store import checkins, erasing, heads, streams
from kiosk.hub.store.alarms import raise_alarm
from kiosk.hub.store.checkins import PersonDay
from kiosk.hub.store.counts import counts_of
from kiosk.hub.store.database import insert
from kiosk.hub.store.latest import say_latest
from kiosk.hub.store.once import first_told
from kiosk.hub.store.starts import note_starts
from kiosk.hub.store.streams import MAX_GAPS, AuditEnd, DeviceStream, Received, Whose
from kiosk.hub.store.tables import event, ledger
from kiosk.wire.bodies import Kind
from kiosk.wire.checks import to_stored

Number = tuple[str, str, int]
"""A clinic, a device and the number of its event."""

_NUMBER = (ledger.c.clinic, ledger.c.device, ledger.c.seq)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """What became of events that came together.

    :ivar new: those that were stored. :ivar forks: those whose number or id another event has.
    :ivar scattered: those whose numbers would leave more holes than are kept; nothing was stored of them.
    :ivar streams: what the hub has of each device now.
    :ivar erased: whose admissions were erased, so that their other ones are judged again.
    """

    new: tuple[TakenEvent, ...]
    forks: tuple[TakenEvent, ...]
    scattered: tuple[TakenEvent, ...]
    streams: Mapping[Whose, DeviceStream]
    erased: frozenset[PersonDay] = frozenset()


def take(
    connection: Connection,
    events: Sequence[TakenEvent],
    now: datetime,
    *,
    settled: Iterable[Number] = (),
    ask: Iterable[Whose] = (),
) -> Taking:
    """Store events, the turns of whose clinics must be taken; those that are here already change nothing.

    :param events: verified and opened.
    :param settled: numbers of which no event could be made, and that count as received all the same.
    :param ask: devices whose streams are wanted besides.
    """
    beats = [each for each in events if each.kind is Kind.HEARTBEAT]
    numbered = [each for each in events if each.kind is not Kind.HEARTBEAT]
    settled = tuple(settled)
    former = streams.load(connection, {*map(_whose, numbered), *(each[:2] for each in settled), *ask})
    received = {whose: each.received for whose, each in former.items()}
    scattered = _receive(received, numbered, settled)
    kept = [each for each in numbered if each not in scattered] if scattered else numbered
    first = _once(kept)
    fresh = _enter(connection, first)
    new = tuple(each for each in first if _key(each) in fresh)
    erased: set[PersonDay] = set()
    if new:
        erased = _store(connection, new, now)
        heads.note(connection, new, now)
    after = _followed(connection, former, received, new, now)
    streams.save(connection, {whose: each for whose, each in after.items() if each != former[whose]}, now)
    say_latest(connection, [*beats, *new], now)
    note_starts(connection, beats, now)
    forks = _forks(connection, kept, fresh)
    return Taking(new=new, forks=tuple(forks), scattered=tuple(scattered), streams=after, erased=frozenset(erased))


def _receive(
    received: dict[Whose, Received], numbered: Iterable[TakenEvent], settled: Iterable[Number]
) -> list[TakenEvent]:
    """Note the numbers as received; those events whose numbers would leave too many holes are given back."""
    scattered = []
    for each in sorted(numbered, key=_key):
        if not _plus(received, _whose(each), each.header.seq):
            scattered.append(each)
    for clinic, device, seq in sorted(settled):
        # Where it has no room it comes again, and is settled when the holes before it are closed.
        _plus(received, (clinic, device), seq)
    return scattered


def _plus(received: dict[Whose, Received], whose: Whose, seq: int) -> bool:
    """Whether the number is noted; not where it would leave more holes than are kept."""
    before = received[whose]
    after = before.plus(seq)
    if len(after.gaps) > MAX_GAPS and len(after.gaps) > len(before.gaps):
        return False
    received[whose] = after
    return True


def _whose(each: TakenEvent) -> Whose:
    return each.header.clinic, each.header.device


def _key(each: TakenEvent) -> Number:
    return each.header.clinic, each.header.device, each.header.seq


def _once(events: Iterable[TakenEvent]) -> list[TakenEvent]:
    """The first of each number, in order of clinic, device and number: everybody writes in one order."""
    first: dict[Number, TakenEvent] = {}
    for each in events:
        first.setdefault(_key(each), each)
    return [first[key] for key in sorted(first)]


def _enter(connection: Connection, events: Sequence[TakenEvent]) -> set[Number]:
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
    statement = insert(connection, ledger).on_conflict_do_nothing().returning(*_NUMBER)
    return {(row.clinic, row.device, row.seq) for row in connection.execute(statement, rows)}


def _forks(connection: Connection, events: Sequence[TakenEvent], fresh: set[Number]) -> list[TakenEvent]:
    """Those that are not the event which the ledger has under their number."""
    stored = {_key(each): each.digest for each in reversed(events) if _key(each) in fresh}
    asked = sorted({_key(each) for each in events} - fresh)
    if asked:
        query = select(*_NUMBER, ledger.c.digest).where(tuple_(*_NUMBER).in_(asked))
        stored |= {(row.clinic, row.device, row.seq): row.digest for row in connection.execute(query)}
    return [each for each in events if stored.get(_key(each)) != each.digest]


def _store(connection: Connection, new: Sequence[TakenEvent], now: datetime) -> set[PersonDay]:
    """Whose admissions were erased; all of it is stored."""
    counted = first_told(connection, new, now)
    connection.execute(event.insert(), [_row(each, now) for each in new])
    counts_of(counted, now).write(connection)
    checkins.note(connection, new, now)
    visits = {(each.header.clinic, each.visit) for each in new if each.visit is not None}
    erased = erasing.erased_among(connection, visits) if visits else []
    people = checkins.people_in(connection, erased)
    if erased:
        erasing.forget(connection, erased, now)
    return people


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
    former: Mapping[Whose, DeviceStream],
    received: Mapping[Whose, Received],
    new: Iterable[TakenEvent],
    now: datetime,
) -> dict[Whose, DeviceStream]:
    """The streams afterwards: with the numbers that were received, and the audit chains as the new events say."""
    ends = {whose: each.audit for whose, each in former.items()}
    for each in new:
        ends[_whose(each)] = _audit_end(connection, ends[_whose(each)], each, now)
    return {whose: DeviceStream(received=received[whose], audit=ends[whose]) for whose in former}


def _audit_end(connection: Connection, end: AuditEnd, each: TakenEvent, now: datetime) -> AuditEnd:
    """Where the device's chain ends now; an alarm where an earlier event knew more of it than a later one."""
    header = each.header
    is_late = header.seq < end.at
    went_back = header.audit_seq > end.seq if is_late else header.audit_seq < end.seq
    if went_back:
        facts = {"event": header.seq, "audit_seq": header.audit_seq, "known": end.seq}
        raise_alarm(
            connection, header.clinic, header.device, "audit_back", mark=str(header.audit_seq), at=now, facts=facts
        )
    if is_late or went_back:
        return end
    return AuditEnd(at=header.seq, seq=header.audit_seq, hash=header.audit_hash)
