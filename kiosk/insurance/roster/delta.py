"""From a stage to a changed roster file: the changes of a day, put into a copy of the present one.

What another person holds is never taken: a line that gives somebody the insurance number of somebody who keeps it is
dropped. An insurance number that stood alone so far and now comes with a personal number closes that gap: the row
without a personal number goes, the linked one stays. A death keeps the row and marks it.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from kiosk.insurance.roster.contested import COLLISION, drop_contested
from kiosk.insurance.roster.file import damaged
from kiosk.insurance.roster.full import COUNTS, TOUCHED, Identity, Step, attached, copy_names, counted, write_facts
from kiosk.insurance.roster.layout import CHECK_BYTES, Row, key_of
from kiosk.insurance.roster.stage import DEAD, REMOVED, ROW, Reject, Stage
from kiosk.keys import PersonTags

NOT_THERE, TAKEN = "not_there", "taken"
_LOOSE = 1.05
"""How much larger than packed a file may be, by half-filled pages, before it is packed again."""
_PACKED = "SELECT 31.5 * (SELECT count(*) FROM roster.person) + 25.5 * (SELECT count(*) FROM roster.insured)"
_PACKED_NAMES = "SELECT total(length(sealed) + 16) FROM roster.name"
_SMALL = 1 << 18
_KEYS = f"SELECT substr(link, {CHECK_BYTES + 1}) FROM line WHERE change <> {DEAD}"

# SQLite makes no number of bytes: key_of_link is a function of ours.
_HOLDERS = """SELECT line, line.link, insured.link, person.row FROM line
    CROSS JOIN roster.insured ON insured.tag = line.insured
    CROSS JOIN roster.person ON person.tag = key_of_link(insured.link)"""

_BUFFER = 1 << 20


def write_delta(stage: Stage, old: Path, path: Path, identity: Identity, *, tags: PersonTags, step: Step) -> None:
    """A copy of the roster ``old`` with what is staged put into it; lines that do not fit it are dropped.

    :raises ConfigurationError: ``damaged`` where the old roster turns out not to be whole.
    """
    step("copy")
    path.unlink(missing_ok=True)
    # Whoever imports may be root, in a folder that the processes write: no link that lies there is written through.
    with old.open("rb") as source, path.open("xb") as copy:
        shutil.copyfileobj(source, copy, _BUFFER)
    with _damage_told(), attached(stage, path) as connection:
        connection.create_function("key_of_link", 1, _row_key, deterministic=True)
        step("changes")
        _resolve(stage)
        drop_contested(stage)
        stage.drop(_strangers(connection))
        while taken := list(_taken(stage)):
            stage.drop(taken)
        with stage.transaction():
            _note_touched(stage)
            before = counted(connection, TOUCHED)
            _apply(stage)
            step("count")
            write_facts(connection, identity, tags, _recounted(connection, before))
        packed = sum(connection.execute(query).fetchone()[0] for query in (_PACKED, _PACKED_NAMES))
    if path.stat().st_size > packed * _LOOSE + _SMALL:
        step("pack")
        _pack(path)


@contextmanager
def _damage_told() -> Iterator[None]:
    """A roster that turns out to be damaged; a disk that is full is something else."""
    try:
        yield
    except sqlite3.OperationalError:
        raise
    except (sqlite3.DatabaseError, KeyError, ValueError) as error:
        raise damaged() from error


def _note_touched(stage: Stage) -> None:
    """Note whose rows will be others than before: those of the lines, and those that a link makes superfluous."""
    keys = [(_row_key(link),) for _, _, link, _ in _holders(stage)]
    stage.connection.execute("CREATE TEMP TABLE touched (tag INTEGER PRIMARY KEY)")
    stage.connection.execute("INSERT OR IGNORE INTO touched SELECT tag FROM line")
    stage.connection.executemany("INSERT OR IGNORE INTO touched VALUES (?)", keys)


def _recounted(connection: sqlite3.Connection, before: dict[str, int]) -> dict[str, int]:
    """The counts of the whole roster: those it had, less those of the touched rows before, with those they have now."""
    said = dict(connection.execute("SELECT name, value FROM roster.meta").fetchall())
    now = counted(connection, TOUCHED)
    connection.execute("DROP TABLE touched")
    return {name: int(said[name]) - before[name] + now[name] for name in COUNTS}


def _resolve(stage: Stage) -> None:
    """Removals and deaths that name an insurance number mean the row that this number leads to."""
    found = stage.connection.execute(
        f"""{_HOLDERS}
        WHERE change <> {ROW} AND line.tag NOT IN (SELECT tag FROM roster.person)"""
    ).fetchall()
    with stage.transaction():
        for line, own, link, row in found:
            if own[:CHECK_BYTES] == link[:CHECK_BYTES]:
                stage.connection.execute(
                    "UPDATE line SET tag = ?, row = ?, link = ?, before = insured WHERE line = ?",
                    (_row_key(link), row[:CHECK_BYTES], link, line),
                )


def _strangers(connection: sqlite3.Connection) -> Iterator[Reject]:
    """Lines whose tag is another person's, and changes of people whom the roster does not know."""
    query = "SELECT line, change, line.row, person.row FROM line LEFT JOIN roster.person ON person.tag = line.tag"
    for line, change, own, present in connection.execute(query).fetchall():
        if present is not None and present[:CHECK_BYTES] != own[:CHECK_BYTES]:
            yield line, "personal_number", COLLISION
        elif present is None and change != ROW:
            yield line, "status", NOT_THERE


