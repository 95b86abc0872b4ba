"""Batches are taken in: verified, stored, judged, answered. Plain Python, no web.

Order matters. Signatures and bodies are looked at before the store is touched; events, counts and streams are written
in one transaction under the clinics' turns; who was admitted twice is judged once that is committed and before an
answer goes out (:mod:`kiosk.hub.store.checkins` says why).

Batches that come at the same time share a transaction (:mod:`kiosk.hub.together`): most hold one event or two, and a
transaction costs far more than a row.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from idcard import IdCardError
from kiosk.hub.errors import SenderRevoked, UnknownSender
from kiosk.hub.event import TakenEvent, milliseconds
from kiosk.hub.examine import KeyRing, examine, public_key
from kiosk.hub.store import checkins
from kiosk.hub.store.aside import Aside, put_aside
from kiosk.hub.store.database import HubDatabase, take_turns
from kiosk.hub.store.devices import Device, devices_of
from kiosk.hub.store.emergencies import newest_emergency
from kiosk.hub.store.streams import DeviceStream
from kiosk.hub.store.taking import Taking, take
from kiosk.wire.batch import (
    ANSWER_GAPS,
    SECOND_VISITS,
    BatchAnswer,
    BatchRequest,
    Quarantined,
    Signed,
    Stream,
    Trouble,
    verify_request,
)
from kiosk.wire.clock import HybridClock
from kiosk.wire.errors import WrongSignature

SECOND_TOLD: Final = timedelta(days=30)
"""For so long a second visit is named to its clinic after it was found, unless somebody closes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Whom the proxy saw, by the certificate of the connection."""

    clinic: str
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A batch as it came, and whom the proxy saw; None where there is none: then the signature alone says who sends.

    :ivar asks_seconds: whether the sender reads which visits were second ones.
    """

    signed: Signed
    seen: Sender | None = None
    asks_seconds: bool = False


@dataclass(slots=True, kw_only=True)
class _Work:
    """A batch whose sender is known: its events by their place in it, and those that are put aside."""

    request: BatchRequest
    events: dict[int, TakenEvent] = field(default_factory=dict)
    asides: list[Aside] = field(default_factory=list)


class Ingest:
    """Takes batches in; safe to use from several threads.

    :param now: the hub's wall clock.
    """

    def __init__(self, database: HubDatabase, ring: KeyRing, now: Callable[[], datetime]) -> None:
        self._database = database
        self._ring = ring
        self._now = now
        self._clock = HybridClock()

    def receive(self, sent: Sent) -> BatchAnswer:
        """The answer to a batch; what it says is settled is on the disk.

        :raises UnknownSender: see there. :raises SenderRevoked: see there.
        :raises HubStoreUnavailable: if nothing could be stored.
        """
        (answer,) = self.receive_all([sent])
        if isinstance(answer, IdCardError):
            raise answer
        return answer

    def receive_all(self, many: Sequence[Sent]) -> list[BatchAnswer | IdCardError]:
        """The answers to batches, each in the place of its batch; the error for whoever is not let in.

        :raises HubStoreUnavailable: if nothing could be stored.
        """
        with self._database.read() as connection:
            devices = devices_of(connection, {each.signed.request.clinic for each in many})
            emergency = newest_emergency(connection)
        works = [self._examined(each, devices[each.signed.request.clinic]) for each in many]
        welcome = [work for work in works if isinstance(work, _Work)]
        if not welcome:
            return [work for work in works if isinstance(work, IdCardError)]
        now = self._now()
        with self._database.write() as connection:
            taking = _store(connection, welcome, now)
        self._judge([each for work in welcome for each in work.events.values()], taking.erased, now)
        hlc = self._tick(taking.new, now)
        seconds = self._seconds({each.signed.request.clinic for each in many if each.asks_seconds}, now)
        return [
            work
            if isinstance(work, IdCardError)
            else replace(
                _answer(work, taking, at=now, hlc=hlc, emergency=emergency),
                second_visits=seconds.get(work.request.clinic, ()) if sent.asks_seconds else (),
            )
            for sent, work in zip(many, works, strict=True)
        ]

    def _examined(self, sent: Sent, devices: Mapping[str, Device]) -> _Work | IdCardError:
        try:
            work = _Work(request=_verified(sent, devices))
        except (UnknownSender, SenderRevoked) as error:
            return error
        for index, each in enumerate(examine(work.request.events, devices, self._ring, work.request.clinic)):
            if isinstance(each, Aside):
                work.asides.append(each)
            else:
                work.events[index] = each
        return work

    def _judge(self, events: Iterable[TakenEvent], erased: Set[checkins.PersonDay], now: datetime) -> None:
        """Look at everybody in the batches, also where they came before: the hub may have died before it looked.

        :param erased: who is found by no event any more.
        """
        concerned = [each for each in events if checkins.concerns(each)]
        if not concerned:
            return
        with self._database.read() as connection:
            people = checkins.twice(connection, erased | checkins.people_of(connection, concerned))
        for whom in people:
            with self._database.write() as connection:
                checkins.judge(connection, whom, now)

    def _seconds(self, clinics: set[str], now: datetime) -> Mapping[str, tuple[bytes, ...]]:
        """Which visits of these clinics were somebody's second one on a day."""
        if not clinics:
            return {}
        with self._database.read() as connection:
            return checkins.open_seconds(connection, clinics, since=now - SECOND_TOLD, limit=SECOND_VISITS)

    def _tick(self, new: Iterable[TakenEvent], now: datetime) -> int:
        """The hub's reading, behind those of all that was taken."""
        at = milliseconds(now)
        for each in new:
            self._clock.see(each.header.hlc, at)
        return self._clock.tick(at)


