"""Plans are shown, written and taken back, on a root that is not this machine's."""

import json
import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import pytest
from click.testing import Result

from idcard import ConfigurationError
from kiosk.provision import writing
from kiosk.provision.files import KitFile, files_of
from kiosk.provision.machine import machine_of
from kiosk.provision.plan import Plan, State, content_of, plan_for, read_manifest
from kiosk.provision.settings import Profile
from kiosk.provision.writing import remove, write

Kit = Callable[..., Result]
SYSCTL = PurePosixPath("/etc/sysctl.d/80-idcard.conf")


def tree(root: Path) -> dict[str, tuple[str, int]]:
    """Every file and link below the root: what is in it, and its mode."""
    return {
        str(path.relative_to(root)): (
            (os.readlink(path), 0)
            if path.is_symlink()
            else (sha256(path.read_bytes()).hexdigest(), path.stat().st_mode)
        )
        for path in sorted(root.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def planned(config: Path, target: Path, profile: Profile = Profile.BOTH) -> Plan:
    return plan_for(files_of(machine_of(profile, config, target)), target)


def test_a_dry_run_writes_nothing(kit: Kit, target: Path) -> None:
    before = tree(target)
    shown = kit("--dry-run")
    assert shown.exit_code == 0, shown.stderr
    assert str(SYSCTL) in shown.stdout
    assert tree(target) == before


def test_what_is_written_twice_is_written_once(kit: Kit, target: Path) -> None:
    assert kit().exit_code == 0
    first = {path: path.lstat().st_mtime_ns for path in target.rglob("*")}
    again = kit()
    assert "Nothing needed to be done." in again.stdout
    assert {path: path.lstat().st_mtime_ns for path in target.rglob("*")} == first


def test_the_manifest_names_every_file_with_its_hash(written: Path, config: Path) -> None:
    listed = read_manifest(written).files
    theirs = {name for name in tree(written) if not name.startswith("etc/idcard/")}
    assert {path.removeprefix("/") for path in listed} | {"etc/idcard-kit/manifest.json"} == theirs
    content = (written / "etc/sysctl.d/80-idcard.conf").read_bytes()
    assert listed[str(SYSCTL)].digest == sha256(content).hexdigest()


def test_secrets_of_the_kit_are_for_root_alone(written: Path) -> None:
    for name in ("usb.rules", "usbguard.conf"):
        assert (written / "etc/idcard-kit" / name).stat().st_mode & 0o777 == 0o600


def test_taking_back_leaves_nothing_behind(kit: Kit, target: Path) -> None:
    before, folders = tree(target), sorted(path for path in target.rglob("*") if path.is_dir())
    assert kit().exit_code == 0
    removed = kit("--remove", "--json")
    assert json.loads(removed.stdout)["left"] == []
    assert tree(target) == before
    assert sorted(path for path in target.rglob("*") if path.is_dir()) == folders


def test_a_file_of_somebody_else_stops_everything(kit: Kit, target: Path) -> None:
    foreign = target / "etc/sysctl.d/80-idcard.conf"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("kernel.sysrq = 1\n", "utf-8")
    foreign.chmod(0o640)
    before = tree(target)
    refused = kit()
    assert refused.exit_code == 2
    assert "--replace" in refused.stderr
    assert "-kernel.sysrq = 1" in refused.stdout
    assert tree(target) == before
    assert kit("--replace").exit_code == 0
    assert "sysrq = 0" in foreign.read_text("utf-8")
    assert kit("--remove").exit_code == 0
    assert tree(target) == before


def test_a_link_of_somebody_else_comes_back_as_a_link(written: Path, config: Path, target: Path) -> None:
    remove(target)
    place = target / "etc/systemd/system/ctrl-alt-del.target"
    place.parent.mkdir(parents=True)
    place.symlink_to("/lib/systemd/system/reboot.target")
    write(planned(config, target), replace_foreign=True)
    assert os.readlink(place) == "/dev/null"
    remove(target)
    assert os.readlink(place) == "/lib/systemd/system/reboot.target"


def test_the_same_file_of_somebody_else_is_not_taken_away(config: Path, target: Path) -> None:
    (place,) = (target / "etc/systemd/system/ctrl-alt-del.target",)
    place.parent.mkdir(parents=True)
    place.symlink_to("/dev/null")
    write(planned(config, target))
    remove(target)
    assert os.readlink(place) == "/dev/null"


def test_what_was_changed_by_hand_is_neither_overwritten_nor_taken_away(kit: Kit, written: Path) -> None:
    place = written / "etc/sysctl.d/80-idcard.conf"
    place.write_text("kernel.sysrq = 1\n", "utf-8")
    assert "altered" in kit("--dry-run").stdout
    assert kit().exit_code == 2
    removed = json.loads(kit("--remove", "--json").stdout)
    assert removed["left"] == [str(SYSCTL)]
    assert place.read_text("utf-8") == "kernel.sysrq = 1\n"
    assert not (written / "etc/systemd/system/idcard-staff.service").exists()
    assert kit("--replace").exit_code == 0
    kept = written / "etc/idcard-kit/backups/etc/sysctl.d/80-idcard.conf.changed"
    assert kept.read_text("utf-8") == "kernel.sysrq = 1\n"


def test_a_mode_that_was_changed_is_put_right(written: Path, config: Path) -> None:
    rules = written / "etc/idcard-kit/usb.rules"
    rules.chmod(0o644)
    write(planned(config, written))
    assert rules.stat().st_mode & 0o777 == 0o600


def test_another_profile_takes_away_what_it_has_no_use_for(written: Path, config: Path) -> None:
    plan = planned(config, written, Profile.STAFF)
    assert PurePosixPath("/etc/systemd/system/idcard-screen.service") in {step.path for step in plan.of(State.GONE)}
    write(plan)
    assert not (written / "etc/systemd/system/idcard-screen.service").exists()
    assert planned(config, written, Profile.STAFF).is_done


@pytest.mark.parametrize("files_before", [0, 1, 7, 20])
def test_a_run_that_was_cut_short_is_gone_on_with(
    config: Path, target: Path, monkeypatch: pytest.MonkeyPatch, files_before: int
) -> None:
    """The disk is full after so many files; some were there from an older version, and one is somebody else's."""
    before = tree(target)
    older = target / "etc/systemd/system/idcard-staff.service"
    write(plan_for([KitFile(path=PurePosixPath("/") / older.relative_to(target), content=b"old\n")], target))
    foreign = target / "etc/sysctl.d/80-idcard.conf"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("kernel.sysrq = 1\n", "utf-8")
    put, done = writing._put_file, []

    def full(root: Path, file: KitFile) -> None:
        if len(done) == files_before:
            raise OSError(28, "No space left on device")
        done.append(file)
        put(root, file)

    with monkeypatch.context() as patch:
        patch.setattr(writing, "_put_file", full)
        with pytest.raises(ConfigurationError, match="No space left"):
            write(planned(config, target), replace_foreign=True)
    plan = planned(config, target)
    assert not plan.in_the_way
    write(plan)
    assert planned(config, target).is_done
    remove(target)
    assert tree(target) == before | {"etc/sysctl.d/80-idcard.conf": tree(target)["etc/sysctl.d/80-idcard.conf"]}
    assert foreign.read_text("utf-8") == "kernel.sysrq = 1\n"


def test_a_folder_that_is_a_link_out_of_the_target_is_not_followed(config: Path, target: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (target / "etc/chromium").symlink_to(tmp_path / "outside")
    with pytest.raises(ConfigurationError, match="outside of the target"):
        planned(config, target)
    assert not list((tmp_path / "outside").iterdir())


def test_a_damaged_manifest_stops_everything(kit: Kit, written: Path) -> None:
    (written / "etc/idcard-kit/manifest.json").write_text("{", "utf-8")
    for arguments in ((), ("--remove",)):
        refused = kit(*arguments)
        assert refused.exit_code == 2
        assert "damaged" in refused.stderr


def test_json_says_what_the_table_says(kit: Kit) -> None:
    told = json.loads(kit("--dry-run", "--json").stdout)
    states = {entry["path"]: entry["state"] for entry in told["files"]}
    assert states[str(SYSCTL)] == "new"
    assert "usbguard" in told["packages"]


def test_a_link_that_leads_nowhere_is_somebody_elses_file(config: Path, target: Path) -> None:
    place = target / SYSCTL.relative_to("/")
    place.parent.mkdir(parents=True)
    place.symlink_to("nowhere")
    (step,) = (step for step in planned(config, target).steps if step.path == SYSCTL)
    assert step.state is State.FOREIGN


@pytest.mark.skipif(os.geteuid() != 0, reason="root becomes somebody else")
def test_a_file_that_only_root_can_read_is_told_to_others() -> None:
    """Such as the list of devices, which USBGuard wants so. The tests' own folders let nobody else in."""
    with TemporaryDirectory() as folder:
        rules = Path(folder) / "usb.rules"
        rules.write_text("block\n", "utf-8")
        rules.chmod(0o600)
        Path(folder).chmod(0o711)
        try:
            os.seteuid(65534)
            with pytest.raises(ConfigurationError, match="Run this as root"):
                content_of(rules, PurePosixPath("/usb.rules"))
        finally:
            os.seteuid(0)
