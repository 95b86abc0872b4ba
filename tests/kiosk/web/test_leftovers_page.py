"""What nobody came back to, on the board: how many wait, since when and whose, and that tickets close by themselves."""

from pathlib import Path
from typing import Any

import pytest

from kiosk.config import StaffConfig
from kiosk.domain.codes import Code
from kiosk.domain.ways import Way
from kiosk.services.leftovers import Leftovers
from kiosk.services.ways import Told
from kiosk.store.tables import Visit
from kiosk.web.staff import create_staff_app

DAY_S = 86400


@pytest.fixture
def staff(desk: Any, clinic: Any, tmp_path: Path) -> Any:
    names = ("store", "trust", "clinic_private_key", "person_day_key")
    paths = {name: tmp_path / name for name in names} | {"session_key": tmp_path / "session.key"}
    config = StaffConfig(mode="demo", clinic=clinic, **paths)
    desk.leftovers = Leftovers(
        database=desk.staff._database, clinic=clinic, device="desk-1", clock=desk.clock, close_after_days=2
    )
    desk.client = desk.log_in(
        create_staff_app(desk.staff, config, desk.clock, leftovers=desk.leftovers, sessions=desk.sessions)
    )
    return desk


def due(staff: Any) -> None:
    """Somebody is admitted about whom the payer is to be asked again."""
    ticket = staff.staff.confirm_told(None, "noi", Told(way=Way.EMERGENCY), by="chi-hoa")
    with staff.staff._database.write() as session:
        session.get(Visit, ticket.visit_id).recheck = "due"


def test_who_is_still_to_be_asked_about_is_counted_with_age_and_owner(staff: Any) -> None:
    assert 'id="asking"' not in staff.get()
    due(staff)
    due(staff)
    staff.clock.advance(3 * DAY_S)
    page = staff.get()
    assert page.count('id="asking"') == 1
    assert "Lâu nhất: 3 ngày" in page
    assert "chi-hoa" in page.partition('id="asking"')[2].partition("</section>")[0]
    assert "Oldest: 3 d" in staff.get("/?lang=en")


def test_after_a_week_it_stands_among_what_waits_for_staff_with_what_to_do(staff: Any) -> None:
    due(staff)
    staff.clock.advance(7 * DAY_S)
    staff.leftovers.round()
    page = staff.get()
    assert 'id="asking"' not in page
    assert "suốt 7 ngày không tra cứu được" in page
    assert "for 7 days" in staff.get("/?lang=en")


def test_earlier_tickets_are_all_counted_and_their_end_is_said(staff: Any) -> None:
    for _ in range(43):
        staff.checkin.desk_ticket(None, code=Code.NO_DOCUMENT)
    staff.clock.advance(DAY_S)
    page = staff.get()
    assert page.count('<span class="count">43</span>') == 2, "of exceptions, and of tickets"
    assert "Phiếu quá 2 ngày tự đóng." in page
    assert "Chỉ hiện 12 phiếu mới nhất." in page
    staff.clock.advance(2 * DAY_S)
    staff.leftovers.round()
    page = staff.get("/?lang=en")
    assert "43 tickets of earlier days closed by themselves today" in page
    assert "earlier-tickets" not in page


def test_the_closing_days_and_the_keeping_days_are_configured_and_bounded(tmp_path: Path, clinic: Any) -> None:
    names = ("store", "trust", "clinic_private_key", "person_day_key", "session_key")
    paths = {name: tmp_path / name for name in names}
    config = StaffConfig(mode="demo", clinic=clinic, **paths)
    assert (config.tickets_close_after_days, config.deliveries_kept_days) == (7, 90)
    for wrong in ({"tickets_close_after_days": -1}, {"deliveries_kept_days": 0}, {"tickets_close_after_days": 366}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            StaffConfig(mode="demo", clinic=clinic, **paths, **wrong)
