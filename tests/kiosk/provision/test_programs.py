"""What is written, before the programs that it is written for: systemd, nftables, USBGuard, sysusers, tmpfiles."""

import configparser
import json
import os
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.provision.settings import UsbDevice
from kiosk.provision.usb import plugged_in

UNITS = ("idcard-patient", "idcard-staff", "idcard-screen", "idcard-firewall", "idcard-recover")
EXPOSURE = {"idcard-patient": 16, "idcard-staff": 15, "idcard-screen": 30, "idcard-firewall": 25, "idcard-recover": 25}
"""How open a unit may be, in tenths of systemd's points: 100 is no bound at all."""


def ran(*command: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(map(str, command)), capture_output=True, text=True, timeout=60, check=False, env=os.environ | settings
    )


@pytest.fixture
def machine(written: Path) -> Path:
    """The root with what the units name: programs that are there, users, and Debian's own units."""
    programs = ("opt/idcard/current/bin/kiosk", "opt/idcard/way-back/bin/kiosk", "usr/bin/cage", "usr/bin/env")
    for program in (*programs, "usr/sbin/nft"):
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


def section_of(root: Path, unit: str, section: str = "Service") -> configparser.SectionProxy:
    """A section of a unit; of a setting that is there more than once, the last."""
    parser = configparser.RawConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(root / f"etc/systemd/system/{unit}.service", "utf-8")
    return parser[section]


def test_the_compositor_can_make_its_socket(written: Path) -> None:
    """PAM names /run/user/UID, which the unit hides: the command itself must name a folder that the unit may write."""
    screen = section_of(written, "idcard-screen")
    command = shlex.split(screen["ExecStart"])
    before = command[: command.index("/usr/bin/cage")]
    seen = ran(*before, "/usr/bin/printenv", "XDG_RUNTIME_DIR", XDG_RUNTIME_DIR="/run/user/999").stdout.strip()
    hidden = ("/run/user",) if screen["ProtectHome"] == "yes" else ()
    assert not seen.startswith(hidden), seen
    assert screen["ProtectSystem"] == "strict"
    assert seen == f"/run/{screen['RuntimeDirectory']}", "all else is read-only"
    assert screen["RuntimeDirectoryMode"] == "0700", "XDG: its user's alone"


def test_an_upgrade_that_was_cut_off_is_put_back_before_anybody_is_served(written: Path) -> None:
    unit, service = (section_of(written, "idcard-recover", name) for name in ("Unit", "Service"))
    assert unit["Before"].split() == ["idcard-patient.service", "idcard-staff.service"]
    assert unit["ConditionPathExists"] == "/opt/idcard/way-back"
    command = shlex.split(service["ExecStart"])
    assert command[0] == "/opt/idcard/way-back/bin/kiosk", "not by the release that is tried"
    parsed = ran(sys.executable, "-m", "kiosk", *command[1:-1], "neither")
    assert "neither" in parsed.stderr, "of all the words only the last is wrong"
    assert "No such option" not in parsed.stderr


def test_the_rules_come_back_with_debians_own(written: Path) -> None:
    """Its unit begins with "flush ruleset"."""
    unit = section_of(written, "idcard-firewall", "Unit")
    assert "nftables.service" in unit["After"].split()
    assert unit["PartOf"] == "nftables.service"


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
    assert parsed.stdout.count("OUTPUT:") == 9


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
    device_and_configuration = bytes([18, 1, *bytes(16), 9, 2, *bytes(7)])
    described = b"".join(
        # Of each interface also an endpoint, and something of a class's own, as devices have them.
        bytes([9, 4, number, 0, 1, *bytes.fromhex(interface.replace(":", "")), 0, 7, 5, *bytes(5), 5, 36, 4, 9, 4])
        for number, interface in enumerate(interfaces)
    )
    (sysfs / name / "descriptors").write_bytes(device_and_configuration + described)


def test_what_is_plugged_in_becomes_a_draft_that_the_kit_takes(
    tmp_path: Path, config: Path, kit: Callable[..., object], rule_parser: str, target: Path
) -> None:
    sysfs = tmp_path / "sysfs"
    reader = {"idVendor": "072f", "idProduct": "90cc", "product": "ACR Reader (PICC)", "serial": "R-1"}
    plug(sysfs, "usb1", {"idVendor": "1d6b", "idProduct": "0002"}, "09:00:00")
    plug(sysfs, "1-1", {"idVendor": "05e3", "idProduct": "0608", "product": "Hub"}, "09:00:01", "09:00:02")
    plug(sysfs, "1-1.2", reader, "0b:00:00")
    plug(sysfs, "1-3", {"idVendor": "0596", "idProduct": "0520", "product": 'Touch "A"\x07'}, "03:00:00")
    draft = "\n".join(plugged_in(sysfs))
    assert draft.count("[[usb.devices]]") == 2
    (config / "kit.toml").write_text(draft, "utf-8")
    assert kit(profile="patient").exit_code == 0  # type: ignore[attr-defined]
    assert ran(rule_parser, "-f", target / "etc/idcard-kit/usb.rules").returncode == 0


def test_a_camera_is_learnt_with_every_setting_of_its_stream(tmp_path: Path) -> None:
    """USBGuard compares all that a device describes, and a set with one more or one less is another device."""
    stream = ["0e:02:00"] * 12
    plug(tmp_path, "1-4", {"idVendor": "046d", "idProduct": "0825"}, "0e:01:00", *stream, "01:01:00", "01:02:00")
    (device,) = tomllib.loads("\n".join(plugged_in(tmp_path)))["usb"]["devices"]
    assert device["kind"] == "camera"
    assert device["interfaces"] == ["0e:01:00", *stream, "01:01:00", "01:02:00"]
    assert UsbDevice(**device).port == "1-4"


def test_a_device_whose_description_is_broken_off_is_not_read_for_ever(tmp_path: Path) -> None:
    for descriptors in (b"", b"\0" * 40, b"\x09\x04\0\0", bytes([9, 4, 0, 0, 1, 3, 1, 1, 0, 9, 4])):
        plug(tmp_path, "1-4", {"idVendor": "046d", "idProduct": "c31c"})
        (tmp_path / "1-4" / "descriptors").write_bytes(descriptors)
        assert [line for line in plugged_in(tmp_path) if line.startswith("interfaces")] == (
            ['interfaces = ["03:01:01"]'] if len(descriptors) == 11 else []
        )


@pytest.mark.parametrize(
    ("interfaces", "is_plain"),
    [
        (("09:00:00",), True),
        (("09:00:01",), True),
        (("09:00:01", "09:00:02"), True),
        (("09:00:01", "03:01:01"), False),
        (("09:00:00", "08:06:50"), False),
    ],
)
def test_hubs_of_every_kind_are_let_in_and_nothing_that_is_more(
    tmp_path: Path, written: Path, interfaces: tuple[str, ...], is_plain: bool
) -> None:
    rules = (written / "etc/idcard-kit/usb.rules").read_text("utf-8").splitlines()
    assert (f"allow with-interface equals {{ {' '.join(interfaces)} }}" in rules) is is_plain
    plug(tmp_path, "1-1", {"idVendor": "05e3", "idProduct": "0610"}, *interfaces)
    assert bool(list(plugged_in(tmp_path))) is not is_plain, "what the rules do not let in is in the draft"


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
