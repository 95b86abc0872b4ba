"""One roster file, opened: checked when it is opened, asked by key afterwards."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from idcard import ConfigurationError
from kiosk.insurance.roster.layout import CHECK_BYTES, FORMAT, KEY_CHECK, Kind, check_of, key_of
from kiosk.keys import PersonTags


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterInfo:
    """What a roster says of itself.

    ``linked`` is the number of rows that have a personal number and an insurance number; ``personal`` of those that
    have a personal number; ``names`` of those whose name is kept, sealed.
    """

    version: str
    sequence: int
    as_of: datetime
    digest: str
    rows: int
    personal: int
    linked: int
    dead: int
    names: int

    @property
    def linked_share(self) -> float:
        """Which part of the personal numbers is linked to an insurance number; 0 where there is none."""
        return self.linked / self.personal if self.personal else 0.0

    @classmethod
    def from_meta(cls, meta: Mapping[str, str]) -> "RosterInfo":
        """What the table of facts says; KeyError or ValueError where it is not whole."""
        as_of = datetime.fromisoformat(meta["as_of"])
        if as_of.tzinfo is None:
            raise ValueError("an instant needs its time zone")
        counts = {name: int(meta[name]) for name in ("sequence", "rows", "personal", "linked", "dead", "names")}
        return cls(version=meta["version"], as_of=as_of, digest=meta["digest"], **counts)


class RosterFile:
    """A roster that nobody writes to any more.

    :raises ConfigurationError: ``never_set_up`` where there is no file, ``old_format`` where it was made before there
        was an import, ``damaged`` where it is not a whole roster, ``wrong_key`` where it was made with another key.
    """

    def __init__(self, path: Path, *, tags: PersonTags) -> None:
        if not path.is_file():
            raise ConfigurationError(
                "There is no roster.", reason="never_set_up", remedy="Import a roster before the kiosk is started."
            )
        with damage_told():
            # Immutable: a roster is replaced as a whole and never changed, so nothing needs to be locked or re-read.
            address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
            self._connection = sqlite3.connect(address, uri=True, check_same_thread=False)
            self._cursor = self._connection.cursor()
            self.info = self._checked(tags)
            self.kinds = dict(Kind.from_row(row) for row in self._cursor.execute("SELECT * FROM kind"))

    def __del__(self) -> None:
        if hasattr(self, "_connection"):
            self._connection.close()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    @property
    def connection(self) -> sqlite3.Connection:
        """For what looks at more than one person; it cannot write."""
        return self._connection

    def row(self, tag: bytes) -> bytes | None:
        """The row of the person with this tag of 16 bytes."""
        return self._right(self._bytes("SELECT row FROM person WHERE tag = ?", key_of(tag)), tag)

    def linked_row(self, insurance_tag: bytes) -> bytes | None:
        """The row that the insurance number with this tag of 16 bytes leads to."""
        found = self._linked(insurance_tag)
        return None if found is None else found[1]

    def linked_tag(self, insurance_tag: bytes) -> bytes | None:
        """The 11 bytes of its own tag that are known of the row to which this insurance number leads."""
        found = self._linked(insurance_tag)
        return None if found is None else found[0] + found[1][:CHECK_BYTES]

    def _linked(self, insurance_tag: bytes) -> tuple[bytes, bytes] | None:
        """The key of the row to which an insurance number leads, and the row."""
        link = self._right(self._bytes("SELECT link FROM insured WHERE tag = ?", key_of(insurance_tag)), insurance_tag)
        if link is None:
            return None
        key = link[CHECK_BYTES:]
        row = self._bytes("SELECT row FROM person WHERE tag = ?", key_of(key))
        if row is None:
            raise damaged()
        return key, row

    @staticmethod
    def _right(found: bytes | None, tag: bytes) -> bytes | None:
        return found if found is not None and found.startswith(check_of(tag)) else None

    def _bytes(self, query: str, key: int) -> bytes | None:
        found = self._cursor.execute(query, (key,)).fetchone()
        return None if found is None else found[0]

    def _checked(self, tags: PersonTags) -> RosterInfo:
        meta = dict(self._cursor.execute("SELECT name, value FROM meta").fetchall())
        if meta["format"] == "1":
            raise ConfigurationError(
                "The roster is of an older format.",
                reason="old_format",
                remedy="Import the insurer's file with: kiosk roster import",
            )
        if meta["format"] != str(FORMAT):
            raise ValueError("unknown format")
        for table in ("person", "insured", "name_key", "name"):
            self._cursor.execute(f"SELECT * FROM {table} LIMIT 1").fetchone()
        if meta["key_check"] != tags.roster_tag(KEY_CHECK).hex():
            raise ConfigurationError(
                "The roster was made with another key.", reason="wrong_key", remedy="Install the roster and its key."
            )
        return RosterInfo.from_meta(meta)


@contextmanager
def damage_told() -> Iterator[None]:
    """Whatever is wrong with the file is a ConfigurationError."""
    try:
        yield
    except (sqlite3.Error, KeyError, ValueError, TypeError, OSError) as error:
        raise damaged() from error


def damaged() -> ConfigurationError:
    """The error of a roster that is not whole."""
    return ConfigurationError("The roster cannot be read.", reason="damaged", remedy="Import the roster again.")
