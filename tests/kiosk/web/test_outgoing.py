"""What is on its way to payer and hospital, on the staff's page."""

from pathlib import Path
from typing import Any

import pytest

from kiosk.config import StaffConfig
from kiosk.domain.codes import Code
from kiosk.domain.corrections import CancelReason, EraseReason
from kiosk.domain.ways import Way
from kiosk.interop.checkin_sink import CheckinSink
from kiosk.interop.checkin_table import Fault, FaultKind, checkin_table
from kiosk.interop.delivery import Deliverer, Works
from kiosk.interop.orders import OrderBook, checked_order
from kiosk.services.erasure import Eraser
from kiosk.services.leftovers import Leftovers
from kiosk.services.outgoing import REASONS, SHOWN, Outgoing
from kiosk.services.ways import Told
from kiosk.store import deliveries
from kiosk.store.tables import Audit, Delivery, Outbox, Visit
from kiosk.web.staff import create_staff_app


@pytest.fixture
def staff(desk: Any, clinic: Any, tmp_path: Path) -> Any:
    """The desk of the other tests, with what leaves, and a call so that the board has a form."""
    desk.checkin.notify(Code.HELP)
    names = ("store", "trust", "clinic_private_key", "person_day_key")
    paths = {name: tmp_path / name for name in names} | {"session_key": tmp_path / "session.key"}
    config = StaffConfig(mode="demo", clinic=clinic, **paths)
    outgoing = Outgoing(desk.staff._database, clinic=clinic, device="desk-1", clock=desk.clock)
    desk.client = desk.log_in(
        create_staff_app(desk.staff, config, desk.clock, outgoing=outgoing, sessions=desk.sessions)
    )
    desk.outgoing = outgoing
    return desk


def put(staff: Any, state: str, reason: str | None, sink: str = "his-hl7") -> str:
    """A ticket with a delivery of its event."""
    ticket = staff.checkin.desk_ticket(None, code=Code.NO_DOCUMENT)
    with staff.staff._database.write() as session:
        event = session.query(Outbox).order_by(Outbox.seq.desc()).first()
        session.add(
            Delivery(
                sink=sink,
                event_id=event.id,
                visit_id=ticket.visit_id,
                state=state,
                reason=reason,
                tries=0,
                next_at=staff.clock.now(),
            )
        )
    return str(ticket.number)


def states(staff: Any) -> list[str]:
    with staff.staff._database.read() as session:
        return sorted(row.state for row in session.query(Delivery))


def test_where_nothing_is_under_way_nothing_is_said(staff: Any) -> None:
    put(staff, "delivered", None)
    assert "Gửi ra ngoài" not in staff.get()


def test_what_waits_is_counted(staff: Any) -> None:
    put(staff, "waiting", "service_unknown")
    put(staff, "waiting", "unreachable")
    page = staff.get("/?lang=en")
    assert "his-hl7" in page
    assert "2 waiting" in page
    assert "Send again" not in page


@pytest.mark.parametrize("reason", REASONS)
def test_each_dead_letter_says_why_in_words(staff: Any, reason: str) -> None:
    put(staff, "dead", reason)
    for page in (staff.get(), staff.get("/?lang=en")):
        assert reason not in page.replace("his-hl7", "")
        assert "outgoing.reason" not in page
    assert "1 cần xem" in staff.get()


def test_a_reason_without_words_is_shown_as_it_is(staff: Any) -> None:
    put(staff, "dead", "http_422")
    assert "http_422" in staff.get()


@pytest.mark.parametrize("kind", FaultKind)
def test_a_fault_of_the_payer_s_table_names_the_field(staff: Any, kind: FaultKind) -> None:
    put(staff, "dead", str(Fault(tag="MA_THE_BHYT", kind=kind)), sink="checkin")
    page = staff.get()
    assert "MA_THE_BHYT: " in page
    assert f"MA_THE_BHYT.{kind}" not in page
    assert "Bảng check-in (BHXH)" in page


