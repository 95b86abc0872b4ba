"""How the parts of this device are, as staff see it."""

from collections.abc import Mapping
from typing import Any

import structlog

from kiosk.domain.codes import Code
from kiosk.ports import StoreUnavailable
from kiosk.services.checkin import CheckIn

_SCANNER = "scanner"
_log = structlog.get_logger(__name__)


def forget_parts(checkin: CheckIn, *parts: str) -> None:
    """Nothing is known of them, or there are none: what an earlier run said is no longer true."""
    for part in parts:
        try:
            checkin.forget_part(part)
        except StoreUnavailable:
            _log.warning("part_not_reported", part=part)


class PartReport:
    """Tells staff of one part, once for each change.

    :param part: its name in the store, such as ``reader``.
    :param lost: the code under which staff are told that it is lost; that is settled when it works again.
    """

    def __init__(self, checkin: CheckIn, part: str, *, lost: Code | None = None) -> None:
        self._checkin = checkin
        self._part = part
        self._lost = lost
        self._last: dict[str, Any] | None = None

    def say(self, state: Mapping[str, Any]) -> bool:
        """Whether this is news; then it was told, if the store takes anything now."""
        if dict(state) == self._last:
            return False
        self._last = dict(state)
        try:
            self._checkin.report(self._part, state)
            if self._lost is not None and state.get("ok"):
                self._checkin.came_back(self._lost)
        except StoreUnavailable:
            _log.warning("part_not_reported", part=self._part)
        return True


class LeftCard:
    """Tells staff once of a card that was left behind; that is settled when it is taken."""

    def __init__(self, checkin: CheckIn) -> None:
        self._checkin = checkin
        self._told = False

    def tell(self) -> None:
        """It lies there alone for long; StoreUnavailable where staff cannot be told."""
        if not self._told:
            self._told = True
            self._checkin.notify(Code.CARD_LEFT)

    def taken(self) -> None:
        """No card lies there."""
        if self._told:
            self._told = False
            self._checkin.came_back(Code.CARD_LEFT)


class ScannerHealth:
    """Tells staff how the scanner of codes is: there, missing, or spoilt by an input method of the machine."""

    def __init__(self, checkin: CheckIn) -> None:
        self._checkin = checkin
        self._report = PartReport(checkin, _SCANNER)

    def unknown(self) -> None:
        """Nothing is known of it, or there is none: what an earlier run said of one is no longer true."""
        forget_parts(self._checkin, _SCANNER)

    def works(self) -> None:
        """It is there; or what it typed came whole."""
        self._report.say({"ok": True})

    def missing(self) -> None:
        """Its port cannot be opened."""
        self._report.say({"ok": False, "reason": "missing"})

    def spoilt(self) -> None:
        """What it typed was changed on the way."""
        if self._report.say({"ok": False, "reason": "input_method"}):
            _log.warning("scanner_input_method", remedy="switch the scanner to its serial mode")
