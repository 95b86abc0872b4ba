"""Which clinic is ready, silent, or needs somebody."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kiosk.hub.picture.config import PictureConfig
from kiosk.hub.picture.judge import Standing, Why, by_why, is_open, judge
from kiosk.hub.store.province import ClinicDay
from kiosk.hub.store.states import DeviceState
from kiosk.hub.store.tables import HOUR_NUMBERS

# A Monday, 08:02 at the clinics.
NOW = datetime(2026, 11, 23, 1, 2, tzinfo=UTC)
CONFIG = PictureConfig(port=8008)
DAY_S = 86_400


def clinic(**fields: Any) -> ClinicDay:
    stated: dict[str, Any] = {"clinic": "36001", "name": "TYT xã Hải An", "hours": (0,) * 24, "alarms": 0, "seconds": 0}
    stated |= {"totals": dict.fromkeys(HOUR_NUMBERS, 0), "heard_at": NOW - timedelta(minutes=1)}
    return ClinicDay(**stated | fields)


def device(beat: dict[str, Any] | None = None, **fields: Any) -> DeviceState:
    said = {"lane": "open", "backlog": 0, "trust_age_s": DAY_S, "roster_age_s": DAY_S}
    stated: dict[str, Any] = {"clinic": "36001", "name": "kiosk-1", "beat": said | (beat or {}), "beat_at": NOW}
    stated |= {"passed_at": NOW - timedelta(hours=2), "admitted_at": NOW - timedelta(days=1)}
    return DeviceState(**stated | fields)


def whys(*devices: DeviceState, day: ClinicDay | None = None, now: datetime = NOW, **more: Any) -> tuple[Why, ...]:
    return judge(day or clinic(), devices, now, CONFIG, **more).whys


def test_a_clinic_that_is_well_is_ready_and_needs_nobody() -> None:
    found = judge(clinic(), [device()], NOW, CONFIG)
    assert (found.standing, found.whys) == (Standing.READY, ())


@pytest.mark.parametrize(
    ("ailing", "why", "standing"),
    [
        (device(passed_at=NOW - timedelta(hours=24, minutes=1)), Why.SELF_TEST, Standing.NOT_READY),
        (device(passed_at=None), Why.SELF_TEST, Standing.NOT_READY),
        (device({"trust_age_s": 366 * DAY_S}), Why.TRUST, Standing.NOT_READY),
        (device({"trust_age_s": None}), Why.TRUST, Standing.NOT_READY),
        (device({"roster_age_s": 31 * DAY_S}), Why.ROSTER, Standing.NOT_READY),
        (device(admitted_at=NOW - timedelta(days=7, minutes=1)), Why.NOBODY, Standing.NOT_READY),
        (device({"lane": "stale"}), Why.LANE, Standing.READY),
        (device({"backlog": 50}), Why.BACKLOG, Standing.READY),
        (device({"ailing": ["printer"]}), Why.AILING, Standing.READY),
        (device(parts={"printer": "paper_out"}), Why.AILING, Standing.READY),
    ],
)
def test_what_ails_is_named(ailing: DeviceState, why: Why, standing: Standing) -> None:
    found = judge(clinic(), [ailing], NOW, CONFIG)
    assert (found.whys, found.standing) == ((why,), standing)


def test_ready_to_the_minute() -> None:
    edge = device(passed_at=NOW - timedelta(hours=24), admitted_at=NOW - timedelta(days=7))
    assert whys(edge) == ()


def test_a_lists_age_goes_on_after_the_heartbeat() -> None:
    old = device({"roster_age_s": 30 * DAY_S - 60}, beat_at=NOW - timedelta(minutes=2))
    assert whys(old) == (Why.ROSTER,)


def test_one_device_that_is_well_is_enough() -> None:
    assert whys(device({"trust_age_s": None, "lane": "closed"}, passed_at=None), device()) == ()


def test_silence_counts_while_clinics_are_open_alone() -> None:
    quiet = clinic(heard_at=NOW - timedelta(minutes=11))
    assert judge(quiet, [device()], NOW, CONFIG).standing is Standing.SILENT
    assert whys(device(), day=quiet) == (Why.SILENT,)
    night = NOW + timedelta(hours=11)
    assert judge(clinic(), [device()], night, CONFIG).standing is Standing.CLOSED
    assert Why.SILENT not in whys(device(), now=night)
    sunday = NOW - timedelta(days=1)
    assert not is_open(sunday, CONFIG)
    assert is_open(NOW, CONFIG)


def test_a_clinic_that_was_never_heard_of() -> None:
    found = judge(clinic(heard_at=None), [], NOW, CONFIG)
    assert (found.standing, found.whys) == (Standing.UNKNOWN, (Why.UNKNOWN,))


def test_nobody_came_where_people_came_a_week_ago() -> None:
    usual = [0] * 24
    usual[7] = 9
    came = [0] * 24
    came[8] = 1
    assert whys(device(), usual=usual) == (Why.STILL,)
    assert whys(device(), usual=usual, day=clinic(hours=tuple(came))) == ()
    usual[7] = 3
    assert whys(device(), usual=usual) == ()


def test_a_clinic_is_named_once_under_what_is_most_urgent() -> None:
    both = judge(clinic(), [device({"lane": "stale"}, passed_at=None)], NOW, CONFIG)
    assert both.whys == (Why.LANE, Why.SELF_TEST)
    assert by_why([both]) == {Why.LANE: (both,)}
