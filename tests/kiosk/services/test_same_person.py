"""The same person on one day: one ticket at whichever kiosk; an admission without a chip is nobody's who proves one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from idcard import VIETNAM_STRICT, BirthDate, Can, CardQr, ClaimedIdentity, ClaimSource, Verdict, read, verify
from kiosk.day_key import DayTags
from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import Code
from kiosk.domain.corrections import CancelReason
from kiosk.domain.eligibility import Coverage, CoverReason, Eligibility
from kiosk.domain.flow import Screen
from kiosk.domain.tickets import Ticket
from kiosk.keys import VisitSealer
from kiosk.services.checkin import AdmittedUnproved, CheckIn
from kiosk.services.corrections import Corrections, NotCorrectable
from kiosk.services.desk import NotConfirmable
from kiosk.store.tables import Visit

Kiosk = Any
COVERED = Eligibility(code=None, reasons=(CoverReason.COVERED,), coverage=None)


@pytest.fixture
def second(kiosk: Kiosk) -> CheckIn:
    """Another kiosk of the same clinic, on the same store."""
    return CheckIn(
        database=kiosk.database,
        clinic=kiosk.staff._clinic,
        device="kiosk-2",
        sealer=VisitSealer(kiosk.private_key.public_key()),
        tags=DayTags(kiosk.path.with_name("person_day.key")),
        clock=kiosk.clock,
    )


@pytest.fixture
def verdict(kiosk: Kiosk, trust: Any) -> Verdict:
    evidence = read(Can(kiosk.holders["insured"].can), kiosk.card("insured"))
    return verify(evidence, trust, VIETNAM_STRICT, at=kiosk.clock.now())


@pytest.fixture
def by_chip(verdict: Verdict, kiosk: Kiosk) -> Callable[[CheckIn], Ticket]:
    room = kiosk.staff._clinic.rooms[0]
    return lambda at: at.admit(verdict.require(), room=room, eligibility=COVERED, verdict=verdict)


def by_code(kiosk: Kiosk, at: CheckIn) -> Ticket:
    claim = CardQr.from_bytes(kiosk.holders["insured"].card_qr_text().encode()).claimed_identity()
    return at.desk_ticket(claim, code=Code.QR_ONLY)


def states(kiosk: Kiosk) -> list[tuple[int, str]]:
    with kiosk.database.read() as session:
        return [(visit.number, visit.state) for visit in session.scalars(select(Visit).order_by(Visit.number))]


def test_by_chip_at_two_kiosks(kiosk: Kiosk, second: CheckIn, by_chip: Callable[[CheckIn], Ticket]) -> None:
    first, again = by_chip(kiosk.checkin), by_chip(second)
    assert (first.number, first.check_code, first.again) == (again.number, again.check_code, False)
    assert again.again
    assert states(kiosk) == [(1, "admitted")]


def test_by_code_at_two_kiosks(kiosk: Kiosk, second: CheckIn) -> None:
    first, again = by_code(kiosk, kiosk.checkin), by_code(kiosk, second)
    assert (first.number, first.check_code) == (again.number, again.check_code)
    assert again.again
    assert states(kiosk) == [(1, "desk")]


def test_by_code_and_then_by_chip_elsewhere(
    kiosk: Kiosk, second: CheckIn, by_chip: Callable[[CheckIn], Ticket]
) -> None:
    by_code(kiosk, kiosk.checkin)
    admitted = by_chip(second)
    assert not admitted.again
    assert states(kiosk) == [(1, "closed"), (2, "admitted")]
    assert by_chip(kiosk.checkin).number == admitted.number
    assert kiosk.staff.exceptions() == ()


def test_what_a_clerk_confirmed_without_a_chip_is_nobodys_ticket_who_proves_one(
    kiosk: Kiosk, second: CheckIn, by_chip: Callable[[CheckIn], Ticket]
) -> None:
    ticket = by_code(kiosk, kiosk.checkin)
    kiosk.staff.confirm(ticket.visit_id, "mat", by="chi-hoa")
    with pytest.raises(AdmittedUnproved):
        by_chip(second)
    assert states(kiosk) == [(1, "admitted")]


def test_a_code_never_shows_the_ticket_of_somebody_who_proved_the_chip(
    kiosk: Kiosk, second: CheckIn, by_chip: Callable[[CheckIn], Ticket]
) -> None:
    """Anybody may hold a copy of the code: it leads to the desk, where a second admission is refused."""
    admitted = by_chip(kiosk.checkin)
    ticket = by_code(kiosk, second)
    assert (ticket.number, ticket.again) == (2, False)
    assert ticket.check_code != admitted.check_code
    with pytest.raises(NotConfirmable, match="already_admitted"):
        kiosk.staff.confirm(ticket.visit_id, "noi", by="chi-hoa")


def test_by_insurance_number_alone_and_then_by_a_chip_that_the_roster_connects_with_it(
    kiosk: Kiosk, second: CheckIn, verdict: Verdict
) -> None:
    identity, room = verdict.require(), kiosk.staff._clinic.rooms[0]
    typed = ClaimedIdentity(source=ClaimSource.TYPED, name=identity.name, birth=identity.birth)
    asked = kiosk.checkin.desk_ticket(typed, code=Code.NO_DOCUMENT, insurance_number="HC4363600000001")
    kiosk.staff.confirm(asked.visit_id, "mat", by="chi-hoa")
    coverage = Coverage(
        valid_from=date(2026, 1, 1),
        valid_to=None,
        benefit="4",
        home_clinic="36001",
        as_of=kiosk.clock.now(),
        insurance_number="3600000001",
    )
    assert second.ticket_of_today(identity) is None, "nothing connects the two numbers yet"
    with pytest.raises(AdmittedUnproved):
        second.ticket_of_today(identity, coverage)
    with pytest.raises(AdmittedUnproved):
        second.admit(identity, room=room, eligibility=replace(COVERED, coverage=coverage), verdict=verdict)
    assert states(kiosk) == [(1, "admitted")]
    other = replace(coverage, insurance_number="3600000002")
    assert second.ticket_of_today(identity, other) is None


def stranger(kiosk: Kiosk) -> Ticket:
    """Somebody else, whom a clerk admitted by the owner's insurance number alone."""
    liar = ClaimedIdentity(source=ClaimSource.TYPED, name="Lê Văn Giả", birth=BirthDate(year=1990, month=2, day=3))
    number = f"36{kiosk.holders['insured'].personal_number[-8:]}"
    asked: Ticket = kiosk.checkin.desk_ticket(liar, code=Code.NO_DOCUMENT, insurance_number=number)
    kiosk.staff.confirm(asked.visit_id, "mat", by="chi-hoa")
    return asked


