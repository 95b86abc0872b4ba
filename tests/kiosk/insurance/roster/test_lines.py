"""The import file: what a line may say, and how one is refused."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from kiosk.insurance.roster.errors import RosterRefused
from kiosk.insurance.roster.importing import import_roster

Person = Callable[..., str]
RIGHT = {"personal": "036199000001", "insurance": "GD4363600000001", "birth": "1990-05-15", "sex": "M", "group": "GD"}
FEW = [{"personal": f"03619900{number:04}"} for number in range(5000, 5200)]


def test_a_whole_line_is_found_by_both_numbers(insurer: Any, person: Person) -> None:
    insurer.install(person(**RIGHT))
    roster = insurer.roster()
    for found in (roster.find("036199000001"), roster.find_insurance("3600000001")):
        assert (found.valid_from, found.valid_to) == (date(2026, 1, 1), date(2026, 12, 31))
        assert (found.benefit, found.home_clinic, found.object_group) == ("4", "36001", "GD")
        assert found.insurance_number == "GD4363600000001"
        assert not found.deceased
    assert roster.find_insurance("HT3363600000001") == roster.find_insurance("3600000001")


@pytest.mark.parametrize(
    "asked", ["", "036199000001", "3600000002", "GD43636000000011", "gd4363600000001", "360000000１"]
)
def test_nobody_has_another_insurance_number(insurer: Any, person: Person, asked: str) -> None:
    insurer.install(person(**RIGHT))
    assert insurer.roster().find_insurance(asked) is None


@pytest.mark.parametrize(
    ("changed", "insurance_number"),
    [
        ({"insurance": "3600000001"}, "3600000001"),
        ({"insurance": ""}, None),
        ({"last": ""}, "GD4363600000001"),
        ({"birth": "1990"}, "GD4363600000001"),
        ({"birth": "1990-05"}, "GD4363600000001"),
        ({"birth": "", "sex": "", "group": "", "benefit": ""}, "GD4363600000001"),
        ({"name": '"Trần, Văn Mẫu"'}, "GD4363600000001"),
    ],
)
def test_what_may_be_left_out(
    insurer: Any, person: Person, changed: dict[str, str], insurance_number: str | None
) -> None:
    insurer.install(person(**RIGHT | changed))
    found = insurer.roster().find("036199000001")
    assert found.insurance_number == insurance_number
    assert (found.valid_to is None) == (changed.get("last") == "")
    assert found.benefit == "4"


def test_somebody_without_a_personal_number_is_found_by_the_other(insurer: Any, person: Person) -> None:
    insurer.install(person(insurance="TE1363600000009", benefit="1", group="TE"))
    found = insurer.roster().find_insurance("3600000009")
    assert (found.insurance_number, found.object_group) == ("TE1363600000009", "TE")
    info = insurer.roster().info
    assert (info.rows, info.personal, info.linked, info.linked_share) == (1, 0, 0, 0.0)


@pytest.mark.parametrize(
    ("changed", "column", "reason"),
    [
        ({"personal": "36199000001"}, "personal_number", "form"),
        ({"personal": "03619900000x"}, "personal_number", "form"),
        ({"personal": "03619900000²"}, "personal_number", "form"),
        ({"personal": "", "insurance": ""}, "personal_number", "no_number"),
        ({"insurance": "360000001"}, "insurance_number", "form"),
        ({"insurance": "GD9363600000001"}, "insurance_number", "form"),
        ({"birth": "15/05/1990"}, "birth", "form"),
        ({"birth": "1990-13"}, "birth", "form"),
        ({"sex": "Nam"}, "sex", "form"),
        ({"first": ""}, "valid_from", "form"),
        ({"first": "2026-02-30"}, "valid_from", "form"),
        ({"first": "20260101"}, "valid_from", "form"),
        ({"last": "9999-12-31"}, "valid_to", "out_of_range"),
        ({"first": "1949-12-31"}, "valid_from", "out_of_range"),
        ({"last": "2025-12-31"}, "valid_to", "before_valid_from"),
        ({"benefit": "6", "insurance": ""}, "benefit", "form"),
        ({"benefit": "", "insurance": ""}, "benefit", "form"),
        ({"benefit": "3"}, "benefit", "differs_from_number"),
        ({"group": "HT"}, "object_group", "differs_from_number"),
        ({"group": "gd", "insurance": ""}, "object_group", "form"),
        ({"clinic": "3600"}, "home_clinic", "form"),
        ({"clinic": ""}, "home_clinic", "form"),
        ({"status": "removed"}, "status", "not_in_full"),
        ({"status": "moved"}, "status", "form"),
        ({"name": "x" * 101}, "name", "form"),
        ({"name": "x" * 1001}, "", "too_long"),
        ({"name": "a,b"}, "", "columns"),
        ({"name": '"a'}, "", "quotes"),
    ],
)
def test_a_wrong_line_is_refused_alone(
    insurer: Any, person: Person, changed: dict[str, str], column: str, reason: str
) -> None:
    report = insurer.install(person(**RIGHT | changed), *(person(**each) for each in FEW))
    assert report.rejects == ((2, column, reason),)
    assert insurer.roster().find("036199000001") is None
    assert len(insurer.roster()) == len(FEW)


def test_bytes_that_are_no_utf_8_refuse_their_line_alone(insurer: Any, person: Person) -> None:
    file = insurer.deliver([person(**RIGHT), person(**FEW[0], name="Mau")])
    data = file.read_bytes().replace(b"Mau", b"M\xe2u")
    file.write_bytes(data)
    insurer.describe(file)
    assert import_roster(file, insurer.target).rejects == ((3, "", "not_utf8"),)
    assert insurer.roster().find("036199000001") is not None


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_ends_of_lines_and_a_byte_order_mark(insurer: Any, person: Person, ends: str) -> None:
    file = insurer.deliver([person(**RIGHT)], ends=ends)
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().rstrip())
    insurer.describe(file)
    assert import_roster(file, insurer.target).rejects == ()
    assert insurer.roster().find("036199000001") is not None


@pytest.mark.parametrize("header", ["", "personal_number,insurance_number", "so_dinh_danh" + "," * 10])
def test_another_header_refuses_the_file(insurer: Any, person: Person, header: str) -> None:
    file = insurer.deliver([person(**RIGHT)])
    file.write_text(header + "\n" + person(**RIGHT) + "\n", "utf-8")
    insurer.describe(file)
    with pytest.raises(RosterRefused, match="header"):
        import_roster(file, insurer.target)


def test_a_line_without_an_end_is_not_swallowed(insurer: Any, person: Person) -> None:
    file = insurer.deliver([person(**RIGHT)])
    with file.open("ab") as stream:
        stream.write(b"x" * (5 << 20))
    insurer.describe(file)
    with pytest.raises(RosterRefused, match="header"):
        import_roster(file, insurer.target)


def test_two_lines_for_one_person_are_both_refused(insurer: Any, person: Person) -> None:
    lines = [person(**RIGHT), person(**RIGHT | {"last": "2030-01-01"}), *(person(**each) for each in FEW)]
    report = insurer.install(*lines)
    assert report.rejects == ((2, "personal_number", "twice"), (3, "personal_number", "twice"))
    assert insurer.roster().find("036199000001") is None


def test_two_people_with_one_insurance_number_are_both_refused(insurer: Any, person: Person) -> None:
    lines = [person(**RIGHT), person(**RIGHT | {"personal": "036199000002"}), *(person(**each) for each in FEW)]
    report = insurer.install(*lines)
    assert report.rejects == ((2, "insurance_number", "twice"), (3, "insurance_number", "twice"))
    assert insurer.roster().find_insurance("3600000001") is None
    assert insurer.roster().find("036199000002") is None


@pytest.mark.parametrize("wrong", [1, 20])
def test_a_file_of_wrong_lines_leaves_the_old_roster(insurer: Any, person: Person, wrong: int) -> None:
    insurer.install(person(**RIGHT))
    with pytest.raises(RosterRefused, match="too_many_rejects"):
        insurer.install(*(person(personal=f"{number}") for number in range(wrong)), sequence=2)
    assert insurer.roster().version == "v1"


def test_a_death_in_a_whole_file_needs_no_dates(insurer: Any, person: Person) -> None:
    dead = {"first": "", "last": "", "benefit": "", "clinic": "", "status": "dead"}
    insurer.install(person(personal="036199000001", **dead), person(**FEW[0]))
    roster = insurer.roster()
    assert roster.find("036199000001").deceased
    assert not roster.find(FEW[0]["personal"]).deceased
    assert roster.info.dead == 1
