"""Tickets and the day they count in."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

VIETNAM_TIME = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
"""Vietnam's time: seven hours before UTC all year, so no table of time zones is needed (Windows has none)."""

CHECK_ALPHABET = "ACDEFHJKLMNPRTUVWXY34679"
"""Letters and digits that cannot be taken for one another when read aloud or written by hand."""

CHECK_LENGTH = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A committed ticket; it names nobody.

    ``number`` counts from 1 each clinic day. ``room_id`` is None for a desk ticket. ``waiting_before`` is how many
    tickets for the same room, or the desk, are still waiting before this one. ``again``: it was given out earlier
    today. ``issued_at`` is UTC. ``receipt`` is the signed code of an admission, where the kiosk signs. ``copy`` counts
    the copies that a clerk ordered; it is 0 on the ticket itself.
    """

    visit_id: str
    number: int
    room_id: str | None
    issued_at: datetime
    check_code: str
    waiting_before: int = 0
    again: bool = False
    priority: bool = False
    receipt: str | None = None
    copy: int = 0

    @property
    def local_time(self) -> str:
        """When it was issued, on the clinic's clock: ``HH:MM``."""
        return self.issued_at.astimezone(VIETNAM_TIME).strftime("%H:%M")


def clinic_day(at: datetime) -> date:
    """The calendar day of an instant (UTC, aware) at the clinic."""
    return at.astimezone(VIETNAM_TIME).date()


def check_code(entropy: bytes) -> str:
    """Four letters or digits that tell a real ticket from a made-up number.

    :param entropy: at least eight random bytes; the code says nothing about the person.
    """
    value = int.from_bytes(entropy[:8], "big")
    letters = []
    for _ in range(CHECK_LENGTH):
        value, index = divmod(value, len(CHECK_ALPHABET))
        letters.append(CHECK_ALPHABET[index])
    return "".join(letters)
