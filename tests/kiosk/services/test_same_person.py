"""The same person on one day: one ticket, at whichever kiosk and however they come."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from idcard import VIETNAM_STRICT, Can, CardQr, ClaimedIdentity, ClaimSource, Verdict, read, verify
from kiosk.day_key import DayTags
from kiosk.domain.codes import Code
from kiosk.domain.eligibility import Coverage, CoverReason, Eligibility
from kiosk.domain.tickets import Ticket
from kiosk.keys import VisitSealer
from kiosk.services.checkin import CheckIn
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


def test_a_desk_ticket_that_a_clerk_confirmed_is_the_ticket_of_the_day_at_every_kiosk(
    kiosk: Kiosk, second: CheckIn, by_chip: Callable[[CheckIn], Ticket]
) -> None:
    ticket = by_code(kiosk, kiosk.checkin)
    kiosk.staff.confirm(ticket.visit_id, "mat", by="chi-hoa")
    again = by_chip(second)
    assert (again.number, again.room_id, again.again) == (ticket.number, "mat", True)
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
    told = second.ticket_of_today(identity, coverage)
    again = second.admit(identity, room=room, eligibility=replace(COVERED, coverage=coverage), verdict=verdict)
    assert told is not None
    assert [(each.number, each.room_id, each.again) for each in (told, again)] == [(asked.number, "mat", True)] * 2
    assert states(kiosk) == [(1, "admitted")]
    other = replace(coverage, insurance_number="3600000002")
    assert second.ticket_of_today(identity, other) is None
