"""Migrations on a file with rows in it: up keeps everything, down takes back what was added."""

import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from kiosk.store.database import Database, _alembic, _newest

VISIT = (
    "INSERT INTO visit (id, clinic, device, day, series, number, state, assurance, read_assurance, proved_by, reasons,"
    " check_code, priority, created_at) VALUES ('v', '36999', 'kiosk-1', '2026-11-23', 'visit', 1, 'desk', 'none',"
    " 'none', 'none', '[]', 'K7P2', 0, '2026-11-23 00:42:00')"
)

NOTICE = (
    "INSERT INTO notice (id, clinic, device, code, reasons, visit_id, state, created_at) VALUES ('n', '36999',"
    " 'kiosk-1', 'E11', '[]', 'v', 'new', '2026-11-23 00:42:00')"
)


def migrated(path: Path, revision: str, *, down: bool = False) -> None:
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        (command.downgrade if down else command.upgrade)(_alembic(connection), revision)
    engine.dispose()


def columns(path: Path, table: str) -> set[str]:
    connection = sqlite3.connect(path)
    try:
        return {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
    finally:
        connection.close()


def test_a_migration_is_called_by_its_number_and_the_newest_is_the_end_of_their_chain(tmp_path: Path) -> None:
    """By its name the newest is known without loading what migrates."""
    with create_engine(f"sqlite:///{tmp_path / 'store.db'}").connect() as connection:
        scripts = ScriptDirectory.from_config(_alembic(connection))
    assert scripts.get_heads() == [_newest()]
    assert all(Path(script.path).name[1:5] == script.revision for script in scripts.walk_revisions())


def test_visits_from_before_shifts_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    migrated(path, "0002")
    before = columns(path, "visit")
    connection = sqlite3.connect(path)
    connection.execute(VISIT)
    connection.commit()
    connection.close()
    Database.open(path).close()
    connection = sqlite3.connect(path)
    row = connection.execute("SELECT number, recheck, cover_source, shift_id FROM visit").fetchall()
    connection.close()
    assert row == [(1, None, None, None)]
    assert columns(path, "shift")
    migrated(path, "0002", down=True)
    assert columns(path, "visit") == before
    assert not columns(path, "shift")


def test_visits_are_made_anew_under_the_notices_that_point_at_them(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    migrated(path, "0004")
    connection = sqlite3.connect(path)
    connection.execute(VISIT)
    connection.execute(NOTICE)
    connection.commit()
    connection.close()
    before = columns(path, "visit")
    Database.open(path).close()
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT visit.number FROM notice JOIN visit ON visit.id = visit_id").fetchall() == [(1,)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()
    migrated(path, "0004", down=True)
    assert columns(path, "visit") == before


@pytest.mark.parametrize(
    "change",
    [
        "state = 'gone'",
        "state = 'admitted'",
        "state = 'cancelled'",
        "admitted_at = created_at",
    ],
)
def test_the_rules_of_visits_hold_after_all_migrations(tmp_path: Path, change: str) -> None:
    path = tmp_path / "store.db"
    Database.open(path).close()
    connection = sqlite3.connect(path)
    connection.execute(VISIT)
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        connection.execute(f"UPDATE visit SET {change}")
    connection.close()


def test_a_cancelled_admission_has_no_place_in_the_version_before(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    Database.open(path).close()
    connection = sqlite3.connect(path)
    connection.execute(VISIT)
    connection.execute("UPDATE visit SET state = 'cancelled', admitted_at = created_at")
    connection.commit()
    connection.close()
    migrated(path, "0004", down=True)
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT state, admitted_at FROM visit").fetchall() == [("closed", None)]
    connection.close()


WORK = (
    "INSERT INTO work (id, clinic, device, field, left_source, right_source, grade, state, created_at) VALUES ('w',"
    " '36999', 'desk-1', 'name', 'chip', 'roster', 'close', 'open', '2026-11-23 00:42:00')"
)


def test_entries_from_before_the_hashes_are_kept_and_the_hashes_go_with_the_version(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    migrated(path, "0006")
    before = columns(path, "work")
    connection = sqlite3.connect(path)
    connection.execute(WORK)
    connection.execute(WORK.replace("'w'", "'x'"))
    connection.commit()
    connection.close()
    Database.open(path).close()
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT id, same FROM work").fetchall() == [("w", None), ("x", None)]
    connection.close()
    migrated(path, "0006", down=True)
    assert columns(path, "work") == before
