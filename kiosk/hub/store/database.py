"""The hub's database: opened, migrated, and every failure of it turned into one error with nothing half done.

Theory of operation. What is written of a clinic is written by one transaction at a time: on PostgreSQL whoever writes
locks the clinic's row first (:func:`take_turns`), on SQLite every writing transaction begins with ``BEGIN
IMMEDIATE``. So counts are added up without losing any, and no two writers wait for each other in a circle. A commit is
on the disk when it returns: SQLite with ``synchronous=FULL``, PostgreSQL as its configuration says.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, make_url, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from kiosk.hub.errors import HubStoreUnavailable
from kiosk.hub.store import tables

_MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 0x6B696F736B
"""Any number: PostgreSQL's advisory lock under which tables are migrated."""
_log = structlog.get_logger(__name__)


class HubDatabase:
    """The hub's database; safe to use from several threads and processes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writing = engine.execution_options(hub_begin="BEGIN IMMEDIATE")
        # On PostgreSQL every question sees what is committed when it is asked: no transaction is needed for that.
        self._reading = engine.execution_options(isolation_level="AUTOCOMMIT") if self.is_postgresql else engine

    @classmethod
    def open(cls, url: str | URL, *, connections: int = 8, pooled_outside: bool = False) -> "HubDatabase":
        """The database at this address, its tables as they are.

        :param url: ``sqlite:///FILE`` or ``postgresql+psycopg://…``.
        :param connections: how many are kept open.
        :param pooled_outside: whether PgBouncer or the like stands before it, which knows no prepared statements.
        :raises HubStoreUnavailable: for another kind of database.
        """
        address = make_url(url)
        match address.get_backend_name():
            case "sqlite":
                return cls(_sqlite(address))
            case "postgresql":
                return cls(_postgresql(address, connections, pooled_outside))
            case other:
                raise HubStoreUnavailable(f"the hub keeps its tables in SQLite or PostgreSQL, not {other}")

    @property
    def is_postgresql(self) -> bool:
        """Whether this is PostgreSQL: what only one of the two needs asks."""
        return self._engine.dialect.name == "postgresql"

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()

    def migrate(self, to: str = "head") -> None:
        """Bring the tables up to this version.

        :raises HubStoreUnavailable: if they cannot be; then they are as before.
        """
        with _typed_errors(), self._writing.connect() as connection, connection.begin():
            if self.is_postgresql:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
            command.upgrade(alembic_config(connection), to)

    def is_migrated(self) -> bool:
        """Whether the tables are of this program's version.

        :raises HubStoreUnavailable: if the database does not answer.
        """
        with self.read() as connection:
            present = MigrationContext.configure(connection).get_current_revision()
            return present == ScriptDirectory.from_config(alembic_config(connection)).get_current_head()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A connection in one writing transaction: all of it is committed, or nothing.

        :raises HubStoreUnavailable: if the database refuses.
        """
        with _typed_errors(), self._writing.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for reading; what is changed with it is thrown away.

        :raises HubStoreUnavailable: if the database refuses.
        """
        with _typed_errors(), self._reading.connect() as connection:
            yield connection

    def probe(self) -> None:
        """Nothing, where the database answers and its tables are there; HubStoreUnavailable where not."""
        with self.read() as connection:
            connection.execute(select(tables.clinic.c.id).limit(1)).all()


def take_turns(connection: Connection, clinics: Iterable[str]) -> set[str]:
    """Take the turns of these clinics to write, to the end of the transaction; those that there are."""
    query = select(tables.clinic.c.id).where(tables.clinic.c.id.in_(sorted(set(clinics))))
    # In one order for everybody: two writers never wait for each other in a circle.
    return set(connection.execute(query.order_by(tables.clinic.c.id).with_for_update()).scalars())


def insert(connection: Connection, table: Table) -> Any:
    """An ``INSERT`` that can say what to do on a conflict, in the words of this database."""
    return (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(table)


def add_up(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    keys: Sequence[str],
    numbers: Sequence[str],
) -> None:
    """Add these numbers to those in the rows with the same keys, or make the rows."""
    if not rows:
        return
    statement = insert(connection, table)
    added = {name: table.c[name] + statement.excluded[name] for name in numbers}
    # In one order for everybody: two writers never wait for each other in a circle.
    ordered = sorted(rows, key=lambda row: tuple(str(row[key]) for key in keys))
    connection.execute(statement.on_conflict_do_update(index_elements=list(keys), set_=added), ordered)


def alembic_config(connection: Connection) -> Config:
    """Where Alembic finds the migrations, and the connection that it uses."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _sqlite(address: URL) -> Engine:
    engine = create_engine(address, connect_args={"timeout": 10.0})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _postgresql(address: URL, connections: int, pooled_outside: bool) -> Engine:
    return create_engine(
        address.set(drivername="postgresql+psycopg"),
        pool_size=connections,
        max_overflow=0,
        pool_timeout=5,
        connect_args={
            "connect_timeout": 5,
            "prepare_threshold": None if pooled_outside else 5,
            "application_name": "kiosk hub",
        },
    )


def _prepare(connection: sqlite3.Connection, record: Any) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("hub_begin", "BEGIN"))


@contextmanager
def _typed_errors() -> Iterator[None]:
    """Faults of the database as HubStoreUnavailable; the driver's words are not passed on: they may quote values."""
    try:
        yield
    except (DBAPIError, PoolTimeout, sqlite3.Error, OSError) as error:
        reason = _reason(error)
        _log.error("hub_store_unavailable", reason=reason)
        raise HubStoreUnavailable(f"the hub's store refuses: {reason}", reason=reason) from None


def _reason(error: Exception) -> str:
    """The database's own word for the fault: SQLite's name of it, or PostgreSQL's five signs."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    stated = getattr(origin, "sqlite_errorname", None) or getattr(origin, "sqlstate", None)
    return str(stated or type(origin).__name__)
