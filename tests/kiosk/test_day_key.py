"""The key of a day: it goes forward, never back, and what it was is not left in its file."""

import os
from datetime import date, timedelta
from pathlib import Path

import pytest

from idcard import ConfigurationError
from kiosk.day_key import DayKey, DayTags
from kiosk.keys import create_secret
from kiosk.ports import StoreUnavailable

DAY = date(2026, 11, 23)
NEXT = DAY + timedelta(days=1)
NUMBER = "036199000123"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    create_secret(tmp_path / "day.key")
    return tmp_path / "day.key"


def test_a_tag_tells_people_days_and_keys_apart(path: Path, tmp_path: Path) -> None:
    create_secret(tmp_path / "other.key")
    tags, others = DayTags(path), DayTags(tmp_path / "other.key")
    all_tags = [
        tags.tag(NUMBER, DAY),
        tags.tag("036199000124", DAY),
        tags.tag(NUMBER, NEXT),
        others.tag(NUMBER, DAY),
    ]
    assert len(set(all_tags)) == 4
    assert {len(tag) for tag in all_tags} == {16}
    assert tags.tag(NUMBER, DAY) == all_tags[0]


def test_who_only_reads_agrees_with_who_turns(path: Path) -> None:
    keeper, reader = DayTags(path), DayTags(path)
    for day in (DAY, NEXT, DAY + timedelta(days=40)):
        before = reader.tag(NUMBER, day)
        keeper.turn(day)
        assert keeper.tag(NUMBER, day) == reader.tag(NUMBER, day) == before


def test_turning_every_day_and_turning_after_a_pause_agree(path: Path) -> None:
    tags = DayTags(path)
    tags.turn(DAY)
    rested = DayKey.load(path).on(DAY + timedelta(days=3))
    for days in (1, 1, 2, 3):
        tags.turn(DAY + timedelta(days=days))
    assert DayKey.load(path) == rested


def test_the_file_of_today_opens_no_other_day(path: Path) -> None:
    tags = DayTags(path)
    tags.turn(DAY)
    then, stored_then = tags.tag(NUMBER, DAY), DayKey.load(path)
    tags.turn(NEXT)
    key = DayKey.load(path)
    assert key.day == NEXT
    assert stored_then.secret != key.secret
    assert then not in {key.tag(NUMBER), key.on(DAY).tag(NUMBER), DayKey(key.secret, DAY).tag(NUMBER)}


def test_the_first_key_itself_is_never_used(path: Path) -> None:
    fresh = DayKey.load(path)
    assert fresh.day is None
    DayTags(path).turn(DAY)
    assert DayKey.load(path).secret != fresh.secret


def test_a_clock_that_goes_back_turns_the_key_on_and_not_back(path: Path) -> None:
    tags = DayTags(path)
    tags.turn(date(2099, 1, 1))
    ahead = DayKey.load(path)
    tags.turn(DAY)
    again = DayKey.load(path)
    assert again == ahead.on(DAY)
    assert again.secret != ahead.secret
    tags.turn(NEXT)
    assert DayKey.load(path) == again.on(NEXT)


@pytest.mark.skipif(os.name != "posix", reason="Windows cannot replace a file that is open")
def test_the_old_key_is_overwritten_where_it_lay(path: Path, tmp_path: Path) -> None:
    tags = DayTags(path)
    tags.turn(DAY)
    old = tmp_path / "what the old file's blocks hold"
    os.link(path, old)
    secret = DayKey.load(path).secret.hex().encode()
    assert secret in old.read_bytes()
    tags.turn(NEXT)
    assert old.stat().st_ino != path.stat().st_ino
    assert set(old.read_bytes()) == {0}
    assert secret not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="Windows knows no mode bits")
@pytest.mark.parametrize("mode", [0o600, 0o640])
def test_who_may_read_the_key_stays_as_it_was(path: Path, mode: int) -> None:
    path.chmod(mode)
    DayTags(path).turn(DAY)
    assert path.stat().st_mode & 0o777 == mode


def test_a_turn_that_was_cut_short_is_made_again(path: Path) -> None:
    path.with_name("day.key.new").write_bytes(b"half a l")
    DayTags(path).turn(DAY)
    assert DayKey.load(path).day == DAY
    assert [file.name for file in path.parent.iterdir()] == ["day.key"]


@pytest.mark.parametrize(
    "content", ["", "00" * 31, "00" * 33, "zz" * 32, "00" * 32 + " 2026-13-01", "00" * 32 + " x", "00" * 32 + "\n\n"]
)
def test_anything_else_in_the_file_is_said_at_the_start(path: Path, content: str) -> None:
    path.write_text(content)
    with pytest.raises(ConfigurationError) as caught:
        DayTags(path)
    assert caught.value.reason == "damaged"


def test_a_key_that_goes_missing_later_closes_the_store(path: Path) -> None:
    tags = DayTags(path)
    path.unlink()
    for use in (lambda: tags.tag(NUMBER, DAY), lambda: tags.turn(DAY)):
        with pytest.raises(StoreUnavailable):
            use()


def test_a_key_that_cannot_be_written_keeps_its_day(path: Path) -> None:
    tags = DayTags(path)
    tags.turn(DAY)
    path.with_name("day.key.new").mkdir()
    with pytest.raises(StoreUnavailable):
        tags.turn(NEXT)
    assert DayKey.load(path).day == DAY


def test_a_key_does_not_print_itself(path: Path) -> None:
    key = DayKey.load(path)
    assert key.secret.hex() not in repr(key)


@pytest.mark.parametrize(("used", "again"), [(True, True), (False, False)])
def test_a_day_that_comes_back_is_marked_where_it_was_used(path: Path, used: bool, again: bool) -> None:
    tags = DayTags(path)
    tags.turn(DAY, used=False)
    tags.turn(NEXT, used=False)
    tags.turn(DAY, used=used)
    assert (tags.begun_again(DAY), tags.begun_again(NEXT)) == (again, False)
    assert DayTags(path).begun_again(DAY) is again, "another process, or the next start, knows it as well"
    tags.turn(DAY, used=True)
    assert tags.begun_again(DAY) is again
    tags.turn(NEXT, used=True)
    assert not tags.begun_again(NEXT), "a day that begins after it is whole, whoever was admitted by hand before"
