"""How the parts of this device are, as staff see it."""

from collections.abc import Mapping
from typing import Any

import structlog

from kiosk.ports import StoreUnavailable
from kiosk.services.checkin import CheckIn

_log = structlog.get_logger(__name__)


class PartReport:
    """Tells staff of one part, once for each change.

    :param part: its name in the store, such as ``reader``.
    """

    def __init__(self, checkin: CheckIn, part: str) -> None:
        self._checkin = checkin
        self._part = part
        self._last: dict[str, Any] | None = None

    def say(self, state: Mapping[str, Any]) -> bool:
        """Whether this is news; then it was told, if the store takes anything now."""
        if dict(state) == self._last:
            return False
        self._last = dict(state)
        try:
            self._checkin.report(self._part, state)
        except StoreUnavailable:
            _log.warning("part_not_reported", part=self._part)
        return True
