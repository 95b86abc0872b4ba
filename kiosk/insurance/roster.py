"""The roster: who is covered, off line, in one SQLite file that names nobody.

Theory of operation. A row is found by a keyed BLAKE2b of the personal number (16 bytes); the key lies in a file of its
own, so whoever has only the roster learns dates and no person. A file that is not exactly a roster of this format, or
that was made with another key, is refused at start and not in the middle of a visit.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from idcard import ConfigurationError
from kiosk.domain.eligibility import Coverage
from kiosk.keys import PersonTags

FORMAT = 1
_KEY_CHECK = "key check"
_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID, STRICT;
CREATE TABLE coverage (
    tag BLOB PRIMARY KEY CHECK (length(tag) = 16),
    valid_from TEXT NOT NULL,
    valid_to TEXT,
    benefit TEXT NOT NULL,
    home_clinic TEXT NOT NULL
) WITHOUT ROWID, STRICT;
"""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RosterEntry:
    """One person's coverage as the insurer delivers it; ``valid_to`` is None where it is open-ended."""

    personal_number: str
    valid_from: date
    valid_to: date | None
    benefit: str
    home_clinic: str

    def __repr__(self) -> str:
        return "RosterEntry(…)"


def build_roster(path: Path, entries: Iterable[RosterEntry], *, tags: PersonTags, version: str, as_of: datetime) -> int:
    """The number of rows of a new roster file, which replaces an older one only once it is whole.

    :param as_of: when the entries were true; aware.
    :raises ValueError: if one person is in the entries twice; the message does not say who.
    """
    if as_of.tzinfo is None:
        raise ValueError("an instant needs its time zone")
    unfinished = path.with_name(path.name + ".new")
    unfinished.unlink(missing_ok=True)
    with closing(sqlite3.connect(unfinished)) as connection:
        connection.executescript(_SCHEMA)
        with connection:
            rows = _insert(connection, entries, tags)
            connection.executemany("INSERT INTO meta VALUES (?, ?)", _meta(tags, version, as_of))
    os.replace(unfinished, path)
    return rows


def _insert(connection: sqlite3.Connection, entries: Iterable[RosterEntry], tags: PersonTags) -> int:
    statement = "INSERT INTO coverage VALUES (?, ?, ?, ?, ?)"
    try:
        return connection.executemany(statement, (_row(entry, tags) for entry in entries)).rowcount
    except sqlite3.IntegrityError:
        raise ValueError("a person is in the roster twice") from None


def _row(entry: RosterEntry, tags: PersonTags) -> tuple[bytes, str, str | None, str, str]:
    valid_to = entry.valid_to.isoformat() if entry.valid_to else None
    tag = tags.roster_tag(entry.personal_number)
    return tag, entry.valid_from.isoformat(), valid_to, entry.benefit, entry.home_clinic


def _meta(tags: PersonTags, version: str, as_of: datetime) -> Iterator[tuple[str, str]]:
    yield "format", str(FORMAT)
    yield "version", version
    yield "as_of", as_of.isoformat()
    yield "key_check", tags.roster_tag(_KEY_CHECK).hex()


class Roster:
    """A roster to ask; safe to use from several threads.

    :raises ConfigurationError: ``never_set_up`` where there is no file, ``damaged`` where it is not a whole roster of
        this format, ``wrong_key`` where it was made with another key.
    """

    def __init__(self, path: Path, *, tags: PersonTags) -> None:
        self._path = path
        self._tags = tags
        if not path.is_file():
            raise ConfigurationError(
                "There is no roster.", reason="never_set_up", remedy="Import a roster before the kiosk is started."
            )
        self._seen = self._signature()
        self._version, self._as_of = self._checked_meta()

    @property
    def version(self) -> str:
        """The version that the insurer gave this roster."""
        return self._version

    @property
    def as_of(self) -> datetime:
        """When the roster was true.

        :raises ConfigurationError: if the file was damaged since the start.
        """
        self._look_again()
        return self._as_of

    def find(self, personal_number: str) -> Coverage | None:
        """The coverage of this person, or None where the roster knows nobody by that number.

        :raises ConfigurationError: if the file was damaged since the start.
        """
        self._look_again()
        query = "SELECT valid_from, valid_to, benefit, home_clinic FROM coverage WHERE tag = ?"
        with self._connected() as connection:
            row = connection.execute(query, (self._tags.roster_tag(personal_number),)).fetchone()
            return None if row is None else self._coverage(*row)

    def __len__(self) -> int:
        with self._connected() as connection:
            count: int = connection.execute("SELECT count(*) FROM coverage").fetchone()[0]
            return count

    def _look_again(self) -> None:
        """A newer roster that was put in the old one's place counts at once, if it is whole and of this key."""
        signature = self._signature()
        if signature != self._seen:
            self._version, self._as_of = self._checked_meta()
            self._seen = signature

    def _signature(self) -> tuple[int, ...]:
        try:
            file = self._path.stat()
        except OSError as error:
            raise _unreadable() from error
        return file.st_ino, file.st_mtime_ns, file.st_size

    def _coverage(self, valid_from: str, valid_to: str | None, benefit: str, home_clinic: str) -> Coverage:
        return Coverage(
            valid_from=date.fromisoformat(valid_from),
            valid_to=date.fromisoformat(valid_to) if valid_to else None,
            benefit=benefit,
            home_clinic=home_clinic,
            as_of=self._as_of,
        )

    def _checked_meta(self) -> tuple[str, datetime]:
        with self._connected() as connection:
            connection.execute("SELECT tag FROM coverage LIMIT 1").fetchone()
            meta = dict(connection.execute("SELECT name, value FROM meta").fetchall())
            if meta["format"] != str(FORMAT):
                raise ValueError("unknown format")
            version, as_of = meta["version"], datetime.fromisoformat(meta["as_of"])
        if meta["key_check"] != self._tags.roster_tag(_KEY_CHECK).hex():
            raise ConfigurationError(
                "The roster was made with another key.", reason="wrong_key", remedy="Install the roster and its key."
            )
        return version, as_of

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """A connection that cannot write; whatever is wrong with the file is a ConfigurationError."""
        try:
            with closing(sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
                yield connection
        except (sqlite3.Error, KeyError, ValueError, TypeError) as error:
            raise _unreadable() from error


def _unreadable() -> ConfigurationError:
    return ConfigurationError("The roster cannot be read.", reason="damaged", remedy="Import the roster again.")
