"""Who works at the desk: roles, passwords, waiting after wrong tries, and when a second person is needed."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from kiosk.domain.codes import Code, VisitReason

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 128
"""In characters: the longest sentence, and still no work for whoever sends megabytes."""
LONGEST_WAIT = timedelta(minutes=30)
OVERRIDE_LIMIT = 3
"""How often a clerk may override the machine in a shift, where the clinic says nothing else."""
SUSPICIOUS = frozenset(
    {VisitReason.REPORTED_LOST.value, VisitReason.HOLDER_DIFFERS.value, VisitReason.SUSPECTED_TODAY.value}
)
"""What makes a ticket suspicious whatever its code is."""
_FIRST_WAIT = timedelta(minutes=1)
_FEWEST_LETTERS = 5
_SIGN = re.compile(r"[a-z0-9][a-z0-9.-]{1,31}")


class Role(StrEnum):
    """What somebody may do at the desk; each role may do what those before it may."""

    RECEPTION = "reception"
    LEAD = "lead"
    ADMINISTRATOR = "administrator"

    def may(self, needed: "Role") -> bool:
        """Whether this role is enough where ``needed`` is asked for."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(needed)


class OverrideReason(StrEnum):
    """Why somebody is admitted although the card looks forged. A fixed list: nobody's name gets into the record."""

    OTHER_PAPERS = "other_papers"
    ISSUER_CONFIRMED = "issuer_confirmed"
    CARD_DAMAGED = "card_damaged"
    CARE_FIRST = "care_first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """An admission against what the machine found: why, and the account of the second person who agreed.

    ``second`` is None in an emergency, which waits for nobody.
    """

    reason: OverrideReason
    second: str | None


def needs_second_person(code: Code | None, reasons: Iterable[str] = ()) -> bool:
    """Whether whoever admits such a ticket needs a reason and a second person: the card is suspected.

    It is not genuine, it was reported lost, a clerk saw somebody else than its portrait shows, or another ticket of the
    person says so.
    """
    return code is Code.NOT_GENUINE or not SUSPICIOUS.isdisjoint(reasons)


def may_be_second(actor: str, second: str, role: Role) -> bool:
    """Whether ``second`` may agree to what ``actor`` does: another account, of a lead at least."""
    return actor != second and role.may(Role.LEAD)


def wait_after(wrong: int, free: int) -> timedelta:
    """How long the next try must wait after so many wrong ones in a row: nothing, then twice as long each time.

    :param free: how many wrong tries cost nothing but the last of them.
    """
    over = wrong - free
    if over < 0:
        return timedelta(0)
    return min(_FIRST_WAIT * (1 << min(over, 10)), LONGEST_WAIT)


def is_sign(text: str) -> bool:
    """Whether an account can be called this: 2 to 32 small letters without accents, digits, dots or dashes."""
    return _SIGN.fullmatch(text) is not None


def plain_password(text: str) -> str:
    """The password in one spelling: keyboards compose Vietnamese letters in different ways."""
    return unicodedata.normalize("NFC", text)


def is_good_password(text: str, sign: str) -> bool:
    """Whether a password may be chosen: long enough, not the account's name, not a few letters over and over.

    No rule asks for digits or signs: length is what counts (NIST SP 800-63B, 3.1.1).
    """
    password = plain_password(text)
    fits = SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD
    return fits and sign not in password.casefold() and len(set(password)) >= _FEWEST_LETTERS
