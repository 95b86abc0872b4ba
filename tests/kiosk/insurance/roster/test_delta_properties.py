"""Any deltas in turn: the roster stays whole, and both numbers always lead to the same person."""

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiosk.insurance.roster.errors import RosterRefused
from kiosk.insurance.roster.file import RosterFile
from kiosk.insurance.roster.verifying import findings

Person = Callable[..., str]
PEOPLE = [f"03619900000{number}" for number in range(4)]
INSURANCES = [f"360000000{number}" for number in range(4)]
ALWAYS = "036199000099"
CHANGE = st.tuples(
    st.sampled_from(["", *PEOPLE]), st.sampled_from(["", *INSURANCES]), st.sampled_from(["row", "removed", "dead"])
)
DELTA = st.lists(CHANGE, min_size=1, max_size=5)


def installed(insurer: Any, person: Person, deltas: list[list[tuple[str, str, str]]]) -> list[tuple[str, str]]:
    """The numbers of the last delta's rows that were taken."""
    taken: list[tuple[str, str]] = []
    for sequence, changes in enumerate(deltas, 2):
        lines = [
            person(personal=personal, insurance=insurance, status=status) for personal, insurance, status in changes
        ]
        report = insurer.change(*lines, person(personal=ALWAYS), sequence=sequence)
        refused = {line for line, _, _ in report.rejects}
        rows = ((line, change) for line, change in enumerate(changes, 2) if line not in refused)
        taken = [(personal, insurance) for _, (personal, insurance, status) in rows if status == "row"]
    return taken


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deltas=st.lists(DELTA, min_size=1, max_size=3))
def test_any_deltas(insurer: Any, person: Person, deltas: list[list[tuple[str, str, str]]]) -> None:
    for path in insurer.folder.glob("roster.db*"):
        path.unlink()
    insurer.install(person(personal=ALWAYS, insurance="3600000099"))
    try:
        taken = installed(insurer, person, deltas)
    except RosterRefused as refused:
        raise AssertionError("so few lines never refuse a file") from refused
    roster = insurer.roster()
    assert findings(RosterFile(insurer.target.roster, tags=insurer.target.tags)) == []
    for personal, insurance in taken:
        if personal:
            assert roster.find(personal).insurance_number == (insurance or None)
        if insurance:
            assert roster.find_insurance(insurance).insurance_number == insurance
    for personal in PEOPLE:
        found = roster.find(personal)
        if found is not None and found.insurance_number is not None:
            assert roster.find_insurance(found.insurance_number) == found
    held = [roster.find(personal).insurance_number for personal in PEOPLE if roster.find(personal) is not None]
    linked = [number for number in held if number is not None]
    assert len(linked) == len(set(linked))
