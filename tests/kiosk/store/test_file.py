"""The store's file: what an older version left in it, and what a deletion leaves."""

import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import URL, create_engine, select

from kiosk.store import migrations
from kiosk.store.database import Database, _prepare
from kiosk.store.tables import Visit


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def test_a_store_of_the_first_version_is_brought_up_with_what_it_holds(path: Path) -> None:
    engine = create_engine(URL.create("sqlite", database=str(path)))
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with engine.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql(
            "INSERT INTO visit (id, clinic, device, day, series, number, state, assurance, read_assurance, proved_by,"
            " reasons, check_code, priority, created_at) VALUES ('x', '36001', 'kiosk-1', '2026-11-23', 'visit', 7,"
            " 'desk', 'none', 'none', 'none', '[]', 'ACDE', 0, '2026-11-23 01:02:03')"
        )
    engine.dispose()
    database = Database.open(path)
    with database.read() as session:
        row = session.scalars(select(Visit)).one()
        assert (row.number, row.first_number, row.first_day) == (7, None, None)
    database.close()


def test_deleted_bytes_are_gone_from_the_file_whatever_sqlite_s_default_is(path: Path) -> None:
    secret = b"deleted and still there?" * 40
    assert left_after_deleting(path.with_name("default.db"), secret, prepare=False) > 0
    assert left_after_deleting(path, secret, prepare=True) == 0


def left_after_deleting(path: Path, secret: bytes, *, prepare: bool) -> int:
    """How often a deleted value still stands in the file and its log."""
    connection = sqlite3.connect(path, isolation_level=None)
    # Debian's SQLite deletes thoroughly by itself, others do not.
    connection.execute("PRAGMA secure_delete = OFF")
    if prepare:
        _prepare(connection, None)
    connection.execute("CREATE TABLE kept (value BLOB)")
    connection.executemany("INSERT INTO kept VALUES (?)", [(secret,), (b"another row of the same page",)])
    connection.execute("DELETE FROM kept WHERE value = ?", (secret,))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return sum(file.read_bytes().count(secret[:24]) for file in path.parent.glob(path.name + "*"))