def _verified(sent: Sent, devices: Mapping[str, Device]) -> BatchRequest:
    request, seen = sent.signed.request, sent.seen
    if seen is not None and (seen.clinic, seen.device) != (request.clinic, request.sender):
        raise UnknownSender("another device than the connection's")
    device = devices.get(request.sender)
    if device is None:
        raise UnknownSender()
    try:
        verify_request(sent.signed, public_key(device.public_key))
    except WrongSignature as error:
        raise UnknownSender("not signed by this device") from error
    if not device.is_active:
        raise SenderRevoked()
    return request


def _store(connection: Connection, works: Iterable[_Work], now: datetime) -> Taking:
    """What became of the events; what could not be taken is put aside, and added to its batch's."""
    works = tuple(works)
    take_turns(connection, {work.request.clinic for work in works})
    settled = [
        (work.request.clinic, aside.device, aside.seq)
        for work in works
        for aside in work.asides
        if aside.is_settled and aside.device is not None and aside.seq is not None
    ]
    ask = [(work.request.clinic, device) for work in works for device in work.request.ask]
    taking = take(connection, [each for work in works for each in work.events.values()], now, settled=settled, ask=ask)
    refused = {id(each): Trouble.FORK for each in taking.forks} | {
        id(each): Trouble.SCATTERED for each in taking.scattered
    }
    for work in works:
        own = [_refused(index, each, refused[id(each)]) for index, each in work.events.items() if id(each) in refused]
        work.asides = sorted([*work.asides, *own], key=lambda aside: aside.index)
        put_aside(connection, work.request.clinic, work.request.sender, work.asides, now)
    return taking


def _refused(index: int, each: TakenEvent, reason: Trouble) -> Aside:
    return Aside(index=index, reason=reason, raw=each.raw, device=each.header.device, seq=each.header.seq)


def _answer(work: _Work, taking: Taking, *, at: datetime, hlc: int, emergency: int) -> BatchAnswer:
    clinic = work.request.clinic
    named = {each.header.device for each in work.events.values()} | set(work.request.ask)
    named |= {aside.device for aside in work.asides if aside.device is not None}
    found = {device: taking.streams.get((clinic, device)) for device in sorted(named)}
    return BatchAnswer(
        at=milliseconds(at),
        hlc=hlc,
        emergency=emergency,
        streams={device: _stream(each) for device, each in found.items() if each is not None},
        quarantined=tuple(
            Quarantined(index=aside.index, reason=aside.reason.value, settled=aside.is_settled) for aside in work.asides
        ),
    )


def _stream(each: DeviceStream) -> Stream:
    received = each.received
    return Stream(acked_through=received.acked_through, seen=received.seen, gaps=received.gaps[:ANSWER_GAPS])
