"""Who may do what at the desk, what a password is, how long a wrong one costs, and when two people are needed."""

import unicodedata
from datetime import timedelta

import pytest

from kiosk.domain.codes import Code
from kiosk.domain.staff import (
    LONGEST_WAIT,
    Role,
    is_good_password,
    is_sign,
    may_be_second,
    needs_second_person,
    plain_password,
    wait_after,
)


def test_each_role_may_what_those_before_it_may() -> None:
    roles = list(Role)
    allowed = [[role.may(needed) for needed in roles] for role in roles]
    assert allowed == [[True, False, False], [True, True, False], [True, True, True]]


def test_waiting_begins_with_the_last_free_try_and_doubles_up_to_its_end() -> None:
    minutes = [wait_after(wrong, 5) / timedelta(minutes=1) for wrong in range(12)]
    assert minutes == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 30, 30]
    assert wait_after(10_000, 5) == LONGEST_WAIT


@pytest.mark.parametrize("sign", ["lan", "lan.nguyen", "a1", "7-b", "x" * 32])
def test_signs(sign: str) -> None:
    assert is_sign(sign)


@pytest.mark.parametrize("sign", ["", "a", "Lan", "lân", "lan nguyen", ".lan", "x" * 33, "lan\n", "lan/..", "ⅼan"])
def test_what_is_no_sign(sign: str) -> None:
    assert not is_sign(sign)


@pytest.mark.parametrize(
    "password", ["mưa rơi trước sân", "correct horse", "x1y2z3w4v5", "đ" + "abcdefghi", "ab cd ef g" * 12]
)
def test_good_passwords(password: str) -> None:
    assert is_good_password(password, "lan")


@pytest.mark.parametrize(
    "password", ["", "ngan", "123456789", "aaaaaaaaaaaa", "abababababab", "LAN 2026 2026", "mưa " * 33]
)
def test_bad_passwords(password: str) -> None:
    assert not is_good_password(password, "lan")


def test_a_password_is_the_same_however_the_keyboard_composes_it() -> None:
    password = "Nước chảy đá mòn"
    assert plain_password(unicodedata.normalize("NFD", password)) == plain_password(password)


def test_only_a_card_that_looks_forged_takes_two_people() -> None:
    assert [code for code in Code if needs_second_person(code)] == [Code.NOT_GENUINE]
    assert not needs_second_person(None)


@pytest.mark.parametrize(
    ("second", "role", "may"),
    [
        ("mai", Role.LEAD, True),
        ("mai", Role.ADMINISTRATOR, True),
        ("mai", Role.RECEPTION, False),
        ("lan", Role.ADMINISTRATOR, False),
    ],
)
def test_the_second_person_is_another_and_a_lead_at_least(second: str, role: Role, may: bool) -> None:
    assert may_be_second("lan", second, role) is may
