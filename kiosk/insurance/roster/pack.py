"""A roster on its way from the province to a clinic: whole, or only what differs from one that the clinic has.

Theory of operation. A pack is what differs between two roster files made under one key, by columns, compressed. Rows of
the base are named by their rank in the order of keys, not by their keys: neighbours lie one or two bytes apart, where a
key's eight bytes would not shrink at all. Of a changed row only the changed fields are in it. Ids of kinds are those of
the base, which :func:`cut` and :func:`apply_pack` number alike; kinds that it lacks get ids behind its last. A whole
roster is what differs from an empty one.

A pack names the contents it counts on and those it makes by a hash over all rows, so that it is applied to the right
base, and the result is what was published, to the last bit. Names are not in it: they are sealed to one clinic's key.
"""

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import cbor2

from idcard import ConfigurationError
from kiosk.insurance.roster.columns import (
    Fields,
    columns_of,
    differing,
    patched,
    patches,
    read_varints,
    rows_of,
    varints,
)
from kiosk.insurance.roster.errors import Refusal, RosterRefused
from kiosk.insurance.roster.heads import check_few_items
from kiosk.insurance.roster.layout import CHECK_BYTES, KEY_BYTES, key_of
from kiosk.insurance.roster.sides import FACTS, INSURED, KIND, PERSON, contents, facts_of, finish, side_by_side, three

PACK_FORMAT: Final = 1
PACK_LIMIT: Final = 1 << 27
"""How many bytes a pack may hold, decompressed: a province of 1.67 million people needs 75 MB."""
_DEPTH, _KIND_FIELDS = 4, 8
_TABLES: Final = (("person", "row", PERSON), ("insured", "link", INSURED))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """What a pack holds; ``base`` is the hash of the contents it counts on, empty for a whole roster.

    :ivar columns: for each table: ranks that go; ranks that change, masks, changed fields; added keys, their fields.
    """

    facts: dict[str, str]
    base: str
    result: str
    kinds: list[list[Any]] = field(repr=False)
    columns: dict[str, list[bytes]] = field(repr=False)

    @property
    def is_whole(self) -> bool:
        """Whether it needs no base."""
        return not self.base


def make_pack(base: Path | None, new: Path) -> bytes:
    """What makes ``new`` of ``base``, or of nothing.

    :raises ConfigurationError: ``damaged`` where one of them is no whole roster; ``wrong_key`` where they were made
        with two keys.
    """
    with side_by_side(base, new) as connection:
        facts = facts_of(connection, "new")
        if base is not None and facts_of(connection, "base")["key_check"] != facts["key_check"]:
            raise ConfigurationError(
                "The two rosters were made with two keys.", reason="wrong_key", remedy="Send the whole roster."
            )
        content = {
            "v": PACK_FORMAT,
            "facts": facts,
            "base": "" if base is None else contents(connection, "base"),
            "result": contents(connection, "new"),
            "kinds": _share_kinds(connection),
            "columns": {table: _changes(connection, table, value, fields) for table, value, fields in _TABLES},
        }
    return zlib.compress(cbor2.dumps(content, canonical=True), 9)


def read_pack(data: bytes) -> Pack:
    """The pack in these bytes.

    :raises RosterRefused: ``pack_malformed`` for anything else.
    """
    try:
        inflate = zlib.decompressobj()
        plain = inflate.decompress(data, PACK_LIMIT)
        if not inflate.eof or inflate.unused_data:
            raise ValueError("too long, cut off, or something behind the end")
        check_few_items(plain)
        found = cbor2.loads(plain, max_depth=_DEPTH)
        if found.pop("v") != PACK_FORMAT:
            raise ValueError("another format")
        pack = Pack(**found)
        _check_kinds_of_values(pack)
        return pack
    except (zlib.error, ValueError, TypeError, KeyError, AttributeError, RecursionError, cbor2.CBORError) as error:
        raise RosterRefused(Refusal.PACK_MALFORMED) from error


def _check_kinds_of_values(pack: Pack) -> None:
    """Nothing, where every part is of the kind that it is written in; ValueError or TypeError otherwise."""
    columns = pack.columns
    right = (
        pack.facts.keys() == set(FACTS),
        all(type(text) is str for text in (*pack.facts.values(), pack.base, pack.result)),
        all(type(kind) is list and len(kind) == _KIND_FIELDS for kind in pack.kinds),
        columns.keys() == {table for table, _, _ in _TABLES},
        all(len(columns[table]) == 4 + 2 * len(fields) for table, _, fields in _TABLES),
        all(type(column) is bytes for table in columns.values() for column in table),
    )
    if not all(right):
        raise ValueError("a part is of another kind")


def contents_of(roster: Path) -> str:
    """The hash of a roster's rows, by which packs name their base.

    :raises ConfigurationError: ``damaged`` where it is no whole roster.
    """
    with side_by_side(None, roster) as connection:
        return contents(connection, "new")


