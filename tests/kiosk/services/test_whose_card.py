"""The card tells whose turn it is: nobody acts under the name of somebody who left with the card."""

from collections.abc import Callable
from typing import Any

import pytest

from kiosk.domain.codes import Code
from kiosk.domain.eligibility import Coverage
from kiosk.domain.flow import Screen
from kiosk.services.card_reader import Proved, ToDesk

# The fixture's class lives in conftest.py, from which nothing can be imported.
Kiosk = Any


class WhileItIsJudged:
    """A roster that lets something happen once the chip was read and before anything is shown."""

    def __init__(self, roster: Any, happens: Callable[[], None]) -> None:
        self._roster = roster
        self._happens = happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._roster, name)

    def find(self, personal_number: str) -> Coverage | None:
        self._happens()
        found: Coverage | None = self._roster.find(personal_number)
        return found


def while_judged(kiosk: Kiosk, happens: Callable[[], None]) -> None:
    cover = kiosk.reader._card_reader._cover
    cover._source = WhileItIsJudged(cover._source, happens)


def test_the_next_card_on_the_confirmation_is_the_next_persons_visit(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    assert kiosk.digits("insured").screen is Screen.CONFIRM
    kiosk.take()
    view = kiosk.put("old")
    assert (view.screen, view.masked_name, view.rooms) == (Screen.DIGITS, "", ())
    kiosk.patient.choose_room("noi")
    assert kiosk.screen is Screen.DIGITS
    assert kiosk.staff.admissions() == ()
    assert kiosk.digits("old").masked_name == "NGUYỄN THỊ G**"
    kiosk.patient.choose_room("noi")
    assert [row.person.name for row in kiosk.staff.admissions()] == ["Nguyễn Thị Già"]


def test_a_card_exchanged_between_two_looks_is_the_next_persons_visit(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    kiosk.digits("insured")
    view = kiosk.put("old")
    assert (view.screen, view.masked_name) == (Screen.DIGITS, "")


def test_the_same_card_laid_down_again_begins_anew(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    kiosk.digits("insured")
    kiosk.take()
    assert kiosk.put("insured").screen is Screen.DIGITS
    assert kiosk.digits("insured").screen is Screen.CONFIRM


def test_without_the_card_a_name_stays_a_short_while_and_is_not_asked_for(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    kiosk.digits("insured")
    kiosk.take()
    kiosk.clock.advance(14)
    kiosk.patient.touch()
    kiosk.patient.more_time()
    assert kiosk.after(0.9).screen is Screen.CONFIRM
    view = kiosk.after(0.2)
    assert (view.screen, view.masked_name) == (Screen.ATTRACT, "")
    kiosk.patient.more_time()
    assert kiosk.screen is Screen.ATTRACT


def test_a_card_taken_late_does_not_prolong_the_confirmation(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    kiosk.digits("insured")
    kiosk.clock.advance(25)
    assert kiosk.take().screen is Screen.CONFIRM
    assert kiosk.after(5.1).screen is Screen.ATTRACT


def test_a_card_taken_at_the_question_whether_anyone_is_there_ends_the_visit(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    kiosk.digits("insured")
    assert kiosk.after(30.1).screen is Screen.STILL_THERE
    assert kiosk.take().screen is Screen.ATTRACT
    kiosk.patient.more_time()
    assert (kiosk.view.screen, kiosk.view.masked_name) == (Screen.ATTRACT, "")


def test_not_me_after_the_cards_were_exchanged_asks_nobody_to_take_a_card(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    kiosk.digits("insured")
    kiosk.take()
    kiosk.put("old")
    kiosk.patient.not_me()
    assert kiosk.screen is Screen.DIGITS


@pytest.mark.parametrize("seen_today", [False, True])
def test_a_card_exchanged_while_it_is_judged_shows_nothing_of_the_first(kiosk: Kiosk, seen_today: bool) -> None:
    if seen_today:
        kiosk.admit("insured")
        kiosk.clear()
    while_judged(kiosk, lambda: kiosk.bench.put(kiosk.card("old")))
    kiosk.put("insured")
    kiosk.patient.type_digits(kiosk.holders["insured"].can)
    kiosk.seen.clear()
    assert kiosk.turn().screen is Screen.DIGITS
    assert kiosk.turn(3).screen is Screen.DIGITS
    assert not [view for view in kiosk.seen if view.masked_name or view.ticket]


def test_a_card_lifted_while_it_is_judged_leaves_its_person_the_short_time(kiosk: Kiosk) -> None:
    while_judged(kiosk, kiosk.bench.take)
    kiosk.put("insured")
    assert kiosk.digits("insured").screen is Screen.CONFIRM
    assert kiosk.after(14.9).screen is Screen.CONFIRM
    assert kiosk.after(0.2).screen is Screen.ATTRACT


def test_a_reader_lost_while_a_card_is_judged_shows_nobody(kiosk: Kiosk) -> None:
    while_judged(kiosk, kiosk.bench.vanish)
    kiosk.put("insured")
    kiosk.patient.type_digits(kiosk.holders["insured"].can)
    view = kiosk.turn()
    assert (view.screen, view.desk.public_code) == (Screen.DESK, "E14")
    kiosk.bench.come_back()


def test_what_was_read_for_the_last_visit_is_nothing_to_the_next_one(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    kiosk.patient.type_digits(kiosk.holders["insured"].can)
    order = kiosk.patient.next_read()
    proved = kiosk.reader._outcome(order)
    assert isinstance(proved, Proved)
    kiosk.patient.stop()
    kiosk.patient.finished(order, proved)
    assert not kiosk.patient._machine.visit.masked_name
    kiosk.take()
    kiosk.put("old")
    kiosk.patient.type_digits(kiosk.holders["old"].can)
    assert kiosk.screen is Screen.READING
    kiosk.patient.step_done(order, 3)
    kiosk.patient.finished(order, proved)
    view = kiosk.view
    assert (view.screen, view.masked_name, view.steps_done) == (Screen.READING, "", 0)
    kiosk.patient.finished(order, ToDesk(code=Code.NOT_GENUINE))
    assert kiosk.screen is Screen.READING
    assert kiosk.staff.exceptions() == ()
    assert kiosk.turn().masked_name == "NGUYỄN THỊ G**"


def test_wrong_tries_leave_with_their_card(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    for _ in range(2):
        kiosk.patient.type_digits("123456")
        kiosk.turn()
    assert kiosk.view.tries_left == 1
    view = kiosk.take()
    assert (view.screen, view.tries_left, view.digits_wrong) == (Screen.DIGITS, 3, False)
    assert kiosk.put("old").tries_left == 3


def test_a_card_put_down_in_time_after_a_lost_reader_is_a_new_visit(kiosk: Kiosk) -> None:
    kiosk.put("insured")
    kiosk.digits("insured")
    kiosk.bench.vanish()
    assert kiosk.turn().screen is Screen.CONFIRM
    kiosk.bench.come_back()
    view = kiosk.turn()
    assert (view.screen, view.masked_name) == (Screen.DIGITS, "")
