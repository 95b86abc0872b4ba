"""Tells staff how the trust store is: unusable, declared to have no anchor yet, old, or too old to decide by."""

from typing import Any

import structlog

from idcard import ConfigurationError, TrustStore
from kiosk.domain.freshness import StoreAge, StoreFreshness
from kiosk.ports import Clock
from kiosk.services.checkin import CheckIn
from kiosk.services.parts import PartReport

_log = structlog.get_logger(__name__)


class TrustWatch:
    """Looks at the trust store now and then: the same store grows old.

    :param store: the store, or why there is none.
    :param pins, distrusted: the numbers of these lists, or None where there is none.
    :param every_s: seconds between two looks.
    """

    def __init__(
        self,
        *,
        store: TrustStore | ConfigurationError,
        freshness: StoreFreshness,
        pins: int | None,
        checkin: CheckIn,
        clock: Clock,
        every_s: float = 600.0,
        distrusted: int | None = None,
    ) -> None:
        self._known: dict[str, Any] = _known(store) | _numbers(pins, distrusted)
        self._store = store
        self._freshness = freshness
        self._report = PartReport(checkin, "trust")
        self._clock = clock
        self._every_s = every_s
        self._next = 0.0

    def believe(
        self,
        store: TrustStore,
        freshness: StoreFreshness,
        *,
        pins: int | None = None,
        distrusted: int | None = None,
    ) -> None:
        """Look at this store from now on."""
        self._known = _known(store) | _numbers(pins, distrusted)
        self._store, self._freshness, self._next = store, freshness, 0.0

    def refuse(self, problem: ConfigurationError) -> None:
        """Tell staff that what came newly cannot be used; the former store goes on counting."""
        self._report.say({"ok": False, "reason": problem.reason})

    def look(self) -> None:
        """Tell staff what has changed, if it is time to look again."""
        now = self._clock.monotonic()
        if now >= self._next:
            self._next = now + self._every_s
            state = self._state()
            if self._report.say(state) and state.get("age") != StoreAge.FRESH:
                _log.warning("trust_not_fresh", **state)

    def _state(self) -> dict[str, Any]:
        if isinstance(self._store, ConfigurationError):
            return self._known
        age = self._freshness.age(self._store.age(self._clock.now()))
        return self._known | {"ok": age is not StoreAge.TOO_OLD, "age": age.value}


def _known(store: TrustStore | ConfigurationError) -> dict[str, Any]:
    """What does not change while the store is open."""
    if isinstance(store, ConfigurationError):
        return {"ok": False, "reason": store.reason}
    known: dict[str, Any] = {"version": store.version, "anchors": len(store.anchors)}
    if store.updated_at is not None:
        known["as_of"] = store.updated_at.isoformat()
    if store.no_anchor_declared is not None and not store.has_anchors:
        known["no_anchor"] = store.no_anchor_declared.isoformat()
    return known


def _numbers(pins: int | None, distrusted: int | None) -> dict[str, Any]:
    return {name: number for name, number in (("pins", pins), ("distrusted", distrusted)) if number is not None}
