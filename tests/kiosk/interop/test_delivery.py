"""From the outbox to a receiver: every event, in its order, at least once, and never for ever."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kiosk.interop.delivery import LONGEST_PAUSE_S, MOST_TRIES, PART, Delivering
from kiosk.interop.orders import NoSuchVisit, OrderBook, checked_order
from kiosk.interop.sink import Delivered, Down, Failed, GivenUp, Waiting
from kiosk.interop.visit import Happening
from kiosk.store import deliveries, repositories

Leaving = Any
QUIET = Delivering(delivered=0, given_up=0, down=False)


def happen(leaving: Leaving, kind: str, visit_id: str) -> None:
    """Something else becomes of a visit."""
    with leaving.database.write() as session:
        repositories.append_outbox(session, "desk-1", leaving.desk.clock.now(), kind, {"visit": visit_id})


def replay(leaving: Leaving, *states: str, event_id: str | None = None) -> int:
    with leaving.database.write() as session:
        return deliveries.replay(session, leaving.desk.clock.now(), sink="his", event_id=event_id, states=states)


def test_what_was_admitted_is_handed_over_once(leaving: Leaving, scripted: Any) -> None:
    sink = scripted()
    deliverer = leaving.deliverer(sink)
    visit_id = leaving.admit()
    assert deliverer.round() == Delivering(delivered=1, given_up=0, down=False)
    assert deliverer.round() == QUIET
    [(event, visit)] = sink.seen
    assert (event.happening, visit.visit_id, visit.person.name) == (Happening.REGISTERED, visit_id, "Trần Văn Mẫu")
    row = leaving.row("his")
    assert (row.state, row.receipt, row.tries, row.event_id) == ("delivered", "ok", 0, event.id)


def test_only_what_the_receiver_wants_and_what_leaves_at_all(leaving: Leaving, scripted: Any) -> None:
    sink = scripted(only=frozenset({Happening.CANCELLED}))
    deliverer = leaving.deliverer(sink)
    visit_id = leaving.admit()
    happen(leaving, "cancelled", visit_id)
    happen(leaving, "shift_opened", visit_id)
    assert deliverer.round().delivered == 1
    assert [event.kind for event, _ in sink.seen] == ["cancelled"]


def test_events_of_one_visit_go_in_their_order_whatever_happens(leaving: Leaving, scripted: Any) -> None:
    sink = scripted(answers=[Failed(reason="hl7_error")])
    deliverer = leaving.deliverer(sink)
    first, second = leaving.admit(), leaving.admit()
    happen(leaving, "recheck_reversed", first)
    happen(leaving, "cancelled", first)
    deliverer.round()
    assert [visit.visit_id for _, visit in sink.seen] == [first, second], "the failed one keeps nobody else waiting"
    deliverer.round()
    assert len(sink.seen) == 2, "and what follows it waits"
    leaving.desk.clock.advance(LONGEST_PAUSE_S)
    for _ in range(3):
        deliverer.round()
    assert [event.kind for event, visit in sink.seen if visit.visit_id == first] == [
        "confirmed", "confirmed", "recheck_reversed", "cancelled",
    ]  # fmt: skip


def test_a_crash_between_handing_over_and_writing_down_hands_over_again(leaving: Leaving, scripted: Any) -> None:
    class Crash(BaseException):
        pass

    sink = scripted(answers=[Crash()])
    leaving.admit()
    with pytest.raises(Crash):
        leaving.deliverer(sink).round()
    leaving.deliverer(sink).round()
    assert len({event.id for event, _ in sink.seen}) == 1, "the receiver knows the event again"
    assert (len(sink.seen), leaving.row("his").state) == (2, "delivered")


def test_a_failure_waits_longer_each_time_and_goes_to_a_person_in_the_end(leaving: Leaving, scripted: Any) -> None:
    sink = scripted(answers=[Failed(reason="http_500")] * (MOST_TRIES + 5))
    deliverer = leaving.deliverer(sink)
    leaving.admit()
    pauses = []
    while leaving.desk.clock.now() < datetime(2026, 11, 24, tzinfo=UTC):
        deliverer.round()
        row = leaving.row("his")
        if row.state == "dead":
            break
        pauses.append((row.next_at - leaving.desk.clock.now()).total_seconds())
        leaving.desk.clock.advance(pauses[-1])
    assert (row.tries, row.reason, len(sink.seen)) == (MOST_TRIES, "http_500", MOST_TRIES)
    assert pauses[:4] == [2, 4, 8, 16]
    assert max(pauses) == LONGEST_PAUSE_S
    assert deliverer.round() == QUIET


def test_staff_see_that_something_was_given_up_and_that_it_went_after_all(leaving: Leaving, scripted: Any) -> None:
    def said() -> dict[str, Any]:
        return {row.device: row.state for row in leaving.desk.staff.devices() if row.part == PART}

    deliverer = leaving.deliverer(scripted(answers=[GivenUp(reason="hl7_rejected")]))
    leaving.admit()
    assert deliverer.round() == Delivering(delivered=0, given_up=1, down=False)
    assert said() == {"his": {"ok": False}}
    assert "Gửi ra ngoài" in leaving.desk.get()
    assert replay(leaving, "dead") == 1
    assert deliverer.round().delivered == 1
    assert said() == {"his": {"ok": True}}


def test_who_cannot_be_reached_is_left_in_peace_and_costs_no_try(leaving: Leaving, scripted: Any) -> None:
    sink = scripted(answers=[Down(reason="unreachable")] * 50)
    deliverer = leaving.deliverer(sink)
    for _ in range(3):
        leaving.admit()
    for _ in range(50):
        assert deliverer.round() == Delivering(delivered=0, given_up=0, down=True)
        deliverer.round()
        leaving.desk.clock.advance(LONGEST_PAUSE_S)
    assert len(sink.seen) == 50, "one question a round, and none in between"
    assert {(row.state, row.tries) for row in leaving.rows("his")} == {("waiting", 0)}
    leaving.desk.clock.advance(LONGEST_PAUSE_S)
    assert deliverer.round().delivered == 3


def test_one_delivery_that_brings_the_receiver_down_keeps_no_other_waiting(leaving: Leaving, scripted: Any) -> None:
    class Fragile(scripted):  # type: ignore[misc]
        def deliver(self, event: Any, visit: Any) -> Any:
            super().deliver(event, visit)
            return Down(reason="http_502") if visit.visit_id == poison else Delivered()

    sink = Fragile()
    deliverer = leaving.deliverer(sink)
    poison, *others = (leaving.admit() for _ in range(4))
    assert deliverer.round().down
    leaving.desk.clock.advance(5)
    assert deliverer.round() == Delivering(delivered=3, given_up=0, down=False)
    for _ in range(8):
        leaving.desk.clock.advance(timedelta(days=1).total_seconds())
        deliverer.round()
    assert [row.state for row in leaving.rows("his") if row.visit_id == poison] == ["dead"]
    assert {row.state for row in leaving.rows("his") if row.visit_id in others} == {"delivered"}


def test_what_waits_for_a_word_of_the_hospital_costs_no_try_either(leaving: Leaving, scripted: Any) -> None:
    sink = scripted(answers=[Waiting(reason="service_unknown")] * 2)
    deliverer = leaving.deliverer(sink)
    visit_id = leaving.admit()
    for _ in range(3):
        deliverer.round()
    assert (leaving.row("his").reason, leaving.row("his").tries, len(sink.seen)) == ("service_unknown", 0, 1)
    order = checked_order(
        kind="service", code="02.1896", name="Khám", route="1.1", visit_kind="01", ordered_at=leaving.desk.clock.now()
    )
    OrderBook(leaving.database, device="desk-1", clock=leaving.desk.clock).record(visit_id, order, by="desk-1")
    deliverer.round()
    assert sink.seen[-1][1].order == order, "it is looked at again at once"


def test_what_nobody_says_for_days_goes_to_a_person(leaving: Leaving, scripted: Any) -> None:
    deliverer = leaving.deliverer(scripted(answers=[Waiting(reason="service_unknown")] * 9))
    leaving.admit()
    for given_up in (0, 0, 0, 1):
        assert deliverer.round().given_up == given_up
        leaving.desk.clock.advance(timedelta(days=1, minutes=1).total_seconds())
    assert (leaving.row("his").state, leaving.row("his").reason) == ("dead", "service_unknown")


def test_what_nobody_says_is_looked_at_rarer_and_rarer(leaving: Leaving, scripted: Any) -> None:
    deliverer = leaving.deliverer(scripted(answers=[Waiting(reason="service_unknown")] * 60))
    leaving.admit()
    pauses = []
    for _ in range(50):
        deliverer.round()
        pauses.append((leaving.row("his").next_at - leaving.desk.clock.now()).total_seconds())
        leaving.desk.clock.advance(pauses[-1])
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (60, 900)


def test_an_order_for_nobody_is_refused(leaving: Leaving) -> None:
    order = checked_order(
        kind="service", code="1", name="Khám", route=None, visit_kind="01", ordered_at=leaving.desk.clock.now()
    )
    with pytest.raises(NoSuchVisit):
        OrderBook(leaving.database, device="desk-1", clock=leaving.desk.clock).record("nobody", order, by="desk-1")


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("kind", "surgery"),
        ("code", " "),
        ("code", "x" * 256),
        ("name", "a\x00b"),
        ("route", "99"),
        ("visit_kind", "99"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(field: str, wrong: str) -> None:
    good = {"kind": "service", "code": "1", "name": "Khám", "route": "1.1", "visit_kind": "01"}
    at = datetime(2026, 11, 23, tzinfo=UTC)
    assert checked_order(**good, ordered_at=at)
    with pytest.raises(ValueError, match=field):
        checked_order(**(good | {field: wrong}), ordered_at=at)


def test_a_bug_with_one_visit_stops_no_other(leaving: Leaving, scripted: Any) -> None:
    deliverer = leaving.deliverer(scripted(answers=[ZeroDivisionError("Trần Văn Mẫu")]))
    leaving.admit()
    leaving.admit()
    assert deliverer.round().delivered == 1
    assert sorted((row.state, row.reason) for row in leaving.rows("his")) == [
        ("delivered", None),
        ("waiting", "internal_fault"),
    ]


def test_each_receiver_has_its_own_deliveries(leaving: Leaving, scripted: Any) -> None:
    one, other = scripted(name="one", answers=[Down(reason="unreachable")]), scripted(name="other")
    first, second = leaving.deliverer(one), leaving.deliverer(other)
    leaving.admit()
    assert (first.round().down, second.round().delivered) == (True, 1)
    assert (leaving.row("one").state, leaving.row("other").state) == ("waiting", "delivered")


def test_a_new_receiver_hears_of_today_and_of_no_day_before(leaving: Leaving, scripted: Any) -> None:
    leaving.admit()
    leaving.desk.clock.advance(timedelta(days=1).total_seconds())
    today = leaving.admit()
    sink = scripted()
    deliverer = leaving.deliverer(sink)
    assert deliverer.round().delivered == 1
    assert [visit.visit_id for _, visit in sink.seen] == [today]


def test_an_erased_person_is_known_to_be_gone(leaving: Leaving, scripted: Any) -> None:
    sink = scripted()
    deliverer = leaving.deliverer(sink)
    leaving.forget(leaving.admit())
    assert deliverer.round().delivered == 1
    assert sink.seen[0][1].person is None


def test_replay_is_of_one_event_or_of_all(leaving: Leaving, scripted: Any) -> None:
    sink = scripted()
    deliverer = leaving.deliverer(sink)
    for _ in range(3):
        leaving.admit()
    deliverer.round()
    assert replay(leaving, "dead") == 0
    assert replay(leaving, "delivered", event_id=leaving.rows("his")[1].event_id) == 1
    deliverer.round()
    assert len(sink.seen) == 4
    assert replay(leaving, "delivered") == 3


def test_a_backlog_longer_than_a_batch_goes_too(leaving: Leaving, scripted: Any) -> None:
    visit_id = leaving.admit()
    with leaving.database.write() as session:
        for _ in range(1200):
            repositories.append_outbox(session, "desk-1", leaving.desk.clock.now(), "shift_opened", {"visit": None})
        repositories.append_outbox(session, "desk-1", leaving.desk.clock.now(), "cancelled", {"visit": visit_id})
    sink = scripted()
    deliverer = leaving.deliverer(sink)
    deliverer.round()
    deliverer.round()
    assert [event.kind for event, _ in sink.seen] == ["confirmed", "cancelled"]


def test_nothing_in_the_rows_names_anybody(leaving: Leaving, scripted: Any) -> None:
    leaving.deliverer(scripted(answers=[Delivered(receipt="http_200")])).round()
    leaving.admit()
    leaving.deliverer(scripted()).round()
    said = repr([vars(row) for row in leaving.rows("his")])
    assert "0360800" not in said
    assert "Mẫu" not in said
