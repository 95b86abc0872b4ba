"""The person is suspected, not the ticket: no way round the desk's second person."""

from typing import Any

import pytest
from sqlalchemy import select

from idcard import BirthDate, ClaimedIdentity, ClaimSource
from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code, Resolution, VisitReason
from kiosk.domain.staff import Override, OverrideReason
from kiosk.domain.ways import Way
from kiosk.keys import PersonTags
from kiosk.services.corrections import Corrections, NotCorrectable
from kiosk.services.desk import NotConfirmable
from kiosk.services.lost_cards import LostCards
from kiosk.services.ways import Told
from kiosk.store.tables import Audit, VisitEvent

Kiosk = Any
AGREED = Override(reason=OverrideReason.OTHER_PAPERS, second="truc")
NUMBER = "036199900001"
BIRTH = BirthDate(year=1999, month=3, day=4)


def typed(number: str | None = NUMBER, name: str = "Trần Thị Mẫu", birth: BirthDate = BIRTH) -> ClaimedIdentity:
    return ClaimedIdentity(source=ClaimSource.TYPED, name=name, birth=birth, personal_number=number)


@pytest.fixture
def lost(kiosk: Kiosk) -> LostCards:
    found = LostCards(database=kiosk.database, clinic=kiosk.staff._clinic, tags=PersonTags(bytes([2] * 32)))
    kiosk.checkin._lost = kiosk.staff.admission._lost = found
    return found


def forged(kiosk: Kiosk) -> str:
    """A ticket of somebody whose chip is not genuine."""
    chip = ClaimedIdentity(
        source=ClaimSource.CHIP_NOT_PROVED, name_latin="TRAN THI MAU", birth=BIRTH, personal_number=NUMBER
    )
    kiosk.checkin.desk_ticket(chip, code=Code.NOT_GENUINE, assurance=Assurance.NONE)
    visit_id: str = kiosk.staff.desk_tickets()[0].visit_id
    return visit_id


def arrive(kiosk: Kiosk, told: Told, by: str = "lan") -> str:
    number = kiosk.staff.confirm_told(None, "noi", told, by=by).number
    visit_id: str = kiosk.staff.numbered(number).visit_id
    return visit_id


def overrides(kiosk: Kiosk) -> list[tuple[str | None, str | None]]:
    with kiosk.database.read() as session:
        found = session.scalars(select(VisitEvent).where(VisitEvent.kind == "overridden")).all()
        return [(event.reason, event.after) for event in found]


@pytest.mark.parametrize("way", [Way.PAPERS, Way.CHILD, Way.GUARDIAN, Way.FOREIGNER, Way.NEWBORN])
@pytest.mark.parametrize("claim", [typed(), typed(None), typed(None, birth=BirthDate(year=1999))])
def test_whoever_showed_a_forged_card_is_not_admitted_round_the_ticket(
    kiosk: Kiosk, way: Way, claim: ClaimedIdentity
) -> None:
    forged(kiosk)
    with pytest.raises(NotConfirmable, match="needs_second"):
        arrive(kiosk, Told(claim=claim, way=way))
    assert kiosk.staff.admissions() == ()
    visit_id = arrive(kiosk, Told(claim=claim, way=way, override=AGREED))
    assert overrides(kiosk) == [("other_papers", "truc")]
    assert VisitReason.SUSPECTED_TODAY in kiosk.staff.visit(visit_id).reasons


def test_closing_the_exception_does_not_clear_the_person(kiosk: Kiosk) -> None:
    forged(kiosk)
    notice = next(each for each in kiosk.staff.exceptions() if each.code is Code.NOT_GENUINE)
    kiosk.staff.resolve(notice.notice_id, by="lan", resolution=Resolution.HELPED)
    with pytest.raises(NotConfirmable, match="needs_second"):
        arrive(kiosk, Told(claim=typed(), way=Way.PAPERS))


def test_a_left_over_ticket_of_yesterday_still_tells(kiosk: Kiosk) -> None:
    forged(kiosk)
    kiosk.clock.advance(24 * 3600)
    with pytest.raises(NotConfirmable, match="needs_second"):
        arrive(kiosk, Told(claim=typed(), way=Way.PAPERS))


