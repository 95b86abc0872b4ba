"""Two people whose tags agree, and a roster that is not whole."""

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from kiosk.insurance.roster.contested import drop_contested
from kiosk.insurance.roster.file import RosterFile
from kiosk.insurance.roster.layout import hide, link_of, reveal
from kiosk.insurance.roster.stage import ROW, Block, Place, Stage
from kiosk.insurance.roster.verifying import findings

Person = Callable[..., str]
TAG, OTHER_TAG = bytes(range(16)), bytes(range(7)) + b"\xff" * 9
WHO, INSURANCE = "036199000001", "3600000001"


def test_two_people_whose_tags_agree_are_both_refused() -> None:
    rows = [
        (line, ROW, 77, tag[7:11] + bytes(13), None, link_of(bytes(16), tag), None)
        for line, tag in enumerate((TAG, OTHER_TAG))
    ]
    with Stage() as stage:
        stage.begin({})
        stage.take(Block(lines=[*rows, (2, ROW, 78, bytes(17), None, bytes(11), None)]), Place())
        assert drop_contested(stage) == 2
        assert stage.rejects() == [(line, "personal_number", "tag_collision") for line in (0, 1)]
        assert stage.counted() == 1


def test_two_insurance_numbers_whose_tags_agree_are_both_refused() -> None:
    rows = [
        (line, ROW, line, bytes(17), 77, link_of(tag, bytes(16)), None) for line, tag in enumerate((TAG, OTHER_TAG))
    ]
    with Stage() as stage:
        stage.begin({})
        stage.take(Block(lines=rows), Place())
        assert drop_contested(stage) == 2
        assert stage.rejects() == [(line, "insurance_number", "tag_collision") for line in (0, 1)]


def changed(insurer: Any, statement: str) -> None:
    connection = sqlite3.connect(insurer.target.roster)
    with connection:
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE person SET row = CAST(x'ffffffff' || substr(row, 5) AS BLOB)",
        "UPDATE insured SET link = CAST(x'ffffffff' || substr(link, 5) AS BLOB)",
    ],
)
def test_a_row_of_the_same_key_and_another_check_is_somebody_else(insurer: Any, person: Person, statement: str) -> None:
    """As it would be for a stranger whose 56 bits are somebody's here."""
    insurer.install(person(personal=WHO, insurance=INSURANCE))
    changed(insurer, statement)
    by_person, by_insurance = insurer.roster().find(WHO), insurer.roster().find_insurance(INSURANCE)
    assert (by_person is None) is ("person" in statement)
    assert (by_insurance is None) is ("insured" in statement)


def test_a_whole_roster_has_no_findings(insurer: Any, person: Person) -> None:
    insurer.install(
        person(personal=WHO, insurance=INSURANCE), person(insurance="3600000002"), person(personal="036199000003")
    )
    insurer.change(
        person(personal="036199000003", status="dead"),
        person(personal="036199000004", insurance="3600000002"),
        person(insurance=INSURANCE, status="removed"),
    )
    assert findings(RosterFile(insurer.target.roster, tags=insurer.target.tags)) == []


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE person SET row = x'00'", ["row_form", "links", "counts"]),
        ("DELETE FROM kind", ["row_form", "links", "counts"]),
        ("DELETE FROM insured", ["links"]),
        ("UPDATE insured SET link = x'0000000000000000000001'", ["links"]),
        ("UPDATE meta SET value = '7' WHERE name = 'linked'", ["counts"]),
        ("INSERT INTO name VALUES (1, 1, x'00')", ["counts"]),
    ],
)
def test_what_is_wrong_is_found(insurer: Any, person: Person, statement: str, expected: list[str]) -> None:
    insurer.install(person(personal=WHO, insurance=INSURANCE))
    changed(insurer, statement)
    assert findings(RosterFile(insurer.target.roster, tags=insurer.target.tags)) == expected


def test_damaged_pages_are_found(insurer: Any, person: Person) -> None:
    insurer.install(*(person(personal=f"036190{number:06}") for number in range(2000)))
    data = bytearray(insurer.target.roster.read_bytes())
    data[-20_000:-100] = bytes(19_900)
    insurer.target.roster.write_bytes(data)
    assert findings(RosterFile(insurer.target.roster, tags=insurer.target.tags)) == ["pages"]


def test_a_number_is_hidden_and_revealed() -> None:
    pad = bytes([7, 1, 200, 33, 9])
    assert reveal(hide("0000000001", pad), pad) == "0000000001"
    assert reveal(hide("", pad), pad) == ""
    with pytest.raises(ValueError, match="no insurance number"):
        reveal(hide("9999999999", pad), bytes([7 ^ 128, 1, 200, 33, 9]))
