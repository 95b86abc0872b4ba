"""A day's admissions in one file, in any of the forms."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from kiosk.interop.checkin_table import Row, checkin_table
from kiosk.interop.checkin_xml import NotReported, Refused, Waits, checkin_row, checkin_xml
from kiosk.interop.csv import csv_of
from kiosk.interop.fhir import bundle_json, fhir_systems, visit_bundle
from kiosk.interop.hl7v2 import Addresses, adt_message
from kiosk.interop.sink import VisitEvent
from kiosk.interop.visit import Happening, OpenedVisit

LeftOut = list[tuple[str, str]]
"""Visits that a file does not hold, with a stable word for why."""

Exported = tuple[bytes, LeftOut]
Writer = Callable[[Sequence[OpenedVisit], datetime], Exported]


def export_of(form: str, visits: Sequence[OpenedVisit], *, at: datetime) -> Exported:
    """The file's content, and what it leaves out; a KeyError for an unknown form."""
    return FORMS[form](visits, at)


def _checkin(visits: Sequence[OpenedVisit], at: datetime) -> Exported:
    rows: list[Row] = []
    left_out: LeftOut = []
    for visit in visits:
        match checkin_row(visit, checkin_table(), number=len(rows) + 1):
            case Waits(reason=reason) | NotReported(reason=reason):
                left_out.append((visit.visit_id, reason))
            case Refused(faults=faults):
                left_out.append((visit.visit_id, str(faults[0])))
            case row:
                rows.append(row)
    return (checkin_xml(rows) if rows else b""), left_out


def _fhir(visits: Sequence[OpenedVisit], at: datetime) -> Exported:
    """A bundle a line (NDJSON)."""
    known, left_out = _with_person(visits)
    return b"".join(bundle_json(visit_bundle(visit, fhir_systems())) + b"\n" for visit in known), left_out


def _hl7(visits: Sequence[OpenedVisit], at: datetime) -> Exported:
    """Messages one after the other, parted by an empty line."""
    known, left_out = _with_person(visits)
    messages = [adt_message(_registration(visit), visit, Addresses(), now=at) for visit in known]
    return b"\r".join(messages), left_out


def _registration(visit: OpenedVisit) -> VisitEvent:
    return VisitEvent(id=visit.visit_id, kind="admitted", happening=Happening.REGISTERED, at=visit.arrived_at)


def _with_person(visits: Sequence[OpenedVisit]) -> tuple[list[OpenedVisit], LeftOut]:
    known = [visit for visit in visits if visit.person is not None]
    return known, [(visit.visit_id, "record_gone") for visit in visits if visit.person is None]


FORMS: Mapping[str, Writer] = {
    "checkin-xml": _checkin,
    "fhir": _fhir,
    "hl7": _hl7,
    "csv": lambda visits, at: (csv_of(visits), []),
}
"""The forms by name."""