def test_another_ticket_of_the_same_person_takes_two(kiosk: Kiosk) -> None:
    forged(kiosk)
    kiosk.checkin.desk_ticket(typed(), code=Code.HELP, assurance=Assurance.NONE)
    row = next(each for each in kiosk.staff.desk_tickets() if each.code is Code.HELP)
    assert row.needs_second
    with pytest.raises(NotConfirmable, match="needs_second"):
        kiosk.staff.confirm(row.visit_id, "noi", by="lan")
    kiosk.staff.confirm(row.visit_id, "noi", by="lan", override=AGREED)


@pytest.mark.parametrize(
    "other",
    [
        typed("036199900009"),
        typed(None, name="Lê Thị Khác"),
        typed(None, birth=BirthDate(year=1998)),
    ],
)
def test_somebody_else_is_admitted_by_one(kiosk: Kiosk, other: ClaimedIdentity) -> None:
    forged(kiosk)
    arrive(kiosk, Told(claim=other, way=Way.PAPERS, override=AGREED))
    assert overrides(kiosk) == [], "what nobody had to agree to counts against nobody"


def test_a_number_on_the_list_takes_two_however_it_comes(kiosk: Kiosk, lost: LostCards) -> None:
    lost.add([NUMBER], by="truc", device="desk-1", clock=kiosk.clock)
    with pytest.raises(NotConfirmable, match="needs_second"):
        arrive(kiosk, Told(claim=typed(), way=Way.PAPERS))
    kiosk.checkin.desk_ticket(None, code=Code.HELP, assurance=Assurance.NONE)
    row = kiosk.staff.desk_tickets()[0]
    with pytest.raises(NotConfirmable, match="needs_second"):
        kiosk.staff.confirm(row.visit_id, "noi", by="lan", claim=typed())
    kiosk.staff.confirm(row.visit_id, "noi", by="lan", claim=typed(), override=AGREED)
    assert overrides(kiosk) == [("other_papers", "truc")]


def test_the_second_persons_limit_holds_for_arrivals(kiosk: Kiosk, lost: LostCards) -> None:
    numbers = [f"03619990010{n}" for n in range(4)]
    lost.add(numbers, by="truc", device="desk-1", clock=kiosk.clock)
    for number in numbers[:3]:
        arrive(kiosk, Told(claim=typed(number), way=Way.PAPERS, override=AGREED))
    with pytest.raises(NotConfirmable, match="override_limit"):
        arrive(kiosk, Told(claim=typed(numbers[3]), way=Way.PAPERS, override=AGREED))


def test_an_emergency_waits_for_nobody_and_is_looked_at_afterwards(kiosk: Kiosk) -> None:
    forged(kiosk)
    visit_id = arrive(kiosk, Told(claim=typed(), way=Way.EMERGENCY))
    assert overrides(kiosk) == [("care_first", None)]
    found = [each for each in kiosk.staff.exceptions() if each.visit is not None and each.visit.visit_id == visit_id]
    assert [(each.code, each.reasons) for each in found] == [
        (Code.IDENTITY_DIFFERS, (VisitReason.SUSPECTED_TODAY,)),
    ]
    with kiosk.database.read() as session:
        said = session.scalars(select(Audit.body).where(Audit.kind == "confirmed")).all()
    assert any('"override":"care_first"' in body for body in said)


def test_a_correction_is_no_way_round(kiosk: Kiosk) -> None:
    forged(kiosk)
    wrong = arrive(kiosk, Told(claim=typed("036199900009", "Lê Thị Khác"), way=Way.PAPERS))
    corrections = Corrections(
        database=kiosk.database,
        clinic=kiosk.staff._clinic,
        device="desk-1",
        clock=kiosk.clock,
        admission=kiosk.staff.admission,
    )
    with pytest.raises(NotCorrectable, match="needs_second"):
        corrections.replace_person(wrong, typed(), "noi", by="lan")
    assert kiosk.staff.visit(wrong).state == "admitted"
    assert overrides(kiosk) == []
    ticket = corrections.replace_person(wrong, typed(), "noi", by="lan", override=AGREED)
    assert (ticket.number, kiosk.staff.visit(wrong).state) == (3, "cancelled")
    assert overrides(kiosk) == [("other_papers", "truc")]
