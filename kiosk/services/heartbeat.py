"""Says every half minute which of the kiosk's parts are still looked after: what is silent is not there."""

import time
from collections.abc import Mapping

from sqlalchemy import update

from kiosk.ports import Clock
from kiosk.services.checkin import CheckIn
from kiosk.services.worker import Rounds, Worker
from kiosk.store.database import Database
from kiosk.store.tables import DeviceState

KIOSK = "kiosk"
"""The part that stands for the process as a whole."""

EVERY_S = 30.0
SILENT_AFTER_S = 120
"""A part that says nothing for so long is told to staff as silent."""

_STUCK_AFTER_S = 60.0


class Heartbeat(Rounds):
    """Renews the moment at which each part was last heard of, where its thread still turns.

    :param workers: the threads that own a part, by its name. :param always: parts that need no thread.
    """

    def __init__(
        self,
        *,
        database: Database,
        checkin: CheckIn,
        device: str,
        clock: Clock,
        workers: Mapping[str, Worker],
        always: tuple[str, ...] = (),
        version: str = "",
    ) -> None:
        super().__init__("heartbeat", every_s=EVERY_S)
        self._database, self._checkin, self._here, self._clock = database, checkin, device, clock
        self._workers, self._always, self._version = workers, always, version
        self._began = False

    def round(self) -> None:
        """Say which parts are alive."""
        if not self._began:
            self._checkin.report(KIOSK, {"ok": True, "version": self._version})
            self._began = True
        now = time.monotonic()
        turning = [part for part, worker in self._workers.items() if now - worker.turned_at < _STUCK_AFTER_S]
        with self._database.write() as session:
            session.execute(
                update(DeviceState)
                .where(DeviceState.device == self._here, DeviceState.part.in_((KIOSK, *self._always, *turning)))
                .values(updated_at=self._clock.now())
            )
