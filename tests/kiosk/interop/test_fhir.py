"""The FHIR transaction, read by a library that is not ours, in the version in which hospitals have it."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from pydantic import ValidationError

from kiosk.interop.fhir import bundle_json, fhir_systems, visit_bundle
from kiosk.interop.visit import Cover, Happening, OpenedVisit

MakeVisit = Callable[..., OpenedVisit]


def read(visit: OpenedVisit, **own: Any) -> Any:
    return Bundle.model_validate_json(bundle_json(visit_bundle(visit, fhir_systems(), **own)))


def resources(visit: OpenedVisit, **own: Any) -> dict[str, Any]:
    found = {}
    for entry in read(visit, **own).entry:
        found[entry.resource.get_resource_type()] = entry.resource
    return found


def test_the_bundle_is_valid_and_comes_back_as_it_was(make_visit: MakeVisit) -> None:
    made = visit_bundle(make_visit(), fhir_systems())
    back = json.loads(Bundle.model_validate(made).model_dump_json())
    assert [entry["resource"]["resourceType"] for entry in back["entry"]] == [
        "Patient",
        "Organization",
        "Location",
        "Coverage",
        "CoverageEligibilityRequest",
        "CoverageEligibilityResponse",
        "Encounter",
    ]
    assert without_moments(back) == without_moments(made)


def without_moments(value: Any) -> Any:
    """The value, with instants as instants: the library writes them in a form of its own."""
    if isinstance(value, dict):
        return {key: without_moments(each) for key, each in value.items()}
    if isinstance(value, list):
        return [without_moments(each) for each in value]
    if isinstance(value, str) and "T" in value:
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return value
    return value


def test_the_library_would_have_seen_a_fault(make_visit: MakeVisit) -> None:
    broken = visit_bundle(make_visit(), fhir_systems())
    del broken["entry"][6]["resource"]["status"]
    with pytest.raises(ValidationError):
        Bundle.model_validate(broken)


def test_the_patient_is_who_was_read(make_visit: MakeVisit) -> None:
    patient = resources(make_visit())["Patient"]
    assert {each.system.rpartition("/")[2]: each.value for each in patient.identifier} == {
        "cccd": "036190999000",
        "bhyt": "GD4363690999000",
    }
    [name] = patient.name
    assert (name.text, name.family, name.given) == ("Nguyễn Thị Ước Mẫu", "Nguyễn", ["Thị", "Ước", "Mẫu"])
    assert (patient.gender, patient.birthDate.isoformat()) == ("female", "1990-01-15")


@pytest.mark.parametrize("birth", ["1950", "1950-07", "1990-01-15"])
def test_a_birth_of_any_exactness_is_valid(make_visit: MakeVisit, birth: str) -> None:
    made = visit_bundle(make_visit(person_birth=birth), fhir_systems())
    assert made["entry"][0]["resource"]["birthDate"] == birth
    assert Bundle.model_validate(made)


@pytest.mark.parametrize(
    "changes",
    [
        {"room": None},
        {"person_birth": None, "person_sex": None},
        {"person_name": "Mẫu"},
        {"person_personal_number": None},
        {"person_insurance_number": None},
        {"person_covered_to": None},
        {"person_covered_from": None, "person_covered_to": None},
        {"cover_source": None, "cover_result": None, "cover_as_of": None},
        {"recheck": "reversed"},
    ],
)
def test_what_is_not_known_is_left_out(make_visit: MakeVisit, changes: dict[str, Any]) -> None:
    assert "null" not in bundle_json(visit_bundle(make_visit(**changes), fhir_systems())).decode()
    assert read(make_visit(**changes)).type == "transaction"


def test_without_an_insurance_number_there_is_no_cover_to_speak_of(make_visit: MakeVisit) -> None:
    assert not [kind for kind in resources(make_visit(person_insurance_number=None)) if kind.startswith("Coverage")]


@pytest.mark.parametrize(
    ("cover", "in_force", "outcome", "status"),
    [
        (Cover.IN_FORCE, True, "complete", "active"),
        (Cover.TO_CONFIRM, None, "partial", "draft"),
        (Cover.NOT_ASKED, None, "queued", "draft"),
        (Cover.NOT_IN_FORCE, False, "complete", "cancelled"),
        (Cover.UNKNOWN, None, "error", "draft"),
    ],
)
def test_cover_is_in_force_only_where_somebody_said_so(
    make_visit: MakeVisit, cover: Cover, in_force: bool | None, outcome: str, status: str
) -> None:
    found = resources(make_visit(cover=cover))
    answer = found["CoverageEligibilityResponse"]
    assert (answer.insurance[0].inforce, answer.outcome, answer.status) == (in_force, outcome, "active")
    assert found["Coverage"].status == status


def test_a_cancelled_visit_says_so(make_visit: MakeVisit) -> None:
    assert resources(make_visit())["Encounter"].status == "arrived"
    over = resources(make_visit(), happening=Happening.CANCELLED)
    kinds = ("Encounter", "Coverage", "CoverageEligibilityRequest", "CoverageEligibilityResponse")
    assert {over[kind].status for kind in kinds} == {"cancelled"}


@pytest.mark.parametrize("happening", [Happening.UPDATED, Happening.CANCELLED])
def test_what_happens_later_never_writes_a_patient_of_several_visits_again(
    make_visit: MakeVisit, happening: Happening
) -> None:
    shared = make_visit(patient_key="0" * 32)
    assert "Patient" in resources(shared)
    later = resources(shared, happening=happening)
    assert "Patient" not in later
    assert later["Encounter"].subject.reference == f"Patient/p-{'0' * 32}"
    assert "Patient" in resources(make_visit(), happening=happening)


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        return (
            [value["reference"]] if "reference" in value else [r for each in value.values() for r in references(each)]
        )
    return [r for each in value for r in references(each)] if isinstance(value, list) else []


def test_every_reference_leads_to_an_entry_and_none_to_a_person_s_number(make_visit: MakeVisit) -> None:
    made = visit_bundle(make_visit(), fhir_systems())
    addresses = {entry["request"]["url"] for entry in made["entry"]}
    assert set(references(made)) <= addresses
    assert addresses == {f"{entry['resource']['resourceType']}/{entry['resource']['id']}" for entry in made["entry"]}
    assert not [each for each in addresses if "036190999000" in each or "3690999000" in each]
    assert {entry["request"]["method"] for entry in made["entry"]} == {"PUT"}


def test_the_bundle_says_that_nobody_checked_it_against_the_national_profiles(make_visit: MakeVisit) -> None:
    assert fhir_systems().about.confidence == "unconfirmed"
    assert [tag.code for tag in read(make_visit()).meta.tag] == ["unconfirmed-profiles"]


def test_nobody_is_no_patient(make_visit: MakeVisit) -> None:
    with pytest.raises(ValueError, match="nobody"):
        visit_bundle(make_visit(person=None), fhir_systems())
