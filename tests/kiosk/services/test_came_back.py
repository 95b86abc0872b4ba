"""A device that was lost and works again: its notice settles itself, and staff see since when."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from kiosk.domain.codes import Code
from kiosk.domain.tickets import VIETNAM_TIME
from kiosk.services.parts import PartReport
from kiosk.store.tables import Audit, Notice

# The fixture's class lives in conftest.py, from which nothing can be imported.
Kiosk = Any


def lose(kiosk: Kiosk) -> None:
    kiosk.turn()
    kiosk.bench.vanish()
    kiosk.turn(2)


def find_again(kiosk: Kiosk, after_s: float) -> None:
    kiosk.clock.advance(after_s)
    kiosk.bench.come_back()
    kiosk.turn()


def local(at: datetime) -> str:
    return at.astimezone(VIETNAM_TIME).strftime("%H:%M")


def test_the_notice_of_a_lost_reader_settles_itself(kiosk: Kiosk) -> None:
    lose(kiosk)
    assert [notice.back_at for notice in kiosk.staff.exceptions()] == [""]
    assert kiosk.staff.came_back() == ()
    find_again(kiosk, 600)
    assert kiosk.staff.exceptions() == ()
    [notice] = kiosk.staff.came_back()
    assert (notice.code, notice.device, notice.back_at) == (Code.READER_LOST, "kiosk-1", local(kiosk.clock.now()))
    with kiosk.database.read() as session:
        [row] = session.scalars(select(Notice)).all()
        assert (row.state, row.resolution, row.resolved_by) == ("resolved", "came_back", "kiosk-1")
        assert session.scalars(select(Audit.kind).order_by(Audit.seq)).all()[-1] == "came_back"
    kiosk.clock.advance(3601)
    assert kiosk.staff.came_back() == ()


def test_one_that_came_back_while_the_kiosk_was_off_is_settled_at_the_start(kiosk: Kiosk) -> None:
    kiosk.checkin.notify(Code.READER_LOST)
    kiosk.turn()
    assert kiosk.staff.exceptions() == ()


def test_who_was_sent_to_the_desk_for_it_still_waits_there(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    kiosk.bench.vanish()
    kiosk.turn()
    find_again(kiosk, 60)
    [notice] = kiosk.staff.exceptions()
    assert (notice.code, notice.visit.number) == (Code.READER_LOST, 1)
    assert notice.back_at == local(kiosk.clock.now())
    assert len(kiosk.staff.desk_tickets()) == 1


def test_other_notices_and_other_kiosks_wait_on(kiosk: Kiosk) -> None:
    lose(kiosk)
    kiosk.checkin.notify(Code.HELP)
    kiosk.checkin._device = "kiosk-2"
    kiosk.checkin.notify(Code.READER_LOST)
    kiosk.checkin._device = "kiosk-1"
    find_again(kiosk, 60)
    waiting = {(notice.code, notice.device, notice.back_at) for notice in kiosk.staff.exceptions()}
    assert waiting == {(Code.HELP, "kiosk-1", ""), (Code.READER_LOST, "kiosk-2", "")}


def test_a_part_that_no_code_tells_of_settles_nothing(kiosk: Kiosk) -> None:
    kiosk.checkin.notify(Code.READER_LOST)
    PartReport(kiosk.checkin, "roster").say({"ok": True})
    PartReport(kiosk.checkin, "reader", lost=Code.READER_LOST).say({"ok": False})
    assert len(kiosk.staff.exceptions()) == 1
