"""Whom to believe is opened anew when something else lies there: between two visits, and without a restart.

What cannot be opened, or is older than what was seen, is told to staff; then the former goes on counting.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

import structlog

from idcard import ConfigurationError

T = TypeVar("T")
_log = structlog.get_logger(__name__)


class TrustReload(Generic[T]):
    """Looks whether somebody else is to be believed, and hands it to whoever judges.

    :param opens: opens what lies there now. :param marks: what changes when something else lies there.
    :param is_idle: whether no visit is under way. :param take: hands it to whoever judges.
    :param refused: told why what lies there newly cannot be used. :param seen: the marks from before what is believed
        now was opened, so that nothing which came meanwhile is passed over; those of this moment, where none are given.
    """

    def __init__(
        self,
        *,
        opens: Callable[[], T | ConfigurationError],
        marks: Callable[[], object],
        is_idle: Callable[[], bool],
        take: Callable[[T], None],
        refused: Callable[[ConfigurationError], None],
        seen: object = None,
    ) -> None:
        self._opens, self._marks, self._is_idle = opens, marks, is_idle
        self._take, self._refused = take, refused
        self._seen = marks() if seen is None else seen

    def look(self) -> None:
        """Take what is new, if anything is and no visit is under way."""
        marks = self._marks()
        if marks == self._seen or not self._is_idle():
            return
        # What is read after this look has other marks, and is looked at again.
        self._seen = marks
        found = self._opens()
        if isinstance(found, ConfigurationError):
            self._refused(found)
            return
        self._take(found)
        _log.info("trust_taken")
