"""How long a machine goes on without a word of the province."""

from datetime import UTC, datetime, timedelta

import pytest

from kiosk.domain.contact import Contact, Patience, Word

NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)
JOINED = NOW - timedelta(days=100)


@pytest.mark.parametrize(
    ("hours", "contact"),
    [(0, "heard"), (6, "heard"), (6.1, "quiet"), (72, "quiet"), (72.1, "silent"), (-23, "heard"), (-25, "silent")],
)
def test_the_longer_nothing_is_heard_the_less_is_decided(hours: float, contact: str) -> None:
    word = Word(heard_at=NOW - timedelta(hours=hours))
    assert Patience().contact(word, NOW, since=JOINED) == Contact(contact)


@pytest.mark.parametrize(("hours", "contact"), [(1, "heard"), (7, "quiet"), (80, "silent")])
def test_until_the_first_word_patience_begins_when_the_clinic_joined(hours: float, contact: str) -> None:
    assert Patience().contact(None, NOW, since=NOW - timedelta(hours=hours)) == Contact(contact)


def test_a_clinic_of_no_province_needs_no_word() -> None:
    assert Patience().contact(None, NOW, since=None) is Contact.ALONE


def test_a_word_that_closes_the_lane_closes_it_at_once() -> None:
    assert Patience().contact(Word(heard_at=NOW, lane_closed=True), NOW, since=JOINED) is Contact.SILENT


@pytest.mark.parametrize(("quiet", "silent"), [(0, 1), (5, 4), (-1, 4)])
def test_patience_that_makes_no_sense(quiet: float, silent: float) -> None:
    with pytest.raises(ValueError, match="quiet first"):
        Patience(quiet_h=quiet, silent_h=silent)
