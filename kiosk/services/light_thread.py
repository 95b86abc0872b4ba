"""The thread that owns the lamp: it is lit while somebody who called for help at this kiosk waits."""

from sqlalchemy import func, select

from kiosk.domain.codes import Code
from kiosk.ports import Light, StoreUnavailable
from kiosk.services.checkin import CheckIn
from kiosk.services.parts import PartReport
from kiosk.services.worker import Worker
from kiosk.store.database import Database
from kiosk.store.tables import Notice

CALLS = (Code.HELP, Code.EMERGENCY)
"""What lights the lamp: somebody touched the word. A failure does not; its notice is on the staff's screen."""


class LightThread(Worker):
    """Shows the lamp what the store says, which the staff's process writes too."""

    def __init__(
        self, *, light: Light, database: Database, checkin: CheckIn, clinic: str, device: str, every_s: float = 0.5
    ) -> None:
        super().__init__("light", light, pause_s=every_s)
        self._light, self._database = light, database
        self._clinic, self._here = clinic, device
        self._report = PartReport(checkin, "light")
        self._test_turns = 0

    def flash(self, turns: int = 4) -> bool:
        """Light it for a few turns, for a test; whether it took what it was last told."""
        self._test_turns = turns
        return self._light.connected

    def turn(self) -> None:
        """Look whether anybody waits for help, and show it."""
        try:
            lit = self._calls() > 0
        except StoreUnavailable:
            # Nobody knows whether somebody waits: a light too much does less harm than one too few.
            lit = True
        testing, self._test_turns = self._test_turns > 0, max(0, self._test_turns - 1)
        self._light.show(lit or testing)
        ok = self._light.connected
        self._report.say({"ok": True, "lit": lit} if ok else {"ok": False, "reason": "missing"})

    def _calls(self) -> int:
        with self._database.read() as session:
            count: int | None = session.scalar(
                select(func.count())
                .select_from(Notice)
                .where(
                    Notice.clinic == self._clinic,
                    Notice.device == self._here,
                    Notice.code.in_([code.value for code in CALLS]),
                    Notice.state != "resolved",
                )
            )
        return count or 0
