"""The months of events on PostgreSQL: made ahead, and what went astray is brought home."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from alembic import command
from sqlalchemy import text

from kiosk.hub.store import tables
from kiosk.hub.store.database import HubDatabase, alembic_config
from kiosk.hub.store.partitions import Month, make_months, months


@pytest.fixture
def bare(cluster: Any) -> Iterator[HubDatabase]:
    """A hub's database on PostgreSQL with no month but the default one."""
    database = HubDatabase.open(cluster.create("months"), connections=2)
    with database.write() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    database.migrate()
    yield database
    database.close()


def names(database: HubDatabase) -> tuple[str, ...]:
    with database.read() as connection:
        return months(connection)


def test_months_are_made_ahead_and_once(bare: HubDatabase) -> None:
    now = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)
    made = ("event_2026_11", "event_2026_12", "event_2027_01", "event_2027_02")
    assert make_months(bare, now) == made
    assert make_months(bare, now) == ()
    assert names(bare) == (*made, "event_default")
    assert make_months(bare, datetime(2026, 12, 1, tzinfo=UTC)) == ("event_2027_03",)


def test_what_went_astray_is_brought_home_and_was_an_alarm(bare: HubDatabase, make_hub: Any, make: Any) -> None:
    hub = make_hub(bare)
    device = hub.enrolled()
    hub.receive(device, device.event(make.admission(None)))
    assert count(bare, "event_default") == 1
    make_months(bare, make.NOW)
    assert count(bare, "event_default") == 0
    assert count(bare, "event_2026_11") == 1
    # A second stray, of a time for which no month is made now.
    hub.later(days=400)
    hub.receive(device, device.event(make.admission(None)))
    make_months(bare, make.NOW)
    assert [row.facts for row in hub.rows(tables.alarm)] == [{"rows": 1}]
    assert len(hub.rows(tables.event)) == 2


def test_an_event_lies_in_the_month_in_which_it_was_received(bare: HubDatabase, make_hub: Any, make: Any) -> None:
    hub = make_hub(bare)
    make_months(bare, make.NOW)
    device = hub.enrolled()
    hub.receive(device, device.event(make.admission(None), at=datetime(2020, 1, 1, tzinfo=UTC)))
    assert count(bare, "event_2026_11") == 1


def test_the_tables_can_be_taken_down_and_made_again(bare: HubDatabase) -> None:
    make_months(bare, datetime(2026, 11, 1, tzinfo=UTC))
    with bare.write() as connection:
        command.downgrade(alembic_config(connection), "base")
        left = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars().all()
    assert set(left) <= {"alembic_version"}
    assert not bare.is_migrated()
    bare.migrate()
    assert bare.is_migrated()


def test_sqlite_has_no_months(tmp_path: Any) -> None:
    database = HubDatabase.open(f"sqlite:///{tmp_path / 'hub.db'}")
    assert make_months(database, datetime(2026, 11, 1, tzinfo=UTC)) == ()
    database.close()


def test_the_month_after_december_is_january() -> None:
    assert Month(year=2026, month=12).next == Month(year=2027, month=1)
    assert Month.of(datetime(2026, 12, 31, 23, 0, tzinfo=UTC)).table == "event_2026_12"


def count(database: HubDatabase, table: str) -> int:
    with database.read() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())
