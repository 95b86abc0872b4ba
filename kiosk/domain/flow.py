"""The visit as a table of screens and events: this table is what runs, and what the manual draws.

Theory of operation. :func:`step` looks up (screen, event). A pair that is not in the table is ignored: the screen
stays and nothing happens. Five targets depend on where the card is or where the visit came from, and are resolved in
:func:`step` alone: ``KEY`` (ask for leave where the clinic wants that, then read, or ask for the card), ``REST`` (the
machine is free again), ``WARN`` (ask whether anyone is still here, or be free where a card that was read is gone),
``BACK`` (the screen behind that question) and ``RESUME`` (the same, unless a person stands on that screen: a card or a
code that comes now may be somebody else's).
Effects are names; the service performs them.

Whose name may stand there is told by the card. Once it has left the confirmation, the time is short, the question
"is anyone still here?" does not bring the name back, and the next card that is put down ends the visit and begins its
own. A card that takes the place of one that is being read does the same.
"""

from dataclasses import dataclass
from enum import StrEnum


class Screen(StrEnum):
    """What the patient sees."""

    ATTRACT = "attract"
    CHILD = "child"
    CONSENT = "consent"
    DIGITS = "digits"
    PLACE_CARD = "place_card"
    SHOW_QR = "show_qr"
    PUT_BACK = "put_back"
    ONE_CARD = "one_card"
    READING = "reading"
    CONFIRM = "confirm"
    TICKET = "ticket"
    TAKE_CARD = "take_card"
    DESK = "desk"
    STILL_THERE = "still_there"
    CALLED = "called"
    CLOSED = "closed"


class Event(StrEnum):
    """What can happen to a visit."""

    CARD_DOWN = "card_down"
    CARD_GONE = "card_gone"
    CARD_SEEN = "card_seen"
    """A closed reader has a card, and reads it by itself: where it lies is not told."""
    KEY_GIVEN = "key_given"
    """Six digits were typed, or the QR of a card was shown."""
    FOR_CHILD = "for_child"
    """Somebody comes with a child."""
    AGREED = "agreed"
    """The person agrees to the reading, where the clinic asks for that."""
    DISAGREED = "disagreed"
    CROWDED = "crowded"
    """Something lies on the reader, and no single card answers."""
    LOOK_AGAIN = "look_again"
    """It is time to see whether one card lies there now."""
    WRONG_KEY = "wrong_key"
    """The chip did not open, and there are tries left."""
    PACE_REFUSED = "pace_refused"
    """The chip wants the key that only its QR can give."""
    CARD_TORN = "card_torn"
    """The card left while it was read, and there are tries left."""
    PROVED = "proved"
    """The card is genuine and the person covered."""
    CODE_CONFIRMED = "code_confirmed"
    """The payer confirmed whom a signed code names, and the clinic's policy admits on that."""
    ADMITTED = "admitted"
    """The admission is committed."""
    SEEN_TODAY = "seen_today"
    """The person has a ticket of today."""
    SENT_TO_DESK = "sent_to_desk"
    """A person must help; the desk ticket is committed."""
    NO_QR = "no_qr"
    NO_CARD = "no_card"
    NOT_ME = "not_me"
    STOPPED = "stopped"
    ACKNOWLEDGED = "acknowledged"
    MORE_TIME = "more_time"
    STAFF_CALLED = "staff_called"
    """Help, a child or an emergency."""
    TIME_UP = "time_up"
    """The limit of the screen has passed."""
    STORE_FAILED = "store_failed"
    STORE_BACK = "store_back"


class Effect(StrEnum):
    """What the service does on the way."""

    CLEAR = "clear"
    """Forget everything of this visit."""
    START_READ = "start_read"
    CANCEL_READ = "cancel_read"
    REMEMBER = "remember"
    """Keep this screen, to come back to it."""
    EXTEND = "extend"
    """Double the limits for the rest of this visit."""
    REPEAT = "repeat"
    """The event counts once more, on the screen that follows."""
    SHORTEN = "shorten"
    """The screen need not stay for its whole time any more."""


class Limit(StrEnum):
    """The clocks; their seconds are configuration."""

    IDLE = "idle"
    WARN = "warn"
    TICKET = "ticket"
    PUT_BACK = "put_back"
    READING = "reading"
    DESK = "desk"
    CROWDED = "crowded"
    LEFT = "left"
    """How long a card may lie there alone before staff are told."""


class Card(StrEnum):
    """What lies on the reader."""

    NONE = "none"
    OLD = "old"
    """The card of the visit that runs or has just ended."""
    NEW = "new"
    """A card that was put down after the visit's end was shown: somebody else's turn has begun."""


class Choice(StrEnum):
    """Targets that depend on more than the table."""

    KEY = "key"
    REST = "rest"
    WARN = "warn"
    BACK = "back"
    RESUME = "resume"


@dataclass(frozen=True, slots=True)
class Rule:
    """Where an event leads, and what is done on the way."""

    target: Screen | Choice
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """A step that was taken: the screen that follows and the effects to perform, in order."""

    screen: Screen
    effects: tuple[Effect, ...] = ()


