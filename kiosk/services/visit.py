"""What the kiosk knows of the one visit that runs: all of it is dropped when the screen is cleared."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from idcard import Can, CardQr, ClaimedIdentity
from kiosk.domain.card_generation import CardGeneration, generation_of
from kiosk.domain.flow import Screen
from kiosk.domain.names import masked, number_tail
from kiosk.domain.outcomes import card_of
from kiosk.domain.route import Clinic, Room
from kiosk.domain.tickets import Ticket
from kiosk.services.card_reader import CardOutcome, Key, Proved, ToDesk
from kiosk.services.codes import code_digest
from kiosk.services.signed_codes import Confirmed
from kiosk.services.ticket_image import TicketImages
from kiosk.services.view import DeskView, RoomChoice, TicketView

_TOKEN_BYTES = 8
_DIGITS = 6


@dataclass(slots=True, repr=False)
class Visit:
    """One visit, from the first touch to the cleared screen.

    ``token`` is random: a page says with it whose screen it acted on. ``began`` is when somebody came, by the monotonic
    clock; ``recorded_as`` the id in the store, once there is one. ``portrait`` is the chip's face on its way to the
    desk, where the clinic's policy or the case asks for it, and nothing otherwise. ``readings`` counts how often a card
    was begun to be read, ``card`` is its generation as far as it is known, ``code`` the hash of the last code shown.
    """

    token: str = field(default_factory=lambda: secrets.token_hex(_TOKEN_BYTES))
    key: Key | None = None
    wrong_keys: int = 0
    torn: int = 0
    crowded: int = 0
    agreed: bool = False
    digits_wrong: bool = False
    steps_done: int = 0
    back: Screen = Screen.ATTRACT
    patience: int = 1
    proved: Proved | Confirmed | None = None
    rooms: tuple[RoomChoice, ...] = ()
    ticket: TicketView | None = None
    ticket_image: bytes | None = None
    ticket_id: str = ""
    no_paper: bool = False
    may_print: bool = False
    desk: DeskView | None = None
    called: str = ""
    began: float | None = None
    check_holder: bool = False
    portrait: bytearray | None = None
    recorded_as: str = ""
    readings: int = 0
    card: CardGeneration = CardGeneration.UNKNOWN
    code: bytes = b""

    def take_key(self, key: Key) -> None:
        """Open the card with this; a code that is printed on it says when it was issued."""
        self.key = key
        if isinstance(key, CardQr):
            self.code, self.card = code_digest(key.text.encode()), generation_of(key.issued)

    def take_outcome(self, outcome: CardOutcome) -> None:
        """Know of the card what its reading said of it; one that came to nothing says nothing."""
        if isinstance(outcome, Proved | ToDesk) and outcome.verdict is not None:
            said = card_of(outcome.verdict)
            self.card = self.card if said is CardGeneration.UNKNOWN else said

    @property
    def claim(self) -> ClaimedIdentity | None:
        """What the code that was shown says, where one was."""
        return self.key.claimed_identity() if isinstance(self.key, CardQr) else None

    @property
    def masked_name(self) -> str:
        """The proved or confirmed person's name as it may stand on the screen."""
        return "" if self.proved is None else masked(self.proved.identity.name)

    @property
    def birth_year(self) -> str:
        """The proved person's year of birth."""
        return "" if self.proved is None else f"{self.proved.identity.birth.year:04}"

    @property
    def number_tail(self) -> str:
        """The last three digits of the proved person's number."""
        return "" if self.proved is None else number_tail(self.proved.identity.personal_number)

    def take_portrait(self) -> bytearray | None:
        """The portrait, which this visit has no more; whoever takes it wipes it."""
        portrait, self.portrait = self.portrait, None
        return portrait

    def wipe(self) -> None:
        """Overwrite the portrait, where there is one."""
        wipe(self.take_portrait())

    def end_with(self, ticket: Ticket, room: Room, images: TicketImages) -> None:
        """Keep the ticket for the screen and the printer, and forget the person: it says all that is still needed."""
        name = self.masked_name
        self.ticket_id = ticket.visit_id
        self.ticket, self.ticket_image = ticket_view(ticket, room, name), images.png_or_none(ticket, room, name)
        self.proved = self.key = None


def wipe(image: bytearray | None) -> None:
    """Overwrite the bytes of an image with zeros."""
    if image is not None:
        image[:] = bytes(len(image))


def typed_key(digits: str) -> Can:
    """The key that the last six digits of a card's number are; anything else is a ValueError."""
    if not (len(digits) == _DIGITS and digits.isascii() and digits.isdigit()):
        raise ValueError("six digits are needed")
    return Can(digits)


def room_choice(room: Room, waiting: int = 0) -> RoomChoice:
    """A room as a choice on the screen."""
    return RoomChoice(
        id=room.id,
        name_vi=room.name_vi,
        name_en=room.name_en,
        place_vi=room.place_vi,
        place_en=room.place_en,
        waiting=waiting,
    )


def room_choices(clinic: Clinic, waiting: Mapping[str | None, int]) -> tuple[RoomChoice, ...]:
    """All rooms of a clinic as choices.

    :param waiting: how many people wait for a room, by its id.
    """
    return tuple(room_choice(room, waiting.get(room.id, 0)) for room in clinic.rooms)


def ticket_view(ticket: Ticket, room: Room, masked_name: str) -> TicketView:
    """A committed ticket as it stands on the screen."""
    return TicketView(
        number=ticket.number,
        room=room_choice(room),
        issued_at=ticket.local_time,
        waiting_before=ticket.waiting_before,
        check_code=ticket.check_code,
        masked_name=masked_name,
        again=ticket.again,
        priority=ticket.priority,
    )