def _taken(stage: Stage) -> Iterator[Reject]:
    """Lines whose insurance number is a linked row's, which this delta leaves as it is."""
    changed = {key for (key,) in stage.connection.execute(_KEYS)}
    linked = {kind_id for kind, kind_id in stage.kinds.items() if kind.personal}
    for line, own, link, row in _holders(stage):
        if link[CHECK_BYTES:] in changed:
            continue
        if link[:CHECK_BYTES] != own[:CHECK_BYTES]:
            yield line, "insurance_number", COLLISION
        elif Row.from_bytes(row).kind in linked:
            yield line, "insurance_number", TAKEN


def _holders(stage: Stage) -> list[tuple[int, bytes, bytes, bytes]]:
    """Lines with an insurance number that is in the roster already, and who holds it."""
    return stage.connection.execute(f"{_HOLDERS} WHERE change = {ROW}").fetchall()


def _apply(stage: Stage) -> None:
    connection = stage.connection
    after = CHECK_BYTES + 1
    stale = connection.execute(f"SELECT before, substr(link, {after}) FROM line WHERE change <> {DEAD}").fetchall()
    connection.executemany(f"DELETE FROM roster.insured WHERE tag = ? AND substr(link, {after}) = ?", stale)
    gone = [(_row_key(link),) for _, _, link, _ in _holders(stage)]
    gone += connection.execute(f"SELECT tag FROM line WHERE change = {REMOVED}").fetchall()
    for table in ("person", "name"):
        connection.executemany(f"DELETE FROM roster.{table} WHERE tag = ?", gone)
    connection.execute(f"DELETE FROM roster.name WHERE tag IN (SELECT tag FROM line WHERE change = {ROW})")
    connection.execute(
        f"INSERT OR REPLACE INTO roster.person SELECT tag, row FROM line WHERE change = {ROW} ORDER BY tag"
    )
    connection.execute(
        f"""INSERT OR REPLACE INTO roster.insured SELECT insured, link FROM line
        WHERE change = {ROW} AND insured IS NOT NULL ORDER BY insured"""
    )
    _mark_dead(stage)
    stage.save_kinds()
    connection.execute("INSERT OR REPLACE INTO roster.kind SELECT * FROM main.kind")
    newest = connection.execute("SELECT coalesce(max(id), 0) FROM roster.name_key").fetchone()[0]
    copy_names(connection, first_key=newest)


def _mark_dead(stage: Stage) -> None:
    kinds = {kind_id: kind for kind, kind_id in stage.kinds.items()}
    query = f"SELECT person.tag, person.row FROM line JOIN roster.person USING (tag) WHERE change = {DEAD}"
    for tag, data in stage.connection.execute(query).fetchall():
        row = Row.from_bytes(data)
        dead = replace(row, kind=stage.kind_id(replace(kinds[row.kind], dead=True)))
        stage.connection.execute("UPDATE roster.person SET row = ? WHERE tag = ?", (dead.to_bytes(), tag))


def _row_key(link: bytes) -> int:
    return key_of(link[CHECK_BYTES:])


def _pack(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("VACUUM")
