"""A visit as a FHIR R4 transaction: patient, clinic, room, encounter, coverage, and what the insurer said of it.

Theory of operation. Every entry is a PUT to an id that is made of the visit's, so that sending it again changes nothing
and sending it later updates what was there. No address and no reference holds a person's number or name. A patient's id
is made of a number under a key of the clinic's: the same at every visit, so that a server has one Patient for a person,
and it tells nobody who that is. Whoever has no number that is known to be theirs, or where the receiver is set so, has
an id for each visit. A Patient of several visits goes with registrations only: what happens to a visit later must not
put what was known then over what is known today. Of whom nobody knows the name there is a Patient that says so
(data-absent-reason). Systems and codes of identifiers are data (``fhir_systems.toml``); nothing here was validated
against the profiles of VN Core, and the bundle says so in its tag.

Source: HL7 FHIR R4 (4.0.1); only elements that R4 and R4B share are used.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from kiosk.insurance.table_schema import Part, Table, Text
from kiosk.insurance.tables import DATA, load_table
from kiosk.interop.http import Poster
from kiosk.interop.sink import NOT_SENT, GivenUp, Outcome, VisitEvent
from kiosk.interop.visit import Cover, Happening, OpenedVisit
from kiosk.services.person import PersonRecord

Resource = dict[str, Any]

_GENDER = {"M": "male", "F": "female"}
_STATUS = {
    Cover.IN_FORCE: "active",
    Cover.TO_CONFIRM: "draft",
    Cover.NOT_ASKED: "draft",
    Cover.NOT_IN_FORCE: "cancelled",
    Cover.UNKNOWN: "draft",
}
_OUTCOME = {
    Cover.IN_FORCE: "complete",
    Cover.TO_CONFIRM: "partial",
    Cover.NOT_ASKED: "queued",
    Cover.NOT_IN_FORCE: "complete",
    Cover.UNKNOWN: "error",
}
_IN_FORCE = {Cover.IN_FORCE: True, Cover.NOT_IN_FORCE: False}
_NOT_KNOWN = {
    "extension": [
        {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"},
    ]
}


class Systems(Part):
    """Names of identifiers and codes."""

    personal_number: Text
    passport: Text
    insurance_number: Text
    facility: Text
    visit: Text
    room: Text
    assurance: Text
    remark: Text


class FhirSystems(Table):
    """The names, and where they come from."""

    systems: Systems


@cache
def fhir_systems(path: Path = DATA / "fhir_systems.toml") -> FhirSystems:
    """The names from here, or a hospital's own; ConfigurationError where they cannot be used."""
    return load_table(FhirSystems, path)


def visit_bundle(visit: OpenedVisit, table: FhirSystems, *, happening: Happening = Happening.REGISTERED) -> Resource:
    """The transaction; a ValueError where the record was erased or does not open, for then there is no patient."""
    person, cancelled = visit.person, happening is Happening.CANCELLED
    if person is None:
        raise ValueError("nobody to speak of")
    systems = table.systems
    alone = visit.patient_key is None or happening is Happening.REGISTERED
    resources = [
        *([_patient(visit, person, systems)] if alone else []),
        _organization(visit, systems),
        *_locations(visit, systems),
        *_coverage(visit, person, systems, cancelled=cancelled),
        _encounter(visit, systems, cancelled=cancelled),
    ]
    return {
        "resourceType": "Bundle",
        "meta": {"tag": [{"system": systems.remark, "code": f"{table.about.confidence}-profiles"}]},
        "type": "transaction",
        "entry": [_entry(resource) for resource in resources],
    }


def bundle_json(bundle: Mapping[str, Any]) -> bytes:
    """The bundle as it goes over the wire."""
    return json.dumps(bundle, ensure_ascii=False, separators=(",", ":")).encode()


def _entry(resource: Resource) -> Resource:
    where = f"{resource['resourceType']}/{resource['id']}"
    return {"resource": resource, "request": {"method": "PUT", "url": where}}


def _identifier(system: str, value: str | None) -> list[Resource]:
    return [{"system": system, "value": value}] if value else []


def _reference(kind: str, visit: OpenedVisit) -> Resource:
    return {"reference": f"{kind}/{visit.visit_id}"}


def _patient_id(visit: OpenedVisit) -> str:
    return visit.visit_id if visit.patient_key is None else f"p-{visit.patient_key}"


def _of_patient(visit: OpenedVisit) -> Resource:
    return {"reference": f"Patient/{_patient_id(visit)}"}


def _clinic_id(visit: OpenedVisit) -> str:
    return f"clinic-{visit.clinic.code}"


def _patient(visit: OpenedVisit, person: PersonRecord, systems: Systems) -> Resource:
    found: Resource = {
        "resourceType": "Patient",
        "id": _patient_id(visit),
        "identifier": [
            *_identifier(systems.personal_number, person.personal_number),
            *_identifier(systems.passport, None if person.personal_number else person.document_number),
            *_identifier(systems.insurance_number, visit.insurance_number),
        ],
        "name": [_name(person.display_name)],
        "gender": _GENDER.get(person.sex or "", "unknown"),
        **({"birthDate": person.birth} if person.birth else {"_birthDate": _NOT_KNOWN}),
        "managingOrganization": {"reference": f"Organization/{_clinic_id(visit)}"},
    }
    return {key: value for key, value in found.items() if value not in (None, [])}


def _name(name: str) -> Resource:
    """Vietnamese names begin with the family's; the rest is given."""
    if not name.strip():
        return dict(_NOT_KNOWN)
    family, *given = name.split()
    if not given:
        return {"use": "official", "text": name}
    return {"use": "official", "text": name, "family": family, "given": given}


