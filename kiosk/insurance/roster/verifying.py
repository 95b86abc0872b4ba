"""Whether the roster that lies there is whole: every page, every row, every count."""

import sqlite3
from enum import StrEnum

from kiosk.insurance.roster.file import RosterFile
from kiosk.insurance.roster.layout import CHECK_BYTES, KEY_BYTES, ROW_BYTES, key_of


class Finding(StrEnum):
    """What is wrong with a roster."""

    PAGES = "pages"
    """The database itself is damaged."""
    ROWS = "row_form"
    """A row is no row, or of a kind that is not there."""
    LINKS = "links"
    """An insurance number leads nowhere, or to somebody who has none."""
    COUNTS = "counts"
    """What is counted differs from what the roster says of itself."""


def findings(file: RosterFile) -> list[Finding]:
    """What is wrong with this roster; nothing, where it is whole."""
    connection = file.connection
    try:
        if connection.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
            return [Finding.PAGES]
        looks = {Finding.ROWS: _rows_are_right, Finding.LINKS: _links_are_right, Finding.COUNTS: _counts_are_right}
        return [finding for finding, look in looks.items() if not look(file)]
    except sqlite3.DatabaseError:
        return [Finding.PAGES]


def _rows_are_right(file: RosterFile) -> bool:
    kinds = {kind_id.to_bytes(3, "big") for kind_id in file.kinds}
    used = {kind for (kind,) in file.connection.execute("SELECT DISTINCT substr(row, 9, 3) FROM person")}
    wrong = file.connection.execute(f"SELECT 1 FROM person WHERE length(row) <> {ROW_BYTES} LIMIT 1").fetchone()
    return wrong is None and used <= kinds


def _links_are_right(file: RosterFile) -> bool:
    """Every link leads to a row with an insurance number, and there are as many as such rows."""
    insured = {kind_id.to_bytes(3, "big") for kind_id, kind in file.kinds.items() if kind.insured}
    kinds = dict(file.connection.execute("SELECT tag, substr(row, 9, 3) FROM person"))
    links = {link for (link,) in file.connection.execute("SELECT link FROM insured")}
    rows = {key_of(link[CHECK_BYTES:]) for link in links}
    holders = sum(kind in insured for kind in kinds.values())
    whole = all(len(link) == CHECK_BYTES + KEY_BYTES for link in links)
    return whole and len(rows) == len(links) == holders and all(kinds.get(row) in insured for row in rows)


def _counts_are_right(file: RosterFile) -> bool:
    info = file.info
    rows = dict(file.connection.execute("SELECT substr(row, 9, 3), count(*) FROM person GROUP BY 1"))
    counts = [(kind, rows.get(kind_id.to_bytes(3, "big"), 0)) for kind_id, kind in file.kinds.items()]
    names = file.connection.execute("SELECT count(*) FROM name").fetchone()[0]
    return (info.rows, info.personal, info.linked, info.dead, info.names) == (
        sum(rows.values()),
        sum(count for kind, count in counts if kind.personal),
        sum(count for kind, count in counts if kind.personal and kind.insured),
        sum(count for kind, count in counts if kind.dead),
        names,
    )
