"""Admissions as CSV for a spreadsheet: UTF-8 with its mark, a fixed set of columns, and no cell that computes.

What a spreadsheet would run gets an apostrophe before it (:mod:`kiosk.services.cells`). Numbers are texts, so that
their leading zeros may survive.
"""

import csv
import io
from collections.abc import Iterable

from kiosk.interop.visit import OpenedVisit
from kiosk.services.cells import safe_cell

MARK = "\ufeff"
COLUMNS = (
    "visit",
    "clinic",
    "day",
    "number",
    "room",
    "arrived_at",
    "state",
    "name",
    "birth",
    "sex",
    "personal_number",
    "insurance_number",
    "home_clinic",
    "covered_from",
    "covered_to",
    "assurance",
    "proved_by",
    "cover_source",
    "cover_as_of",
    "recheck",
    "route",
    "service_code",
    "holder_check",
)


def csv_of(visits: Iterable[OpenedVisit]) -> bytes:
    """The visits, a line each, below a line with the columns' names."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for visit in visits:
        writer.writerow([safe_cell(cell) for cell in _cells(visit)])
    return (MARK + out.getvalue()).encode()


def _cells(visit: OpenedVisit) -> list[str]:
    person, order = visit.person, visit.order
    known = {
        "visit": visit.visit_id,
        "clinic": visit.clinic.code,
        "day": visit.day.isoformat(),
        "number": str(visit.number),
        "room": visit.room.id if visit.room else "",
        "arrived_at": visit.local_arrival.isoformat(timespec="seconds"),
        "state": visit.state,
        "name": person.display_name if person else "",
        "assurance": visit.assurance,
        "proved_by": visit.proved_by,
        "cover_source": visit.cover_source,
        "cover_as_of": visit.cover_as_of.isoformat(timespec="seconds") if visit.cover_as_of else "",
        "recheck": visit.recheck,
        "holder_check": visit.holder_check,
        "route": order.route if order else "",
        "service_code": order.code if order else "",
    }
    of_person = ("birth", "sex", "personal_number", "insurance_number", "home_clinic", "covered_from", "covered_to")
    known |= {name: getattr(person, name) if person else "" for name in of_person}
    return [known[column] or "" for column in COLUMNS]
