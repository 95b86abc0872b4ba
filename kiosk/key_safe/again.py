"""Keys that did not open are tried again and again: a TPM that was busy, a token that somebody plugs in."""

from collections.abc import Callable

from kiosk.key_safe.opening import KeySafes
from kiosk.services.worker import Rounds

EVERY_S = 30.0


class OpenAgain(Rounds):
    """Tries the safes of a process that must open by themselves.

    :param opened: called once they are open.
    """

    def __init__(self, safes: KeySafes, opened: Callable[[], None], *, every_s: float = EVERY_S) -> None:
        super().__init__("keys", every_s=every_s)
        self._safes = safes
        self._opened = opened

    def round(self) -> None:
        """Try."""
        if self._safes.open_alone() is None:
            self._opened()