def apply_pack(base: Path | None, pack: Pack, out: Path) -> None:
    """Write at ``out`` the roster that the pack makes of ``base``; it is nobody's until it is renamed.

    :raises RosterRefused: ``wrong_base`` where it counts on another roster, ``pack_malformed`` where what comes out is
        not what was published.
    :raises ConfigurationError: ``damaged`` where the base is no whole roster.
    """
    if not pack.is_whole and base is None:
        raise RosterRefused(Refusal.WRONG_BASE, base=pack.base[:12])
    with side_by_side(None if pack.is_whole else base, out, writes=True) as connection:
        if not pack.is_whole and contents(connection, "base") != pack.base:
            raise RosterRefused(Refusal.WRONG_BASE, base=pack.base[:12])
        # The base is what the pack counts on, so whatever goes wrong from here on is the pack's fault.
        with _pack_blamed():
            _put_together(connection, pack)
            if contents(connection, "new") != pack.result:
                raise RosterRefused(Refusal.PACK_MALFORMED)
            _number_kinds(connection)
    finish(out, pack.facts)


@contextmanager
def _pack_blamed() -> Iterator[None]:
    try:
        yield
    except (sqlite3.DataError, sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError) as error:
        raise RosterRefused(Refusal.PACK_MALFORMED) from error
    except (LookupError, ValueError, TypeError, OverflowError) as error:
        raise RosterRefused(Refusal.PACK_MALFORMED) from error


def cut(province: Path, out: Path, clinics: frozenset[str]) -> None:
    """Write at ``out`` the part of a province's roster whose home clinic is one of these, without names.

    :raises ConfigurationError: ``damaged`` where it is no whole roster.
    """
    with side_by_side(province, out, writes=True) as connection:
        facts = facts_of(connection, "base")
        connection.execute("CREATE TEMP TABLE wanted (home_clinic TEXT PRIMARY KEY)")
        connection.executemany("INSERT INTO wanted VALUES (?)", [(clinic,) for clinic in clinics])
        connection.execute("INSERT INTO new.kind SELECT kind.* FROM base.kind JOIN wanted USING (home_clinic)")
        kept = [(three(kind_id),) for (kind_id,) in connection.execute("SELECT id FROM new.kind")]
        connection.execute("CREATE TEMP TABLE kept (kind BLOB PRIMARY KEY) WITHOUT ROWID")
        connection.executemany("INSERT INTO kept VALUES (?)", kept)
        connection.execute(
            f"INSERT INTO new.person SELECT tag, row FROM base.person WHERE {_kind_in('row')} IN kept ORDER BY tag"
        )
        connection.create_function("key_of_link", 1, _key_of_link, deterministic=True)
        connection.execute(
            """INSERT INTO new.insured SELECT tag, link FROM base.insured
            WHERE key_of_link(link) IN (SELECT tag FROM new.person) ORDER BY tag"""
        )
        _number_kinds(connection)
    finish(out, facts)


