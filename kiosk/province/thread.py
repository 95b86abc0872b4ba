"""Sending to the province in the background of a staff process."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

import structlog

from idcard import ConfigurationError
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
from kiosk.store import repositories
from kiosk.store.province import CERTIFICATE

SENDING: Final = "sending"
_log = structlog.get_logger(__name__)


def sender_thread(config: StaffConfig, settings: ProvinceSettings, shared: Shared) -> "SenderThread":
    """The thread of a staff process.

    :raises ConfigurationError: where identity or keys cannot be used.
    """
    device = device_of(settings, clinic=config.clinic.code, desk=shared.device)
    link = HubLink(settings, Identity(settings.identity))
    store, opener = config.store, shared.opener
    try:
        sender = sender_of(settings, device, database=shared.database, store=store, opener=opener, link=link)
    except ConfigurationError:
        link.close()
        raise
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


class ProvinceThread(Rounds):
    """Works with this device's identity as soon as it can be used, and as long: a look a minute.

    A device is let in, or let in anew, while the staff's process runs; its certificate is renewed, and its folder may
    be damaged and restored. After each change what works with it is made anew, as at a start of the program: so a
    sender that the hub had turned away tries again.

    :param makes: what works with the identity, by name; ConfigurationError where it cannot be used, None for nothing.
    :param tell: told why nothing can be sent, in a word; the sender itself tells that it can.
    """

    def __init__(
        self,
        identity: Identity,
        makes: Mapping[str, Callable[[], Worker | None]],
        *,
        tell: Callable[[str], None],
        every_s: float = 60.0,
    ) -> None:
        super().__init__("identity", every_s=every_s)
        self._identity, self._makes, self._tell = identity, makes, tell
        self._marks: object = None
        self._told: dict[str, str] = {}
        self.workers: dict[str, Worker] = {}

    def round(self) -> None:
        """Take up what can be used newly, and end what works with what is no more."""
        if (marks := self._identity.marks()) != self._marks:
            self._end()
            self._marks = marks
        for name in self._makes.keys() - self.workers.keys():
            self._take_up(name)

    def stop(self) -> None:
        """End, and whatever works."""
        super().stop()
        self._end()

    def _take_up(self, name: str) -> None:
        try:
            worker = self._makes[name]()
        except ConfigurationError as problem:
            self._say(name, str(problem.reason))
            return
        self._told.pop(name, None)
        if worker is not None and not self._stopping.is_set():
            self.workers[name] = worker
            worker.start()

    def _say(self, name: str, reason: str) -> None:
        """Once for each reason: else the log holds nothing but this."""
        if self._told.get(name) == reason:
            return
        # The desk does not stand still for the province: staff see it, and the next look tries again.
        _log.error("province_not_joined", what=name, reason=reason)
        if name == SENDING:
            self._tell("province_unknown")
        self._told[name] = reason

    def _end(self) -> None:
        while self.workers:
            self.workers.popitem()[1].stop()


def renewal_thread(settings: ProvinceSettings, shared: Shared) -> "RenewalThread":
    """The thread that keeps this device's certificate in force, and tells staff where it cannot."""

    def tell(state: Mapping[str, object] | None) -> None:
        with shared.database.write() as session:
            if state is None:
                repositories.forget_device_state(session, shared.device, CERTIFICATE)
            else:
                repositories.set_device_state(session, shared.device, CERTIFICATE, state, shared.clock.now())

    return RenewalThread(Renewal(settings, Identity(settings.identity)), shared.clock, tell=tell)


class RenewalThread(Rounds):
    """Renews the certificate when two thirds of its life are over; a look a minute costs nothing.

    :param tell: told, whenever that is another, until when it is good, and why it could not be renewed; None where
        there is no certificate.
    """

    def __init__(
        self,
        renewal: Renewal,
        clock: Clock,
        *,
        tell: Callable[[Mapping[str, object] | None], None] = lambda _: None,
        every_s: float = 60.0,
    ) -> None:
        super().__init__("renewal", every_s=every_s)
        self._renewal = renewal
        self._clock = clock
        self._last = Renewed.NOT_DUE
        self._tell, self._told = tell, False
        self._state: Mapping[str, object] | None = None

    def stop(self) -> None:
        """End, and let go of the connections."""
        super().stop()
        self._renewal.close()

    def round(self) -> None:
        """A look."""
        now = self._clock.now()
        last = self._renewal.step(now)
        self._say(last, now)
        if last is Renewed.REFUSED and last is not self._last:
            until = self._renewal.until()
            _log.error("certificate_not_renewed", until=until.isoformat() if until else None)
        self._last = last

    def _say(self, last: Renewed, now: datetime) -> None:
        until = self._renewal.until()
        state = None if until is None else _certificate_state(last, until, now)
        if state != self._state or not self._told:
            self._tell(state)
            self._state, self._told = state, True


def _certificate_state(last: Renewed, until: datetime, now: datetime) -> dict[str, object]:
    """How the certificate is, as staff and province see a part: one that may still be renewed in time is no fault."""
    state: dict[str, object] = {"ok": True, "until": until.isoformat()}
    if last is Renewed.LATER:
        state |= {"age": "old", "why": "later"}
    if last is Renewed.REFUSED:
        state |= {"ok": False, "reason": "certificate_refused", "why": "refused"}
    elif now >= until:
        state |= {"ok": False, "reason": "certificate_over", "why": "over"}
    return state
