"""A ticket is confirmed, the clinic's store is put back, and it is confirmed again: one visit, counted once."""

import sqlite3
from contextlib import closing
from typing import Any

from idcard import BirthDate, ClaimedIdentity, ClaimSource, Sex
from kiosk.domain.codes import Code
from kiosk.hub.event import clinic_day
from kiosk.hub.store.recount import recount
from kiosk.hub.store.tables import alarm, check_in, event, hour_count


def back(clinic: Any, copy: Any) -> None:
    with closing(sqlite3.connect(copy)) as old, closing(sqlite3.connect(clinic.folder / "store.db")) as new:
        old.backup(new)
    clinic.start()


def ticket(clinic: Any) -> str:
    claim = ClaimedIdentity(
        source=ClaimSource.TYPED,
        name="Trần Văn Mẫu",
        birth=BirthDate(year=1980, month=5, day=1),
        sex=Sex.MALE,
        personal_number=clinic.person(),
    )
    return str(clinic.desk.checkin.desk_ticket(claim, code=Code.COVER_UNKNOWN).visit_id)


def test_a_ticket_confirmed_again_after_a_backup_is_one_admission(clinic_sends: Any) -> None:
    visit = ticket(clinic_sends)
    clinic_sends.settle()
    copy = clinic_sends.copy()
    clinic_sends.desk.staff.confirm(visit, "noi", by="desk-1")
    clinic_sends.settle()
    back(clinic_sends, copy)
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
