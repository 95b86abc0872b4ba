"""From what happened at the clinic to events that are numbered, sealed and signed, each once and for ever.

Theory of operation. Every kiosk writes into the clinic's store, and what it writes it cannot read again. The staff's
process reads what is new there (rows of the outbox; notices, tests, parts and chains that say something else than was
last told), makes bodies of it, and gives them the next numbers of one device: the desk. Event, number and how far was
read are committed in one transaction. What was sealed for a transaction that did not happen never left this machine, so
a crash makes neither a hole nor two events with one number.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk.domain.tickets import VIETNAM_TIME, clinic_day
from kiosk.province.news import news_of
from kiosk.province.telling import Item, Teller
from kiosk.store import deliveries, province
from kiosk.store.database import Database
from kiosk.store.province_tables import ProvinceEvent, ProvinceSender
from kiosk.store.repositories import GENESIS
from kiosk.store.tables import Audit, Outbox
from kiosk.wire.bodies import Body, Heartbeat, kind_of
from kiosk.wire.clock import HybridClock
from kiosk.wire.envelope import Header, key_id, make_event
from kiosk.wire.errors import MalformedMessage

AT_ONCE: Final = 100
MOST_KEPT: Final = 400_000
"""So many events are kept at most, about 250 MB. Then nothing more is sealed; the outbox keeps its rows."""
NEWS_EVERY: Final = timedelta(seconds=30)
"""How often it is looked what is new beside the outbox."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """The device under whose name a clinic sends. ``desk`` is how the store calls it; ``hub`` is sealed to."""

    clinic: str
    name: str
    desk: str
    key: Ed25519PrivateKey = field(repr=False)
    hub: X25519PublicKey = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What a transaction is to write: events from the number after ``seq`` on, how far was read, and of how many things
    that are passed over no event can be made.
    """

    seq: int
    hlc: int
    events: tuple[ProvinceEvent, ...]
    marks: dict[str, str]
    untold: int


@dataclass(slots=True)
class Sealer:
    """Makes a device's envelopes, one after the other, in one session of the store.

    :param seq: the last number that was given. :param hlc: the last reading of the device's clock.
    """

    session: Session
    device: Device
    seq: int
    hlc: int

    def seal(self, item: Item, now: datetime, *, again: int = 0) -> ProvinceEvent | None:
        """The event, with the next number; None for what the hub would not take."""
        # Nothing happens after it is told: a kiosk whose clock is ahead does not drag everybody else's along.
        at = min(item.at, now)
        try:
            envelope, hlc = self._made(item.body, item.id, at, self.seq + 1)
        except MalformedMessage as error:
            _log.error("province_event_not_made", kind=kind_of(item.body).value, where=error.where)
            return None
        self.seq, self.hlc = self.seq + 1, hlc
        return ProvinceEvent(
            device=self.device.name,
            seq=self.seq,
            kind=kind_of(item.body).value,
            source=item.source,
            again=again,
            envelope=envelope,
            state="waiting",
            reason=None,
            tries=0,
            made_at=now,
            settled_at=None,
        )

    def beat(self, body: Heartbeat, event_id: bytes, now: datetime) -> bytes:
        """A heartbeat's envelope: it bears no number and is not kept."""
        return self._made(body, event_id, now, 0)[0]

    def _made(self, body: Body, event_id: bytes, at: datetime, seq: int) -> tuple[bytes, int]:
        ms = _ms(at)
        hlc = HybridClock(self.hlc).tick(ms)
        audit_seq, audit_hash = _chain_end(self.session, self.device.desk)
        header = Header(
            id=event_id,
            clinic=self.device.clinic,
            device=self.device.name,
            seq=seq,
            kind=kind_of(body).value,
            at=ms,
            hlc=hlc,
            audit_seq=audit_seq,
            audit_hash=audit_hash,
            key=key_id(self.device.hub),
        )
        return make_event(header, body, to=self.device.hub, signer=self.device.key), hlc


