"""One invented admission in every form in which it leaves: the payer's table, FHIR, HL7 v2, a webhook, CSV.

::

    python examples/what_leaves.py --simulated [FOLDER]

It prints the size of each, and writes them into FOLDER where one is named.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from kiosk.domain.route import Clinic, Room
from kiosk.interop.checkin_table import checkin_table
from kiosk.interop.checkin_xml import NotReported, Refused, Waits, checkin_row, checkin_xml
from kiosk.interop.csv import csv_of
from kiosk.interop.fhir import bundle_json, fhir_systems, visit_bundle
from kiosk.interop.hl7v2 import Addresses, adt_message
from kiosk.interop.sink import VisitEvent
from kiosk.interop.visit import Happening, OpenedVisit, Order, OrderKind
from kiosk.interop.webhooks import signature, webhook_body
from kiosk.services.person import PersonRecord

ARRIVED = datetime(2026, 11, 23, 0, 42, tzinfo=UTC)
ROOM = Room(id="noi", name_vi="Nội", name_en="Medicine", place_vi="Phòng 12", place_en="Room 12")
CLINIC = Clinic(code="36999", name_vi="Trạm y tế Mẫu", name_en="Model health station", rooms=(ROOM,))
PERSON = PersonRecord(
    source="chip_proved",
    name="Nguyễn Thị Mẫu",
    birth="1990-01-15",
    sex="F",
    personal_number="036190999000",
    home_clinic="36999",
    covered_from="2026-01-01",
    covered_to="2027-12-31",
    insurance_number="GD4363690999000",
)
VISIT = OpenedVisit(
    visit_id="019ab000-0000-7000-8000-000000000001",
    clinic=CLINIC,
    day=ARRIVED.date(),
    number=7,
    room=ROOM,
    state="admitted",
    arrived_at=ARRIVED,
    assurance="chip_genuine",
    proved_by="chip",
    person=PERSON,
    cover_source="gateway",
    cover_result="000",
    cover_as_of=ARRIVED,
    recheck=None,
    order=Order(
        kind=OrderKind.SERVICE,
        code="02.1896",
        name="Khám Nội",
        ordered_at=ARRIVED,
        route="1.1",
        visit_kind="01",
    ),
)
EVENT = VisitEvent(
    id="019ab000-0000-7000-8000-00000000000e", kind="admitted", happening=Happening.REGISTERED, at=ARRIVED
)


def forms() -> dict[str, bytes]:
    """The admission in every form, by the name of a file."""
    row = checkin_row(VISIT, checkin_table())
    if isinstance(row, Waits | NotReported | Refused):
        raise SystemExit(f"no row: {type(row).__name__}")
    body = webhook_body(EVENT, VISIT, with_person=False)
    return {
        "checkin.xml": checkin_xml([row]),
        "bundle.json": bundle_json(visit_bundle(VISIT, fhir_systems())),
        "adt_a04.hl7": adt_message(EVENT, VISIT, Addresses(production=False), now=ARRIVED),
        "webhook.json": body,
        "webhook.sign": signature(bytes(32), str(int(ARRIVED.timestamp())), body).encode(),
        "admissions.csv": csv_of([VISIT]),
    }


def main(arguments: list[str]) -> int:
    """The exit code."""
    if arguments[:1] != ["--simulated"] or len(arguments) > 2:
        print("usage: what_leaves.py --simulated [FOLDER]", file=sys.stderr)
        return 2
    for name, content in forms().items():
        if arguments[1:]:
            (Path(arguments[1]) / name).write_bytes(content)
        print(f"{name}: {len(content)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
