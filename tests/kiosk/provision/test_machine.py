"""What the kit takes from configurations, and what it refuses."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from idcard import ConfigurationError
from kiosk.provision import commands
from kiosk.provision.files import files_of, packages_of, plain
from kiosk.provision.machine import Machine, machine_of
from kiosk.provision.settings import Profile

Change = Callable[[str, str, str], None]


def text_of(machine: Machine, path: str) -> str:
    (found,) = (file for file in files_of(machine) if str(file.path) == path)
    return found.content.decode()


def refused(profile: Profile, config: Path, target: Path) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        machine_of(profile, config, target)
    return caught.value


@pytest.mark.parametrize(
    ("name", "before", "after", "reason"),
    [
        ("patient", 'mode = "production"', 'mode = "demo"', "demonstration"),
        ("patient", "/var/lib/idcard/store.db", "store.db", "state_folder"),
        ("staff", "/var/lib/idcard/person_day.key", "/var/lib/person_day.key", "state_folder"),
        ("patient", "keys/receipt.key", "keys of the clinic/receipt.key", "unsafe_path"),
        ("patient", "keys/receipt.key", "keys%n/receipt.key", "unsafe_path"),
        ("patient", "network:192.0.2.9", "network:printer.example", "host_name"),
        ("kit", "203.0.113.7:443", "gateway.example:443", "wrong_setting"),
        ("kit", "203.0.113.7:443", "203.0.113.7:443 accept; # ", "wrong_setting"),
        ("kit", '"ACR Reader (PICC)"', '"A\\" } allow {"', "wrong_setting"),
        ("kit", '"R-1"', '"R\\nallow"', "wrong_setting"),
        ("kit", '["0b:00:00"]', '["0b:00:00", "03:01:01"]', "wrong_setting"),
        ("kit", '["0b:00:00"]', '["0b:00:00", "08:06:50"]', "wrong_setting"),
        ("kit", 'kind = "keypad"', 'kind = "touch"', "wrong_setting"),
        ("kit", "192.0.2.0/28", "192.0.2.0/28 } ; accept", "wrong_setting"),
    ],
)
def test_what_the_kit_does_not_take(
    config: Path, target: Path, change: Change, name: str, before: str, after: str, reason: str
) -> None:
    change(name, before, after)
    error = refused(Profile.BOTH, config, target)
    assert error.facts["reason"] == reason
    assert "\n" not in str(error)


def test_without_a_list_of_devices_nothing_is_planned(config: Path, target: Path) -> None:
    (config / "kit.toml").unlink()
    assert refused(Profile.PATIENT, config, target).facts["reason"] == "no_usb_list"


def test_usb_is_left_open_only_where_that_is_said(config: Path, target: Path) -> None:
    (config / "kit.toml").write_text("[usb]\nguard = false\n", "utf-8")
    machine = machine_of(Profile.PATIENT, config, target)
    assert not [file for file in files_of(machine) if "usb" in str(file.path)]
    assert "usbguard" not in packages_of(machine)


def test_a_gateway_whose_port_is_not_listed(config: Path, target: Path, change: Change) -> None:
    account = config / "gateway.toml"
    account.write_text(
        'url = "https://gateway.example:8443"\nusername = "79999"\npassword = "not a real one"\n', "utf-8"
    )
    account.chmod(0o600)
    change("staff", "port = 8001", 'port = 8001\ngateway = "gateway.toml"')
    error = refused(Profile.STAFF, config, target)
    assert error.facts["reason"] == "gateway_not_listed"
    assert "not a real one" not in str(error)


@pytest.mark.parametrize("value", ["a\nb", "100%", "$(id)", "`id`", "a;b", "ä", "a\\b", "\0"])
def test_no_template_takes_what_ends_a_word(value: str) -> None:
    with pytest.raises(ValueError, match="letters"):
        plain(value)


def test_each_process_is_handed_its_own_keys(config: Path, target: Path) -> None:
    machine = machine_of(Profile.BOTH, config, target)
    patient = text_of(machine, "/etc/systemd/system/idcard-patient.service")
    staff = text_of(machine, "/etc/systemd/system/idcard-staff.service")
    assert "LoadCredential=clinic_private_key:/etc/idcard/keys/clinic.key\n" in staff
    assert "clinic.key" not in patient
    assert "receipt_key" not in staff
    assert "IPAddressAllow=203.0.113.7\n" in staff
    assert "203.0.113.7" not in patient


def test_other_pcs_reach_the_desk_only_where_that_is_said(config: Path, target: Path) -> None:
    rules = text_of(machine_of(Profile.BOTH, config, target), "/etc/idcard-kit/firewall.nft")
    assert "ip saddr 192.0.2.16/28 tcp dport 8443 accept\n" in rules
    assert "ip6 saddr 2001:db8:1::/64 tcp dport 8443 accept\n" in rules
    assert "8443" not in text_of(machine_of(Profile.PATIENT, config, target), "/etc/idcard-kit/firewall.nft")


def test_the_patients_process_gets_no_device_it_has_no_use_for(config: Path, target: Path, change: Change) -> None:
    with_scanner = text_of(machine_of(Profile.BOTH, config, target), "/etc/systemd/system/idcard-patient.service")
    assert "DeviceAllow=char-ttyACM rw\n" in with_scanner
    change("patient", "serial:/dev/serial/by-id/usb-scanner", "none")
    without = text_of(machine_of(Profile.BOTH, config, target), "/etc/systemd/system/idcard-patient.service")
    assert "DeviceAllow" not in without
    assert "PrivateDevices=yes\n" in without


def test_a_clerks_computer_has_no_screen_of_a_patient(config: Path, target: Path) -> None:
    paths = {file.path.name for file in files_of(machine_of(Profile.STAFF, config, target))}
    assert "idcard-staff.service" in paths
    assert not paths & {"idcard-patient.service", "idcard-screen.service", "idcard.json", "autovt@.service"}


@pytest.mark.parametrize("camera", [True, False])
def test_the_camera_is_for_our_pages_or_for_nobody(config: Path, target: Path, change: Change, camera: bool) -> None:
    if not camera:
        change("patient", "port = 8000", 'port = 8000\ncamera = "none"')
    machine = machine_of(Profile.PATIENT, config, target)
    policies = json.loads(text_of(machine, "/etc/chromium/policies/managed/idcard.json"))
    assert policies["VideoCaptureAllowed"] is False
    assert policies["VideoCaptureAllowedUrls"] == (["http://127.0.0.1:8000/"] if camera else [])
    assert ("video4linux" in text_of(machine, "/etc/systemd/system/idcard-screen.service")) is camera


def test_other_systems_are_told_what_to_do_instead(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (target / "etc").mkdir()
    (target / "etc" / "os-release").write_text("ID=fedora\n", "utf-8")
    with pytest.raises(ConfigurationError, match="Use Debian"):
        commands._only_debian(target)
    monkeypatch.setattr(commands.os, "name", "nt")
    with pytest.raises(ConfigurationError, match="Windows PC"):
        commands._only_debian(target)


def test_everything_is_imported_where_posix_is_missing() -> None:
    """Windows has none of these modules; the command must still start there, for everything else that it does."""
    program = (
        "import subprocess, tempfile, shutil, sys, idcard, kiosk.config, kiosk.insurance.account\n"
        "sys.modules.update(dict.fromkeys(('fcntl', 'pwd', 'grp', 'termios', 'resource')))\n"
        "import kiosk.service_manager\n"
        "from kiosk.provision import commands, bundle, files, machine, plan, release, services, showing, usb, writing\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


PROVINCE = """
hub = "https://hub.example"
identity = "/var/lib/idcard-identity"
person_key = "/etc/idcard/person.key"
releases = "{}"
"""


def with_releases(config: Path, patients: str, provinces: str, roster: str = "") -> None:
    """Let both processes name a folder of releases."""
    (config / "province.toml").write_text(PROVINCE.format(provinces), encoding="utf-8")
    for name, setting in (("staff", 'province = "province.toml"'), ("patient", f'releases = "{patients}"')):
        text = (config / f"{name}.toml").read_text("utf-8")
        if roster:
            text = text.replace("/var/lib/idcard/roster.db", roster)
        (config / f"{name}.toml").write_text(f"{setting}\n{text}", encoding="utf-8")


def test_the_folder_of_releases_is_written_by_the_staffs_process_alone(config: Path, target: Path) -> None:
    folder = "/var/lib/idcard-releases"
    with_releases(config, folder, folder, f"{folder}/roster.db")
    machine = machine_of(Profile.BOTH, config, target)
    tmpfiles = text_of(machine, "/etc/tmpfiles.d/idcard.conf")
    assert f"d {folder} 0750 idcard-staff idcard" in tmpfiles
    assert f"2770 root idcard\nd {folder}" not in tmpfiles
    assert f"{folder}/roster.db" not in tmpfiles
    staff, patient = (text_of(machine, f"/etc/systemd/system/idcard-{name}.service") for name in ("staff", "patient"))
    assert f"ReadWritePaths={folder}\n" in staff
    assert folder not in patient


@pytest.mark.parametrize(
    ("patients", "provinces"),
    [
        ("/var/lib/idcard-releases", "/var/lib/other-releases"),
        ("/var/lib/idcard/releases", "/var/lib/idcard/releases"),
        ("/srv", "/srv"),
    ],
)
def test_a_folder_of_releases_that_the_patients_process_could_replace_is_refused(
    config: Path, target: Path, patients: str, provinces: str
) -> None:
    with_releases(config, patients, provinces)
    assert refused(Profile.BOTH, config, target).facts["reason"] == "releases_folder"


def test_who_a_clinic_is_to_its_province_is_the_staffs_process_own(config: Path, target: Path) -> None:
    folder = "/var/lib/idcard-releases"
    with_releases(config, folder, folder)
    machine = machine_of(Profile.BOTH, config, target)
    tmpfiles = text_of(machine, "/etc/tmpfiles.d/idcard.conf")
    own = "/var/lib/idcard-identity"
    assert f"d {own} 0700 idcard-staff root\nZ {own} ~0700 idcard-staff root\n" in tmpfiles
    assert "z /etc/idcard/person.key 0400 idcard-staff root\n" in tmpfiles
    staff, patient = (text_of(machine, f"/etc/systemd/system/idcard-{name}.service") for name in ("staff", "patient"))
    assert "ReadWritePaths=/var/lib/idcard-identity\n" in staff
    assert "idcard-identity" not in patient


@pytest.mark.parametrize(
    ("was", "now", "reason"),
    [
        ("https://hub.example", "https://hub.example:9443", "hub_not_listed"),
        ("/var/lib/idcard-identity", "/var/lib/idcard/identity", "identity_folder"),
        ("/var/lib/idcard-identity", "/etc/idcard/identity", "identity_folder"),
    ],
)
def test_a_province_that_the_kit_would_keep_from_working_is_refused(
    config: Path, target: Path, was: str, now: str, reason: str
) -> None:
    folder = "/var/lib/idcard-releases"
    with_releases(config, folder, folder)
    file = config / "province.toml"
    file.write_text(file.read_text("utf-8").replace(was, now), "utf-8")
    assert refused(Profile.BOTH, config, target).facts["reason"] == reason


def test_a_patients_process_that_would_hear_of_no_emergency_is_refused(
    config: Path, target: Path, change: Change
) -> None:
    folder = "/var/lib/idcard-releases"
    with_releases(config, folder, folder)
    change("patient", f'releases = "{folder}"', "")
    error = refused(Profile.BOTH, config, target)
    assert error.facts["reason"] == "releases_folder"
    assert "patient.toml" in str(error)