class Collector:
    """Tells the province what is new; for one thread at a time.

    :param most: how many events are kept at most.
    """

    def __init__(self, database: Database, device: Device, teller: Teller, *, most: int = MOST_KEPT) -> None:
        self._database = database
        self._device = device
        self._teller = teller
        self._most = most
        self._news_at: datetime | None = None
        self.is_full = False

    def begin(self, now: datetime) -> None:
        """Make the device's row; who sends for the first time tells of today, and of no day before.

        Where sending was stopped, a new start tries once more: certificates are renewed meanwhile.
        """
        with self._database.write() as session:
            sender = session.get(ProvinceSender, self._device.name)
            if sender is None:
                session.add(_new_sender(self._device.name, now))
            else:
                sender.stopped = None

    def collect(self, now: datetime) -> int:
        """Seal all that is new; how many events those are.

        :raises StoreUnavailable: if the store takes nothing; what was committed before stays.
        """
        sealed = 0
        with_news = self._news_at is None or not timedelta(0) <= now - self._news_at < NEWS_EVERY
        while self._has_room():
            with self._database.read() as session:
                plan = self._plan(session, now, with_news=with_news)
            if plan is None or not (plan.events or plan.marks):
                break
            if not self._commit(plan):
                continue
            sealed += len(plan.events)
        if with_news and not self.is_full:
            self._news_at = now
        return sealed

    def retell(self, session: Session, event: ProvinceEvent, sender: ProvinceSender, now: datetime) -> bool:
        """Tell it anew under the next number, in this transaction; whether that could be done.

        Its id stays: where the hub has it already, under whatever number, it is not counted twice.
        """
        item = self._teller.again(session, event.source)
        if item is None:
            return False
        sealer = Sealer(session, self._device, sender.seq, sender.hlc)
        fresh = sealer.seal(item, now, again=event.again + 1)
        if fresh is None:
            return False
        sender.seq, sender.hlc = sealer.seq, sealer.hlc
        session.add(fresh)
        return True

    def _has_room(self) -> bool:
        with self._database.read() as session:
            self.is_full = province.kept(session, self._device.name) >= self._most
        if self.is_full:
            with self._database.write() as session:
                # What the hub has need not lie here any longer where room is short.
                province.forget(session, self._device.name, before=datetime.max.replace(tzinfo=VIETNAM_TIME))
                self.is_full = province.kept(session, self._device.name) >= self._most
        return not self.is_full

    def _plan(self, session: Session, now: datetime, *, with_news: bool) -> _Plan | None:
        sender = session.get(ProvinceSender, self._device.name)
        if sender is None:
            return None
        sealer = Sealer(session, self._device, sender.seq, sender.hlc)
        rows = self._new_rows(session, sender.since)
        marks = {f"outbox.{row.device}": str(row.seq) for row in rows}
        told = [self._told(session, row) for row in rows]
        items = [item for each in told for item in each or ()]
        news = list(news_of(session, self._device, sender.since, now, limit=AT_ONCE)) if with_news else []
        marks |= dict(each.mark for each in news)
        items += [each.item for each in news]
        events = [sealer.seal(item, now) for item in items]
        return _Plan(
            seq=sender.seq,
            hlc=sealer.hlc,
            events=tuple(event for event in events if event is not None),
            marks=marks,
            untold=told.count(None) + events.count(None),
        )

    def _new_rows(self, session: Session, since: datetime) -> list[Outbox]:
        """The next rows of all outboxes, in the order in which they were written as far as clocks tell."""
        found: list[Outbox] = []
        for device in province.outbox_devices(session):
            said = province.mark(session, self._device.name, f"outbox.{device}")
            start = deliveries.last_before(session, device, since) if said is None else int(said)
            found += deliveries.events_after(session, device, start, AT_ONCE)
        return list(_first(found, AT_ONCE))

    def _told(self, session: Session, row: Outbox) -> list[Item] | None:
        """What the row says; None where nobody can tell, whenever they try: it must not stop all others."""
        try:
            return self._teller.of_outbox(session, row)
        except (AttributeError, LookupError, MalformedMessage, TypeError, ValueError) as error:
            # A store that does not answer is no fault of the row: that goes on to the caller, and the row waits.
            # The words of an error may hold personal data.
            _log.error("province_row_not_told", kind=row.kind, row=row.id, error=type(error).__name__)
            return None

    def _commit(self, plan: _Plan) -> bool:
        """Whether it was written: not where somebody gave numbers since it was planned."""
        with self._database.write() as session:
            sender = session.get(ProvinceSender, self._device.name)
            if sender is None or sender.seq != plan.seq:
                return False
            sender.seq, sender.hlc = plan.seq + len(plan.events), max(plan.hlc, sender.hlc)
            session.add_all(plan.events)
            for source, said in plan.marks.items():
                province.set_mark(session, self._device.name, source, said)
            if plan.untold:
                before = int(province.mark(session, self._device.name, province.UNTOLD) or 0)
                province.set_mark(session, self._device.name, province.UNTOLD, str(before + plan.untold))
        return True


def _first(rows: Iterable[Outbox], many: int) -> Iterator[Outbox]:
    """The first so many rows, the oldest first, and each device's in the order of its numbers."""
    queues: dict[str, list[Outbox]] = {}
    for row in rows:
        queues.setdefault(row.device, []).append(row)
    for queue in queues.values():
        queue.sort(key=lambda row: row.seq, reverse=True)
    for _ in range(many):
        waiting = [queue for queue in queues.values() if queue]
        if not waiting:
            return
        yield min(waiting, key=lambda queue: (queue[-1].created_at, queue[-1].device)).pop()


def _chain_end(session: Session, desk: str) -> tuple[int, bytes]:
    """The last link of the desk's chain: its number and hash."""
    query = select(Audit.seq, Audit.hash).where(Audit.device == desk).order_by(Audit.seq.desc()).limit(1)
    row = session.execute(query).first()
    return (0, GENESIS) if row is None else (row.seq, row.hash)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _new_sender(device: str, now: datetime) -> ProvinceSender:
    day = clinic_day(now)
    return ProvinceSender(
        device=device,
        since=datetime(day.year, day.month, day.day, tzinfo=VIETNAM_TIME),
        seq=0,
        hlc=0,
        acked_through=0,
        seen=0,
        lost=0,
        emergency=0,
        answered_at=None,
        stopped=None,
    )
