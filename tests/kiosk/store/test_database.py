"""The database: migrated, durable, typed in its failures, and shared by processes and threads."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Barrier, Thread

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import URL, create_engine, select
from sqlalchemy.exc import IntegrityError

from kiosk.ports import StoreUnavailable
from kiosk.store import repositories
from kiosk.store.database import Database
from kiosk.store.ids import uuid7
from kiosk.store.tables import Audit, Base, Counter, DeviceState, Notice, Visit

AT = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)
DAY = date(2026, 11, 23)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store %d #1?x.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    database = Database.open(path, busy_timeout_s=0.2)
    yield database
    database.close()


def visit(number: int, *, state: str = "desk", tag: bytes | None = None, series: str = "visit") -> Visit:
    return Visit(
        id=uuid7(AT),
        clinic="36001",
        device="kiosk-1",
        day=DAY,
        series=series,
        number=number,
        state=state,
        assurance="none",
        read_assurance="none",
        proved_by="none",
        reasons=[],
        check_code="ACDE",
        priority=False,
        person_day_tag=tag,
        created_at=AT,
        admitted_at=AT if state == "admitted" else None,
    )


def fill(database: Database) -> None:
    """Let the file grow no more: SQLite itself answers SQLITE_FULL from here on."""
    with database.read() as session:
        session.connection().exec_driver_sql("PRAGMA max_page_count = 1")


def write_much(database: Database) -> None:
    with database.write() as session:
        for number in range(1, 200):
            session.add(visit(number))
            repositories.append_audit(session, "kiosk-1", AT, "admitted", {"filler": "x" * 1000})


def test_the_migrations_make_exactly_the_tables_of_the_code(database: Database, path: Path) -> None:
    engine = create_engine(URL.create("sqlite", database=str(path)))
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()


def test_a_second_opening_keeps_what_is_there(database: Database, path: Path) -> None:
    with database.write() as session:
        session.add(visit(1))
    again = Database.open(path)
    with again.read() as session:
        assert session.scalars(select(Visit.number)).all() == [1]
    again.close()


def test_two_processes_may_start_at_once(path: Path) -> None:
    opened: list[Database] = []
    barrier = Barrier(4)

    def start() -> None:
        barrier.wait()
        opened.append(Database.open(path))

    threads = [Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 4
    for database in opened:
        database.close()


def test_commits_are_durable_and_foreign_keys_hold(database: Database) -> None:
    with database.write() as session:
        connection = session.connection()
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_notice_of_no_visit_is_refused(database: Database) -> None:
    notice = Notice(
        id=uuid7(AT), clinic="36001", device="k", code="E04", reasons=[], visit_id="none", state="new", created_at=AT
    )
    with pytest.raises(IntegrityError), database.write() as session:
        session.add(notice)


@pytest.mark.parametrize(
    "second",
    [
        visit(1),
        visit(2, state="admitted", tag=b"t" * 16),
        visit(3, state="elsewhere"),
    ],
)
def test_numbers_people_and_states_are_kept_by_the_database_itself(database: Database, second: Visit) -> None:
    with database.write() as session:
        session.add(visit(1, state="admitted", tag=b"t" * 16))
    with pytest.raises(IntegrityError), database.write() as session:
        session.add(second)


def test_one_person_may_hold_a_desk_ticket_beside_the_admission(database: Database) -> None:
    with database.write() as session:
        session.add_all([visit(1, state="admitted", tag=b"t" * 16), visit(2, tag=b"t" * 16)])
    with database.read() as session:
        found = repositories.admitted_today(session, "36001", DAY, b"t" * 16)
        assert found is not None
        assert found.number == 1


def test_instants_come_back_in_utc_and_need_a_zone(database: Database) -> None:
    with database.write() as session:
        session.add(visit(1))
    with database.read() as session:
        assert session.scalars(select(Visit.created_at)).one() == AT
    bare = visit(2)
    bare.created_at = AT.replace(tzinfo=None)
    with pytest.raises(Exception, match="time zone"), database.write() as session:
        session.add(bare)


def test_a_failing_transaction_leaves_nothing(database: Database) -> None:
    class PowerCut(Exception):
        pass

    def cut_short() -> None:
        with database.write() as session:
            repositories.next_number(session, "36001", DAY, "visit")
            session.add(visit(1))
            repositories.append_audit(session, "kiosk-1", AT, "admitted", {})
            session.flush()
            raise PowerCut

    with pytest.raises(PowerCut):
        cut_short()
    with database.read() as session:
        assert session.scalars(select(Visit)).all() == []
        assert session.scalars(select(Counter)).all() == []
        assert session.scalars(select(Audit)).all() == []


CRASH = """
import os, sys
from datetime import UTC, date, datetime
from pathlib import Path
from kiosk.store import repositories
from kiosk.store.database import Database

at = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)
database = Database.open(Path(sys.argv[1]))
with database.write() as session:
    repositories.next_number(session, "36001", date(2026, 11, 23), "visit")
    repositories.append_audit(session, "kiosk-1", at, "admitted", {})
with database.write() as session:
    repositories.next_number(session, "36001", date(2026, 11, 23), "visit")
    repositories.append_audit(session, "kiosk-1", at, "admitted", {})
    session.flush()
    os._exit(7)
