"""A person is one patient to the hospital at every visit, and somebody whom nobody knows is a patient too."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from fhir.resources.R4B.bundle import Bundle
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message

from kiosk.domain.ways import Way
from kiosk.interop.checkin_table import checkin_table
from kiosk.interop.checkin_xml import NotReported, checkin_row
from kiosk.interop.exporting import export_of
from kiosk.interop.fhir import FhirSink, bundle_json, fhir_systems, visit_bundle
from kiosk.interop.hl7v2 import Addresses, adt_message
from kiosk.interop.mllp import Hl7Sink
from kiosk.interop.sink import Delivered
from kiosk.interop.visit import UNKNOWN, Cover, Happening, OpenedVisit, open_visit, patient_key
from kiosk.interop.webhooks import webhook_body
from kiosk.keys import VisitOpener
from kiosk.services.person import PersonRecord
from kiosk.services.ways import Told
from kiosk.store import deliveries
from kiosk.store.tables import Visit

Leaving = Any
OPENER = VisitOpener(X25519PrivateKey.from_private_bytes(bytes(range(32))))
CHIP = PersonRecord(source="chip_proved", personal_number="036190999000", insurance_number="GD4363690999000")


class Taking:
    """Takes what a sink would post or send, and keeps it."""

    def __init__(self) -> None:
        self.took: list[bytes] = []

    def post(self, body: bytes, headers: dict[str, str]) -> Delivered:
        self.took.append(body)
        return Delivered(receipt="http_200")

    def exchange(self, message: bytes) -> bytes:
        self.took.append(message)
        return b"MSH|^~\\&|HIS\rMSA|AA|" + message.split(b"|")[9] + b"\r"

    def close(self) -> None:
        pass


def patient(bundle: Any) -> Any:
    [found] = [each["resource"] for each in bundle["entry"] if each["resource"]["resourceType"] == "Patient"]
    return found


def opened(leaving: Leaving, visit_id: str) -> OpenedVisit:
    works = leaving.works()
    with leaving.database.read() as session:
        return open_visit(session, session.get(Visit, visit_id), clinic=works.clinic, opener=works.opener)


def emergency(leaving: Leaving) -> str:
    """The visit of somebody who came as an emergency, and of whom nothing is known."""
    leaving.desk.staff.confirm_told(None, "noi", Told(way=Way.EMERGENCY), by="desk-1")
    visit_id: str = leaving.desk.staff.admissions()[0].visit_id
    return visit_id


@pytest.mark.parametrize(
    "same",
    [
        (CHIP, replace(CHIP, insurance_number=None, name="Trần Thị Mẫu")),
        (
            PersonRecord(source="typed", insurance_number="GD4363690999000"),
            PersonRecord(source="typed", insurance_number="3690999000"),
        ),
        (
            PersonRecord(source="chip_proved", document_number="C1"),
            PersonRecord(source="chip_proved", document_number="C1", name="Trần Thị Mẫu"),
        ),
    ],
)
def test_the_same_number_is_the_same_patient(same: tuple[PersonRecord, PersonRecord]) -> None:
    one, other = (patient_key(person, OPENER, by_payer=True) for person in same)
    assert one == other
    assert one is not None
    assert len(one) == 32


def test_another_number_or_clinic_is_another_patient_and_no_number_none() -> None:
    keys = {
        patient_key(CHIP, OPENER, by_payer=False),
        patient_key(replace(CHIP, personal_number="036190999001"), OPENER, by_payer=False),
        patient_key(replace(CHIP, personal_number=None), OPENER, by_payer=True),
        patient_key(PersonRecord(source="chip_proved", document_number="036190999000"), OPENER, by_payer=False),
        patient_key(CHIP, VisitOpener(X25519PrivateKey.generate()), by_payer=False),
    }
    assert len(keys) == 5
    assert patient_key(PersonRecord(source="typed", name="Trần Thị Mẫu"), OPENER, by_payer=True) is None


@pytest.mark.parametrize("source", ["typed", "card_qr", "insurance_qr", "chip_not_proved"])
def test_a_number_that_nobody_proved_is_nobody_s_key(source: str) -> None:
    said = replace(CHIP, source=source, document_number="C1")
    assert patient_key(said, OPENER, by_payer=False) is None
    by_payer = patient_key(said, OPENER, by_payer=True)
    assert by_payer == patient_key(PersonRecord(source="typed", insurance_number="3690999000"), OPENER, by_payer=True)
    assert by_payer != patient_key(CHIP, OPENER, by_payer=False)


def test_a_stranger_s_typed_number_never_writes_its_owner_s_patient(leaving: Leaving) -> None:
    owner = opened(leaving, leaving.admit(by_payer=True))
    leaving.desk.clock.advance(86400)
    leaving.people = 0
    stranger = opened(leaving, leaving.admit())
    assert stranger.insurance_number == owner.insurance_number
    assert patient(visit_bundle(stranger, fhir_systems()))["id"] == stranger.visit_id
    assert patient(visit_bundle(owner, fhir_systems()))["id"] != stranger.visit_id


@pytest.mark.parametrize(
    ("source", "reasons", "recheck", "cover"),
    [
        (None, [], None, Cover.NOT_ASKED),
        (None, ["covered"], None, Cover.NOT_ASKED),
        (None, [], "due", Cover.NOT_ASKED),
        (None, [], "upheld", Cover.IN_FORCE),
        ("roster", ["covered", "other_home_clinic"], None, Cover.IN_FORCE),
        ("roster", ["covered", "cover_not_confirmed"], "due", Cover.TO_CONFIRM),
        ("roster", ["covered"], "reversed", Cover.NOT_IN_FORCE),
        ("roster", ["covered"], "unclear", Cover.UNKNOWN),
        ("roster", ["covered"], "lapsed", Cover.UNKNOWN),
        ("roster", ["covered"], "impossible", Cover.UNKNOWN),
        ("roster", ["cover_name_differs"], None, Cover.UNKNOWN),
        ("roster", ["cover_not_found"], None, Cover.UNKNOWN),
        ("gateway", ["cover_ended"], None, Cover.NOT_IN_FORCE),
        ("gateway", ["cover_name_differs", "covered"], None, Cover.IN_FORCE),
        ("gateway", ["covered", "cover_name_differs"], None, Cover.UNKNOWN),
    ],
)
def test_what_is_known_of_cover(
    leaving: Leaving, source: str | None, reasons: list[str], recheck: str | None, cover: Cover
) -> None:
    visit_id = leaving.admit()
    with leaving.database.write() as session:
        visit = session.get(Visit, visit_id)
        visit.cover_source, visit.reasons, visit.recheck = source, reasons, recheck
    assert opened(leaving, visit_id).cover is cover


def test_a_hospital_gets_one_patient_however_often_somebody_comes(leaving: Leaving) -> None:
    first = opened(leaving, leaving.admit(by_payer=True))
    leaving.desk.clock.advance(86400)
    leaving.people = 0
    again, another = (opened(leaving, leaving.admit(by_payer=True)) for _ in range(2))
    bundles = [visit_bundle(visit, fhir_systems()) for visit in (first, again, another)]
    ids = [patient(bundle)["id"] for bundle in bundles]
    assert ids[0] == ids[1] != ids[2]
    assert len({visit.visit_id for visit in (first, again)}) == 2
    for bundle, number in zip(bundles, ids, strict=True):
        assert Bundle.model_validate_json(bundle_json(bundle))
        subjects = {value["reference"] for each in bundle["entry"] for value in referred(each["resource"])}
        assert subjects == {f"Patient/{number}"}


def referred(resource: Any) -> list[Any]:
    return [resource[name] for name in ("subject", "beneficiary", "patient") if name in resource]


@pytest.mark.parametrize(("by_person", "same"), [(True, True), (False, False)])
def test_the_receiver_s_setting_says_whether_visits_can_be_told_to_be_one_person_s(
    leaving: Leaving, by_person: bool, same: bool
) -> None:
    for_fhir, for_hl7 = Taking(), Taking()
    fhir = FhirSink("fhir", for_fhir, fhir_systems(), by_person=by_person)  # type: ignore[arg-type]
    now = leaving.desk.clock.now
    hl7 = Hl7Sink("hl7", for_hl7, Addresses(), now=now, by_person=by_person)  # type: ignore[arg-type]
    for _ in range(2):
        leaving.people = 0
        leaving.admit(by_payer=True)
        leaving.desk.clock.advance(86400)
    for sink in (fhir, hl7):
        deliverer = leaving.deliverer(sink)
        with leaving.database.write() as session:
            deliveries.move_cursor(session, sink.name, "desk-1", 0)
        assert deliverer.round().delivered == 2
    ids = {patient(json.loads(body))["id"] for body in for_fhir.took}
    assert (len(ids) == 1) is same
    inner = {message.split(b"PID|1||")[1].split(b"|")[0].split(b"~")[-1] for message in for_hl7.took}
    assert (len(inner) == 1) is same
    assert all(each.endswith(b"^^^KIOSK^PI") for each in inner)


def test_somebody_unknown_is_a_patient_of_whom_fhir_says_that_nothing_is_known(leaving: Leaving) -> None:
    visit = opened(leaving, emergency(leaving))
    assert (visit.person, visit.patient_key, visit.erased) == (UNKNOWN, None, False)
    made = visit_bundle(visit, fhir_systems())
    back = Bundle.model_validate_json(bundle_json(made))
    [who] = [each.resource for each in back.entry if each.resource.get_resource_type() == "Patient"]
    url = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
    [name] = who.name
    assert [(each.url, each.valueCode) for each in name.extension] == [(url, "unknown")]
    assert [(each.url, each.valueCode) for each in who.birthDate__ext.extension] == [(url, "unknown")]
    assert (name.text, who.birthDate, who.gender, who.identifier) == (None, None, "unknown", None)
    assert who.id == visit.visit_id
    assert not [each for each in made["entry"] if each["resource"]["resourceType"].startswith("Coverage")]


@pytest.mark.parametrize("happening", [Happening.REGISTERED, Happening.UPDATED, Happening.CANCELLED])
def test_and_hl7_has_a_name_of_no_type_and_an_identity_that_is_unknown(
    leaving: Leaving, event: Callable[..., Any], happening: Happening
) -> None:
    visit = opened(leaving, emergency(leaving))
    text = adt_message(event(happening), visit, Addresses(), now=leaving.desk.clock.now()).decode()
    standard = "".join(f"{each}\r" for each in text.split("\r") if each and not each.startswith("ZKI"))
    message = parse_message(standard, validation_level=VALIDATION_LEVEL.STRICT)
    assert message.validate()
    assert (message.pid.pid_5.to_er7(), message.pid.pid_31.to_er7()) == ("^^^^^^U", "Y")
    assert message.pid.pid_5.xpn_7.to_er7() == "U"
    assert message.pid.pid_3.to_er7() == f"{visit.visit_id}^^^KIOSK^PI"
    assert message.pid.pid_8.to_er7() == "U"


def test_no_event_of_somebody_unknown_ends_as_a_dead_letter(leaving: Leaving) -> None:
    emergency(leaving)
    for_fhir, for_hl7 = Taking(), Taking()
    sinks = (
        FhirSink("fhir", for_fhir, fhir_systems()),  # type: ignore[arg-type]
        Hl7Sink("hl7", for_hl7, Addresses(), now=leaving.desk.clock.now),  # type: ignore[arg-type]
    )
    for sink in sinks:
        assert (leaving.deliverer(sink).round().delivered, leaving.row(sink.name).state) == (1, "delivered")
    assert for_fhir.took
    assert for_hl7.took


def test_the_payer_is_not_told_of_somebody_unknown_and_files_and_webhooks_name_nobody(
    leaving: Leaving, event: Callable[..., Any]
) -> None:
    visit = opened(leaving, emergency(leaving))
    assert checkin_row(visit, checkin_table()) == NotReported(reason="nobody_known")
    assert json.loads(webhook_body(event(), visit, with_person=True))["data"]["person"] is None
    for form in ("fhir", "hl7", "csv"):
        content, left_out = export_of(form, [visit], at=leaving.desk.clock.now())
        assert content
        assert left_out == []


def test_whoever_has_a_number_and_no_name_yet_is_still_a_valid_patient(
    make_visit: Callable[..., OpenedVisit], event: Callable[..., Any]
) -> None:
    visit = make_visit(person_name=None, person_name_latin=None, person_birth=None)
    assert Bundle.model_validate_json(bundle_json(visit_bundle(visit, fhir_systems())))
    text = adt_message(event(), visit, Addresses(), now=visit.arrived_at).decode()
    assert "|^^^^^^U||" in text
