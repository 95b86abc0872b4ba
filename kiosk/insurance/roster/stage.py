"""What of an import file was taken in so far: a database of its own, from which an interrupted import goes on.

Each block of lines is one transaction, together with the place in the file up to which it reaches. The stage belongs to
one file (by its hash), one key and one choice of names; another import starts over. It holds tags and sealed names:
nothing that a roster would not hold. While one import has it open, another cannot.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kiosk.insurance.roster.errors import Refusal, RosterRefused
from kiosk.insurance.roster.layout import MAX_KINDS, SCHEMA, Kind

ROW, REMOVED, DEAD = range(3)
"""What a staged line does to the roster."""

StagedLine = tuple[int, int, int, bytes, int | None, bytes, int | None]
"""Line number, change, key of the row, row (or only its check), key of the insurance number, link, and the key of the
insurance number that the person had before."""
Reject = tuple[int, str, str]
"""Line number, column, reason."""

_TABLES = (
    "CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID, STRICT",
    """CREATE TABLE line (
        line INTEGER PRIMARY KEY, change INTEGER NOT NULL, tag INTEGER NOT NULL, row BLOB NOT NULL,
        insured INTEGER, link BLOB NOT NULL, before INTEGER
    ) STRICT""",
    'CREATE TABLE reject (line INTEGER NOT NULL, "column" TEXT NOT NULL, reason TEXT NOT NULL) STRICT',
    "CREATE TABLE staged_name (line INTEGER PRIMARY KEY, name_key INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT",
    "CREATE TABLE kept_name_key (id INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT",
    SCHEMA[1].format("main"),
)


@dataclass(slots=True)
class Block:
    """Lines that are taken in together."""

    lines: list[StagedLine] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    names: list[tuple[int, int, bytes]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place in a file: the byte at which the line with this number begins."""

    offset: int = 0
    line: int = 1


class Stage:
    """A stage in this file, or in memory where there is none.

    :raises RosterRefused: ``busy`` where another import is at it.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        if path is not None and path.is_symlink():
            # Whoever imports may be root, in a folder that the processes write: nothing is written through a link.
            path.unlink()
        self.connection = sqlite3.connect(path or ":memory:", timeout=0, isolation_level=None)
        try:
            # Held until the end: the lock falls with the process, however that ends.
            self.connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            self.connection.execute("PRAGMA synchronous = NORMAL")
            self.connection.execute("BEGIN IMMEDIATE")
            self.connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            self.connection.close()
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            raise RosterRefused(Refusal.BUSY) from error
        except sqlite3.DatabaseError:
            self._start_over_damaged()
        self.kinds: dict[Kind, int] = {}
        self._unsaved: list[tuple[object, ...]] = []

    def _start_over_damaged(self) -> None:
        self.connection.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)
        self.connection = sqlite3.connect(self._path or ":memory:", timeout=0, isolation_level=None)

    def __enter__(self) -> "Stage":
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def begin(self, belongs_to: Mapping[str, str], kinds: Iterable[tuple[int, Kind]] = ()) -> Place:
        """The place from which to go on: the beginning, unless it was left off in this very import.

        :param kinds: those of the roster that is changed, under their ids.
        """
        try:
            facts = self._facts()
            if belongs_to.items() <= facts.items():
                self._load_kinds()
                return Place(offset=int(facts["offset"]), line=int(facts["line"]))
        except (sqlite3.DatabaseError, KeyError, ValueError):
            pass
        self._clear()
        with self.transaction():
            for statement in _TABLES:
                self.connection.execute(statement)
            self.connection.executemany("INSERT INTO fact VALUES (?, ?)", belongs_to.items())
            for kind_id, kind in kinds:
                self._add_kind(kind_id, kind)
            self.save_kinds()
            self._note(Place())
        return Place()

    def take(self, block: Block, place: Place) -> None:
        """Take in a block, and note where it ends."""
        with self.transaction():
            self.save_kinds()
            self.connection.executemany("INSERT INTO line VALUES (?, ?, ?, ?, ?, ?, ?)", block.lines)
            self.reject(block.rejects)
            self.connection.executemany("INSERT INTO staged_name VALUES (?, ?, ?)", block.names)
            self._note(place)

    def reject(self, rejects: Iterable[Reject]) -> None:
        """Note lines that are not taken."""
        self.connection.executemany("INSERT INTO reject VALUES (?, ?, ?)", rejects)

    def drop(self, rejects: Iterable[Reject]) -> None:
        """Give up lines that were taken in."""
        rejects = list(rejects)
        with self.transaction():
            self.connection.executemany("DELETE FROM line WHERE line = ?", ((line,) for line, _, _ in rejects))
            self.connection.executemany("DELETE FROM staged_name WHERE line = ?", ((line,) for line, _, _ in rejects))
            self.reject(rejects)

    def rejects(self) -> list[Reject]:
        """All lines that were not taken, in their order."""
        return self.connection.execute('SELECT line, "column", reason FROM reject ORDER BY line').fetchall()

    def counted(self, table: str = "line") -> int:
        """How many rows a table of the stage has."""
        count: int = self.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        return count

    def kind_id(self, kind: Kind) -> int:
        """The id of a kind, a new one where it is new; it is saved with the next block."""
        found = self.kinds.get(kind)
        if found is not None:
            return found
        # Ids are given in turn and none is ever taken back.
        kind_id = len(self.kinds)
        if kind_id >= MAX_KINDS:
            raise RosterRefused(Refusal.TOO_MANY_KINDS)
        self._add_kind(kind_id, kind)
        return kind_id

    def save_kinds(self) -> None:
        """Write the kinds that are new, in the transaction that is open."""
        self.connection.executemany("INSERT INTO kind VALUES (?, ?, ?, ?, ?, ?, ?, ?)", self._unsaved)
        self._unsaved.clear()

    def add_name_key(self, sealed: bytes) -> int:
        """The id of a sealed key under which names lie."""
        key_id = self.counted("kept_name_key") + 1
        self.connection.execute("INSERT INTO kept_name_key VALUES (?, ?)", (key_id, sealed))
        return key_id

    def transaction(self) -> "_Transaction":
        """All or nothing."""
        return _Transaction(self.connection)

    def discard(self) -> None:
        """Remove the stage: the import is done."""
        self.connection.close()
        if self._path is not None:
            for name in (self._path.name, self._path.name + "-journal"):
                self._path.with_name(name).unlink(missing_ok=True)

    def _clear(self) -> None:
        tables = self.connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        with self.transaction():
            for (name,) in tables:
                self.connection.execute(f'DROP TABLE "{name}"')
        self.kinds.clear()
        self._unsaved.clear()

    def _facts(self) -> dict[str, str]:
        return dict(self.connection.execute("SELECT name, value FROM fact").fetchall())

    def _load_kinds(self) -> None:
        rows = self.connection.execute("SELECT * FROM kind").fetchall()
        self.kinds = {kind: kind_id for kind_id, kind in map(Kind.from_row, rows)}

    def _add_kind(self, kind_id: int, kind: Kind) -> None:
        self.kinds[kind] = kind_id
        self._unsaved.append(kind.to_row(kind_id))

    def _note(self, place: Place) -> None:
        facts = (("offset", str(place.offset)), ("line", str(place.line)))
        self.connection.executemany("INSERT OR REPLACE INTO fact VALUES (?, ?)", facts)


class _Transaction:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, *_: object) -> None:
        self._connection.execute("COMMIT" if kind is None else "ROLLBACK")
