"""A roster that should not have been taken is disowned: others may follow it, and it never comes back."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from idcard import ConfigurationError
from kiosk.insurance.roster.errors import Refusal, RosterRefused
from kiosk.insurance.roster.importing import import_roster
from kiosk.insurance.roster.state import disown, log_of

Person = Callable[..., str]
MANY = [f"03619000{number:04}" for number in range(3)]
NEW = "036199000001"
HUGE = 2**53


def disowned(insurer: Any, sequence: int) -> None:
    disown(insurer.target.state_file, insurer.roster().info, sequence=sequence, by="admin-1", at=insurer.as_of)


def test_too_high_a_number_refuses_later_ones_until_it_is_disowned(insurer: Any, person: Person) -> None:
    insurer.install(person(personal=NEW), sequence=HUGE)
    with pytest.raises(RosterRefused, match="older"):
        insurer.install(person(personal=MANY[0]), sequence=7)
    disowned(insurer, HUGE)
    assert insurer.roster().find(NEW) is not None, "it counts until another lies there"
    insurer.install(person(personal=MANY[0]), sequence=7)
    assert insurer.roster().info.sequence == 7
    with pytest.raises(RosterRefused, match="older"):
        insurer.install(person(personal=NEW), sequence=6)
    insurer.install(person(personal=MANY[1]), sequence=8)
    [line] = log_of(insurer.target.state_file).read_text("utf-8").splitlines()
    told = json.loads(line)
    assert (told["by"], told["disowned"], told["at"]) == ("admin-1", HUGE, insurer.as_of.isoformat())


def test_nothing_is_disowned_by_guessing(insurer: Any, person: Person) -> None:
    insurer.install(person(personal=NEW), sequence=5)
    with pytest.raises(RosterRefused) as error:
        disowned(insurer, 4)
    assert error.value.reason is Refusal.NOT_THE_NEWEST
    assert not log_of(insurer.target.state_file).exists()
    with pytest.raises(RosterRefused, match="older"):
        insurer.install(person(personal=NEW), sequence=4)


def test_a_delta_does_not_go_below_a_disowned_number(insurer: Any, person: Person) -> None:
    insurer.install(person(personal=NEW), sequence=HUGE)
    disowned(insurer, HUGE)
    with pytest.raises(RosterRefused, match="older"):
        insurer.install(person(personal=MANY[0]), sequence=7, base=f"v{HUGE}")


def test_a_newer_one_ends_what_was_disowned(insurer: Any, person: Person) -> None:
    insurer.install(person(personal=NEW), sequence=5)
    disowned(insurer, 5)
    insurer.install(person(personal=NEW, insurance="GD4363600000001"), sequence=9)
    with pytest.raises(RosterRefused, match="older"):
        insurer.install(person(personal=MANY[0]), sequence=4)


def test_the_disowned_delivery_is_not_taken_again_but_its_rows_may_be(insurer: Any, person: Person) -> None:
    insurer.install(person(personal=NEW), sequence=HUGE)
    disowned(insurer, HUGE)
    assert insurer.install(person(personal=NEW), sequence=HUGE).already_there, "it still lies there"
    for sequence in (7, 8):
        insurer.install(person(personal=MANY[0]), sequence=sequence)
        with pytest.raises(RosterRefused) as error:
            insurer.install(person(personal=NEW), sequence=HUGE)
        assert error.value.reason is Refusal.DISOWNED
        assert insurer.roster().info.sequence == sequence
    insurer.install(person(personal=NEW), sequence=9)
    assert insurer.roster().find(NEW) is not None


class Cut(BaseException):
    """The power goes."""


def cut_at(insurer: Any, step: str, *lines: str, sequence: int) -> None:
    """An import that ends for good when it says that it does this."""

    def progress(name: str, done: int, total: int) -> None:
        if name == step:
            raise Cut

    with pytest.raises(Cut):
        import_roster(insurer.deliver(lines, sequence=sequence), insurer.target, progress=progress)


def test_an_import_that_is_cut_after_the_roster_was_put_in_place_counts(insurer: Any, person: Person) -> None:
    insurer.install(person(personal=NEW), sequence=HUGE)
    disowned(insurer, HUGE)
    cut_at(insurer, "state", person(personal=MANY[0]), sequence=7)
    roster = insurer.roster()
    assert (roster.info.sequence, roster.find(NEW)) == (7, None)
    with pytest.raises(RosterRefused, match="older"):
        insurer.install(person(personal=MANY[1]), sequence=6)
    assert insurer.install(person(personal=MANY[0]), sequence=7).already_there
    state = json.loads(insurer.target.state_file.read_text("utf-8"))
    assert (state["sequence"], "disowned" in state, "coming" in state) == (7, False, False)


def test_only_the_roster_that_was_coming_counts(insurer: Any, person: Person) -> None:
    insurer.install(person(personal=MANY[1]), sequence=3)
    old = insurer.target.roster.read_bytes()
    insurer.install(person(personal=NEW), sequence=HUGE)
    disowned(insurer, HUGE)
    cut_at(insurer, "state", person(personal=MANY[0]), sequence=7)
    insurer.target.roster.write_bytes(old)
    with pytest.raises(ConfigurationError) as error:
        insurer.roster()
    assert error.value.reason == "rolled_back"


@pytest.mark.parametrize("part", [{"coming": 7}, {"coming": ["7", ""]}, {"refused": [[7]]}, {"refused": 7}])
def test_a_state_with_a_malformed_delivery_is_damaged(insurer: Any, person: Person, part: dict[str, Any]) -> None:
    insurer.install(person(personal=NEW))
    state = json.loads(insurer.target.state_file.read_text("utf-8"))
    insurer.target.state_file.write_text(json.dumps(state | part), "utf-8")
    with pytest.raises(ConfigurationError) as error:
        insurer.roster()
    assert error.value.reason == "damaged"
