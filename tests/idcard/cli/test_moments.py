"""When the command judges: the calendar day of the zone that is given, or of this machine."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import typer

from idcard.cli.shared import _moment, here_and_now


@pytest.fixture
def in_vietnam(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "ICT-7")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_vietnam")
def test_now_is_in_the_zone_of_this_machine() -> None:
    now = here_and_now()
    assert now.utcoffset() == timedelta(hours=7)
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.usefixtures("in_vietnam")
@pytest.mark.parametrize(
    ("text", "day", "hours"),
    [
        ("2026-11-23", 23, 7),
        ("2026-11-23T00:30", 23, 7),
        ("2026-11-22T23:30:00+00:00", 22, 0),
        ("2026-11-22T23:30:00Z", 22, 0),
        ("2026-11-23T00:30:00+09:00", 23, 9),
    ],
)
def test_a_zone_that_is_given_is_kept(text: str, day: int, hours: int) -> None:
    moment = _moment(text)
    assert (moment.day, moment.utcoffset()) == (day, timedelta(hours=hours))


def test_what_is_no_moment() -> None:
    with pytest.raises(typer.BadParameter):
        _moment("yesterday")
