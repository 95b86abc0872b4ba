"""What an answer of the hub changes in the clinic's store: all of it in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from kiosk.domain.codes import Code, VisitReason
from kiosk.province.outbox import Collector, Device
from kiosk.services.record import notice_of
from kiosk.store import province
from kiosk.store.province_tables import ProvinceEvent, ProvinceSender
from kiosk.store.tables import Visit
from kiosk.wire.batch import ANSWER_GAPS, BatchAnswer, Stream, Trouble
from kiosk.wire.clock import HybridClock

MOST_TRIES: Final = 5
"""An event that the hub put aside so often without settling it waits for a person."""
MOST_RETOLD: Final = 3
"""So often an event is told under a new number, where the hub has another one under its own."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What came of a batch: how many events are settled, and how many wait that the hub had and lost."""

    settled: int
    wanted_again: int


def apply_answer(
    session: Session,
    device: Device,
    collector: Collector,
    events: Sequence[int],
    answer: BatchAnswer,
    now: datetime,
) -> Applied:
    """Write down what the hub said.

    :param events: the numbers of the events in the request, in their places.
    """
    sender = session.get(ProvinceSender, device.name)
    if sender is None:
        return Applied(settled=0, wanted_again=0)
    stream = answer.streams.get(device.name)
    if stream is None:
        # It was asked for: without it nothing is known, and everything stays as it is.
        return Applied(settled=0, wanted_again=0)
    _hear(session, device, sender, answer, stream, now)
    troubles = {events[each.index]: Trouble(each.reason) for each in answer.quarantined if each.index < len(events)}
    settled = sum(
        _settle(session, collector, sender, _Answered(seq=seq, trouble=troubles.get(seq), stream=stream), now)
        for seq in events
    )
    wanted = _want_again(session, device, sender, stream)
    _tell_seconds(session, device, answer.second_visits, now)
    return Applied(settled=settled, wanted_again=wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answered:
    """One event of the request, and what the hub says of it and of its device."""

    seq: int
    trouble: Trouble | None
    stream: Stream


def has(stream: Stream, seq: int) -> bool:
    """Whether the hub has a number, as far as its answer says."""
    return seq <= horizon(stream) and not any(first <= seq <= last for first, last in stream.gaps)


def horizon(stream: Stream) -> int:
    """Up to which number the answer says everything: it names so many gaps and no more."""
    return stream.gaps[-1][1] if len(stream.gaps) >= ANSWER_GAPS else stream.seen


def _hear(
    session: Session, device: Device, sender: ProvinceSender, answer: BatchAnswer, stream: Stream, now: datetime
) -> None:
    now_ms = int(now.timestamp() * 1000)
    clock = HybridClock(sender.hlc)
    clock.see(answer.hlc, now_ms)
    sender.hlc = clock.tick(now_ms)
    sender.answered_at, sender.emergency = now, answer.emergency
    sender.acked_through, sender.seen = stream.acked_through, stream.seen
    if stream.seen > sender.seq:
        # The hub has numbers that were never given here: this store was put back from a copy, or another machine has
        # the same key. What follows gets numbers that nobody has.
        _log.error("province_store_behind", own=sender.seq, hub=stream.seen)
        province.set_mark(session, device.name, province.BEHIND, str(stream.seen - sender.seq))
        sender.seq = stream.seen


def _settle(session: Session, collector: Collector, sender: ProvinceSender, said: _Answered, now: datetime) -> bool:
    """Whether the event is settled now."""
    event = session.get(ProvinceEvent, (sender.device, said.seq))
    if event is None or event.state != "waiting":
        return False
    trouble = said.trouble
    if trouble is None and not has(said.stream, said.seq):
        return False
    if trouble is None or trouble.is_settled:
        event.state, event.settled_at, event.reason = "acked", now, None if trouble is None else trouble.value
        if trouble is Trouble.FORK:
            _log.error("province_fork", seq=event.seq, kind=event.kind)
            province.set_mark(session, sender.device, province.FORKED, now.isoformat())
            if event.again < MOST_RETOLD:
                collector.retell(session, event, sender, now)
        return True
    # Of one that is only out of order nothing is wrong with itself.
    event.tries += 0 if trouble is Trouble.SCATTERED else 1
    event.reason = trouble.value
    if event.tries >= MOST_TRIES:
        _log.error("province_event_aside", seq=event.seq, kind=event.kind, reason=event.reason)
        event.state, event.settled_at = "aside", now
    return False


def _want_again(session: Session, device: Device, sender: ProvinceSender, stream: Stream) -> int:
    """Let wait what the hub had and no longer has; what it misses and is gone here as well is counted."""
    again, lost = 0, 0
    for first, last in stream.gaps:
        again += province.send_again(session, device.name, first, last)
        lost += (last - first + 1) - province.among(session, device.name, first, last)
    if len(stream.gaps) < ANSWER_GAPS and stream.seen < sender.seq:
        again += province.send_again(session, device.name, stream.seen + 1, sender.seq)
    if lost > sender.lost:
        _log.error("province_events_lost", many=lost)
    sender.lost = lost
    return again


def _tell_seconds(session: Session, device: Device, visits: Sequence[bytes], now: datetime) -> None:
    """Tell staff of each visit once that its person had been admitted before on that day in the province."""
    for raw in visits:
        visit_id = str(UUID(bytes=raw))
        source = f"second.{visit_id}"
        if province.mark(session, device.name, source) is not None:
            continue
        visit = session.get(Visit, visit_id)
        if visit is None or visit.clinic != device.clinic:
            continue
        province.set_mark(session, device.name, source, "told")
        if visit.state == "admitted":
            reasons = [VisitReason.ADMITTED_ELSEWHERE]
            session.add(notice_of(visit, Code.IDENTITY_DIFFERS, reasons, device=device.desk, at=now))
            _log.info("province_second_visit", number=visit.number)


def problem_of(facts: Mapping[str, bool]) -> str:
    """The first of these that is so, or nothing."""
    return next((name for name, is_so in facts.items() if is_so), "")
