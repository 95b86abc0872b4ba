"""Is the province heard, and does it let the automatic lane be open? Read from files: this process asks nobody.

The staff's process writes down when the province was heard last. While that was not long ago, nothing follows; after
some hours staff see it; after some more nobody is admitted automatically, until the province is heard again.
"""

from typing import Any

import structlog

from idcard import ConfigurationError
from kiosk.domain.codes import VisitReason
from kiosk.domain.contact import Contact
from kiosk.ports import Clock
from kiosk.releases.installed import Folder
from kiosk.services.checkin import CheckIn
from kiosk.services.parts import PartReport, forget_parts

_PART = "province"
_log = structlog.get_logger(__name__)


class ProvinceWatch:
    """Looks now and then for staff, and whenever a card asks.

    :param folder: what came down from the province, or None where this clinic belongs to none.
    :param every_s: seconds between two looks.
    """

    def __init__(self, *, folder: Folder | None, checkin: CheckIn, clock: Clock, every_s: float = 10.0) -> None:
        self._folder = folder
        self._clock = clock
        self._report = PartReport(checkin, _PART)
        self._every_s = every_s
        self._next = 0.0
        if folder is None:
            forget_parts(checkin, _PART)

    def why_closed(self) -> VisitReason | None:
        """Why nobody may be admitted automatically, or None where nothing of the province stands against it."""
        contact, closed = self._contact()
        if contact is not Contact.SILENT:
            return None
        return VisitReason.PROVINCE_CLOSED if closed else VisitReason.PROVINCE_SILENT

    def look(self) -> None:
        """Tell staff what has changed, if it is time to look again."""
        now = self._clock.monotonic()
        if self._folder is not None and now >= self._next:
            self._next = now + self._every_s
            state = self._state()
            if self._report.say(state) and state != {"ok": True}:
                _log.warning("province_not_heard", **state)

    def _state(self) -> dict[str, Any]:
        contact, closed = self._contact()
        if contact is Contact.SILENT:
            reason = VisitReason.PROVINCE_CLOSED if closed else VisitReason.PROVINCE_SILENT
            return {"ok": False, "reason": reason.value}
        return {"ok": True, "age": "old", "reason": "quiet"} if contact is Contact.QUIET else {"ok": True}

    def _contact(self) -> tuple[Contact, bool]:
        """What follows now, and whether the province said to close the lane; what cannot be read is no good word."""
        if self._folder is None:
            return Contact.ALONE, False
        try:
            listed, standing = self._folder.distrusted(), self._folder.standing()
        except ConfigurationError:
            return Contact.SILENT, False
        closed = listed is not None and listed.lane_closed
        if standing is None:
            return Contact.SILENT, closed
        return standing.contact(self._clock.now(), lane_closed=closed), closed