def test_a_long_list_is_cut(staff: Any) -> None:
    for _ in range(SHOWN + 3):
        put(staff, "dead", "hl7_rejected")
    page = staff.get("/?lang=en")
    assert page.count("refused it") == SHOWN
    assert f"{SHOWN + 3} to look at" in page


def test_a_tap_sends_again_what_that_receiver_did_not_take(staff: Any) -> None:
    put(staff, "dead", "hl7_rejected")
    put(staff, "delivered", None)
    put(staff, "dead", "http_400", sink="other")
    assert "Sẽ gửi lại: 1." in staff.post("/outgoing/again", sink="his-hl7")
    assert states(staff) == ["dead", "delivered", "waiting"]
    assert "Sẽ gửi lại: 0." in staff.post("/outgoing/again", sink="nobody")


def test_nobody_else_sends_again(staff: Any) -> None:
    put(staff, "dead", "hl7_rejected")
    answer = staff.client.post("/outgoing/again", base_url="http://127.0.0.1:8001", data={"sink": "his-hl7"})
    assert answer.status_code in (400, 403)
    assert states(staff) == ["dead"]


def taken(staff: Any, receipt: str | None = "BHXH-17", state: str = "delivered") -> str:
    """An admission whose row of the payer's table has this receipt; the visit's id."""
    ticket = staff.staff.confirm_told(None, "noi", Told(way=Way.EMERGENCY), by="desk-1")
    with staff.staff._database.write() as session:
        event = session.query(Outbox).filter(Outbox.kind == "confirmed").order_by(Outbox.seq.desc()).first()
        now = staff.clock.now()
        own = {"tries": 0, "next_at": now, "settled_at": now, "state": state, "receipt": receipt}
        session.add(Delivery(sink="checkin", event_id=event.id, visit_id=ticket.visit_id, **own))
    staff.clock.advance(60)
    return str(ticket.visit_id)


def change(staff: Any, visit_id: str, *kinds: str) -> None:
    deeds = {
        "route_confirmed": lambda: staff.corrections.confirm_route(visit_id, "1.3", by="chi-hoa"),
        "corrected": lambda: staff.corrections.correct_room(visit_id, "mat", by="chi-hoa"),
        "cancelled": lambda: staff.corrections.cancel(visit_id, reason=CancelReason.BY_MISTAKE, by="chi-hoa"),
    }
    for kind in kinds:
        deeds[kind]()
        staff.clock.advance(60)


@pytest.mark.parametrize("kinds", [("route_confirmed",), ("corrected",), ("cancelled",), ("corrected", "cancelled")])
def test_what_the_payer_took_and_is_no_longer_right_is_to_be_told_by_hand(staff: Any, kinds: tuple[str, ...]) -> None:
    visit_id = taken(staff)
    assert staff.outgoing.by_hand() == ()
    assert "Báo BHXH bằng tay" not in staff.get()
    change(staff, visit_id, *kinds)
    [row] = staff.outgoing.by_hand()
    assert (row.visit_id, row.number, row.changes, row.receipt) == (visit_id, 1, kinds, "BHXH-17")
    assert "BHXH-17" in staff.get()
    assert "Tell the payer by hand" in staff.get("/?lang=en")


def test_who_told_the_payer_says_so_and_a_later_change_stands_there_again(staff: Any) -> None:
    visit_id = taken(staff)
    change(staff, visit_id, "corrected")
    assert "Đã ghi: đã báo BHXH." in staff.post(f"/outgoing/{visit_id}/told")
    assert staff.outgoing.by_hand() == ()
    with staff.staff._database.read() as session:
        [link] = session.query(Audit).filter(Audit.kind == "payer_told")
    assert visit_id in link.body
    staff.clock.advance(60)
    change(staff, visit_id, "cancelled")
    assert [row.changes for row in staff.outgoing.by_hand()] == [("cancelled",)]