def _organization(visit: OpenedVisit, systems: Systems) -> Resource:
    return {
        "resourceType": "Organization",
        "id": _clinic_id(visit),
        "identifier": _identifier(systems.facility, visit.clinic.code),
        "name": visit.clinic.name_vi,
    }


def _locations(visit: OpenedVisit, systems: Systems) -> list[Resource]:
    if visit.room is None:
        return []
    return [
        {
            "resourceType": "Location",
            "id": _room_id(visit),
            "identifier": _identifier(systems.room, visit.room.id),
            "name": visit.room.name_vi,
            "managingOrganization": {"reference": f"Organization/{_clinic_id(visit)}"},
        }
    ]


def _room_id(visit: OpenedVisit) -> str:
    """An id may hold letters, digits, hyphens and full stops only, up to 64."""
    room = visit.room.id if visit.room else ""
    plain = "".join(char if char.isascii() and char.isalnum() else "-" for char in room)
    return f"room-{visit.clinic.code}-{plain}"[:64]


def _encounter(visit: OpenedVisit, systems: Systems, *, cancelled: bool) -> Resource:
    found: Resource = {
        "resourceType": "Encounter",
        "id": visit.visit_id,
        "meta": {"tag": [{"system": systems.assurance, "code": visit.assurance}]},
        "identifier": _identifier(systems.visit, visit.visit_id),
        "status": "cancelled" if _is_over(visit, cancelled) else "arrived",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB", "display": "ambulatory"},
        "subject": _of_patient(visit),
        "period": {"start": visit.local_arrival.isoformat(timespec="seconds")},
        "serviceProvider": {"reference": f"Organization/{_clinic_id(visit)}"},
    }
    if visit.room is not None:
        found["location"] = [{"location": {"reference": f"Location/{_room_id(visit)}"}}]
    return found


def _is_over(visit: OpenedVisit, cancelled: bool) -> bool:
    return cancelled or visit.state == "cancelled"


def _coverage(visit: OpenedVisit, person: PersonRecord, systems: Systems, *, cancelled: bool) -> list[Resource]:
    """The cover, what was asked about it and what was answered; nothing where no insurance number is known."""
    if visit.insurance_number is None:
        return []
    coverage: Resource = {
        "resourceType": "Coverage",
        "id": visit.visit_id,
        "identifier": _identifier(systems.insurance_number, visit.insurance_number),
        "status": "cancelled" if _is_over(visit, cancelled) else _STATUS[visit.cover],
        "subscriberId": visit.insurance_number,
        "beneficiary": _of_patient(visit),
        "payor": [_payor()],
    }
    period = {"start": person.covered_from, "end": person.covered_to}
    if any(period.values()):
        coverage["period"] = {key: value for key, value in period.items() if value}
    status = "cancelled" if _is_over(visit, cancelled) else "active"
    return [coverage, _question(visit, status), _answer(visit, status)]


def _payor() -> Resource:
    return {"display": "Bảo hiểm xã hội Việt Nam"}


def _question(visit: OpenedVisit, status: str) -> Resource:
    return {
        "resourceType": "CoverageEligibilityRequest",
        "id": visit.visit_id,
        "status": status,
        "purpose": ["validation"],
        "patient": _of_patient(visit),
        "created": visit.local_arrival.isoformat(timespec="seconds"),
        "insurer": _payor(),
        "insurance": [{"coverage": _reference("Coverage", visit)}],
    }


def _answer(visit: OpenedVisit, status: str) -> Resource:
    """What was answered; "in force" or not only where somebody said so."""
    as_of = (visit.cover_as_of or visit.arrived_at).astimezone(visit.local_arrival.tzinfo)
    disposition = [visit.cover_source, visit.cover_result, visit.recheck and f"recheck {visit.recheck}"]
    known = {} if visit.cover not in _IN_FORCE else {"inforce": _IN_FORCE[visit.cover]}
    return {
        "resourceType": "CoverageEligibilityResponse",
        "id": visit.visit_id,
        "status": status,
        "purpose": ["validation"],
        "patient": _of_patient(visit),
        "servicedDate": as_of.date().isoformat(),
        "created": as_of.isoformat(timespec="seconds"),
        "request": _reference("CoverageEligibilityRequest", visit),
        "outcome": _OUTCOME[visit.cover],
        "disposition": "; ".join(part for part in disposition if part) or "not asked",
        "insurer": _payor(),
        "insurance": [{"coverage": _reference("Coverage", visit), **known}],
    }


class FhirSink:
    """Posts a visit's transaction to a server's base address.

    :param token: a bearer token, or nothing. :param by_person: whether a person has one Patient for all visits.
    """

    def __init__(
        self, name: str, poster: Poster, table: FhirSystems, *, token: str = "", by_person: bool = True
    ) -> None:
        self.name = name
        self._poster = poster
        self._table = table
        self._by_person = by_person
        self._headers = {"Content-Type": "application/fhir+json; charset=utf-8", "Prefer": "return=minimal"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def wants(self, happening: Happening) -> bool:
        """All but erasures: a hospital keeps or erases its own record by its own duties."""
        return happening is not Happening.ERASED

    def deliver(self, event: VisitEvent, visit: OpenedVisit) -> Outcome:
        """What came of posting it."""
        if visit.person is None:
            return NOT_SENT if visit.erased else GivenUp(reason="record_gone")
        if not self._by_person:
            visit = replace(visit, patient_key=None)
        bundle = visit_bundle(visit, self._table, happening=event.happening)
        return self._poster.post(bundle_json(bundle), {**self._headers, "X-Request-Id": event.id})

    def close(self) -> None:
        """Let go of the connections."""
        self._poster.close()
