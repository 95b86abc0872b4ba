"""For how long people are kept: after that the keys to what is theirs are destroyed, as an event, without being asked.

The visit itself stays, as a number on a day: counts and chains hold as before.
"""

from datetime import timedelta

from kiosk.domain.tickets import clinic_day
from kiosk.ports import Clock
from kiosk.services.erasure import Eraser


class Retention:
    """Erases the people of visits that are older than the clinic keeps them.

    :param by: who is written down as having done it.
    :param keep_days: a visit names its person for so many days after its own.
    """

    def __init__(self, eraser: Eraser, *, clock: Clock, by: str, keep_days: int) -> None:
        self._eraser = eraser
        self._clock = clock
        self._by = by
        self._keep = timedelta(days=keep_days)

    def round(self) -> int:
        """How many visits name nobody any more.

        :raises StoreUnavailable: if the store takes nothing; what was erased before stays so.
        """
        return len(self._eraser.erase_before(clinic_day(self._clock.now()) - self._keep, by=self._by).visits)