def test_another_service_is_told_by_hand_too(staff: Any) -> None:
    visit_id, now = taken(staff), staff.clock.now()
    order = checked_order(kind="service", code="1", name="Khám", route="1.1", visit_kind="01", ordered_at=now)
    OrderBook(staff.staff._database, device="desk-1", clock=staff.clock).record(visit_id, order, by="desk-1")
    assert [row.changes for row in staff.outgoing.by_hand()] == [("ordered",)]
    staff.clock.advance(60)
    assert staff.outgoing.told(visit_id, by="chi-hoa")
    assert staff.outgoing.by_hand() == ()


@pytest.mark.parametrize(
    ("receipt", "state"), [("not_reported.route_not_reported", "delivered"), (None, "delivered"), (None, "waiting")]
)
def test_of_what_the_payer_never_took_nothing_need_be_told(staff: Any, receipt: str | None, state: str) -> None:
    visit_id = taken(staff, receipt, state)
    change(staff, visit_id, "cancelled")
    assert staff.outgoing.by_hand() == ()
    assert not staff.outgoing.told(visit_id, by="chi-hoa")
    assert "flash-problem" in staff.post(f"/outgoing/{visit_id}/told")


def replayed(staff: Any) -> None:
    """Everything is sent to the payer again, as by ``kiosk deliveries replay --delivered``."""

    def nobody() -> Any:
        raise AssertionError("a row of a visit that is not admitted is not sent")

    works = Works(
        database=staff.staff._database,
        clinic=staff.staff._clinic,
        opener=staff.staff.admission._opener,
        clock=staff.clock,
    )
    with works.database.write() as session:
        deliveries.move_cursor(session, "checkin", "desk-1", 10**6)
        deliveries.replay(session, staff.clock.now(), sink="checkin", event_id=None, states=("delivered",))
    Deliverer(works, CheckinSink(nobody, table=checkin_table(), path="/x")).round()


def test_what_is_sent_again_keeps_the_payer_s_number_and_what_is_to_be_told(staff: Any) -> None:
    visit_id = taken(staff)
    change(staff, visit_id, "corrected", "cancelled")
    before = staff.outgoing.by_hand()
    replayed(staff)
    assert states(staff) == ["delivered"]
    assert staff.outgoing.by_hand() == before
    assert before[0].receipt == "BHXH-17"


def test_what_is_to_be_told_is_remembered_until_it_was(staff: Any) -> None:
    visit_id, later = taken(staff), taken(staff)
    change(staff, visit_id, "cancelled")
    staff.clock.advance(91 * 86400)
    leftovers = Leftovers(
        database=staff.staff._database, clinic=staff.staff._clinic, device="desk-1", clock=staff.clock
    )
    assert leftovers.forget_deliveries() == 1, f"{later} is as the payer has it"
    assert [row.receipt for row in staff.outgoing.by_hand()] == ["BHXH-17"]
    assert leftovers.forget_deliveries() == 0
    assert staff.outgoing.told(visit_id, by="chi-hoa")
    assert leftovers.forget_deliveries() == 1


@pytest.mark.parametrize("kinds", [(), ("cancelled",)])
def test_of_the_erased_the_payer_is_told_by_its_number_which_then_goes(staff: Any, kinds: tuple[str, ...]) -> None:
    visit_id = taken(staff)
    change(staff, visit_id, *kinds)
    database = staff.staff._database
    with database.write() as session:
        visit = session.get(Visit, visit_id)
        sealed = staff.staff.admission._opener.sealer().seal(visit_id, {"source": "typed"})
        visit.sealed_key, visit.blob, visit.commitment = sealed.key, sealed.blob, sealed.commitment
        day, number = visit.day, visit.number
    eraser = Eraser(database=database, clinic=staff.staff._clinic, device="desk-1", clock=staff.clock)
    eraser.erase_ticket(day, number, reason=EraseReason.PERSON_ASKED, by="desk-1")
    staff.clock.advance(60)
    assert [(row.changes, row.receipt) for row in staff.outgoing.by_hand()] == [((*kinds, "erased"), "BHXH-17")]
    assert staff.outgoing.told(visit_id, by="chi-hoa")
    assert staff.outgoing.by_hand() == ()
    with database.read() as session:
        assert session.query(Delivery).one().receipt == deliveries.ERASED
