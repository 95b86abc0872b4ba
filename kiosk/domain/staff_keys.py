"""Security keys at the desk: how far they are wanted of whom, and what bounds them."""

from datetime import timedelta
from enum import StrEnum

from kiosk.domain.staff import Role

CHALLENGE_LIFE = timedelta(minutes=2)
"""How long a challenge may wait for its answer: long enough to find the key and touch it."""
MOST_KEYS = 5
"""How many good keys an account may have: one in the pocket, one in the drawer, one in each PC."""


class KeyPolicy(StrEnum):
    """What this clinic makes of security keys."""

    OFF = "off"
    """Nobody has one; passwords alone let people in."""
    OPTIONAL = "optional"
    """Whoever has registered one may use it in place of the password."""
    REQUIRED = "required"
    """Leads and administrators get in with a key only; for everybody else it is optional."""

    def demands_key(self, role: Role) -> bool:
        """Whether a password alone is not enough for this role."""
        return self is KeyPolicy.REQUIRED and role.may(Role.LEAD)


def is_copied(counted: int, before: int) -> bool:
    """Whether a key's count says that another one like it exists: it must grow, unless the key does not count at all.

    Source: W3C Web Authentication, "Verifying an Authentication Assertion", the step on the signature counter.
    """
    return counted <= before and (counted, before) != (0, 0)
