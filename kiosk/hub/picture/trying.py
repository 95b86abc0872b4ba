"""The picture from the command: an invented province in a hub, a report as a file, a picture beside a trial hub."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from pathlib import Path

from kiosk.hub.config import HubConfig
from kiosk.hub.event import clinic_day
from kiosk.hub.picture.accounts import BadOfficer, Officers
from kiosk.hub.picture.config import PictureConfig
from kiosk.hub.picture.invented import invent
from kiosk.hub.picture.paper import pdf_of
from kiosk.hub.picture.roles import OfficerRole
from kiosk.hub.picture.sheet import csv_of, sheet_of
from kiosk.hub.picture.weekly import monday_of, week_report
from kiosk.hub.process import PRESENT_KEY, load_ring, open_store, utc_now
from kiosk.hub.store.database import HubDatabase
from kiosk.keys import load_clinic_private_key
from kiosk.web.common.factory import WEB

INVENTED = ("ha.tran", "mot-tinh-bia-dat")
"""The invented officer of a trial, and the password; both are printed where it starts."""
_ENDS_WITHIN_S = 15


def invent_into(config: HubConfig, *, clinics: int, seed: int) -> int:
    """Fill an empty hub with an invented province; how many events came.

    :raises ValueError: where the hub is meant in earnest, or has clinics.
    :raises HubStoreUnavailable: if the store refuses.
    """
    if config.mode != "demo":
        raise ValueError("a hub that is meant in earnest takes no invented province")
    hub = load_clinic_private_key(config.keys / PRESENT_KEY).public_key()
    database = open_store(config)
    try:
        return invent(database, load_ring(config.keys), hub, utc_now(), clinics=clinics, seed=seed)
    finally:
        database.close()


def written_report(database: HubDatabase, config: HubConfig, monday: date | None, language: str, *, kind: str) -> bytes:
    """The weekly report as a file.

    :param monday: the week; None is the last whole one. :param kind: ``.pdf`` or ``.csv``.
    :raises WeekNotOver: where it is not over.
    """
    settings, now = config.picture or PictureConfig(port=8017), utc_now()
    week = monday or monday_of(clinic_day(now)) - timedelta(days=7)
    sheet = sheet_of(week_report(database, week, now, k=settings.k, target=settings.linked_target), language)
    return csv_of(sheet).encode("utf-8-sig") if kind == ".csv" else pdf_of(sheet, WEB / "static" / "fonts", language)


def prepare_trial(config: HubConfig) -> None:
    """An invented province where there is none yet, and an officer who may look at it."""
    # Both may be there from last time.
    with suppress(ValueError):
        invent_into(config, clinics=288, seed=8)
    database = open_store(config)
    try:
        with suppress(BadOfficer):
            Officers(database, utc_now).add(INVENTED[0], OfficerRole.ADMINISTRATOR, INVENTED[1], by="trial")
    finally:
        database.close()


@contextmanager
def beside(path: Path) -> Iterator[None]:
    """The picture's process beside this one, over the same configuration file."""
    process = subprocess.Popen([sys.executable, "-m", "kiosk", "hub", "picture", "--config", str(path)])
    try:
        yield
    finally:
        process.terminate()
        process.wait(_ENDS_WITHIN_S)
