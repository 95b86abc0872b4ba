"""Paths beside the usual one: several cards, a card left behind, a child, leave to read, no paper, a wrong clock."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from kiosk.domain import flow
from kiosk.domain.codes import Code, VisitReason
from kiosk.domain.flow import Screen
from kiosk.domain.printing import Condition
from kiosk.services.card_reader import CardReader
from kiosk.services.clock_watch import TOLERANCE, ClockWatch
from kiosk.services.consent import consent_words
from kiosk.store.tables import Visit

# The fixture's class lives in conftest.py, from which nothing can be imported.
Kiosk = Any


def told(kiosk: Kiosk) -> list[str]:
    return [notice.code.value for notice in kiosk.staff.exceptions() if not notice.back_at]


def test_two_cards_are_asked_to_be_one_and_reading_goes_on_by_itself(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    kiosk.bench.crowded = True
    assert kiosk.digits("insured").screen is Screen.ONE_CARD
    assert told(kiosk) == []
    kiosk.bench.crowded = False
    kiosk.after(3.1)
    assert kiosk.turn(2).screen is Screen.CONFIRM


def test_two_cards_that_stay_lead_to_the_desk_as_e01(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    kiosk.bench.crowded = True
    kiosk.digits("insured")
    for _ in range(flow.CROWDED_TRIES):
        kiosk.after(3.1)
        kiosk.turn(2)
    assert kiosk.screen is Screen.DESK
    assert kiosk.view.desk.public_code == "E01"
    assert told(kiosk) == ["E01"]


def test_a_card_left_behind_is_told_once_and_settles_when_it_is_taken(kiosk: Kiosk) -> None:
    kiosk.admit("insured")
    kiosk.patient.acknowledge()
    assert kiosk.screen is Screen.TAKE_CARD
    assert told(kiosk) == []
    kiosk.after(10.1)
    kiosk.after(10.1)
    assert kiosk.screen is Screen.TAKE_CARD
    assert told(kiosk) == ["card_left"]
    assert kiosk.take().screen is Screen.ATTRACT
    assert told(kiosk) == []


def test_a_child_with_a_card_is_checked_in_like_everybody(kiosk: Kiosk) -> None:
    kiosk.patient.for_child()
    assert kiosk.screen is Screen.CHILD
    assert kiosk.put("insured").screen is Screen.DIGITS
    assert kiosk.digits("insured").screen is Screen.CONFIRM


def test_a_child_without_a_card_gets_a_number_for_the_desk(kiosk: Kiosk) -> None:
    kiosk.patient.for_child()
    kiosk.patient.call_staff("child")
    assert kiosk.screen is Screen.CALLED
    assert kiosk.view.desk.ticket_number == 1
    assert told(kiosk) == ["E17"]


@pytest.fixture
def asking(kiosk: Kiosk) -> Kiosk:
    """A kiosk whose clinic wants to be given leave first."""
    kiosk.patient._machine._consent = True
    return kiosk


def test_nothing_is_read_before_the_person_agrees(asking: Kiosk) -> None:
    asking.put("insured")
    assert asking.digits("insured").screen is Screen.CONSENT
    assert asking.bench.commands == 0
    asking.patient.agree()
    assert asking.turn(2).screen is Screen.CONFIRM


def test_that_somebody_agreed_and_to_which_words_is_written_down(asking: Kiosk) -> None:
    asking.put("insured")
    asking.digits("insured")
    at = asking.clock.now()
    asking.patient.agree()
    asking.turn(2)
    asking.clock.advance(5)
    asking.patient.choose_room("noi")
    assert agreed(asking) == [(at, consent_words())]
    assert len(consent_words()) == 16


def test_where_nobody_asks_nobody_is_said_to_have_agreed(kiosk: Kiosk) -> None:
    kiosk.admit("insured")
    assert agreed(kiosk) == [(None, None)]


def agreed(kiosk: Kiosk) -> list[tuple[Any, Any]]:
    with kiosk.database.read() as session:
        return [(visit.agreed_at, visit.agreed_to) for visit in session.scalars(select(Visit))]


def test_who_does_not_agree_is_helped_at_the_desk_and_nothing_is_known(asking: Kiosk) -> None:
    assert asking.show_qr("insured").screen is Screen.CONSENT
    asking.patient.disagree()
    assert asking.screen is Screen.DESK
    (notice,) = asking.staff.exceptions()
    assert notice.reasons == (VisitReason.NO_CONSENT.value,)
    assert notice.visit.person is None
    assert asking.bench.commands == 0


def test_leave_counts_for_one_visit_only(asking: Kiosk) -> None:
    asking.put("insured")
    asking.digits("insured")
    asking.patient.agree()
    asking.turn(2)
    asking.patient.stop()
    asking.take()
    asking.put("old")
    assert asking.digits("old").screen is Screen.CONSENT


def test_without_paper_the_ticket_is_valid_and_staff_are_told_once(kiosk: Kiosk) -> None:
    kiosk.patient.printer(Condition.PAPER_OUT)
    kiosk.patient.printer(Condition.PAPER_OUT)
    assert told(kiosk) == ["E13"]
    view = kiosk.admit("insured")
    assert (view.screen, view.printer_ok, view.ticket.number) == (Screen.TICKET, False, 1)
    kiosk.patient.printer(Condition.READY)
    assert told(kiosk) == []


def watched(kiosk: Kiosk) -> ClockWatch:
    """A watch over the store's last writing, built into the reader as the patient's process does."""
    watch = ClockWatch(clock=kiosk.clock, checkin=kiosk.checkin, known=(kiosk.checkin.last_written,))
    reader: CardReader = kiosk.reader._card_reader
    reader._clock_is_right = watch.is_right
    return watch


def test_a_clock_that_lags_admits_nobody_until_it_is_right(kiosk: Kiosk) -> None:
    watch = watched(kiosk)
    kiosk.admit("insured")
    kiosk.clear()
    kiosk.clock.set(kiosk.clock.now() - timedelta(days=400))
    watch.look()
    kiosk.put("old")
    assert kiosk.digits("old").screen is Screen.DESK
    assert kiosk.view.desk.public_code == Code.CLOCK_WRONG.value
    assert told(kiosk).count("E15") == 2
    kiosk.clock.advance(31)
    watch.look()
    assert not watch.is_right()
    kiosk.clear()
    kiosk.clock.set(kiosk.clock.now() + timedelta(days=400))
    kiosk.clock.advance(31)
    watch.look()
    assert watch.is_right()
    kiosk.put("old")
    assert kiosk.digits("old").screen is Screen.CONFIRM


def test_clocks_of_machines_may_differ_a_little(kiosk: Kiosk) -> None:
    watch = watched(kiosk)
    kiosk.admit("insured")
    kiosk.clock.set(kiosk.clock.now() - TOLERANCE / 2)
    watch.look()
    assert watch.is_right()


def test_more_time_may_be_asked_for_ten_times(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    for _ in range(10):
        kiosk.after(61)
        assert kiosk.screen is Screen.STILL_THERE
        assert kiosk.view.seconds_left >= 20
        kiosk.patient.more_time()
        assert kiosk.screen is Screen.DIGITS
