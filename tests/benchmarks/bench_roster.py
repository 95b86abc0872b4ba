"""A province's roster: how large it is, how fast it is imported, changed and asked.

The rows are drawn from a fixed seed: invented numbers in the form of real ones, 98.6 % of them linked, 288 clinics. The
peers hold the same rows on the same machine: SQLite with a text key, as a program would do it that hides nothing, and
the CSV file itself, read from its beginning. ``IDCARD_BENCH_ROWS`` sets another number of rows.
"""

import hashlib
import os
import random
import shutil
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from kiosk.insurance.roster import Roster
from kiosk.insurance.roster.importing import Target, import_roster
from kiosk.insurance.roster.lines import COLUMNS
from kiosk.insurance.roster.manifest import manifest_of, write_manifest
from kiosk.insurance.roster.pack import apply_pack, cut, make_pack, read_pack
from kiosk.keys import PersonTags

ROWS = int(os.environ.get("IDCARD_BENCH_ROWS", "1674222"))
LINKED, CHANGED, CLINICS, LOOKUPS, SCANS = 0.986, 0.01, 288, 20_000, 5
NOW = datetime(2026, 11, 23, tzinfo=UTC)
GROUPS = (("GD", "4"), ("DN", "4"), ("TE", "1"), ("HT", "3"), ("HN", "2"), ("CC", "1"), ("HS", "4"), ("CN", "3"))


def personal_number(number: int) -> str:
    """A different number for each, spread over the years of birth."""
    return f"036{number % 4}{number // 4 % 100:02}{number // 400:06}"


def insurance_number(number: int) -> str:
    """A different ten-digit number for each."""
    return f"36{number * 7919 % 100_000_000:08}"


def lines(numbers: range, draw: random.Random) -> Iterator[str]:
    """Lines of an import file."""
    first = date(2024, 1, 1)
    days = [(first + timedelta(days=each)).isoformat() for each in range(730)]
    for number in numbers:
        group, benefit = draw.choice(GROUPS)
        insurance = f"{group}{benefit}36{insurance_number(number)}" if draw.random() < LINKED else ""
        day = draw.randrange(365)
        clinic = f"36{draw.randrange(CLINICS):03}"
        birth = f"{1920 + number % 100}-{1 + number % 12:02}-{1 + number % 28:02}"
        last = "" if draw.random() < 0.1 else days[day + 364]
        yield (
            f"{personal_number(number)},{insurance},,{birth},{'MF'[number % 2]},"
            f"{days[day]},{last},{benefit},{group},{clinic},row\n"
        )


def write_file(path: Path, numbers: range, *, sequence: int, base: str | None = None) -> None:
    """An import file and its manifest."""
    draw, digest = random.Random(sequence), hashlib.sha256()
    with path.open("wb") as file:
        for line in chain([",".join(COLUMNS) + "\n"], lines(numbers, draw)):
            data = line.encode()
            digest.update(data)
            file.write(data)
    write_manifest(
        manifest_of(path),
        version=f"v{sequence}",
        sequence=sequence,
        as_of=NOW,
        rows=len(numbers),
        sha256=digest.hexdigest(),
        base=base,
    )


