"""The disk of a kiosk that was used, as a thief reads it: byte by byte, deleted rows and all. Nobody is there.

People came and went: admitted by chip, come twice, with a code alone, sent to the desk and admitted by a clerk, and
torn away amid the reading. ``tests/kiosk/key_safe/test_platter.py`` does the same with every byte that the real
processes ever wrote.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import structlog
from disk_search import disk_image, forms_of, hashes_of, needles_of, numbers_of, texts_of, traces

from kiosk.domain.flow import Screen

# The fixture's class lives in conftest.py, from which nothing can be imported.
Kiosk = Any
People = Mapping[str, Mapping[str, bytes]]


@pytest.fixture
def log(kiosk: Kiosk) -> Iterator[Path]:
    """The log of both processes, on the same disk."""
    path: Path = kiosk.path.with_name("kiosk.log")
    with path.open("w", encoding="utf-8") as lines:
        structlog.configure(
            processors=[structlog.processors.add_log_level, structlog.processors.LogfmtRenderer()],
            logger_factory=structlog.PrintLoggerFactory(lines),
            cache_logger_on_first_use=False,
        )
        yield path
        structlog.reset_defaults()


@pytest.fixture
def people(kiosk: Kiosk) -> People:
    """Everything by which each of those who come could be found."""
    return {
        who: needles_of(holder, insurance="36" + holder.personal_number[-8:], files=chip_files(kiosk, who))
        for who, holder in kiosk.holders.items()
    }


def chip_files(kiosk: Kiosk, who: str) -> dict[str, bytes]:
    """What every card of this person holds of them; fingers and eyes are never given out, keys name nobody."""
    files = kiosk.card(who).files
    return {file.name: content for file, content in files.items() if file.name in ("DG1", "DG2", "DG11", "DG13")}


def use(kiosk: Kiosk) -> None:
    """A morning: everybody comes in another way, and a clerk works on what the machine left open."""
    kiosk.admit("insured")
    assert kiosk.screen is Screen.TICKET
    kiosk.clear()
    kiosk.admit("insured")
    kiosk.clear()
    kiosk.admit("old", "mat")
    kiosk.clear()
    kiosk.put("ended", tear_after=9)
    kiosk.turn(2)
    kiosk.clear()
    kiosk.put("ended")
    kiosk.patient.type_digits("000000")
    kiosk.turn()
    kiosk.digits("ended")
    kiosk.patient.acknowledge()
    kiosk.clear()
    kiosk.show_qr("not_insured")
    kiosk.patient.no_card()
    kiosk.patient.acknowledge()
    kiosk.clear()
    for row in kiosk.staff.desk_tickets()[:1]:
        kiosk.staff.confirm(row.visit_id, "noi", by="chi-hoa")
    assert kiosk.staff.admissions()
    assert any(row.person for row in kiosk.staff.admissions()), "staff do see whom they admit"


def test_a_thief_who_reads_the_whole_disk_finds_nobody(
    kiosk: Kiosk, log: Path, people: People, tmp_path_factory: pytest.TempPathFactory
) -> None:
    use(kiosk)
    folder = kiosk.path.parent
    assert {"store.db", "store.db-wal", "roster.db", "person_day.key", "kiosk.log"} <= {
        f.name for f in folder.iterdir()
    }
    image = disk_image(folder, tmp_path_factory.mktemp("disk") / "kiosk.img")
    assert b"SQLite format 3" in image, "this is that disk"
    assert log.stat().st_size > 0
    assert traces(image, people) == {}
    kiosk.clock.advance(86_400)
    kiosk.checkin.turn_day()
    assert traces(disk_image(folder, tmp_path_factory.mktemp("disk") / "next.img"), people) == {}


def planted(folder: Path, raw: bytes) -> None:
    """A row that was written and taken away: no program sees it any more, and the disk still has it."""
    with sqlite3.connect(folder / "planted.db") as database:
        database.execute("PRAGMA secure_delete = OFF")
        database.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b BLOB)")
        database.executemany("INSERT INTO t (b) VALUES (?)", [(b"x" * 3000,), (raw,)])
        database.commit()
        database.execute("DELETE FROM t")
        database.commit()
    assert database.execute("SELECT count(*) FROM t").fetchone() == (0,)
    database.close()


def test_the_search_finds_a_deleted_row(kiosk: Kiosk, people: People, tmp_path: Path) -> None:
    folder = tmp_path / "planted"
    folder.mkdir()
    planted(folder, "khách Trần Thị Mẫu ạ".encode("utf-16-le"))
    found = traces(disk_image(folder, tmp_path / "planted.img"), people)
    assert list(found) == ["insured"]
    assert "name: NFC utf-16-le" in found["insured"]


WRITINGS: dict[str, Callable[[Any], Iterator[bytes]]] = {
    "texts": lambda holder: (raw for text in texts_of(holder).values() for raw in forms_of(text).values()),
    "numbers": lambda holder: iter(numbers_of(holder.personal_number).values()),
    "hashes": lambda holder: iter(hashes_of(holder.personal_number).values()),
}


@pytest.mark.parametrize("writing", WRITINGS)
def test_the_search_finds_every_writing(writing: str, kiosk: Kiosk, people: People) -> None:
    for who, holder in kiosk.holders.items():
        for raw in WRITINGS[writing](holder):
            assert who in traces(b"\x00\xff" + raw + b"\x80\x00", people), writing
    assert traces(b"nobody came, 2026-11-24", people) == {}


def test_the_search_finds_the_chips_files(kiosk: Kiosk, people: People) -> None:
    for who in kiosk.holders:
        files = chip_files(kiosk, who)
        assert {"DG1", "DG2", "DG13"} <= set(files)
        for name, content in files.items():
            found = traces(b"\x00" + content + b"\x00", people)
            assert any(what.startswith(f"chip: {name}") for what in found.get(who, ())), name
