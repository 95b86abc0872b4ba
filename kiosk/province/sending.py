"""Sending to the hub, one step after the other: no thread, no clock of its own, no page.

Theory of operation. A step seals what is new and sends one batch. The hub's answer says which numbers it has: those are
settled and kept for some days, in case it is restored from a backup and misses them again. Whatever else happens, an
event stays as it was made and waits. What the hub put aside five times waits for a person. Where it cannot be reached,
or is too busy, the next step waits longer each time, with full jitter, up to five minutes. Where it knows this device
no longer, or takes nothing, staff are told, nothing is sent, and it is asked now and then whether that is still so:
one wrong answer of whatever stands on the way must not end a clinic's sending for ever. The first request of a start
asks only what the hub has: a store that was put back from a copy learns of it before it gives numbers twice.

Source: M. Brooker, "Exponential Backoff And Jitter", 2015, "full jitter".
"""

import gzip
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

import structlog

from kiosk.province.answers import apply_answer, problem_of
from kiosk.province.beats import Beats
from kiosk.province.link import HubUnreachable, Reply
from kiosk.province.outbox import Collector, Device, Sealer
from kiosk.province.telling import Item
from kiosk.store import province, repositories
from kiosk.store.database import Database
from kiosk.store.province_tables import ProvinceSender
from kiosk.wire.batch import ACCEPTS, BATCH_EVENTS, BATCH_LIMIT, MEDIA_TYPE, BatchAnswer, BatchRequest, make_request
from kiosk.wire.batch import read_answer as read
from kiosk.wire.errors import MalformedMessage

PATH: Final = "/v1/events"
FIRST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 300.0
ASK_AGAIN: Final = timedelta(minutes=15)
"""How long it rests after the hub refused this device, before it asks whether that is still so."""
_LONGEST_RETRY_S = 3600.0
_ROOM = BATCH_LIMIT - 16_384
"""Bytes of a request for events: the rest is for everything around them, and for a heartbeat."""
_FORGET_EVERY = timedelta(minutes=10)
_HEADERS = {"Content-Type": MEDIA_TYPE, "Content-Encoding": "gzip", "Accept": ACCEPTS}
_log = structlog.get_logger(__name__)


class Posts(Protocol):
    """Sends a request to the hub: :class:`kiosk.province.link.HubLink`."""

    def post(self, path: str, content: bytes, headers: Mapping[str, str]) -> Reply:
        """What the hub says; HubUnreachable where it does not."""


