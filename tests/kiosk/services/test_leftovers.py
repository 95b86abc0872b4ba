"""What nobody came back to ends by a rule: as an event, with a notice where somebody must look, and counted."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from idcard import BirthDate, ClaimedIdentity, ClaimSource
from kiosk.domain.codes import Code, Resolution, VisitReason
from kiosk.domain.tickets import clinic_day
from kiosk.services.desk import NotConfirmable
from kiosk.services.leftovers import EarlierTickets, Leftovers, WaitingRechecks
from kiosk.services.recheck import OLDEST
from kiosk.services.report import Reporter
from kiosk.store import repositories
from kiosk.store.tables import Audit, Delivery, Notice, Outbox, Visit, VisitEvent

Kiosk = Any
DAY_S = 86400


@pytest.fixture
def leftovers(kiosk: Kiosk) -> Leftovers:
    return Leftovers(database=kiosk.database, clinic=kiosk.staff._clinic, device="desk-1", clock=kiosk.clock)


def admit(kiosk: Kiosk, who: str) -> str:
    """The visit's id of somebody whom the roster alone admitted."""
    kiosk.admit(who)
    kiosk.clear()
    visit_id: str = kiosk.staff.admissions()[0].visit_id
    with kiosk.database.write() as session:
        session.get(Visit, visit_id).recheck = "due"
    return visit_id


def ticket(kiosk: Kiosk) -> str:
    made: str = kiosk.checkin.desk_ticket(None, code=Code.NO_DOCUMENT).visit_id
    return made


def state(kiosk: Kiosk, visit_id: str) -> tuple[str, str | None]:
    with kiosk.database.read() as session:
        visit = session.get(Visit, visit_id)
        return visit.state, visit.recheck


def told(kiosk: Kiosk, kind: str) -> list[dict[str, Any]]:
    """What audit and outbox, in the same words, say of events of this kind; the chain holds."""
    with kiosk.database.read() as session:
        links = [json.loads(body)["facts"] for body in session.scalars(select(Audit.body).where(Audit.kind == kind))]
        events = [json.loads(body) for body in session.scalars(select(Outbox.body).where(Outbox.kind == kind))]
        assert repositories.first_chain_fault(session, "desk-1") is None
    assert links == events
    return links


def test_staff_see_how_many_wait_since_when_and_who_admitted_them(kiosk: Kiosk, leftovers: Leftovers) -> None:
    assert leftovers.rechecks() == WaitingRechecks(count=0, oldest_s=0, owners={})
    admit(kiosk, "insured")
    kiosk.clock.advance(DAY_S)
    visit_id = admit(kiosk, "old")
    with kiosk.database.write() as session:
        session.get(Visit, visit_id).confirmed_by = "chi-hoa"
    assert leftovers.rechecks() == WaitingRechecks(count=2, oldest_s=DAY_S, owners={"kiosk-1": 1, "chi-hoa": 1})


def test_after_seven_days_an_admission_becomes_a_notice_that_somebody_must_settle(
    kiosk: Kiosk, leftovers: Leftovers
) -> None:
    visit_id = admit(kiosk, "insured")
    kiosk.clock.advance(OLDEST.total_seconds() - 1)
    assert leftovers.lapse_rechecks() == 0
    kiosk.clock.advance(1)
    assert leftovers.lapse_rechecks() == 1
    assert state(kiosk, visit_id) == ("admitted", "lapsed")
    [notice] = kiosk.staff.exceptions()
    assert (notice.code, notice.reasons, notice.visit.visit_id) == (Code.COVER_UNKNOWN, ("recheck_lapsed",), visit_id)
    [facts] = told(kiosk, "recheck_lapsed")
    assert (facts["visit"], facts["recheck"]) == (visit_id, "lapsed")
    assert leftovers.rechecks().count == 0
    assert leftovers.lapse_rechecks() == 0
    kiosk.staff.resolve(notice.notice_id, by="chi-hoa", resolution=Resolution.HELPED)
    assert state(kiosk, visit_id) == ("admitted", "lapsed"), "the admission stays"


def test_what_was_settled_in_time_never_lapses(kiosk: Kiosk, leftovers: Leftovers) -> None:
    visit_id = admit(kiosk, "insured")
    with kiosk.database.write() as session:
        session.get(Visit, visit_id).recheck = "upheld"
    kiosk.clock.advance(30 * DAY_S)
    assert (leftovers.lapse_rechecks(), state(kiosk, visit_id)) == (0, ("admitted", "upheld"))


@pytest.mark.parametrize(("after", "days"), [(0, 1), (1, 2), (7, 8)])
def test_a_ticket_closes_by_itself_once_it_is_older_than_the_clinic_says(kiosk: Kiosk, after: int, days: int) -> None:
    own = {"database": kiosk.database, "clinic": kiosk.staff._clinic, "device": "desk-1", "clock": kiosk.clock}
    leftovers = Leftovers(**own, close_after_days=after)
    visit_id = ticket(kiosk)
    for _ in range(days):
        assert leftovers.close_tickets() == 0
        kiosk.clock.advance(DAY_S)
    assert leftovers.earlier_tickets() == EarlierTickets(open=1, closed_today=0)
    assert leftovers.close_tickets() == 1
    assert leftovers.earlier_tickets() == EarlierTickets(open=0, closed_today=1)
    assert state(kiosk, visit_id) == ("closed", None)
    [facts] = told(kiosk, "closed")
    assert (facts["visit"], facts["by"]) == (visit_id, "desk-1")
    with kiosk.database.read() as session:
        [event] = session.scalars(select(VisitEvent))
        assert (event.kind, event.reason, event.by) == ("closed", "day_over", "desk-1")
        assert session.execute(select(Notice.state, Notice.resolution)).all() == [("resolved", "day_over")]
    assert kiosk.staff.exceptions() == ()
    kiosk.clock.advance(DAY_S)
    assert leftovers.earlier_tickets() == EarlierTickets(open=0, closed_today=0)


