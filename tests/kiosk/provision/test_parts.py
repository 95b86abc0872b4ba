"""The parts that a machine need not have: call screen, assisted machine, wallet. Each with its user, unit and rules."""

import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result

from idcard import ConfigurationError
from kiosk.certificates import issue
from kiosk.provision.files import files_of, packages_of
from kiosk.provision.machine import Machine, machine_of
from kiosk.provision.plan import plan_for
from kiosk.provision.settings import Profile
from kiosk.provision.writing import write

PARTS = ("call", "assisted", "wallet")
RULES = "/etc/idcard-kit/firewall.nft"


def ran(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60, check=False)


def text_of(machine: Machine, path: str) -> str:
    (found,) = (file for file in files_of(machine) if str(file.path) == path)
    return found.content.decode()


def unit_of(machine: Machine, part: str) -> str:
    return text_of(machine, f"/etc/systemd/system/idcard-{part}.service")


@pytest.fixture
def machine(with_parts: Path, target: Path) -> Machine:
    return machine_of(Profile.BOTH, with_parts, target)


@pytest.fixture
def root_of_it(machine: Machine, target: Path) -> Path:
    """Everything written, with the programs and users that the units name."""
    write(plan_for(files_of(machine), target))
    for program in ("opt/idcard/current/bin/kiosk", "usr/bin/systemctl"):
        (target / program).parent.mkdir(parents=True)
        (target / program).write_text("#!/bin/sh\n", "utf-8")
        (target / program).chmod(0o755)
    done = ran("systemd-sysusers", f"--root={target}", target / "etc/sysusers.d/idcard.conf")
    assert done.returncode == 0, done.stderr
    return target


@pytest.mark.parametrize("part", [*PARTS, "staff", "patient", "cert"])
def test_systemd_understands_the_units_of_the_parts(root_of_it: Path, part: str) -> None:
    checked = ran("systemd-analyze", "verify", "--man=no", f"--root={root_of_it}", f"idcard-{part}.service")
    complaints = [line for line in checked.stderr.splitlines() if f"idcard-{part}.service" in line]
    assert not [line for line in complaints if "not found" not in line], checked.stderr


@pytest.mark.parametrize("part", [*PARTS, "cert"])
def test_the_parts_are_as_closed_as_the_two_processes(root_of_it: Path, part: str) -> None:
    place = root_of_it / f"etc/systemd/system/idcard-{part}.service"
    judged = ran("systemd-analyze", "security", "--offline=true", "--threshold=16", "--no-pager", place)
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_each_part_is_handed_its_own_keys_and_no_other(machine: Machine) -> None:
    keys = {part: [line for line in unit_of(machine, part).splitlines() if "LoadCredential" in line] for part in PARTS}
    assert keys["call"] == ["LoadCredential=calls_key:/etc/idcard/keys/calls.key"]
    assert keys["wallet"] == ["LoadCredential=session_key:/etc/idcard/keys/wallet_session.key"]
    assert not [line for line in keys["assisted"] if "clinic.key" in line]
    assert "LoadCredential=session_key:/etc/idcard/keys/assisted_session.key" in keys["assisted"]


def test_who_others_may_reach_cannot_reach_the_store(root_of_it: Path, machine: Machine) -> None:
    groups = {line.split(":")[0]: line.split(":")[3] for line in (root_of_it / "etc/group").read_text().splitlines()}
    assert set(groups["idcard"].split(",")) == {"idcard-patient", "idcard-staff", "idcard-assisted"}
    for part in ("call", "wallet"):
        unit = unit_of(machine, part)
        assert f"Group=idcard-{part}\n" in unit
        assert "ReadWritePaths" not in unit
    assert "Z /etc/idcard/wallet-trust ~0750 root idcard-wallet\n" in text_of(machine, "/etc/tmpfiles.d/idcard.conf")


def test_the_rules_let_televisions_in_and_nobody_out(machine: Machine) -> None:
    rules = text_of(machine, RULES)
    assert "ip saddr 192.0.2.32/28 tcp dport 8007 accept\n" in rules
    call = rules.split("chain call {")[1].split("}")[0]
    assert 'oifname "lo" tcp dport 8001 accept' in call
    assert "daddr" not in call
    assert "IPAddressAllow=192.0.2.32/28\n" in unit_of(machine, "call")
    assert "dport 8006" not in rules.split("chain outgoing")[0], "no phone is let in where no network is named"


