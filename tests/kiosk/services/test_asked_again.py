"""Whoever is asked about again is asked about as the record has it: whose word it is, and for which day."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import update

from idcard import BirthDate, ClaimedIdentity, ClaimSource
from kiosk.domain.codes import Code
from kiosk.domain.cover_basis import Asked, Online, OnlineAnswer
from kiosk.domain.eligibility import CoverReason, Eligibility, NextStep, Step
from kiosk.domain.tickets import clinic_day
from kiosk.domain.worklist import Source
from kiosk.insurance.sources import NoOnlineAnswer
from kiosk.keys import VisitOpener
from kiosk.services.recheck import Recheck, Rechecker, RecheckThread, Round
from kiosk.store import repositories
from kiosk.store.tables import Visit

Kiosk = Any
TYPED = ClaimedIdentity(
    source=ClaimSource.TYPED, personal_number="036199900009", name="Đỗ Thị Khác", birth=BirthDate(year=1940)
)


class Asker:
    """Somebody who is asked, and has no answer."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []

    def ask(self, asked: Asked) -> OnlineAnswer:
        self.asked.append(asked)
        raise NoOnlineAnswer(Online.DOWN)


def test_what_a_clerk_typed_is_asked_as_a_clerks_word_for_the_visits_day(kiosk: Kiosk) -> None:
    day = clinic_day(kiosk.clock.now())
    ticket = kiosk.checkin.desk_ticket(None, code=Code.NO_DOCUMENT)
    kiosk.staff.confirm(ticket.visit_id, "noi", by="desk-1", claim=TYPED)
    with kiosk.database.write() as session:
        session.execute(update(Visit).values(recheck="due"))
    kiosk.clock.advance(86_400)
    asker, opener = Asker(), VisitOpener(kiosk.private_key)
    Rechecker(
        database=kiosk.database,
        clinic=kiosk.staff._clinic,
        device="desk-1",
        opener=opener,
        cover=asker,
        clock=kiosk.clock,
    ).round()
    [asked] = asker.asked
    assert (asked.source, asked.on) == (Source.STAFF, day)


class Odd:
    """Answers about one person make no sense; everybody else is covered."""

    def __init__(self, whose: str) -> None:
        self.whose = whose

    def ask(self, asked: Asked) -> OnlineAnswer:
        if asked.personal_number == self.whose:
            raise NoOnlineAnswer(Online.MALFORMED)
        covered = Eligibility(code=None, reasons=(CoverReason.COVERED,), coverage=None)
        return OnlineAnswer(eligibility=covered, as_of=datetime(2026, 11, 23, tzinfo=UTC), shift_id="7")


def test_one_persons_bad_data_keep_nobody_else_waiting(kiosk: Kiosk) -> None:
    for last in range(5):
        claim = replace(TYPED, personal_number=f"03619990000{last}")
        ticket = kiosk.checkin.desk_ticket(None, code=Code.NO_DOCUMENT)
        kiosk.staff.confirm(ticket.visit_id, "noi", by="desk-1", claim=claim)
    with kiosk.database.write() as session:
        session.execute(update(Visit).values(recheck="due"))
    rechecker = Rechecker(
        database=kiosk.database,
        clinic=kiosk.staff._clinic,
        device="desk-1",
        opener=VisitOpener(kiosk.private_key),
        cover=Odd("036199900000"),
        clock=kiosk.clock,
    )
    assert rechecker.round() == Round(settled={Recheck.UPHELD: 4}, stopped=Online.MALFORMED)
    thread = RecheckThread(rechecker)
    kiosk.clock.advance(60)
    thread.round()
    with kiosk.database.read() as session:
        assert {state.state["ok"] for state in repositories.device_states(session) if state.part == "gateway"} == {True}


class Useless:
    """What is answered is of no use, again and again."""

    def __init__(self, clock: Any, step: str) -> None:
        self.clock = clock
        self.step = step
        self.at: list[datetime] = []

    def ask(self, asked: Asked) -> OnlineAnswer:
        self.at.append(self.clock.now())
        if self.step is Online.MALFORMED:
            raise NoOnlineAnswer(self.step)
        later = Eligibility(code=Code.COVER_UNKNOWN, reasons=(), coverage=None, step=Step.DESK, next=NextStep.LATER)
        return OnlineAnswer(eligibility=later, as_of=self.at[-1], shift_id="7")


@pytest.mark.parametrize("step", [Online.MALFORMED, NextStep.LATER])
def test_an_answer_of_no_use_is_asked_for_rarer_and_rarer(kiosk: Kiosk, step: str) -> None:
    ticket = kiosk.checkin.desk_ticket(None, code=Code.NO_DOCUMENT)
    kiosk.staff.confirm(ticket.visit_id, "noi", by="desk-1", claim=TYPED)
    with kiosk.database.write() as session:
        session.execute(update(Visit).values(recheck="due"))
    asker = Useless(kiosk.clock, step)
    rechecker = Rechecker(
        database=kiosk.database,
        clinic=kiosk.staff._clinic,
        device="desk-1",
        opener=VisitOpener(kiosk.private_key),
        cover=asker,
        clock=kiosk.clock,
    )
    for _ in range(3 * 24 * 60):
        kiosk.clock.advance(60)
        rechecker.round()
    pauses = [later - earlier for earlier, later in pairwise(asker.at)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (timedelta(minutes=1), timedelta(hours=6))
    assert len(asker.at) < 70
