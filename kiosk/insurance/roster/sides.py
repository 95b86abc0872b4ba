"""Two roster files side by side, ``base`` and ``new``, and what can be asked of either."""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from kiosk.insurance.roster.columns import Fields
from kiosk.insurance.roster.file import damaged
from kiosk.insurance.roster.full import counted
from kiosk.insurance.roster.layout import FORMAT, PAGE_BYTES, SCHEMA

PERSON: Final[Fields] = ((0, 4), (4, 6), (6, 8), (8, 11), (11, 12), (12, 17))
"""The fields of a person's row: check, first day, last day, kind, salt, hidden number."""
INSURED: Final[Fields] = ((0, 4), (4, 11))
"""The fields of a link: check, key of the row."""
KIND: Final = PERSON[3]
FACTS: Final = ("format", "version", "sequence", "as_of", "digest", "key_check")
_NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)


@contextmanager
def side_by_side(base: Path | None, new: Path, *, writes: bool = False) -> Iterator[sqlite3.Connection]:
    """A connection with both attached; without a base, an empty roster is it. With ``writes``, ``new`` is begun.

    The new file has no journal: it is nobody's roster until it is renamed, and what was begun is thrown away.
    """
    with damage_told(), closing(sqlite3.connect(":memory:", isolation_level=None, uri=True)) as connection:
        connection.execute("ATTACH ? AS base", (":memory:" if base is None else _to_read(base),))
        if base is None:
            make_tables(connection, "base")
        if writes:
            new.unlink(missing_ok=True)
        connection.execute("ATTACH ? AS new", (str(new) if writes else _to_read(new),))
        if writes:
            connection.execute(f"PRAGMA new.page_size = {PAGE_BYTES}")
            connection.execute("PRAGMA new.journal_mode = OFF")
            connection.execute("PRAGMA new.synchronous = OFF")
            make_tables(connection, "new")
        connection.execute("BEGIN")
        yield connection
        connection.execute("COMMIT")


@contextmanager
def damage_told() -> Iterator[None]:
    """Whatever is no whole roster is a ConfigurationError; a full disk stays what it is."""
    try:
        yield
    except sqlite3.Error as error:
        if isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF in _NO_ROOM:
            raise
        raise damaged() from error
    except (KeyError, ValueError, TypeError) as error:
        raise damaged() from error


def make_tables(connection: sqlite3.Connection, schema: str) -> None:
    """An empty roster."""
    for statement in SCHEMA:
        connection.execute(statement.format(schema))


def facts_of(connection: sqlite3.Connection, schema: str) -> dict[str, str]:
    """Which roster this is; KeyError or ValueError where it does not say, or in another format."""
    found = dict(connection.execute(f"SELECT name, value FROM {schema}.meta").fetchall())
    if found["format"] != str(FORMAT):
        raise ValueError("another format")
    return {name: found[name] for name in FACTS}


def finish(roster: Path, facts: dict[str, str]) -> None:
    """Write which roster this is, and what is counted in it."""
    with damage_told(), closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("ATTACH ? AS roster", (str(roster),))
        rows = [*facts.items(), *((name, str(count)) for name, count in counted(connection).items())]
        connection.executemany("INSERT OR REPLACE INTO roster.meta VALUES (?, ?)", rows)


def contents(connection: sqlite3.Connection, schema: str) -> str:
    """SHA-256 over all rows in the order of their keys, with their kinds written out: whatever ids those have."""
    every = connection.execute(f"SELECT * FROM {schema}.kind")
    kinds = {three(kind_id): repr(kind).encode() for kind_id, *kind in every}
    digest, (first, last) = hashlib.sha256(), KIND
    for tag, row in connection.execute(f"SELECT tag, row FROM {schema}.person ORDER BY tag"):
        digest.update(b"%d %b %b %b\n" % (tag, row[:first], kinds[row[first:last]], row[last:]))
    for tag, link in connection.execute(f"SELECT tag, link FROM {schema}.insured ORDER BY tag"):
        digest.update(b"%d %b\n" % (tag, link))
    return digest.hexdigest()


def three(kind_id: int) -> bytes:
    """A kind's id as it stands in a row."""
    return int(kind_id).to_bytes(3, "big")


def _to_read(path: Path) -> str:
    if not path.is_file():
        raise damaged()
    return f"{path.absolute().as_uri()}?mode=ro&immutable=1"
