"""The questions that the line before a room asks of the tables, and the one way in which it is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, or_, select, update
from sqlalchemy.orm import Session, defer

from kiosk.domain.queue import Act, Standing, State
from kiosk.store import repositories
from kiosk.store.desk_tables import Assistance, QueueEvent
from kiosk.store.ids import uuid7
from kiosk.store.tables import UtcDateTime, Visit

IN_LINE = ("desk", "admitted")
"""The states of a visit in which somebody stands in a line: that of the desk, or that of a room."""
_NOT_LOOKED_AT = tuple(defer(column) for column in (Visit.blob, Visit.sealed_key, Visit.verdict, Visit.receipt))
"""What a line needs nothing of, and what is large."""


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


def of_place(
    session: Session, clinic: str, day: date, room_id: str | None, *, waiting: bool = False
) -> Sequence[Visit]:
    """Everybody of a day who waits for a room (None: the desk), was called there or did not come, by number.

    :param waiting: only those who wait. Who is done is not among them: see :func:`done_at`.
    """
    here: ColumnElement[bool] = Visit.called_at.is_(None)
    if not waiting:
        here = or_(here, func.coalesce(Visit.queue_state, "") != State.DONE)
    query = select(Visit).where(*_at(clinic, day, room_id), here).order_by(Visit.number)
    return session.scalars(query.options(*_NOT_LOOKED_AT)).all()


def done_at(session: Session, clinic: str, day: date, room_id: str | None) -> int:
    """How many of a day are done at a place."""
    done = (Visit.called_at.is_not(None), Visit.queue_state == State.DONE)
    return session.scalar(select(func.count()).select_from(Visit).where(*_at(clinic, day, room_id), *done)) or 0


def counts(session: Session, clinic: str, day: date) -> dict[str | None, tuple[int, datetime]]:
    """Of every place where anybody waits on a day, how many do and since when the first of them (UTC)."""
    room = case((Visit.state == "desk", None), else_=func.coalesce(Visit.waits_in, Visit.room_id)).label("room")
    first = func.min(func.coalesce(Visit.stands_at, Visit.created_at), type_=UtcDateTime()).label("first")
    query = select(room, func.count().label("people"), first).where(
        Visit.clinic == clinic, Visit.day == day, Visit.state.in_(IN_LINE), Visit.called_at.is_(None)
    )
    return {row.room: (row.people, row.first) for row in session.execute(query.group_by(room))}


def _at(clinic: str, day: date, room_id: str | None) -> tuple[ColumnElement[bool], ...]:
    of_day = (Visit.clinic == clinic, Visit.day == day)
    if room_id is None:
        return (*of_day, Visit.state == "desk")
    return (*of_day, Visit.state == "admitted", func.coalesce(Visit.waits_in, Visit.room_id) == room_id)


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


def latest(session: Session, clinic: str, day: date, limit: int) -> Sequence[QueueEvent]:
    """The latest acts of a day, the latest first."""
    return session.scalars(
        select(QueueEvent)
        .where(QueueEvent.clinic == clinic, QueueEvent.day == day)
        .order_by(QueueEvent.seq.desc())
        .limit(limit)
    ).all()


def undone(session: Session, events: Sequence[QueueEvent]) -> frozenset[str]:
    """Which of these acts were taken back."""
    found = session.scalars(select(QueueEvent.undoes).where(QueueEvent.undoes.in_([event.id for event in events])))
    return frozenset(each for each in found if each is not None)


def calls(session: Session, clinic: str, day: date, limit: int) -> Sequence[QueueEvent]:
    """The latest calls of a day, repeated ones too, of people who do not wait again, the latest first."""
    taken_back = select(QueueEvent.undoes).where(QueueEvent.undoes.is_not(None))
    return session.scalars(
        select(QueueEvent)
        .join(Visit, Visit.id == QueueEvent.visit_id)
        .where(
            QueueEvent.clinic == clinic,
            QueueEvent.day == day,
            QueueEvent.act.in_((Act.CALL, Act.RECALL)),
            QueueEvent.id.not_in(taken_back),
            Visit.called_at.is_not(None),
        )
        .order_by(QueueEvent.seq.desc())
        .limit(limit)
    ).all()


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
