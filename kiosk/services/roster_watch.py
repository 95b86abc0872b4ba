"""Tells staff how old the roster is, before that sends everybody to the desk."""

from typing import Any

import structlog

from idcard import ConfigurationError
from kiosk.domain.freshness import Freshness, RosterAge
from kiosk.ports import Clock, EligibilitySource
from kiosk.services.checkin import CheckIn
from kiosk.services.parts import PartReport

_log = structlog.get_logger(__name__)


class RosterWatch:
    """Looks at the roster now and then.

    :param every_s: seconds between two looks.
    """

    def __init__(
        self,
        *,
        source: EligibilitySource,
        freshness: Freshness,
        checkin: CheckIn,
        clock: Clock,
        every_s: float = 60.0,
    ) -> None:
        self._source = source
        self._freshness = freshness
        self._report = PartReport(checkin, "roster")
        self._clock = clock
        self._every_s = every_s
        self._next = 0.0

    def use(self, freshness: Freshness) -> None:
        """Judge the roster's age by this from now on."""
        self._freshness, self._next = freshness, 0.0

    def look(self) -> None:
        """Tell staff what has changed, if it is time to look again."""
        now = self._clock.monotonic()
        if now >= self._next:
            self._next = now + self._every_s
            state = self._state()
            if self._report.say(state) and state.get("age") != RosterAge.FRESH:
                _log.warning("roster_not_fresh", **state)

    def _state(self) -> dict[str, Any]:
        try:
            as_of = self._source.as_of
            age = self._freshness.age(as_of, self._clock.now())
        except ConfigurationError:
            return {"ok": False, "version": self._source.version}
        said = {"age": age.value, "version": self._source.version, "as_of": as_of.isoformat()}
        return {"ok": age is not RosterAge.TOO_OLD, **said}