class Outcome(StrEnum):
    """What a step came to."""

    IDLE = "idle"
    """Nothing waited, and no heartbeat was due."""
    SENT = "sent"
    PAUSED = "paused"
    """The hub is left in peace for a while."""
    UNREACHABLE = "unreachable"
    BUSY = "busy"
    """The hub asks to wait: 429, 503 or a fault of its own."""
    SMALLER = "smaller"
    """The request was refused as it was; the next one is smaller."""
    STOPPED = "stopped"
    """Nothing is sent until a person says so, or the hub takes this device again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What happened: how many events were sealed, sent and settled, how many wait, and seconds until the next step."""

    outcome: Outcome
    sealed: int = 0
    sent: int = 0
    settled: int = 0
    backlog: int = 0
    wait_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often: seconds between requests, between heartbeats; days for which what was acknowledged is kept."""

    send_every_s: float = 5.0
    heartbeat_s: float = 60.0
    kept_days: float = 7.0


@dataclass(slots=True)
class _Pause:
    """How long the hub is left in peace."""

    chance: Callable[[], float]
    failures: int = 0
    until: datetime | None = None

    def longer(self, now: datetime, retry_after_s: float = 0.0) -> float:
        """It failed once more: seconds until the next try."""
        most = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(self.failures, 16))
        self.failures += 1
        seconds = retry_after_s + most * self.chance()
        self.until = now + timedelta(seconds=seconds)
        return seconds

    def left_s(self, now: datetime) -> float:
        """Seconds that are left; none where a clock was set back so far that it cannot be told."""
        left = 0.0 if self.until is None else (self.until - now).total_seconds()
        return left if 0 < left <= _LONGEST_RETRY_S + LONGEST_PAUSE_S else 0.0

    def over(self) -> None:
        """It went well."""
        self.failures, self.until = 0, None


@dataclass(slots=True)
class Sender:
    """Sends for one clinic; for one thread at a time.

    :param store: the store's file.
    :param chance: a number from 0 to 1, drawn for each pause.
    """

    database: Database
    device: Device
    collector: Collector
    link: Posts
    store: Path
    pace: Pace = field(default_factory=Pace)
    chance: Callable[[], float] = random.random
    _pause: _Pause = field(init=False)
    _beats: Beats | None = field(default=None, init=False)
    _greeted: bool = field(default=False, init=False)
    _most: int = field(default=BATCH_EVENTS, init=False)
    _beat_at: datetime | None = field(default=None, init=False)
    _forgot_at: datetime | None = field(default=None, init=False)
    _refused_at: datetime | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._pause = _Pause(self.chance)

    def step(self, now: datetime) -> Step:
        """Seal what is new, and send what waits.

        :raises StoreUnavailable: if the store takes nothing; nothing is lost then, and the next step does it.
        """
        if self._beats is None:
            self.collector.begin(now)
            self._beats = Beats(self.device, self.store, now)
        greeting = None if self._greeted else self._exchange(now, self._beats, with_events=False)
        sealed = self.collector.collect(now)
        step = self._exchange(now, self._beats, with_events=True) if self._greeted else greeting
        self._forget(now)
        with self.database.read() as session:
            backlog = province.backlog(session, self.device.name).waiting
        found = step or Step(outcome=Outcome.IDLE)
        again_at_once = found.outcome is Outcome.SENT and backlog and found.settled
        wait_s = 0.0 if again_at_once else found.wait_s or self.pace.send_every_s
        return Step(
            outcome=found.outcome,
            sealed=sealed,
            sent=found.sent,
            settled=found.settled,
            backlog=backlog,
            wait_s=wait_s,
        )

    def _exchange(self, now: datetime, beats: Beats, *, with_events: bool) -> Step:
        """One request and its answer."""
        if (stopped := self._stopped()) is not None:
            if not self._asks_again(now):
                return Step(outcome=Outcome.STOPPED)
            # What was refused for what it said is tried by one event; a stranger says nothing but who it is.
            with_events = with_events and stopped == "refused"
            self._most = 1 if with_events else self._most
        if left := self._pause.left_s(now):
            return Step(outcome=Outcome.PAUSED, wait_s=left)
        numbers, envelopes = self._batch() if with_events else ((), ())
        beat_due = self._beat_due(now) or not with_events
        if not envelopes and not beat_due:
            return Step(outcome=Outcome.IDLE)
        beat = self._beat(now, beats) if beat_due and stopped is None and self._most == BATCH_EVENTS else ()
        try:
            reply = self.link.post(PATH, self._request(now, (*envelopes, *beat)), _HEADERS)
        except HubUnreachable:
            self._report(now)
            return Step(outcome=Outcome.UNREACHABLE, sent=len(numbers), wait_s=self._pause.longer(now))
        return self._heard(now, numbers, reply)

    def _heard(self, now: datetime, numbers: Sequence[int], reply: Reply) -> Step:
        match reply.status:
            case 200:
                return self._answered(now, numbers, reply)
            case 401 | 403:
                return self._stop(now, "unknown" if reply.status == 401 else "revoked")
            case 400 | 413 | 415 if len(numbers) > 1:
                self._most = max(1, len(numbers) // 2)
                return Step(outcome=Outcome.SMALLER, sent=len(numbers), wait_s=self._pause.longer(now))
            case 400 | 413 | 415:
                return self._stop(now, "refused")
            case _:
                self._report(now)
                wait_s = self._pause.longer(now, _retry_after_s(reply))
                return Step(outcome=Outcome.BUSY, sent=len(numbers), wait_s=wait_s)

    def _answered(self, now: datetime, numbers: Sequence[int], reply: Reply) -> Step:
        try:
            answer = read(reply.body)
        except MalformedMessage:
            # Whatever answered is not the hub as we know it; what was sent is sent again.
            return Step(outcome=Outcome.BUSY, sent=len(numbers), wait_s=self._pause.longer(now))
        settled = self._apply(now, numbers, answer)
        self._greeted, self._beat_at = True, now if self._beat_at is None else self._beat_at
        self._most = min(BATCH_EVENTS, self._most * 2)
        if numbers and not settled:
            # All of them are trouble: then it is not the events, and asking faster helps nobody.
            return Step(outcome=Outcome.SENT, sent=len(numbers), wait_s=self._pause.longer(now))
        self._pause.over()
        return Step(outcome=Outcome.SENT, sent=len(numbers), settled=settled)

    def _apply(self, now: datetime, numbers: Sequence[int], answer: BatchAnswer) -> int:
        with self.database.write() as session:
            sender = session.get_one(ProvinceSender, self.device.name)
            if sender.stopped is not None:
                _log.info("province_sending_again", reason=sender.stopped)
                sender.stopped = None
            applied = apply_answer(session, self.device, self.collector, numbers, answer, now)
        self._report(now)
        return applied.settled

    def _batch(self) -> tuple[tuple[int, ...], tuple[bytes, ...]]:
        """The next events: numbers and envelopes, not more than a request holds."""
        with self.database.read() as session:
            rows = [(row.seq, row.envelope) for row in province.waiting_events(session, self.device.name, self._most)]
        size, numbers, envelopes = 0, [], []
        for seq, envelope in rows[: BATCH_EVENTS - 1]:
            size += len(envelope) + 4
            if size > _ROOM:
                break
            numbers.append(seq)
            envelopes.append(envelope)
        return tuple(numbers), tuple(envelopes)

    def _request(self, now: datetime, events: tuple[bytes, ...]) -> bytes:
        request = BatchRequest(
            clinic=self.device.clinic,
            sender=self.device.name,
            sent_at=int(now.timestamp() * 1000),
            events=events,
            ask=(self.device.name,),
        )
        # Most of it is sealed and does not shrink: the least effort is enough.
        return gzip.compress(make_request(request, self.device.key), compresslevel=1)

    def _beat_due(self, now: datetime) -> bool:
        if self._beat_at is None:
            return True
        return not 0 <= (now - self._beat_at).total_seconds() < self.pace.heartbeat_s

    def _beat(self, now: datetime, beats: Beats) -> tuple[bytes, ...]:
        """A heartbeat; none where what it would say is not in form: then the events go without it."""
        self._beat_at = now
        with self.database.read() as session:
            sender = session.get_one(ProvinceSender, self.device.name)
            body = beats.beat(session, now)
            item = Item(source=f"beat.{beats.boot.hex()}.{now.timestamp()}", at=now, body=body)
            try:
                return (Sealer(session, self.device, sender.seq, sender.hlc).beat(body, item.id, now),)
            except MalformedMessage as error:
                _log.error("province_beat_not_made", where=error.where)
                return ()

    def _stopped(self) -> str | None:
        """Why nothing is sent; None where all is well."""
        with self.database.read() as session:
            sender = session.get(ProvinceSender, self.device.name)
            return None if sender is None else sender.stopped

    def _asks_again(self, now: datetime) -> bool:
        """Whether the hub may be asked once more; at a start it may. A clock that went back makes nobody wait."""
        if self._refused_at is not None and timedelta(0) <= now - self._refused_at < ASK_AGAIN:
            return False
        self._refused_at = now
        return True

    def _stop(self, now: datetime, why: str) -> Step:
        if self._stopped() != why:
            _log.error("province_sending_stopped", reason=why)
        self._refused_at = now
        with self.database.write() as session:
            session.get_one(ProvinceSender, self.device.name).stopped = why
        self._report(now)
        return Step(outcome=Outcome.STOPPED)

    def _report(self, now: datetime) -> None:
        """Tell the staff's screen how the province is reached; its moment is that of the last answer."""
        with self.database.write() as session:
            sender = session.get_one(ProvinceSender, self.device.name)
            backlog = province.backlog(session, self.device.name)
            why = problem_of(
                {
                    sender.stopped or "": sender.stopped is not None,
                    "aside": backlog.aside > 0,
                    "behind": province.mark(session, self.device.name, province.BEHIND) is not None,
                    "fork": province.mark(session, self.device.name, province.FORKED) is not None,
                    "lost": sender.lost > 0,
                    "untold": province.mark(session, self.device.name, province.UNTOLD) is not None,
                    "full": self.collector.is_full,
                }
            )
            state = {"ok": not why} | ({"reason": f"province_{why}"} if why else {})
            at = sender.answered_at or now
            repositories.set_device_state(session, self.device.desk, province.PART, state, at)

    def _forget(self, now: datetime) -> None:
        """Let go of what the hub has had for long enough."""
        if self._forgot_at is not None and timedelta(0) <= now - self._forgot_at < _FORGET_EVERY:
            return
        with self.database.write() as session:
            province.forget(session, self.device.name, before=now - timedelta(days=self.pace.kept_days))
        self._forgot_at = now


def _retry_after_s(reply: Reply) -> float:
    """The seconds that the hub asks for; a date, which no hub of ours says, counts as none."""
    text = reply.headers.get("retry-after", "")
    return min(float(text), _LONGEST_RETRY_S) if text.isascii() and text.isdigit() else 0.0
