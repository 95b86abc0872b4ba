"""The roster: what is found, what is refused, and what the file gives away."""

import sqlite3
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Thread

import pytest

from idcard import ConfigurationError
from kiosk.insurance.roster import Roster, RosterEntry, build_roster
from kiosk.keys import PersonTags

AS_OF = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
TAGS = PersonTags(bytes(range(32)))
ENTRIES = [
    RosterEntry(
        personal_number=f"03619900{number:04}",
        valid_from=date(2026, 1, 1),
        valid_to=None if number % 2 else date(2026, 12, 31),
        benefit="4",
        home_clinic="36001",
    )
    for number in range(100)
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "roster.db"
    assert build_roster(path, ENTRIES, tags=TAGS, version="2026-11-23", as_of=AS_OF) == len(ENTRIES)
    return path


def test_a_person_is_found_with_dates_benefit_and_home_clinic(path: Path) -> None:
    roster = Roster(path, tags=TAGS)
    found, open_ended = roster.find("036199000002"), roster.find("036199000003")
    assert found is not None
    assert open_ended is not None
    assert (found.valid_from, found.valid_to) == (date(2026, 1, 1), date(2026, 12, 31))
    assert (found.benefit, found.home_clinic, found.as_of) == ("4", "36001", AS_OF)
    assert open_ended.valid_to is None
    assert (roster.version, roster.as_of, len(roster)) == ("2026-11-23", AS_OF, 100)


def test_nobody_is_found_by_another_number(path: Path) -> None:
    assert Roster(path, tags=TAGS).find("036199009999") is None


def test_the_file_holds_no_number(path: Path) -> None:
    content = path.read_bytes()
    for entry in ENTRIES:
        assert entry.personal_number.encode() not in content
        assert entry.personal_number.encode("utf-16-le") not in content
        assert bytes.fromhex(entry.personal_number) not in content


def test_the_wrong_key_is_said_at_start(path: Path) -> None:
    with pytest.raises(ConfigurationError) as error:
        Roster(path, tags=PersonTags(bytes(32)))
    assert error.value.reason == "wrong_key"


def test_a_missing_roster_is_said_at_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as error:
        Roster(tmp_path / "none", tags=TAGS)
    assert error.value.reason == "never_set_up"


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE person",
        "DROP TABLE meta",
        "DELETE FROM meta WHERE name = 'version'",
        "UPDATE meta SET value = '3' WHERE name = 'format'",
        "UPDATE meta SET value = 'yesterday' WHERE name = 'as_of'",
    ],
)
def test_a_roster_of_another_form_is_damaged(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement)
    connection.close()
    with pytest.raises(ConfigurationError) as error:
        Roster(path, tags=TAGS)
    assert error.value.reason == "damaged"


@pytest.mark.parametrize("keep", [0, 10, 100, 5000])
def test_a_cut_or_foreign_file_is_damaged(path: Path, keep: int) -> None:
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ConfigurationError) as error:
        find_all(path)
    assert error.value.reason == "damaged"


def find_all(path: Path) -> None:
    roster = Roster(path, tags=TAGS)
    for entry in ENTRIES:
        roster.find(entry.personal_number)


def test_a_newer_file_in_its_place_counts_at_once(path: Path) -> None:
    roster = Roster(path, tags=TAGS)
    later = datetime(2026, 12, 1, tzinfo=UTC)
    build_roster(path, ENTRIES[:1], tags=TAGS, version="2026-12-01", as_of=later)
    assert roster.find(ENTRIES[1].personal_number) is None
    assert (roster.as_of, roster.version) == (later, "2026-12-01")


def test_a_newer_file_of_another_key_is_an_error_and_not_nobody(path: Path) -> None:
    roster = Roster(path, tags=TAGS)
    build_roster(path, ENTRIES, tags=PersonTags(bytes(32)), version="2026-12-01", as_of=AS_OF)
    for ask in (lambda: roster.as_of, lambda: roster.find(ENTRIES[1].personal_number)):
        with pytest.raises(ConfigurationError) as error:
            ask()
        assert error.value.reason == "wrong_key"
    path.unlink()
    with pytest.raises(ConfigurationError):
        roster.find(ENTRIES[1].personal_number)


def test_a_roster_damaged_since_the_start_is_an_error_and_not_nobody(path: Path) -> None:
    roster = Roster(path, tags=TAGS)
    path.write_bytes(b"not a database at all, and long enough to be looked at" * 100)
    with pytest.raises(ConfigurationError):
        roster.find("036199000002")


def test_a_person_twice_is_refused_and_the_old_roster_stays(path: Path) -> None:
    with pytest.raises(ValueError, match="twice") as error:
        build_roster(path, [*ENTRIES, ENTRIES[0]], tags=TAGS, version="2", as_of=AS_OF)
    assert ENTRIES[0].personal_number not in str(error.value)
    assert Roster(path, tags=TAGS).version == "2026-11-23"


def test_a_new_roster_replaces_the_old_one_while_it_is_read(path: Path) -> None:
    old = Roster(path, tags=TAGS)
    build_roster(path, ENTRIES[:1], tags=TAGS, version="2", as_of=AS_OF)
    assert old.find(ENTRIES[0].personal_number) is not None
    assert old.find(ENTRIES[5].personal_number) is None
    assert Roster(path, tags=TAGS).version == "2"


def test_threads_may_ask_at_once(path: Path) -> None:
    roster, found = Roster(path, tags=TAGS), []
    threads = [Thread(target=lambda: found.append(roster.find("036199000002"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert all(found)


def test_an_instant_needs_its_zone(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="time zone"):
        build_roster(tmp_path / "r", [], tags=TAGS, version="1", as_of=datetime(2026, 1, 1))