def test_the_owner_never_gets_a_strangers_ticket_and_takes_the_place_at_the_desk(kiosk: Kiosk) -> None:
    strange = stranger(kiosk)
    kiosk.put("insured")
    view = kiosk.digits("insured")
    assert (view.screen, view.ticket) == (Screen.DESK, None)
    [notice] = kiosk.staff.exceptions()
    assert (notice.other.visit_id, notice.visit.person.name) == (strange.visit_id, "Trần Thị Mẫu")
    owner = notice.visit
    assert (owner.read_assurance, owner.facts is None) == (Assurance.CHIP_ANCHORED, False)
    with pytest.raises(NotConfirmable, match="already_admitted") as problem:
        kiosk.staff.confirm(owner.visit_id, "noi", by="chi-hoa")
    assert problem.value.other == strange.visit_id
    place = {"clinic": kiosk.staff._clinic, "device": "desk-1", "clock": kiosk.clock}
    corrections = Corrections(database=kiosk.database, admission=kiosk.staff.admission, **place)
    ticket = corrections.admit_instead(
        owner.visit_id, strange.visit_id, "noi", reason=CancelReason.WRONG_PERSON, by="chi-hoa"
    )
    assert states(kiosk) == [(1, "cancelled"), (2, "admitted")]
    kiosk.patient.acknowledge()
    kiosk.clear()
    kiosk.put("insured")
    again = kiosk.digits("insured").ticket
    assert (again.number, again.again) == (ticket.number, True)
    with pytest.raises(NotCorrectable):
        corrections.admit_instead(
            owner.visit_id, strange.visit_id, "noi", reason=CancelReason.WRONG_PERSON, by="chi-hoa"
        )


def test_a_stranger_who_is_admitted_while_the_owner_chooses_a_room(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    assert kiosk.digits("insured").screen is Screen.CONFIRM
    stranger(kiosk)
    kiosk.patient.choose_room("noi")
    assert kiosk.patient.view().screen is Screen.DESK
    assert [row.person.name for row in kiosk.staff.admissions()] == ["Lê Văn Giả"]
