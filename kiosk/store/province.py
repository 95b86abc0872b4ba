"""The questions about what is told to the province. Each takes the session of its caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from kiosk.store.province_tables import ProvinceEvent, ProvinceMark, ProvinceSender
from kiosk.store.tables import Outbox

PART = "province"
"""Under what the page of devices shows how the province is reached."""
CERTIFICATE = "certificate"
"""Under what that page shows how long this device's certificate is good, and why it was not renewed."""
BEHIND = "behind"
"""The mark of a store that was found to be older than what the hub has of it."""
FORKED = "forked"
"""The mark that the hub had other events under numbers that were given here."""
UNTOLD = "untold"
"""The mark that something happened here of which no event could be made; what it says is how many such things."""
Gap = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How many events wait to be sent, and how many were put aside."""

    waiting: int
    aside: int


def answered(session: Session) -> tuple[datetime, int] | None:
    """When the hub last answered this clinic, and the newest emergency that it named; None where it never did.

    Nobody signed this: it is a reason to look for releases, and no word of the province.
    """
    row = session.scalar(
        select(ProvinceSender)
        .where(ProvinceSender.answered_at.is_not(None))
        .order_by(ProvinceSender.answered_at.desc())
        .limit(1)
    )
    return None if row is None or row.answered_at is None else (row.answered_at, row.emergency)


def outbox_devices(session: Session) -> list[str]:
    """Every device that ever wrote an event, without walking through its events."""
    found: list[str] = []
    last = ""
    while (following := session.scalar(select(func.min(Outbox.device)).where(Outbox.device > last))) is not None:
        found.append(following)
        last = following
    return found


def mark(session: Session, device: str, source: str) -> str | None:
    """What was last told of a source."""
    row = session.get(ProvinceMark, (device, source))
    return None if row is None else row.said


def set_mark(session: Session, device: str, source: str, said: str) -> None:
    """This was told of a source."""
    row = session.get(ProvinceMark, (device, source))
    if row is None:
        session.add(ProvinceMark(device=device, source=source, said=said))
    else:
        row.said = said


def waiting_events(session: Session, device: str, limit: int) -> Sequence[ProvinceEvent]:
    """The events that wait to be sent, the smallest numbers first."""
    return session.scalars(
        select(ProvinceEvent)
        .where(ProvinceEvent.device == device, ProvinceEvent.state == "waiting")
        .order_by(ProvinceEvent.seq)
        .limit(limit)
    ).all()


def backlog(session: Session, device: str) -> Backlog:
    """How much there is of what."""
    own = ProvinceEvent.device == device
    states = ProvinceEvent.state.in_(("waiting", "aside"))
    query = select(ProvinceEvent.state, func.count().label("many")).where(own, states)
    found = {row.state: row.many for row in session.execute(query.group_by(ProvinceEvent.state))}
    return Backlog(waiting=found.get("waiting", 0), aside=found.get("aside", 0))


def kept(session: Session, device: str) -> int:
    """About how many events are kept: numbers have few holes."""
    own = ProvinceEvent.device == device
    first = session.scalar(select(func.min(ProvinceEvent.seq)).where(own))
    last = session.scalar(select(func.max(ProvinceEvent.seq)).where(own))
    return 0 if first is None or last is None else last - first + 1


def forget(session: Session, device: str, *, before: datetime) -> int:
    """Let go of what the hub has since before an instant; how many those were."""
    gone = session.execute(
        delete(ProvinceEvent).where(
            ProvinceEvent.device == device, ProvinceEvent.state == "acked", ProvinceEvent.settled_at < before
        )
    )
    return int(getattr(gone, "rowcount", 0))


def send_again(session: Session, device: str, first: int, last: int) -> int:
    """Let the numbers from first to last wait again that the hub had, and no longer has; how many those are."""
    changed = session.execute(
        update(ProvinceEvent)
        .where(ProvinceEvent.device == device, ProvinceEvent.seq.between(first, last), ProvinceEvent.state == "acked")
        .values(state="waiting", reason=None, tries=0, settled_at=None)
    )
    return int(getattr(changed, "rowcount", 0))


def among(session: Session, device: str, first: int, last: int) -> int:
    """How many events there are with numbers from first to last."""
    own = (ProvinceEvent.device == device, ProvinceEvent.seq.between(first, last))
    return session.scalar(select(func.count()).select_from(ProvinceEvent).where(*own)) or 0


def try_again(session: Session, device: str) -> int:
    """Let everything that was put aside wait again, and sending go on; how many events those are."""
    changed = session.execute(
        update(ProvinceEvent)
        .where(ProvinceEvent.device == device, ProvinceEvent.state == "aside")
        .values(state="waiting", reason=None, tries=0, settled_at=None)
    )
    session.execute(update(ProvinceSender).where(ProvinceSender.device == device).values(stopped=None))
    seen = ProvinceMark.source.in_((BEHIND, FORKED, UNTOLD))
    session.execute(delete(ProvinceMark).where(ProvinceMark.device == device, seen))
    return int(getattr(changed, "rowcount", 0))
