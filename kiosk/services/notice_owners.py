"""Who looks after an exception: a clerk takes it, hands it back, or logs out and leaves it to everybody again.

An owner is a courtesy, no lock: whoever may settle an exception may settle one that another has taken.
"""

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk.domain.route import Clinic
from kiosk.ports import Clock
from kiosk.store import repositories
from kiosk.store.database import Database
from kiosk.store.desk_tables import NoticeEvent
from kiosk.store.ids import uuid7
from kiosk.store.tables import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeStep:
    """A step of an exception: ``came``, who took it or gave it back, or how it was settled; ``at`` is in UTC."""

    kind: str
    by: str
    at: datetime
    resolution: str = ""


class NoticeOwners:
    """The owners of a clinic's exceptions.

    :param device: the desk's name in the audit chain.
    """

    def __init__(self, *, database: Database, clinic: Clinic, device: str, clock: Clock) -> None:
        self._database = database
        self._clinic = clinic
        self._device = device
        self._clock = clock

    def take(self, notice_id: str, *, by: str) -> None:
        """Give an exception to a clerk, also one that another has: both are in its history.

        :raises ValueError: where there is no such exception, or it is settled.
        :raises StoreUnavailable: if nothing could be committed; then nothing was.
        """
        with self._database.write() as session:
            notice = self._open(session, notice_id)
            if notice.owner != by:
                notice.owner, notice.taken_at = by, self._clock.now()
                self._step(session, notice, "taken", by)

    def hand_back(self, notice_id: str, *, by: str) -> None:
        """Leave an exception to everybody; one that the clerk does not have stays as it is. Raises as :meth:`take`."""
        with self._database.write() as session:
            notice = self._open(session, notice_id)
            if notice.owner == by:
                self._let_go(session, notice, "handed_back")

    def release_absent(self, present: Set[str]) -> None:
        """Leave to everybody what somebody has who is not logged in any more."""
        with self._database.read() as session:
            open_now = repositories.open_notices(session, self._clinic.code)
            found = [each.id for each in open_now if each.owner is not None and each.owner not in present]
        if not found:
            return
        with self._database.write() as session:
            for notice_id in found:
                notice = session.get(Notice, notice_id)
                if notice is not None and notice.state == "new" and notice.owner not in present:
                    self._let_go(session, notice, "logged_out")

    def history(self, notice_id: str) -> tuple[NoticeStep, ...]:
        """What became of an exception, the first step first; nothing where there is no such exception."""
        with self._database.read() as session:
            notice = session.get(Notice, notice_id)
            if notice is None or notice.clinic != self._clinic.code:
                return ()
            events = session.scalars(
                select(NoticeEvent).where(NoticeEvent.notice_id == notice_id).order_by(NoticeEvent.at, NoticeEvent.id)
            )
            steps = [NoticeStep(kind="came", by=notice.device, at=notice.created_at)]
            steps += [NoticeStep(kind=event.kind, by=event.by, at=event.at) for event in events]
            if notice.resolved_at is not None:
                settled = NoticeStep(
                    kind="settled",
                    by=notice.resolved_by or "",
                    at=notice.resolved_at,
                    resolution=notice.resolution or "",
                )
                steps.append(settled)
            return tuple(steps)

    def _open(self, session: Session, notice_id: str) -> Notice:
        notice = session.get(Notice, notice_id)
        if notice is None or notice.clinic != self._clinic.code or notice.state != "new":
            raise ValueError("no such exception")
        return notice

    def _let_go(self, session: Session, notice: Notice, kind: str) -> None:
        by = notice.owner or ""
        notice.owner = notice.taken_at = None
        self._step(session, notice, kind, by)

    def _step(self, session: Session, notice: Notice, kind: str, by: str) -> None:
        at = self._clock.now()
        session.add(NoticeEvent(id=uuid7(at), notice_id=notice.id, kind=kind, by=by, at=at))
        session.flush()
        repositories.append_audit(session, self._device, at, f"notice_{kind}", {"notice": notice.id, "by": by})
