"""What is written, before the programs that it is written for: systemd, nftables, USBGuard, sysusers, tmpfiles."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.provision.usb import plugged_in

UNITS = ("idcard-patient", "idcard-staff", "idcard-screen", "idcard-firewall")
EXPOSURE = {"idcard-patient": 16, "idcard-staff": 15, "idcard-screen": 30, "idcard-firewall": 25}
"""How open a unit may be, in tenths of systemd's points: 100 is no bound at all."""


def ran(*command: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(map(str, command)), capture_output=True, text=True, timeout=60, check=False, env=os.environ | settings
    )


@pytest.fixture
def machine(written: Path) -> Path:
    """The root with what the units name: programs that are there, users, and Debian's own units."""
    for program in ("opt/idcard/current/bin/kiosk", "usr/bin/cage", "usr/sbin/nft"):
        place = written / program
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("#!/bin/sh\n", "utf-8")
        place.chmod(0o755)
    done = ran("systemd-sysusers", f"--root={written}", written / "etc/sysusers.d/idcard.conf")
    assert done.returncode == 0, done.stderr
    return written


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_understands_every_line(machine: Path, unit: str) -> None:
    checked = ran("systemd-analyze", "verify", "--man=no", f"--root={machine}", f"{unit}.service")
    complaints = [line for line in checked.stderr.splitlines() if f"{unit}.service" in line]
    # Debian's own units are not in this root.
    assert not [line for line in complaints if "not found" not in line], checked.stderr


def test_a_line_that_systemd_does_not_know_would_be_seen(machine: Path) -> None:
    unit = machine / "etc/systemd/system/idcard-staff.service"
    unit.write_text(unit.read_text("utf-8").replace("NoNewPrivileges=yes", "NoNewPrivilege=yes"), "utf-8")
    checked = ran("systemd-analyze", "verify", "--man=no", f"--root={machine}", "idcard-staff.service")
    assert "NoNewPrivilege" in checked.stderr


@pytest.mark.parametrize("unit", UNITS)
def test_every_unit_is_as_closed_as_we_say(written: Path, unit: str) -> None:
    place = written / "etc/systemd/system" / f"{unit}.service"
    judged = ran("systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE[unit]}", "--no-pager", place)
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_the_users_cannot_log_in(machine: Path) -> None:
    users = [line.split(":") for line in (machine / "etc/passwd").read_text("utf-8").splitlines()]
    ours = {fields[0]: fields[6] for fields in users if fields[0].startswith("idcard-")}
    assert set(ours) == {"idcard-patient", "idcard-staff", "idcard-screen"}
    assert set(ours.values()) == {"/usr/sbin/nologin"}


@pytest.mark.skipif(os.geteuid() != 0, reason="owners are set by root")
def test_keys_are_roots_and_the_store_is_of_both(machine: Path) -> None:
    keys = machine / "etc/idcard/keys"
    keys.mkdir()
    (keys / "clinic.key").write_text("not a key\n", "utf-8")
    done = ran("systemd-tmpfiles", "--create", f"--root={machine}", machine / "etc/tmpfiles.d/idcard.conf")
    assert done.returncode in (0, 73), done.stderr
    groups = dict(line.split(":")[:3:2] for line in (machine / "etc/group").read_text("utf-8").splitlines())
    key, store, folder = (
        machine / path for path in ("etc/idcard/keys/clinic.key", "var/lib/idcard/store.db", "var/lib/idcard")
    )
    assert (key.stat().st_mode & 0o777, key.stat().st_uid) == (0o600, 0)
    assert (store.stat().st_mode & 0o777, store.stat().st_gid) == (0o660, int(groups["idcard"]))
    assert (folder.stat().st_mode & 0o7777, folder.stat().st_gid) == (0o2770, int(groups["idcard"]))


def in_a_network_of_its_own(machine: Path, script: str) -> subprocess.CompletedProcess[str]:
    """A shell with a network that nobody else has, the kit's users, and the kit's rules in force."""
    rules = machine / "etc/idcard-kit/firewall.nft"
    head = f"mount --bind {machine}/etc/passwd /etc/passwd; ip link set lo up; nft -c -f {rules} && nft -f {rules}"
    return ran("unshare", "--mount", "--net", "bash", "-c", f"set -e; {head}\n{script}")


