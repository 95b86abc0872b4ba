"""The morning's self-test: every part is looked at, the test card is read, and nothing of it is a visit."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from kiosk.domain.flow import Screen
from kiosk.domain.self_test import CARD_WITHIN_S, PASSED_FOR, Outcome, Step, StepResult
from kiosk.keys import PersonTags
from kiosk.services.self_test import NoSuchKiosk, SelfTests, TestCards
from kiosk.services.self_test_thread import SelfTestThread
from kiosk.store.device_tables import TestCard
from kiosk.store.tables import Visit

# The fixture's class lives in conftest.py, from which nothing can be imported.
Kiosk = Any
TAGS = PersonTags(bytes([2] * 32))
WITHOUT_CARD = tuple(step for step in Step if step is not Step.CARD)


@dataclass
class Testing:
    """A kiosk with its tests; ``probes`` may be changed."""

    __test__ = False

    kiosk: Kiosk
    tests: SelfTests
    thread: SelfTestThread
    cards: TestCards
    probes: dict[Step, Callable[[], tuple[Outcome, str]]]

    def order(self) -> str:
        test = self.tests.order("kiosk-1", by="lan")
        self.thread.turn()
        return test

    def outcomes(self, test: str) -> dict[Step, Outcome]:
        return {result.step: result.outcome for result in self.tests.get(test).steps}


@pytest.fixture
def testing(kiosk: Kiosk) -> Testing:
    probes = {step: (lambda: (Outcome.OK, "")) for step in WITHOUT_CARD}
    cards = TestCards(kiosk.database, clinic="36001", clock=kiosk.clock)
    thread = SelfTestThread(
        database=kiosk.database,
        device="kiosk-1",
        clock=kiosk.clock,
        probes=probes,
        cards=cards,
        tag_of=TAGS.test_card_tag,
    )
    kiosk.reader._card_reader._tests = thread.takes
    kiosk.checkin.report("kiosk", {"ok": True})
    cards.register(TAGS.test_card_tag(kiosk.holders["insured"].personal_number), by="lan")
    tests = SelfTests(kiosk.database, clinic="36001", device="desk-1", clock=kiosk.clock)
    return Testing(kiosk=kiosk, tests=tests, thread=thread, cards=cards, probes=probes)


def visits(kiosk: Kiosk) -> int:
    with kiosk.database.read() as session:
        return session.query(Visit).count()


def test_a_whole_test_passes_and_leaves_no_visit_and_no_number(testing: Testing) -> None:
    kiosk = testing.kiosk
    test = testing.order()
    assert testing.tests.get(test).state == "running"
    assert testing.outcomes(test)[Step.CARD] is Outcome.WAITING
    kiosk.put("insured")
    assert kiosk.digits("insured").screen is Screen.TAKE_CARD
    assert kiosk.take().screen is Screen.ATTRACT
    testing.thread.turn()
    row = testing.tests.get(test)
    assert (row.state, set(testing.outcomes(test).values())) == ("passed", {Outcome.OK})
    assert visits(kiosk) == 0
    assert kiosk.staff.exceptions() == ()
    assert kiosk.admit("old").ticket.number == 1, "no number was used up"


def test_the_same_card_is_a_visit_where_no_test_waits(testing: Testing) -> None:
    assert testing.kiosk.admit("insured").screen is Screen.TICKET
    testing.kiosk.clear()
    test = testing.order()
    testing.kiosk.put("insured")
    testing.kiosk.digits("insured")
    testing.thread.turn()
    assert testing.tests.get(test).state == "passed"
    assert visits(testing.kiosk) == 1


def test_other_peoples_cards_are_visits_while_a_test_waits(testing: Testing) -> None:
    test = testing.order()
    assert testing.kiosk.admit("old").screen is Screen.TICKET
    testing.thread.turn()
    assert testing.tests.get(test).state == "running"


def test_a_test_card_that_proves_nobody_is_a_fault_and_no_suspicion(testing: Testing, issuer: Any) -> None:
    """An expired card is as good an example of a verdict that is not met as any."""
    kiosk = testing.kiosk
    testing.cards.register(TAGS.test_card_tag(kiosk.holders["expired"].personal_number), by="lan")
    test = testing.order()
    kiosk.put("expired")
    assert kiosk.digits("expired").screen is Screen.TAKE_CARD
    testing.thread.turn()
    row = testing.tests.get(test)
    assert row.state == "failed"
    assert row.steps[-1] == StepResult(step=Step.CARD, outcome=Outcome.FAULT, reason="E06")
    assert visits(kiosk) == 0


def test_without_a_card_the_test_fails_in_the_end(testing: Testing) -> None:
    test = testing.order()
    testing.kiosk.clock.advance(CARD_WITHIN_S - 1)
    testing.thread.turn()
    assert testing.tests.get(test).state == "running"
    testing.kiosk.clock.advance(1)
    testing.thread.turn()
    row = testing.tests.get(test)
    assert (row.state, row.steps[-1].reason) == ("failed", "no_card")
    testing.kiosk.put("insured")
    assert testing.kiosk.digits("insured").screen is Screen.CONFIRM


@pytest.mark.parametrize("step", WITHOUT_CARD)
def test_one_part_that_fails_fails_the_test_and_no_other_part(testing: Testing, step: Step) -> None:
    def broken() -> tuple[Outcome, str]:
        raise OSError("broken")

    testing.probes[step] = broken
    test = testing.order()
    outcomes = testing.outcomes(test)
    assert {found for found, outcome in outcomes.items() if outcome is Outcome.FAULT} == {step}
    testing.kiosk.put("insured")
    testing.kiosk.digits("insured")
    testing.thread.turn()
    assert testing.tests.get(test).state == "failed"


def test_a_part_that_is_not_there_is_no_fault(testing: Testing) -> None:
    del testing.probes[Step.LIGHT]
    test = testing.order()
    assert testing.outcomes(test)[Step.LIGHT] is Outcome.ABSENT


def test_a_passed_test_speaks_for_a_day(testing: Testing) -> None:
    assert testing.tests.ready() == {"kiosk-1": False}
    test = testing.order()
    testing.kiosk.put("insured")
    testing.kiosk.digits("insured")
    testing.thread.turn()
    assert testing.tests.ready() == {"kiosk-1": True}
    assert [row.id for row in testing.tests.last()] == [test]
    testing.kiosk.clock.advance(PASSED_FOR.total_seconds() + 1)
    assert testing.tests.ready() == {"kiosk-1": False}


def test_a_second_order_gives_the_first_one_up(testing: Testing) -> None:
    first = testing.order()
    second = testing.order()
    assert testing.tests.get(first).state == "failed"
    assert testing.tests.get(second).state == "running"


def test_a_kiosk_that_never_spoke_cannot_be_tested(testing: Testing) -> None:
    with pytest.raises(NoSuchKiosk):
        testing.tests.order("kiosk-9", by="lan")
    assert testing.tests.get("nothing") is None


def test_a_test_card_is_a_keyed_hash_and_can_be_forgotten(testing: Testing) -> None:
    number = testing.kiosk.holders["insured"].personal_number
    assert number.encode() not in testing.kiosk.rest()
    with testing.kiosk.database.read() as session:
        (row,) = session.query(TestCard)
        assert row.tag == TAGS.test_card_tag(number) != TAGS.roster_tag(number)
    assert testing.cards.forget_all() == 1
    testing.order()
    testing.kiosk.put("insured")
    assert testing.kiosk.digits("insured").screen is Screen.CONFIRM
