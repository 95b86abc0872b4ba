"""Sending to the province put together: identity, keys, and what sends, without a thread."""

import random
from collections.abc import Callable
from pathlib import Path

from kiosk.keys import VisitOpener, load_secret
from kiosk.province.identity import Identity
from kiosk.province.outbox import Collector, Device
from kiosk.province.sending import Pace, Posts, Sender
from kiosk.province.settings import ProvinceSettings
from kiosk.province.telling import Teller
from kiosk.store.database import Database
from kiosk.wire.person import PersonKey


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
    settings: ProvinceSettings,
    device: Device,
    *,
    database: Database,
    store: Path,
    opener: VisitOpener,
    link: Posts,
    chance: Callable[[], float] = random.random,
) -> Sender:
    """What sends for a clinic, step by step, without a thread.

    :param store: the store's file. :param chance: a number from 0 to 1, drawn for each pause.
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
        chance=chance,
    )
