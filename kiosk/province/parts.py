"""Sending to the province put together for a staff process: identity, keys, connection, and a thread."""

from pathlib import Path

import structlog

from kiosk.config import StaffConfig
from kiosk.keys import VisitOpener, load_secret
from kiosk.payer import Shared
from kiosk.ports import Clock, StoreUnavailable
from kiosk.province.identity import Identity
from kiosk.province.link import HubLink
from kiosk.province.outbox import Collector, Device
from kiosk.province.sending import Outcome, Pace, Posts, Sender, Step
from kiosk.province.settings import ProvinceSettings
from kiosk.province.telling import Teller
from kiosk.services.worker import Worker
from kiosk.store.database import Database
from kiosk.wire.person import PersonKey

_log = structlog.get_logger(__name__)


def device_of(settings: ProvinceSettings, *, clinic: str, desk: str) -> Device:
    """The device under whose name this clinic sends.

    :param desk: the desk's name in the store; it sends under that one unless the settings say another.
    :raises ConfigurationError: where a key cannot be used.
    """
    identity = Identity(settings.identity)
    return Device(
        clinic=clinic,
        name=settings.device or desk,
        desk=desk,
        key=identity.device_key(),
        hub=identity.hub_key(),
    )


def sender_of(
    settings: ProvinceSettings, device: Device, *, database: Database, store: Path, opener: VisitOpener, link: Posts
) -> Sender:
    """What sends for a clinic, step by step, without a thread.

    :param store: the store's file.
    :raises ConfigurationError: where the province's key of persons cannot be used.
    """
    persons = PersonKey(load_secret(settings.person_key), settings.person_key_number)
    return Sender(
        database=database,
        device=device,
        collector=Collector(database, device, Teller(opener, persons)),
        link=link,
        store=store,
        pace=Pace(
            send_every_s=settings.send_every_s,
            heartbeat_s=settings.heartbeat_s,
            kept_days=settings.sent_kept_days,
        ),
    )


def sender_thread(config: StaffConfig, settings: ProvinceSettings, shared: Shared) -> "SenderThread":
    """The thread of a staff process.

    :raises ConfigurationError: where identity or keys cannot be used.
    """
    device = device_of(settings, clinic=config.clinic.code, desk=shared.device)
    link = HubLink(settings, Identity(settings.identity))
    sender = sender_of(settings, device, database=shared.database, store=config.store, opener=shared.opener, link=link)
    return SenderThread(sender, link, shared.clock)


class SenderThread(Worker):
    """Sends in the background; what is under way when it ends may be given up, and is sent again."""

    def __init__(self, sender: Sender, link: HubLink, clock: Clock) -> None:
        super().__init__("province", link)
        self._sender = sender
        self._clock = clock
        self._last: Outcome | None = None

    def turn(self) -> None:
        """A step, and the rest after it."""
        try:
            self._after(self._sender.step(self._clock.now()))
        except StoreUnavailable:
            _log.warning("province_waits_for_the_store")
            self.rest(self._sender.pace.send_every_s)

    def _after(self, step: Step) -> None:
        if step.outcome is not self._last and step.outcome is not Outcome.PAUSED:
            _log.info("province_sending", outcome=step.outcome.value, backlog=step.backlog)
            self._last = step.outcome
        if step.wait_s:
            # Not longer than between two steps: what happens meanwhile is sealed all the same.
            self.rest(min(step.wait_s, self._sender.pace.send_every_s))
