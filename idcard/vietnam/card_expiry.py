"""When a Vietnamese card expires: its QR does not say, but access keys made of the MRZ need the day.

A card is valid to the birthday at which its holder reaches the next milestone of age: 25, 40 and 60, and since 1 July
2024 also 14. A card issued within the two years before a milestone is valid to the one after it. After the last one
the card does not expire, and the machine-readable zone says 991231.

Source: Law on Citizen Identification 2014, Article 21 (cards issued to 30 June 2024); Law on Identification 2023,
Article 21 (from 1 July 2024).
"""

from collections.abc import Iterator
from datetime import date, timedelta

NO_EXPIRY = "991231"
"""What the machine-readable zone of a card says that does not expire."""

MAX_CANDIDATES = 4
"""How many expiries are worth a try for one card."""

_MILESTONES_2014 = (25, 40, 60)
_MILESTONES_2023 = (14, 25, 40, 60)
_LAW_OF_2023 = date(2024, 7, 1)
_FIRST_CHIP_CARDS = date(2021, 1, 1)
_GRACE_YEARS = 2


def expiry_candidates(birth: date, issued: date | None) -> tuple[str, ...]:
    """The expiries (YYMMDD) that a card may bear, the likeliest first, at most four.

    What the law's rule gives comes first; then the milestone after it and the one before it (an office may have
    counted differently), then no expiry. None of them lies before the card was issued. A birthday on 29 February is
    tried as 28 February and 1 March in a year that lacks it. Where the day of issue is unknown, the milestones since
    the first chip cards come in order of time.
    """
    texts = (text for age in _ages(birth, issued) for text in _expiries(birth, age, issued))
    return tuple(dict.fromkeys(texts))[:MAX_CANDIDATES]


def _ages(birth: date, issued: date | None) -> tuple[int | None, ...]:
    """The milestones to try, in order; None stands for no expiry."""
    if issued is None:
        return (*_MILESTONES_2023, None)
    milestones = _MILESTONES_2023 if issued >= _LAW_OF_2023 else _MILESTONES_2014
    age = _age(birth, issued)
    rule = sum(age >= milestone - _GRACE_YEARS for milestone in milestones)
    later, earlier = milestones[rule + 1 : rule + 2], milestones[:rule][-1:]
    return (*(milestones[rule : rule + 1] or (None,)), *later, *earlier, None)


def _age(birth: date, on: date) -> int:
    """How many birthdays have passed."""
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))


def _expiries(birth: date, age: int | None, issued: date | None) -> Iterator[str]:
    if age is None:
        yield NO_EXPIRY
        return
    after = issued or (_FIRST_CHIP_CARDS if age in _MILESTONES_2014 else _LAW_OF_2023)
    for day in _birthdays(birth, birth.year + age):
        if day > after:
            yield f"{day:%y%m%d}"


def _birthdays(birth: date, year: int) -> tuple[date, ...]:
    """The birthday in ``year``: two days for who was born on 29 February, in a year that has none."""
    try:
        return (birth.replace(year=year),)
    except ValueError:
        first_of_march = date(year, 3, 1)
        return first_of_march - timedelta(days=1), first_of_march
