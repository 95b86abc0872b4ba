"""Releases over a real connection: what was signed comes down, and nothing older, mixed, held back or forged does."""

import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.releases.errors import CannotPublish, NoRelease, ReleaseUnavailable
from kiosk.releases.names import EMERGENCY, PINS, ROUTES, Distrusted, is_released, roster_path, settings_path
from kiosk.releases.repository import Repository, Signers, Thresholds

DAY = timedelta(days=1)
Province = Any


def refused(look: Callable[[], object]) -> NoRelease:
    with pytest.raises(ReleaseUnavailable) as raised:
        look()
    return raised.value.reason


def touch(path: Path, name: str, value: object) -> None:
    """Change one field of a list, and leave its signatures."""
    found = json.loads(path.read_bytes())
    assert found["signed"][name] != value
    found["signed"][name] = value
    path.write_text(json.dumps(found), encoding="utf-8")


def test_what_is_released_comes_down(province: Province) -> None:
    province.repository.publish({PINS: b"pins 1", roster_path("36001"): b"roster"}, province.keys)
    looked = province.look()
    assert looked.file(PINS) == b"pins 1"
    assert looked.file(roster_path("36001")) == b"roster"
    assert looked.file(ROUTES) is None


def test_what_is_newer_takes_the_place_of_what_was(province: Province) -> None:
    province.repository.publish({PINS: b"pins 1", ROUTES: b"routes"}, province.keys)
    province.look().file(PINS)
    province.repository.publish({PINS: b"pins 2"}, province.keys)
    looked = province.look()
    assert looked.file(PINS) == b"pins 2"
    assert looked.file(ROUTES) == b"routes"


def test_what_is_taken_back_is_gone(province: Province) -> None:
    province.repository.publish({PINS: b"pins 1", ROUTES: b"routes"}, province.keys)
    province.repository.publish({}, province.keys, gone=[ROUTES])
    assert province.look().file(ROUTES) is None
    assert province.repository.released().keys() == {PINS}


def test_an_old_timestamp_is_staleness_and_a_new_one_ends_it(province: Province) -> None:
    province.repository.publish({PINS: b"pins 1"}, province.keys)
    province.look()
    province.pass_time(2 * DAY)
    assert refused(province.look) is NoRelease.STALE
    province.repository.renew(province.keys)
    assert province.look().file(PINS) == b"pins 1"


def test_renewing_every_day_keeps_everything_in_force_for_a_season(province: Province) -> None:
    for _ in range(40):
        province.pass_time(DAY)
        province.repository.renew(province.keys)
    province.look()


def test_a_hub_that_was_set_back_is_refused(province: Province, tmp_path: Path) -> None:
    province.repository.publish({PINS: b"pins 1"}, province.keys)
    shutil.copytree(province.released, tmp_path / "backup")
    province.repository.publish({PINS: b"pins 2"}, province.keys)
    province.look()
    shutil.rmtree(province.released)
    shutil.copytree(tmp_path / "backup", province.released)
    assert refused(province.look) is NoRelease.REFUSED


@pytest.mark.parametrize("role", ["timestamp", "2.snapshot", "2.targets"])
def test_a_list_that_was_touched_is_refused(province: Province, role: str) -> None:
    province.repository.publish({PINS: b"pins 1"}, province.keys)
    path = province.released / "metadata" / f"{role}.json"
    touch(path, "version", 3)
    assert refused(province.look) is NoRelease.REFUSED


def test_a_file_that_was_touched_is_refused(province: Province) -> None:
    province.repository.publish({PINS: b"pins 1"}, province.keys)
    [path] = (province.released / "targets").rglob("*.pins.json")
    path.write_bytes(b"pins 9")
    assert refused(lambda: province.look().file(PINS)) is NoRelease.REFUSED


def test_an_old_list_beside_new_ones_is_refused(province: Province) -> None:
    province.repository.publish({PINS: b"pins 1"}, province.keys)
    province.repository.publish({PINS: b"pins 2"}, province.keys)
    lists = province.released / "metadata"
    (lists / "3.targets.json").write_bytes((lists / "2.targets.json").read_bytes())
    assert refused(province.look) is NoRelease.REFUSED


def test_another_province_is_refused(province: Province, tmp_path: Path) -> None:
    strangers = Signers(**{name: tuple(Ed25519PrivateKey.generate() for _ in range(2)) for name in Signers.__slots__})
    shutil.rmtree(province.released)
    Repository.create(province.released, strangers, now=province.now, thresholds=Thresholds())
    assert refused(province.look) is NoRelease.REFUSED


def test_a_hub_that_is_gone_is_unreachable_and_loses_nothing(province: Province) -> None:
    province.repository.publish({PINS: b"pins 1"}, province.keys)
    province.look().file(PINS)
    address, province.address = province.address, "http://127.0.0.1:9"
    assert refused(province.look) is NoRelease.UNREACHABLE
    province.address = address
    assert province.look().file(PINS) == b"pins 1"


def test_keys_of_hub_and_officers_change_under_the_root(province: Province) -> None:
    province.repository.publish({PINS: b"pins 1"}, province.keys)
    province.look()
    online, officer = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    province.repository.change_keys(province.keys, Signers(online=(online,), targets=(officer,)))
    old, province.keys = province.keys, replace(province.keys, online=(online,), targets=(officer,))
    assert province.look().file(PINS) == b"pins 1"
    with pytest.raises(CannotPublish, match="Too few keys of the role targets"):
        province.repository.publish({PINS: b"pins 2"}, old)
    with pytest.raises(CannotPublish, match="Too few keys of the role"):
        province.repository.renew(old)


