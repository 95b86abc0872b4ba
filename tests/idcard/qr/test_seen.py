"""A store that says whether a code was shown before."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from idcard.qr.seen import Seen, SeenCodes

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)


def test_first_and_again() -> None:
    store = SeenCodes()
    assert store.see("a", at=NOW, until=LATER) == Seen(first_at=None)
    assert store.see("a", at=LATER, until=LATER) == Seen(first_at=NOW)
    assert store.see("b", at=LATER, until=LATER) == Seen(first_at=None)


def test_what_no_longer_matters_makes_room() -> None:
    store = SeenCodes(limit=2)
    for key in "ab":
        store.see(key, at=NOW, until=LATER)
    assert store.see("c", at=LATER + timedelta(seconds=1), until=LATER) == Seen(first_at=None)


def test_a_full_store_refuses_rather_than_forgets() -> None:
    store = SeenCodes(limit=2)
    for key in "ab":
        store.see(key, at=NOW, until=LATER)
    with pytest.raises(OverflowError):
        store.see("c", at=NOW, until=LATER)
    assert store.see("a", at=NOW, until=LATER) == Seen(first_at=NOW)


def test_of_many_at_once_one_is_first() -> None:
    store = SeenCodes()
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: store.see("a", at=NOW, until=LATER), range(200)))
    assert answers.count(Seen(first_at=None)) == 1
