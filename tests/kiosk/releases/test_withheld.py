"""Who sits on the line and shows the province's lists, but holds back what they name; and who has a stolen key."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.domain.contact import Contact
from kiosk.insurance.tables import DATA
from kiosk.province.installing import AGAIN_S
from kiosk.releases.installed import Group
from kiosk.releases.names import EMERGENCY, MOST_AHEAD, RELAXED, ROUTES, TRUST, Distrusted
from tests.kiosk.releases.test_installing import FIRST, SECOND, Clinic, store

SOON = timedelta(seconds=AGAIN_S * 1.2)
ONE, OTHER = "ab" * 32, "cd" * 32


@pytest.fixture
def clinic(province: Any) -> Clinic:
    found = Clinic(province)
    province.repository.publish({TRUST: store(FIRST), EMERGENCY: Distrusted(number=1).to_bytes()}, province.keys)
    found.step()
    return found


def hide(province: Any, pattern: str) -> tuple[Path, Path]:
    """Hold the newest such file back."""
    path = max(province.released.rglob(pattern), key=lambda found: found.stat().st_mtime_ns)
    return path, path.rename(province.folder / "hidden")


@pytest.mark.parametrize("pattern", ["*.distrusted.json", "*.emergency.json"])
def test_a_list_of_the_distrusted_that_is_held_back_is_no_good_word(
    province: Any, clinic: Clinic, pattern: str
) -> None:
    heard = province.now
    closed = Distrusted(number=2, lane_closed=True)
    province.repository.publish({EMERGENCY: closed.to_bytes()}, province.keys)
    shown, hidden = hide(province, pattern)
    assert not clinic.looked().heard
    again = clinic.looked(SOON)
    assert (again.heard, again.problem) == (False, "release_withheld"), "asked again soon, and told"
    assert clinic.told[-1] == {"ok": False, "reason": "release_withheld"}
    province.pass_time(timedelta(hours=72))
    province.repository.renew(province.keys)
    assert not clinic.looked().heard
    standing = clinic.folder.standing()
    assert standing is not None
    assert standing.heard_at == heard
    assert standing.contact(province.now, lane_closed=False) is Contact.SILENT
    hidden.rename(shown)
    assert clinic.looked(SOON).changed == (Group.EMERGENCY,)
    assert clinic.told[-1] == {"ok": True}
    assert clinic.folder.distrusted() == closed


def test_one_broken_line_is_no_alarm(province: Any, clinic: Clinic) -> None:
    province.repository.publish({EMERGENCY: Distrusted(number=2).to_bytes()}, province.keys)
    shown, hidden = hide(province, "*.distrusted.json")
    clinic.looked()
    hidden.rename(shown)
    assert clinic.looked(SOON).heard
    assert clinic.told == [{"ok": True}]


def test_a_store_that_is_held_back_is_no_good_word_and_a_table_is_one(province: Any, clinic: Clinic) -> None:
    table = {ROUTES: (DATA / "route_codes.toml").read_bytes()}
    province.repository.publish(table, province.keys)
    shown, hidden = hide(province, "*.routes.toml")
    assert clinic.looked().heard
    assert clinic.looked().heard
    assert clinic.told[-1] == {"ok": False, "reason": "release_withheld"}
    hidden.rename(shown)
    assert clinic.looked().changed == (Group.TABLES,)
    province.repository.publish({TRUST: store(SECOND)}, province.keys)
    hide(province, "*.store.zip")
    assert not clinic.looked().heard


def test_whoever_stole_the_key_of_the_officer_on_duty_opens_no_lane_and_trusts_nobody_again(
    province: Any, clinic: Clinic
) -> None:
    thief = replace(province.keys, targets=(), root=())
    province.repository.publish(
        {EMERGENCY: Distrusted(number=2, certificates=(ONE,), lane_closed=True).to_bytes()}, thief
    )
    assert clinic.looked().changed == (Group.EMERGENCY,)
    for number, listed in enumerate(({"lane_closed": True}, {"certificates": (ONE,)}, {}), start=3):
        province.repository.publish({EMERGENCY: Distrusted(number=number, **listed).to_bytes()}, thief)
        outcome = clinic.looked()
        assert (outcome.heard, outcome.problem, outcome.changed) == (False, "release_unusable", ())
    relaxed = Distrusted(number=6, certificates=(OTHER,)).to_bytes()
    province.repository.publish({EMERGENCY: relaxed, RELAXED: relaxed}, province.keys)
    assert clinic.looked().changed == (Group.EMERGENCY,)
    found = clinic.folder.distrusted()
    assert found is not None
    assert (found.certificates, found.lane_closed) == ((OTHER,), False)


def test_a_clinic_that_missed_the_officers_word_takes_what_follows_it(province: Any, clinic: Clinic) -> None:
    for number, certificates in ((2, (ONE,)), (3, ())):
        listed = Distrusted(number=number, certificates=certificates).to_bytes()
        province.repository.publish({EMERGENCY: listed, RELAXED: listed}, province.keys)
        if number == 2:
            clinic.looked()
    province.repository.publish({EMERGENCY: Distrusted(number=4, certificates=(OTHER,)).to_bytes()}, province.keys)
    assert clinic.looked().changed == (Group.EMERGENCY,)
    # One that joins now has no former list, and goes by the officers' word alone.
    province.repository.publish({EMERGENCY: Distrusted(number=2).to_bytes()}, province.keys)
    joined = Clinic(province)
    joined.folder = type(joined.folder)(province.folder / "joined")
    outcome = joined.step()
    assert outcome is not None
    assert not outcome.heard


def test_an_officers_word_that_is_released_no_more_closes_no_lane(province: Any, clinic: Clinic) -> None:
    listed = Distrusted(number=2, certificates=(ONE,)).to_bytes()
    province.repository.publish({EMERGENCY: listed, RELAXED: listed}, province.keys)
    assert clinic.looked().changed == (Group.EMERGENCY,)
    province.repository.publish({}, province.keys, gone=[RELAXED])
    outcome = clinic.looked()
    assert (outcome.heard, outcome.problem, outcome.changed) == (True, "", ())
    province.repository.publish({EMERGENCY: Distrusted(number=3, certificates=(ONE, OTHER)).to_bytes()}, province.keys)
    assert clinic.looked().changed == (Group.EMERGENCY,)


def test_a_thief_leaves_a_number_for_those_who_follow(province: Any, clinic: Clinic) -> None:
    province.repository.publish({EMERGENCY: Distrusted(number=2 + MOST_AHEAD).to_bytes()}, province.keys)
    assert clinic.looked().problem == "release_unusable"
    province.repository.publish({EMERGENCY: Distrusted(number=1 + MOST_AHEAD).to_bytes()}, province.keys)
    assert clinic.looked().changed == (Group.EMERGENCY,)
