"""Sending to the province in the background of a staff process."""

import structlog

from kiosk.config import StaffConfig
from kiosk.payer import Shared
from kiosk.ports import Clock, StoreUnavailable
from kiosk.province.identity import Identity
from kiosk.province.link import HubLink
from kiosk.province.parts import device_of, sender_of
from kiosk.province.sending import Outcome, Sender, Step
from kiosk.province.settings import ProvinceSettings
from kiosk.services.worker import Worker

_log = structlog.get_logger(__name__)


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
        outcome = Outcome.SENT if step.outcome is Outcome.IDLE else step.outcome
        if outcome is not self._last and outcome is not Outcome.PAUSED:
            _log.info("province_sending", outcome=outcome.value, backlog=step.backlog)
            self._last = outcome
        if step.wait_s:
            # Not longer than between two steps: what happens meanwhile is sealed all the same.
            self.rest(min(step.wait_s, self._sender.pace.send_every_s))
