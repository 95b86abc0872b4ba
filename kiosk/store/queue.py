"""The questions that the line before a room asks of the tables, and the one way in which it is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from kiosk.domain.queue import Act, Standing, State
from kiosk.store import repositories
from kiosk.store.ids import uuid7
from kiosk.store.tables import Assistance, QueueEvent, Visit

IN_LINE = ("desk", "admitted")
"""The states of a visit in which somebody stands in a line: that of the desk, or that of a room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """An act as it is written down: by whom, when (UTC), where; ``undoes`` is the event that it takes back."""

    act: Act
    by: str
    at: datetime
    device: str
    undoes: str | None = None


def state_of(visit: Visit) -> State:
    """Where a visit is on its way through its room."""
    return State.WAITING if visit.called_at is None else State(visit.queue_state or State.CALLED)


def place_of(visit: Visit) -> str | None:
    """The room before which somebody waits; None for the desk."""
    return None if visit.state == "desk" else visit.waits_in or visit.room_id


def standing(visit: Visit) -> Standing:
    """The visit as somebody in a line."""
    at = visit.stands_at or visit.created_at
    return Standing(visit_id=visit.id, number=visit.number, stands_at=at, priority=visit.priority)


def of_place(session: Session, clinic: str, day: date, room_id: str | None) -> Sequence[Visit]:
    """Everybody of a day who waits for a room (None: the desk), was called there or has been there, by number."""
    of_room = Visit.state == "admitted", func.coalesce(Visit.waits_in, Visit.room_id) == room_id
    where = (Visit.state == "desk",) if room_id is None else of_room
    return session.scalars(
        select(Visit).where(Visit.clinic == clinic, Visit.day == day, *where).order_by(Visit.number)
    ).all()


def waiting_in(visits: Sequence[Visit]) -> list[Standing]:
    """Those of them who wait."""
    return [standing(visit) for visit in visits if visit.called_at is None]


def last_calls(session: Session, clinic: str, day: date, room_id: str | None, limit: int) -> list[bool]:
    """Of the latest calls to a room that were not taken back, the latest first, whether each had priority."""
    undone = select(QueueEvent.undoes).where(QueueEvent.undoes.is_not(None))
    found = session.scalars(
        select(QueueEvent.after)
        .where(
            QueueEvent.clinic == clinic,
            QueueEvent.day == day,
            QueueEvent.act == Act.CALL,
            QueueEvent.room_id.is_not_distinct_from(room_id),
            QueueEvent.id.not_in(undone),
        )
        .order_by(QueueEvent.seq.desc())
        .limit(limit)
    )
    return [bool(after["priority"]) for after in found]


def events(session: Session, clinic: str, day: date) -> Sequence[QueueEvent]:
    """The acts of a day in their order."""
    return session.scalars(
        select(QueueEvent).where(QueueEvent.clinic == clinic, QueueEvent.day == day).order_by(QueueEvent.seq)
    ).all()


def called_visits(session: Session, clinic: str, day: date) -> frozenset[str]:
    """The visits of a day that were called and do not wait again."""
    called = (Visit.clinic == clinic, Visit.day == day, Visit.called_at.is_not(None))
    return frozenset(session.scalars(select(Visit.id).where(*called)))


def last_of_clerk(session: Session, clinic: str, day: date, by: str) -> QueueEvent | None:
    """The last act of a clerk on a day."""
    return session.scalar(
        select(QueueEvent)
        .where(QueueEvent.clinic == clinic, QueueEvent.day == day, QueueEvent.by == by)
        .order_by(QueueEvent.seq.desc())
        .limit(1)
    )


def last_of_visit(session: Session, visit_id: str) -> QueueEvent | None:
    """The last act on a visit."""
    return session.scalar(
        select(QueueEvent).where(QueueEvent.visit_id == visit_id).order_by(QueueEvent.seq.desc()).limit(1)
    )


def columns_of(visit: Visit) -> dict[str, Any]:
    """What the visit's columns of the queue say, as an event keeps it."""
    return {
        "state": state_of(visit).value,
        "called_at": _text(visit.called_at),
        "queue_state": visit.queue_state,
        "waits_in": visit.waits_in,
        "stands_at": _text(visit.stands_at),
        "priority": visit.priority,
        "priority_by": visit.priority_by,
    }


def put_columns(visit: Visit, said: Mapping[str, Any]) -> None:
    """Let the visit's columns of the queue say again what an event kept."""
    visit.called_at, visit.stands_at = _instant(said["called_at"]), _instant(said["stands_at"])
    visit.queue_state, visit.waits_in = said["queue_state"], said["waits_in"]
    visit.priority, visit.priority_by = said["priority"], said["priority_by"]


def append(session: Session, visit: Visit, done: Done, before: Mapping[str, Any]) -> QueueEvent:
    """Write an act down, with its link of the audit chain; the visit's columns are changed already."""
    last = session.scalar(
        select(func.max(QueueEvent.seq)).where(QueueEvent.clinic == visit.clinic, QueueEvent.day == visit.day)
    )
    event = QueueEvent(
        id=uuid7(done.at),
        clinic=visit.clinic,
        day=visit.day,
        seq=(last or 0) + 1,
        visit_id=visit.id,
        number=visit.number,
        device=done.device,
        act=done.act,
        room_id=place_of(visit),
        before=dict(before),
        after=columns_of(visit),
        by=done.by,
        at=done.at,
        undoes=done.undoes,
    )
    session.add(event)
    session.flush()
    kind = "called" if done.act is Act.CALL else f"queue_{done.act.value}"
    facts = {"visit": visit.id, "number": visit.number, "by": done.by, "room": event.room_id, "event": event.id}
    facts |= {} if done.undoes is None else {"undoes": done.undoes}
    repositories.append_audit(session, done.device, done.at, kind, facts)
    return event


def assistance_at(session: Session, clinic: str, device: str, at: datetime) -> Assistance | None:
    """Who helps at a machine at this instant."""
    return session.scalar(
        select(Assistance)
        .where(
            Assistance.clinic == clinic,
            Assistance.device == device,
            Assistance.began_at <= at,
            Assistance.until > at,
        )
        .order_by(Assistance.began_at.desc())
        .limit(1)
    )


def assistant_at(session: Session, clinic: str, device: str, at: datetime) -> str | None:
    """The account of whoever helps at a machine at this instant."""
    found = assistance_at(session, clinic, device, at)
    return None if found is None else found.by


def end_assistance(session: Session, clinic: str, device: str, at: datetime) -> None:
    """Let nobody help at a machine from this instant on."""
    open_now = (Assistance.clinic == clinic, Assistance.device == device, Assistance.until > at)
    session.execute(update(Assistance).where(*open_now).values(until=at))


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
