"""Memory that was freed goes back to the system, now and then, in the background of a kiosk's processes."""

from kiosk.process import give_back_memory
from kiosk.services.worker import Rounds

_GIVE_BACK_EVERY_S = 60.0


class MemoryRounds(Rounds):
    """Gives freed memory back every minute, so that a day's visits leave no more behind than an hour's."""

    def __init__(self, *, every_s: float = _GIVE_BACK_EVERY_S) -> None:
        super().__init__("memory", every_s=every_s)

    def round(self) -> None:
        """Give back what is free."""
        give_back_memory()