TRIES = 3
"""How often digits may be wrong, and how often a card may be torn away, before a person helps."""

CROWDED_TRIES = 8
"""How often the kiosk looks by itself whether one card lies there alone, before a person helps."""

_REMEMBERED = (Effect.REMEMBER,)
_CLEARED = Rule(Choice.REST, (Effect.CLEAR,))
_CANCELLED = Rule(Choice.REST, (Effect.CANCEL_READ, Effect.CLEAR))
_KEY = Rule(Choice.KEY)
_DESK = Rule(Screen.DESK)
_READ = Rule(Screen.READING, (Effect.START_READ,))
_SEEN = Rule(Screen.READING)
_SEEN_ANEW = Rule(Screen.READING, (Effect.CANCEL_READ, Effect.CLEAR))
_WARN = Rule(Screen.STILL_THERE, _REMEMBERED)
_RESUME = Rule(Choice.RESUME, (Effect.REPEAT,))

_OWN: dict[Screen, dict[Event, Rule]] = {
    Screen.ATTRACT: {
        Event.CARD_DOWN: Rule(Screen.DIGITS),
        Event.CARD_SEEN: _SEEN,
        Event.KEY_GIVEN: _KEY,
        Event.FOR_CHILD: Rule(Screen.CHILD),
        Event.CODE_CONFIRMED: Rule(Screen.CONFIRM),
        Event.SENT_TO_DESK: _DESK,
    },
    Screen.CHILD: {
        Event.CARD_DOWN: Rule(Screen.DIGITS),
        Event.CARD_SEEN: _SEEN,
        Event.KEY_GIVEN: _KEY,
        Event.SENT_TO_DESK: _DESK,
        Event.STOPPED: _CLEARED,
        Event.TIME_UP: _WARN,
    },
    Screen.CONSENT: {
        Event.AGREED: _KEY,
        Event.DISAGREED: _DESK,
        Event.CARD_GONE: _CLEARED,
        Event.SENT_TO_DESK: _DESK,
        Event.STOPPED: _CLEARED,
        Event.TIME_UP: _WARN,
    },
    Screen.DIGITS: {
        # Wrong tries and typed digits leave with their card: who comes next begins anew.
        Event.CARD_GONE: Rule(Screen.DIGITS, (Effect.CLEAR,)),
        Event.KEY_GIVEN: _KEY,
        Event.SENT_TO_DESK: _DESK,
        Event.STOPPED: _CLEARED,
        Event.TIME_UP: _WARN,
    },
    Screen.PLACE_CARD: {
        Event.CARD_DOWN: _READ,
        Event.CARD_SEEN: _SEEN,
        Event.KEY_GIVEN: _KEY,
        Event.NO_CARD: _DESK,
        Event.SENT_TO_DESK: _DESK,
        Event.STOPPED: _CLEARED,
        Event.TIME_UP: _WARN,
    },
    Screen.SHOW_QR: {
        Event.KEY_GIVEN: _KEY,
        Event.NO_QR: _DESK,
        Event.SENT_TO_DESK: _DESK,
        Event.STOPPED: _CLEARED,
        Event.TIME_UP: _WARN,
    },
    Screen.PUT_BACK: {
        Event.CARD_DOWN: _READ,
        Event.CARD_SEEN: _SEEN,
        Event.SENT_TO_DESK: _DESK,
        Event.STOPPED: _CLEARED,
        Event.TIME_UP: _CLEARED,
    },
    Screen.ONE_CARD: {
        Event.CARD_DOWN: _READ,
        Event.LOOK_AGAIN: _READ,
        Event.SENT_TO_DESK: _DESK,
        Event.STOPPED: _CLEARED,
        Event.TIME_UP: _CLEARED,
    },
    Screen.READING: {
        Event.CROWDED: Rule(Screen.ONE_CARD),
        Event.PROVED: Rule(Screen.CONFIRM),
        Event.SEEN_TODAY: Rule(Screen.TICKET),
        Event.WRONG_KEY: Rule(Screen.DIGITS),
        Event.PACE_REFUSED: Rule(Screen.SHOW_QR),
        Event.CARD_TORN: Rule(Screen.PUT_BACK),
        Event.CARD_DOWN: _CANCELLED,
        Event.CARD_SEEN: _SEEN_ANEW,
        Event.SENT_TO_DESK: _DESK,
        Event.STOPPED: _CANCELLED,
        Event.TIME_UP: Rule(Screen.DESK, (Effect.CANCEL_READ,)),
    },
    Screen.CONFIRM: {
        Event.ADMITTED: Rule(Screen.TICKET),
        Event.SEEN_TODAY: Rule(Screen.TICKET),
        Event.SENT_TO_DESK: _DESK,
        Event.CARD_GONE: Rule(Screen.CONFIRM, (Effect.SHORTEN,)),
        Event.CARD_DOWN: _CLEARED,
        Event.CARD_SEEN: _SEEN_ANEW,
        Event.NOT_ME: _CLEARED,
        Event.STOPPED: _CLEARED,
        Event.TIME_UP: Rule(Choice.WARN, _REMEMBERED),
    },
    Screen.TICKET: {
        Event.CARD_GONE: Rule(Screen.TICKET, (Effect.SHORTEN,)),
        Event.ACKNOWLEDGED: _CLEARED,
        Event.STOPPED: _CLEARED,
        Event.TIME_UP: _CLEARED,
    },
    Screen.TAKE_CARD: {
        Event.CARD_GONE: Rule(Screen.ATTRACT),
        # Staff are told; the card is called out for as long as it lies there.
        Event.TIME_UP: Rule(Screen.TAKE_CARD),
    },
    Screen.DESK: {
        Event.ACKNOWLEDGED: _CLEARED,
        Event.STOPPED: _CLEARED,
        Event.TIME_UP: _CLEARED,
    },
    Screen.STILL_THERE: {
        Event.MORE_TIME: Rule(Choice.BACK, (Effect.EXTEND,)),
        Event.CARD_GONE: _CLEARED,
        Event.CARD_DOWN: _RESUME,
        Event.CARD_SEEN: _SEEN_ANEW,
        Event.KEY_GIVEN: _RESUME,
        Event.SENT_TO_DESK: _DESK,
        Event.STOPPED: _CLEARED,
        Event.TIME_UP: _CLEARED,
    },
    Screen.CALLED: {
        Event.ACKNOWLEDGED: _CLEARED,
        Event.STOPPED: _CLEARED,
        Event.TIME_UP: _CLEARED,
    },
    Screen.CLOSED: {
        Event.STORE_BACK: Rule(Choice.REST),
    },
}

