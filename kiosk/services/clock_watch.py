"""Whether the machine's clock can be right: a clock that lags behind what is already written judges no date.

Nor does one that came back to a day whose people it has forgotten: they would be admitted once more.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

import structlog

from idcard import ConfigurationError
from kiosk.domain.codes import Code, VisitReason
from kiosk.ports import Clock, StoreUnavailable
from kiosk.services.checkin import CheckIn

TOLERANCE = timedelta(hours=1)
"""So much may the clocks of those differ who wrote the roster and the store."""

Known = Callable[[], datetime | None]
"""A moment that has certainly passed, or None where nothing is known."""

_log = structlog.get_logger(__name__)


class ClockWatch:
    """Holds the clock against moments that have certainly passed; staff are told once.

    A battery that is empty sets a machine back by years. Every card is then too young to have expired.

    :param known: where such moments stand: when the roster was true, when the store was last written.
    :param every_s: seconds between two looks.
    """

    def __init__(self, *, clock: Clock, checkin: CheckIn, known: tuple[Known, ...], every_s: float = 30.0) -> None:
        self._clock, self._checkin, self._known = clock, checkin, known
        self._every_s = every_s
        self._next = 0.0
        self._right = True
        self._lock = Lock()

    def is_right(self) -> bool:
        """Whether dates can be judged now: the clock may have been set back since the last look."""
        self.look_now()
        return self._right

    def look(self) -> None:
        """Look again, if it is time, and tell staff what has changed."""
        if self._clock.monotonic() >= self._next:
            self.look_now()

    def look_now(self) -> None:
        """Look again, and tell staff what has changed."""
        with self._lock:
            self._next = self._clock.monotonic() + self._every_s
            right = self._clock.now() > self._latest() - TOLERANCE and not self._came_back()
            if right != self._right:
                self._right = right
                self._tell(right)

    def _latest(self) -> datetime:
        moments = [moment for known in self._known if (moment := _asked(known)) is not None]
        return max(moments, default=self._clock.now())

    def _came_back(self) -> bool:
        try:
            return self._checkin.day_came_back()
        except StoreUnavailable:
            # Nobody is admitted without the store, either.
            return False

    def _tell(self, right: bool) -> None:
        _log.warning("clock", right=right)
        try:
            if right:
                self._checkin.came_back(Code.CLOCK_WRONG)
            else:
                self._checkin.notify(Code.CLOCK_WRONG, (VisitReason.CLOCK_BEHIND,))
        except StoreUnavailable:
            _log.warning("clock_not_told")


def _asked(known: Known) -> datetime | None:
    """A source that cannot be used knows nothing; it is told elsewhere."""
    try:
        return known()
    except (ConfigurationError, StoreUnavailable):
        return None
