"""What each screen says aloud, as words of the catalogue with their values: one list for the ear and the announcer."""

from collections.abc import Callable, Iterator

from kiosk.domain.flow import Screen
from kiosk.services.view import RoomChoice, ScreenView, TicketView
from kiosk.web.common.voice import Own, Phrase, Said, Value
from kiosk.web.common.voice import said as said

STEPS = ("open", "read", "prove", "cover")
"""The named steps of reading, in order; the last words of the catalogue ids ``reading.step.…``."""


def counted(message: str, count: int) -> Phrase:
    """A word that has a form for one and a form for many; none of them has a word of its own."""
    return Phrase(message=message, count=count) if count else said(f"{message}.none")


def spoken(view: ScreenView, *, desk: int, hotline: bool, qr_lane: bool) -> tuple[Said, ...]:
    """What a screen says, in its order.

    :param desk: the number of the help desk. :param hotline: whether the clinic has one.
    """
    words = tuple(_SCREENS[view.screen](view, desk))
    lane = said("attract.qr") if view.screen is Screen.ATTRACT and view.reader_ok else said("digits.qr")
    if qr_lane and view.screen in (Screen.ATTRACT, Screen.DIGITS):
        words = (*words, lane)
    if hotline and view.screen in (Screen.CALLED, Screen.CLOSED):
        words = (*words, said("called.hotline.said"))
    return words


def hint_of(view: ScreenView) -> tuple[Said, ...]:
    """What is said when only the small notice on a screen is new."""
    return (said(f"hint.{view.hint}"),) if view.hint else ()


def room_words(room: RoomChoice) -> tuple[Said, ...]:
    """What the tile of a room says."""
    return (*_place(room), counted("room.waiting", room.waiting))


def _place(room: RoomChoice) -> tuple[Said, ...]:
    return (Own(vi=room.name_vi, en=room.name_en), Own(vi=room.place_vi, en=room.place_en))


def _attract(view: ScreenView, desk: int) -> Iterator[Said]:
    if view.reader_ok:
        yield from (said("attract.title"), said("attract.paper"))
    else:
        yield from (said("attract.reader_lost"), said("attract.reader_lost_text"))


def _child(view: ScreenView, desk: int) -> Iterator[Said]:
    yield from (said("child.title"), said("child.card"))
    if view.camera != "none":
        yield said("child.code")
    yield said("child.none")


def _digits(view: ScreenView, desk: int) -> Iterator[Said]:
    yield said("digits.seen")
    if view.digits_wrong:
        yield said("digits.wrong")
        if view.tries_left:
            yield counted("digits.tries", view.tries_left)
    yield said("digits.title")


def _reading(view: ScreenView, desk: int) -> Iterator[Said]:
    step = STEPS[min(view.steps_done, len(STEPS) - 1)]
    yield from (said("reading.title"), said(f"reading.step.{step}"))


def _confirm(view: ScreenView, desk: int) -> Iterator[Said]:
    yield said("confirm.title")
    year: Value = int(view.birth_year) if view.birth_year.isdigit() else view.birth_year
    yield Phrase(message="confirm.facts", values={"year": year, "tail": view.number_tail}, private=True)
    if view.covered:
        yield said("confirm.covered")
    yield said("confirm.go" if len(view.rooms) == 1 else "confirm.choose")


def _ticket(view: ScreenView, desk: int) -> Iterator[Said]:
    ticket = view.ticket
    on_paper = view.printer_ok and view.paper != "none"
    title = "ticket.title" if on_paper else "ticket.no_paper_title"
    yield said("ticket.again_title" if ticket is not None and ticket.again else title)
    if not view.printer_ok:
        yield said("ticket.no_paper")
    if not on_paper:
        yield said("ticket.remember")
    if ticket is not None:
        yield from _ticket_facts(ticket)
    if view.card_present:
        yield said("ticket.card")


def _ticket_facts(ticket: TicketView) -> Iterator[Said]:
    yield from (said("ticket.number.said", number=ticket.number), *_place(ticket.room))
    yield counted("ticket.before", ticket.waiting_before)
    if ticket.priority:
        yield said("ticket.priority")


def _desk(view: ScreenView, desk: int) -> Iterator[Said]:
    yield from (said("desk.title", desk=desk), said("desk.not_yet"))
    if view.desk is not None:
        yield from (said(f"desk.why.{view.desk.message}"), said("desk.staff"))
    yield from _number(view)


def _called(view: ScreenView, desk: int) -> Iterator[Said]:
    kind = "help" if view.desk is None else view.desk.message.value
    yield said(f"called.{kind}.title", **({"desk": desk} if kind == "child" else {}))
    if kind == "child":
        yield said("desk.not_yet")
    yield said(f"called.{kind}.text", **({"desk": desk} if kind == "help" else {}))
    yield from _number(view)


def _number(view: ScreenView) -> Iterator[Said]:
    if view.desk is not None and view.desk.ticket_number is not None:
        yield said("desk.number.said", number=view.desk.ticket_number)


def _fixed(*messages: str) -> Callable[[ScreenView, int], Iterator[Said]]:
    return lambda view, desk: iter([said(message) for message in messages])


_SCREENS: dict[Screen, Callable[[ScreenView, int], Iterator[Said]]] = {
    Screen.ATTRACT: _attract,
    Screen.CHILD: _child,
    Screen.CONSENT: _fixed("consent.title", "consent.text"),
    Screen.DIGITS: _digits,
    Screen.PLACE_CARD: _fixed("place.seen", "place.title"),
    Screen.SHOW_QR: _fixed("qr.title", "qr.text"),
    Screen.PUT_BACK: _fixed("back.title", "back.text"),
    Screen.ONE_CARD: _fixed("one.title", "one.text"),
    Screen.READING: _reading,
    Screen.CONFIRM: _confirm,
    Screen.TICKET: _ticket,
    Screen.TAKE_CARD: _fixed("take.title", "take.text"),
    Screen.DESK: _desk,
    Screen.STILL_THERE: _fixed("still.title", "still.text"),
    Screen.CALLED: _called,
    Screen.CLOSED: lambda view, desk: iter([said("desk.title", desk=desk), said("closed.text")]),
}
