"""The table of the visit, stated a second time: every screen, every event."""

import itertools

import pytest

from kiosk.domain import flow
from kiosk.domain.flow import Card, Effect, Event, Screen
from kiosk.domain.flow_diagram import mermaid

# One row a screen: "event>target" and /effects. key, rest, warn, back, resume depend on the card or the screen behind.
EXPECTED = """
attract: card_down>digits key_given>key sent_to_desk>desk for_child>child code_confirmed>confirm
child: card_down>digits key_given>key sent_to_desk>desk stopped>rest/clear time_up>still_there/remember
consent: agreed>key disagreed>desk card_gone>rest/clear sent_to_desk>desk stopped>rest/clear
consent: time_up>still_there/remember
one_card: card_down>reading/start_read look_again>reading/start_read sent_to_desk>desk stopped>rest/clear
one_card: time_up>rest/clear
reading: crowded>one_card
digits: key_given>key sent_to_desk>desk stopped>rest/clear time_up>still_there/remember card_gone>digits/clear
place_card: card_down>reading/start_read key_given>key no_card>desk sent_to_desk>desk stopped>rest/clear
place_card: time_up>still_there/remember
show_qr: key_given>key no_qr>desk sent_to_desk>desk stopped>rest/clear time_up>still_there/remember
put_back: card_down>reading/start_read sent_to_desk>desk stopped>rest/clear time_up>rest/clear
reading: proved>confirm seen_today>ticket wrong_key>digits pace_refused>show_qr card_torn>put_back sent_to_desk>desk
reading: stopped>rest/cancel_read/clear time_up>desk/cancel_read card_down>rest/cancel_read/clear
confirm: admitted>ticket seen_today>ticket not_me>rest/clear stopped>rest/clear time_up>warn/remember
confirm: card_gone>confirm/shorten card_down>rest/clear sent_to_desk>desk
ticket: card_gone>ticket/shorten acknowledged>rest/clear stopped>rest/clear time_up>rest/clear
take_card: card_gone>attract time_up>take_card
desk: acknowledged>rest/clear stopped>rest/clear time_up>rest/clear
still_there: more_time>back/extend card_down>resume/repeat key_given>resume/repeat sent_to_desk>desk
still_there: stopped>rest/clear time_up>rest/clear card_gone>rest/clear
called: acknowledged>rest/clear stopped>rest/clear time_up>rest/clear
closed: store_back>rest
attract: card_seen>reading
child: card_seen>reading
place_card: card_seen>reading
put_back: card_seen>reading
reading: card_seen>reading/cancel_read/clear
confirm: card_seen>reading/cancel_read/clear
still_there: card_seen>reading/cancel_read/clear
"""
ALL = list(itertools.product(Screen, Event))


def expected() -> dict[tuple[str, str], tuple[str, tuple[str, ...]]]:
    rules: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {}
    for line in EXPECTED.strip().splitlines():
        screen, _, cells = line.partition(": ")
        for cell in cells.split():
            event, _, way = cell.partition(">")
            target, *effects = way.split("/")
            rules[screen, event] = (target, tuple(effects))
    for screen in Screen:
        if screen is not Screen.CLOSED:
            rules[screen, "staff_called"] = ("called", ("cancel_read", "clear"))
            rules[screen, "store_failed"] = ("closed", ("cancel_read", "clear"))
    return rules


@pytest.mark.parametrize(("screen", "event"), ALL)
def test_every_pair_has_the_rule_that_is_written_here_or_is_ignored(screen: Screen, event: Event) -> None:
    rule = expected().get((screen, event))
    taken = flow.step(screen, event)
    assert flow.accepts(screen, event) == (rule is not None)
    if rule is None:
        assert taken is None
    else:
        assert (str(flow.TABLE[screen, event].target), flow.TABLE[screen, event].effects) == rule
        assert taken is not None


@pytest.mark.parametrize("card", Card)
def test_every_rule_leads_to_a_screen_whatever_lies_on_the_reader(card: Card) -> None:
    behind = (Screen.CHILD, Screen.CONSENT, Screen.DIGITS, Screen.PLACE_CARD, Screen.SHOW_QR, Screen.CONFIRM)
    for (screen, event), back in itertools.product(flow.TABLE, behind):
        taken = flow.step(screen, event, card=card, back=back)
        assert taken is not None
        assert taken.screen in Screen


