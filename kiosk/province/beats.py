"""How the clinic is now, in one heartbeat: for the province's picture, where only the newest counts."""

import os
import shutil
from collections.abc import Iterable, Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kiosk.domain.tickets import clinic_day
from kiosk.province.news import part_name, part_state
from kiosk.province.outbox import Device
from kiosk.province.telling import words_of
from kiosk.services.heartbeat import KIOSK
from kiosk.store import province, repositories
from kiosk.store.device_tables import SelfTest
from kiosk.store.province_tables import ProvinceSender
from kiosk.store.tables import DeviceState
from kiosk.wire import checks
from kiosk.wire.bodies import Heartbeat
from kiosk.wire.errors import MalformedMessage

LOST: Final = "province:lost"
"""Among the ailing parts: events that the hub misses are no longer here."""
_CLOSING: Final = ("clock", "trust", "roster", "province")
"""The parts without which a kiosk admits nobody by itself."""


class Beats:
    """Makes heartbeats of one start of the program.

    :param store: the store's file, for how much room is left beside it.
    """

    def __init__(self, device: Device, store: Path, started: datetime) -> None:
        self._device = device
        self._store = store
        self._started = started
        self.boot = os.urandom(16)

    def beat(self, session: Session, now: datetime) -> Heartbeat:
        """How the clinic is at this moment."""
        sender = session.get(ProvinceSender, self._device.name)
        rows = [row for row in repositories.device_states(session) if row.part != "probe"]
        ailing = [part_name(row, self._device.desk) for row in rows if part_state(row, now) != "ok"]
        if sender is not None and sender.lost:
            ailing.insert(0, LOST)
        return Heartbeat(
            boot=self.boot,
            program=version("idcard"),
            lane=lane_of(rows, now),
            backlog=province.backlog(session, self._device.name).waiting,
            last_seq=0 if sender is None else sender.seq,
            up_s=max(0, int((now - self._started).total_seconds())),
            trust=_version(rows, "trust"),
            trust_age_s=_age_s(rows, "trust", now),
            roster=_version(rows, "roster"),
            roster_age_s=_age_s(rows, "roster", now),
            waiting=sum(repositories.waiting(session, self._device.clinic, clinic_day(now)).values()),
            disk_free_mb=self._free_mb(),
            tested_at=self._tested_at(session),
            ailing=words_of(ailing),
        )

    def _free_mb(self) -> int | None:
        try:
            return shutil.disk_usage(self._store.parent).free >> 20
        except OSError:
            return None

    def _tested_at(self, session: Session) -> int | None:
        own = (SelfTest.clinic == self._device.clinic, SelfTest.state == "passed")
        last: datetime | None = session.scalar(select(func.max(SelfTest.settled_at)).where(*own))
        return None if last is None else int(last.timestamp() * 1000)


def lane_of(rows: Sequence[DeviceState], now: datetime) -> str:
    """``open`` where some kiosk may admit by itself, else the reason of the first that may not."""
    kiosks = sorted(row.device for row in rows if row.part == KIOSK)
    reasons = [_closed(kiosk, rows, now) for kiosk in kiosks]
    if not reasons:
        return "no_kiosk"
    return next((reason for reason in reasons if reason == "open"), reasons[0])


def _closed(kiosk: str, rows: Iterable[DeviceState], now: datetime) -> str:
    states = {row.part: part_state(row, now) for row in rows if row.device == kiosk}
    if states.get(KIOSK) == "silent":
        return "silent"
    return next((part for part in _CLOSING if states.get(part, "ok") != "ok"), "open")


def _version(rows: Iterable[DeviceState], part: str) -> str | None:
    """The version of a part; of several kiosks the first one's."""
    found = next((row.state.get("version") for row in rows if row.part == part), None)
    try:
        text: str | None = None if found is None else checks.version(str(found), part)
    except MalformedMessage:
        return None
    return text


def _age_s(rows: Iterable[DeviceState], part: str, now: datetime) -> int | None:
    """How old it is, where its kiosk said of when it is."""
    said = next((row.state.get("as_of") for row in rows if row.part == part), None)
    try:
        as_of = None if said is None else datetime.fromisoformat(str(said))
    except ValueError:
        return None
    if as_of is None or as_of.tzinfo is None:
        return None
    return max(0, int((now - as_of).total_seconds()))
