"""Sending to the province in the background of a staff process."""

import structlog

from kiosk.config import StaffConfig
from kiosk.payer import Shared
from kiosk.ports import Clock, StoreUnavailable
from kiosk.province.identity import Identity
from kiosk.province.link import HubLink
from kiosk.province.parts import device_of, sender_of
from kiosk.province.renewal import Renewal
from kiosk.province.renewal import Step as Renewed
from kiosk.province.sending import Outcome, Sender, Step
from kiosk.province.settings import ProvinceSettings
from kiosk.services.worker import Rounds, Worker

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


def renewal_thread(settings: ProvinceSettings, clock: Clock) -> "RenewalThread":
    """The thread that keeps this device's certificate in force."""
    return RenewalThread(Renewal(settings, Identity(settings.identity)), clock)


class RenewalThread(Rounds):
    """Renews the certificate when two thirds of its life are over; a look a minute costs nothing."""

    def __init__(self, renewal: Renewal, clock: Clock, *, every_s: float = 60.0) -> None:
        super().__init__("renewal", every_s=every_s)
        self._renewal = renewal
        self._clock = clock
        self._last = Renewed.NOT_DUE

    def round(self) -> None:
        """A look."""
        last = self._renewal.step(self._clock.now())
        if last is Renewed.REFUSED and last is not self._last:
            until = self._renewal.until()
            _log.error("certificate_not_renewed", until=until.isoformat() if until else None)
        self._last = last
