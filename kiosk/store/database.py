"""The database file: opened, migrated, and every failure of it turned into one error with nothing half done.

SQLite in WAL mode with ``synchronous=FULL``: a committed admission survives a power cut. Writing transactions begin
with ``BEGIN IMMEDIATE``, so that two processes queue at the start instead of failing in the middle.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import URL, Connection, Engine, create_engine, delete, event
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from kiosk.ports import StoreUnavailable
from kiosk.store import desk_tables as desk_tables
from kiosk.store import device_tables as device_tables
from kiosk.store import key_tables as key_tables
from kiosk.store import province_tables as province_tables
from kiosk.store.tables import DeviceState

if TYPE_CHECKING:
    from alembic.config import Config

_PROBE, _PROBE_BYTES = "probe", 65536
_TURN_S = 0.02
_CACHE_KB = 512
"""What a connection keeps of the file in memory; SQLite's own 2 MB fill in a day, once for each connection."""
_MIGRATIONS = Path(__file__).parent / "migrations"
_log = structlog.get_logger(__name__)


class Database:
    """The store's database; safe to use from several threads and processes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writing = engine.execution_options(kiosk_begin="BEGIN IMMEDIATE")

    @classmethod
    def open(cls, path: Path, *, busy_timeout_s: float = 3.0, patience_s: float = 30.0) -> "Database":
        """The database in this file, created and migrated where needed.

        :param busy_timeout_s: how long to wait for another writer.
        :param patience_s: how long to wait, at the opening, for whoever makes or migrates the same file.
        :raises StoreUnavailable: if the file cannot be used.
        """
        engine = create_engine(
            URL.create("sqlite", database=str(path)),
            connect_args={"timeout": busy_timeout_s},
            # The connection that was used last: else every one of the pool keeps its pages and statements warm.
            pool_use_lifo=True,
        )
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
        database = cls(engine)
        try:
            database._migrate(patience_s)
        except StoreUnavailable:
            engine.dispose()
            raise
        return database

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session in one writing transaction: all of it is committed, or nothing.

        :raises StoreUnavailable: if the database refuses; :class:`IntegrityError` passes, for a rule that was broken.
        """
        with _typed_errors(), Session(self._writing) as session, session.begin():
            # The transaction begins here, and not with the first statement: whoever writes has the turn at once.
            session.connection()
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading a consistent state; what is changed in it is thrown away."""
        with _typed_errors(), Session(self._engine) as session:
            yield session

    def probe(self) -> None:
        """Nothing, where a visit could be written now; :class:`StoreUnavailable` where it could not.

        Pages are really taken, committed and given back: a full disk shows only then.
        """
        with self.write() as session:
            session.execute(delete(DeviceState).where(DeviceState.part == _PROBE))
            filler = {"filler": "0" * _PROBE_BYTES}
            session.add(DeviceState(device=_PROBE, part=_PROBE, state=filler, updated_at=datetime.now(UTC)))
        with self.write() as session:
            session.execute(delete(DeviceState).where(DeviceState.part == _PROBE))

    def fold(self) -> bool:
        """Bring the write-ahead log home and empty it, so that nothing overwritten is left in it.

        False where somebody reads meanwhile: then it stays for the next time.
        """
        with _typed_errors():
            connection = self._engine.raw_connection()
            try:
                # Not in a transaction: there the log cannot be emptied.
                busy: int = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            finally:
                connection.close()
        return not busy

    def _migrate(self, patience_s: float) -> None:
        # Switching a new file to the write-ahead log needs it alone, and SQLite does not wait for that turn itself.
        deadline = monotonic() + patience_s
        with _typed_errors():
            while not self._migrated(last=monotonic() > deadline):
                sleep(_TURN_S)

    def _migrated(self, *, last: bool) -> bool:
        """Whether the tables are right; False while another process has the file and another try may help."""
        try:
            with self._writing.connect() as connection, _unlinked(connection), connection.begin():
                _upgrade(connection)
                _check_links(connection)
        except (DBAPIError, sqlite3.Error) as error:
            if last or not _sqlite_name(error).startswith("SQLITE_BUSY"):
                raise
            return False
        return True


@contextmanager
def _unlinked(connection: Connection) -> Iterator[None]:
    """Links between tables are not looked after meanwhile: else no table that others point at could be made anew.

    Source: SQLite, "Making Other Kinds Of Table Schema Changes", steps 1, 10 and 12.
    """
    _links(connection, "OFF")
    try:
        yield
    finally:
        _links(connection, "ON")


def _links(connection: Connection, switch: str) -> None:
    # Past SQLAlchemy, which would begin a transaction: in one this setting has no effect.
    connection.connection.cursor().execute(f"PRAGMA foreign_keys={switch}").close()


def _check_links(connection: Connection) -> None:
    if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
        raise StoreUnavailable("the store's tables do not fit together", sqlite="FOREIGN_KEY_CHECK")


def _upgrade(connection: Connection) -> None:
    """Bring the tables to the newest migration; Alembic is slow to load, and is not where nothing is to be done."""
    known = connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").first()
    if known and connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all() == [_newest()]:
        return
    from alembic import command

    command.upgrade(_alembic(connection), "head")


def _newest() -> str:
    """The newest migration: a file is called by its number."""
    return max(path.name[1:5] for path in (_MIGRATIONS / "versions").glob("v[0-9]*.py"))


def _alembic(connection: Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _prepare(connection: sqlite3.Connection, record: Any) -> None:
    """Durable settings; transactions are begun by :func:`_begin` and not by the driver."""
    connection.isolation_level = None
    durable = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON")
    for pragma in (*durable, f"cache_size=-{_CACHE_KB}"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("kiosk_begin", "BEGIN"))


@contextmanager
def _typed_errors() -> Iterator[None]:
    """Faults of the database as StoreUnavailable; the driver's words are not passed on: they may quote values."""
    try:
        yield
    except IntegrityError:
        raise
    except (DBAPIError, sqlite3.Error, OSError) as error:
        name = _sqlite_name(error)
        _log.error("store_unavailable", sqlite=name)
        raise StoreUnavailable(f"the store refuses: {name}", sqlite=name) from None


def _sqlite_name(error: Exception) -> str:
    """SQLite's own word for the fault, such as ``SQLITE_FULL``."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    return str(getattr(origin, "sqlite_errorname", type(origin).__name__))