def test_a_stolen_key_of_the_officer_on_duty_is_replaced(province: Province) -> None:
    listed = Distrusted(number=1, certificates=("ab" * 32,))
    province.repository.publish({EMERGENCY: listed.to_bytes()}, province.keys)
    province.look()
    fresh = Ed25519PrivateKey.generate()
    with pytest.raises(CannotPublish, match="targets"):
        province.repository.change_keys(replace(province.keys, targets=()), Signers(emergency=(fresh,)))
    province.repository.change_keys(province.keys, Signers(emergency=(fresh,)))
    assert province.look().file(EMERGENCY) == listed.to_bytes()
    later = {EMERGENCY: Distrusted(number=2, certificates=("ab" * 32,)).to_bytes()}
    with pytest.raises(CannotPublish, match="emergency"):
        province.repository.publish(later, province.keys)
    province.repository.publish(later, replace(province.keys, emergency=(fresh,)))
    assert province.look().file(EMERGENCY) == later[EMERGENCY]


def test_keys_of_the_root_change_under_the_old_ones_and_clinics_follow(province: Province) -> None:
    province.look()
    fresh = (Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate())
    with pytest.raises(CannotPublish, match="root"):
        province.repository.change_keys(province.keys, Signers(root=fresh[:1]))
    province.repository.change_keys(province.keys, Signers(root=fresh))
    with pytest.raises(CannotPublish, match="root"):
        province.repository.change_keys(province.keys, Signers(targets=(Ed25519PrivateKey.generate(),)))
    officer = Ed25519PrivateKey.generate()
    province.repository.change_keys(replace(province.keys, root=fresh), Signers(targets=(officer,)))
    province.repository.publish({PINS: b"pins 1"}, replace(province.keys, targets=(officer,)))
    assert province.look().file(PINS) == b"pins 1"
    assert province.clinic("another").look().file(PINS) == b"pins 1", "also one that has the first root only"


def test_whoever_publishes_at_once_takes_turns(province: Province) -> None:
    def publish(place: int) -> None:
        for number in range(4):
            path = roster_path(f"3600{place}", f"{number}" * 64)
            province.repository.publish({path: path.encode()}, province.keys)
            province.repository.renew(province.keys)

    with ThreadPoolExecutor(4) as officers:
        list(officers.map(publish, range(4)))
    assert len(province.repository.released()) == 16
    looked = province.look()
    assert all(looked.file(path) == path.encode() for path in province.repository.released())


def test_one_key_of_the_root_changes_nothing(province: Province) -> None:
    alone = replace(province.keys, root=province.keys.root[:1])
    with pytest.raises(CannotPublish, match="root"):
        province.repository.change_keys(alone, Signers(online=(Ed25519PrivateKey.generate(),)))
    province.look()


def test_the_officer_on_duty_distrusts_and_releases_nothing_else(province: Province) -> None:
    on_duty = Signers(emergency=province.keys.emergency, online=province.keys.online)
    distrusted = Distrusted(number=1, certificates=("ab" * 32,), lane_closed=True)
    province.repository.publish({EMERGENCY: distrusted.to_bytes()}, on_duty)
    found = province.look().file(EMERGENCY)
    assert Distrusted.from_bytes(found) == distrusted
    with pytest.raises(CannotPublish, match="targets"):
        province.repository.publish({PINS: b"pins 2"}, on_duty)
    assert province.look().file(PINS) is None


def test_whoever_forges_the_list_of_the_distrusted_is_refused(province: Province) -> None:
    province.repository.publish({EMERGENCY: Distrusted(number=1).to_bytes()}, province.keys)
    path = province.released / "metadata" / "2.emergency.json"
    touch(path, "targets", {})
    assert refused(lambda: province.look().file(EMERGENCY)) is NoRelease.REFUSED


def test_publishing_that_ends_half_way_changes_nothing(province: Province) -> None:
    province.repository.publish({PINS: b"pins 1"}, province.keys)
    with pytest.raises(CannotPublish):
        province.repository.publish({PINS: b"pins 2"}, replace(province.keys, online=()))
    assert province.look().file(PINS) == b"pins 1"
    province.repository.publish({ROUTES: b"routes"}, province.keys)
    assert province.look().file(ROUTES) == b"routes"


def test_a_path_that_releases_do_not_have_is_not_published(province: Province) -> None:
    for path in ("../x", "trust/other.zip", "roster/36001/x.pack", "config/36001/other.toml", ""):
        assert not is_released(path)
        with pytest.raises(CannotPublish):
            province.repository.publish({path: b""}, province.keys)


def test_paths_name_clinics_and_contents() -> None:
    assert is_released(roster_path("36001", "0" * 64))
    assert is_released(settings_path("36001"))
    for clinic in ("", "../36001", ".36001", "x" * 33):
        with pytest.raises(ValueError, match="clinic"):
            roster_path(clinic)


@pytest.mark.parametrize(
    "data", [b"", b"{}", b'{"number": 0}', b'{"number": 1, "more": 1}', b'{"number": 1, "certificates": ["x"]}']
)
def test_bytes_that_are_no_list_of_the_distrusted(data: bytes) -> None:
    with pytest.raises(ValueError, match="no list"):
        Distrusted.from_bytes(data)
