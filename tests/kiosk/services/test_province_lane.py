"""The automatic lane closes where the province was not heard for long, and opens by itself; the desk goes on."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.domain.assurance import Assurance
from kiosk.domain.codes import VisitReason
from kiosk.domain.flow import Screen
from kiosk.releases.installed import Folder, Group, Keeper, Standing, file_name
from kiosk.releases.names import EMERGENCY, Distrusted
from kiosk.services.card_reader import CardReader
from kiosk.services.province_watch import ProvinceWatch

Kiosk = Any
HOUR = 3600


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    return Keeper(Folder(tmp_path / "releases"))


@pytest.fixture
def watch(kiosk: Kiosk, keeper: Keeper) -> ProvinceWatch:
    """The lane of this kiosk asks the province's files."""
    made = ProvinceWatch(folder=keeper.folder, checkin=kiosk.checkin, clock=kiosk.clock)
    reader: CardReader = kiosk.reader._card_reader
    reader._lane = made.why_closed
    return made


def hear(kiosk: Kiosk, keeper: Keeper, *, ahead: timedelta = timedelta()) -> None:
    now = kiosk.clock.now()
    keeper.heard(Standing(since=now, heard_at=now + ahead))


def distrust(keeper: Keeper, listed: Distrusted) -> None:
    made = keeper.begin(Group.EMERGENCY, {file_name(EMERGENCY): listed.to_bytes()})
    keeper.put(made, {EMERGENCY: "0" * 64})


def shown(kiosk: Kiosk) -> Screen:
    kiosk.put("insured")
    screen: Screen = kiosk.digits("insured").screen
    kiosk.clear()
    return screen


def part(kiosk: Kiosk) -> dict[str, object]:
    [row] = [row for row in kiosk.staff.devices() if row.part == "province"]
    return dict(row.state)


def test_a_word_that_grows_old_is_seen_then_closes_the_lane_until_the_next(
    kiosk: Kiosk, keeper: Keeper, watch: ProvinceWatch
) -> None:
    hear(kiosk, keeper)
    seen = []
    for hours in (5, 2, 64, 2):
        kiosk.clock.advance(hours * HOUR)
        watch.look()
        seen.append((part(kiosk).get("reason"), watch.why_closed()))
    silent = VisitReason.PROVINCE_SILENT
    assert seen == [(None, None), ("quiet", None), ("quiet", None), ("province_silent", silent)]
    assert shown(kiosk) is Screen.DESK
    [row] = kiosk.staff.desk_tickets()
    assert (row.code, row.reasons, row.read_assurance) == ("E04", ("province_silent",), Assurance.CHIP_ANCHORED)
    hear(kiosk, keeper)
    kiosk.clock.advance(20)
    watch.look()
    assert part(kiosk) == {"ok": True}
    assert watch.why_closed() is None
    assert shown(kiosk) is not Screen.DESK


def test_a_word_of_the_future_or_none_at_all_closes_the_lane(
    kiosk: Kiosk, keeper: Keeper, watch: ProvinceWatch
) -> None:
    assert shown(kiosk) is Screen.DESK
    hear(kiosk, keeper, ahead=timedelta(days=2))
    assert watch.why_closed() is VisitReason.PROVINCE_SILENT
    hear(kiosk, keeper)
    assert watch.why_closed() is None
    (keeper.folder.path / "contact.json").write_text("{}")
    assert watch.why_closed() is VisitReason.PROVINCE_SILENT


def test_the_province_closes_all_lanes_and_opens_them_again(kiosk: Kiosk, keeper: Keeper, watch: ProvinceWatch) -> None:
    hear(kiosk, keeper)
    distrust(keeper, Distrusted(number=1, lane_closed=True))
    watch.look()
    assert part(kiosk) == {"ok": False, "reason": "province_closed", "list": 1}
    assert shown(kiosk) is Screen.DESK
    [row] = kiosk.staff.desk_tickets()
    assert row.reasons == ("province_closed",)
    distrust(keeper, Distrusted(number=2))
    assert shown(kiosk) is not Screen.DESK


def test_a_lane_that_a_list_closed_stays_so_where_the_list_is_gone(
    kiosk: Kiosk, keeper: Keeper, watch: ProvinceWatch
) -> None:
    hear(kiosk, keeper)
    distrust(keeper, Distrusted(number=2, lane_closed=True))
    watch.look()
    installed = keeper.folder.path / "installed.json"
    installed.unlink()
    kiosk.clock.advance(20)
    watch.look()
    assert part(kiosk) == {"ok": False, "reason": "list_rolled_back", "list": 2}
    assert shown(kiosk) is Screen.DESK
    # A new start knows it from the store; so does one that finds an older list in its place.
    anew = ProvinceWatch(folder=keeper.folder, checkin=kiosk.checkin, clock=kiosk.clock)
    assert anew.why_closed() is VisitReason.PROVINCE_SILENT
    distrust(keeper, Distrusted(number=1))
    assert anew.why_closed() is VisitReason.PROVINCE_SILENT
    # The list itself opens it, or closes it, as it says.
    distrust(keeper, Distrusted(number=2, lane_closed=True))
    assert anew.why_closed() is VisitReason.PROVINCE_CLOSED
    distrust(keeper, Distrusted(number=3))
    assert (anew.why_closed(), watch.why_closed()) == (None, None)


def test_a_list_that_was_never_there_closes_nothing(kiosk: Kiosk, keeper: Keeper, watch: ProvinceWatch) -> None:
    hear(kiosk, keeper)
    (keeper.folder.path / "installed.json").unlink(missing_ok=True)
    watch.look()
    assert part(kiosk) == {"ok": True}
    assert watch.why_closed() is None


def test_a_clinic_without_a_province_waits_for_no_word(kiosk: Kiosk) -> None:
    alone = ProvinceWatch(folder=None, checkin=kiosk.checkin, clock=kiosk.clock)
    kiosk.clock.advance(1000 * HOUR)
    alone.look()
    assert alone.why_closed() is None
    assert [row for row in kiosk.staff.devices() if row.part == "province"] == []
