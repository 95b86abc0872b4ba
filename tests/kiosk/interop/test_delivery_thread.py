"""The thread of a receiver: it turns at once while something goes out, survives the store, and lets go in the end."""

from threading import Event
from typing import Any

import pytest
from structlog.testing import capture_logs

from kiosk.interop.delivery import Deliverer, Delivering
from kiosk.interop.parts import DeliveryThread
from kiosk.interop.sink import Delivered
from kiosk.ports import StoreUnavailable

Leaving = Any
PATIENCE_S = 60.0


def test_what_waits_goes_at_once_and_the_receiver_is_let_go_in_the_end(leaving: Leaving, scripted: Any) -> None:
    class Taking(scripted):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.third, self.closed = Event(), Event()

        def deliver(self, event: Any, visit: Any) -> Any:
            super().deliver(event, visit)
            if len(self.seen) == 3:
                self.third.set()
            return Delivered(receipt="ok")

        def close(self) -> None:
            self.closed.set()

    visit_id, sink = leaving.admit(), Taking()
    leaving.desk.corrections.confirm_route(visit_id, "1.3", by="chi-hoa")
    leaving.desk.corrections.correct_room(visit_id, "mat", by="chi-hoa")
    # An hour between two rounds that had nothing: a visit's three events come one a round, and none of them waits.
    thread = DeliveryThread(Deliverer(leaving.works(), sink), every_s=3600)
    thread.start()
    try:
        assert sink.third.wait(PATIENCE_S)
    finally:
        thread.stop()
    assert sink.closed.is_set()
    assert [event.kind for event, _ in sink.seen] == ["confirmed", "route_confirmed", "corrected"]


@pytest.mark.parametrize(
    ("fault", "said"),
    [(StoreUnavailable("the store"), "delivery_waits_for_the_store"), (KeyError("somebody's name"), "thread_fault")],
)
def test_a_round_that_fails_is_not_the_last(leaving: Leaving, scripted: Any, fault: Exception, said: str) -> None:
    again = Event()

    class Failing(Deliverer):
        faults = [fault]  # noqa: RUF012 - one to a test

        def round(self) -> Delivering:
            if self.faults:
                raise self.faults.pop()
            again.set()
            return super().round()

    thread = DeliveryThread(Failing(leaving.works(), scripted()), every_s=0.001)
    with capture_logs() as logs:
        thread.start()
        try:
            assert again.wait(PATIENCE_S)
        finally:
            thread.stop()
    assert logs[0]["event"] == said
    assert "somebody" not in str(logs)