_STOP_ALL = (Effect.CANCEL_READ, Effect.CLEAR)
EVERYWHERE: dict[Event, Rule] = {
    Event.STAFF_CALLED: Rule(Screen.CALLED, _STOP_ALL),
    Event.STORE_FAILED: Rule(Screen.CLOSED, _STOP_ALL),
}
"""What holds on every open screen."""


def _whole_table() -> dict[tuple[Screen, Event], Rule]:
    """Every rule; the two that hold on every open screen are written once above."""
    table = {(screen, event): rule for screen, rules in _OWN.items() for event, rule in rules.items()}
    for screen in set(Screen) - {Screen.CLOSED}:
        table.update({(screen, event): rule for event, rule in EVERYWHERE.items()})
    return table


TABLE = _whole_table()

LIMITS: dict[Screen, Limit] = {
    Screen.CHILD: Limit.IDLE,
    Screen.CONSENT: Limit.IDLE,
    Screen.DIGITS: Limit.IDLE,
    Screen.PLACE_CARD: Limit.IDLE,
    Screen.SHOW_QR: Limit.IDLE,
    Screen.CONFIRM: Limit.IDLE,
    Screen.STILL_THERE: Limit.WARN,
    Screen.TICKET: Limit.TICKET,
    Screen.PUT_BACK: Limit.PUT_BACK,
    Screen.ONE_CARD: Limit.CROWDED,
    Screen.TAKE_CARD: Limit.LEFT,
    Screen.READING: Limit.READING,
    Screen.DESK: Limit.DESK,
    Screen.CALLED: Limit.DESK,
}
"""Which clock runs on which screen; the others wait for ever."""


def accepts(screen: Screen, event: Event) -> bool:
    """Whether the table has a rule for this event on this screen."""
    return (screen, event) in TABLE


def step(
    screen: Screen,
    event: Event,
    *,
    card: Card = Card.NONE,
    back: Screen = Screen.ATTRACT,
    must_ask: bool = False,
) -> Step | None:
    """The step that an event leads to, or None where it is ignored.

    :param card: what lies on the reader.
    :param back: the screen that :attr:`Effect.REMEMBER` kept.
    :param must_ask: whether the person must agree before anything is read, and has not yet.
    """
    rule = TABLE.get((screen, event))
    if rule is None:
        return None
    match rule.target:
        case Choice.KEY if must_ask:
            return Step(Screen.CONSENT, rule.effects)
        case Choice.KEY if card is Card.NONE:
            return Step(Screen.PLACE_CARD, rule.effects)
        case Choice.KEY:
            return Step(Screen.READING, (*rule.effects, Effect.START_READ))
        case Choice.REST:
            return Step(resting_screen(card), rule.effects)
        case Choice.WARN if card is not Card.NONE:
            return Step(Screen.STILL_THERE, rule.effects)
        case Choice.WARN:
            return Step(resting_screen(card), (Effect.CLEAR,))
        case Choice.BACK if back is Screen.CONFIRM and card is Card.NONE:
            return Step(resting_screen(card), (Effect.CLEAR,))
        case Choice.RESUME if back is Screen.CONFIRM:
            return Step(resting_screen(card), (Effect.CLEAR, *rule.effects))
        case Choice.BACK | Choice.RESUME:
            return Step(back, rule.effects)
        case Screen() as target:
            return Step(target, rule.effects)


def resting_screen(card: Card) -> Screen:
    """The screen of a machine that is free again: a card left behind is not a new visit, a new card is."""
    return {Card.NONE: Screen.ATTRACT, Card.OLD: Screen.TAKE_CARD, Card.NEW: Screen.DIGITS}[card]