def timed(work: Callable[[], object]) -> float:
    """Seconds that some work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def median_us(ask: Callable[[str], object], numbers: list[str]) -> float:
    """Microseconds of a look-up, the median over these numbers."""
    return 1e6 * statistics.median(timed(lambda number=number: ask(number)) for number in numbers)


def peer_text_key(folder: Path, csv: Path, asked: list[str]) -> dict[str, float]:
    """A table with the personal number as its key and every value as text."""
    path = folder / "text.db"
    with closing(sqlite3.connect(path)) as connection:

        def load() -> None:
            columns = ", ".join(f"{name} TEXT" for name in COLUMNS[1:])
            connection.execute(f"CREATE TABLE roster ({COLUMNS[0]} TEXT PRIMARY KEY, {columns}) WITHOUT ROWID")
            with csv.open(encoding="utf-8") as file, connection:
                next(file)
                marks = ", ".join("?" * len(COLUMNS))
                connection.executemany(
                    f"INSERT INTO roster VALUES ({marks})", (line.rstrip("\n").split(",") for line in file)
                )
            connection.execute("CREATE INDEX by_insurance ON roster (insurance_number)")

        import_s = timed(load)
        query = f"SELECT * FROM roster WHERE {COLUMNS[0]} = ?"
        lookup = median_us(lambda number: connection.execute(query, (number,)).fetchone(), asked)
    return {"import_s": import_s, "size_mb": path.stat().st_size / 1e6, "lookup_median_us": lookup}


def peer_scan(csv: Path, asked: list[str]) -> dict[str, float]:
    """The file itself, read from its beginning until the number comes."""

    def ask(number: str) -> str | None:
        with csv.open(encoding="utf-8") as file:
            return next((line for line in file if line.startswith(number)), None)

    return {"size_mb": csv.stat().st_size / 1e6, "lookup_median_us": median_us(ask, asked[:SCANS])}


def measure() -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Our figures and the peers'."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        return measure_in(folder)


def measure_in(folder: Path) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """As :func:`measure`, in a folder."""
    whole, delta = folder / "whole.csv", folder / "delta.csv"
    changed = max(1, int(ROWS * CHANGED))
    write_file(whole, range(ROWS), sequence=1)
    write_file(delta, range(ROWS - changed + 50, ROWS + 50), sequence=2, base="v1")
    target = Target(roster=folder / "roster.db", tags=PersonTags(bytes(32)))
    import_s = timed(lambda: import_roster(whole, target))
    size = target.roster.stat().st_size
    asked = [personal_number(number) for number in random.Random(3).sample(range(ROWS), min(ROWS, LOOKUPS))]
    lookup, lookup_insurance = lookups(target, asked)
    before = folder / "before.db"
    shutil.copyfile(target.roster, before)
    delta_s = timed(lambda: import_roster(delta, target))
    figures = {
        "rows": ROWS,
        "size_mb": size / 1e6,
        "lookup_median_us": lookup,
        "lookup_insurance_median_us": lookup_insurance,
        "import_s": import_s,
        "delta_rows": changed,
        "delta_s": delta_s,
        "size_after_delta_mb": target.roster.stat().st_size / 1e6,
    } | packed(before, target)
    return figures, {
        "SQLite, text key": peer_text_key(folder, whole, asked),
        "the CSV file, scanned": peer_scan(whole, asked),
    }


def packed(before: Path, target: Target) -> dict[str, float]:
    """A day's changes on their way to a clinic: how large, how long to make and to apply; a clinic's whole part."""
    packs: list[bytes] = []
    part = before.with_name("part.db")
    make_s = timed(lambda: packs.append(make_pack(before, target.roster)))
    apply_s = timed(lambda: apply_pack(before, read_pack(packs[0]), before.with_name("applied.db")))
    cut(target.roster, part, frozenset(f"36{clinic:03}" for clinic in range(10)))
    return {
        "roster_delta_kb": len(packs[0]) / 1e3,
        "roster_delta_make_s": make_s,
        "roster_delta_apply_s": apply_s,
        "ten_clinics_whole_kb": len(make_pack(None, part)) / 1e3,
    }


def lookups(target: Target, asked: list[str]) -> tuple[float, float]:
    """The medians by personal number and by insurance number, in microseconds."""
    with closing(Roster(target.roster, tags=target.tags)) as roster:
        found = [coverage for number in asked if (coverage := roster.find(number)) is not None]
        if len(found) != len(asked):
            raise RuntimeError("somebody was not found")
        insured = [coverage.insurance_number for coverage in found if coverage.insurance_number is not None]
        return median_us(roster.find, asked), median_us(roster.find_insurance, insured)
