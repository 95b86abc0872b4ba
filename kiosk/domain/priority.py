"""Who goes first by law, as far as a birth date or the roster's group tells; the rest is for staff to see.

Nobody asks for it aloud, and nothing that a machine shows or stores says why: a visit has priority or has not. Who is
with child or severely disabled is a matter of health, and nobody needs to have written it down to be seen first.
Source: Law 15/2023/QH15 on medical examination and treatment, Article 3(2).
"""

from datetime import date
from enum import StrEnum

from idcard import BirthDate

OLD_FROM = 75
CHILD_UNDER = 6
MERIT_GROUPS = frozenset({"CC", "CK"})
"""The groups of insured persons with merit to the revolution. Source: Decision 1351/QĐ-BHXH (2015)."""


class PriorityClass(StrEnum):
    """Whom the law lets go first."""

    CHILD = "child"
    OLD = "old"
    MERIT = "merit"
    PREGNANT = "pregnant"
    DISABLED = "disabled"
    """Severely, or especially severely."""
    EMERGENCY = "emergency"


SEEN_BY_STAFF = (PriorityClass.PREGNANT, PriorityClass.DISABLED, PriorityClass.EMERGENCY)
"""What no document tells: a clerk sees it, and gives priority with one tap."""


def has_priority(birth: BirthDate, on: date) -> bool:
    """Whether the law lets a person of this age go first. An unknown day or month counts in the person's favour."""
    return by_birth(birth, on) is not None


def by_birth(birth: BirthDate, on: date) -> PriorityClass | None:
    """The class that an age gives, or None."""
    if _age(birth, on, month=1, day=1) >= OLD_FROM:
        return PriorityClass.OLD
    return PriorityClass.CHILD if _age(birth, on, month=12, day=31) < CHILD_UNDER else None


def by_group(group: str | None) -> PriorityClass | None:
    """The class that a group of insured persons gives, or None."""
    return PriorityClass.MERIT if group in MERIT_GROUPS else None


def _age(birth: BirthDate, on: date, *, month: int, day: int) -> int:
    """Full years, with the given month and day where the document has none."""
    born = (birth.month or month, birth.day or day)
    return on.year - birth.year - ((on.month, on.day) < born)
