"""The order in a line, and what may be done with a ticket: tables, and what holds of every day whatever happens."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idcard import BirthDate
from kiosk.domain.priority import PriorityClass, by_birth, by_group
from kiosk.domain.queue import (
    BEHIND,
    PLAIN_AFTER,
    UNDO_WITHIN,
    Act,
    NotDone,
    Refused,
    Standing,
    State,
    called_order,
    in_line,
    led_to,
    may_undo,
    next_of,
    place_of_move,
    place_of_return,
)

AT = datetime(2026, 11, 23, 1, tzinfo=UTC)
LINE = {
    State.WAITING: {
        Act.CALL: State.CALLED,
        Act.MOVE: State.WAITING,
        Act.FIRST: State.WAITING,
        Act.IN_TURN: State.WAITING,
    },
    State.CALLED: {
        Act.RECALL: State.CALLED,
        Act.SERVE: State.SERVING,
        Act.DONE: State.DONE,
        Act.ABSENT: State.ABSENT,
        Act.PUT_BACK: State.WAITING,
        Act.MOVE: State.WAITING,
    },
    State.SERVING: {Act.DONE: State.DONE, Act.PUT_BACK: State.WAITING, Act.MOVE: State.WAITING},
    State.ABSENT: {Act.CALL: State.CALLED, Act.PUT_BACK: State.WAITING, Act.MOVE: State.WAITING},
    State.DONE: {Act.MOVE: State.WAITING},
}


def person(number: int, *, priority: bool = False, at: int | None = None) -> Standing:
    minutes = timedelta(minutes=number if at is None else at)
    return Standing(visit_id=str(number), number=number, stands_at=AT + minutes, priority=priority)


def order(marks: str, calls: list[bool] | None = None) -> list[int]:
    """The numbers in the order of their calls; ``p`` has priority."""
    people = [person(place, priority=mark == "p") for place, mark in enumerate(marks, 1)]
    return [each.number for each in called_order(people, calls or [], len(people))]


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ("", []),
        ("...", [1, 2, 3]),
        ("..p", [3, 1, 2]),
        (".ppppp.", [2, 3, 4, 1, 5, 6, 7]),
        ("pppppp", [1, 2, 3, 4, 5, 6]),
        ("..pppppppp", [3, 4, 5, 1, 6, 7, 8, 2, 9, 10]),
    ],
)
def test_who_goes_first_goes_first_and_the_others_have_their_turns(marks: str, expected: list[int]) -> None:
    assert order(marks) == expected


def test_calls_of_before_count() -> None:
    assert order(".p", [True] * PLAIN_AFTER) == [1, 2]
    assert order(".p", [False, *[True] * PLAIN_AFTER]) == [2, 1]


def test_nobody_is_called_from_an_empty_line() -> None:
    with pytest.raises(NotDone) as refused:
        next_of([], [])
    assert refused.value.why is Refused.NOBODY


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("act", [act for act in Act if act is not Act.UNDO])
def test_each_act_fits_its_states_and_no_other(act: Act, state: State) -> None:
    if act in LINE[state]:
        assert led_to(act, state) is LINE[state][act]
    else:
        with pytest.raises(NotDone) as refused:
            led_to(act, state)
        assert refused.value.why is Refused.NOT_NOW


def test_who_comes_back_stands_behind_two_and_not_at_the_end() -> None:
    line = [person(number) for number in (5, 6, 7, 8)]
    place = place_of_return(line, person(2).stands_at)
    back = Standing(visit_id="2", number=2, stands_at=place, priority=False)
    assert [each.number for each in in_line([*line, back])] == [5, 6, 2, 7, 8]
    assert BEHIND == 2


@pytest.mark.parametrize(("line", "own"), [([], 2), ([1], 2), ([1, 3], 9)])
def test_nobody_gains_by_coming_back(line: list[int], own: int) -> None:
    assert place_of_return([person(number) for number in line], person(own).stands_at) >= person(own).stands_at


def test_who_was_not_called_keeps_the_place_in_the_other_room() -> None:
    now = AT + timedelta(hours=1)
    assert place_of_move(State.WAITING, AT, now) == AT
    assert place_of_move(State.SERVING, AT, now) == now


@pytest.mark.parametrize(
    ("act", "by", "after", "expected"),
    [
        (Act.CALL, "lan", timedelta(0), True),
        (Act.CALL, "lan", UNDO_WITHIN, True),
        (Act.CALL, "lan", UNDO_WITHIN + timedelta(seconds=1), False),
        (Act.CALL, "lan", -timedelta(seconds=1), False),
        (Act.CALL, "truc", timedelta(0), False),
        (Act.UNDO, "lan", timedelta(0), False),
    ],
)
def test_an_own_young_act_can_be_taken_back(act: Act, by: str, after: timedelta, expected: bool) -> None:
    assert may_undo(act=act, by=by, at=AT, who="lan", now=AT + after) is expected


@given(st.lists(st.booleans(), max_size=40), st.lists(st.booleans(), max_size=200))
def test_nobody_waits_for_ever_and_nobody_is_called_twice(before: list[bool], marks: list[bool]) -> None:
    """Somebody comes before every call, and the worst that can come is somebody with priority."""
    watched = person(0, at=len(before))
    line = [person(place, priority=mark) for place, mark in enumerate(before, 1)]
    line = [Standing(visit_id=s.visit_id, number=s.number, stands_at=AT, priority=s.priority) for s in line] + [watched]
    place = 1 + sum(not mark for mark in before)
    calls: list[bool] = []
    called: list[str] = []
    while watched in line:
        newcomer = marks[len(called)] if len(called) < len(marks) else True
        line.append(person(1000 + len(called), priority=newcomer))
        chosen = next_of(line, calls)
        line.remove(chosen)
        calls.insert(0, chosen.priority)
        called.append(chosen.visit_id)
    assert len(called) == len(set(called))
    assert len(called) <= place * (PLAIN_AFTER + 1)


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_within_a_class_the_order_is_that_of_arrival(marks: list[bool]) -> None:
    people = [person(place, priority=mark) for place, mark in enumerate(marks)]
    for kind in (True, False):
        numbers = [each.number for each in called_order(people, [], len(people)) if each.priority is kind]
        assert numbers == sorted(numbers)


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_who_goes_first_waits_for_few_of_the_others(marks: list[bool]) -> None:
    people = [person(place, priority=mark) for place, mark in enumerate(marks)]
    order_of_calls = [each.priority for each in called_order(people, [], len(people))]
    for place, has_priority in enumerate(order_of_calls):
        firsts = sum(order_of_calls[:place])
        if has_priority:
            assert place - firsts <= firsts // PLAIN_AFTER


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        (BirthDate(year=1951, month=11, day=23), PriorityClass.OLD),
        (BirthDate(year=1951, month=11, day=24), None),
        (BirthDate(year=1951), PriorityClass.OLD),
        (BirthDate(year=2020, month=11, day=24), PriorityClass.CHILD),
        (BirthDate(year=2020, month=11, day=23), None),
        (BirthDate(year=2020), PriorityClass.CHILD),
    ],
)
def test_an_age_gives_its_class(born: BirthDate, expected: PriorityClass | None) -> None:
    assert by_birth(born, AT.date()) is expected


def test_a_group_gives_its_class() -> None:
    assert [by_group(group) for group in ("CC", "CK", "HN", None)] == [PriorityClass.MERIT] * 2 + [None] * 2