"""


def test_a_process_that_dies_keeps_what_it_committed_and_no_more(path: Path, root: Path) -> None:
    assert subprocess.run([sys.executable, "-c", CRASH, str(path)], check=False, cwd=root).returncode == 7
    database = Database.open(path)
    with database.write() as session:
        assert repositories.next_number(session, "36001", DAY, "visit") == 2
        assert session.scalars(select(Audit.seq)).all() == [1]
        assert repositories.first_chain_fault(session, "kiosk-1") is None
    database.close()


def test_a_full_disk_is_one_error_and_leaves_nothing(database: Database, path: Path) -> None:
    fill(database)
    with pytest.raises(StoreUnavailable) as full:
        write_much(database)
    assert full.value.facts["sqlite"] == "SQLITE_FULL"
    assert full.value.desk_code == "E16"
    with pytest.raises(StoreUnavailable):
        database.probe()
    rest = sqlite3.connect(path)
    assert rest.execute("SELECT count(*) FROM visit").fetchone() == (0,)
    assert rest.execute("SELECT count(*) FROM audit").fetchone() == (0,)
    rest.close()


def test_a_probe_of_a_healthy_store_leaves_nothing_behind(database: Database) -> None:
    database.probe()
    with database.read() as session:
        assert session.scalars(select(DeviceState)).all() == []


def test_a_writer_that_never_ends_is_unavailable(database: Database, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable) as busy, database.write():
        pass
    assert busy.value.facts["sqlite"] == "SQLITE_BUSY"
    other.execute("ROLLBACK")
    other.close()
    with database.write():
        pass


@pytest.mark.parametrize("content", [b"no database" * 1000, b"SQLite format 3\x00" + bytes(100)])
def test_a_damaged_file_is_unavailable(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(StoreUnavailable):
        Database.open(path)


def test_a_folder_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        Database.open(tmp_path / "none" / "store.db")


def test_the_error_does_not_repeat_what_was_to_be_written(database: Database) -> None:
    fill(database)
    with pytest.raises(StoreUnavailable) as error:
        write_much(database)
    assert "filler" not in str(error.value) + repr(error.value.facts)
    assert error.value.__suppress_context__


def test_threads_never_get_one_number_twice(path: Path) -> None:
    database = Database.open(path, busy_timeout_s=20)
    numbers: list[int] = []

    def take() -> None:
        for _ in range(20):
            with database.write() as session:
                number = repositories.next_number(session, "36001", DAY, "visit")
                session.add(visit(number))
            numbers.append(number)

    threads = [Thread(target=take) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    database.close()
    assert sorted(numbers) == list(range(1, 41))


def test_numbers_count_by_day_series_and_clinic(database: Database) -> None:
    keys = [
        ("36001", DAY, "visit"),
        ("36001", DAY, "desk"),
        ("36001", date(2026, 11, 24), "visit"),
        ("2", DAY, "visit"),
    ]
    with database.write() as session:
        assert [repositories.next_number(session, *key) for key in keys] == [1, 1, 1, 1]
        assert repositories.next_number(session, *keys[0]) == 2


def test_a_chain_holds_until_somebody_touches_it(database: Database) -> None:
    with database.write() as session:
        for seq in range(5):
            repositories.append_audit(session, "kiosk-1", AT, "admitted", {"number": seq})
        repositories.append_audit(session, "desk-1", AT, "confirmed", {})
        assert repositories.first_chain_fault(session, "kiosk-1") is None
        assert repositories.first_chain_fault(session, "desk-1") is None


@pytest.mark.parametrize(
    ("harm", "seq"),
    [
        ("DELETE FROM audit WHERE seq = 1", 1),
        ("DELETE FROM audit WHERE seq = 3", 3),
        ("UPDATE audit SET body = replace(body, '\"number\":2', '\"number\":9') WHERE seq = 3", 3),
        ("UPDATE audit SET hash = zeroblob(32) WHERE seq = 5", 5),
    ],
)
def test_a_chain_tells_where_it_was_touched(database: Database, path: Path, harm: str, seq: int) -> None:
    with database.write() as session:
        for number in range(5):
            repositories.append_audit(session, "kiosk-1", AT, "admitted", {"number": number})
    knife = sqlite3.connect(path)
    with knife:
        assert knife.execute(harm).rowcount == 1
    knife.close()
    with database.read() as session:
        fault = repositories.first_chain_fault(session, "kiosk-1")
        assert fault is not None
        assert fault.seq == seq


def test_outbox_numbers_have_no_gaps_and_ids_sort(database: Database) -> None:
    with database.write() as session:
        events = [repositories.append_outbox(session, "kiosk-1", AT, "admitted", {"n": n}) for n in range(3)]
        assert [event.seq for event in events] == [1, 2, 3]
        assert repositories.append_outbox(session, "desk-1", AT, "confirmed", {}).seq == 1


def test_people_wait_until_they_are_called_or_the_ticket_is_closed(database: Database) -> None:
    with database.write() as session:
        for number, (room, state, called) in enumerate(
            [("a", "admitted", None), ("a", "admitted", AT), ("b", "admitted", None), (None, "desk", None)], start=1
        ):
            row = visit(number, state=state)
            row.room_id, row.called_at = room, called
            session.add(row)
        session.add(visit(9, state="closed"))
        session.flush()
        assert repositories.waiting(session, "36001", DAY) == {"a": 1, "b": 1, None: 1}
        assert repositories.waiting(session, "36001", DAY, before=3) == {"a": 1}


def test_a_device_says_its_last_state(database: Database) -> None:
    with database.write() as session:
        repositories.set_device_state(session, "kiosk-1", "reader", {"ok": False}, AT)
        repositories.set_device_state(session, "kiosk-1", "reader", {"ok": True}, AT)
    with database.read() as session:
        [row] = repositories.device_states(session)
        assert (row.part, row.state, row.updated_at) == ("reader", {"ok": True}, AT)
