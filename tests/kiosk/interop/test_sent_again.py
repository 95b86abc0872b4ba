"""What was given up and is sent again by hand is held against what happened to the visit in the meantime."""

from typing import Any

import pytest

from kiosk.domain.corrections import CancelReason
from kiosk.interop.sink import Failed, GivenUp
from kiosk.store import deliveries
from kiosk.store.tables import Outbox

Leaving = Any
REJECTED = GivenUp(reason="hl7_rejected")


def sent(sink: Any) -> list[str]:
    return [event.kind for event, _ in sink.seen]


def again(leaving: Leaving, *states: str, kind: str | None = None) -> int:
    """Send deliveries in these states again, or only that of one kind of event."""
    with leaving.database.write() as session:
        rows = deliveries.listed(session, sink="his", states=states)
        ids = [row.event_id for row in rows if kind is None or session.get(Outbox, row.event_id).kind == kind]
        now = leaving.desk.clock.now()
        return sum(deliveries.replay(session, now, sink="his", event_id=each, states=states) for each in ids)


def drain(deliverer: Any) -> None:
    while deliverer.round().delivered:
        continue


@pytest.fixture
def cancelled(leaving: Leaving, scripted: Any) -> tuple[Any, Any]:
    """A receiver that refused a registration and took the visit's cancellation."""
    sink = scripted(answers=[REJECTED])
    deliverer = leaving.deliverer(sink)
    visit_id = leaving.admit()
    deliverer.round()
    leaving.desk.corrections.cancel(visit_id, reason=CancelReason.BY_MISTAKE, by="chi-hoa")
    drain(deliverer)
    assert sent(sink) == ["confirmed", "cancelled"]
    return sink, deliverer


def test_a_cancelled_visit_is_not_registered_again(leaving: Leaving, cancelled: Any) -> None:
    sink, deliverer = cancelled
    assert again(leaving, "dead") == 1
    drain(deliverer)
    assert sent(sink) == ["confirmed", "cancelled"]
    assert {row.receipt for row in leaving.rows("his")} == {"ok", "not_sent.cancelled"}
    assert {row.state for row in leaving.rows("his")} == {"delivered"}


def test_nor_where_the_cancellation_itself_was_given_up(leaving: Leaving, scripted: Any) -> None:
    sink = scripted(answers=[REJECTED, REJECTED])
    deliverer = leaving.deliverer(sink)
    visit_id = leaving.admit()
    deliverer.round()
    leaving.desk.corrections.cancel(visit_id, reason=CancelReason.BY_MISTAKE, by="chi-hoa")
    deliverer.round()
    assert again(leaving, "dead", kind="confirmed") == 1
    drain(deliverer)
    assert sent(sink) == ["confirmed", "cancelled"]


def test_where_both_are_sent_again_both_go_in_their_order(leaving: Leaving, cancelled: Any) -> None:
    sink, deliverer = cancelled
    assert again(leaving, "dead", "delivered") == 2
    drain(deliverer)
    assert sent(sink)[2:] == ["confirmed", "cancelled"], "the visit ends as cancelled"


def test_a_receiver_that_was_away_hears_both_in_their_order(leaving: Leaving, scripted: Any) -> None:
    sink = scripted(answers=[Failed(reason="http_500")])
    deliverer = leaving.deliverer(sink)
    visit_id = leaving.admit()
    deliverer.round()
    leaving.desk.corrections.cancel(visit_id, reason=CancelReason.BY_MISTAKE, by="chi-hoa")
    leaving.desk.clock.advance(10)
    drain(deliverer)
    assert sent(sink) == ["confirmed", "confirmed", "cancelled"]


def test_a_change_is_not_told_after_the_cancellation_either(leaving: Leaving, scripted: Any) -> None:
    sink = scripted()
    deliverer = leaving.deliverer(sink)
    visit_id = leaving.admit()
    drain(deliverer)
    sink.answers = [REJECTED]
    leaving.desk.corrections.correct_room(visit_id, "mat", by="chi-hoa")
    deliverer.round()
    leaving.desk.corrections.cancel(visit_id, reason=CancelReason.BY_MISTAKE, by="chi-hoa")
    drain(deliverer)
    assert again(leaving, "dead") == 1
    drain(deliverer)
    assert sent(sink) == ["confirmed", "corrected", "cancelled"]


def test_a_visit_that_was_not_cancelled_is_registered_again(leaving: Leaving, scripted: Any) -> None:
    sink = scripted(answers=[REJECTED])
    deliverer = leaving.deliverer(sink)
    leaving.admit()
    deliverer.round()
    assert again(leaving, "dead") == 1
    drain(deliverer)
    assert sent(sink) == ["confirmed", "confirmed"]
