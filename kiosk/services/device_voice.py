"""What a device tells of itself: how its parts are, when it last wrote, whether the store takes anything."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kiosk.ports import Clock
from kiosk.store import repositories
from kiosk.store.database import Database
from kiosk.store.tables import DeviceState


class DeviceVoice:
    """A device's word to staff and to itself; whoever is made of this has a store, a clock and a name."""

    _database: Database
    _clock: Clock
    _device: str

    def report(self, part: str, state: Mapping[str, Any]) -> None:
        """Tell staff how a part of this device is."""
        with self._database.write() as session:
            repositories.set_device_state(session, self._device, part, state, self._clock.now())

    def last_told(self, part: str) -> Mapping[str, Any]:
        """What staff were last told of a part, also by an earlier run; nothing where they never were."""
        with self._database.read() as session:
            row = session.get(DeviceState, (self._device, part))
            return {} if row is None else dict(row.state)

    def forget_part(self, part: str) -> None:
        """Take back what was told of a part that this device has no more."""
        with self._database.write() as session:
            repositories.forget_device_state(session, self._device, part)

    def last_written(self) -> datetime | None:
        """The latest moment at which this device wrote a link of its chain, which has certainly passed."""
        with self._database.read() as session:
            return repositories.latest_link_at(session, self._device)

    def probe(self) -> None:
        """Nothing, where a visit could be committed now; StoreUnavailable where it could not."""
        self._database.probe()
