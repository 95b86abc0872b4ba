"""The file for the insurer: what is to be put right, as a table that every spreadsheet opens and none executes."""

import csv
import io
from collections.abc import Sequence

from kiosk.domain.worklist import INSURERS, Field
from kiosk.services.cells import safe_cell
from kiosk.services.worklist import WorkRow

COLUMNS = (
    "entry",
    "found_on",
    "clinic",
    "field",
    "grade",
    "source_1",
    "value_1",
    "source_2",
    "value_2",
    "proposed",
    "personal_number",
    "insurance_number",
)
_BOM = "\ufeff"


def for_insurer(rows: Sequence[WorkRow]) -> tuple[WorkRow, ...]:
    """What the insurer can put right: its own records, and numbers to link; no papers, and nothing unreadable."""
    return tuple(
        row
        for row in rows
        if not row.unreadable and (row.field is Field.LINK or {row.left_source, row.right_source} & set(INSURERS))
    )


def csv_file(rows: Sequence[WorkRow], *, clinic: str) -> bytes:
    """The rows as CSV (RFC 4180) in UTF-8 with a byte order mark.

    A cell that a spreadsheet would take for a formula begins with an apostrophe.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow(safe_cell(cell) for cell in _cells(row, clinic))
    return (_BOM + text.getvalue()).encode("utf-8")


def _cells(row: WorkRow, clinic: str) -> tuple[str, ...]:
    return (
        row.work_id,
        row.day,
        clinic,
        row.field.value,
        row.grade,
        row.left_source.value,
        row.left,
        row.right_source.value,
        row.right,
        row.proposed,
        row.subject.personal_number or "",
        row.subject.insurance_number or "",
    )
