"""Is the province heard, and does it let the automatic lane be open? Read from files: this process asks nobody.

The staff's process writes down when the province was heard last. While that was not long ago, nothing follows; after
some hours staff see it; after some more nobody is admitted automatically, until the province is heard again.

Which list of the distrusted was the newest stands in the store as well: where the files know of none any more, or of an
older one, the lane that it closed does not open by that.
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
_LIST = "list"
"""Under what the part's state names the newest list of the distrusted."""
_ROLLED_BACK = "list_rolled_back"
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
        self._newest = 0
        if folder is None:
            forget_parts(checkin, _PART)
        elif isinstance(told := checkin.last_told(_PART).get(_LIST), int):
            self._newest = told

    def why_closed(self) -> VisitReason | None:
        """Why nobody may be admitted automatically, or None where nothing of the province stands against it."""
        contact, why = self._contact()
        if contact is not Contact.SILENT:
            return None
        return VisitReason.PROVINCE_CLOSED if why == VisitReason.PROVINCE_CLOSED else VisitReason.PROVINCE_SILENT

    def look(self) -> None:
        """Tell staff what has changed, if it is time to look again."""
        now = self._clock.monotonic()
        if self._folder is not None and now >= self._next:
            self._next = now + self._every_s
            state = self._state()
            if self._report.say(state) and state != {"ok": True}:
                _log.warning("province_not_heard", **state)

    def _state(self) -> dict[str, Any]:
        contact, why = self._contact()
        known: dict[str, Any] = {_LIST: self._newest} if self._newest else {}
        if contact is Contact.SILENT:
            return known | {"ok": False, "reason": why}
        return known | ({"ok": True, "age": "old", "reason": "quiet"} if contact is Contact.QUIET else {"ok": True})

    def _contact(self) -> tuple[Contact, str]:
        """What follows now, and the word for why, should it be silence; what cannot be read is no good word."""
        silent = VisitReason.PROVINCE_SILENT.value
        if self._folder is None:
            return Contact.ALONE, silent
        try:
            listed, standing = self._folder.distrusted(), self._folder.standing()
        except ConfigurationError:
            return Contact.SILENT, silent
        if (0 if listed is None else listed.number) < self._newest:
            return Contact.SILENT, _ROLLED_BACK
        self._newest = 0 if listed is None else listed.number
        if listed is not None and listed.lane_closed:
            return Contact.SILENT, VisitReason.PROVINCE_CLOSED.value
        return (Contact.SILENT if standing is None else standing.contact(self._clock.now(), lane_closed=False)), silent
