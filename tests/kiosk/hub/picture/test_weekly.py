"""The week that is published: the store's own figures, and no count below k in PDF, CSV or page."""

import csv
import io
import itertools
import re
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from kiosk.hub.picture.anonymous import published
from kiosk.hub.picture.paper import pdf_of
from kiosk.hub.picture.sheet import csv_of, sheet_of
from kiosk.hub.picture.weekly import (
    Table,
    WeekNotOver,
    WeekReport,
    held_together,
    monday_of,
    told_apart,
    week_report,
)
from kiosk.hub.store.counts import Counts
from kiosk.hub.store.devices import add_clinics
from kiosk.web.common.factory import WEB

MONDAY = date(2026, 11, 16)
NOW = datetime(2026, 11, 23, 1, 2, tzinfo=UTC)
CAME = {"36001": 40, "36002": 3, "36003": 25, "36004": 0}


@pytest.fixture
def report(on_sqlite: Any, make: Any) -> WeekReport:
    """A week of four clinics, at one of which three people came."""
    counts, noon = Counts(), datetime(2026, 11, 17, 5, 0, tzinfo=UTC)
    for clinic, many in CAME.items():
        for place in range(many):
            body = make.admission(
                place, linked=place % 8 > 0, tries=1 + place % 5 // 4, lane="chip" if place else "code"
            )
            counts.add(clinic, noon + timedelta(days=place % 3), body)
    with on_sqlite.database.write() as connection:
        add_clinics(connection, [(clinic, f"TYT xã số {clinic[-1]}") for clinic in CAME], NOW)
        counts.write(connection)
    return week_report(on_sqlite.database, MONDAY, NOW, k=5, target=98.6)


def test_a_total_that_one_table_leaves_out_stands_in_no_other() -> None:
    """Whoever knows the rule tries all provinces of two clinics and two days: none agree in a small count."""
    k = 3
    alike: dict[object, list[tuple[int, ...]]] = defaultdict(list)
    for one, two, three, four in itertools.product(range(8), repeat=4):
        by_clinic, by_day = {"a": [one + two], "b": [three + four]}, {"1": [one + three], "2": [two + four]}
        found = held_together(
            [Table(key=key, heads=("count",), content=published(counts, k)) for key, counts in
             (("clinic", by_clinic), ("day", by_day))]
        )  # fmt: skip
        shown = tuple((tuple(each.content.rows.values()), each.content.totals) for each in found)
        alike[shown].append((one + two, three + four, one + three, two + four))
    told = [
        (shown, place)
        for shown, provinces in alike.items()
        for place in range(4)
        if len(values := {each[place] for each in provinces}) == 1 and 0 < min(values) < k
    ]
    assert told == []
    assert len(alike) > 500, "most weeks are still published"


def weeks(cards: int, linked: int) -> dict[str, bool]:
    """Which tables are told of a week of 60 admissions, 40 of them with a chip, and 30 desk tickets."""
    counts = {
        "day": {"2026-11-16": [60]},
        "linked": {"linked": [linked - 8], "not_linked": [8]},
        "assurance": {"chip_passive": [40], "code_signed": [20]},
        "code": {"E10": [30]},
        "card": {"2021": [30, cards - 30]},
    }
    tables = [Table(key=key, heads=("count",), content=published(each, 5)) for key, each in counts.items()]
    return {each.key: not each.content.is_without_total for each in told_apart(tables, 5)}


@pytest.mark.parametrize(
    ("cards", "linked", "gone"),
    [(50, 60, set()), (50, 58, {"linked"}), (42, 60, {"card"}), (58, 50, {"card"}), (87, 58, {"card", "linked"})],
)
def test_what_lies_between_two_totals_is_a_count_like_any_other(cards: int, linked: int, gone: set[str]) -> None:
    assert {key for key, told in weeks(cards, linked).items() if not told} == gone


def lines(report: WeekReport) -> list[tuple[str, ...]]:
    return [tuple(row) for row in csv.reader(io.StringIO(csv_of(sheet_of(report, "vi"))))]


def test_the_figures_are_the_stores(report: WeekReport) -> None:
    tables = {table.key: table.content for table in report.tables}
    assert tables["day"].totals == tables["clinic"].totals == tables["lane"].totals == (68,)
    assert tables["linked"].rows == {"linked": (58,), "not_linked": (10,)}
    assert tables["clinic"].rows == {"36001": (40,), "36002": None, "36003": None, "36004": (0,)}
    first, later = tables["card"].totals
    assert (first, later) == (55, 13)


def test_csv_says_the_same_and_no_small_count(report: WeekReport) -> None:
    by_clinic = {row[1]: row[3] for row in lines(report) if row[0] == "Lượt tiếp nhận theo cơ sở"}
    assert by_clinic == {
        "36001 · TYT xã số 1": "40",
        "36002 · TYT xã số 2": "•",
        "36003 · TYT xã số 3": "•",
        "36004 · TYT xã số 4": "0",
        "Cộng": "68",
    }
    counts = [int(row[3].replace(".", "")) for row in lines(report) if row[3].replace(".", "").isdigit()]
    assert not [n for n in counts if 0 < n < 5]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_paper_has_a_letter_for_every_sign(report: WeekReport, language: str) -> None:
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

    sheet = sheet_of(report, language)
    content = pdf_of(sheet, WEB / "static" / "fonts", language)
    assert content.startswith(b"%PDF-")
    # One page holds it: what is published of four clinics is short.
    assert len(re.findall(rb"/Type /Page\b", content)) <= 2
    said = [sheet.title, sheet.span, sheet.made, sheet.note, *(word for fact in sheet.facts for word in fact)]
    said += [word for part in sheet.parts for line in part.lines for word in (line.label, *line.values)]
    for name in ("BeVietnamPro_400Regular", "BeVietnamPro_700Bold"):
        letters = TTFont(WEB / "static" / "fonts" / f"{name}.ttf").getBestCmap()
        assert {sign for text in said for sign in text if ord(sign) not in letters} == set()


def test_a_week_that_is_not_over_is_not_published(on_sqlite: Any) -> None:
    for day in (MONDAY + timedelta(days=7), MONDAY + timedelta(days=1)):
        with pytest.raises(WeekNotOver):
            week_report(on_sqlite.database, day, NOW, k=5, target=98.6)
    assert monday_of(date(2026, 11, 22)) == MONDAY


def test_a_hub_without_clinics_has_an_empty_week(on_sqlite: Any) -> None:
    sheet = sheet_of(week_report(on_sqlite.database, MONDAY, NOW, k=5, target=98.6), "en")
    assert sheet.facts[0] == ("Admissions", "0")
    assert pdf_of(sheet, WEB / "static" / "fonts", "en").startswith(b"%PDF-")
