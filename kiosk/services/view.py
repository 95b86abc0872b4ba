"""What a screen shows: one immutable snapshot of the visit, and the calls that a page may make.

A snapshot holds only what may stand on the screen: a masked name, a birth year, three digits. It still prints as
nothing, because even these belong on the screen and not in a log.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

from kiosk.domain.codes import DeskMessage as DeskMessage
from kiosk.domain.flow import Screen as Screen

Call = Literal["help", "child", "emergency"]
"""For what staff can be called from the screen."""

PaperMode = Literal["none", "browser", "own"]
"""Where tickets are printed: nowhere, by the browser at a tap, or by the kiosk's own printer without one."""

Hint = Literal["", "qr_unknown", "qr_asking", "closer", "steadier", "more_light"]
"""A small notice: a code is not the QR of a card, or the payer is asked, or how to hold one so that it can be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomChoice:
    """A room to choose. ``waiting``: people with a ticket for it who were not called yet."""

    id: str
    name_vi: str
    name_en: str
    place_vi: str
    place_en: str
    waiting: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TicketView:
    """A ticket on the screen. ``issued_at`` is local, ``HH:MM``; ``again``: the ticket of an earlier visit today."""

    number: int
    room: RoomChoice
    issued_at: str
    waiting_before: int
    check_code: str
    masked_name: str
    again: bool = False
    priority: bool = False

    def __repr__(self) -> str:
        return f"TicketView(number={self.number})"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskView:
    """The way to the desk. ``public_code`` never tells a forged card from an unknown one."""

    desk: int
    public_code: str
    message: DeskMessage
    ticket_number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ScreenView:
    """One snapshot.

    ``visit`` is a random word for the visit that it is of: what is done on this screen is done in that visit or not.
    ``steps_done`` (0 to 4) counts the named steps of reading: open, read, prove, insurance. Personal fields are
    filled on CONFIRM only, ``ticket`` on TICKET only, ``desk`` on DESK, CALLED and CLOSED. ``seconds_left`` is what
    remains of the screen's limit when the snapshot was made, or None where it has none. ``printer_ok`` is False where
    no paper comes that was to come; ``may_print``: somebody who came back may have it printed once more.
    """

    version: int
    screen: Screen
    visit: str = ""
    card_present: bool = False
    steps_done: int = 0
    tries_left: int | None = None
    digits_wrong: bool = False
    masked_name: str = ""
    birth_year: str = ""
    number_tail: str = ""
    covered: bool = False
    rooms: tuple[RoomChoice, ...] = ()
    ticket: TicketView | None = None
    desk: DeskView | None = None
    hint: Hint = ""
    reader_ok: bool = True
    printer_ok: bool = True
    paper: PaperMode = "browser"
    may_print: bool = False
    camera: str = "none"
    seconds_left: float | None = None

    def __repr__(self) -> str:
        return f"ScreenView(version={self.version}, screen={self.screen})"


class OtherVisit(Exception):
    """What was done belongs to a visit that is over: its screen was not taken away yet."""


class PatientScreens(Protocol):
    """The calls that the patient's pages may make; :class:`kiosk.services.patient_desk.PatientDesk` answers them.

    A call that does not fit the present screen does nothing. All are safe from any thread.
    """

    def view(self) -> ScreenView:
        """The present snapshot."""

    def wait(self, after: int, timeout_s: float) -> ScreenView:
        """The first snapshot whose version is greater than ``after``, or the present one after ``timeout_s``."""

    def in_visit(self, visit: str) -> AbstractContextManager[None]:
        """Act in this visit: it neither ends nor begins by itself until the block is left.

        :raises OtherVisit: if it is not the present one.
        """

    def type_digits(self, digits: str, tries_left: int | None = None) -> None:
        """Take the last six digits of the card number; anything else is a ValueError.

        :param tries_left: how many tries the screen promised on which they were typed. Digits that were sent a second
            time, because no answer came, must not count as a second try. None: it is not known.
        """

    def show_image(self, image: bytes, visit: str | None = None) -> None:
        """Take a camera frame (JPEG or PNG) and look for the QR of a card.

        :param visit: the visit in which the frame was taken; the present one where it is not said.
        :raises OtherVisit: if that is not the present one.
        """

    def show_code(self, scanned: str, visit: str | None = None) -> None:
        """Take the text that a scanner read, in the same way."""

    def choose_room(self, room_id: str) -> None:
        """Admit the person to a room; an unknown room is a ValueError."""

    def for_child(self) -> None:
        """Somebody comes with a child."""

    def agree(self) -> None:
        """The person agrees to the reading."""

    def disagree(self) -> None:
        """The person does not: the desk helps, and nothing is read."""

    def no_qr(self) -> None:
        """The person has no QR to show."""

    def no_card(self) -> None:
        """The person has no card to put down."""

    def not_me(self) -> None:
        """The person on the screen is somebody else."""

    def stop(self) -> None:
        """End the visit and forget it."""

    def print_ticket(self) -> None:
        """Print the ticket of somebody who came back once more."""

    def acknowledge(self) -> None:
        """The ticket, or the way to the desk, was seen."""

    def touch(self) -> None:
        """Somebody touches the screen: the idle time starts anew."""

    def more_time(self) -> None:
        """Go on, with doubled limits for this visit."""

    def call_staff(self, what: Call) -> None:
        """Call staff."""

    def ticket_image(self) -> bytes | None:
        """The ticket on the screen as a PNG for the printer (576 px wide, 1 bit), or None."""
