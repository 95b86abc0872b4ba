"""A ticket is confirmed, the clinic's store is put back, and it is confirmed again: one visit, counted once."""

from typing import Any

from kiosk.hub.event import clinic_day
from kiosk.hub.store.recount import recount
from kiosk.hub.store.tables import alarm, check_in, event, hour_count


def test_a_ticket_confirmed_again_after_a_backup_is_one_admission(clinic_sends: Any) -> None:
    visit = clinic_sends.ticket()
    clinic_sends.settle()
    copy = clinic_sends.copy()
    clinic_sends.desk.staff.confirm(visit, "noi", by="desk-1")
    clinic_sends.settle()
    clinic_sends.put_back(copy)
    clinic_sends.step(seconds=301)
    clinic_sends.desk.staff.confirm(visit, "noi", by="desk-1")
    clinic_sends.settle()

    rows = clinic_sends.hub.rows
    told = [row for row in rows(event) if row.kind == "admission"]
    assert len(told) == 2, "both are the clinic's true words"
    assert len({row.visit for row in told}) == len(rows(check_in)) == 1
    before = rows(hour_count)
    assert sum(row.admissions for row in before) == 1
    assert {row.kind for row in rows(alarm)} == {"audit_fork"}, "the province hears that a store was put back"
    recount(clinic_sends.hub.database, clinic_sends.code, clinic_day(told[0].at))
    assert rows(hour_count) == before
