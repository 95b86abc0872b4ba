"""What staff say of a visit later leaves too: a route, a room, a cancellation; and of the erased no more than which."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from kiosk.domain.corrections import CancelReason, EraseReason
from kiosk.domain.tickets import clinic_day
from kiosk.insurance.bhxh import CHECK_IN
from kiosk.insurance.tables import route_rules
from kiosk.interop.checkin_sink import CheckinSink
from kiosk.interop.checkin_table import checkin_table
from kiosk.interop.delivery import Deliverer, Delivering
from kiosk.interop.fhir import FhirSink, fhir_systems, visit_bundle
from kiosk.interop.hl7v2 import Addresses, adt_message
from kiosk.interop.http import Poster
from kiosk.interop.mllp import Hl7Sink, MllpClient
from kiosk.interop.orders import OrderBook, Service, UsualOrders, checked_order
from kiosk.interop.sink import Sink
from kiosk.interop.visit import Happening
from kiosk.interop.webhooks import webhook_body
from kiosk.services.erasure import Eraser
from kiosk.store.tables import Visit

Leaving = Any
USUAL = UsualOrders(services={"noi": Service(code="02.1896", name="Khám")}, visit_kind="01", rules=())


class Payer:
    """Takes every table, and keeps what it took."""

    def __init__(self) -> None:
        self.took: list[bytes] = []

    def file_check_in(self, xml: bytes, *, clinic: str, path: str) -> str:
        self.took.append(xml)
        return f"no-{len(self.took)}"


@pytest.fixture
def corrections(leaving: Leaving) -> Any:
    return leaving.desk.corrections


@pytest.fixture
def erase(leaving: Leaving) -> Callable[[int], None]:
    def do(number: int) -> None:
        staff, clock = leaving.desk.staff, leaving.desk.clock
        eraser = Eraser(database=staff._database, clinic=staff._clinic, device="desk-1", clock=clock)
        erased = eraser.erase_ticket(day(leaving), number, reason=ASKED, by="desk-1")
        assert len(erased.visits) == 1

    return do


ASKED = EraseReason.PERSON_ASKED


def day(leaving: Leaving) -> Any:
    return clinic_day(leaving.desk.clock.now())


@pytest.fixture
def payer(leaving: Leaving) -> tuple[Payer, Callable[[UsualOrders], Deliverer]]:
    taking = Payer()

    def make(usual: UsualOrders) -> Deliverer:
        sink = CheckinSink(lambda: taking, table=checkin_table(), path=CHECK_IN)
        deliverer: Deliverer = leaving.deliverer(sink, orders=usual)
        return deliverer

    return taking, make


def told(leaving: Leaving, scripted: Any) -> list[tuple[Any, Any]]:
    """Every event of the day and its visit, as a receiver that was not there before hears them."""
    sink = scripted()
    deliverer = leaving.deliverer(sink)
    while deliverer.round().delivered:
        continue
    return list(sink.seen)


def test_a_confirmed_route_and_a_corrected_room_leave_as_updates(
    leaving: Leaving, corrections: Any, scripted: Any
) -> None:
    visit_id = leaving.admit()
    corrections.confirm_route(visit_id, "1.3", by="chi-hoa")
    corrections.correct_room(visit_id, "mat", by="chi-hoa")
    (_, _), (routed, visit), (moved, _) = told(leaving, scripted)
    assert [event.happening for event in (routed, moved)] == [Happening.UPDATED] * 2
    message = adt_message(routed, visit, Addresses(), now=leaving.desk.clock.now()).decode()
    assert "ADT^A08^ADT_A01" in message
    assert message.rstrip("\r").endswith("|1|1.3")
    body = json.loads(webhook_body(moved, visit, with_person=False))
    assert (body["type"], body["data"]["event"]) == ("kiosk.visit.updated", "corrected")
    assert (body["data"]["route"], body["data"]["room"]) == ("1.3", "mat")


def test_a_cancellation_leaves_in_every_form(leaving: Leaving, corrections: Any, scripted: Any) -> None:
    visit_id = leaving.admit()
    corrections.cancel(visit_id, reason=CancelReason.WENT_AWAY, by="chi-hoa")
    event, visit = told(leaving, scripted)[-1]
    assert event.happening is Happening.CANCELLED
    assert b"ADT^A11^ADT_A09" in adt_message(event, visit, Addresses(), now=leaving.desk.clock.now())
    assert json.loads(webhook_body(event, visit, with_person=True))["type"] == "kiosk.visit.cancelled"
    bundle = visit_bundle(visit, fhir_systems(), happening=Happening.CANCELLED)
    [encounter] = [each["resource"] for each in bundle["entry"] if each["resource"]["resourceType"] == "Encounter"]
    assert encounter["status"] == "cancelled"


def test_of_the_erased_a_webhook_hears_which_visit_and_nothing_more(
    leaving: Leaving, erase: Callable[[int], None], scripted: Any
) -> None:
    visit_id = leaving.admit()
    erase(1)
    event, visit = told(leaving, scripted)[-1]
    body = json.loads(webhook_body(event, visit, with_person=True))
    assert body["type"] == "kiosk.visit.erased"
    assert body["data"] == {"event": "erased", "visit": visit_id, "clinic": visit.clinic.code}


def test_what_waited_for_a_hospital_when_its_person_was_erased_is_dropped_and_nobody_need_look(
    leaving: Leaving, erase: Callable[[int], None]
) -> None:
    leaving.admit()
    erase(1)
    # Nobody listens there: whatever is sent would be told as a receiver that is down.
    poster, client = Poster("http://127.0.0.1:1/fhir"), MllpClient("127.0.0.1", 1, tls=False)
    for sink in (
        FhirSink("fhir", poster, fhir_systems()),
        Hl7Sink("hl7", client, Addresses(), now=leaving.desk.clock.now),
    ):
        assert leaving.deliverer(sink).round() == Delivering(delivered=1, given_up=0, down=False)
        assert leaving.row(sink.name).receipt == "not_sent.erased"


def test_nobody_is_told_of_a_cancellation_who_never_heard_of_the_visit(
    leaving: Leaving, corrections: Any, erase: Callable[[int], None]
) -> None:
    visit_id = leaving.admit()
    erase(1)
    corrections.cancel(visit_id, reason=CancelReason.BY_MISTAKE, by="chi-hoa")
    client = MllpClient("127.0.0.1", 1, tls=False)
    deliverer = leaving.deliverer(Hl7Sink("hl7", client, Addresses(), now=leaving.desk.clock.now))
    for _ in range(2):
        assert deliverer.round() == Delivering(delivered=1, given_up=0, down=False)
    assert [row.receipt for row in leaving.rows("hl7")] == ["not_sent.erased"] * 2


def test_whoever_heard_of_the_visit_is_told_of_its_cancellation_also_after_an_erasure(
    leaving: Leaving, corrections: Any, erase: Callable[[int], None], scripted: Any
) -> None:
    visit_id = leaving.admit()
    told(leaving, scripted)
    erase(1)
    corrections.cancel(visit_id, reason=CancelReason.BY_MISTAKE, by="chi-hoa")
    assert [event.kind for event, _ in told(leaving, scripted)][-1] == "cancelled"


def test_a_record_that_does_not_open_is_no_erased_one(leaving: Leaving, payer: Any) -> None:
    _, make = payer
    visit_id = leaving.admit()
    with leaving.database.write() as session:
        session.get(Visit, visit_id).blob = b"0" * 40
    assert make(USUAL).round() == Delivering(delivered=0, given_up=1, down=False)
    assert leaving.row("checkin").reason == "record_gone"


def test_hospital_and_payer_are_not_told_of_an_erasure(leaving: Leaving) -> None:
    poster = Poster("http://127.0.0.1:1/fhir", authority=None, seconds=1)
    client = MllpClient("127.0.0.1", 1, tls=False, authority=None, seconds=1)
    sinks: list[Sink] = [
        FhirSink("fhir", poster, fhir_systems()),
        Hl7Sink("hl7", client, Addresses(), now=leaving.desk.clock.now),
        CheckinSink(Payer, table=checkin_table(), path=CHECK_IN),
    ]
    for sink in sinks:
        assert (sink.wants(Happening.ERASED), sink.wants(Happening.REGISTERED)) == (False, True)
        sink.close()


def test_the_route_that_a_clerk_confirms_lets_the_row_go(leaving: Leaving, corrections: Any, payer: Any) -> None:
    taking, make = payer
    deliverer = make(USUAL)
    visit_id = leaving.admit()
    deliverer.round()
    assert leaving.row("checkin").reason == "route_unknown"
    corrections.confirm_route(visit_id, "1.3", by="chi-hoa")
    assert deliverer.round() == Delivering(delivered=1, given_up=0, down=False), "at once, not at the next look"
    assert b"<MA_DOITUONG_KCB>1.3</MA_DOITUONG_KCB>" in taking.took[0]


def test_what_a_clerk_confirmed_counts_before_what_is_proposed_and_after_what_was_ordered(
    leaving: Leaving, corrections: Any, payer: Any
) -> None:
    taking, make = payer
    ordered, confirmed = leaving.admit(), leaving.admit()
    for visit_id in (ordered, confirmed):
        corrections.confirm_route(visit_id, "1.3", by="chi-hoa")
    order = checked_order(
        kind="service", code="1", name="Khám", route="1.1", visit_kind="01", ordered_at=leaving.desk.clock.now()
    )
    OrderBook(leaving.database, device="desk-1", clock=leaving.desk.clock).record(ordered, order, by="desk-1")
    make(UsualOrders(services=USUAL.services, visit_kind="01", rules=route_rules())).round()
    routes = {xml.split(b"<MA_LK>")[1][:36].decode(): b">1.3<" in xml for xml in taking.took}
    assert routes == {ordered: False, confirmed: True}


@pytest.mark.parametrize(("how", "receipt"), [("cancel", "not_admitted"), ("erase", "record_gone")])
def test_a_row_that_waits_is_dropped_with_its_visit(
    leaving: Leaving, corrections: Any, erase: Callable[[int], None], payer: Any, how: str, receipt: str
) -> None:
    taking, make = payer
    deliverer = make(USUAL)
    visit_id = leaving.admit()
    deliverer.round()
    if how == "cancel":
        corrections.cancel(visit_id, reason=CancelReason.BY_MISTAKE, by="chi-hoa")
    else:
        erase(1)
    assert deliverer.round() == Delivering(delivered=1, given_up=0, down=False), "at once"
    row = leaving.row("checkin")
    assert (row.state, row.receipt, taking.took) == ("delivered", f"not_reported.{receipt}", [])
