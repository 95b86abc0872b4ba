"""The clinic's policy at the desk: a way that is closed, and visits that the insurer is asked about later."""

from typing import Any

import pytest

from idcard import BirthDate, ClaimedIdentity, ClaimSource, Sex
from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code
from kiosk.domain.eligibility import Step
from kiosk.domain.ways import Way
from kiosk.insurance.papers import way_policy
from kiosk.keys import VisitOpener
from kiosk.services.desk import NotConfirmable, StaffDesk
from kiosk.services.recheck import Recheck

Kiosk = Any
SHOWN = ClaimedIdentity(
    source=ClaimSource.CARD_QR,
    personal_number="036199900001",
    name="Trần Thị Mẫu",
    birth=BirthDate(year=1999, month=3, day=4),
    sex=Sex.FEMALE,
)


def desk(kiosk: Kiosk, steps: dict[Way, Step], *, asks_payer: bool) -> StaffDesk:
    return StaffDesk(
        database=kiosk.database,
        clinic=kiosk.staff._clinic,
        device="desk-1",
        opener=VisitOpener(kiosk.private_key),
        tags=kiosk.checkin._tags,
        clock=kiosk.clock,
        policy=way_policy(steps),
        asks_payer=asks_payer,
    )


def shown(kiosk: Kiosk) -> str:
    kiosk.checkin.desk_ticket(SHOWN, code=Code.QR_ONLY, assurance=Assurance.QR_UNSIGNED)
    [row] = kiosk.staff.desk_tickets()
    visit_id: str = row.visit_id
    return visit_id


def test_a_closed_way_is_no_one_tap_admission(kiosk: Kiosk) -> None:
    staff = desk(kiosk, {Way.CODE: Step.DESK}, asks_payer=True)
    visit = shown(kiosk)
    with pytest.raises(NotConfirmable, match="policy"):
        staff.confirm(visit, "noi", by="desk-1")
    assert len(staff.desk_tickets()) == 1
    staff.confirm(visit, "noi", by="desk-1", claim=SHOWN)
    [row] = staff.admissions()
    assert row.way == "papers"


@pytest.mark.parametrize(
    ("steps", "asks_payer", "recheck"),
    [
        ({}, True, Recheck.DUE),
        ({}, False, ""),
        ({Way.CODE: Step.ADMIT_AND_RECHECK}, False, Recheck.DUE),
    ],
)
def test_what_nobody_asked_about_is_asked_later(
    kiosk: Kiosk, steps: dict[Way, Step], asks_payer: bool, recheck: str
) -> None:
    staff = desk(kiosk, steps, asks_payer=asks_payer)
    staff.confirm(shown(kiosk), "noi", by="desk-1")
    [row] = staff.admissions()
    assert row.recheck == recheck
