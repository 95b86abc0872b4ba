"""A batch is taken in: verified, stored, judged, answered. Plain Python, no web.

Order matters. Signatures and bodies are looked at before the store is touched; events, counts and streams are written
in one transaction under the clinic's turn; who was admitted twice is judged once that is committed and before the
answer goes out (:mod:`kiosk.hub.store.checkins` says why).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from kiosk.hub.errors import SenderRevoked, UnknownSender
from kiosk.hub.event import TakenEvent, milliseconds
from kiosk.hub.examine import KeyRing, examine, public_key
from kiosk.hub.store import checkins
from kiosk.hub.store.aside import Aside, put_aside
from kiosk.hub.store.database import HubDatabase, turn
from kiosk.hub.store.devices import Device, devices_of
from kiosk.hub.store.emergencies import newest_emergency
from kiosk.hub.store.streams import DeviceStream
from kiosk.hub.store.taking import Taking, take
from kiosk.wire.batch import (
    ANSWER_GAPS,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Whom the proxy saw, by the certificate of the connection."""

    clinic: str
    device: str


class Ingest:
    """Takes batches in; safe to use from several threads.

    :param now: the hub's wall clock.
    """

    def __init__(self, database: HubDatabase, ring: KeyRing, now: Callable[[], datetime]) -> None:
        self._database = database
        self._ring = ring
        self._now = now
        self._clock = HybridClock()

    def receive(self, signed: Signed, *, seen: Sender | None = None) -> BatchAnswer:
        """The answer to a batch; what it says is settled is on the disk.

        :param seen: whom the proxy saw; None where there is none, and then the signature alone says who sends.
        :raises UnknownSender: see there. :raises SenderRevoked: see there.
        :raises HubStoreUnavailable: if nothing could be stored.
        """
        with self._database.read() as connection:
            devices = devices_of(connection, signed.request.clinic)
            emergency = newest_emergency(connection)
        request = _verified(signed, devices, seen)
        events, asides = _sorted_out(request, devices, self._ring)
        now = self._now()
        with self._database.write() as connection:
            taking, asides = _store(connection, request, events, asides, now)
        self._judge(events.values(), now)
        return self._answer(taking, asides, emergency, now)

    def _judge(self, events: Iterable[TakenEvent], now: datetime) -> None:
        """Look at everybody in the batch, also where it came before: the hub may have died before it looked."""
        concerned = [each for each in events if checkins.concerns(each)]
        if not concerned:
            return
        with self._database.read() as connection:
            people = checkins.twice(connection, checkins.people_of(connection, concerned))
        for whom in people:
            with self._database.write() as connection:
                checkins.judge(connection, whom, now)

    def _answer(self, taking: Taking, asides: Iterable[Aside], emergency: int, now: datetime) -> BatchAnswer:
        at = milliseconds(now)
        for each in taking.new:
            self._clock.see(each.header.hlc, at)
        return BatchAnswer(
            at=at,
            hlc=self._clock.tick(at),
            emergency=emergency,
            streams={device: _stream(each) for device, each in taking.streams.items()},
            quarantined=tuple(
                Quarantined(index=each.index, reason=each.reason.value, settled=each.is_settled) for each in asides
            ),
        )


def _verified(signed: Signed, devices: Mapping[str, Device], seen: Sender | None) -> BatchRequest:
    request = signed.request
    if seen is not None and (seen.clinic, seen.device) != (request.clinic, request.sender):
        raise UnknownSender("another device than the connection's")
    device = devices.get(request.sender)
    if device is None:
        raise UnknownSender()
    try:
        verify_request(signed, public_key(device.public_key))
    except WrongSignature as error:
        raise UnknownSender("not signed by this device") from error
    if not device.is_active:
        raise SenderRevoked()
    return request


def _sorted_out(
    request: BatchRequest, devices: Mapping[str, Device], ring: KeyRing
) -> tuple[dict[int, TakenEvent], list[Aside]]:
    """The events that can be taken, by their place in the batch, and those that cannot."""
    events: dict[int, TakenEvent] = {}
    asides: list[Aside] = []
    for index, each in enumerate(examine(request.events, devices, ring, request.clinic)):
        if isinstance(each, Aside):
            asides.append(each)
        else:
            events[index] = each
    return events, asides


def _store(
    connection: Connection, request: BatchRequest, events: Mapping[int, TakenEvent], asides: list[Aside], now: datetime
) -> tuple[Taking, list[Aside]]:
    """What became of the events, and all that were put aside."""
    turn(connection, request.clinic)
    settled = [(each.device, each.seq) for each in asides if each.is_settled and each.device and each.seq]
    taking = take(connection, request.clinic, tuple(events.values()), now, settled=settled, ask=request.ask)
    for many, reason in ((taking.forks, Trouble.FORK), (taking.scattered, Trouble.SCATTERED)):
        asides += [_refused(index, each, reason) for index, each in events.items() if each in many]
    put_aside(connection, request.clinic, request.sender, asides, now)
    return taking, sorted(asides, key=lambda each: each.index)


def _refused(index: int, each: TakenEvent, reason: Trouble) -> Aside:
    return Aside(index=index, reason=reason, raw=each.raw, device=each.header.device, seq=each.header.seq)


def _stream(each: DeviceStream) -> Stream:
    received = each.received
    return Stream(acked_through=received.acked_through, seen=received.seen, gaps=received.gaps[:ANSWER_GAPS])