@pytest.mark.skipif(os.geteuid() != 0, reason="rules are read by root")
def test_nftables_understands_the_rules(root_of_it: Path) -> None:
    script = f"mount --bind {root_of_it}/etc/passwd /etc/passwd; nft -c -f {root_of_it}{RULES}"
    checked = ran("unshare", "--mount", "--net", "bash", "-c", f"set -e; {script}")
    assert checked.returncode == 0, checked.stderr


def test_nginx_takes_the_page_for_other_pcs(machine: Machine, tmp_path: Path) -> None:
    made = issue(tmp_path / "tls", "kiosk.clinic.example", datetime.now(UTC))
    conf = text_of(machine, "/etc/nginx/conf.d/idcard.conf").replace("/etc/idcard/tls", str(made.key.parent))
    assert "listen 8443 ssl;" in conf
    assert "ssl_protocols TLSv1.3;" in conf
    assert "proxy_set_header Host $http_host;" in conf
    assert "nginx-light" in packages_of(machine)
    nginx = shutil.which("nginx")
    assert nginx is not None, "script/test installs nginx-light"
    whole = f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off; {conf} }}"
    (tmp_path / "nginx.conf").write_text(whole, "utf-8")
    tested = ran(nginx, "-t", "-p", tmp_path, "-c", tmp_path / "nginx.conf")
    assert tested.returncode == 0, tested.stderr


def test_the_certificate_is_looked_at_every_night(root_of_it: Path) -> None:
    checked = ran("systemd-analyze", "verify", "--man=no", f"--root={root_of_it}", "idcard-cert.timer")
    complaints = [line for line in checked.stderr.splitlines() if "idcard-cert.timer" in line]
    assert not [line for line in complaints if "not found" not in line], checked.stderr
    unit = (root_of_it / "etc/systemd/system/idcard-cert.service").read_text("utf-8")
    assert "kiosk staff-cert --config /etc/idcard/staff.toml --dir /etc/idcard/tls\n" in unit
    assert (root_of_it / "etc/systemd/system/timers.target.wants/idcard-cert.timer").is_symlink()


def test_the_parts_stop_and_start_with_the_desk(machine: Machine) -> None:
    staff = unit_of(machine, "staff")
    for part in PARTS:
        assert "PartOf=idcard-staff.service\n" in unit_of(machine, part)
        assert f"Wants=idcard-{part}.service\n" in staff
    assert "Wants=idcard-call.service" not in unit_of(machine, "patient")


def test_a_machine_without_the_tables_has_no_part(config: Path, target: Path) -> None:
    paths = {file.path.name for file in files_of(machine_of(Profile.BOTH, config, target))}
    assert not paths & {f"idcard-{part}.service" for part in PARTS}


@pytest.mark.parametrize(
    ("name", "before", "after", "reason"),
    [
        ("assisted", "assisted = true", "assisted = false", "not_assisted"),
        ("staff", 'public_name = "kiosk.clinic.example:8443"', "", "no_public_name"),
        ("call", 'host = "192.0.2.7"', 'host = "127.0.0.1"', "closed_door"),
        ("wallet", 'trust = "wallet-trust"', 'trust = "trust"', "shared_trust"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    with_parts: Path, target: Path, name: str, before: str, after: str, reason: str
) -> None:
    file = with_parts / f"{name}.toml"
    text = file.read_text("utf-8")
    assert before in text
    file.write_text(text.replace(before, after), "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        machine_of(Profile.BOTH, with_parts, target)
    assert caught.value.facts["reason"] == reason


def test_a_call_screen_without_a_desk_is_refused(with_parts: Path, target: Path) -> None:
    with pytest.raises(ConfigurationError, match="no staff's process"):
        machine_of(Profile.PATIENT, with_parts, target)


def test_the_dry_run_shows_the_parts(with_parts: Path, kit: "object") -> None:
    shown: Result = kit("--dry-run", "--json")  # type: ignore[operator]
    assert shown.exit_code == 0, shown.stderr
    assert all(f"idcard-{part}.service" in shown.stdout for part in PARTS)