def test_todays_tickets_and_admissions_of_any_day_stay_open(kiosk: Kiosk, leftovers: Leftovers) -> None:
    admitted = admit(kiosk, "insured")
    kiosk.clock.advance(20 * DAY_S)
    today = ticket(kiosk)
    assert leftovers.close_tickets() == 0
    assert (state(kiosk, admitted)[0], state(kiosk, today)[0]) == ("admitted", "desk")


def test_more_than_a_turn_at_writing_takes_are_closed_too(kiosk: Kiosk, leftovers: Leftovers) -> None:
    for _ in range(103):
        ticket(kiosk)
    kiosk.clock.advance(9 * DAY_S)
    assert leftovers.earlier_tickets().open == 103
    assert leftovers.round() == 103


@pytest.mark.parametrize("waits", [False, True])
def test_a_look_at_the_holder_that_nobody_took_ends_with_the_day(
    kiosk: Kiosk, leftovers: Leftovers, waits: bool
) -> None:
    visit_id = ticket(kiosk) if waits else admit(kiosk, "insured")
    with kiosk.database.write() as session:
        visit = session.get(Visit, visit_id)
        visit.recheck, visit.holder_check = None, "due"
        if waits:
            visit.reasons = [*visit.reasons, VisitReason.HOLDER_CHECK]
    day = clinic_day(kiosk.clock.now())
    reporter = Reporter(database=kiosk.database, clinic=kiosk.staff._clinic, clock=kiosk.clock)
    assert leftovers.round() == 0
    assert reporter.report(day).holder_checks == {"due": 1}
    kiosk.clock.advance(DAY_S)
    assert (leftovers.round(), leftovers.round()) == (1, 0)
    [facts] = told(kiosk, "holder_not_made")
    assert (facts["visit"], facts["by"]) == (visit_id, "desk-1")
    assert reporter.report(day).holder_checks == {"not_made": 1}
    with kiosk.database.read() as session:
        [event] = session.scalars(select(VisitEvent).where(VisitEvent.kind == "holder_checked"))
        assert (event.reason, event.by) == ("not_made", "desk-1")
    if waits:
        claim = ClaimedIdentity(source=ClaimSource.TYPED, name="Trần Thị Mẫu", birth=BirthDate(year=1958))
        with pytest.raises(NotConfirmable, match="needs_second"):
            kiosk.staff.confirm(visit_id, "noi", by="lan", claim=claim)


def test_a_look_that_a_clerk_took_stays(kiosk: Kiosk, leftovers: Leftovers) -> None:
    visit_id = ticket(kiosk)
    with kiosk.database.write() as session:
        session.get(Visit, visit_id).holder_check = "same"
    kiosk.clock.advance(DAY_S)
    assert leftovers.end_holder_checks() == 0
    assert told(kiosk, "holder_not_made") == []


def test_what_a_receiver_took_is_forgotten_in_the_end_and_nothing_else(kiosk: Kiosk, leftovers: Leftovers) -> None:
    visit_id, now = ticket(kiosk), kiosk.clock.now()
    with kiosk.database.write() as session:
        [event_id] = session.scalars(select(Outbox.id))
        for days, sink, became in ((91, "old", "delivered"), (89, "young", "delivered"), (400, "dead", "dead")):
            settled = now - timedelta(days=days)
            own = {"state": became, "tries": 0, "next_at": settled, "settled_at": settled}
            session.add(Delivery(sink=sink, event_id=event_id, visit_id=visit_id, **own))
        waiting = {"state": "waiting", "tries": 0, "next_at": now - timedelta(days=400)}
        session.add(Delivery(sink="waiting", event_id=event_id, visit_id=visit_id, **waiting))
    assert leftovers.forget_deliveries() == 1
    with kiosk.database.read() as session:
        assert set(session.scalars(select(Delivery.sink))) == {"young", "dead", "waiting"}
        assert session.scalars(select(Outbox.id)).all() == [event_id]
    assert leftovers.forget_deliveries() == 0


def test_what_was_taken_is_remembered_while_the_receiver_has_more_of_the_visit(
    kiosk: Kiosk, leftovers: Leftovers
) -> None:
    visit_id, other = ticket(kiosk), ticket(kiosk)
    long_ago = kiosk.clock.now() - timedelta(days=200)
    usual = {"tries": 0, "next_at": long_ago, "settled_at": long_ago}
    with kiosk.database.write() as session:
        first, second = session.scalars(select(Outbox.id).order_by(Outbox.seq))
        session.add(Delivery(sink="his", event_id=first, visit_id=visit_id, state="dead", **usual))
        session.add(Delivery(sink="his", event_id=second, visit_id=visit_id, state="delivered", **usual))
        session.add(Delivery(sink="hook", event_id=second, visit_id=other, state="delivered", **usual))
    assert leftovers.forget_deliveries() == 1
    with kiosk.database.read() as session:
        assert sorted(session.scalars(select(Delivery.state))) == ["dead", "delivered"]
