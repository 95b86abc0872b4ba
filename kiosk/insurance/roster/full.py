"""From a stage to a new roster file: everything in the order of its key, so that every page is full."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kiosk.insurance.roster.layout import FORMAT, KEY_CHECK, PAGE_BYTES, SCHEMA
from kiosk.insurance.roster.stage import Stage
from kiosk.keys import PersonTags

KIND_OF_ROW = "substr(row, 9, 3)"
"""The three bytes of a row that name its kind."""

COUNTS = ("rows", "personal", "linked", "dead", "names")
TOUCHED = "touched CROSS JOIN roster.person USING (tag)"

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
        write_facts(connection, identity, tags, counted(connection))


def copy_names(connection: sqlite3.Connection, *, first_key: int) -> None:
    """Put the staged names into the roster, under keys whose ids begin after ``first_key``."""
    connection.execute(
        """INSERT OR REPLACE INTO roster.name
        SELECT line.tag, name_key + ?, sealed FROM staged_name JOIN line USING (line) ORDER BY line.tag""",
        (first_key,),
    )
    connection.execute("INSERT INTO roster.name_key SELECT id + ?, sealed FROM kept_name_key", (first_key,))
    connection.execute("DELETE FROM roster.name_key WHERE id NOT IN (SELECT name_key FROM roster.name)")


def write_facts(
    connection: sqlite3.Connection, identity: Identity, tags: PersonTags, counts: Mapping[str, int]
) -> None:
    """Write which roster this is, and what is counted in it."""
    facts = {
        "format": str(FORMAT),
        "version": identity.version,
        "sequence": str(identity.sequence),
        "as_of": identity.as_of.isoformat(),
        "digest": identity.digest,
        "key_check": tags.roster_tag(KEY_CHECK).hex(),
    }
    rows = [*facts.items(), *((name, str(count)) for name, count in counts.items())]
    connection.executemany("INSERT OR REPLACE INTO roster.meta VALUES (?, ?)", rows)


def counted(connection: sqlite3.Connection, people: str = "roster.person") -> dict[str, int]:
    """What is counted in a roster, in one pass over its rows.

    :param people: the rows that are counted: all, or :data:`TOUCHED`, whose keys are in the table ``touched``.
    """
    kinds = connection.execute("SELECT id, personal, personal AND insured, dead FROM roster.kind").fetchall()
    connection.execute("CREATE TEMP TABLE counts (kind BLOB PRIMARY KEY, personal, linked, dead) WITHOUT ROWID")
    rows = ((kind_id.to_bytes(3, "big"), *flags) for kind_id, *flags in kinds)
    connection.executemany("INSERT INTO counts VALUES (?, ?, ?, ?)", rows)
    query = f"""SELECT count(*), sum(personal), sum(linked), sum(dead), count(name.tag)
        FROM {people} CROSS JOIN counts ON counts.kind = {KIND_OF_ROW} LEFT JOIN roster.name USING (tag)"""
    found = connection.execute(query).fetchone()
    connection.execute("DROP TABLE counts")
    return {name: count or 0 for name, count in zip(COUNTS, found, strict=True)}


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