KNOCK = """
import json, os, pwd, socket, sys

def is_open(port):
    try:
        with socket.socket() as knocking:
            knocking.settimeout(2)
            knocking.connect(("127.0.0.1", port))
    except OSError:
        return False
    return True

ports = (8000, 8001, 9222)
listening = [socket.create_server(("127.0.0.1", port)) for port in ports]
for user in sys.argv[1:]:
    uid = pwd.getpwnam(user).pw_uid
    if os.fork() == 0:
        os.setuid(uid)
        print(json.dumps({user: [is_open(port) for port in ports]}), flush=True)
        os._exit(0)
    os.wait()
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="network rules are root's")
def test_each_user_reaches_what_it_needs_and_nothing_else(machine: Path) -> None:
    program = machine / "knock.py"
    program.write_text(KNOCK, "utf-8")
    users = "root idcard-screen idcard-patient idcard-staff"
    done = in_a_network_of_its_own(machine, f"{sys.executable} {program} {users}")
    found = {user: doors for line in done.stdout.splitlines() for user, doors in json.loads(line).items()}
    # The doors of the patient's process, of the staff's, and of anything else.
    assert found == {
        "root": [True, True, True],
        "idcard-screen": [True, False, False],
        "idcard-patient": [True, True, False],
        "idcard-staff": [True, True, True],
    }, done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="network rules are root's")
def test_the_rules_can_be_loaded_again_and_leave_others_alone(machine: Path) -> None:
    rules = machine / "etc/idcard-kit/firewall.nft"
    script = (
        f"nft add table inet theirs; nft -f {rules}; nft list tables; nft list table inet idcard | grep -c 'chain '"
    )
    done = in_a_network_of_its_own(machine, script)
    assert sorted(done.stdout.splitlines()) == ["6", "table inet idcard", "table inet theirs"], done.stderr


@pytest.fixture(scope="session")
def rule_parser(root: Path) -> str:
    """USBGuard's own parser. The package is unpacked and never installed: its daemon would turn away keyboards."""
    found = shutil.which("usbguard-rule-parser") or str(root / "build/usbguard/usr/bin/usbguard-rule-parser")
    if not Path(found).exists():
        pytest.fail("USBGuard's parser is missing; script/test unpacks it into build/usbguard")
    return found


def test_usbguard_understands_every_rule(written: Path, rule_parser: str) -> None:
    parsed = ran(rule_parser, "-f", written / "etc/idcard-kit/usb.rules")
    assert parsed.returncode == 0, parsed.stdout + parsed.stderr
    assert parsed.stdout.count("OUTPUT:") == 5


def test_the_listed_keypad_comes_before_the_ban_on_keyboards(written: Path) -> None:
    rules = (written / "etc/idcard-kit/usb.rules").read_text("utf-8").splitlines()
    keypad = next(at for at, rule in enumerate(rules) if "04d9:1203" in rule)
    assert keypad < rules.index("reject with-interface one-of { 03:00:01 03:01:01 }")
    assert rules[-1] == "block"


def plug(sysfs: Path, name: str, device: dict[str, str], *interfaces: str) -> None:
    """A device as the kernel shows one."""
    for file, text in device.items():
        (sysfs / name).mkdir(parents=True, exist_ok=True)
        (sysfs / name / file).write_text(text + "\n", "utf-8")
    for number, interface in enumerate(interfaces):
        place = sysfs / name / f"{name}:1.{number}"
        place.mkdir()
        for file, text in zip(
            ("bInterfaceClass", "bInterfaceSubClass", "bInterfaceProtocol"), interface.split(":"), strict=True
        ):
            (place / file).write_text(text + "\n", "utf-8")


def test_what_is_plugged_in_becomes_a_draft_that_the_kit_takes(
    tmp_path: Path, config: Path, kit: Callable[..., object], rule_parser: str, target: Path
) -> None:
    sysfs = tmp_path / "sysfs"
    reader = {"idVendor": "072f", "idProduct": "90cc", "product": "ACR Reader (PICC)", "serial": "R-1"}
    plug(sysfs, "usb1", {"idVendor": "1d6b", "idProduct": "0002"}, "09:00:00")
    plug(sysfs, "1-1", {"idVendor": "05e3", "idProduct": "0608", "product": "Hub"}, "09:00:01")
    plug(sysfs, "1-1.2", reader, "0b:00:00")
    plug(sysfs, "1-3", {"idVendor": "0596", "idProduct": "0520", "product": 'Touch "A"\x07'}, "03:00:00")
    draft = "\n".join(plugged_in(sysfs))
    assert draft.count("[[usb.devices]]") == 2
    (config / "kit.toml").write_text(draft, "utf-8")
    assert kit(profile="patient").exit_code == 0  # type: ignore[attr-defined]
    assert ran(rule_parser, "-f", target / "etc/idcard-kit/usb.rules").returncode == 0


def test_the_cursor_is_one_that_the_library_can_read(written: Path) -> None:
    content = (written / "etc/idcard-kit/icons/idcard-blank/cursors/default").read_bytes()
    words = [int.from_bytes(content[at : at + 4], "little") for at in range(0, len(content), 4)]
    header, contents, image = words[:4], words[4:7], words[7:]
    assert content[:4] == b"Xcur"
    assert header[3] == 1
    assert contents[2] == 28
    assert image[:2] == [36, contents[0]]
    assert image[4:6] == [1, 1]
    assert image[-1] == 0, "transparent"
    assert len(content) == 28 + 36 + 4
