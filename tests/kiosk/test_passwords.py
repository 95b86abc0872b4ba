"""Which passwords may be chosen: none of those that are tried first."""

import pytest
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from kiosk.passwords import WORDS_HERE, may_be_chosen

SHORTEST = 10


@pytest.mark.parametrize("password", ["mưa rơi trước sân", "hoa sen trước cửa", "x7 kq vw2 pj"])
def test_sentences_and_what_nobody_guesses_may_be_chosen(password: str) -> None:
    assert may_be_chosen(password, "lan")


@pytest.mark.parametrize(
    "password",
    [
        "qwertyuiop",
        "P@ssw0rd2026",
        "mật khẩu 2026",
        "matkhau123456",
        "TramYTe@2026",
        "tiếp nhận 1",
        "nguyen 1985",
        "0912345678",
        "abcdefghijkl",
    ],
)
def test_what_is_tried_first_may_not(password: str) -> None:
    assert not may_be_chosen(password, "truc.lan")


def test_the_accounts_name_with_something_behind_it_may_not() -> None:
    assert not may_be_chosen("Nguyễn Hoa 9", "nguyen-hoa")


def test_no_word_of_the_place_makes_a_password() -> None:
    assert not [word for word in WORDS_HERE if may_be_chosen(f"{word}2026", "lan") or may_be_chosen(word * 3, "lan")]


def test_of_the_passwords_found_in_breaches_none_may_be_chosen() -> None:
    """All that are long enough, and a hundredth of the other lists: those are words, which are tried as well."""
    found = [word for word in FREQUENCY_LISTS["passwords"] if len(word) >= SHORTEST]
    others = [word for name, words in FREQUENCY_LISTS.items() if name != "passwords" for word in words]
    words = [word for word in others if len(word) >= SHORTEST]
    assert (len(found) > 1000, len(words) > 10_000) == (True, True)
    assert not [word for word in (*found, *words[::100]) if may_be_chosen(word, "lan")]
