"""The line before a room: who is called next, and what may be done with a ticket.

The rule of order. Everybody stands where they came: by the time of arrival, then by number. Who goes first by law is
called before the others; but after :data:`PLAIN_AFTER` calls of theirs in a row, the first of the others has a turn,
if one waits. So nobody waits for ever: the one at place ``n`` (from 1) of the others is called within
``n * (PLAIN_AFTER + 1)`` calls, however many come after them.

Who did not come when called, and comes back, stands behind the :data:`BEHIND` who are first then: not at the end, and
not before those who were there. Who is sent on after being seen stands by the time they were sent; who was sent to the
wrong room and not called there yet keeps the time of arrival.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

PLAIN_AFTER = 3
"""After so many calls of people with priority in a row, one without has a turn."""
BEHIND = 2
"""Behind so many people stands who comes back."""
UNDO_WITHIN = timedelta(minutes=5)
"""How long somebody's own last act can be taken back."""
_JUST_AFTER = timedelta(microseconds=1)


class State(StrEnum):
    """Where a ticket is on its way through one room."""

    WAITING = "waiting"
    CALLED = "called"
    SERVING = "serving"
    DONE = "done"
    ABSENT = "absent"


class Act(StrEnum):
    """What staff do with a ticket. Each is an event with who and when; none ever goes away."""

    CALL = "call"
    RECALL = "recall"
    SERVE = "serve"
    DONE = "done"
    ABSENT = "absent"
    PUT_BACK = "put_back"
    MOVE = "move"
    FIRST = "first"
    """Give priority."""
    IN_TURN = "in_turn"
    """Take priority back."""
    UNDO = "undo"


LEADS: Mapping[Act, tuple[frozenset[State], State]] = {
    Act.CALL: (frozenset({State.WAITING, State.ABSENT}), State.CALLED),
    Act.RECALL: (frozenset({State.CALLED}), State.CALLED),
    Act.SERVE: (frozenset({State.CALLED}), State.SERVING),
    Act.DONE: (frozenset({State.CALLED, State.SERVING}), State.DONE),
    Act.ABSENT: (frozenset({State.CALLED}), State.ABSENT),
    Act.PUT_BACK: (frozenset({State.CALLED, State.SERVING, State.ABSENT}), State.WAITING),
    Act.MOVE: (frozenset(State), State.WAITING),
    Act.FIRST: (frozenset({State.WAITING}), State.WAITING),
    Act.IN_TURN: (frozenset({State.WAITING}), State.WAITING),
}
"""From which states an act leads where. A ticket that was moved waits, in the other room."""


class Refused(StrEnum):
    """Why an act cannot be done."""

    GONE = "queue_gone"
    """There is no such ticket in the line of today."""
    NOT_NOW = "queue_not_now"
    """Somebody else was faster: the ticket is elsewhere by now."""
    NOBODY = "queue_nobody"
    ALREADY_CALLED = "queue_already_called"
    """The number on the button does not wait any more: it was pressed twice, or somebody else was faster."""
    SAME_ROOM = "queue_same_room"
    NO_UNDO = "queue_no_undo"
    """There is no own last act, it is too old, or somebody acted on the ticket since."""


class NotDone(Exception):
    """An act that cannot be done now.

    :param why: what is in its way.
    """

    def __init__(self, why: Refused) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Somebody in a line: the visit, the ticket's number, the instant (UTC) by which they stand, and whether the law
    lets them go first.
    """

    visit_id: str
    number: int
    stands_at: datetime
    priority: bool


def led_to(act: Act, state: State) -> State:
    """The state after an act.

    :raises NotDone: where the act does not fit the state.
    """
    allowed, after = LEADS[act]
    if state not in allowed:
        raise NotDone(Refused.NOT_NOW)
    return after


def in_line(people: Iterable[Standing]) -> list[Standing]:
    """The people in the order in which they came."""
    return sorted(people, key=lambda each: (each.stands_at, each.number))


def next_of(people: Iterable[Standing], last_calls: Sequence[bool], *, plain_after: int = PLAIN_AFTER) -> Standing:
    """Whom to call next.

    :param people: who waits. :param last_calls: of the room's calls, the latest first, whether each had priority.
    :raises NotDone: where nobody waits.
    """
    line = in_line(people)
    if not line:
        raise NotDone(Refused.NOBODY)
    turn_of_others = len(last_calls) >= plain_after and all(last_calls[:plain_after])
    first = [each for each in line if each.priority is not turn_of_others]
    return (first or line)[0]


def called_order(
    people: Iterable[Standing], last_calls: Sequence[bool], count: int, *, plain_after: int = PLAIN_AFTER
) -> list[Standing]:
    """The next so many in the order in which they would be called if nobody else came."""
    left, calls = in_line(people), list(last_calls)
    order: list[Standing] = []
    while left and len(order) < count:
        chosen = next_of(left, calls, plain_after=plain_after)
        left.remove(chosen)
        calls.insert(0, chosen.priority)
        order.append(chosen)
    return order


def place_of_return(line: Iterable[Standing], own: datetime) -> datetime:
    """Where somebody stands who comes back: just behind the first of the line, and never before their own place."""
    first = in_line(line)[:BEHIND]
    return max(own, first[-1].stands_at + _JUST_AFTER) if first else own


def place_of_move(state: State, own: datetime, now: datetime) -> datetime:
    """Where somebody stands in the room they are sent to: as they came if nobody called them yet, else as from now."""
    return own if state is State.WAITING else now


def may_undo(*, act: Act, by: str, at: datetime, who: str, now: datetime) -> bool:
    """Whether ``who`` may take back an act that ``by`` did: their own, not itself an undoing, and not too old."""
    return act is not Act.UNDO and by == who and timedelta(0) <= now - at <= UNDO_WITHIN
