"""The lines before the rooms and the desk: staff call, send on, take back; each act is one event in one transaction.

The store lets one writer in at a time, and who is called next is decided after the turn to write was had: two clerks
who press at once call two people. What the lines say is a ticket's number, never a name.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from kiosk.domain.queue import (
    Act,
    NotDone,
    Refused,
    Standing,
    State,
    called_order,
    led_to,
    may_undo,
    next_of,
    place_of_move,
    place_of_return,
)
from kiosk.domain.route import Clinic
from kiosk.domain.tickets import VIETNAM_TIME, clinic_day
from kiosk.ports import Clock
from kiosk.store import queue as lines
from kiosk.store.database import Database
from kiosk.store.desk_tables import QueueEvent
from kiosk.store.queue import Done
from kiosk.store.tables import Visit

SHOWN_NEXT = 20
_SHOWN_ACTS = 12
_ENOUGH_CALLS = 50
_LOOKED_AT = 4
"""So many calls are looked at for each that is told: one ticket may be called again and again."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A ticket in a line, for staff. ``waits_s``: how long since it came, in seconds; ``called``: the local time of its
    last call, ``HH:MM``, or nothing.
    """

    visit_id: str
    number: int
    check_code: str
    state: State
    priority: bool
    waits_s: int
    called: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line: before a room, or before the desk (None). ``waiting`` is in the order in which they would be called."""

    room_id: str | None
    waiting: tuple[Spot, ...]
    here: tuple[Spot, ...]
    absent: tuple[Spot, ...]
    done: int
    count: int
    longest_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call as everybody may hear it: a number, and where to. ``seq`` grows with each call of a day."""

    seq: int
    number: int
    room_id: str | None
    time: str
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ActRow:
    """An act as staff see it: what, of whom, by whom, when (local ``HH:MM``), and whether it was taken back."""

    event_id: str
    act: Act
    number: int
    room_id: str | None
    by: str
    time: str
    undone: bool


class Queue:
    """The staff process's acts on the lines.

    :param device: the desk's name in the audit chain.
    :param plain_after: see :data:`kiosk.domain.queue.PLAIN_AFTER`.
    """

    def __init__(self, *, database: Database, clinic: Clinic, device: str, clock: Clock, plain_after: int) -> None:
        self._database = database
        self._clinic = clinic
        self._device = device
        self._clock = clock
        self._plain_after = plain_after

    def line(self, room_id: str | None, *, most: int = SHOWN_NEXT) -> Line:
        """The line before a room, or before the desk (None); of those who wait the first ``most`` who are next."""
        at = self._clock.now()
        with self._database.read() as session:
            here = self._here(session, room_id, at)
            calls = self._calls_before(session, room_id, at)
            done = lines.done_at(session, self._clinic.code, clinic_day(at), room_id)
        order = called_order(lines.waiting_in(here), calls, most, plain_after=self._plain_after)
        return _line(room_id, here, order, at, done)

    def counts(self) -> dict[str | None, tuple[int, int]]:
        """Of every line, how many wait and how long the first of them does, in seconds."""
        at = self._clock.now()
        with self._database.read() as session:
            found = lines.counts(session, self._clinic.code, clinic_day(at))
        places = (*(room.id for room in self._clinic.rooms), None)
        return {place: _since(*found.get(place, (0, at)), at) for place in places}

    def call_next(self, room_id: str | None, *, by: str, expects: str | None = None) -> int:
        """The number that was called: the next one by the rule.

        :param room_id: the room that is free, or None for the desk.
        :param expects: the visit that was next when the clerk saw the line. Where it waits no more, nobody is called:
            whoever presses twice means one person.
        :raises NotDone: ``NOBODY``, or ``ALREADY_CALLED``.
        :raises StoreUnavailable: if nothing could be committed; then nothing was.
        """
        at = self._clock.now()
        with self._database.write() as session:
            waiting = lines.waiting_in(self._here(session, room_id, at, waiting=True))
            if expects is not None and expects not in {each.visit_id for each in waiting}:
                raise NotDone(Refused.ALREADY_CALLED)
            chosen = next_of(waiting, self._calls_before(session, room_id, at), plain_after=self._plain_after)
            visit = self._visit(session, chosen.visit_id, at)
            self._do(session, visit, Act.CALL, by, at)
        _log.info("called", number=chosen.number, room=room_id)
        return chosen.number

    def act(self, visit_id: str, act: Act, *, by: str, room_id: str | None = None) -> int:
        """The number of the ticket with which this was done.

        :param act: any but ``UNDO``. :param room_id: where to, for ``MOVE``.
        :raises NotDone: where it cannot be done now.
        :raises ValueError: for an unknown room.
        :raises StoreUnavailable: if nothing could be committed; then nothing was.
        """
        at = self._clock.now()
        with self._database.write() as session:
            visit = self._visit(session, visit_id, at)
            self._do(session, visit, act, by, at, room_id)
            return visit.number

    def undoable(self, *, by: str) -> ActRow | None:
        """The own last act that a clerk could take back now, or None."""
        at = self._clock.now()
        with self._database.read() as session:
            event = self._undoable(session, by, at)
            return None if event is None else _row(event, frozenset())

    def undo(self, *, by: str) -> int:
        """Take the own last act back, by an event of its own; the number of the ticket.

        :raises NotDone: ``NO_UNDO``.
        :raises StoreUnavailable: if nothing could be committed; then nothing was.
        """
        at = self._clock.now()
        with self._database.write() as session:
            event = self._undoable(session, by, at)
            if event is None:
                raise NotDone(Refused.NO_UNDO)
            visit = self._visit(session, event.visit_id, at)
            before = lines.columns_of(visit)
            lines.put_columns(visit, event.before)
            lines.append(session, visit, self._by(Act.UNDO, by, at, undoes=event.id), before)
            return visit.number

    def acts(self, limit: int = _SHOWN_ACTS) -> tuple[ActRow, ...]:
        """What was done today, the latest first."""
        with self._database.read() as session:
            events = lines.latest(session, self._clinic.code, clinic_day(self._clock.now()), limit)
            undone = lines.undone(session, events)
        return tuple(_row(event, undone) for event in events)

    def calls(self, limit: int = _ENOUGH_CALLS) -> tuple[Call, ...]:
        """The calls of today that hold, the latest first: of nobody who waits again, and of each ticket the last."""
        with self._database.read() as session:
            events = lines.calls(session, self._clinic.code, clinic_day(self._clock.now()), _LOOKED_AT * limit)
        last: dict[str, QueueEvent] = {}
        for event in events:
            last.setdefault(event.visit_id, event)
        return tuple(_call(event) for event in list(last.values())[:limit])

    def _do(
        self, session: Session, visit: Visit, act: Act, by: str, at: datetime, room_id: str | None = None
    ) -> QueueEvent:
        before, state = lines.columns_of(visit), lines.state_of(visit)
        after = led_to(act, state)
        _CHANGES.get(act, _nothing)(self, session, visit, _Change(state=state, at=at, by=by, room_id=room_id))
        visit.called_at = None if after is State.WAITING else visit.called_at or at
        visit.queue_state = None if after is State.WAITING else after
        return lines.append(session, visit, self._by(act, by, at), before)

    def _move(self, session: Session, visit: Visit, change: "_Change") -> None:
        room = self._clinic.room(change.room_id or "")
        if visit.state != "admitted" or lines.place_of(visit) == room.id:
            raise NotDone(Refused.SAME_ROOM if visit.state == "admitted" else Refused.NOT_NOW)
        visit.stands_at = place_of_move(change.state, visit.stands_at or visit.created_at, change.at)
        visit.waits_in = None if room.id == visit.room_id else room.id

    def _put_back(self, session: Session, visit: Visit, change: "_Change") -> None:
        waiting = lines.waiting_in(self._here(session, lines.place_of(visit), change.at, waiting=True))
        visit.stands_at = place_of_return(waiting, visit.stands_at or visit.created_at)

    def _first(self, session: Session, visit: Visit, change: "_Change") -> None:
        visit.priority, visit.priority_by = True, change.by

    def _in_turn(self, session: Session, visit: Visit, change: "_Change") -> None:
        visit.priority, visit.priority_by = False, change.by

    def _undoable(self, session: Session, by: str, at: datetime) -> QueueEvent | None:
        """The last act of a clerk, where it may be taken back: nobody acted on its ticket since, in any way."""
        event = lines.last_of_clerk(session, self._clinic.code, clinic_day(at), by)
        if event is None or not may_undo(act=Act(event.act), by=event.by, at=event.at, who=by, now=at):
            return None
        last, visit = lines.last_of_visit(session, event.visit_id), session.get(Visit, event.visit_id)
        is_last = last is not None and last.id == event.id
        as_left = visit is not None and visit.state in lines.IN_LINE and lines.columns_of(visit) == event.after
        return event if is_last and as_left else None

    def _visit(self, session: Session, visit_id: str, at: datetime) -> Visit:
        visit = session.get(Visit, visit_id)
        if visit is None or visit.state not in lines.IN_LINE or visit.day != clinic_day(at):
            raise NotDone(Refused.GONE)
        return visit

    def _here(self, session: Session, room_id: str | None, at: datetime, *, waiting: bool = False) -> Sequence[Visit]:
        return lines.of_place(session, self._clinic.code, clinic_day(at), room_id, waiting=waiting)

    def _calls_before(self, session: Session, room_id: str | None, at: datetime) -> list[bool]:
        return lines.last_calls(session, self._clinic.code, clinic_day(at), room_id, self._plain_after)

    def _by(self, act: Act, by: str, at: datetime, undoes: str | None = None) -> Done:
        return Done(act=act, by=by, at=at, device=self._device, undoes=undoes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    state: State
    at: datetime
    by: str
    room_id: str | None


def _nothing(queue: Queue, session: Session, visit: Visit, change: _Change) -> None:
    """What most acts change beside the state."""


def _called(queue: Queue, session: Session, visit: Visit, change: _Change) -> None:
    visit.called_at = change.at


_CHANGES: dict[Act, Callable[[Queue, Session, Visit, _Change], None]] = {
    Act.CALL: _called,
    Act.MOVE: Queue._move,
    Act.PUT_BACK: Queue._put_back,
    Act.FIRST: Queue._first,
    Act.IN_TURN: Queue._in_turn,
}


def _line(room_id: str | None, here: Sequence[Visit], order: Sequence[Standing], at: datetime, done: int) -> Line:
    by_id = {visit.id: visit for visit in here}
    since = [each.stands_at for each in lines.waiting_in(here)]
    count, longest_s = _since(len(since), min(since, default=at), at)
    spots = sorted((_spot(visit, at) for visit in here if visit.called_at is not None), key=lambda each: each.called)
    return Line(
        room_id=room_id,
        waiting=tuple(_spot(by_id[each.visit_id], at) for each in order),
        here=tuple(each for each in reversed(spots) if each.state in (State.CALLED, State.SERVING)),
        absent=tuple(each for each in reversed(spots) if each.state is State.ABSENT),
        done=done,
        count=count,
        longest_s=longest_s,
    )


def _since(count: int, first: datetime, at: datetime) -> tuple[int, int]:
    """How many wait, and for how many seconds the one who came first does."""
    return count, max(0, int((at - first).total_seconds())) if count else 0


def _spot(visit: Visit, at: datetime) -> Spot:
    return Spot(
        visit_id=visit.id,
        number=visit.number,
        check_code=visit.check_code,
        state=lines.state_of(visit),
        priority=visit.priority,
        waits_s=max(0, int((at - (visit.admitted_at or visit.created_at)).total_seconds())),
        called="" if visit.called_at is None else _local(visit.called_at),
    )


def _call(event: QueueEvent) -> Call:
    again = event.act == Act.RECALL
    return Call(seq=event.seq, number=event.number, room_id=event.room_id, time=_local(event.at), again=again)


def _row(event: QueueEvent, undone: frozenset[str]) -> ActRow:
    return ActRow(
        event_id=event.id,
        act=Act(event.act),
        number=event.number,
        room_id=event.room_id,
        by=event.by,
        time=_local(event.at),
        undone=event.id in undone,
    )


def _local(at: datetime) -> str:
    return at.astimezone(VIETNAM_TIME).strftime("%H:%M")


def call_visit(session: Session, visit: Visit, *, by: str, at: datetime, device: str) -> None:
    """Call a waiting ticket in a caller's transaction; one that was called already stays as it is."""
    if visit.called_at is None:
        before = lines.columns_of(visit)
        visit.called_at, visit.queue_state = at, State.CALLED
        lines.append(session, visit, Done(act=Act.CALL, by=by, at=at, device=device), before)
