"""What leaves, put together for a staff process: a deliverer with a thread of its own for every receiver."""

from collections.abc import Callable
from pathlib import Path

import structlog

from idcard import ConfigurationError
from kiosk.insurance.tables import route_rules
from kiosk.interop.checkin_sink import CheckinSink, PayerCheckIn
from kiosk.interop.checkin_table import checkin_table
from kiosk.interop.delivery import Deliverer, Works
from kiosk.interop.fhir import FhirSink, fhir_systems
from kiosk.interop.hl7v2 import Addresses
from kiosk.interop.http import Poster
from kiosk.interop.mllp import Hl7Sink, MllpClient
from kiosk.interop.orders import NOTHING_USUAL, Service, UsualOrders
from kiosk.interop.settings import FhirSetting, Hl7Setting, InteropSettings, WebhookSetting
from kiosk.interop.sink import Sink
from kiosk.interop.webhooks import WebhookSink
from kiosk.keys import load_secret, read_key
from kiosk.ports import Clock, StoreUnavailable
from kiosk.services.worker import Worker

_log = structlog.get_logger(__name__)


def usual_orders(settings: InteropSettings | None) -> UsualOrders:
    """What is ordered in each room, as the settings say it."""
    if settings is None or settings.checkin is None:
        return NOTHING_USUAL
    checkin = settings.checkin
    return UsualOrders(
        services={room: Service(code=each.code, name=each.name) for room, each in checkin.rooms.items()},
        visit_kind=checkin.visit_kind,
        rules=route_rules() if checkin.proposed_route else (),
        facility=checkin.facility.facts(),
    )


def sinks_of(settings: InteropSettings, gateway: Callable[[], PayerCheckIn] | None, clock: Clock) -> list[Sink]:
    """Every receiver.

    :param gateway: gives the payer's client, or None where the clinic has no account.
    :raises ConfigurationError: where a key or token cannot be used, or the payer has no account.
    """
    sinks = hospital_sinks(settings, clock)
    if settings.checkin is None:
        return sinks
    if gateway is None:
        raise no_account()
    return [CheckinSink(gateway, table=checkin_table(), path=settings.checkin.path), *sinks]


def hospital_sinks(settings: InteropSettings, clock: Clock) -> list[Sink]:
    """Every receiver but the payer; ConfigurationError where a key or token cannot be used."""
    return [
        *(_webhook(each, clock) for each in settings.webhook),
        *(_fhir(each) for each in settings.fhir),
        *(_hl7(each, clock) for each in settings.hl7),
    ]


def no_account() -> ConfigurationError:
    """The error of a clinic that would report to the payer and has no account there."""
    return ConfigurationError(
        "The check-in table needs an account at the payer's gateway.",
        reason="never_set_up",
        remedy="Name its file in the staff's configuration (gateway), or take [checkin] out.",
    )


def deliverers(works: Works, sinks: list[Sink]) -> "list[DeliveryThread]":
    """A thread for each receiver, so that one that is slow keeps no other waiting."""
    return [DeliveryThread(Deliverer(works, sink)) for sink in sinks]


def _poster(setting: WebhookSetting | FhirSetting) -> Poster:
    return Poster(setting.url, authority=setting.authority, seconds=setting.seconds, least_tls=setting.least_tls)


def _webhook(setting: WebhookSetting, clock: Clock) -> WebhookSink:
    secret = load_secret(setting.secret)
    return WebhookSink(setting.name, _poster(setting), secret=secret, with_person=setting.person, now=clock.now)


def _fhir(setting: FhirSetting) -> FhirSink:
    systems = fhir_systems() if setting.systems is None else fhir_systems(setting.systems)
    by_person = setting.patient == "person"
    return FhirSink(setting.name, _poster(setting), systems, token=_token(setting.token), by_person=by_person)


def _token(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        token = read_key(path).decode("ascii").strip()
    except UnicodeDecodeError:
        token = ""
    if not token or not token.isprintable() or " " in token:
        raise ConfigurationError(
            f"The token file {path.name} holds no token.", reason="damaged", remedy="Write the token into one line."
        )
    return token


def _hl7(setting: Hl7Setting, clock: Clock) -> Hl7Sink:
    client = MllpClient(
        setting.host,
        setting.port,
        tls=setting.tls,
        authority=setting.authority,
        seconds=setting.seconds,
        least_tls=setting.least_tls,
    )
    addresses = Addresses(
        receiving_application=setting.receiving_application,
        receiving_facility=setting.receiving_facility,
        production=setting.processing == "production",
    )
    return Hl7Sink(setting.name, client, addresses, now=clock.now, by_person=setting.patient == "person")


class DeliveryThread(Worker):
    """Runs a receiver's rounds in the background.

    :param every_s: seconds between two rounds that had nothing to hand over.
    """

    def __init__(self, deliverer: Deliverer, *, every_s: float = 2.0) -> None:
        super().__init__(f"deliver-{deliverer.name}", deliverer, rest_s=every_s)
        self._deliverer = deliverer
        self._every_s = every_s

    def turn(self) -> None:
        """A round; what is under way when this ends may be given up, and is handed over again the next time."""
        try:
            delivered = self._deliverer.round().delivered
        except StoreUnavailable:
            delivered = 0
            _log.warning("delivery_waits_for_the_store", sink=self._deliverer.name)
        if not delivered:
            self.rest(self._every_s)