@pytest.mark.parametrize(
    ("card", "screen", "effects"),
    [
        (Card.NONE, Screen.PLACE_CARD, ()),
        (Card.OLD, Screen.READING, (Effect.START_READ,)),
        (Card.NEW, Screen.READING, (Effect.START_READ,)),
    ],
)
def test_a_key_is_used_at_once_where_a_card_lies(card: Card, screen: Screen, effects: tuple[Effect, ...]) -> None:
    assert flow.step(Screen.SHOW_QR, Event.KEY_GIVEN, card=card) == flow.Step(screen, effects)


@pytest.mark.parametrize("card", Card)
def test_where_the_clinic_asks_first_nothing_is_read_before(card: Card) -> None:
    for screen in (Screen.ATTRACT, Screen.CHILD, Screen.DIGITS, Screen.PLACE_CARD, Screen.SHOW_QR):
        assert flow.step(screen, Event.KEY_GIVEN, card=card, must_ask=True) == flow.Step(Screen.CONSENT)


@pytest.mark.parametrize(
    ("card", "screen"),
    [(Card.NONE, Screen.ATTRACT), (Card.OLD, Screen.TAKE_CARD), (Card.NEW, Screen.DIGITS)],
)
def test_a_card_left_behind_is_no_new_visit(card: Card, screen: Screen) -> None:
    assert flow.step(Screen.TICKET, Event.TIME_UP, card=card) == flow.Step(screen, (Effect.CLEAR,))


def test_who_left_with_the_card_is_not_asked_and_does_not_come_back() -> None:
    cleared = flow.Step(Screen.ATTRACT, (Effect.CLEAR,))
    assert flow.step(Screen.CONFIRM, Event.TIME_UP) == cleared
    assert flow.step(Screen.STILL_THERE, Event.MORE_TIME, back=Screen.CONFIRM) == cleared
    asked = flow.step(Screen.CONFIRM, Event.TIME_UP, card=Card.OLD)
    assert asked == flow.Step(Screen.STILL_THERE, (Effect.REMEMBER,))


@pytest.mark.parametrize("screen", [Screen.CONFIRM, Screen.READING])
def test_a_new_card_ends_the_visit_before_it(screen: Screen) -> None:
    taken = flow.step(screen, Event.CARD_DOWN, card=Card.NEW)
    assert taken is not None
    assert taken.screen is Screen.DIGITS
    assert Effect.CLEAR in taken.effects


def test_more_time_comes_back_to_the_person_but_a_new_card_does_not() -> None:
    more = flow.step(Screen.STILL_THERE, Event.MORE_TIME, card=Card.OLD, back=Screen.CONFIRM)
    card = flow.step(Screen.STILL_THERE, Event.CARD_DOWN, card=Card.NEW, back=Screen.CONFIRM)
    assert more == flow.Step(Screen.CONFIRM, (Effect.EXTEND,))
    assert card == flow.Step(Screen.DIGITS, (Effect.CLEAR, Effect.REPEAT))


def test_a_card_brings_back_a_screen_that_shows_nobody() -> None:
    taken = flow.step(Screen.STILL_THERE, Event.CARD_DOWN, card=Card.NEW, back=Screen.PLACE_CARD)
    assert taken == flow.Step(Screen.PLACE_CARD, (Effect.REPEAT,))


def test_every_screen_of_a_visit_ends_by_itself() -> None:
    waiting_for_ever = set(Screen) - set(flow.LIMITS)
    assert waiting_for_ever == {Screen.ATTRACT, Screen.CLOSED}
    assert all(flow.accepts(screen, Event.TIME_UP) for screen in flow.LIMITS)


def test_every_screen_can_be_reached_and_left() -> None:
    reached = {
        taken.screen
        for (screen, event), card, must_ask in itertools.product(flow.TABLE, Card, (False, True))
        for taken in [flow.step(screen, event, card=card, back=Screen.DIGITS, must_ask=must_ask)]
        if taken is not None and taken.screen is not screen
    }
    left = {screen for screen, _ in flow.TABLE}
    assert reached == left == set(Screen)


def test_the_diagram_draws_every_rule() -> None:
    drawn = mermaid()
    assert drawn.startswith("stateDiagram-v2\n")
    for (screen, event), (target, _) in expected().items():
        if event not in ("staff_called", "store_failed") and target not in ("back", "resume"):
            assert f"    {screen} --> {target}: {event.replace('_', ' ')}\n" in drawn
    assert "    still_there --> confirm: more time\n" in drawn
    assert "    still_there --> confirm: card down\n" not in drawn
