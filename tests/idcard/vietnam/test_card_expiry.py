"""The rules for expiry: milestones of age, the two years before them, and none."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idcard.vietnam.card_expiry import MAX_CANDIDATES, NO_EXPIRY, expiry_candidates

BIRTH = date(1990, 1, 15)


@pytest.mark.parametrize(("birth", "issued", "expiries"), [
    # Law of 2014: 25, 40, 60.
    (date(2005, 5, 20), date(2021, 6, 1), ("300520", "450520", "991231")),
    (date(1990, 1, 15), date(2022, 2, 1), ("300115", "500115", "991231")),
    (date(1970, 1, 15), date(2022, 2, 1), ("300115", "991231")),
    (date(1955, 3, 20), date(2022, 2, 1), ("991231",)),
    (date(2009, 5, 20), date(2023, 6, 1), ("340520", "490520", "991231")),
    # The two years before a milestone: the next one, and the skipped one is tried after it.
    (date(1998, 6, 10), date(2022, 2, 1), ("380610", "580610", "230610", "991231")),
    (date(1983, 6, 10), date(2022, 2, 1), ("430610", "230610", "991231")),
    (date(1963, 6, 10), date(2022, 2, 1), ("991231", "230610")),
    # Law of 2023, from 1 July 2024: 14 too.
    (date(2016, 9, 1), date(2024, 7, 1), ("300901", "410901", "991231")),
    (date(2011, 9, 1), date(2024, 7, 1), ("360901", "510901", "250901", "991231")),
    (date(2011, 9, 1), date(2024, 6, 30), ("360901", "510901", "991231")),
    (date(1966, 9, 1), date(2024, 9, 2), ("991231", "260901")),
])  # fmt: skip
def test_the_likeliest_comes_first(birth: date, issued: date, expiries: tuple[str, ...]) -> None:
    assert expiry_candidates(birth, issued) == expiries


@pytest.mark.parametrize(("issued", "first"), [
    (date(2027, 1, 14), "300115"), (date(2028, 1, 14), "300115"), (date(2028, 1, 15), "500115"),
    (date(2030, 1, 14), "500115"), (date(2030, 1, 15), "500115"), (date(2048, 1, 14), "500115"),
    (date(2048, 1, 15), NO_EXPIRY), (date(2060, 1, 1), NO_EXPIRY),
])  # fmt: skip
def test_the_two_years_begin_on_the_birthday(issued: date, first: str) -> None:
    assert expiry_candidates(BIRTH, issued)[0] == first


def test_without_a_day_of_issue_the_milestones_come_in_order_of_time() -> None:
    assert expiry_candidates(BIRTH, None) == ("300115", "500115", "991231")
    assert expiry_candidates(date(1940, 1, 15), None) == ("991231",)
    assert expiry_candidates(date(2005, 1, 15), None) == ("300115", "450115", "650115", "991231")
    assert expiry_candidates(date(2015, 1, 15), None) == ("290115", "400115", "550115", "750115")


def test_a_birthday_on_29_february_is_tried_on_both_sides() -> None:
    assert expiry_candidates(date(2004, 2, 29), date(2022, 2, 1)) == ("290228", "290301", "440229", "991231")
    assert expiry_candidates(date(1984, 2, 29), date(2021, 2, 1)) == ("240229", "440229", "991231")


def test_four_tries_are_enough_also_on_29_february() -> None:
    assert expiry_candidates(date(2000, 2, 29), date(2024, 1, 1)) == ("400229", "600229", "250228", "250301")


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)), st.dates(date(2021, 1, 1), date(2099, 12, 31)) | st.none())
def test_there_is_always_something_to_try_and_never_too_much(birth: date, issued: date | None) -> None:
    expiries = expiry_candidates(birth, issued)
    assert 1 <= len(expiries) == len(set(expiries)) <= MAX_CANDIDATES
    assert all(len(expiry) == 6 and expiry.isdigit() for expiry in expiries)