def _number_kinds(connection: sqlite3.Connection) -> None:
    """Number the kinds of the new roster from 1, in their own order, and drop those that nobody has.

    Two rosters of the same contents have the same ids then, whichever packs they were made by: rows of a pack name
    kinds by the ids of its base.
    """
    used = {own for (own,) in connection.execute(f"SELECT DISTINCT {_kind_in('row')} FROM new.person")}
    kinds = [(kind_id, tuple(kind)) for kind_id, *kind in connection.execute("SELECT * FROM new.kind")]
    kept = sorted((kind, kind_id) for kind_id, kind in kinds if three(kind_id) in used)
    numbers = [(three(kind_id), three(number)) for number, (_, kind_id) in enumerate(kept, 1)]
    if len(kept) == len(kinds) and all(old == new for old, new in numbers):
        return
    first, last = KIND
    connection.execute("CREATE TEMP TABLE number_map (old BLOB PRIMARY KEY, new BLOB NOT NULL) WITHOUT ROWID")
    connection.executemany("INSERT INTO number_map VALUES (?, ?)", numbers)
    connection.execute(
        f"""UPDATE new.person SET row = CAST(substr(row, 1, {first})
        || (SELECT number_map.new FROM number_map WHERE old = {_kind_in("row")})
        || substr(row, {last + 1}) AS BLOB)"""
    )
    connection.execute("DELETE FROM new.kind")
    rows = [(number, *kind) for number, (kind, _) in enumerate(kept, 1)]
    connection.executemany("INSERT INTO new.kind VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)


def _share_kinds(connection: sqlite3.Connection) -> list[list[Any]]:
    """Fill ``kind_map``, from the new roster's ids to the base's; gives the kinds that the base lacks."""
    known = {tuple(kind): kind_id for kind_id, *kind in connection.execute("SELECT * FROM base.kind")}
    lacking: list[list[Any]] = []
    shared: list[tuple[bytes, bytes]] = []
    following = max(known.values(), default=0) + 1
    for own, *kind in connection.execute("SELECT * FROM new.kind ORDER BY id").fetchall():
        kind_id = known.get(tuple(kind))
        if kind_id is None:
            kind_id = following + len(lacking)
            lacking.append([kind_id, *kind])
        shared.append((three(own), three(kind_id)))
    connection.execute("CREATE TEMP TABLE kind_map (own BLOB PRIMARY KEY, shared BLOB NOT NULL) WITHOUT ROWID")
    connection.executemany("INSERT INTO kind_map VALUES (?, ?)", shared)
    return lacking


def _changes(connection: sqlite3.Connection, table: str, value: str, fields: Fields) -> list[bytes]:
    """The columns of a table's changes."""
    _map_rows(connection, table, value)
    ranked = f"(SELECT tag, {value} AS value, row_number() OVER (ORDER BY tag) AS rank FROM base.{table})"
    gone = connection.execute(
        f"SELECT rank FROM {ranked} AS o LEFT JOIN mapped_{table} AS n USING (tag) WHERE n.tag IS NULL ORDER BY rank"
    ).fetchall()
    changed = connection.execute(
        f"""SELECT rank, o.value, n.value FROM {ranked} AS o JOIN mapped_{table} AS n USING (tag)
        WHERE o.value <> n.value ORDER BY rank"""
    ).fetchall()
    added = connection.execute(
        f"""SELECT n.tag, n.value FROM mapped_{table} AS n LEFT JOIN base.{table} AS o USING (tag)
        WHERE o.tag IS NULL ORDER BY n.tag"""
    ).fetchall()
    return [
        varints(rank for (rank,) in gone),
        varints(rank for rank, _, _ in changed),
        *differing([(old, new) for _, old, new in changed], fields),
        b"".join(tag.to_bytes(KEY_BYTES, "big") for tag, _ in added),
        *columns_of([new for _, new in added], fields),
    ]


def _map_rows(connection: sqlite3.Connection, table: str, value: str) -> None:
    """The new roster's rows under the ids of kinds that the base has."""
    first, last = KIND
    written, joined = value, ""
    if table == "person":
        written = f"CAST(substr(row, 1, {first}) || shared || substr(row, {last + 1}) AS BLOB)"
        joined = f"JOIN kind_map ON own = {_kind_in('row')}"
    connection.execute(f"CREATE TEMP TABLE mapped_{table} (tag INTEGER PRIMARY KEY, value BLOB NOT NULL)")
    connection.execute(f"INSERT INTO mapped_{table} SELECT tag, {written} FROM new.{table} {joined} ORDER BY tag")


def _put_together(connection: sqlite3.Connection, pack: Pack) -> None:
    connection.execute("INSERT INTO new.kind SELECT * FROM base.kind")
    connection.executemany("INSERT INTO new.kind VALUES (?, ?, ?, ?, ?, ?, ?, ?)", pack.kinds)
    for table, value, fields in _TABLES:
        connection.execute(f"INSERT INTO new.{table} SELECT * FROM base.{table} ORDER BY tag")
        connection.execute(f"CREATE TEMP TABLE rank_{table} AS SELECT tag FROM base.{table} ORDER BY tag")
        _apply(connection, table, value, fields, pack.columns[table])


def _apply(connection: sqlite3.Connection, table: str, value: str, fields: Fields, columns: list[bytes]) -> None:
    gone, ranks, masks, *rest = columns
    changed, keys, added = rest[: len(fields)], rest[len(fields)], rest[len(fields) + 1 :]
    at = f"SELECT tag FROM rank_{table} WHERE rowid = ?"
    (most,) = connection.execute(f"SELECT count(*) FROM rank_{table}").fetchone()
    # Row by row: a few bytes may unpack to the ranks of a hundred million.
    every = ((rank,) for rank in _ranks(gone, most))
    connection.executemany(f"DELETE FROM new.{table} WHERE tag = ({at})", every)
    for rank, patch in zip(_ranks(ranks, most), patches(masks, changed, fields), strict=True):
        (tag,) = connection.execute(at, (rank,)).fetchone()
        (old,) = connection.execute(f"SELECT {value} FROM new.{table} WHERE tag = ?", (tag,)).fetchone()
        connection.execute(f"UPDATE new.{table} SET {value} = ? WHERE tag = ?", (patched(old, patch, fields), tag))
    tags = (key_of(keys[start : start + KEY_BYTES]) for start in range(0, len(keys), KEY_BYTES))
    rows = zip(tags, rows_of(added, fields, -(-len(keys) // KEY_BYTES)), strict=True)
    connection.executemany(f"INSERT INTO new.{table} VALUES (?, ?)", rows)


def _ranks(data: bytes, most: int) -> Iterator[int]:
    """The ranks of rows that there are, each once; ValueError for anything else."""
    before = 0
    for rank in read_varints(data):
        if not before < rank <= most:
            raise ValueError("no such row, or twice")
        yield rank
        before = rank


def _kind_in(value: str) -> str:
    first, last = KIND
    return f"substr({value}, {first + 1}, {last - first})"


def _key_of_link(link: bytes) -> int:
    return key_of(link[CHECK_BYTES:])
