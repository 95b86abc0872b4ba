"""How long ago the province was heard: the longer, the less the machine may decide by itself.

A machine that hears nothing may be the only one that still believes a signer whom everybody else distrusts. So after
some hours it warns, and after some more the automatic lane closes; tickets for the desk go on.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from kiosk.domain.freshness import SKEW


class Contact(StrEnum):
    """What follows from the last word of the province."""

    ALONE = "alone"
    """This clinic belongs to no province's hub: nothing follows."""
    HEARD = "heard"
    QUIET = "quiet"
    """Staff see it, and nothing else changes."""
    SILENT = "silent"
    """Nobody is admitted automatically: everybody goes to the desk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """The last word of the province: when it was heard, and whether it said to close the lane."""

    heard_at: datetime
    lane_closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """After how many hours without a word which state begins."""

    quiet_h: float = 6.0
    silent_h: float = 72.0

    def __post_init__(self) -> None:
        if not 0 < self.quiet_h <= self.silent_h:
            raise ValueError("the province is quiet first, then silent")

    def contact(self, word: Word | None, now: datetime, *, since: datetime | None) -> Contact:
        """What follows now.

        :param word: the last word, or None where none was ever heard.
        :param since: when this clinic joined the province, or None where it never did. Until the first word, patience
            begins there.
        """
        if since is None:
            return Contact.ALONE
        if word is not None and word.lane_closed:
            return Contact.SILENT
        passed = now - (since if word is None else word.heard_at)
        # A word of the future says that one of the clocks is wrong: nothing can be told from its age.
        if passed < -SKEW or passed > timedelta(hours=self.silent_h):
            return Contact.SILENT
        return Contact.QUIET if passed > timedelta(hours=self.quiet_h) else Contact.HEARD
