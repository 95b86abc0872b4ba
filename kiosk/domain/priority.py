"""Who goes first by law, as far as a birth date tells; the rest is for staff to see and never asked aloud.

Source: Law 15/2023/QH15 on medical examination and treatment, Article 3(2): aged 75 and over, children under six.
"""

from datetime import date

from idcard import BirthDate

OLD_FROM = 75
CHILD_UNDER = 6


def has_priority(birth: BirthDate, on: date) -> bool:
    """Whether the law lets this person go first on this day. An unknown day or month counts in the person's favour."""
    return _age(birth, on, month=1, day=1) >= OLD_FROM or _age(birth, on, month=12, day=31) < CHILD_UNDER


def _age(birth: BirthDate, on: date, *, month: int, day: int) -> int:
    """Full years, with the given month and day where the document has none."""
    born = (birth.month or month, birth.day or day)
    return on.year - birth.year - ((on.month, on.day) < born)
