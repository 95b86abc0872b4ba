"""From a stage to a new roster file: everything in the order of its key, so that every page is full."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kiosk.insurance.roster.layout import FORMAT, KEY_CHECK, PAGE_BYTES, SCHEMA
from kiosk.insurance.roster.stage import Stage
from kiosk.keys import PersonTags

KIND_OF_ROW = "substr(row, 9, 3)"
"""The three bytes of a row that name its kind."""

Step = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Which roster a file is, for its table of facts."""

    version: str
    sequence: int
    as_of: datetime
    digest: str


def write_full(stage: Stage, path: Path, identity: Identity, *, tags: PersonTags, step: Step) -> None:
    """A new roster file of what is staged.

    :param step: told what is being done.
    """
    path.unlink(missing_ok=True)
    with attached(stage, path, new=True) as connection, stage.transaction():
        for statement in SCHEMA:
            connection.execute(statement.format("roster"))
        connection.execute("INSERT INTO roster.kind SELECT * FROM main.kind")
        step("people")
        connection.execute("INSERT INTO roster.person SELECT tag, row FROM line ORDER BY tag")
        step("numbers")
        connection.execute(
            "INSERT INTO roster.insured SELECT insured, link FROM line WHERE insured IS NOT NULL ORDER BY insured"
        )
        step("names")
        copy_names(connection, first_key=0)
        write_facts(connection, identity, tags)


def copy_names(connection: sqlite3.Connection, *, first_key: int) -> None:
    """Put the staged names into the roster, under keys whose ids begin after ``first_key``."""
    connection.execute(
        """INSERT OR REPLACE INTO roster.name
        SELECT line.tag, name_key + ?, sealed FROM staged_name JOIN line USING (line) ORDER BY line.tag""",
        (first_key,),
    )
    connection.execute("INSERT INTO roster.name_key SELECT id + ?, sealed FROM kept_name_key", (first_key,))
    connection.execute("DELETE FROM roster.name_key WHERE id NOT IN (SELECT name_key FROM roster.name)")


def write_facts(connection: sqlite3.Connection, identity: Identity, tags: PersonTags) -> None:
    """Write which roster this is, and what is counted in it."""
    facts = {
        "format": str(FORMAT),
        "version": identity.version,
        "sequence": str(identity.sequence),
        "as_of": identity.as_of.isoformat(),
        "digest": identity.digest,
        "key_check": tags.roster_tag(KEY_CHECK).hex(),
    }
    counts = {
        "rows": counted(connection, "1"),
        "personal": counted(connection, "personal"),
        "linked": counted(connection, "personal AND insured"),
        "dead": counted(connection, "dead"),
        "names": connection.execute("SELECT count(*) FROM roster.name").fetchone()[0],
    }
    rows = [*facts.items(), *((name, str(count)) for name, count in counts.items())]
    connection.executemany("INSERT OR REPLACE INTO roster.meta VALUES (?, ?)", rows)


def counted(connection: sqlite3.Connection, condition: str) -> int:
    """How many rows are of a kind that fulfils a condition."""
    kinds = [row[0].to_bytes(3, "big") for row in connection.execute(f"SELECT id FROM roster.kind WHERE {condition}")]
    connection.execute("CREATE TEMP TABLE wanted (kind BLOB PRIMARY KEY) WITHOUT ROWID")
    connection.executemany("INSERT INTO wanted VALUES (?)", ((kind,) for kind in kinds))
    query = f"SELECT count(*) FROM roster.person WHERE {KIND_OF_ROW} IN (SELECT kind FROM wanted)"
    count: int = connection.execute(query).fetchone()[0]
    connection.execute("DROP TABLE wanted")
    return count


@contextmanager
def attached(stage: Stage, path: Path, *, new: bool = False) -> Iterator[sqlite3.Connection]:
    """The stage's connection with the file at ``path`` attached as ``roster``.

    The file has no journal: it is nobody's roster until it is renamed, and what was begun is thrown away.
    """
    connection = stage.connection
    connection.execute("ATTACH ? AS roster", (str(path),))
    try:
        if new:
            connection.execute(f"PRAGMA roster.page_size = {PAGE_BYTES}")
        connection.execute("PRAGMA roster.journal_mode = OFF")
        connection.execute("PRAGMA roster.synchronous = OFF")
        connection.execute("PRAGMA roster.cache_size = -32768")
        yield connection
    finally:
        connection.execute("DETACH roster")
