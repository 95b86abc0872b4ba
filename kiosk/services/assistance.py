"""A clerk who helps somebody at a machine: their account stands with every admission that is made there meanwhile.

The staff's process writes who helps, and until when, into the store and its own audit chain; the machine's process
reads it in the transaction of an admission. It ends by a tap, by itself, and with the login: when that ends in any way,
when its screen is locked, and when its account is changed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from kiosk.domain.route import Clinic
from kiosk.domain.tickets import VIETNAM_TIME
from kiosk.ports import Clock
from kiosk.services.worker import Rounds
from kiosk.store import queue as lines
from kiosk.store import repositories
from kiosk.store.database import Database
from kiosk.store.desk_tables import Assistance
from kiosk.store.ids import uuid7

LASTS = timedelta(minutes=15)
"""How long it lasts unless somebody begins it again: a screen left alone must not bear anybody's name."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Helping:
    """Who helps at a machine, and until when (local, ``HH:MM``)."""

    device: str
    by: str
    until: str


class AssistedMode:
    """The staff's side of one machine at which clerks help.

    :param device: the machine's name in the store. :param own: the desk's, in the audit chain.
    """

    def __init__(self, *, database: Database, clinic: Clinic, device: str, own: str, clock: Clock) -> None:
        self._database = database
        self._clinic = clinic
        self._device = device
        self._own = own
        self._clock = clock

    def begin(self, *, by: str) -> Helping:
        """Let this clerk help from now on; whoever helped before does no more.

        :raises StoreUnavailable: if nothing could be committed; then nothing was.
        """
        at = self._clock.now()
        with self._database.write() as session:
            lines.end_assistance(session, self._clinic.code, self._device, at)
            row = Assistance(
                id=uuid7(at), clinic=self._clinic.code, device=self._device, by=by, began_at=at, until=at + LASTS
            )
            session.add(row)
            session.flush()
            facts = {"device": self._device, "by": by, "until": row.until.isoformat()}
            repositories.append_audit(session, self._own, at, "assist_began", facts)
            helping = _told(row)
        _log.info("assist_began", device=self._device)
        return helping

    def end(self, *, by: str) -> None:
        """Nobody helps any more; where nobody did, nothing changes.

        :raises StoreUnavailable: if nothing could be committed; then nothing was.
        """
        at = self._clock.now()
        with self._database.write() as session:
            if lines.assistance_at(session, self._clinic.code, self._device, at) is not None:
                lines.end_assistance(session, self._clinic.code, self._device, at)
                facts = {"device": self._device, "by": by}
                repositories.append_audit(session, self._own, at, "assist_ended", facts)

    def end_of(self, sign: str) -> None:
        """What ends with a login: this clerk helps no more."""
        helping = self.now()
        if helping is not None and helping.by == sign:
            self.end(by=sign)

    def end_absent(self, present: Callable[[], frozenset[str]]) -> bool:
        """Whether somebody helped who is no longer there, and does no more.

        :param present: gives the accounts that are logged in at a screen that is open.
        :raises StoreUnavailable: if nobody can say, or nothing could be committed.
        """
        helping = self.now()
        if helping is None or helping.by in present():
            return False
        self.end(by=helping.by)
        return True

    def now(self) -> Helping | None:
        """Who helps at present, or None."""
        with self._database.read() as session:
            row = lines.assistance_at(session, self._clinic.code, self._device, self._clock.now())
            return None if row is None else _told(row)


class AssistanceWatch(Rounds):
    """Ends what a login lends when the login ends where no request tells of it: by its hours, or by a change.

    :param present: the accounts that are logged in at a screen that is open.
    """

    def __init__(self, mode: AssistedMode, present: Callable[[], frozenset[str]], *, every_s: float = 5.0) -> None:
        super().__init__("assistance", every_s=every_s)
        self._mode, self._present = mode, present

    def round(self) -> None:
        """Look whether whoever helps is still there."""
        self._mode.end_absent(self._present)


class AssistedMachine:
    """The machine's side: whether somebody helps there now."""

    def __init__(self, *, database: Database, clinic: Clinic, device: str, clock: Clock) -> None:
        self._database = database
        self._clinic = clinic
        self._device = device
        self._clock = clock

    def is_open(self) -> bool:
        """Whether a clerk helps here now.

        :raises StoreUnavailable: if nobody can say.
        """
        with self._database.read() as session:
            return lines.assistance_at(session, self._clinic.code, self._device, self._clock.now()) is not None


def _told(row: Assistance) -> Helping:
    return Helping(device=row.device, by=row.by, until=_local(row.until))


def _local(at: datetime) -> str:
    return at.astimezone(VIETNAM_TIME).strftime("%H:%M")
