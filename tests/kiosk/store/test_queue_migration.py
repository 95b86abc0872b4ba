"""The lines' tables: visits of before are kept on the way up, and again on the way down."""

import sqlite3
from pathlib import Path

from alembic import command
from sqlalchemy import create_engine

from kiosk.store.database import Database, _alembic

VISIT = (
    "INSERT INTO visit (id, clinic, device, day, series, number, state, assurance, read_assurance, proved_by, reasons,"
    " check_code, priority, created_at) VALUES ('v', '36999', 'kiosk-1', '2026-11-23', 'visit', 1, 'desk', 'none',"
    " 'none', 'none', '[]', 'K7P2', 0, '2026-11-23 00:42:00')"
)


def migrate(path: Path, revision: str, *, down: bool = False) -> None:
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        (command.downgrade if down else command.upgrade)(_alembic(connection), revision)
    engine.dispose()


def ask(path: Path, statement: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        rows = connection.execute(statement).fetchall()
        connection.commit()
        return rows
    finally:
        connection.close()


def test_visits_of_before_wait_and_stay(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    migrate(path, "0010")
    ask(path, VISIT)
    Database.open(path).close()
    assert ask(path, "SELECT number, waits_in, queue_state, assisted_by FROM visit") == [(1, None, None, None)]
    assert ask(path, "SELECT count(*) FROM queue_event") == [(0,)]
    migrate(path, "0010", down=True)
    assert ask(path, "SELECT number FROM visit") == [(1,)]
    tables = {name for (name,) in ask(path, "SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert not tables & {"queue_event", "assistance"}
