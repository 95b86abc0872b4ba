"""CSV: what a spreadsheet reads, and what it must not compute."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace

import pytest

from kiosk.interop.csv import COLUMNS, csv_of
from kiosk.interop.visit import OpenedVisit

MakeVisit = Callable[..., OpenedVisit]


def read(content: bytes) -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_a_visit_is_a_line(make_visit: MakeVisit) -> None:
    [row] = read(csv_of([make_visit()]))
    assert tuple(row) == COLUMNS
    assert (row["name"], row["personal_number"], row["route"]) == ("Nguyễn Thị Ước Mẫu", "036190999000", "1.1")
    assert row["arrived_at"] == "2026-11-23T07:42:00+07:00"
    assert row["holder_check"] == ""


@pytest.mark.parametrize("seen", ["same", "not_same", "not_seen", "not_made", "due"])
def test_what_a_clerk_saw_of_the_holder_stands_there(make_visit: MakeVisit, seen: str) -> None:
    [row] = read(csv_of([replace(make_visit(), holder_check=seen)]))
    assert row["holder_check"] == seen


def test_what_is_not_known_is_empty(make_visit: MakeVisit) -> None:
    [row] = read(csv_of([make_visit(person=None, order=None, room=None, cover_as_of=None, cover_source=None)]))
    assert row["name"] == row["service_code"] == row["room"] == row["cover_as_of"] == ""


@pytest.mark.parametrize("text", ["=1+1", "+84", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_no_cell_computes(make_visit: MakeVisit, text: str) -> None:
    [row] = read(csv_of([make_visit(person_home_clinic=text)]))
    assert row["home_clinic"].startswith("'")
    assert row["home_clinic"].replace("'", "") == text


def test_no_name_ends_its_cell(make_visit: MakeVisit) -> None:
    hostile = 'Lê",x\r\n"Thị'
    rows = read(csv_of([make_visit(person_name=hostile), make_visit()]))
    assert [row["name"] for row in rows] == [hostile, "Nguyễn Thị Ước Mẫu"]


def test_no_visits_are_a_line_of_names() -> None:
    assert read(csv_of([])) == []
    assert csv_of([]).endswith(b"\r\n")
