"""What is on its way to payer and hospital, on the staff's page."""

from pathlib import Path
from typing import Any

import pytest

from kiosk.config import StaffConfig
from kiosk.domain.codes import Code
from kiosk.interop.checkin_table import Fault, FaultKind
from kiosk.services.outgoing import REASONS, SHOWN, Outgoing
from kiosk.store.tables import Delivery, Outbox
from kiosk.web.staff import create_staff_app


@pytest.fixture
def staff(desk: Any, clinic: Any, tmp_path: Path) -> Any:
    """The desk of the other tests, with what leaves, and a call so that the board has a form."""
    desk.checkin.notify(Code.HELP)
    names = ("store", "trust", "clinic_private_key", "person_day_key")
    paths = {name: tmp_path / name for name in names} | {"session_key": tmp_path / "session.key"}
    config = StaffConfig(mode="demo", clinic=clinic, **paths)
    outgoing = Outgoing(desk.staff._database, clinic=clinic, device="desk-1", clock=desk.clock)
    desk.client = create_staff_app(desk.staff, config, desk.clock, outgoing=outgoing).test_client()
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
