"""Deltas: births, deaths, moves and links, and what a delta may not do."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from idcard import ConfigurationError
from kiosk.insurance.roster.errors import RosterRefused

Person = Callable[..., str]
A, B, C = "036199000001", "036199000002", "036199000003"
ALONE = "3600000009"
START = ({"personal": A, "insurance": "3600000001"}, {"personal": B, "insurance": "3600000002"}, {"insurance": ALONE})


@pytest.fixture
def started(insurer: Any, person: Person) -> Any:
    insurer.install(*(person(**each) for each in START))
    return insurer


def test_a_change_is_found_and_everybody_else_stays(started: Any, person: Person) -> None:
    report = started.change(person(personal=A, insurance="3600000001", last="2027-12-31", benefit="3"))
    roster = started.roster()
    assert report.rejects == ()
    assert (roster.version, len(roster)) == ("v2", 3)
    for found in (roster.find(A), roster.find_insurance("3600000001")):
        assert (found.valid_to, found.benefit, found.insurance_number) == (date(2027, 12, 31), "3", "3600000001")
    assert roster.find(B).valid_to == date(2026, 12, 31)


def test_a_birth_is_a_new_row(started: Any, person: Person) -> None:
    started.change(person(insurance="TE1363600000077", birth="2026-11-20", benefit="1"), person(personal=C))
    roster = started.roster()
    assert roster.find_insurance("3600000077").object_group == "TE"
    assert roster.find(C).insurance_number is None
    assert (roster.info.rows, roster.info.personal, roster.info.linked) == (5, 3, 2)


@pytest.mark.parametrize("named", [{"personal": A}, {"insurance": "3600000001"}])
def test_a_death_marks_the_row_and_keeps_it(started: Any, person: Person, named: dict[str, str]) -> None:
    report = started.change(person(**named, status="dead", first="", last="", benefit="", clinic=""))
    roster = started.roster()
    assert report.rejects == ()
    assert roster.find(A).deceased
    assert roster.find_insurance("3600000001").deceased
    assert roster.find(A).valid_to == date(2026, 12, 31)
    assert not roster.find(B).deceased
    assert roster.info.dead == 1


@pytest.mark.parametrize("named", [{"personal": A}, {"insurance": "3600000001"}])
def test_who_was_removed_is_found_by_neither_number(started: Any, person: Person, named: dict[str, str]) -> None:
    started.change(person(**named, status="removed"))
    roster = started.roster()
    assert roster.find(A) is None
    assert roster.find_insurance("3600000001") is None
    assert (roster.info.rows, roster.info.linked) == (2, 1)


def test_a_link_makes_one_person_of_two_rows(started: Any, person: Person) -> None:
    started.change(person(personal=C, insurance=ALONE))
    roster = started.roster()
    assert roster.find(C).insurance_number == ALONE
    assert roster.find_insurance(ALONE) == roster.find(C)
    assert (roster.info.rows, roster.info.linked) == (3, 3)


def test_a_corrected_insurance_number_leaves_nothing_of_the_old_one(started: Any, person: Person) -> None:
    started.change(person(personal=A, insurance="3600000005"))
    roster = started.roster()
    assert roster.find(A).insurance_number == "3600000005"
    assert roster.find_insurance("3600000001") is None


def test_two_people_may_change_their_numbers_with_each_other(started: Any, person: Person) -> None:
    report = started.change(person(personal=A, insurance="3600000002"), person(personal=B, insurance="3600000001"))
    roster = started.roster()
    assert report.rejects == ()
    assert roster.find(A).insurance_number == "3600000002"
    assert roster.find_insurance("3600000001") == roster.find(B)


def test_nobody_takes_the_number_of_somebody_who_keeps_it(started: Any, person: Person) -> None:
    report = started.change(
        person(personal=C, insurance="3600000001"), person(insurance="3600000002"), person(personal="036199000008")
    )
    assert set(report.rejects) == {(2, "insurance_number", "taken"), (3, "insurance_number", "taken")}
    roster = started.roster()
    assert roster.find(C) is None
    assert roster.find_insurance("3600000001") == roster.find(A)
    assert roster.find_insurance("3600000002") == roster.find(B)


def test_a_refused_line_frees_no_number_for_another(started: Any, person: Person) -> None:
    """B's own change is refused, so B keeps the number that A's change counted on."""
    started.change(person(personal=C, insurance="3600000003"))
    report = started.change(
        person(personal=B, insurance="3600000003"),
        person(personal=A, insurance="3600000002"),
        person(personal="036199000008"),
        sequence=3,
    )
    assert set(report.rejects) == {(2, "insurance_number", "taken"), (3, "insurance_number", "taken")}
    assert started.roster().find(B).insurance_number == "3600000002"
    assert started.roster().find(A).insurance_number == "3600000001"


def test_who_is_not_there_cannot_be_removed(started: Any, person: Person) -> None:
    report = started.change(person(personal=C, status="removed"), person(personal=A, status="removed"))
    assert report.rejects == ((2, "status", "not_there"),)


def test_a_person_twice_by_two_numbers_is_refused_in_both_lines(started: Any, person: Person) -> None:
    report = started.change(
        person(personal=A, insurance="3600000001", last="2027-12-31"),
        person(insurance="3600000001", status="removed"),
        person(personal=C),
    )
    assert {line for line, _, _ in report.rejects} == {2, 3}
    assert started.roster().find(A).valid_to == date(2026, 12, 31)


def test_many_deltas_leave_the_file_packed(started: Any, person: Person) -> None:
    for sequence in range(2, 6):
        start = 100_000 + 4000 * sequence
        started.change(*(person(personal=f"036190{n:06}") for n in range(start, start + 4000)), sequence=sequence)
    roster = started.roster()
    assert len(roster) == 16_003
    assert started.target.roster.stat().st_size < 40 * len(roster) + (1 << 18)


@pytest.mark.parametrize(("sequence", "base"), [(3, "v2"), (3, "v0")])
def test_a_delta_of_another_base_is_refused(started: Any, person: Person, sequence: int, base: str) -> None:
    with pytest.raises(RosterRefused, match="wrong_base"):
        started.install(person(personal=C), sequence=sequence, base=base)
    assert started.roster().version == "v1"


def test_a_delta_needs_a_roster(insurer: Any, person: Person) -> None:
    with pytest.raises(RosterRefused, match="wrong_base"):
        insurer.change(person(personal=C))


def test_a_delta_of_a_damaged_roster_is_refused(started: Any, person: Person) -> None:
    started.target.roster.write_bytes(b"damaged" * 5000)
    with pytest.raises(ConfigurationError) as error:
        started.change(person(personal=C))
    assert error.value.reason == "damaged"
